"""One judge at one place over all its rows: judged on from the newest, or anew from one that changed."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec
import numpy as np

from alerting.takes.judge import Finding
from hydro.instants import DAY_MS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerting.takes.judge import Judge
    from alerting.takes.slots import Place, SlotTable

__all__ = ["History", "HistoryState", "Rows"]

_NEVER: Final = -(2**62)


class Rows(Protocol):
    """Rows of a place."""

    @property
    def cut_at_midnight(self) -> bool:
        """Whether it pays to remember how it stood: rows may be judged again."""

    def tables(self, after: int, until: int) -> Iterator[SlotTable]:
        """Rows that end after an instant, one stretch after another, the first at least up to another instant."""


class HistoryState(msgspec.Struct, array_like=True):
    """What is saved of a history; states of the judge are encoded by themselves.

    Attributes:
        marks: Ends of rows and how it stood after them, in time order.
        last: End of the latest row that was judged.
        now: How it stood after it.
        over: Findings that have ended, in time order.
    """

    marks: list[tuple[int, bytes]]
    last: int
    now: bytes
    over: list[Finding]


class History:
    """See the module.

    Args:
        judge: Whose.
        place: Of what.
        shift: Zone in milliseconds.
        state: What was saved; None = nothing is known yet.
    """

    def __init__(self, judge: Judge[Any], place: Place, shift: int, state: HistoryState | None = None) -> None:
        self._judge = judge
        self._place = place
        self._shift = shift
        self._marks: list[tuple[int, Any]] = []
        self.last = _NEVER
        self._now: Any = judge.start
        self.over: list[Finding] = []
        if state is not None:
            kind = type(judge.start)
            self._marks = [(end, msgspec.msgpack.decode(blob, type=kind)) for end, blob in state.marks]
            self.last, self.over = state.last, state.over
            self._now = msgspec.msgpack.decode(state.now, type=kind)

    @property
    def is_resting(self) -> bool:
        """Whether it need not be shown what the judge doesn't mark."""
        return self._judge.is_resting(self._now)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All that were found, in time order; the last one may go on."""
        firing = self._judge.firing(self._place, self._now)
        return tuple(self.over) if firing is None else (*self.over, firing)

    def run(self, first: int, until: int, rows: Rows) -> int:
        """Judge anew from a row on.

        Args:
            first: End of the first row that changed.
            until: End of the last that is known to have.
            rows: Of the place.

        Returns:
            End of the last row that was judged; what was known of later ones stands.
        """
        after, state, known = self._standing(first)
        was_last, over = self.last, self.over
        self.over = [each for each in over if each.resolved_at is not None and each.resolved_at <= after]
        for table in rows.tables(after, until):
            for begin, end in self._portions(table, cut_at_midnight=rows.cut_at_midnight):
                self._remember(after, state)
                judged = self._judge.run(self._place, state, table.between(begin, end, self._judge.look_back_ms))
                state, after = judged.state, int(table.end[end - 1])
                self.over += judged.over
                if after < until:
                    continue
                if known.get(after, self) == state:  # from here on nothing has changed
                    self._marks += sorted(mark for mark in known.items() if after < mark[0] < was_last)
                    self.over += [each for each in over if each.resolved_at is not None and each.resolved_at > after]
                    return after
            if after >= max(until, was_last) and self._judge.is_resting(state):
                break  # what comes later was not marked
        self.last, self._now = after, state
        return after

    def _standing(self, first: int) -> tuple[int, Any, dict[int, Any]]:
        """How it stood before a row, after which, and how it stood later."""
        if first > self.last:
            return (first - 1 if self.is_resting else self.last), self._now, {}
        known = {self.last: self._now}
        while self._marks:
            end, state = self._marks[-1]
            if end < first:
                return end, state, known
            known[end] = state
            self._marks.pop()
        return first - 1, self._judge.start, known

    def _portions(self, table: SlotTable, *, cut_at_midnight: bool) -> Iterator[tuple[int, int]]:
        """Rows to judge by day, the newest by itself; or all of them."""
        rows = len(table)
        if table.first >= rows:
            return
        if not cut_at_midnight:
            yield table.first, rows
            return
        days = (table.end[table.first :] - 1 + self._shift) // DAY_MS
        cuts = (np.flatnonzero(np.diff(days)) + table.first + 1).tolist()
        bounds = sorted({table.first, *cuts, rows - 1, rows})
        yield from pairwise(bounds)

    def _remember(self, end: int, state: Any) -> None:  # noqa: ANN401  # the judge's own
        """Keep how it stood: before the newest row, and once a day before that."""
        marks = self._marks
        if len(marks) > 1 and marks[-1][0] // DAY_MS == marks[-2][0] // DAY_MS:
            marks.pop()
        if marks and marks[-1][0] == end:
            marks.pop()
        marks.append((end, state))

    def forget_before(self, horizon: int, resolved: int) -> bool:
        """Let go of what led to how it stood at an instant, and of findings that were over at or before another.

        Returns:
            Whether anything is left.
        """
        while len(self._marks) > 1 and self._marks[1][0] <= horizon:
            self._marks.pop(0)
        self.over = [each for each in self.over if each.resolved_at is None or each.resolved_at > resolved]
        return bool(self.over) or not self.is_resting or self.last > horizon

    def pack(self) -> HistoryState:
        """All of it."""
        encode = msgspec.msgpack.encode
        return HistoryState(
            [(end, encode(state)) for end, state in self._marks], self.last, encode(self._now), self.over
        )
