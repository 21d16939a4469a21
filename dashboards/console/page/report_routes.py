"""What a browser asks for on the page of reports: the page, and the report as a file."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.requests import Request  # noqa: TC002  # FastAPI reads the annotations
from starlette.responses import Response  # noqa: TC002  # as above

from dashboards.console.page.choice import PageError
from dashboards.console.page.lone import LonePages
from dashboards.console.page.reports import ADDRESS, FILE_ADDRESS, Selection, read_form, report_form
from dashboards.console.page.words import Words
from dashboards.console.report_routes import report_file
from dashboards.reports.written import Format
from hydro.errors import ConfigError, WatermasterError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dashboards.console.page.assets import Asset
    from dashboards.console.report_routes import ReportMaker
    from dashboards.console.services import Services

__all__ = ["report_page_routes"]


def report_page_routes(services: Services, files: Mapping[str, Asset]) -> APIRouter:
    """Routes of the page of reports."""
    routes = APIRouter()
    pages = LonePages(services, files)

    def shown(
        request: Request, selection: Selection, mistake: str | None = None, status: int = HTTPStatus.OK
    ) -> Response:
        words = Words(pages.language(request))
        form = report_form(selection, services.register(), services.clock(), words, mistake)
        return pages.answer(request, "reports.html", selection.address(), status, action=FILE_ADDRESS, form=form)

    def said(error: PageError, request: Request) -> str:
        return Words(pages.language(request))(error.phrase, **error.values)

    @routes.get(ADDRESS, include_in_schema=False)
    async def page(request: Request) -> Response:
        """The form."""
        try:
            return shown(request, read_form(request.url.query))
        except PageError as error:
            return shown(request, Selection(), said(error, request), error.status)

    @routes.get(FILE_ADDRESS, include_in_schema=False)
    async def file(request: Request) -> Response:
        """The report that the form asks for; else the form again, with what is wrong."""
        selection = Selection()
        try:
            selection = read_form(request.url.query)
            return await report_file(_maker(services), selection.wanted, Format(selection.format))
        except PageError as error:
            return shown(request, selection, said(error, request), error.status)
        except WatermasterError as error:
            wrong = isinstance(error, ConfigError)
            status = HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.SERVICE_UNAVAILABLE
            return shown(request, selection, str(error), status)

    return routes


def _maker(services: Services) -> ReportMaker:
    maker = services.reports()
    if maker is None:
        raise PageError(HTTPStatus.SERVICE_UNAVAILABLE, "no reports here")
    return maker
