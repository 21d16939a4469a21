"""When a message is due: scenario time on the real clock."""

from __future__ import annotations

__all__ = ["Pace"]


class Pace:
    """Scenario seconds per real second, from the first message on.

    Who falls behind, since the broker was away or is slow, catches up as fast as it can: gateways would, too.

    Args:
        speed: Scenario seconds per real second; 0 = everything is due at once.
    """

    def __init__(self, speed: float) -> None:
        self._ms_per_s = speed * 1_000.0
        self._began: tuple[int, float] | None = None

    @property
    def is_timed(self) -> bool:
        """Whether anything has to be waited for."""
        return self._ms_per_s > 0

    def due(self, received_at: int, now: float) -> float:
        """The real instant at which a message is due.

        Args:
            received_at: Its scenario time, epoch milliseconds; the first one asked for is due now.
            now: The real clock, seconds.

        >>> pace = Pace(60.0)
        >>> pace.due(0, now=5.0), pace.due(120_000, now=5.0)
        (5.0, 7.0)
        """
        if not self._ms_per_s:
            return now
        if self._began is None:
            self._began = (received_at, now)
        first, began = self._began
        return began + (received_at - first) / self._ms_per_s
