"""The demo's register as the CSV files of a config directory."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, Final

from hydro.fixed import format_micro, quantise
from simulators.demo.places import DARK_GATEWAY, PLACES, RIVERS, VISITOR
from simulators.demo.points import POINTS, Point

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from simulators.demo.places import Place

__all__ = ["tables"]

_INTERVAL_MIN: Final = 5
_LATENESS_MIN: Final = 180
"""Of the stations behind the gateway on the bad network."""

_BASIN: Final = "乌江"
_BASIN_EN: Final = "Wu River"
_AUTHORITY: Final = {"520121": "云潭县水务局", "520122": "响水县水务局", "520123": "沙坪县水务局"}

_RELEASE_ORDER: Final = "黔水资〔2025〕12号"
_PLAN: Final = "黔水资〔2024〕37号"
_ALL_YEAR: Final = ("01-01", "12-31")

_TARGETS: Final[tuple[dict[str, Any], ...]] = (
    {"station": "machaotan", "days": _ALL_YEAR, "value": "0.90", "basis": "hour", "target": "XST-release",
     "kind": "min_release", "method": "Q90", "document": _RELEASE_ORDER},
    {"station": "dam", "days": _ALL_YEAR, "value": "0.95", "basis": "day", "target": "XST-dam-day",
     "kind": "min_release", "method": "Q90", "document": _RELEASE_ORDER},
    {"station": "qiaotou", "days": ("11-01", "03-31"), "value": "1.60", "basis": "day", "kind": "base",
     "method": "Tennant 10%", "document": _PLAN},
    {"station": "qiaotou", "days": ("04-01", "10-31"), "value": "2.40", "basis": "day", "kind": "base",
     "method": "Tennant 20%", "document": _PLAN},
    {"station": "qiaotou", "days": ("04-01", "06-30"), "value": "2.80", "basis": "day", "kind": "sensitive",
     "method": "产卵期 spawning", "document": _PLAN},
    {"station": "creek_mouth", "days": _ALL_YEAR, "value": "0.55", "basis": "day", "kind": "base",
     "method": "Tennant 10%", "document": _PLAN},
    {"station": "caves_mouth", "days": _ALL_YEAR, "value": "0.60", "basis": "hour", "kind": "base",
     "method": "7Q10", "document": _PLAN},
    {"station": "border", "days": _ALL_YEAR, "value": "3.20", "basis": "instant", "kind": "base",
     "method": "Q90", "document": _PLAN},
)  # fmt: skip


def tables(*, visitors: bool) -> dict[str, str]:
    """Text of each table by its name.

    Args:
        visitors: Whether somebody outside may publish, so that there is a station for them.
    """
    places = (*PLACES, VISITOR) if visitors else PLACES
    points = {**POINTS, VISITOR.key: _VISITOR_POINTS} if visitors else POINTS
    codes = {place.key: place.code for place in places}
    return {
        "stations": _csv([_station(place) for place in places]),
        "rivers": _csv(
            [
                # No station lies on it: its row gives the basin its English name.
                {"river": _BASIN, "name_en": _BASIN_EN, "into": "", "into_km": "", "length_km": ""}
            ]
            + [
                {
                    "river": river.name,
                    "name_en": river.name_en,
                    "into": river.into,
                    "into_km": _number(river.into_km),
                    "length_km": _number(river.length_km),
                }
                for river in RIVERS
            ]
        ),
        "points": _csv([_point(codes[key], point) for key, of_place in points.items() for point in of_place]),
        "eflow_targets": _csv([_target(codes, row) for row in _TARGETS]),
    }


_VISITOR_POINTS: Final = (
    Point(quantity="discharge", digits=3, high=100, accuracy_pct=8.0),
    Point(quantity="stage", digits=3, high=10),
)


def _station(place: Place) -> dict[str, str]:
    return {
        "station": place.code,
        "name": place.name,
        "kind": place.kind,
        "basin": _BASIN,
        "river": place.river,
        "division": place.division,
        "gateway": place.gateway,
        "interval_min": str(_INTERVAL_MIN),
        "lon": f"{place.lon:.4f}",
        "lat": f"{place.lat:.4f}",
        "lateness_min": str(_LATENESS_MIN) if place.gateway == DARK_GATEWAY else "",
        "authority": _AUTHORITY[place.division],
        "plant": place.plant,
        "section_role": place.role,
        "name_en": place.name_en,
        "chainage_km": _number(place.chainage_km),
    }


def _point(station: str, point: Point) -> dict[str, str]:
    resolution = quantise(10.0**-point.digits / point.per_unit)
    return {
        "station": station,
        "quantity": point.quantity,
        "min": _number(point.low),
        "max": _number(point.high),
        "accuracy_pct": _number(point.accuracy_pct),
        "counter_kind": "" if point.counter_max is None else "forward",
        "counter_max": _number(point.counter_max),
        "resolution": "" if resolution is None else format_micro(resolution),
        "zero_below": _number(point.zero_below),
        "rated_kw": _number(point.rated_kw),
    }


def _target(codes: Mapping[str, str], row: Mapping[str, Any]) -> dict[str, str]:
    return {
        "station": codes[row["station"]],
        "quantity": "discharge",
        "from_day": row["days"][0],
        "to_day": row["days"][1],
        "value": row["value"],
        "basis": row["basis"],
        "target": row.get("target", ""),
        "kind": row["kind"],
        "method": row["method"],
        "document": row["document"],
    }


def _number(value: float | None) -> str:
    """Shortest text; empty for none."""
    count = None if value is None else quantise(value)
    return "" if count is None else format_micro(count)


def _csv(rows: Iterable[Mapping[str, str]]) -> str:
    listed: Sequence[Mapping[str, str]] = list(rows)
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(listed[0]), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(listed)
    return text.getvalue()
