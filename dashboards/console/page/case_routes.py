"""The way to a case for those who know what an alert is about and not its id, as Grafana does."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter, Query
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from alerting.ledger import AlertFilter
from dashboards.console.page.choice import Choice

if TYPE_CHECKING:
    from dashboards.console.services import Services

__all__ = ["ADDRESS", "case_routes"]

ADDRESS: Final = "/case"
_NONE: Final = "-"
"""What the store writes for an alert without a target."""
_Asked = Annotated[str, Query(min_length=1, max_length=300)]


def case_routes(services: Services) -> APIRouter:
    """Route to the case of an alert."""
    routes = APIRouter()

    @routes.get(ADDRESS, include_in_schema=False)
    def case(
        alert_class: Annotated[_Asked, Query(alias="class")], subject: _Asked, target: _Asked = _NONE
    ) -> RedirectResponse:
        """The newest alert of a class, a subject and a target: the one that is open, where one is."""
        where = AlertFilter(alert_class=alert_class, subject=subject, target_id="" if target == _NONE else target)
        found = services.ledger.alerts(where, limit=1).items
        if not found:
            raise HTTPException(
                HTTPStatus.NOT_FOUND, f"there is no alert {alert_class} of {subject!r}, target {target!r}"
            )
        return RedirectResponse(Choice(alert=found[0]["id"]).address("case"), HTTPStatus.SEE_OTHER)

    return routes
