"""Takers of a scenario: their habit, pumps, permit and thefts, and where what they don't use comes back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hydro.instants import format_instant
from simulators.basin import Abstraction
from simulators.scenario.filling import fill
from simulators.scenario.mistakes import shown
from simulators.takers import (
    HABITS,
    Backwash,
    Habit,
    Permit,
    PumpHouse,
    Returns,
    Season,
    Theft,
    TheftKind,
    Use,
    usual_taker,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulators.scenario.build import Build
    from simulators.scenario.entry import Entry
    from simulators.takers import Taker

__all__ = ["add_taker", "parse_season", "read_taker", "read_unregistered"]

_STEP_MIN: Final = 5.0
_LONGEST_DAY: Final = 31


def read_taker(entry: Entry, name: str, build: Build) -> Taker:
    """A taker, and its abstraction in the basin.

    Args:
        entry: ``taker`` of the station.
        name: Code of the station.
        build: Where it goes.
    """
    node = entry.text("node")
    use = entry.choice("use", Use)
    if use is None and not entry.has("use"):
        entry.missing("use", ": domestic, industry or irrigation")
    use = use or Use.DOMESTIC
    mean = entry.number("mean_m3s", least=1e-6)
    pumps = entry.whole("pumps", 2, most=100)
    usual = usual_taker(name, use, max(mean, 1e-6), pumps=pumps, head_m=entry.number("head_m", 40.0), place=entry.place)
    taker = replace(
        usual,
        habit=_habit(entry.entry("habit"), use),
        house=_house(entry, usual.house),
        permit=_permit(entry, usual.permit),
        backwash=_backwash(entry, usual.backwash),
        returns=None,
        thefts=tuple(read_theft(theft) for theft in entry.listed("thefts")),
        bans=tuple(_bans(entry, name, build)),
    )
    back, to = _returns(entry, usual.returns or Returns(share=0.0))
    catchment = entry.text("fields", "")
    add_taker(build, taker, node, back, to, catchment)
    entry.done()
    return taker


def read_unregistered(entry: Entry, build: Build) -> None:
    """An intake that nobody registered: it takes water in its time, and no device says so."""
    first, last = entry.interval()
    use = entry.choice("use", Use, Use.INDUSTRY) or Use.INDUSTRY
    mean = entry.number("mean_m3s", least=1e-6)
    pumps = entry.whole("pumps", 1, most=100)
    usual = usual_taker(entry.name, use, max(mean, 1e-6), pumps=pumps, place=entry.place)
    theft = Theft(kind=TheftKind.UNREGISTERED, start=first, end=last)
    taker = replace(usual, habit=_habit(entry.entry("habit"), use), permit=None, returns=None, thefts=(theft,))
    back, to = _returns(entry, Returns(share=0.0))
    add_taker(build, taker, entry.text("node"), back, to, entry.text("fields", ""))
    entry.done()


def add_taker(build: Build, taker: Taker, node: str, back: Returns, to: str, catchment: str) -> None:
    """A taker with its abstraction.

    Args:
        build: Where it goes.
        taker: Without returns of its own.
        node: Where it takes.
        back: What comes back.
        to: And where; empty: at the next node down the river.
        catchment: Whose rain falls on its fields; empty: for irrigation one that drains to its node.
    """
    end = to or next((reach.end for reach in build.reaches if reach.start == node), "")
    share = back.share if end else 0.0
    build.takers.append(taker)
    build.abstractions.append(
        Abstraction(
            name=taker.name,
            node=node,
            return_share=share,
            return_to=end or None,
            return_min=max(back.delay_min, _STEP_MIN),
            place=taker.place,
        )
    )
    if not catchment and taker.use is Use.IRRIGATION and build.catchments:
        near = [one.name for one in build.catchments if one.into == node]
        catchment = (near or [build.catchments[0].name])[0]
    if catchment:
        build.fields[taker.name] = catchment


def parse_season(text: str) -> Season | None:
    """Days of the year such as ``04-01..09-30``; None where that is none.

    >>> parse_season("11-01..03-31")
    Season(first=(11, 1), last=(3, 31))
    """
    first, _, last = text.partition("..")
    days = []
    for side in (first, last):
        month, _, day = side.strip().partition("-")
        if not (month.isdigit() and day.isdigit() and 1 <= int(month) <= 12 and 1 <= int(day) <= _LONGEST_DAY):  # noqa: PLR2004  # months
            return None
        days.append((int(month), int(day)))
    return Season(days[0], days[1])


def read_theft(entry: Entry) -> Theft:
    """One theft."""
    kind = entry.choice("kind", TheftKind)
    if kind is None and not entry.has("kind"):
        entry.missing("kind", f": {', '.join(TheftKind)}")
    if kind is TheftKind.UNREGISTERED:
        entry.wrong("kind", "unregistered is no theft of a registered station; write it under `unregistered`")
        kind = None
    first, last = entry.interval()
    theft = fill(entry, Theft, kind=kind or TheftKind.MAGNET, start=first, end=last)
    entry.done()
    return theft


def _bans(entry: Entry, name: str, build: Build) -> Iterator[tuple[int, int]]:
    """Bans of one intake, each a row of ``restrictions``."""
    zone = entry.reading.zone_minutes
    for number, ban in enumerate(entry.listed("bans"), start=1):
        first, last = ban.interval()
        cells = {
            "id": f"B{name}-{number}",
            "scope": "intake",
            "code": name,
            "action": "stop",
            "from": format_instant(first, zone),
            "to": format_instant(last, zone),
            "document": ban.text("document", ""),
        }
        build.row("restrictions", ban.place, cells)
        ban.done()
        yield first, last


def _habit(entry: Entry | None, use: Use) -> Habit | None:
    if entry is None:
        return None
    habit = fill(entry, Habit, HABITS[use])
    entry.done()
    return habit


def _house(entry: Entry, usual: PumpHouse | None) -> PumpHouse | None:
    house = entry.entry("house")
    if house is None:
        return usual
    if usual is None:
        entry.wrong("house", "is given, but `pumps` is 0: it has none")
        return None
    found = fill(house, PumpHouse, usual)
    house.done()
    return found


def _permit(entry: Entry, usual: Permit | None) -> Permit | None:
    if entry.is_none("permit"):
        return None
    permit = entry.entry("permit")
    if permit is None or usual is None:
        return usual
    season = None
    if permit.has("season"):
        text = permit.text("season")
        season = parse_season(text)
        if season is None:
            permit.wrong("season", f"{shown(text)} is no part of a year such as 04-01..09-30")
    permit.ask("season")
    found = fill(permit, Permit, usual, season=season)
    permit.done()
    return found


def _backwash(entry: Entry, usual: Backwash | None) -> Backwash | None:
    if entry.is_none("backwash"):
        return None
    rinse = entry.entry("backwash")
    if rinse is None:
        return usual
    found = fill(rinse, Backwash, usual)
    rinse.done()
    return found


def _returns(entry: Entry, usual: Returns) -> tuple[Returns, str]:
    """What comes back, and to which node."""
    if entry.is_none("returns"):
        return Returns(share=0.0), ""
    back = entry.entry("returns")
    if back is None:
        return usual, ""
    to = back.text("to", "")
    delay = back.duration("after", round(usual.delay_min * 60_000)) / 60_000
    found = Returns(share=back.number("share", usual.share, least=0.0, most=1.0), delay_min=delay)
    back.done()
    return found, to
