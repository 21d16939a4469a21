"""Points of a series as columns, and as bytes on their way from one process of ours to another on the same machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from storage.buckets import Samples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storage.store import Point

__all__ = ["columns_of", "pack_samples", "unpack_samples"]


class _Packed(msgspec.Struct, array_like=True):
    time: bytes
    value: bytes
    flag: bytes


def columns_of(points: Sequence[Point]) -> Samples:
    """Columns of what a store answers; 0 where a value is missing."""
    number = len(points)
    return Samples(
        np.fromiter((point.time for point in points), np.int64, number),
        np.fromiter((point.value or 0 for point in points), np.int64, number),
        np.fromiter((point.flag for point in points), np.uint8, number),
    )


def pack_samples(samples: Samples) -> bytes:
    """As bytes, exact to the millisecond and the millionth.

    >>> unpack_samples(pack_samples(columns_of([]))).time.tolist()
    []
    """
    return msgspec.msgpack.encode(_Packed(*(column.tobytes() for column in samples)))


def unpack_samples(packed: bytes) -> Samples:
    """What :func:`pack_samples` was given.

    Raises:
        msgspec.DecodeError: It is something else.
    """
    found = msgspec.msgpack.decode(packed, type=_Packed)
    return Samples(
        np.frombuffer(found.time, np.int64), np.frombuffer(found.value, np.int64), np.frombuffer(found.flag, np.uint8)
    )
