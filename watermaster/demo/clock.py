"""The clock of a scenario: stands while history is loaded, then runs at a multiple of real time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ScenarioClock"]

_MS: Final = 1_000


class ScenarioClock:
    """Epoch milliseconds of the scenario. Never goes back.

    Args:
        at: Where it stands until it is told to run, epoch milliseconds.
        speed: Scenario seconds per real second.
        elapsed_s: A steady clock, seconds.
    """

    def __init__(self, at: int, speed: float, elapsed_s: Callable[[], float] = time.monotonic) -> None:
        self._at = at
        self._speed = speed
        self._elapsed_s = elapsed_s
        self._running_since: float | None = None

    def __call__(self) -> int:
        """Now."""
        if self._running_since is None:
            return self._at
        return self._at + int((self._elapsed_s() - self._running_since) * self._speed * _MS)

    def stand(self, at: int) -> None:
        """Stand at an instant, or where it is if that is later."""
        self._at = max(at, self())
        self._running_since = None

    def run(self) -> None:
        """Run on from where it stands."""
        self._at, self._running_since = self(), self._elapsed_s()

    def wait_s(self, at: int) -> float:
        """Real seconds until an instant, while it runs; 0 for what is past."""
        return max(at - self(), 0) / self._speed / _MS
