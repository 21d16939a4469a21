"""The schematic of a basin, and its stations as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from dashboards.console.draw.model import Mark, RiverLine, RiverSystem, State
from dashboards.console.draw.words import letter, state_word
from dashboards.console.live.live import STATES
from dashboards.console.page.figures import value_text, with_unit
from dashboards.console.page.frame import Frame, Moment, main_quantity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dashboards.console.page.choice import Choice
    from hydro.register import River, Station

__all__ = ["MOST_MARKS", "PAGE_OF_STATIONS", "RiverView", "StationRow", "river_view"]

MOST_MARKS: Final = 300
"""Stations on one drawing; a basin with more shows those that need a look most."""

PAGE_OF_STATIONS: Final = 20

_SEVERITIES: Final = np.array([state.severity for state in STATES])


@dataclass(frozen=True, slots=True)
class StationRow:
    """A line of the table.

    Attributes:
        code: As in the register.
        name: As shown.
        href: Where it leads.
        chosen: Its hydrograph is shown.
        state: How it stands.
        letter: Of the state.
        word: Of the state.
        value: Newest value of what is looked at first; None without one.
        measured: When that was; None without one.
    """

    code: str
    name: str
    href: str
    chosen: bool
    state: State
    letter: str
    word: str
    value: str | None
    measured: Moment | None


@dataclass(frozen=True, slots=True)
class RiverView:
    """See the module.

    Attributes:
        name: Of the basin; None without any station.
        system: What is drawn.
        left_out: That not all stations are drawn, in words; None where they are.
        q: What is searched for.
        kept: Parameters that a search leaves as they are.
        rows: A page of the table.
        found: How many stations the table has.
        page: Which page, in words.
        earlier: Address of the page before; None on the first.
        later: Address of the next one; None on the last.
    """

    name: str | None
    system: RiverSystem
    left_out: str | None
    q: str
    kept: tuple[tuple[str, str], ...]
    rows: tuple[StationRow, ...]
    found: int
    page: str
    earlier: str | None
    later: str | None


def river_view(frame: Frame) -> RiverView:
    """Drawing and table of the basin that somebody looks at."""
    basin, words = frame.basin, frame.words
    members = np.empty(0, np.int64) if basin is None else basin.members
    drawn = _to_draw(frame, members)
    left_out = None
    if len(drawn) < len(members):
        left_out = words("shown of", total=len(members), shown=len(drawn))
    kept = frame.choice.only("lang", "range", "show", "where", "q", "stations")
    found = _found(frame, members)
    pages = max(1, -(-len(found) // PAGE_OF_STATIONS))
    page = min(frame.choice.stations, pages)
    chosen = found[(page - 1) * PAGE_OF_STATIONS : page * PAGE_OF_STATIONS]
    turn = frame.choice.only("lang", "basin", "station", "range", "show", "where", "q")
    search = frame.choice.only("lang", "basin", "range", "show", "where")
    return RiverView(
        name=None if basin is None else frame.basin_name(basin.name),
        system=_system(frame, drawn, kept),
        left_out=left_out,
        q=frame.choice.q,
        kept=tuple(search.parameters()),
        rows=tuple(_row(frame, number, kept) for number in chosen),
        found=len(found),
        page=words("page of", page=page, pages=pages),
        earlier=turn.address("stations", stations=page - 1) if page > 1 else None,
        later=turn.address("stations", stations=page + 1) if page < pages else None,
    )


def _to_draw(frame: Frame, members: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[int]:
    """Numbers of the stations on the drawing, in the order of the register."""
    if len(members) <= MOST_MARKS:
        return [int(number) for number in members]
    states, places = frame.board.states[members], frame.places
    order = np.lexsort((-places.asked[members].astype(int), -_SEVERITIES[states]))
    places_kept = set(order[:MOST_MARKS].tolist())
    if frame.station is not None:
        places_kept.update(np.flatnonzero(members == frame.station).tolist())
    return [int(members[place]) for place in sorted(places_kept)]


def _system(frame: Frame, drawn: Iterable[int], kept: Choice) -> RiverSystem:
    marks = tuple(_mark(frame, number, kept) for number in drawn)
    title = "" if frame.basin is None else frame.basin_name(frame.basin.name)
    return RiverSystem(title=title, rivers=_rivers(frame, {mark.river for mark in marks}), marks=marks, lang=frame.lang)


def _mark(frame: Frame, number: int, kept: Choice) -> Mark:
    board, row = frame.board, frame.places.stations[number]
    readings, owed, heard = board.live.readings(number), frame.owed(row.code), board.live.heard(number)
    quantity = main_quantity(readings, owed)
    newest = next((reading for reading in readings if reading.quantity is quantity), None)
    fires = board.firing.get(("station", row.code))
    asked = [interval.row.value for interval in owed if interval.row.quantity is quantity]
    return Mark(
        code=row.code,
        name=frame.name(row),
        kind=row.kind,
        river=row.river,
        state=board.state(number),
        role=row.section_role,
        plant=row.plant,
        chainage_km=None if row.chainage_km is None else float(row.chainage_km),
        suspected=fires is not None and fires.suspected,
        value_text=None if newest is None or newest.value is None else with_unit(newest.value, quantity),
        target_text=f"≥ {value_text(max(asked))}" if asked else None,
        age_s=None if heard is None else max(0, frame.now - heard) // 1_000,
        selected=number == frame.station,
        href=kept.address("station", station=row.code),
    )


def _rivers(frame: Frame, named: set[str]) -> tuple[RiverLine, ...]:
    """Rivers with stations, and those through which they are connected."""
    rows: dict[str, River] = {}
    ahead = set(named)
    while ahead:
        river = ahead.pop()
        dated = frame.places.register.rivers.get(river)
        row = None if dated is None else dated.at(frame.now)
        if row is not None and river not in rows:
            rows[river] = row
            ahead |= {row.into} - {""}
    return tuple(
        RiverLine(
            river=name,
            name=frame.river_name(name),
            into=row.into or None,
            into_km=None if row.into_km is None else float(row.into_km),
            length_km=None if row.length_km is None else float(row.length_km),
        )
        for name, row in sorted(rows.items())
    ) + tuple(RiverLine(river=name, name=name) for name in sorted(named - rows.keys()))


def _found(frame: Frame, members: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[int]:
    """Numbers for the table: of the basin, worst first; with a search of all basins."""
    states = frame.board.states
    if not frame.choice.q:
        order = np.argsort(-_SEVERITIES[states[members]], kind="stable")
        return [int(number) for number in members[order]]
    wanted = frame.choice.q.casefold()
    return [number for number, row in enumerate(frame.places.stations) if _matches(row, wanted)]


def _matches(row: Station, wanted: str) -> bool:
    return any(wanted in text.casefold() for text in (row.code, row.name, row.name_en))


def _row(frame: Frame, number: int, kept: Choice) -> StationRow:
    board, row = frame.board, frame.places.stations[number]
    readings = board.live.readings(number)
    quantity = main_quantity(readings, frame.owed(row.code))
    newest = next((reading for reading in readings if reading.quantity is quantity), None)
    state = board.state(number)
    fires = board.firing.get(("station", row.code))
    return StationRow(
        row.code,
        frame.name(row),
        kept.address("station", station=row.code),
        number == frame.station,
        state,
        letter(state, frame.lang),
        state_word(state, frame.lang, suspected=fires is not None and fires.suspected),
        None if newest is None or newest.value is None else with_unit(newest.value, quantity),
        None if newest is None else frame.moment(newest.time),
    )
