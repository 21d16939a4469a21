"""Reports: what arrives, as columns, in order of arrival; an encoder makes messages of them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulators.basin.step import Integers, Marks
    from simulators.devices.wiring import Indices

__all__ = ["ReportKind", "Reports", "Rows"]


class ReportKind(IntEnum):
    """What a message is."""

    LIVE = 0
    """Samples, sent at once."""
    BACKFILL = 1
    """Samples kept in an outage."""
    GATHERED = 2
    """Samples of a device that sends rarely."""
    DUPLICATE = 3
    """A live message again."""
    ONLINE = 4
    """A gateway is there (again)."""
    OFFLINE = 5
    """Its will: the broker says that it is gone."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Samples, one a row.

    Attributes:
        device: Number of the device.
        measured_at: End of the step, true time.
        event_time: By the clock of the device.
        sequence: Number of the sample, from 1.
        counts: As in `simulators.devices.samples.Samples`: rows × sensors.
    """

    device: Integers
    measured_at: Integers
    event_time: Integers
    sequence: Integers
    counts: Integers

    def __len__(self) -> int:
        """How many."""
        return len(self.device)

    def take(self, rows: Indices | Marks) -> Rows:
        """Some of them."""
        return Rows(*(getattr(self, field.name)[rows] for field in fields(self)))

    @classmethod
    def concatenate(cls, parts: Sequence[Rows], width: int) -> Rows:
        """All rows, one part after the other."""
        if not parts:
            none = np.empty(0, np.int64)
            return cls(none, none, none, none, np.empty((0, width), np.int64))
        if len(parts) == 1:
            return parts[0]
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))


@dataclass(frozen=True, slots=True)
class Reports:
    """Messages; the rows of one stand side by side, those of the first message first.

    Attributes:
        received_at: Epoch milliseconds.
        gateway: Number of the gateway.
        kind: `ReportKind`.
        length: Number of rows; 0 of a status.
        rows: Of all messages.
    """

    received_at: Integers
    gateway: Integers
    kind: Integers
    length: Integers
    rows: Rows

    def __len__(self) -> int:
        """How many messages."""
        return len(self.received_at)

    @property
    def first(self) -> Integers:
        """First row of each message."""
        return np.cumsum(self.length) - self.length

    def take(self, messages: Indices | Marks) -> Reports:
        """Some messages, in the order given."""
        numbers = np.flatnonzero(messages) if messages.dtype == np.bool_ else messages
        length = self.length[numbers]
        own_first = np.cumsum(length) - length
        rows = np.repeat(self.first[numbers] - own_first, length) + np.arange(int(length.sum()))
        return Reports(
            self.received_at[numbers], self.gateway[numbers], self.kind[numbers], length, self.rows.take(rows)
        )

    def ordered(self) -> Reports:
        """In order of arrival; what arrives at the same time, by gateway, device and time of the samples."""
        first = self.first
        some = self.length > 0
        device, event_time = np.full((2, len(self)), -1, np.int64)
        device[some] = self.rows.device[first[some]]
        event_time[some] = self.rows.event_time[first[some]]
        return self.take(np.lexsort((self.kind, event_time, device, self.gateway, self.received_at)))

    @classmethod
    def of(cls, kind: ReportKind, received_at: Integers, gateway: Integers, length: Integers, rows: Rows) -> Self:
        """Messages of one kind."""
        return cls(received_at, gateway, np.full(len(received_at), kind, np.int64), length, rows)

    @classmethod
    def concatenate(cls, parts: Sequence[Reports], width: int) -> Reports:
        """All messages, one part after the other."""
        if not parts:
            none = np.empty(0, np.int64)
            return cls(none, none, none, none, Rows.concatenate([], width))
        if len(parts) == 1:
            return parts[0]
        return cls(
            np.concatenate([part.received_at for part in parts]),
            np.concatenate([part.gateway for part in parts]),
            np.concatenate([part.kind for part in parts]),
            np.concatenate([part.length for part in parts]),
            Rows.concatenate([part.rows for part in parts], width),
        )
