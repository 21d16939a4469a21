"""What every part of a page needs: who looks at what, when, in which language."""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dashboards.console.draw.model import State
from dashboards.console.live.live import STATES
from dashboards.console.page.choice import Choice, PageError
from dashboards.console.page.figures import ago_text, time_text
from dashboards.console.page.words import Words
from hydro.quantity import Quantity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboards.console.draw.model import Lang
    from dashboards.console.live import Basin, Board, Places, Reading
    from hydro.register import Station, TargetInterval

__all__ = ["Frame", "Moment", "frame_of", "main_quantity"]

_LOOKED_AT: tuple[Quantity, ...] = (
    Quantity.DISCHARGE,
    Quantity.WATER_LEVEL,
    Quantity.STAGE,
    Quantity.VOLUME,
    Quantity.GROUNDWATER_DEPTH,
    Quantity.VOLUME_TOTAL,
    Quantity.GATE_OPENING,
    Quantity.POWER,
    Quantity.RAIN,
)
_SEVERITIES = np.array([state.severity for state in STATES])


class Moment(NamedTuple):
    """An instant on the page; a script lets the last text go on.

    Attributes:
        at: Epoch milliseconds.
        text: Time of day, or date and time.
        ago: How long ago.
    """

    at: int
    text: str
    ago: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """See the module. It is used in the event loop that the board belongs to.

    Attributes:
        board: What is known.
        choice: What was asked for; its basin and station are those that are shown.
        lang: Language.
        words: Of that language.
        now: The present instant.
        basin: That is drawn; None only where the register has no station.
        station: Number of the one whose hydrograph is shown; None as above.
    """

    board: Board
    choice: Choice
    lang: Lang
    words: Words
    now: int
    basin: Basin | None
    station: int | None

    @property
    def places(self) -> Places:
        """The register as it is today."""
        return self.board.live.places(self.now)

    @property
    def zone(self) -> int:
        """Zone of the times, minutes east of UTC."""
        return self.places.register.zone_minutes

    def moment(self, at: int) -> Moment:
        """An instant as it is shown."""
        return Moment(at, time_text(at, self.now, self.zone), ago_text(at, self.now, self.lang))

    def name(self, station: Station) -> str:
        """A station's name in the language of the page, its code where it has none."""
        return (self.lang == "en" and station.name_en) or station.name or station.code

    def river_name(self, river: str) -> str:
        """A river's name in the language of the page."""
        rows = self.places.register.rivers.get(river)
        row = None if rows is None else rows.at(self.now)
        return (row.name_en if row is not None and self.lang == "en" else "") or river

    def basin_name(self, basin: str) -> str:
        """A basin's name, which is mostly that of a river, or what stands for none."""
        return self.river_name(basin) if basin else self.words("no basin")

    def owed(self, code: str) -> list[TargetInterval]:
        """What a station owes now, by target."""
        register = self.places.register
        return [
            interval
            for target_id in self.places.targets.get(code, ())
            for interval in register.target_intervals(target_id, self.now - 1, self.now)
        ]


def frame_of(board: Board, choice: Choice, lang: Lang) -> Frame:
    """What a choice comes to.

    Raises:
        PageError: The register doesn't have the station or basin.
    """
    now = board.now
    places = board.live.places(now)
    basin, station = None, None
    if choice.station is not None:
        station = board.live.index.station_number(choice.station)
        if station is None:
            raise PageError(HTTPStatus.NOT_FOUND, "no such station", code=choice.station)
        basin = places.basin(station)
    elif choice.basin is not None:
        basin = places.basins.get(choice.basin)
        if basin is None:
            raise PageError(HTTPStatus.NOT_FOUND, "no such basin", name=choice.basin)
    elif places.basins:
        basin = max(places.basins.values(), key=lambda one: (_worst(board, one), -one.number))
    if basin is not None and station is None:
        station = _first_to_look_at(board, places, basin)
    shown = replace(
        choice,
        lang=lang,
        basin=None if basin is None else basin.name,
        station=None if station is None else board.live.index.stations[station],
    )
    words = Words(lang)
    return Frame(board=board, choice=shown, lang=lang, words=words, now=now, basin=basin, station=station)


def main_quantity(readings: Sequence[Reading], owed: Sequence[TargetInterval]) -> Quantity:
    """What is looked at first of a station: what it owes, else what it measures."""
    if owed:
        return owed[0].row.quantity
    measured = {reading.quantity for reading in readings}
    return next((quantity for quantity in _LOOKED_AT if quantity in measured), min(measured, default=_LOOKED_AT[0]))


def _worst(board: Board, basin: Basin) -> int:
    return max(int(_SEVERITIES[board.states[basin.members]].max()), State.OK.severity)


def _first_to_look_at(board: Board, places: Places, basin: Basin) -> int:
    """The station in the worst state; of equals one that owes something, then the first of the register."""
    order = np.lexsort((-places.asked[basin.members].astype(int), -_SEVERITIES[board.states[basin.members]]))
    return int(basin.members[order[0]])
