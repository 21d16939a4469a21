"""When the gauge of a restriction makes it bind: judged like an intake, and told to those that judge intakes.

What it finds is no alert: a time in which the restriction binds slots, from its onset on, up to where it is over.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from alerting.restrictions.trigger import Binding, GaugeSlot, Trigger, binds, step
from alerting.takes.judge import Finding, Judged, Unit
from alerting.takes.places import interval_ms
from alerting.takes.slots import Place
from hydro.register import LATEST_MS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from alerting.takes.slots import Frame, SlotTable
    from hydro.register import Register
    from hydro.register.intakes import Restriction

__all__ = ["Bindings", "GaugeJudge", "GaugeState", "gauges_of"]

_BINDS: Final = "binds"


def gauges_of(register: Register) -> set[str]:
    """Stations whose values trigger restrictions."""
    return {row.trigger_station for row in register.taking.restrictions if row.trigger_quantity is not None}


class GaugeState(msgspec.Struct, frozen=True, array_like=True):
    """Where the trigger stands; None before its first slot."""

    trigger: Trigger | None = None


class GaugeJudge:
    """See the module.

    Args:
        register: Master data.
        points: Codes of all stations of frames.
    """

    name: Final = "restriction"
    alert_class: Final = ""
    unit: Final = Unit.SLOT
    look_back_ms: Final = 0
    pace_ms: Final = 0
    start: Final = GaugeState()

    def __init__(self, register: Register, points: Sequence[str]) -> None:
        self._rows = {row.id: row for row in register.taking.restrictions if row.trigger_quantity is not None}
        self.places = tuple(
            Place(
                "restriction",
                name,
                (row.trigger_station,),
                ((row.trigger_station, row.trigger_quantity),),
                interval_ms(register, row.trigger_station),
            )
            for name, row in sorted(self._rows.items())
            if row.trigger_quantity is not None
        )
        gauges = {station for place in self.places for station in place.points}
        self._is_gauge = np.array([point in gauges for point in points], bool)

    def marks(self, frame: Frame) -> NDArray[np.bool_]:
        """All of a gauge: there are few."""
        return self._is_gauge[frame.point]

    def run(self, place: Place, state: GaugeState, table: SlotTable) -> Judged:
        """Judge slots in turn."""
        restriction, trigger = self._rows[place.code], state.trigger or Trigger()
        over: list[Finding] = []
        for row in range(table.first, len(table)):
            slot = GaugeSlot(int(table.start[row]), int(table.end[row]), int(table.value[0, row]))
            trigger, binding = step(trigger, slot, restriction)
            if binding is not None:
                over.append(_finding(binding.after, binding.until))
        return Judged(GaugeState(trigger), tuple(over))

    def firing(self, place: Place, state: GaugeState) -> Finding | None:  # noqa: ARG002  # judges are all asked alike
        """The time that goes on."""
        since = None if state.trigger is None else state.trigger.since
        return None if since is None else _finding(since, None)

    def is_resting(self, state: GaugeState) -> bool:
        """Only before the first slot."""
        return state.trigger is None

    def digest(self, place: Place) -> bytes:
        """Of the restriction."""
        return sha256(repr((self._rows[place.code], place.slot_ms)).encode()).digest()[:8]


def _finding(after: int, until: int | None) -> Finding:
    return Finding(reason=_BINDS, onset=after, raised_at=after, resolved_at=until, levels=())


class Bindings:
    """When each restriction binds, as far as it is known."""

    def __init__(self) -> None:
        self._times: dict[str, tuple[Binding, ...]] = {}

    def binds(self, restriction: Restriction, slot_end: int) -> bool:
        """Whether it binds slots that end at an instant, as far as its dates and its gauge go."""
        if restriction.trigger_quantity is not None:
            return binds(self._times.get(restriction.id, ()), slot_end)
        return restriction.first < slot_end <= (LATEST_MS if restriction.last is None else restriction.last)

    def edges(self, restriction: Restriction) -> Iterable[int]:
        """Where it begins to bind, and ceases."""
        if restriction.trigger_quantity is not None:
            return (edge for time in self._times.get(restriction.id, ()) for edge in time)
        return (restriction.first, LATEST_MS if restriction.last is None else restriction.last)

    def learn(self, restriction: Restriction, findings: Sequence[Finding]) -> int | None:
        """What was found of one; from when on that differs from what was known, None if it doesn't."""
        last = LATEST_MS if restriction.last is None else restriction.last
        times = tuple(Binding(each.onset, last if each.resolved_at is None else each.resolved_at) for each in findings)
        before = self._times.get(restriction.id, ())
        self._times[restriction.id] = times
        changed = {edge for time in set(before) ^ set(times) for edge in time}
        return min(changed, default=None)
