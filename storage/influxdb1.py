"""A store in InfluxDB 1.x, over its HTTP interface.

Invariants:
    * A point's key is (station, quantity, event time); sending anything again changes nothing. Requests are sent one
      at a time in the order of the batch, so the later of two values stays.
    * What the server takes or refuses for good is told by row; everything else raises, and the caller keeps the batch.
      An answer that isn't understood is never taken for a rejection.
    * The client waits longer for a write than the server does (its `write-timeout`, 10 s), so that no write that was
      given up here overtakes its own repetition and a correction behind it.

Source: InfluxDB 1.x, "HTTP API reference"; answers to bad input tried on 1.6.7.
"""

from __future__ import annotations

import os
import socket
import ssl
from base64 import b64encode
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

import aiohttp
import msgspec

from hydro.errors import StoreError, StoreUnavailable
from storage.buckets import bucketise
from storage.influxql import (
    Answer,
    batches,
    key_ranges,
    latest_statement,
    newest_of,
    points_of,
    quote_identifier,
    range_statement,
)
from storage.lineprotocol import LineEncoder, alert_line
from storage.store import Rejection, WriteResult
from storage.writerequest import MAX_POINTS, Refusal, compress, observation_requests, request_of_lines

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from hydro.columns import Observations
    from hydro.series import SeriesIndex
    from storage.buckets import Bucket, Grid
    from storage.influxql import KeyRange, Result
    from storage.store import AlertPoint, Keeping, Key, Point, PreparedWrite
    from storage.store_url import StoreAddress
    from storage.writerequest import WriteRequest

__all__ = ["InfluxDB1"]

_CONNECT_S: Final = 5.0
_PING_TIMEOUT: Final = aiohttp.ClientTimeout(total=_CONNECT_S)
# An answer may take its time while it goes on: the second limit holds for the next piece of it.
_QUERY_TIMEOUT: Final = aiohttp.ClientTimeout(sock_connect=_CONNECT_S, sock_read=60.0)

CHUNK_ROWS: Final = 10_000
"""Rows in one piece of an answer; the server's `max-row-limit` holds for answers in one piece only."""

_OK: Final = 200
_WRITTEN: Final = 204
_REDIRECTS: Final = range(300, 400)
_BAD_REQUEST: Final = 400
_NO_ACCESS: Final = (401, 403)
_NOT_FOUND: Final = 404
_TOO_LARGE: Final = 413
_TOO_MANY: Final = 429
_SERVER_ERROR: Final = 500
_NO_DATABASE: Final = "database not found"
_SHOWN: Final = 300

_WRITE_HEADERS: Final = {"Content-Encoding": "gzip", "Content-Type": "text/plain; charset=utf-8"}
# Compressing rows costs the server more time than sending them takes on a local network.
_HEADERS: Final = {"Accept-Encoding": "identity"}

_answers: Final = msgspec.json.Decoder(Answer)


class InfluxDB1:
    """Client of one database; a :class:`storage.store.Store`."""

    def __init__(self, address: StoreAddress, *, write_timeout_s: float = 30.0) -> None:
        """Prepare a client; nothing is asked yet.

        Args:
            address: Server, database and credentials.
            write_timeout_s: Longest wait for the answer to a write; above the server's own `write-timeout`.
        """
        self._address = address
        self._server = f"InfluxDB {urlsplit(address.base_url).netloc}"
        self._write_timeout = aiohttp.ClientTimeout(total=write_timeout_s, sock_connect=_CONNECT_S)
        self._session: aiohttp.ClientSession | None = None
        self._encoder: LineEncoder | None = None

    async def close(self) -> None:
        """Close the connections; the next call opens them again."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def ping(self) -> str:
        """Version of the server."""
        async with self._request("GET", "/ping", _PING_TIMEOUT) as response:
            version = response.headers.get("X-Influxdb-Version")
        if version is None:
            raise StoreError(f"{self._address} is not an InfluxDB: no version in its answer to /ping", retryable=True)
        return version

    async def ensure(self) -> None:
        """Make the database if it isn't there.

        A write without lines tells, and unlike CREATE DATABASE needs no administrator's rights.
        """
        await self._offer(compress(b""), 0)

    async def position(self) -> int | None:
        """None: the server knows of no journal; what was sent after the last snapshot is sent again."""
        return None

    async def rewind(self, position: int) -> None:
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

    async def upkeep(self, at: int, keeping: Keeping) -> None:
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

    async def _offer(self, body: bytes, lines: int) -> Refusal | None:
        """Send one body; None when the server took it all."""
        status, message = await self._post_lines(body)
        if status == _NOT_FOUND and message.startswith(_NO_DATABASE):
            await self._create_database()
            status, message = await self._post_lines(body)
        if status == _WRITTEN:
            return None
        refusal = Refusal.of(message, lines) if status == _BAD_REQUEST else None
        if status == _TOO_LARGE and lines > 1:
            refusal = Refusal.too_large()
        if refusal is None:
            raise StoreError(f"{self._server} refuses to write, with {status}: {message[:_SHOWN]}", retryable=True)
        return refusal

    async def _post_lines(self, body: bytes) -> tuple[int, str]:
        path = f"/write?db={quote(self._address.database, safe='')}&precision=ms"
        async with self._request("POST", path, self._write_timeout, data=body, headers=_WRITE_HEADERS) as response:
            return response.status, await _message(response)

    async def _create_database(self) -> None:
        database = quote_identifier(self._address.database)
        await self._query(f"CREATE DATABASE {database}", 1, lambda _: None)

    async def _query(self, text: str, statements: int, take: Callable[[Result], None]) -> None:
        """Run statements and hand over what they answer, piece by piece.

        Raises:
            StoreError: A statement failed.
            StoreUnavailable: Also when the answer is cut short: what was handed over is then incomplete.
        """
        form = {
            "q": text,
            "db": self._address.database,
            "epoch": "ms",
            "chunked": "true",
            "chunk_size": str(CHUNK_ROWS),
        }
        answered = -1
        async with self._request("POST", "/query", _QUERY_TIMEOUT, data=form) as response:
            if response.status != _OK:
                message = await _message(response)
                raise StoreError(
                    f"{self._server} refuses a query, with {response.status}: {message[:_SHOWN]}",
                    retryable=response.status != _BAD_REQUEST,
                )
            async for line in _lines(response):
                for result in self._results(line):
                    if result.error:  # no database, hence no points: an empty answer, not a failure
                        return
                    answered = result.statement_id - result.partial
                    take(result)
        if answered != statements - 1:
            raise StoreUnavailable(f"{self._server} broke off after {answered + 1} of {statements} answers")

    def _results(self, line: bytes) -> list[Result]:
        try:
            answer = _answers.decode(line)
        except msgspec.ValidationError as error:
            raise StoreError(f"{self._server} holds observations that aren't numbers: {error}") from error
        except msgspec.DecodeError as error:
            raise StoreUnavailable(f"{self._server} gave an answer that isn't JSON: {error}") from error
        for message in (answer.error, *(result.error for result in answer.results)):
            if message and not message.startswith(_NO_DATABASE):
                raise StoreError(f"{self._server} failed at a query: {message[:_SHOWN]}", retryable=True)
        return answer.results

    @asynccontextmanager
    async def _request(
        self,
        method: str,
        path: str,
        limits: aiohttp.ClientTimeout,
        *,
        data: bytes | Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """One request, its answer checked for what concerns any request."""
        url = self._address.base_url + path
        try:
            async with self._open_session().request(
                method, url, data=data, headers=headers, timeout=limits, allow_redirects=False
            ) as response:
                await self._check(response)
                yield response
        except aiohttp.ClientConnectorError as error:
            raise StoreUnavailable(f"{self._server} can't be reached: {_why_unreached(error.os_error)}") from error
        except aiohttp.ClientConnectorCertificateError as error:
            reason = getattr(error.certificate_error, "verify_message", "") or "its certificate doesn't hold"
            raise StoreUnavailable(f"{self._server} can't be trusted: {reason}") from error
        except TimeoutError as error:
            raise StoreUnavailable(f"{self._server} doesn't answer in time") from error
        except (aiohttp.ClientError, OSError) as error:
            reason = str(error) or type(error).__name__
            raise StoreUnavailable(f"{self._server} doesn't answer: {reason}") from error

    async def _check(self, response: aiohttp.ClientResponse) -> None:
        status = response.status
        if status in _NO_ACCESS:
            message = await _message(response)
            raise StoreError(
                f"{self._server} refuses access, with {status}: {message[:_SHOWN]};"
                " see store.username and store.password_file",
                retryable=True,
            )
        if status in _REDIRECTS:
            raise StoreError(f"{self._address} is not an InfluxDB: it redirects, with {status}", retryable=True)
        if status == _TOO_MANY or status >= _SERVER_ERROR:
            message = await _message(response)
            after = response.headers.get("Retry-After", "")
            raise StoreUnavailable(
                f"{self._server} can't at present, with {status}: {message[:_SHOWN]}",
                retry_after_s=float(after) if after.isdecimal() else None,
            )

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            headers = dict(_HEADERS)
            if self._address.username is not None:
                credentials = f"{self._address.username}:{self._address.password}"
                headers["Authorization"] = f"Basic {b64encode(credentials.encode()).decode()}"
            self._session = aiohttp.ClientSession(headers=headers)
        return self._session


def _why_unreached(error: OSError) -> str:
    """What the system says, without the address, which stands before it."""
    # Names of hosts and TLS have numbers of their own, which are not the system's.
    own = isinstance(error, socket.gaierror | ssl.SSLError) or error.errno is None
    reason = (error.strerror or str(error)) if own else os.strerror(error.errno or 0)
    return reason[:1].lower() + reason[1:]


async def _message(response: aiohttp.ClientResponse) -> str:
    """What the server says of an error, in one line: the text under ``error``, or all if it isn't InfluxDB's JSON."""
    text = await response.text(errors="replace")
    try:
        said = _answers.decode(text).error or text
    except msgspec.DecodeError:
        said = text
    return " ".join(said.split())


async def _lines(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """Lines of a body as they come; a line may be longer than aiohttp's own line reader allows."""
    rest: list[bytes] = []
    async for piece in response.content.iter_any():
        *ended, last = piece.split(b"\n")
        for end in ended:
            line = b"".join([*rest, end])
            rest.clear()
            if line:
                yield line
        rest.append(last)
    if any(rest):
        yield b"".join(rest)
