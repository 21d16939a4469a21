"""How far a long command has come: one line that is written over on a terminal, a line now and then in a log."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Final

from hydro.instants import format_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from watermaster.backtest import TimedBatch

__all__ = ["Progress", "progress_text"]

_TERMINAL_S: Final = 0.2
_LOG_S: Final = 30.0
_TOLD_FROM_S: Final = 2.0
_MINUTE: Final = len("2026-03-01T08:00")
_SECONDS_OF_A_MINUTE: Final = 60


def progress_text(share: float | None, event: str, observations: int, seconds: float) -> str:
    """How far it has come, how fast it goes, and when it will be there if it goes on like that.

    Args:
        share: What is done, 0 to 1; None where the whole isn't known.
        event: The event time that was reached.
        observations: Read so far.
        seconds: Since the start.

    >>> progress_text(0.25, "2026-03-14 08:05", 1_500_000, 10.0)
    ' 25 %  2026-03-14 08:05  1,500,000 observations  150,000/s  0:30 left'
    >>> progress_text(None, "2026-03-14 08:05", 0, 0.0)
    '2026-03-14 08:05  0 observations'
    """
    parts = [event, f"{observations:,} observations"]
    if seconds > 0:
        parts.append(f"{observations / seconds:,.0f}/s")
    if share is None:
        return "  ".join(parts)
    parts.insert(0, f"{share:4.0%}".replace("%", " %"))
    if share > 0 and seconds >= _TOLD_FROM_S:
        left = seconds * (1 - share) / share
        parts.append(f"{left // _SECONDS_OF_A_MINUTE:.0f}:{left % _SECONDS_OF_A_MINUTE:02.0f} left")
    return "  ".join(parts)


class Progress:
    """Of one pass over a stream.

    Args:
        title: Which pass; empty where there is one alone.
        zone_minutes: Of the event time.
        write: Where lines go.
        is_terminal: They may be written over.
        clock: Seconds.
    """

    def __init__(
        self,
        title: str,
        zone_minutes: int,
        *,
        write: Callable[[str], object] = sys.stderr.write,
        is_terminal: bool | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._title = f"{title}: " if title else ""
        self._zone = zone_minutes
        self._write = write
        self._is_terminal = sys.stderr.isatty() if is_terminal is None else is_terminal
        self._clock = clock
        self._began = self._told = clock()
        self._bounds: tuple[int, int] | None = None
        self._share: float | None = None
        self._written = 0
        self.observations = 0
        self.last_event: int | None = None

    def scanned(self, first: int, last: int) -> None:
        """The stream's first and last ``received_at`` are known; its time is read evenly, more or less."""
        self._bounds = (first, last)
        self._began = self._clock()

    def share(self, share: float) -> None:
        """So much is done, where the stream isn't in the order of time."""
        self._share = share

    def watched(self, batches: Iterable[TimedBatch]) -> Iterator[TimedBatch]:
        """The batches as they are, told of as they pass."""
        for batch in batches:
            yield batch
            self._passed(batch)
        self._clear()

    def _passed(self, batch: TimedBatch) -> None:
        times = batch.batch.observations.event_time
        self.observations += len(times)
        if len(times):
            latest = int(times.max())
            self.last_event = latest if self.last_event is None else max(self.last_event, latest)
        if self._bounds is not None:
            first, last = self._bounds
            self._share = (batch.received_at - first) / (last - first) if last > first else None
        now = self._clock()
        if now - self._told >= (_TERMINAL_S if self._is_terminal else _LOG_S):
            self._told = now
            reached = int(times.max()) if len(times) else batch.received_at
            event = format_instant(reached, self._zone)[:_MINUTE].replace("T", " ")
            self._tell(self._title + progress_text(self._share, event, self.observations, now - self._began))

    def _tell(self, text: str) -> None:
        if not self._is_terminal:
            self._write(f"{text}\n")
            return
        self._write(f"\r{text.ljust(self._written)}")
        self._written = len(text)
        sys.stderr.flush()

    def _clear(self) -> None:
        if self._written:
            self._write(f"\r{' ' * self._written}\r")
            self._written = 0
