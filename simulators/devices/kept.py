"""What stations have measured and not sent: oldest first when it is sent, oldest first when the memory is full."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulators.devices.reports import Rows

if TYPE_CHECKING:
    from simulators.basin.step import Integers, Marks
    from simulators.devices.wiring import Indices

__all__ = ["Kept", "Pieces", "pieces"]


@dataclass(frozen=True, slots=True)
class Kept:
    """Rows in the order in which they were measured.

    Attributes:
        blocks: Rows, in pieces as they came.
        number: Of rows, by device.
    """

    blocks: tuple[Rows, ...]
    number: Integers

    def with_rows(self, rows: Rows, memory: Integers) -> tuple[Kept, Integers]:
        """With newer rows, at most one a device.

        Args:
            rows: Measured after all others.
            memory: How many each device can keep.

        Returns:
            What is kept then, and the devices that had to give up their oldest row.
        """
        number = self.number.copy()
        number[rows.device] += 1
        full = np.flatnonzero(number > memory)
        kept = Kept((*self.blocks, rows), number)
        if not len(full):
            return kept, full
        whole = kept.whole()
        mine = np.flatnonzero(np.isin(whole.device, full))
        _, oldest = np.unique(whole.device[mine], return_index=True)
        stays = np.ones(len(whole), np.bool_)
        stays[mine[oldest]] = False
        return kept.only(stays), full

    def whole(self) -> Rows:
        """All rows."""
        return Rows.concatenate(self.blocks, self.blocks[0].counts.shape[1] if self.blocks else 0)

    def only(self, stays: Marks) -> Kept:
        """The rows that stay."""
        left = self.whole().take(stays)
        return Kept((left,) if len(left) else (), np.bincount(left.device, minlength=len(self.number)).astype(np.int64))


@dataclass(frozen=True, slots=True)
class Pieces:
    """Rows cut into messages.

    Attributes:
        order: Numbers of the rows, message after message.
        length: Of each message.
        device: Of each message.
    """

    order: Indices
    length: Integers
    device: Integers


def pieces(device: Integers, measured_at: Integers, most: Integers) -> Pieces:
    """Cut rows into messages of one device each; the message with the oldest row comes first.

    Args:
        device: Of each row.
        measured_at: Of each row.
        most: Rows in a message, of each row's device.

    >>> found = pieces(np.array([7, 3, 7, 7]), np.array([0, 0, 5, 10]), np.array([2, 2, 2, 2]))
    >>> found.order.tolist(), found.length.tolist(), found.device.tolist()
    ([1, 0, 2, 3], [1, 2, 1], [3, 7, 7])
    """
    by_device = np.lexsort((measured_at, device))
    owner = device[by_device]
    starts = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]])
    rank = np.arange(len(owner)) - np.repeat(starts, np.diff(np.r_[starts, len(owner)]))
    begins = rank % most[by_device] == 0
    message = np.cumsum(begins) - 1
    heads = np.flatnonzero(begins)
    oldest = np.lexsort((owner[heads], measured_at[by_device[heads]]))
    place = np.empty(len(heads), np.int64)
    place[oldest] = np.arange(len(heads))
    order = by_device[np.argsort(place[message], kind="stable")]
    length = np.diff(np.r_[heads, len(owner)])[oldest]
    return Pieces(order, length, owner[heads][oldest])
