"""How far a stream is: a bar on a terminal, a line now and then everywhere else."""

from __future__ import annotations

import sys
import time
from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from hydro.instants import format_instant

if TYPE_CHECKING:
    from types import TracebackType

    from rich.progress import Progress as Bar
    from rich.progress import TaskID

__all__ = ["Progress", "Span"]

_EVERY_LINE_S: Final = 10.0
_EVERY_BAR_S: Final = 0.2
_RATE_OVER_S: Final = 5.0


class Span(NamedTuple):
    """Scenario time of a stream, epoch milliseconds."""

    start: int
    end: int


class Progress:
    """Entering the context shows it, leaving it takes the bar away.

    Args:
        zone_minutes: In which times are shown.
        speed: Scenario seconds per real second; 0 = as fast as possible.

    Attributes:
        span: Of the stream; None as long as nobody knows.
    """

    def __init__(self, zone_minutes: int, speed: float = 0.0) -> None:
        self.span: Span | None = None
        self._zone = zone_minutes
        self._speed = speed
        self._bar: Bar | None = None
        self._task: TaskID | None = None
        self._began: float | None = None
        self._first = 0
        self._shown = time.monotonic()
        self._before = deque([(self._shown, 0)])

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich.console import Console  # noqa: PLC0415  # takes its time
            from rich.progress import BarColumn, TextColumn  # noqa: PLC0415
            from rich.progress import Progress as Bar  # noqa: PLC0415

            columns = (TextColumn("{task.fields[at]}"), BarColumn(), TextColumn("{task.fields[said]}"))
            self._bar = Bar(*columns, console=Console(stderr=True), auto_refresh=False, transient=True)
            self._task = self._bar.add_task("", total=1.0, at="", said="")
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def say(self, text: str) -> None:
        """A line for people, above the bar."""
        if self._bar is not None:
            self._bar.console.print(text, markup=False, highlight=False, soft_wrap=True)
        else:
            sys.stderr.write(f"{text}\n")
            sys.stderr.flush()

    def show(self, at: int | None, messages: int) -> None:
        """Show how far it is, if it is time to.

        Args:
            at: Scenario time, epoch milliseconds; None as long as there is none.
            messages: That are done.
        """
        now = time.monotonic()
        if at is None or now - self._shown < (_EVERY_LINE_S if self._bar is None else _EVERY_BAR_S):
            return
        if self._began is None:
            self._began, self._first = self._shown, self.span.start if self.span is not None else at
        self._shown = now
        self._before.append((now, messages))
        while now - self._before[1][0] > _RATE_OVER_S:
            self._before.popleft()
        since, before = self._before[0]
        rate = (messages - before) / max(now - since, 1e-3)
        clock = format_instant(at, self._zone)
        share = self._share(at)
        percent = "" if share is None else f"{share:4.0%}  "
        said = f"{percent}{messages:,} msg  {rate:,.0f} msg/s{self._left(at, now)}"
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=share or 0.0, at=clock, said=said, refresh=True)
        else:
            self.say(f"{clock}  {said}")

    def _share(self, at: int) -> float | None:
        if self.span is None or self.span.end <= self.span.start:
            return None
        return min(max((at - self.span.start) / (self.span.end - self.span.start), 0.0), 1.0)

    def _left(self, at: int, now: float) -> str:
        if self.span is None or self._began is None:
            return ""
        to_go = max(self.span.end - at, 0) / 1_000
        if self._speed:
            seconds = to_go / self._speed
        elif at > self._first:
            seconds = to_go * (now - self._began) / ((at - self._first) / 1_000)
        else:
            return ""
        return f"  剩余 left {duration(seconds)}"


def duration(seconds: float) -> str:
    """A time to wait, for people.

    >>> duration(59.6), duration(3_700), duration(90_000)
    ('0:01:00', '1:01:40', '1 d 1:00:00')
    """
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    return f"{f'{days} d ' if days else ''}{hour}:{minute:02d}:{second:02d}"
