"""What an engine of rules is: decoded batches in, changed alerts out, and a state that is saved in slices.

An engine keeps subjects that know nothing of each other, or know each other and are then one key of its state. Each
key is saved with the journal position up to which *it* is true (docs/decisions/0070-snapshots-in-slices.md); after a
crash the journal is read again from before the oldest unsaved change, and a key ignores what it has seen. So an engine
is told the position of everything it reads, and must be ready to read the same positions twice.

The same stream gives the same alerts, byte for byte, for any cuts between batches and any restart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping, Sequence

    from alerting.record import SubjectAlerts
    from ingest.decode import DecodedBatch

__all__ = ["Forgotten", "PackedSlice", "RuleEngine", "Shelf"]


class Shelf(Protocol):
    """Blobs of an engine that are not in memory. The shell provides it: what lies there is thereby an input.

    What is put there must be put by :meth:`RuleEngine.pack` only, or it would be ahead of the state after a crash.
    """

    def take(self, name: str, number: int) -> bytes | None:
        """A blob, None if there is none."""

    def put(self, name: str, number: int, blob: bytes) -> None:
        """Keep a blob."""

    def drop(self, name: str, number: int) -> None:
        """Drop a blob, if it is there."""

    def numbers(self, name: str) -> list[int]:
        """Numbers of the blobs of a name, ascending."""


class Forgotten(NamedTuple):
    """Blobs of the shelf to drop: those of a name with a number less than ``below``."""

    name: str
    below: int


class PackedSlice(NamedTuple):
    """Part of a snapshot, true at the engine's position.

    Attributes:
        keys: What :meth:`RuleEngine.packed` and :meth:`RuleEngine.restart_after` are told of it.
        entries: Name -> state; the reader puts the engine's name before each.
        removed: Names of entries to drop.
        forgotten: Blobs to drop.
    """

    keys: Sequence[Hashable]
    entries: Mapping[str, bytes]
    removed: Sequence[str] = ()
    forgotten: Sequence[Forgotten] = ()


class RuleEngine(Protocol):
    """Rules of one kind over all their subjects. It reads no clock and no disk but its shelf."""

    @property
    def name(self) -> str:
        """Prefix of its entries in the state file: one word, never changed."""

    @property
    def position(self) -> int:
        """Journal position up to which everything was judged; moves with every batch, whatever it holds."""

    def step(self, batch: DecodedBatch) -> list[SubjectAlerts]:
        """Judge readings and ticks of a batch; alerts of the subjects for which something changed."""

    def finish(self, at: int | None) -> list[SubjectAlerts]:
        """End of a recorded stream.

        Args:
            at: Every watermark is set to it, epoch milliseconds; None = as the stream itself says.
        """

    def all_alerts(self) -> Iterable[SubjectAlerts]:
        """Every alert that the state knows, for a backtest, which forgets nothing."""

    @property
    def dirty(self) -> int:
        """How many keys have changed since they were packed."""

    def restart_after(self, keys: Sequence[Hashable]) -> int:
        """Journal position after which it must be read again, once these keys are safe."""

    def pack(self, most: int, horizon: int | None) -> PackedSlice:
        """State of the keys that changed longest ago.

        Args:
            most: How many at most.
            horizon: Evidence from before is let go of, epoch milliseconds; None = of none.
        """

    def packed(self, keys: Sequence[Hashable]) -> None:
        """What :meth:`pack` gave for these keys is safe."""

    def unpack(self, state: Mapping[str, bytes], position: int) -> list[SubjectAlerts]:
        """Take up what :meth:`pack` gave over time.

        Args:
            state: Name -> bytes, without the engine's name.
            position: The restart position that was valid then.

        Returns:
            Alerts that the register in force rewrote or withdrew, where it differs from the one that judged so far.
        """

    @property
    def last_event(self) -> int | None:
        """Greatest accepted event time, epoch milliseconds; horizons are counted from it."""

    @property
    def beyond_horizon(self) -> int:
        """Readings since the start that were too old to change a verdict."""
