"""The page that says what to do about a class of alert."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request  # noqa: TC002  # FastAPI reads the annotations
from starlette.responses import Response  # noqa: TC002  # as above

from alerting.words import ALERT_WORDS
from dashboards.console.page.lone import LonePages
from dashboards.runbooks import CLASSES, SECTIONS, runbook

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dashboards.console.page.assets import Asset
    from dashboards.console.services import Services
    from dashboards.runbooks import Line

__all__ = ["ADDRESS", "runbook_routes"]

ADDRESS: Final = "/runbooks"


def runbook_routes(services: Services, files: Mapping[str, Asset]) -> APIRouter:
    """Routes of the runbooks."""
    routes = APIRouter()
    pages = LonePages(services, files)

    @routes.get(f"{ADDRESS}/{{alert_class}}", include_in_schema=False)
    def page(request: Request, alert_class: str) -> Response:
        """One runbook."""
        book = runbook(alert_class)
        if book is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, f"there is no runbook of {alert_class!r}: {', '.join(CLASSES)}")
        which = 0 if pages.language(request) == "zh" else 1

        def said(line: Line) -> str:
            return (line.zh, line.en)[which]

        return pages.answer(
            request,
            "runbook.html",
            f"{ADDRESS}/{alert_class}",
            title=ALERT_WORDS[alert_class][which],
            sections=[(said(title), [said(line) for line in book.section(name)]) for name, title in SECTIONS.items()],
            books=[(f"{ADDRESS}/{name}", ALERT_WORDS[name][which], name == alert_class) for name in CLASSES],
        )

    return routes
