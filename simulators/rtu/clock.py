"""The clock of a station: it is set now and then, and drifts in between."""

from __future__ import annotations

from typing import Final

__all__ = ["DeviceClock"]

_MILLION: Final = 1_000_000


class DeviceClock:
    """Reads ``ahead_ms`` more than the true time at ``at``, and gains ``drift_ppm`` millionths from there on.

    >>> clock = DeviceClock(0, ahead_ms=5_000, drift_ppm=20)
    >>> clock.reading(100_000_000), clock.true_time(clock.reading(100_000_000))
    (100007000, 100000000)
    """

    def __init__(self, at: int, *, ahead_ms: int = 0, drift_ppm: int = 0) -> None:
        self._set_at = at
        self._ahead_ms = ahead_ms
        self._drift_ppm = drift_ppm

    def reading(self, at: int) -> int:
        """What it shows at a true instant; epoch milliseconds both."""
        return at + self._ahead_ms + (at - self._set_at) * self._drift_ppm // _MILLION

    def true_time(self, reading: int) -> int:
        """The first true instant at which it shows no less than this."""
        elapsed = reading - self._ahead_ms - self._set_at
        at = self._set_at + elapsed * _MILLION // (_MILLION + self._drift_ppm)
        while self.reading(at) < reading:
            at += 1
        return at

    def set(self, at: int, reading: int) -> None:
        """Set it at a true instant."""
        self._set_at = at
        self._ahead_ms = reading - at
