"""The time-series store as the rest of the product sees it: InfluxDB now, the embedded store later.

A store holds at most one point per (station, quantity, event time); writing one again replaces it, so everything may be
sent again after a crash. Readers and writers meet no server's words here: a store speaks through these types and the
errors of :mod:`hydro.errors`.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from hydro.columns import Observations
    from hydro.series import SeriesIndex

__all__ = ["AlertPoint", "Key", "Point", "PreparedWrite", "Rejection", "Store", "WriteResult"]

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

    def prepare(self, rows: Observations, names: SeriesIndex) -> PreparedWrite:
        """Do the part of `write` that needs no store.

        It may run while the batch before it is being sent, also in another thread; one call at a time. (Let the loop
        put that batch on the wire first, else the server waits for the encoder.) Batches must be sent in journal order,
        each only when the one before it has succeeded.

        Args:
            rows: In journal order; of several rows of one key the last wins.
            names: Index that ``rows.series`` refers to.
        """

    async def write(self, rows: Observations, names: SeriesIndex) -> WriteResult:
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

    async def ping(self) -> str:
        """Version of the server."""

    async def close(self) -> None:
        """Let go of connections."""
