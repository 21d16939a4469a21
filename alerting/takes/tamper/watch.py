"""How one question about one meter stands: whether a spell is open, and how long nothing was seen since. Pure.

::

    known slot   . . x . . x . . . . . . … . .        x evidence
    spell            raised ─────────────────┤resolved: 7 d of known slots in a row without, or a site record
    clean              1 2 0 1 2 3 …
    gap          more than 60 min without a known slot begins `clean` anew, never the spell

After its end counting begins with nothing.

Source: docs/alert-classes.md, meter_tamper; docs/decisions/0092-taking.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
import numpy as np

from alerting.level import Level
from alerting.record import Change
from alerting.takes.judge import Finding
from hydro.instants import DAY_MS, HOUR_MS, MINUTE_MS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from alerting.takes.tamper.reason import Reason
    from alerting.takes.tamper.visits import Visits

__all__ = ["CALM", "GAP_MS", "NO_EVIDENCE", "Seen", "SeenSlots", "Watch", "finding", "follow", "follow_all", "slots_in"]

GAP_MS: Final = HOUR_MS
"""Longest time without a known slot that does not begin counting anew. Source: docs/alert-classes.md, "Common"."""

NO_EVIDENCE: Final = -(2**62)
"""Onset of a slot that completes no evidence, in columns."""

_CLEAN_MS: Final = 7 * DAY_MS
"""Source: docs/alert-classes.md, meter_tamper."""


class Watch(msgspec.Struct, frozen=True, array_like=True):
    """State of one question about one meter.

    Attributes:
        raised_at: Of the open spell; None while there is none, and then nothing else matters.
        onset: Of the same.
        last: End of the latest known slot.
        clean: Known slots in a row without evidence.
    """

    raised_at: int | None = None
    onset: int = 0
    last: int = 0
    clean: int = 0

    @property
    def is_open(self) -> bool:
        """Whether a spell is open."""
        return self.raised_at is not None


CALM: Final = Watch()


class Seen(NamedTuple):
    """A known slot.

    Attributes:
        start: Epoch milliseconds.
        end: Of the slot.
        onset: Start of the evidence that it completes; None where it completes none.
    """

    start: int
    end: int
    onset: int | None


class SeenSlots(NamedTuple):
    """Known slots in columns, in time order.

    Attributes:
        start: int64, epoch milliseconds.
        end: int64, of the slot.
        onset: int64, start of the evidence that it completes, or ``NO_EVIDENCE``.
    """

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    onset: NDArray[np.int64]


def slots_in(length_ms: int, minutes: int) -> int:
    """How many slots make so many minutes, rounded up.

    >>> slots_in(300_000, 120), slots_in(2_400_000, 60), slots_in(86_400_000, 120)
    (24, 2, 1)
    """
    return -(-minutes * MINUTE_MS // length_ms)


def follow(watch: Watch, seen: Seen, visits: Visits) -> tuple[Watch, int | None]:
    """The state after one more known slot, and when the spell that was open ended.

    A slot behind a record is the first of what is counted anew, and so evidence of nothing.

    Args:
        watch: Before it.
        seen: A slot later than all before.
        visits: Records that end a spell.
    """
    if watch.raised_at is None:
        return (CALM if seen.onset is None else Watch(seen.end, seen.onset, seen.end)), None
    record = visits.record_after(watch.raised_at, seen.end)
    if record is not None:
        return CALM, record
    if seen.onset is not None:
        return Watch(watch.raised_at, watch.onset, seen.end), None
    clean = 1 if seen.start - watch.last > GAP_MS else watch.clean + 1
    if clean >= slots_in(seen.end - seen.start, _CLEAN_MS // MINUTE_MS):
        return CALM, seen.end
    return Watch(watch.raised_at, watch.onset, seen.end, clean), None


def follow_all(watch: Watch, slots: SeenSlots, first: int, visits: Visits) -> tuple[Watch, int | None, int]:
    """Follow slots up to the end of a spell, or the last one.

    Args:
        watch: Before them.
        slots: Known slots.
        first: Row of the first one that is new.
        visits: Records that end a spell.

    Returns:
        The state; when the spell that was open in it ended, None where it did not; the row after the last one that was
        followed. After an end go on from :data:`CALM`.
    """
    size = len(slots.end)
    row = first
    while row < size:
        if not watch.is_open:  # nothing matters until there is evidence
            evidence = np.flatnonzero(slots.onset[row:] != NO_EVIDENCE)
            if not len(evidence):
                return CALM, None, size
            row += int(evidence[0])
        onset = int(slots.onset[row])
        seen = Seen(int(slots.start[row]), int(slots.end[row]), None if onset == NO_EVIDENCE else onset)
        before, (watch, resolved_at) = watch, follow(watch, seen, visits)
        row += 1
        if resolved_at is not None:
            return before, resolved_at, row
    return watch, None, size


def finding(reason: Reason, watch: Watch, resolved_at: int | None = None) -> Finding:
    """The spell that is open, or was open until it was resolved.

    Raises:
        ValueError: None is.
    """
    if watch.raised_at is None:
        message = f"no spell of {reason} is open"
        raise ValueError(message)
    return Finding(
        reason=reason.value,
        onset=watch.onset,
        raised_at=watch.raised_at,
        resolved_at=resolved_at,
        levels=(Change(Level.YELLOW, watch.raised_at, None, None),),
    )
