"""What a browser asks for: the page, its parts, and the steps of a case."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request  # noqa: TC002  # FastAPI reads the annotations
from starlette.responses import RedirectResponse, Response

from alerting.case import CaseState, Step
from alerting.ledger import LONGEST_NAME, Signature
from dashboards.console.live import Part
from dashboards.console.page.alerts import Filled
from dashboards.console.page.choice import Choice, PageError, language
from dashboards.console.page.frame import Frame, frame_of
from dashboards.console.page.parts import Parts
from dashboards.console.page.rendering import render
from dashboards.console.page.steps import SentForm, read_form, refusal, step_of
from dashboards.console.page.words import Words
from hydro.errors import TransitionError, WatermasterError
from hydro.instants import format_instant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dashboards.console.page.assets import Asset
    from dashboards.console.services import Services

__all__ = ["page_routes"]

_LANG: Final = "wm_lang"
_BY: Final = "wm_by"
_YEAR_S: Final = 365 * 86_400
_HTML: Final = "text/html; charset=utf-8"
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
}
_PART_ONLY: Final = "x-part"
"""Header of a form that our script sends: the part alone comes back, not a page."""


def page_routes(services: Services, files: Mapping[str, Asset]) -> APIRouter:
    """Routes of the first page."""
    routes = APIRouter()
    pages = _Pages(services, files)

    @routes.get("/", include_in_schema=False)
    async def page(request: Request) -> Response:
        """The page, whole."""
        return await pages.page(request)

    @routes.get("/page/fragment/{part}", include_in_schema=False)
    async def fragment(part: str, request: Request) -> Response:
        """One part of it."""
        return await pages.fragment(part, request)

    @routes.post("/page/alerts/{alert}/steps", include_in_schema=False)
    async def step(alert: str, request: Request) -> Response:
        """Work a case."""
        return await pages.step(alert, request)

    return routes


class _Pages:
    def __init__(self, services: Services, files: Mapping[str, Asset]) -> None:
        self._services = services
        self._parts = Parts(services)
        self._assets = {name: f"/static/{name}?v={asset.version}" for name, asset in files.items()}

    async def page(self, request: Request) -> Response:
        """``GET /``."""
        choice, lang = Choice(), language(Choice(), *_remembered(request))
        try:
            choice = Choice.read(request.url.query)
            lang = language(choice, *_remembered(request))
            frame = frame_of(self._services.board, await self._with_subject(choice), lang)
            answer = await self._whole(frame, Filled(by=_name(request)))
        except PageError as error:
            answer = self._mistake(error, Words(lang))
        if choice.lang is not None:
            _remember(answer, _LANG, lang)
        return answer

    async def _with_subject(self, choice: Choice) -> Choice:
        """An alert that is named alone is shown with the station that it is about."""
        if choice.alert is None or choice.station is not None or choice.basin is not None:
            return choice
        subject = (await self._known(choice.alert))["subject"]
        known = subject["kind"] == "station" and subject["code"] in self._services.register().stations
        return replace(choice, station=subject["code"]) if known else choice

    async def fragment(self, name: str, request: Request) -> Response:
        """``GET /page/fragment/NAME``."""
        try:
            part = Part(name)
            choice = Choice.read(request.url.query)
            frame = frame_of(self._services.board, choice, language(choice, *_remembered(request)))
            drawn = await self._parts.get(part, frame, Filled(by=_name(request)))
        except ValueError:
            raise HTTPException(HTTPStatus.NOT_FOUND, f"the page has no part {name!r}") from None
        except PageError as error:
            words = Words(language(Choice(), *_remembered(request)))
            raise HTTPException(error.status, words(error.phrase, **error.values)) from None
        headers = {**_HEADERS, "cache-control": "no-cache", "etag": drawn.etag, "vary": "cookie, accept-language"}
        if request.headers.get("if-none-match") == drawn.etag:
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        return Response(drawn.html, headers=headers, media_type=_HTML)

    async def step(self, alert: str, request: Request) -> Response:
        """``POST /page/alerts/ID/steps``: done, then the page again; else the page with what is wrong, in its place."""
        lang = language(Choice(), *_remembered(request))
        try:
            choice = replace(Choice.read(request.url.query), alert=alert)
            lang = language(choice, *_remembered(request))
            frame = frame_of(self._services.board, choice, lang)
            filled, status = await self._work(alert, request, frame.words)
            if request.headers.get(_PART_ONLY) is not None:
                drawn = await self._parts.get(Part.ALERTS, frame, filled)
                answer = Response(drawn.html, status, {**_HEADERS, "cache-control": "no-store"}, _HTML)
            elif filled.mistake is None:
                answer = RedirectResponse(choice.address(f"alert-{quote(alert)}"), HTTPStatus.SEE_OTHER)
            else:
                answer = await self._whole(frame, filled, status)
        except PageError as error:
            return self._mistake(error, Words(lang))
        if filled.mistake is None:
            _remember(answer, _BY, quote(filled.by))
        return answer

    async def _work(self, alert: str, request: Request, words: Words) -> tuple[Filled, int]:
        """Take the step that a form asks for; what stands in the form afterwards, and the status."""
        form = SentForm("", "", "", "")
        try:
            form = read_form(request.headers.get("content-type", ""), await request.body())
            step = step_of(form, words)
            await self._known(alert)
            await self._take(alert, step, form, words)
        except PageError as error:
            if error.status is HTTPStatus.NOT_FOUND:
                raise
            mistake = words(error.phrase, **error.values)
            return Filled(by=form.by, comment=form.comment, to=form.to, mistake=mistake), error.status
        await self._services.board.beat()
        return Filled(by=form.by), HTTPStatus.OK

    async def _known(self, alert: str) -> dict[str, Any]:
        try:
            found = await asyncio.to_thread(self._services.ledger.alert, alert)
        except WatermasterError as error:
            raise PageError(HTTPStatus.SERVICE_UNAVAILABLE, "ledger busy", detail=str(error)) from error
        if found is None:
            raise PageError(HTTPStatus.NOT_FOUND, "no such alert", id=alert[:100])
        return found

    async def _take(self, alert: str, step: Step, form: SentForm, words: Words) -> None:
        signature = Signature(by=form.by, at=self._services.clock(), comment=form.comment)
        try:
            await asyncio.to_thread(self._services.ledger.transition, alert, step, signature)
        except TransitionError as error:
            now = CaseState((await self._known(alert))["case"]["state"])
            raise PageError(HTTPStatus.CONFLICT, "plain", text=refusal(step, now, words)) from error
        except WatermasterError as error:
            raise PageError(HTTPStatus.SERVICE_UNAVAILABLE, "ledger busy", detail=str(error)) from error

    async def _whole(self, frame: Frame, filled: Filled, status: int = HTTPStatus.OK) -> Response:
        drawn = await asyncio.gather(*(self._parts.get(part, frame, filled) for part in Part))
        other = "en" if frame.lang == "zh" else "zh"
        board = frame.board
        html = render(
            "page.html",
            {
                "lang": frame.lang,
                "words": frame.words,
                "assets": self._assets,
                # Whoever is filling in a form is not to lose it.
                "refresh": frame.choice.alert is None,
                "now": frame.now,
                "replayed": board.live.replayed,
                "zone": frame.zone,
                "clock": format_instant(frame.now, frame.zone)[:16].replace("T", " "),
                "front": Choice(lang=frame.choice.lang).address(),
                "intakes": bool(frame.places.register.taking.structures),
                "other": {"lang": other, "href": frame.choice.address(lang=other)},
                "parts": {part.value: one.html for part, one in zip(Part, drawn, strict=True)},
                "version": self._services.version,
            },
        )
        return Response(html, status, {**_HEADERS, "cache-control": "no-store"}, _HTML)

    def _mistake(self, error: PageError, words: Words) -> Response:
        headline = "not there" if error.status is HTTPStatus.NOT_FOUND else "not understood"
        html = render(
            "mistake.html",
            {
                "lang": words.lang,
                "words": words,
                "assets": self._assets,
                "headline": words(headline),
                "sentence": words(error.phrase, **error.values),
                "front": Choice(lang=words.lang).address(),
            },
        )
        return Response(html, error.status, {**_HEADERS, "cache-control": "no-store"}, _HTML)


def _remembered(request: Request) -> tuple[str | None, str]:
    """Language that the browser remembers, and those it prefers."""
    return request.cookies.get(_LANG), request.headers.get("accept-language", "")


def _name(request: Request) -> str:
    """Who worked a case last in this browser."""
    return unquote(request.cookies.get(_BY, ""))[:LONGEST_NAME]


def _remember(answer: Response, cookie: str, value: str) -> None:
    answer.set_cookie(cookie, value, max_age=_YEAR_S, httponly=True, samesite="strict")
