"""Samples of one series by local day: the evidence from which slots are made, at any age.

A block holds the samples of (00:00, 24:00] of the zone, so every slot lies in exactly one block. Blocks are plain
arrays of numbers: 25 bytes a sample, cheap to append to, cheap to put down and take up.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from hydro.fixed import divide_half_even
from hydro.flags import Flag

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Block", "SlotValue", "Sums"]

_FLAG: Final = 0x0F
_ON_TIME: Final = 0x80
_VALID: Final = frozenset({Flag.GOOD, Flag.NOT_EVALUATED, Flag.SUSPECT})


class Sums(NamedTuple):
    """Valid values of a slot: their sum in millionths and their number."""

    total: int
    samples: int

    @property
    def value(self) -> int | None:
        """Slot value: the mean, half even; None where no value is valid."""
        if self.samples > 1:
            return divide_half_even(self.total, self.samples)
        return self.total if self.samples else None


class SlotValue(NamedTuple):
    """A slot with at least one sample: value in millionths, None where none is valid."""

    end: int
    value: int | None
    on_time: bool


class _Packed(msgspec.Struct, array_like=True):
    times: bytes
    values: bytes
    received: bytes
    marks: bytes


class Block:
    """Samples of one series and one local day, by event time."""

    __slots__ = ("dirty", "marks", "received", "times", "values")

    def __init__(self) -> None:
        self.times = array("q")
        self.values = array("q")
        self.received = array("q")
        self.marks = array("B")  # low four bits the flag, the highest one: first arrival was on time
        self.dirty = True

    def __len__(self) -> int:
        """Number of samples."""
        return len(self.times)

    def sums(self, start: int, end: int) -> Sums:
        """Valid values in (start, end]."""
        times = self.times
        if not times or times[-1] <= start:
            return Sums(0, 0)
        total = count = 0
        for place in range(bisect_right(times, start), bisect_right(times, end)):
            if self.marks[place] & _FLAG in _VALID:
                total += self.values[place]
                count += 1
        return Sums(total, count)

    def put(self, event_time: int, value: int, flag: int, received_at: int, *, on_time: bool) -> bool:
        """Take a reading in; False if nothing that counts has changed.

        Of several versions the one with the greatest ``received_at`` stands, of equals the later one; a missing value
        never replaces a value.
        """
        times = self.times
        place = len(times) if not times or times[-1] < event_time else bisect_left(times, event_time)
        if place == len(times) or times[place] != event_time:
            times.insert(place, event_time)
            self.values.insert(place, value)
            self.received.insert(place, received_at)
            self.marks.insert(place, flag | (_ON_TIME if on_time else 0))
            self.dirty = True
            return True
        old = self.marks[place] & _FLAG
        if flag == Flag.MISSING:
            return False
        if old != Flag.MISSING:
            if value == self.values[place]:
                if received_at > self.received[place]:
                    self.received[place] = received_at
                    self.dirty = True
                return False
            if received_at < self.received[place]:
                return False
        self.values[place] = value
        self.received[place] = received_at
        self.marks[place] = flag | (self.marks[place] & _ON_TIME)
        self.dirty = True
        return True

    def slots(self, after: int, until: int, length: int, shift: int) -> Iterator[SlotValue]:
        """Slots with samples, in time order.

        Args:
            after: Only samples after it; the end of a slot.
            until: Only samples up to it.
            length: Of a slot, milliseconds.
            shift: Zone in milliseconds; slots are counted from its 00:00.
        """
        place = bisect_right(self.times, after)
        size = bisect_right(self.times, until)
        while place < size:
            end = -(-(self.times[place] + shift) // length) * length - shift
            total = count = 0
            on_time = False
            while place < size and self.times[place] <= end:
                mark = self.marks[place]
                if mark & _FLAG in _VALID:
                    total += self.values[place]
                    count += 1
                    on_time = on_time or bool(mark & _ON_TIME)
                place += 1
            yield SlotValue(end, Sums(total, count).value, on_time)

    def pack(self) -> bytes:
        """As bytes; it counts as changed until somebody says that they are safe."""
        return msgspec.msgpack.encode(
            _Packed(self.times.tobytes(), self.values.tobytes(), self.received.tobytes(), self.marks.tobytes())
        )

    @classmethod
    def unpack(cls, blob: bytes) -> Block:
        """The block that :meth:`pack` gave."""
        packed = msgspec.msgpack.decode(blob, type=_Packed)
        block = cls()
        for column, raw in zip(
            (block.times, block.values, block.received, block.marks),
            (packed.times, packed.values, packed.received, packed.marks),
            strict=True,
        ):
            column.frombytes(raw)
        block.dirty = False
        return block
