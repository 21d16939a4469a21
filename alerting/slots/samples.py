"""Samples of one series, by event time: in columns, as bytes, and as a block that late readings are put into.

A block holds the samples of (00:00, 24:00] of the zone, so every slot lies in exactly one block.

As bytes: three columns of int64 (steps of event time, values, received_at − event time), their bytes transposed so that
the zeros lie together, then the marks; compressed. About five bytes a sample.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import zstandard

from hydro.flags import Flag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["ON_TIME", "VALID", "Block", "SampleCodec", "Samples", "mark_of", "marks_of"]

FLAG: Final = 0x0F
VALID: Final = 0x40
ON_TIME: Final = 0x80
_VALID_FLAGS: Final = (Flag.GOOD, Flag.NOT_EVALUATED, Flag.SUSPECT)
_IS_VALID: Final = np.zeros(256, np.uint8)
_IS_VALID[list(_VALID_FLAGS)] = VALID
_WIDTH: Final = 25


class SampleCodec:
    """Samples to bytes and back. Not for two threads at once; whoever packs often keeps one: making it takes longer."""

    def __init__(self) -> None:
        self._compressor = zstandard.ZstdCompressor(level=1)
        self._decompressor = zstandard.ZstdDecompressor()

    def pack(self, samples: Samples) -> bytes:
        """As bytes."""
        size = len(samples)
        numbers = np.empty(3 * size, np.int64)
        numbers[:1] = samples.event_time[:1]
        numbers[1:size] = samples.event_time[1:] - samples.event_time[:-1]
        numbers[size : 2 * size] = samples.value
        numbers[2 * size :] = samples.received_at - samples.event_time
        planes = numbers.view(np.uint8).reshape(-1, 8).T
        return self._compressor.compress(planes.tobytes() + samples.mark.tobytes())

    def unpack(self, blob: bytes) -> Samples:
        """What :meth:`pack` was given."""
        raw = np.frombuffer(self._decompressor.decompress(blob), np.uint8)
        size = len(raw) // _WIDTH
        numbers = np.ascontiguousarray(raw[: 24 * size].reshape(8, 3 * size).T).view(np.int64).ravel()
        event_time = np.cumsum(numbers[:size])
        return Samples(event_time, numbers[size : 2 * size], numbers[2 * size :] + event_time, raw[24 * size :])


def marks_of(flag: NDArray[np.uint8], on_time: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Marks of samples: the flag, whether it counts, and whether its key first arrived in time."""
    return flag | _IS_VALID[flag] | np.where(on_time, np.uint8(ON_TIME), np.uint8(0))


def mark_of(flag: int, *, on_time: bool) -> int:
    """The same of one sample."""
    return flag | int(_IS_VALID[flag]) | (ON_TIME if on_time else 0)


class Samples(NamedTuple):
    """Samples of one series by event time, each time once.

    Attributes:
        event_time: int64, epoch milliseconds.
        value: int64, millionths.
        received_at: int64, epoch milliseconds.
        mark: uint8, see :func:`marks_of`.
    """

    event_time: NDArray[np.int64]
    value: NDArray[np.int64]
    received_at: NDArray[np.int64]
    mark: NDArray[np.uint8]

    def __len__(self) -> int:
        """Number of samples."""
        return len(self.event_time)

    def between(self, after: int, until: int) -> Samples:
        """Those of after < event time <= until."""
        first, last = np.searchsorted(self.event_time, (after, until), side="right")
        if first == 0 and last == len(self.event_time):
            return self
        rows = slice(int(first), int(last))
        return Samples(self.event_time[rows], self.value[rows], self.received_at[rows], self.mark[rows])

    @classmethod
    def joined(cls, parts: Sequence[Samples]) -> Samples:
        """Parts that follow one another."""
        if len(parts) == 1:
            return parts[0]
        if not parts:
            none = np.empty(0, np.int64)
            return cls(none, none, none, np.empty(0, np.uint8))
        return cls(
            np.concatenate([part.event_time for part in parts]),
            np.concatenate([part.value for part in parts]),
            np.concatenate([part.received_at for part in parts]),
            np.concatenate([part.mark for part in parts]),
        )


class Block:
    """Samples of one series and one local day, ready to be changed."""

    __slots__ = ("dirty", "marks", "received", "times", "values")

    def __init__(self, samples: Samples) -> None:
        self.times = array("q", samples.event_time.tobytes())
        self.values = array("q", samples.value.tobytes())
        self.received = array("q", samples.received_at.tobytes())
        self.marks = array("B", samples.mark.tobytes())
        self.dirty = False

    def samples(self) -> Samples:
        """A copy in columns."""
        return Samples(
            np.array(self.times, np.int64),
            np.array(self.values, np.int64),
            np.array(self.received, np.int64),
            np.array(self.marks, np.uint8),
        )

    def append(self, samples: Samples) -> None:
        """Add samples that are newer than all in it."""
        self.times.frombytes(samples.event_time.tobytes())
        self.values.frombytes(samples.value.tobytes())
        self.received.frombytes(samples.received_at.tobytes())
        self.marks.frombytes(samples.mark.tobytes())
        self.dirty = True

    def put(self, event_time: int, value: int, mark: int, received_at: int) -> bool:
        """Take a reading in; False if nothing that counts has changed.

        Of several versions the one with the greatest ``received_at`` stands, of equals the later one; a missing value
        never replaces a value. A key is on time if any of its versions is, a missing one and one that is read later,
        too: its first arrival counts.
        """
        times = self.times
        place = len(times) if not times or times[-1] < event_time else bisect_left(times, event_time)
        if place == len(times) or times[place] != event_time:
            times.insert(place, event_time)
            self.values.insert(place, value)
            self.received.insert(place, received_at)
            self.marks.insert(place, mark)
            self.dirty = True
            return True
        is_sooner = mark & ON_TIME > self.marks[place] & ON_TIME
        if is_sooner:
            self.marks[place] |= ON_TIME
            self.dirty = True
        if mark & FLAG == Flag.MISSING:
            return is_sooner
        if self.marks[place] & FLAG != Flag.MISSING:
            if value == self.values[place]:
                if received_at > self.received[place]:
                    self.received[place] = received_at
                    self.dirty = True
                return is_sooner
            if received_at < self.received[place]:
                return is_sooner
        self.values[place] = value
        self.received[place] = received_at
        self.marks[place] = mark & ~ON_TIME | self.marks[place] & ON_TIME
        self.dirty = True
        return True
