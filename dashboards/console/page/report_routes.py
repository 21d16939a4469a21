"""What a browser asks for on the page of reports: the page, and the report as a file."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter
from starlette.requests import Request  # noqa: TC002  # FastAPI reads the annotations
from starlette.responses import Response

from dashboards.console.page.choice import LANGUAGES, Choice, PageError, language
from dashboards.console.page.rendering import render
from dashboards.console.page.reports import ADDRESS, FILE_ADDRESS, Selection, read_form, report_form
from dashboards.console.page.words import Words
from dashboards.console.report_routes import report_file
from dashboards.reports.written import Format
from hydro.errors import ConfigError, WatermasterError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dashboards.console.draw.model import Lang
    from dashboards.console.page.assets import Asset
    from dashboards.console.report_routes import ReportMaker
    from dashboards.console.services import Services

__all__ = ["report_page_routes"]

_LANG: Final = "wm_lang"
_YEAR_S: Final = 365 * 86_400
_HTML: Final = "text/html; charset=utf-8"
_HEADERS: Final = {
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
}


def report_page_routes(services: Services, files: Mapping[str, Asset]) -> APIRouter:
    """Routes of the page of reports."""
    routes = APIRouter()
    loaded = {name: f"/static/{name}?v={asset.version}" for name, asset in files.items()}

    def shown(
        request: Request, selection: Selection, mistake: str | None = None, status: int = HTTPStatus.OK
    ) -> Response:
        lang = _language(request)
        words = Words(lang)
        other: Lang = "en" if lang == "zh" else "zh"
        html = render(
            "reports.html",
            {
                "words": words,
                "assets": loaded,
                "front": Choice(lang=lang).address(),
                "other": {"lang": other, "href": f"{selection.address()}&lang={other}"},
                "action": FILE_ADDRESS,
                "form": report_form(selection, services.register(), services.clock(), words, mistake),
                "version": services.version,
            },
        )
        answer = Response(html, status, _HEADERS, _HTML)
        if request.query_params.get("lang") in LANGUAGES:
            answer.set_cookie(_LANG, lang, max_age=_YEAR_S, httponly=True, samesite="strict")
        return answer

    @routes.get(ADDRESS, include_in_schema=False)
    async def page(request: Request) -> Response:
        """The form."""
        try:
            return shown(request, read_form(request.url.query))
        except PageError as error:
            return shown(request, Selection(), _said(error, request), error.status)

    @routes.get(FILE_ADDRESS, include_in_schema=False)
    async def file(request: Request) -> Response:
        """The report that the form asks for; else the form again, with what is wrong."""
        selection = Selection()
        try:
            selection = read_form(request.url.query)
            return await report_file(_maker(services), selection.wanted, Format(selection.format))
        except PageError as error:
            return shown(request, selection, _said(error, request), error.status)
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


def _language(request: Request) -> Lang:
    """As on the first page: as the address says, as the browser remembers, as it prefers."""
    said = request.query_params.get("lang")
    choice = Choice(lang=said if said in LANGUAGES else None)
    return language(choice, request.cookies.get(_LANG), request.headers.get("accept-language", ""))


def _said(error: PageError, request: Request) -> str:
    return Words(_language(request))(error.phrase, **error.values)
