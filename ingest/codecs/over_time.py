"""What holds for a device, over time: the register's rows are dated, and event time says which one counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from hydro.register import EARLIEST_MS, LATEST_MS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["OverTime", "Span"]

T = TypeVar("T")


class Span(NamedTuple, Generic[T]):
    """When something holds: start < time <= end, epoch milliseconds."""

    start: int
    end: int
    what: T


class OverTime(Generic[T]):
    """One thing for each device and instant.

    Args:
        otherwise: Where no span says anything.
        spans: Of devices with spans of their own, by address of ten hex digits.
        everybody: Of all others.
    """

    __slots__ = ("_constant", "_everybody", "_otherwise", "_spans", "_usual")

    def __init__(
        self, otherwise: T, spans: Mapping[str, Sequence[Span[T]]] | None = None, everybody: Sequence[Span[T]] = ()
    ) -> None:
        self._otherwise = otherwise
        self._spans = {address: tuple(members) for address, members in (spans or {}).items()}
        self._everybody = tuple(everybody)
        self._constant = {address: self._always(members) for address, members in self._spans.items()}
        self._usual = self._always(self._everybody)

    def _always(self, members: Sequence[Span[T]]) -> T | None:
        if not members:
            return self._otherwise
        first = members[0]
        return first.what if first.start <= EARLIEST_MS and first.end >= LATEST_MS else None

    def constant(self, address: str) -> T | None:
        """What a device has at all times; None where it changes."""
        return self._constant.get(address, self._usual)

    def at(self, address: str, time: int) -> T:
        """What a device has at an instant in epoch milliseconds."""
        for start, end, what in self._spans.get(address, self._everybody):
            if start < time <= end:
                return what
        return self._otherwise
