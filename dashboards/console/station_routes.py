"""REST: stations as the register has them, and their series."""

from __future__ import annotations

import re
from bisect import bisect_right
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Query
from starlette.exceptions import HTTPException
from starlette.responses import Response  # noqa: TC002  # FastAPI reads the annotations

from dashboards.console import schema
from dashboards.console.paging import Cursor, Limit, as_json, decode_cursor, encode_cursor, page
from hydro.errors import ConfigError
from hydro.fixed import format_micro, to_number
from hydro.instants import DAY_MS, format_instant, parse_instant
from hydro.quantity import QUANTITIES, canonical_unit
from hydro.register import EARLIEST_MS, LATEST_MS

if TYPE_CHECKING:
    from dashboards.console.services import Services
    from hydro.register import DatedRows, MonthDay, Station

__all__ = ["LONGEST_RAW_MS", "NOTE", "station_routes"]

LONGEST_RAW_MS: Final = 366 * DAY_MS
"""Longest range of values in one answer: what a minute station gives in a year still fits into memory."""

NOTE: Final = "watermaster-note"
"""Header of an answer that says, in one line, what is not in it."""

_EXACT: Final = 2**53
_EPOCH_MS: Final = re.compile(r"-?\d{1,15}")
_LOST_PLUS: Final = re.compile(r"(.*T.*) (\d\d:?\d\d)")


def station_routes(services: Services) -> APIRouter:
    """Routes over the register and the time-series store."""
    routes = APIRouter(tags=["stations"])

    @routes.get("/stations", response_model=schema.Stations)
    def stations(limit: Limit = 100, cursor: Cursor = None) -> Response:
        """All stations by code."""
        known = services.register().stations
        codes = sorted(known)
        first = 0 if cursor is None else bisect_right(codes, decode_cursor(cursor))
        chosen = codes[first : first + limit]
        following = encode_cursor(chosen[-1]) if first + limit < len(codes) else None
        return page([_shown(known[code], services) for code in chosen], following)

    @routes.get("/stations/{code}", response_model=schema.Station)
    def station(code: str) -> Response:
        """One station."""
        return as_json(_shown(_known(services, code), services))

    @routes.get("/stations/{code}/series", response_model=schema.Series | schema.Buckets)
    async def series(
        code: str,
        quantity: Annotated[str, Query(description="Such as `discharge`.")],
        from_: Annotated[str | None, Query(alias="from", description="Not included; a day before `to`.")] = None,
        to: Annotated[str | None, Query(description="Included; now.")] = None,
        every: Annotated[str | None, Query(max_length=20, description="Length of buckets, such as `1h`.")] = None,
    ) -> Response:
        """Values of one quantity in canonical units, or buckets of them labelled by their end."""
        _known(services, code)
        kind = QUANTITIES.get(quantity)
        if kind is None:
            raise ConfigError(f"quantity {quantity[:64]!r} is not one of {', '.join(QUANTITIES)}")
        end = services.clock() if to is None else _instant("to", to, services.zone_minutes)
        start = end - DAY_MS if from_ is None else _instant("from", from_, services.zone_minutes)
        if start >= end:
            raise ConfigError("from is not before to")
        if end - start > LONGEST_RAW_MS:
            raise ConfigError(f"from and to are more than {LONGEST_RAW_MS // DAY_MS} days apart: ask for parts")
        points: list[tuple[Any, ...]]
        if every is None:
            values = await services.values(code, quantity, start, end)
            points = [(_time(one.time, services), _number(one.value), one.flag) for one in values]
        else:
            buckets = await services.buckets(code, quantity, start, end, every)
            points = [
                (
                    _time(one.time, services),
                    _number(one.mean),
                    _number(one.minimum),
                    _number(one.maximum),
                    one.valid,
                    one.expected,
                )
                for one in buckets
            ]
        answer = as_json({"station": code, "quantity": quantity, "unit": canonical_unit(kind), "points": points})
        note = await services.summed_up(start, every)
        if note is not None:
            answer.headers[NOTE] = note
        return answer

    return routes


def _known(services: Services, code: str) -> DatedRows[Station]:
    found = services.register().stations.get(code)
    if found is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, f"station {code!r} is not in the register")
    return found


def _shown(rows: DatedRows[Station], services: Services) -> dict[str, Any]:
    """The row valid now, else the last one, with the names of the table's columns."""
    row = rows.at(services.clock()) or rows.rows[-1]
    return {
        "station": row.code,
        "name": row.name,
        "kind": row.kind.value,
        "basin": row.basin or None,
        "river": row.river or None,
        "division": row.division or None,
        "gateway": row.gateway or None,
        "interval_min": row.interval_min,
        "lon": None if row.lon is None else float(row.lon),
        "lat": None if row.lat is None else float(row.lat),
        "report_min": row.report_min,
        "lateness_min": row.lateness_min,
        "authority": row.authority or None,
        "plant": row.plant or None,
        "section_role": None if row.section_role is None else row.section_role.value,
        "status": row.status.value,
        "datum": row.datum or None,
        "cease_stage_m": _number(row.cease_stage_m),
        "backwater": row.backwater,
        "tidal": row.tidal,
        "ice_from": _month_day(row.ice_from),
        "ice_to": _month_day(row.ice_to),
        "dry_from": _month_day(row.dry_from),
        "dry_to": _month_day(row.dry_to),
        "national_code": row.national_code or None,
        "sl651_address": row.sl651_address or None,
        "slt427_address": row.slt427_address or None,
        "valid_from": None if row.start_ms == EARLIEST_MS else _time(row.start_ms, services),
        "valid_to": None if row.end_ms == LATEST_MS else _time(row.end_ms, services),
        "extra": dict(row.extra),
    }


def _time(at: int, services: Services) -> str:
    return format_instant(at, services.zone_minutes)


def _number(micro: int | None) -> float | msgspec.Raw | None:
    """The number as JSON has it: exact, also where a float would not be."""
    if micro is None or -_EXACT < micro < _EXACT:
        return None if micro is None else to_number(micro)
    return msgspec.Raw(format_micro(micro).encode())


def _month_day(day: MonthDay | None) -> str | None:
    return None if day is None else f"{day[0]:02d}-{day[1]:02d}"


def _instant(name: str, text: str, zone_minutes: int) -> int:
    """Epoch milliseconds of an ISO 8601 time or of such a number.

    Raises:
        ConfigError: Neither.
    """
    if _EPOCH_MS.fullmatch(text):
        return int(text)
    # In an address + means a blank: "…T08:00:00+08:00" that was not quoted arrives as "…T08:00:00 08:00".
    lost = _LOST_PLUS.fullmatch(text)
    try:
        return parse_instant(f"{lost[1]}+{lost[2]}" if lost else text, zone_minutes)
    except (ValueError, OverflowError) as error:
        message = f"{name}: {text[:64]!r} is not a time such as 2026-03-01T08:00:00+08:00"
        raise ConfigError(message) from error
