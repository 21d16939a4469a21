"""Messages in order of arrival, as columns; to whoever goes through them they are tuples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from simulators.basin.step import Marks

__all__ = ["Arrival", "Arrivals"]

Arrival = tuple[int, str, bytes]
"""`received_at` in epoch milliseconds, topic, payload."""


@dataclass(frozen=True, slots=True, eq=False)
class Arrivals(Sequence[Arrival]):
    """Messages of a chunk.

    Attributes:
        received_at: Epoch milliseconds, not falling.
        topic: Of each.
        payload: Of each, as it is sent.
        compact: Where the payload is known to be the compact encoding of the JSON value that it holds, so that a
            recorded stream may state it as a value without looking at it.
    """

    received_at: list[int]
    topic: list[str]
    payload: list[bytes]
    compact: Marks

    def __len__(self) -> int:
        """How many."""
        return len(self.received_at)

    def __iter__(self) -> Iterator[Arrival]:
        return zip(self.received_at, self.topic, self.payload, strict=True)

    @overload
    def __getitem__(self, place: int) -> Arrival: ...
    @overload
    def __getitem__(self, place: slice) -> Arrivals: ...
    def __getitem__(self, place: int | slice) -> Arrival | Arrivals:
        if isinstance(place, slice):
            return Arrivals(self.received_at[place], self.topic[place], self.payload[place], self.compact[place])
        return self.received_at[place], self.topic[place], self.payload[place]
