"""What a browser asks for about intakes: the list of them, and the page of one."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from starlette.exceptions import HTTPException
from starlette.requests import Request  # noqa: TC002  # FastAPI reads the annotations
from starlette.responses import Response  # noqa: TC002  # as above

from dashboards.console.draw.model import State
from dashboards.console.draw.words import letter
from dashboards.console.page.counted_use import CountedUse
from dashboards.console.page.figures import time_text, with_unit
from dashboards.console.page.intake import INTAKE_RANGES, Shown, alert_lines, ask_alerts, charts, permit_lines
from dashboards.console.page.links import INTAKES as ADDRESS
from dashboards.console.page.links import history_address, intake_address, intakes_of
from dashboards.console.page.lone import LonePages
from dashboards.console.page.words import Words
from dashboards.reports.intakes import intake_at
from hydro.errors import WatermasterError
from hydro.fixed import format_micro
from hydro.quantity import Quantity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from dashboards.console.page.assets import Asset
    from dashboards.console.services import Services
    from dashboards.reports.intakes import IntakeFacts

__all__ = ["intake_page_routes"]

_PAGE: Final = 100

_Text = Annotated[str, Query(max_length=100)]
_Code = Annotated[str, Query(max_length=100)]


def intake_page_routes(services: Services, files: Mapping[str, Asset]) -> APIRouter:
    """Routes of the pages of intakes."""
    routes = APIRouter()
    pages = _IntakePages(services, files)

    @routes.get(ADDRESS, include_in_schema=False)
    def listed(request: Request, q: _Text = "", page: Annotated[int, Query(ge=1, le=1_000_000)] = 1) -> Response:
        """Intakes by code, those that a text is found in."""
        return pages.listed(request, q.strip(), page)

    @routes.get(f"{ADDRESS}/{{code}}", include_in_schema=False)
    async def one(
        request: Request, code: str, point: _Code = "", range_: Annotated[str, Query(alias="range")] = "1d"
    ) -> Response:
        """One intake."""
        return await pages.one(request, code, point, range_)

    return routes


class _IntakePages:
    def __init__(self, services: Services, files: Mapping[str, Asset]) -> None:
        self._services = services
        self._pages = LonePages(services, files)
        self._counted = CountedUse(services)

    def listed(self, request: Request, wanted: str, page: int) -> Response:
        register, now = self._services.register(), self._services.board.now
        words = Words(self._pages.language(request))
        codes = [code for code in sorted(register.taking.structures) if self._is_found(code, wanted.casefold())]
        part = codes[(page - 1) * _PAGE : page * _PAGE]
        facts = [one for code in part if (one := intake_at(register, code, now)) is not None]
        address = intakes_of(wanted, page)
        around = {
            "earlier": intakes_of(wanted, page - 1) if page > 1 else None,
            "later": intakes_of(wanted, page + 1) if len(codes) > page * _PAGE else None,
            "page": words("page of", page=page, pages=max(-(-len(codes) // _PAGE), 1)),
        }
        return self._pages.answer(
            request,
            "intakes.html",
            address,
            title=words("intakes"),
            wanted=wanted,
            count=len(codes),
            rows=[self._row(one, words) for one in facts],
            view=around,
        )

    def _is_found(self, code: str, wanted: str) -> bool:
        """Whether a text is in what an intake, its points, user or permits are called."""
        if not wanted:
            return True
        return any(wanted in text.casefold() for text in self._texts(code))

    def _texts(self, code: str) -> Iterator[str]:
        register = self._services.register()
        taking = register.taking
        yield code
        for link in taking.permits_at.get(code, ()):
            yield link.permit
            yield taking.permits[link.permit].rows[-1].holder
        for station in taking.structures[code]:
            yield from (station, register.stations[station].rows[-1].name)
            row = taking.intakes[station].rows[-1]
            yield from (row.user, row.permit)
            for known in (taking.users.get(row.user), taking.permits.get(row.permit)):
                if known is not None:
                    last = known.rows[-1]
                    yield getattr(last, "name", "") or getattr(last, "holder", "")

    def _row(self, facts: IntakeFacts, words: Words) -> dict[str, object]:
        state = self._state(facts)
        return {
            "href": intake_address(facts.code),
            "code": facts.code,
            "name": facts.station.name or facts.code,
            "state": state,
            "letter": letter(state, words.lang),
            "user": self._user(facts),
            "use": "" if facts.use is None else words.listed(facts.use),
            "permits": " ".join(facts.linked),
            "flow": self._flow(point.station for point in facts.points),
            "note": words("sealed") if facts.is_sealed else "" if facts.is_metered else words.listed("none"),
        }

    def _state(self, facts: IntakeFacts) -> State:
        """The worst that fires for it, its metering points or permits."""
        board = self._services.board
        keys = [("intake", facts.code), *(("station", point.station) for point in facts.points)]
        keys += [("permit", permit) for permit in facts.linked]
        levels = [fires.level for key in keys if (fires := board.firing.get(key)) is not None]
        return State.of(max(levels)) if levels else State.NO_TARGET

    def _user(self, facts: IntakeFacts) -> str:
        rows = self._services.register().taking.users.get(facts.user)
        return facts.user if rows is None else rows.rows[-1].name or facts.user

    def _flow(self, points: Iterable[str]) -> str:
        """The newest flow of some points together; empty where one is not known."""
        live = self._services.board.live
        total = 0
        for point in points:
            number = live.index.station_number(point)
            found = [] if number is None else live.readings(number)
            value = next((one.value for one in found if one.quantity is Quantity.DISCHARGE), None)
            if value is None:
                return ""
            total += value
        return with_unit(total, Quantity.DISCHARGE)

    async def one(self, request: Request, code: str, point: str, span: str) -> Response:
        services, now = self._services, self._services.board.now
        words = Words(self._pages.language(request))
        facts = intake_at(services.register(), code, now)
        if facts is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, words("no such intake", code=code[:64]))
        points = [one.station for one in facts.points]
        shown = Shown(
            services,
            words,
            now,
            facts,
            point if point in points else points[0],
            span if span in INTAKE_RANGES else "1d",
        )
        alerts = await asyncio.to_thread(ask_alerts, services, facts)
        drawn, counted = await asyncio.gather(charts(shown, alerts), self._counted.of(points[0], now))
        address = f"{intake_address(code)}?{urlencode({'point': shown.point, 'range': shown.range})}"
        return self._pages.answer(
            request,
            "intake.html",
            address,
            title=facts.station.name or code,
            shown=shown,
            about=" · ".join(self._about(shown)),
            facts=list(self._facts(shown)),
            note=words("not metered") if not facts.is_metered else None,
            drawings=() if isinstance(drawn, WatermasterError) else drawn,
            error=str(drawn) if isinstance(drawn, WatermasterError) else None,
            permits=permit_lines(shown, counted.rows),
            counting=counted.mistake is None and not counted.is_ready,
            not_counted=counted.mistake,
            counted_to=time_text(now, now, services.zone_minutes),
            alerts=alert_lines(shown, alerts),
            histories=list(self._histories(facts)),
            ranges=[
                (
                    words(name),
                    f"{intake_address(code)}?{urlencode({'point': shown.point, 'range': name})}",
                    name == shown.range,
                )
                for name in INTAKE_RANGES
            ],
            points=[
                (one, f"{intake_address(code)}?{urlencode({'point': one, 'range': shown.range})}", one == shown.point)
                for one in points
            ],
            station=f"/?{urlencode({'station': shown.point})}#station",
        )

    def _about(self, shown: Shown) -> Iterator[str]:
        facts, words = shown.facts, shown.words
        yield facts.code
        yield from filter(None, (self._user(facts), words.listed(facts.use) if facts.use else "", facts.station.river))
        if facts.is_due:
            yield words("must be metered")
        if facts.is_sealed:
            yield words("sealed")

    def _facts(self, shown: Shown) -> Iterator[tuple[str, str]]:
        facts, words = shown.facts, shown.words
        row = next(point for point in facts.points if point.station == shown.point)
        yield words("newest flow"), self._flow([shown.point]) or words("nothing measured")
        yield words("method"), words.listed(row.method.value)
        if row.design_max is not None:
            yield words("design max"), f"{format_micro(row.design_max)} m³/s"
        yield from ((words("division"), text) for text in (facts.station.division,) if text)
        yield from ((words("authority"), text) for text in (facts.station.authority,) if text)
        if facts.exempt_ground:
            yield words("permits"), words("exempt ground", text=facts.exempt_ground)

    def _histories(self, facts: IntakeFacts) -> Iterator[tuple[str, str]]:
        """Rows of the register behind the page."""
        for point in facts.points:
            yield f"intakes {point.station}", history_address("intakes", point.station)
            yield f"stations {point.station}", history_address("stations", point.station)
        for permit in facts.linked:
            yield f"permits {permit}", history_address("permits", permit)
        if facts.user:
            yield f"users {facts.user}", history_address("users", facts.user)
