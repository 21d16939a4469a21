"""The time-series store as the rest of the product sees it: InfluxDB, or the embedded one.

A store holds at most one point per (station, quantity, event time); writing one again replaces it, so everything may be
sent again after a crash. Readers and writers meet no server's words here: a store speaks through these types and the
errors of :mod:`hydro.errors`.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from hydro.columns import Observations
    from hydro.series import SeriesIndex
    from storage.buckets import Bucket, Grid

__all__ = ["AlertPoint", "Keeping", "Key", "Point", "PreparedWrite", "Rejection", "Store", "WriteResult"]

Key = tuple[str, str, int]
"""Station, quantity, event time in epoch milliseconds."""


class Point(NamedTuple):
    """One observation as the store gives it back.

    Attributes:
        time: Event time, epoch milliseconds.
        value: Millionths of the canonical unit; None where the value is missing.
        flag: Number of a :class:`hydro.flags.Flag`.
    """

    time: int
    value: int | None
    flag: int


class AlertPoint(NamedTuple):
    """One transition of an alert.

    Attributes:
        time: Event time of the transition, epoch milliseconds.
        tags: Name and value of each tag; an empty value is written as ``-``.
        alert: Id of the alert.
        level: 1 blue to 4 red, 0 resolved or withdrawn.
        state: 1 firing, 0 resolved or withdrawn.
        value: In the unit of the target; None where it doesn't apply.
        target: What ``value`` was held against, same unit.
        ratio: ``value / target``.

    Source: CONTRACT section 5.
    """

    time: int
    tags: tuple[tuple[str, str], ...]
    alert: str
    level: int
    state: int
    value: float | None
    target: float | None
    ratio: float | None


class Rejection(NamedTuple):
    """One row that the store will never take.

    Attributes:
        row: Index in the batch.
        reason: The store's words.
    """

    row: int
    reason: str


class WriteResult(NamedTuple):
    """What became of a batch. What is neither accepted nor rejected raised an error and is kept by the caller.

    Attributes:
        accepted: Number of rows that the store has now, those that a later row of the batch replaced included.
        rejected: The others, by row.
    """

    accepted: int
    rejected: tuple[Rejection, ...]


class Keeping(NamedTuple):
    """How long single values are kept, and how they are summed up then.

    Attributes:
        raw_days: Age, in days, up to which they are kept; 0 = for ever.
        interval_min: Length of the slots, by station code; values of other stations are kept for ever.
        zone_minutes: Zone whose 00:00 begins the count of slots, hours and days.
    """

    raw_days: int
    interval_min: Mapping[str, int]
    zone_minutes: int


PreparedWrite = Callable[[], Coroutine[Any, Any, WriteResult]]
"""Sends a batch that is encoded already; may be called again after an error that is retryable."""


class Store(Protocol):
    """A time-series store. All methods but `prepare` belong to one event loop.

    Every method that asks the store raises :class:`~hydro.errors.StoreUnavailable` when it doesn't answer, and
    :class:`~hydro.errors.StoreError` with ``retryable`` set when it refuses in a way that an operator can mend (a
    password, a permission): nothing is rejected then and the caller keeps its batch. There is no retry loop inside.
    """

    async def ensure(self) -> None:
        """Make the database if it isn't there."""

    async def position(self) -> int | None:
        """Journal position up to which everything is in the store; None where the store doesn't keep one.

        It moves in the transaction of the rows (see ``upto`` of `prepare`), so it is true after any crash.
        """

    async def rewind(self, position: int) -> None:
        """Forget that a later position was reached, as the journal is another one; no effect where none is kept."""

    def prepare(self, rows: Observations, names: SeriesIndex, upto: int = 0) -> PreparedWrite:
        """Do the part of `write` that needs no store.

        It may run while the batch before it is being sent, also in another thread; one call at a time. (Let the loop
        put that batch on the wire first, else the server waits for the encoder.) Batches must be sent in journal order,
        each only when the one before it has succeeded.

        Args:
            rows: In journal order; of several rows of one key the last wins.
            names: Index that ``rows.series`` refers to.
            upto: Journal position that the store has reached with these rows. Rows of positions that it had reached
                before are there already and are left out, but for the rejected ones, which are told again. 0 where
                ``rows.position`` means nothing.
        """

    async def write(self, rows: Observations, names: SeriesIndex, upto: int = 0) -> WriteResult:
        """`prepare` and send."""

    async def write_alerts(self, transitions: Sequence[AlertPoint]) -> WriteResult:
        """Write transitions of alerts; of several at one time with the same tags the last wins."""

    async def read(self, station: str, quantity: str, start: int, end: int) -> list[Point]:
        """Points of one series with start < time <= end (epoch milliseconds), in order of time."""

    async def lookup(self, keys: Sequence[tuple[str, str, Sequence[int]]]) -> dict[Key, Point]:
        """Points of exact keys of any age; keys that the store doesn't hold are absent.

        Args:
            keys: Station, quantity and event times (epoch milliseconds).
        """

    async def buckets(self, station: str, quantity: str, start: int, end: int, grid: Grid) -> list[Bucket]:
        """One series in buckets, as :func:`storage.buckets.bucketise` makes them of its points.

        Of a stretch that is summed up, whole hours or days that lie in the range count, where buckets hold them whole.
        """

    async def latest(self, since: int) -> dict[tuple[str, str], Point]:
        """Newest point with a value of each series that has one with time > since (epoch milliseconds)."""

    async def kept_since(self, every_ms: int | None) -> int | None:
        """Event time, epoch milliseconds, up to which values are summed up too coarsely for what is asked.

        Args:
            every_ms: Length of the buckets; None = single values.

        Returns:
            None where all that was written can be told so finely.
        """

    async def upkeep(self, at: int, keeping: Keeping) -> None:
        """Sum up and drop what is old, in steps between which others write; to be called about once an hour.

        Args:
            at: The present, epoch milliseconds.
            keeping: What is old.
        """

    async def ping(self) -> str:
        """Version of the server."""

    async def close(self) -> None:
        """Let go of connections."""
