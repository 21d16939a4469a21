"""Clocks of field devices against ours: how far off each is, and which can't be believed. Pure.

A frame says when its device sent it. The offset is what that clock showed less what ours did when the frame came: above
zero the device's is fast. A slow link makes a clock look slow by the time it took, so one message proves nothing; a
message that was stored and sent later is older than one that came before it and isn't looked at. After an outage a
device may send what it stored from the oldest on, and under SL/T 427 a message shows only when it was measured: these
are late by less each time, while a clock that is off is off by the same.

Source: ALERTS, device_fault `clock_skew`: more than 10 min on 3 live messages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from hydro.instants import MINUTE_MS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ingest.decode import ClockReading

__all__ = ["LARGEST_OFFSET_MS", "ClockState", "ClockWatch"]

LARGEST_OFFSET_MS: Final = 10 * MINUTE_MS
_PROOF: Final = 3
_STEADY_MS: Final = 30_000
"""Offsets of a clock that is off differ by less from message to message: the way takes seconds."""


class ClockState(NamedTuple):
    """What is known of a device's clock.

    Attributes:
        sent: The latest that it showed, epoch milliseconds.
        received_at: When that came.
        off: Live messages in a row with more than the largest offset, and about the same one.
    """

    sent: int
    received_at: int
    off: int

    @property
    def offset_ms(self) -> int:
        """Above zero where the device is fast."""
        return self.sent - self.received_at

    @property
    def is_skewed(self) -> bool:
        """Whether its times can't be believed."""
        return self.off >= _PROOF


class ClockWatch:
    """Clocks by station; at most one state for each station of the register.

    >>> from ingest.decode import ClockReading
    >>> watch = ClockWatch()
    >>> watch.take(ClockReading("A", 60_000 * minute, 60_000 * (minute + 11)) for minute in range(3))
    >>> watch.states["A"].offset_ms, watch.states["A"].is_skewed
    (-660000, True)
    """

    def __init__(self) -> None:
        self._states: dict[str, ClockState] = {}

    @property
    def states(self) -> Mapping[str, ClockState]:
        """By station."""
        return self._states

    @property
    def skewed(self) -> list[str]:
        """Stations whose times can't be believed."""
        return sorted(station for station, state in self._states.items() if state.is_skewed)

    def take(self, clocks: Iterable[ClockReading]) -> None:
        """Take in what clocks showed, in the order of arrival."""
        for station, sent, received_at in clocks:
            known = self._states.get(station)
            if known is not None and sent <= known.sent and sent <= received_at:
                # Sent again, or stored and sent later. A clock that was ahead and has been put right is neither.
                if known.sent <= received_at:
                    continue
                known = None
            off = abs(sent - received_at) > LARGEST_OFFSET_MS
            steady = known is not None and abs(known.offset_ms - (sent - received_at)) <= _STEADY_MS
            before = known.off if known is not None and (steady or known.is_skewed) else 0
            self._states[station] = ClockState(sent, received_at, before + 1 if off else 0)
