"""A log that is not flooded: of events of one kind the first is told, then once a minute how many there were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hydro.instants import MINUTE_MS

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Rare"]

_EVERY_MS: Final = MINUTE_MS


class Rare:
    """Tells of what strangers can make happen as often as they like.

    Args:
        log: Where to.
        clock: Epoch milliseconds.
    """

    def __init__(self, log: Any, clock: Callable[[], int]) -> None:  # noqa: ANN401  # structlog's type is not public
        self._log = log
        self._clock = clock
        self._told: dict[tuple[str, str], tuple[int, int]] = {}

    def warning(self, event: str, reason: str, **facts: object) -> None:
        """Tell, or count.

        Args:
            event: Name of the event.
            reason: Word of a closed list; each is told by itself.
            facts: Of this one.
        """
        now = self._clock()
        told_at, count = self._told.get((event, reason), (0, 0))
        if 0 <= now - told_at < _EVERY_MS:
            self._told[event, reason] = told_at, count + 1
            return
        self._told[event, reason] = now, 0
        self._log.warning(event, reason=str(reason), before=count, **facts)
