"""What a judge of taking is: slots of one place in, findings out, and a state to go on from. Pure.

::

    readings -> SlotIntake -> Frame: slots of all points at once --marks--> places that need a look
                           '-> SlotTable: slots of one place --------run--> state, findings --merge--> alerts

A judge answers one question about every place that it names: an intake, or a metering point. The engine keeps samples,
watermarks and states, and shows a judge what came, in any portions, as often as late data make it necessary. So a judge

- is invariant to cuts: ``run(place, run(place, s, A).state, B)`` and ``run(place, s, A + B)`` come to the same state,
  and together to the same findings;
- depends on nothing but the place, the state, the table and the register: no clock, no memory of its own;
- may rest: while :meth:`Judge.is_resting` says so of a state, the engine need not show it rows that
  :meth:`Judge.marks` does not mark; they must not change what it would come to, whenever it is woken. Nearly all places
  rest nearly always: that is what makes judging cheap.

Rows reach a judge in time order, each slot once, whole: the engine keeps how it stood before the newest slot, and shows
that slot again when more of it comes. Findings that overlap and are of one class and subject become one alert
(:mod:`alerting.takes.merging`).
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

import msgspec

from alerting.record import Change, Estimate, Window, WorstRatio  # the annotations are read at run time

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from alerting.takes.slots import Frame, Place, SlotTable

__all__ = ["Finding", "Judge", "Judged", "Unit"]


class Unit(Enum):
    """What the rows of a judge's table are."""

    SLOT = "slot"
    """Slots of the place, of its coarsest metering point. Shown as soon as there is a valid value in them."""
    HOUR = "hour"
    """Hours (H - 1:00, H:00]. Shown when all slots are valid, or the watermark of each series is past the end."""


class Finding(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """A time in which what the judge asks was so. Times in epoch milliseconds, numbers in millionths.

    Attributes:
        reason: Of the closed enum of its class.
        onset: Start of the first evidence.
        raised_at: End of what completed it.
        resolved_at: End of what ended it; None = it goes on.
        levels: Each rise and fall in time order, the first at ``raised_at``.
        value: That the alert shows; None where the class has none.
        target: What it is held against.
        worst: None where the class has none.
        basis: Of the value.
        window: That the value rests on.
        estimate: What was taken.
    """

    reason: str
    onset: int
    raised_at: int
    resolved_at: int | None = None
    levels: tuple[Change, ...]
    value: int | None = None
    target: int | None = None
    worst: WorstRatio | None = None
    basis: str | None = None
    window: Window | None = None
    estimate: Estimate | None = None


S = TypeVar("S", bound=msgspec.Struct)


class Judged(NamedTuple):
    """What came of a table.

    Attributes:
        state: After it: a frozen struct, which the engine saves.
        over: Findings that ended in it, in time order.
    """

    state: Any
    over: tuple[Finding, ...] = ()


class Judge(Protocol[S]):
    """One question about many places. Made anew for each register, from it and the codes of all metering points."""

    @property
    def name(self) -> str:
        """Of its entries in the state file: one word, never changed; its version in it if the state's form changes."""

    @property
    def alert_class(self) -> str:
        """As in docs/alert-classes.md."""

    @property
    def unit(self) -> Unit:
        """What the rows of its tables are."""

    @property
    def look_back_ms(self) -> int:
        """How far before the first new row the table is to begin; 0 = there. At most some days."""

    @property
    def pace_ms(self) -> int:
        """Of a judge of hours: rows are held back until so much local time is over; no verdict hangs on it. Else 0."""

    @property
    def places(self) -> Sequence[Place]:
        """What is judged, each with its series; sorted by code."""

    @property
    def start(self) -> S:
        """State of a place of which nothing is known: it rests. Saved states are decoded by its type."""

    def marks(self, frame: Frame) -> NDArray[np.bool_]:
        """Rows because of which places of their point need a look; generous, and cheap: columns only.

        Args:
            frame: Slots of metering points by their number among all points.
        """

    def run(self, place: Place, state: S, table: SlotTable) -> Judged:
        """Judge the rows of a table from ``table.first`` on.

        Args:
            place: One of :attr:`places`.
            state: After all rows before, but for those that need not be shown.
            table: At least one row to judge.
        """

    def firing(self, place: Place, state: S) -> Finding | None:
        """The finding that goes on, with its estimate up to the last row that was judged."""

    def is_resting(self, state: S) -> bool:
        """Whether rows that are not marked change nothing that matters."""

    def digest(self, place: Place) -> bytes:
        """What of the register the verdicts on a place rest on: where it differs, they are judged anew."""
