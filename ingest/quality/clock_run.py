"""One station's clock: live messages that are off, held until it is clear whether the clock is wrong. Pure."""

from __future__ import annotations

from enum import Enum, auto
from typing import Final, NamedTuple

import msgspec

from hydro.flags import Flag
from hydro.instants import DAY_MS, MINUTE_MS

__all__ = ["LARGEST_OFFSET_MS", "ClockRun", "Held", "HeldRow", "Message", "Skew", "Verdict"]

LARGEST_OFFSET_MS: Final = 10 * MINUTE_MS
"""Source: docs/alert-classes.md, device_fault `clock_skew`."""

_PROOF: Final = 3
_CLEAN_MS: Final = DAY_MS


class Verdict(Enum):
    """What becomes of the readings of a message."""

    PASS = auto()
    HOLD = auto()
    SET_ASIDE = auto()


class HeldRow(msgspec.Struct, array_like=True):
    """A reading that is held.

    Attributes:
        quantity: Its code.
        event_time: Epoch milliseconds.
        value: Millionths.
        flag: As it came.
        stands: Nothing came for the same key since.
        overtaken: A value for the same key came since, and no earlier by received time, so this one would have lost
            against it: of this reading only that it arrived counts.
    """

    quantity: int
    event_time: int
    value: int
    flag: int
    stands: bool = True
    overtaken: bool = False


class Held(msgspec.Struct, array_like=True):
    """A message that is held.

    Attributes:
        position: Journal position.
        received_at: Epoch milliseconds.
        behind: How much its clock seems to be behind, milliseconds.
        rows: Its readings, those refused for their time left out.
    """

    position: int
    received_at: int
    behind: int
    rows: list[HeldRow]


class Skew(msgspec.Struct, frozen=True, array_like=True):
    """A time in which a clock was wrong, by received time.

    Attributes:
        onset: The first message of the proof.
        raised_at: The last one.
        resolved_at: The first live message that is right, 24 h or more after the last that was not; None until then.
    """

    onset: int
    raised_at: int
    resolved_at: int | None = None


class Message(NamedTuple):
    """All that one message says of a station.

    Attributes:
        position: Journal position.
        received_at: Epoch milliseconds.
        newest: Its greatest event time, refused readings included.
        is_live: It is newer than all accepted before.
        tolerated: How far behind an honest clock may seem, milliseconds.
        steady: By how much offsets of a clock that is wrong may differ, milliseconds.
    """

    position: int
    received_at: int
    newest: int
    is_live: bool
    tolerated: int
    steady: int

    @property
    def behind(self) -> int:
        """How much its clock seems to be behind, milliseconds; negative where it is ahead."""
        return self.received_at - self.newest

    @property
    def is_skewed(self) -> bool:
        """Whether it is off by more than an honest clock."""
        return self.behind > self.tolerated or self.behind < -LARGEST_OFFSET_MS


class ClockRun(msgspec.Struct, array_like=True):
    """What is known of a clock.

    Attributes:
        run: The latest live messages in a row that may be part of a proof, at most two.
        last_skewed: When the latest message came that was off, while the clock is wrong.
        skews: Times in which it was wrong, oldest first; of the last one the end may be open.
    """

    run: list[Held] = []
    last_skewed: int = 0
    skews: list[Skew] = []

    @property
    def is_wrong(self) -> bool:
        """Whether its times can't be believed now."""
        return bool(self.skews) and self.skews[-1].resolved_at is None

    def meet(self, message: Message, rows: list[HeldRow]) -> tuple[Verdict, list[Held]]:
        """Take a message in.

        Args:
            message: The next one.
            rows: Its readings.

        Returns:
            What becomes of its readings, and messages held before: set aside with it, or released where it is not.
        """
        if self.is_wrong:
            return self._meet_while_wrong(message), []
        if not message.is_live:
            self._note_repeated(message, rows)
            return Verdict.PASS, []
        if not message.is_skewed:
            released, self.run = self.run, []
            return Verdict.PASS, released
        mine = Held(message.position, message.received_at, message.behind, rows)
        candidates = [*self.run, mine]
        if len(candidates) == _PROOF and _is_steady(candidates, message.steady):
            self.run = []
            self.last_skewed = message.received_at
            self.skews = [*self.skews, Skew(candidates[0].received_at, message.received_at)]
            return Verdict.SET_ASIDE, candidates[:-1]
        kept = candidates[1 - _PROOF :]
        if not _is_steady(kept, message.steady):
            kept = kept[-1:]
        self.run = kept
        return Verdict.HOLD, candidates[: len(candidates) - len(kept)]

    def _meet_while_wrong(self, message: Message) -> Verdict:
        if message.is_skewed:
            self.last_skewed = message.received_at
            return Verdict.SET_ASIDE
        if message.is_live and message.received_at - self.last_skewed >= _CLEAN_MS:
            wrong = self.skews[-1]
            self.skews = [*self.skews[:-1], Skew(wrong.onset, wrong.raised_at, message.received_at)]
        return Verdict.PASS

    def _note_repeated(self, message: Message, rows: list[HeldRow]) -> None:
        """What passes now overtakes what is held of its keys."""
        keys = {(row.quantity, row.event_time) for row in rows}
        values = {(row.quantity, row.event_time) for row in rows if row.flag != Flag.MISSING}
        for held in self.run:
            for row in held.rows:
                key = (row.quantity, row.event_time)
                row.stands = row.stands and key not in keys
                row.overtaken = row.overtaken or (key in values and message.received_at >= held.received_at)

    def forget_before(self, horizon: int) -> None:
        """Let go of times that ended before an instant."""
        self.skews = [skew for skew in self.skews if skew.resolved_at is None or skew.resolved_at > horizon]


def _is_steady(messages: list[Held], most: int) -> bool:
    offsets = [held.behind for held in messages]
    return max(offsets) - min(offsets) <= most
