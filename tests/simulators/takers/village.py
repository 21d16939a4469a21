"""Takers of all sorts, and how tests run them."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import numpy as np

from hydro.instants import DAY_MS, HOUR_MS, parse_instant
from simulators.takers.calendar import Season
from simulators.takers.habit import Use
from simulators.takers.permit import Permit
from simulators.takers.pump import PumpHouse
from simulators.takers.taker import Backwash, Returns, Taker
from simulators.takers.takers import Takers, Taking
from simulators.takers.theft import Theft, TheftKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from simulators.basin.step import Floats
    from simulators.truth import Truth

START = parse_instant("2026-05-04T00:00:00", 480)  # a Monday


def town(name: str = "town", **more: object) -> Taker:
    """A waterworks with pumps."""
    given: dict[str, object] = {
        "name": name,
        "use": Use.DOMESTIC,
        "mean_m3s": 0.05,
        "permit": Permit(max_m3s=0.14),
        "house": PumpHouse(pumps=2, capacity_m3s=0.07, drain_m3=0.9),
        "returns": Returns(share=0.7, delay_min=190.0),
        "backwash": Backwash(hour=2.0, minutes=20.0, rate_m3s=0.03),
    }
    return Taker(**(given | more))  # type: ignore[arg-type]


def factory(name: str = "factory", **more: object) -> Taker:
    """Works two shifts, rests on Sundays."""
    given: dict[str, object] = {
        "name": name,
        "use": Use.INDUSTRY,
        "mean_m3s": 0.08,
        "permit": Permit(max_m3s=0.2),
        "house": PumpHouse(pumps=2, capacity_m3s=0.1),
    }
    return Taker(**(given | more))  # type: ignore[arg-type]


def canal(name: str = "canal", **more: object) -> Taker:
    """An irrigation canal behind a gate."""
    given: dict[str, object] = {
        "name": name,
        "use": Use.IRRIGATION,
        "mean_m3s": 0.4,
        "permit": Permit(max_m3s=0.8, season=Season((3, 15), (10, 15))),
        "returns": Returns(share=0.3, delay_min=600.0),
    }
    return Taker(**(given | more))  # type: ignore[arg-type]


def thefts(start: int = START, days: int = 3) -> list[Theft]:
    """One of each kind that any taker can do."""
    end = start + days * DAY_MS
    return [
        Theft(kind=TheftKind.NIGHT_PUMPING, start=start, end=end, rate_m3s=0.04, first_hour=23, last_hour=4),
        Theft(kind=TheftKind.BYPASS, start=start + HOUR_MS, end=end, rate_m3s=0.02),
        Theft(kind=TheftKind.GROWING, start=start, end=end, rate_m3s=0.05),
        Theft(kind=TheftKind.MAGNET, start=start, end=start + DAY_MS, seen_share=0.6),
        Theft(kind=TheftKind.METER_OFF, start=start + DAY_MS, end=end, first_hour=12, last_hour=18),
    ]


def village() -> list[Taker]:
    """All sorts, with all thefts."""
    end = START + 3 * DAY_MS
    hidden = Theft(kind=TheftKind.UNREGISTERED, start=START + 5 * HOUR_MS, end=end)
    closed = Season((6, 1), (9, 30))
    summer = Theft(kind=TheftKind.OUT_OF_SEASON, start=START, end=end, rate_m3s=0.09, first_hour=6, last_hour=20)
    one_of_each = [factory(f"thief {theft.kind}", thefts=(theft,)) for theft in thefts()]
    return [
        town(),
        factory(),
        canal(),
        town("tight", permit=Permit(max_m3s=0.14, annual_m3=9_000.0)),
        town("planned", permit=Permit(max_m3s=0.14, plan_m3=(8_000.0,) * 12)),
        *one_of_each,
        town("all of them", thefts=tuple(thefts())),
        canal("hidden", permit=None, thefts=(hidden,)),
        canal("summer", permit=Permit(max_m3s=0.8, season=closed), thefts=(summer,)),
    ]


def joined(takings: Iterable[Taking]) -> dict[str, Floats]:
    """Columns of several chunks, one after the other."""
    listed = list(takings)
    names = [field.name for field in fields(Taking) if field.name != "truths"]
    return {name: np.concatenate([getattr(taking, name) for taking in listed]) for name in names}


def run(
    takers: Takers,
    start: int,
    chunks: Iterable[int],
    river: Callable[[Floats], Floats] = lambda wanted: wanted,
    rain_mm: Floats | None = None,
) -> tuple[dict[str, Floats], list[Truth]]:
    """Columns and truths of a run in chunks of so many steps.

    Args:
        takers: Who.
        start: From when.
        chunks: Steps of each chunk.
        river: What it gives of what is wanted.
        rain_mm: Of all steps.
    """
    state = takers.start(start)
    takings: list[Taking] = []
    first = 0
    for steps in chunks:
        rain = None if rain_mm is None else rain_mm[first : first + steps]
        state, demand = takers.demand(state, steps, rain)
        state, taking = takers.settle(state, demand, river(demand.total_m3s))
        takings.append(taking)
        first += steps
    truths = [truth for taking in takings for truth in taking.truths]
    return joined(takings), [*truths, *takers.finish(state)]
