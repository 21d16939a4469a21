"""Split messages of SL/T 427 (DIV), put together from parts that count down to 1. Pure: time is given.

Each part has a confirmation of its own, for which a station may wait before it sends the next; so each is written as it
comes, and the last one as the whole message, all parts in order: the only thing that the decoder can read. The last one
is confirmed only then. One that doesn't follow the one before is written and not confirmed: after three tries the
station has failed, and sends the message from its beginning.

Nothing in a part says that it is the first one. What might be the rest of a message whose beginning we have lost (in
the first minutes after a start, or since it was silent for too long) begins none: its numbers would be read as those of
other instruments.

Source: SL/T 427-2021, control field: sending and confirming frame carry the count; no public frame shows a split one.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from ingest.codecs.slt427.frame import Frame

if TYPE_CHECKING:
    from ingest.codecs.slt427.header import DataType
    from ingest.tcp.limits import Limits
    from ingest.tcp.uplink import Uplink

__all__ = ["Parts", "Placed"]

_OVERHEAD: Final = 300
"""Bytes that a part takes besides its own while it is held, about."""
_REMEMBERED: Final = 1_000
_REMEMBERED_S: Final = 600.0
_LAST: Final = 1


class _Key(NamedTuple):
    address: str
    function: int
    data_type: DataType


@dataclass(slots=True)
class _Message:
    """A message that is being put together, or is over; then without its parts."""

    most: int
    left: int
    heard_at: float
    parts: list[bytes]
    seen: set[int]  # hashes of count and content of each, which a resend repeats

    @property
    def size(self) -> int:
        return sum(map(len, self.parts)) + _OVERHEAD * len(self.parts)

    @property
    def is_whole(self) -> bool:
        return self.left == _LAST


class Placed(NamedTuple):
    """What is to become of a part.

    Attributes:
        payload: To be written: the part, or with the last one all of them in order.
        is_next: It follows what came before, so it is confirmed.
        is_whole: The message is complete.
    """

    payload: bytes
    is_next: bool
    is_whole: bool = False


class Parts:
    """The split messages that are not complete yet, and how far others came lately.

    Args:
        limits: Bounds.
        began: Seconds of the clock that ``take`` gets: when taking began.

    Attributes:
        size: Bytes held, what they cost in memory included.
    """

    def __init__(self, limits: Limits, began: float) -> None:
        self.size = 0
        self._given_up = 0
        self._limits = limits
        self._begins_at = began + limits.parts_after_s
        self._open: OrderedDict[_Key, _Message] = OrderedDict()  # the longest silent first
        self._over: OrderedDict[_Key, _Message] = OrderedDict()  # likewise

    def __len__(self) -> int:
        """Count the messages that are not complete."""
        return len(self._open)

    def take(self, uplink: Uplink, at: float) -> Placed:
        """Take a part.

        Args:
            uplink: One for which ``is_part`` holds.
            at: Seconds of any clock that never goes back.
        """
        frame = uplink.frame
        left = frame.control.parts_left if isinstance(frame, Frame) else None
        if not isinstance(frame, Frame) or left is None:
            raise TypeError("only parts belong to split messages")
        self.due(at)
        key = _Key(uplink.address, frame.function, frame.control.data_type)
        seen, message = hash((left, frame.content.encode())), self._open.get(key)
        if message is not None and left == message.left - 1:
            return self._follow(key, message, seen, uplink.data, at)
        known = message or self._over.get(key)
        is_latest = message is not None and left == message.left and seen in message.seen
        if not is_latest and self._may_begin(known, left, seen, at):
            self._begin(key, _Message(left, left, at, [uplink.data], {seen}))
            return Placed(uplink.data, is_next=True)
        if message is not None and seen in message.seen:
            message.heard_at = at
            self._open.move_to_end(key)
        # What is sent again is safe already, unless its message was given up.
        is_safe = known is not None and seen in known.seen and (message is not None or known.is_whole)
        return Placed(uplink.data, is_next=is_safe)

    def due(self, at: float) -> None:
        """Give up what has been silent for too long, and forget what has been over for long."""
        while self._open and at - next(iter(self._open.values())).heard_at >= self._limits.set_s:
            self._give_up()
        while self._over and at - next(iter(self._over.values())).heard_at > _REMEMBERED_S:
            self._over.popitem(last=False)

    def given_up(self) -> int:
        """How many messages stopped coming since the last call."""
        count, self._given_up = self._given_up, 0
        return count

    def _may_begin(self, known: _Message | None, left: int, seen: int, at: float) -> bool:
        """Whether a part can't be of a message that we know in part, or may have known before the start."""
        if left <= _LAST or at < self._begins_at:
            return False
        return known is None or left >= known.most or (left > known.left and seen not in known.seen)

    def _begin(self, key: _Key, message: _Message) -> None:
        if key in self._open:
            self._end(key)
            self._given_up += 1
        self._over.pop(key, None)
        self._open[key] = message
        self.size += message.size
        self._make_room()

    def _follow(self, key: _Key, message: _Message, seen: int, data: bytes, at: float) -> Placed:
        message.heard_at = at
        message.left -= 1
        message.seen.add(seen)
        message.parts.append(data)
        self.size += len(data) + _OVERHEAD
        self._open.move_to_end(key)
        if message.is_whole:
            whole = b"".join(message.parts)
            self._end(key)
            return Placed(whole, is_next=True, is_whole=True)
        self._make_room()
        return Placed(data, is_next=True)

    def _make_room(self) -> None:
        while self.size > self._limits.sets_bytes:
            self._give_up()

    def _give_up(self) -> None:
        self._end(next(iter(self._open)))
        self._given_up += 1

    def _end(self, key: _Key) -> None:
        message = self._open.pop(key)
        self.size -= message.size
        message.parts = []
        self._over[key] = message
        self._over.move_to_end(key)
        if len(self._over) > _REMEMBERED:
            self._over.popitem(last=False)
