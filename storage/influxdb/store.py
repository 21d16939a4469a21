"""What every InfluxDB has in common as a store: line protocol in, InfluxQL out.

Invariants:
    * A point's key is (station, quantity, event time); sending anything again changes nothing. Requests are sent one
      at a time in the order of the batch, so the later of two values stays.
    * What the server takes or refuses for good is told by row; everything else raises, and the caller keeps the batch.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from storage.buckets import bucketise
from storage.influxql import batches, key_ranges, latest_statement, newest_of, points_of, range_statement
from storage.lineprotocol import LineEncoder, alert_line
from storage.store import Rejection, WriteResult
from storage.writerequest import MAX_POINTS, compress, observation_requests, request_of_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hydro.columns import Observations
    from hydro.series import SeriesIndex
    from storage.buckets import Bucket, Grid
    from storage.influxdb.connection import Connection
    from storage.influxql import KeyRange, Result
    from storage.store import AlertPoint, Keeping, Key, Point, PreparedWrite
    from storage.writerequest import Refusal, WriteRequest

__all__ = ["InfluxStore"]


class InfluxStore(ABC):
    """A :class:`storage.store.Store` in some InfluxDB.

    Args:
        connection: To the server.
        database: Its name in InfluxQL.
    """

    def __init__(self, connection: Connection, database: str) -> None:
        self._connection = connection
        self._database = database
        self._encoder: LineEncoder | None = None

    async def close(self) -> None:
        """Close the connections; the next call opens them again."""
        await self._connection.close()

    async def ping(self) -> str:
        """Version of the server."""
        return await self._connection.ping()

    async def ensure(self) -> None:
        """Make the database if it isn't there, or say that it has to be made.

        A write without lines tells, and unlike making a database needs no administrator's rights.
        """
        await self._offer(compress(b""), 0)

    @abstractmethod
    async def _offer(self, body: bytes, lines: int) -> Refusal | None:
        """Send one body, gzip; None when the server took it all."""

    async def _query(self, text: str, statements: int, take: Callable[[Result], None]) -> None:
        await self._connection.query(self._database, text, statements, take)

    async def position(self) -> int | None:
        """None: the server knows of no journal; what was sent after the last snapshot is sent again."""
        return None

    async def rewind(self, position: int) -> None:  # noqa: B027  # nothing to do is what it does
        """Nothing is kept."""

    def prepare(self, rows: Observations, names: SeriesIndex, upto: int = 0) -> PreparedWrite:  # noqa: ARG002  # see position
        """Encode and compress a batch of any size; see :meth:`storage.store.Store.prepare`."""
        if self._encoder is None or self._encoder.names is not names:
            self._encoder = LineEncoder(names)
        requests, refused = observation_requests(rows, self._encoder)

        async def send() -> WriteResult:
            return await self._send(requests, refused, len(rows))

        return send

    async def write(self, rows: Observations, names: SeriesIndex, upto: int = 0) -> WriteResult:
        """Write a batch of any size; see :meth:`storage.store.Store.write`."""
        return await self.prepare(rows, names, upto)()

    async def write_alerts(self, transitions: Sequence[AlertPoint]) -> WriteResult:
        """Write transitions of alerts; see :meth:`storage.store.Store.write_alerts`."""
        lines: dict[tuple[object, int], tuple[bytes, int]] = {}
        refused: list[Rejection] = []
        for row, point in enumerate(transitions):
            try:
                line = alert_line(point)
            except ValueError as error:
                refused.append(Rejection(row, str(error)))
            else:
                lines[frozenset(point.tags), point.time] = (line, row)
        kept = list(lines.values())
        parts = [kept[start : start + MAX_POINTS] for start in range(0, len(kept), MAX_POINTS)]
        requests = [request_of_lines([line for line, _ in part], [row for _, row in part]) for part in parts]
        return await self._send(requests, refused, len(transitions))

    async def read(self, station: str, quantity: str, start: int, end: int) -> list[Point]:
        """Points of one series with start < time <= end; see :meth:`storage.store.Store.read`."""
        points: list[Point] = []
        await self._query(
            range_statement(station, quantity, start, end), 1, lambda part: points.extend(points_of(part))
        )
        return points

    async def lookup(self, keys: Sequence[tuple[str, str, Sequence[int]]]) -> dict[Key, Point]:
        """Points of exact keys of any age; see :meth:`storage.store.Store.lookup`."""
        wanted: dict[tuple[str, str], set[int]] = {}
        for station, quantity, times in keys:
            wanted.setdefault((station, quantity), set()).update(times)
        found: dict[Key, Point] = {}
        ranges = (
            part for (station, quantity), times in wanted.items() for part in key_ranges(station, quantity, times)
        )
        for query, asked in batches(ranges):

            def take(result: Result, asked: list[KeyRange] = asked) -> None:
                station, quantity, *_ = asked[result.statement_id]
                times = wanted[station, quantity]
                found.update(
                    ((station, quantity, point.time), point) for point in points_of(result) if point.time in times
                )

            await self._query(query, len(asked), take)
        return found

    async def buckets(self, station: str, quantity: str, start: int, end: int, grid: Grid) -> list[Bucket]:
        """Of the points of :meth:`read`."""
        return list(bucketise(await self.read(station, quantity, start, end), start, end, grid))

    async def latest(self, since: int) -> dict[tuple[str, str], Point]:
        """Newest values by series; see :meth:`storage.store.Store.latest`."""
        newest: dict[tuple[str, str], Point] = {}
        await self._query(latest_statement(since), 1, lambda part: newest.update(newest_of(part)))
        return newest

    async def kept_since(self, every_ms: int | None) -> int | None:  # noqa: ARG002  # the same for all
        """None: nothing is summed up, and what the server's own retention drops, it doesn't tell."""
        return None

    async def upkeep(self, at: int, keeping: Keeping) -> None:  # noqa: B027  # nothing to do is what it does
        """Nothing: retention policies are the server's own."""

    async def _send(self, requests: Sequence[WriteRequest], refused: Sequence[Rejection], rows: int) -> WriteResult:
        rejected = list(refused)
        for request in requests:
            refusal = await self._offer(request.body, len(request.row))
            if refusal is not None:
                rejected += await self._isolate(request, refusal)
        return WriteResult(rows - len(rejected), tuple(sorted(rejected)))

    async def _isolate(self, request: WriteRequest, refusal: Refusal) -> list[Rejection]:
        """Write the good lines of a request that was refused, and name the others.

        Parts of it are halved until the server takes one, drops all of its lines, or it is a single line.
        """
        lines = request.lines()
        rejected: list[Rejection] = []
        parts = [(request.order(refusal), refusal)]
        while parts:
            part, refusal = parts.pop()
            if refusal.dropped >= len(part) or len(part) == 1:
                rejected += [Rejection(int(request.row[line]), refusal.reason) for line in part]
                continue
            middle = len(part) // 2
            for half in (part[:middle], part[middle:]):
                refused = await self._offer(compress(b"\n".join([lines[line] for line in half])), len(half))
                if refused is not None:
                    parts.append((half, refused))
        return rejected
