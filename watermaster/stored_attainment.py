"""Attainment from stored values: the engine that judges targets, alone, since a report asks for nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerting.eflow.attainment import attainment_lines
from alerting.eflow.engine import EflowEngine

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alerting.eflow.attainment import Attainment
    from hydro.register import Register
    from hydro.series import SeriesIndex
    from watermaster.backtest import TimedBatch

__all__ = ["stored_attainment"]


class _MemoryShelf:
    """An engine's blobs for as long as a page of a report is made."""

    def __init__(self) -> None:
        self._blobs: dict[tuple[str, int], bytes] = {}

    def take(self, name: str, number: int) -> bytes | None:
        """See :class:`alerting.engine.Shelf`, and so the rest."""
        return self._blobs.get((name, number))

    def put(self, name: str, number: int, blob: bytes) -> None:
        self._blobs[name, number] = blob

    def drop(self, name: str, number: int) -> None:
        self._blobs.pop((name, number), None)

    def numbers(self, name: str) -> list[int]:
        return sorted(number for known, number in self._blobs if known == name)


def stored_attainment(
    batches: Iterable[TimedBatch], register: Register, index: SeriesIndex, start: int, end: int
) -> list[Attainment]:
    """Counts of every target of a register over (start, end], epoch milliseconds.

    Args:
        batches: Readings of that time and no others, in the order of their positions.
        register: Master data with the targets that are asked for alone.
        index: Series numbers of the batches.
        start: Bound of the judged range.
        end: The same.
    """
    engine = EflowEngine(register, index, _MemoryShelf(), is_recorded=True)
    for batch, _ in batches:
        engine.step(batch)
    engine.finish(end)
    return attainment_lines(engine, start, end)
