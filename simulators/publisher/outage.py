"""The time without a broker: how long the next attempt to connect is to wait, and what there is to say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import random

    from hydro.errors import BrokerError

__all__ = ["Outage"]

_FIRST_S: Final = 0.2
_LONGEST_S: Final = 5.0
_STABLE_S: Final = 5.0


class Outage:
    """One outage, from the first connection lost to the last one back.

    Waits double from 0.2 s to 5 s, each shortened by chance by up to a half, so that those who lost one broker together
    don't come back together.

    Attributes:
        since: When it began, seconds.
        why: The latest reason.
        next_at: When to connect again.
        resent: Messages that will be sent once more.
        end: When it ended; None while it lasts.
    """

    def __init__(self, now: float, why: BrokerError, rng: random.Random, *, after: Outage | None) -> None:
        """Begin one.

        Args:
            now: Seconds.
            why: What happened.
            rng: For the jitter.
            after: The outage before; when it has just ended, the waits go on where they were.
        """
        self.since = now
        self.why = why
        self.resent = 0
        self.end: float | None = None
        is_the_same = after is not None and after.end is not None and now - after.end < _STABLE_S
        self._failures = after.failures + 1 if after is not None and is_the_same else 0
        self._rng = rng
        self.next_at = now + self._wait_s()

    def failed(self, now: float, why: BrokerError) -> bool:
        """An attempt was in vain.

        Returns:
            Whether it is the first of its round, all of which count once.
        """
        self.why = why
        if now < self.next_at:
            return False
        self._failures += 1
        self.next_at = now + self._wait_s()
        return True

    @property
    def failures(self) -> int:
        """Attempts in vain."""
        return self._failures

    def _wait_s(self) -> float:
        return min(_LONGEST_S, _FIRST_S * 2.0 ** min(self._failures, 10)) * (1.0 - 0.5 * self._rng.random())
