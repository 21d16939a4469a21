"""What a meter makes of a kilowatt hour: of late, and by its own past. Pure.

Running units are gathered to stretches of 6 h, so that little has to be remembered, and the newest ones are held
against those before::

    stretches   |──────────── 168 h: own ratio ────────────|── 72 h: window ──|
                                                                           ▲ judged at the end of each stretch

Running units are a window and no hold: gaps don't begin them anew, a changed meter and work at it do.

Source: docs/alert-classes.md, meter_tamper; docs/decisions/0092-taking.md.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from hydro.instants import HOUR_MS

if TYPE_CHECKING:
    from alerting.takes.tamper.energy_units import Unit

__all__ = ["Amounts", "Gathering", "Past", "Stretches", "is_below"]

_STRETCH_MS: Final = 6 * HOUR_MS
_WINDOW_MS: Final = 72 * HOUR_MS
_OWN_MS: Final = 168 * HOUR_MS
_COLUMNS: Final = 3
_NUMERATOR: Final = 4
_DENOMINATOR: Final = 5
"""A window is below where it has less than 4/5 of its own ratio."""


class Amounts(msgspec.Struct, frozen=True, array_like=True):
    """Water in 1e-6 m3 and electricity in 1e-6 kWh of the same time."""

    water: int = 0
    energy: int = 0

    def plus(self, water: int, energy: int) -> Amounts:
        """Both together."""
        return Amounts(self.water + water, self.energy + energy)


class Stretches(msgspec.Struct, frozen=True, array_like=True):
    """Running units since counting began, as they are saved.

    Attributes:
        whole: int64 triples of start, water and energy of each whole stretch, oldest first; as many as are needed.
        begun: Start of the stretch that is not whole yet; 0 where none is begun.
        units: In it.
        part: Of these.
    """

    whole: bytes = b""
    begun: int = 0
    units: int = 0
    part: Amounts = Amounts()


class Past(NamedTuple):
    """A window and what was before it.

    Attributes:
        onset: Start of the window.
        window: Of it.
        own: Of the time before it; None where that is too short.
    """

    onset: int
    window: Amounts
    own: Amounts | None


def is_below(window: Amounts, own: Amounts) -> bool:
    """Whether a window has less than 4/5 of a ratio.

    >>> is_below(Amounts(79, 100), Amounts(10, 10)), is_below(Amounts(80, 100), Amounts(10, 10))
    (True, False)
    """
    return _DENOMINATOR * window.water * own.energy < _NUMERATOR * own.water * window.energy


class Gathering:
    """Stretches while units are added to them.

    Args:
        saved: What was saved of them.
        length: Of a unit, milliseconds.
    """

    def __init__(self, saved: Stretches, length: int) -> None:
        self._numbers = array("q", saved.whole)
        self._begun, self._units, self._part = saved.begun, saved.units, saved.part
        self._needed = max(1, _STRETCH_MS // length)
        stretch = self._needed * length
        self._window = -(-_WINDOW_MS // stretch)
        self._most = self._window + -(-_OWN_MS // stretch)

    def add(self, unit: Unit) -> Past | None:
        """Add a running unit; the window that ends with it, where it makes a stretch whole and that is enough."""
        if not self._units:
            self._begun = unit.start
        self._units += 1
        self._part = self._part.plus(unit.water, unit.energy)
        if self._units < self._needed:
            return None
        self._numbers.extend((self._begun, self._part.water, self._part.energy))
        self._units, self._begun, self._part = 0, 0, Amounts()
        del self._numbers[: -self._most * _COLUMNS]
        return self._past()

    def _past(self) -> Past | None:
        size = len(self._numbers) // _COLUMNS
        if size < self._window:
            return None
        first = (size - self._window) * _COLUMNS
        window = self._numbers[first:]
        own = self._numbers[:first]
        return Past(
            onset=window[0],
            window=Amounts(sum(window[1::_COLUMNS]), sum(window[2::_COLUMNS])),
            own=Amounts(sum(own[1::_COLUMNS]), sum(own[2::_COLUMNS])) if size == self._most else None,
        )

    def clear(self) -> None:
        """Begin anew."""
        del self._numbers[:]
        self._begun, self._units, self._part = 0, 0, Amounts()

    @property
    def saved(self) -> Stretches:
        """To be saved."""
        return Stretches(self._numbers.tobytes(), self._begun, self._units, self._part)
