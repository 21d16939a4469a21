"""Class ``over_rate``: the mean of 60 minutes is more than may be taken.

::

    limit     ──────────────────────────────
    flow      . . . ' ' ' ' ' ' ' ' ' ' ' ' ' . . . . .
                    |onset                |raised          end of the 60 minutes whose mean is above 1.05 x limit
                                              1 2 3 ...    resolved after 2 h of slots within the limit itself

Nothing that is found rests on more than the slots of one mean, so while nothing fires there is nothing to remember but
where counting began: the table looks back as far as a mean can reach.

Source: docs/alert-classes.md, over_rate; docs/decisions/0092-taking.md.
"""

from __future__ import annotations

from fractions import Fraction
from hashlib import sha256
from typing import TYPE_CHECKING, Final

import msgspec

from alerting.record import Change, Estimate, Window, WorstRatio, ratio
from alerting.takes.judge import Finding, Judged, Unit
from alerting.takes.over_rate.limits import Limits
from alerting.takes.over_rate.taken import Mean, Taken, mean_of, slots_of_mean, taken_of
from alerting.takes.over_rate.thresholds import Thresholds
from alerting.takes.places import intakes_of
from hydro.fixed import divide_half_even
from hydro.instants import DAY_MS, HOUR_MS, MINUTE_MS
from hydro.quantity import Quantity

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from alerting.takes.over_rate.gauge import Bindings
    from alerting.takes.slots import Frame, Place, SlotTable
    from hydro.register import Register
    from hydro.register.intakes import Restriction

__all__ = ["OverRate", "OverState"]

_NEVER: Final = -(2**62)
_WITHIN_MS: Final = 2 * HOUR_MS


class _Open(msgspec.Struct, frozen=True, array_like=True):
    """An alert that fires.

    Attributes:
        reason: Of the slot that completed it.
        onset: Start of the first mean.
        raised_at: End of it.
        levels: Each with what was shown from then on.
        shown: The mean whose level is the alert's.
        worst: The mean of the greatest ratio; None where no limit was above 0.
        recent: Means that ended at the last slots of 60 minutes; None where a slot completed none.
        row: Slots of the next mean.
        last: End of the latest slot.
        good: Slots in a row within the limit.
        excess: Since the onset, 1e-6 m3/s x ms.
        told: Up to when that is told, and what it was then.
    """

    reason: str
    onset: int
    raised_at: int
    levels: tuple[Change, ...]
    shown: Mean
    worst: Mean | None
    recent: tuple[Mean | None, ...]
    row: tuple[Taken, ...]
    last: int
    good: int
    excess: int
    told: tuple[int, int]


class OverState(msgspec.Struct, frozen=True, array_like=True):
    """Where it stands.

    Attributes:
        since: Counting began after this slot.
        is_near: A slot of the next mean may be more than may be taken.
        firing: None while nothing fires.
    """

    since: int = _NEVER
    is_near: bool = False
    firing: _Open | None = None


class OverRate:
    """See the module.

    Args:
        register: Master data.
        points: Codes of all metering points.
        bindings: When restrictions bind; what has changed is told to :meth:`bound_by`.
    """

    name: Final = "over_rate"
    alert_class: Final = "over_rate"
    unit: Final = Unit.SLOT
    look_back_ms: Final = DAY_MS + 2 * HOUR_MS
    pace_ms: Final = 0
    start: Final = OverState()

    def __init__(self, register: Register, points: Sequence[str], bindings: Bindings) -> None:
        self._register = register
        self.places = intakes_of(register, (Quantity.DISCHARGE,))
        self._limits = Limits(register, bindings)
        self._thresholds = Thresholds(register, points, self.places, self._limits)

    def bound_by(self, restriction: Restriction) -> list[int]:
        """Places by number that a restriction may bind, now that it has changed when it does."""
        self._thresholds.forget()
        return [number for number, place in enumerate(self.places) if self._limits.may_bind(place, restriction)]

    def marks(self, frame: Frame) -> NDArray[np.bool_]:
        """Flows without which no mean is above its limit."""
        return self._thresholds.marks(frame)

    def run(self, place: Place, state: OverState, table: SlotTable) -> Judged:
        """Judge slots in turn."""
        slots, rows = taken_of(self._limits, place, table, state.since)
        first = next((at for at, row in enumerate(rows) if row >= table.first), len(rows))
        needed = slots_of_mean(place.slot_ms)
        over: list[Finding] = []
        firing, begin = state.firing, 0
        for at in range(first, len(slots)):
            if firing is not None:
                firing, ended = self._after(firing, slots[at], needed, place.slot_ms)
                if ended is not None:
                    over.append(ended)
                    begin = at + 1
                continue
            row = _row(slots, begin, at, needed)
            if len(row) == needed and any(each.may_exceed for each in row):
                mean = mean_of(row)
                if mean.is_over:
                    firing = _raised(mean, row)
        since = slots[begin - 1].end if begin else state.since
        near = firing is None and any(each.may_exceed for each in _row(slots, begin, len(slots) - 1, needed))
        return Judged(OverState(since, near, firing), tuple(over))

    def _after(self, firing: _Open, slot: Taken, needed: int, slot_ms: int) -> tuple[_Open | None, Finding | None]:
        """After one more slot while it fires; and the finding that it ended."""
        has_gap = slot.start - firing.last > HOUR_MS
        row = (*firing.row, slot)[-needed:] if slot.follows(firing.row[-1] if firing.row else None) else (slot,)
        good = (0 if has_gap else firing.good) + 1 if slot.is_within else 0
        told = firing.told
        shift = self._register.zone_minutes * MINUTE_MS
        midnight = (slot.end + shift) // DAY_MS * DAY_MS - shift
        excess = firing.excess + slot.excess
        if midnight > told[0]:
            told = midnight, excess if midnight == slot.end else firing.excess
        if good >= max(1, -(-_WITHIN_MS // slot_ms)):
            ended = msgspec.structs.replace(firing, excess=excess, told=(slot.end, excess))
            return None, _finding(ended, slot_ms, slot.end)
        mean = mean_of(row) if len(row) == needed else None
        recent = (*firing.recent, mean)[-needed:]
        levels, shown = _judged(firing, [each for each in recent if each is not None], slot.end)
        return (
            msgspec.structs.replace(
                firing,
                levels=levels,
                shown=shown,
                worst=_worse(firing.worst, mean),
                recent=recent,
                row=row,
                last=slot.end,
                good=good,
                excess=excess,
                told=told,
            ),
            None,
        )

    def firing(self, place: Place, state: OverState) -> Finding | None:
        """The finding that goes on."""
        return None if state.firing is None else _finding(state.firing, place.slot_ms, None)

    def is_resting(self, state: OverState) -> bool:
        """Whether nothing fires, and no mean to come can be above its limit by what has come."""
        return state.firing is None and not state.is_near

    def digest(self, place: Place) -> bytes:
        """Of the rows that limit an intake, and of the times in which restrictions bound it."""
        return sha256(repr(self._limits.facts(place)).encode()).digest()[:8]


def _row(slots: Sequence[Taken], begin: int, last: int, most: int) -> list[Taken]:
    """The latest slots, up to one, that may be in one mean."""
    row: list[Taken] = []
    for at in range(last, begin - 1, -1):
        if row and not row[0].follows(slots[at]):
            break
        row.insert(0, slots[at])
        if len(row) == most:
            break
    return row


def _raised(mean: Mean, row: Sequence[Taken]) -> _Open:
    last = row[-1]
    excess = sum(each.excess for each in row)
    return _Open(
        reason=mean.reason.value,
        onset=mean.start,
        raised_at=mean.end,
        levels=(_change(mean, mean.end),),
        shown=mean,
        worst=_worse(None, mean),
        recent=(mean,),
        row=tuple(row),
        last=last.end,
        good=int(last.is_within),
        excess=excess,
        told=(mean.end, excess),
    )


def _change(mean: Mean, at: int) -> Change:
    return Change(mean.level, at, mean.value, mean.limit)


def _judged(firing: _Open, recent: Sequence[Mean], at: int) -> tuple[tuple[Change, ...], Mean]:
    """Levels, and the mean that is shown, by the means of the last 60 minutes; without any they stay."""
    if not recent:
        return firing.levels, firing.shown
    level = max(each.level for each in recent)
    shown = next(each for each in reversed(recent) if each.level is level)
    if level is firing.levels[-1].level:
        return firing.levels, shown
    return (*firing.levels, _change(shown, at)), shown


def _worse(worst: Mean | None, mean: Mean | None) -> Mean | None:
    """The mean of the greatest ratio, the first of equals."""
    if mean is None or not mean.limit:
        return worst
    return mean if worst is None or Fraction(mean.value, mean.limit) > Fraction(worst.value, worst.limit) else worst


def _finding(firing: _Open, slot_ms: int, resolved_at: int | None) -> Finding:
    shown, worst = firing.shown, firing.worst
    upto, excess = firing.told
    volume = divide_half_even(excess, 1000)
    return Finding(
        reason=firing.reason,
        onset=firing.onset,
        raised_at=firing.raised_at,
        resolved_at=resolved_at,
        levels=firing.levels,
        value=shown.value,
        target=shown.limit,
        worst=None if worst is None else WorstRatio(ratio(worst.value, worst.limit), None, worst.end),
        window=Window(shown.start, shown.end, (shown.end - shown.start) // slot_ms, shown.slots),
        estimate=Estimate(divide_half_even(excess, upto - firing.onset), None, None, volume, None, "metered"),
    )
