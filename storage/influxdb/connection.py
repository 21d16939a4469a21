"""One InfluxDB server over HTTP: requests, their answers checked, statements of InfluxQL asked piece by piece.

An answer that isn't understood is never taken for an empty one, nor for a rejection.

Source: InfluxDB 1.x, "HTTP API reference"; InfluxDB 2.x, "InfluxDB v1 compatibility API"; answers tried on 1.6.7.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import aiohttp
import msgspec

from hydro.errors import StoreError, StoreUnavailable
from storage.http_failure import why_no_answer
from storage.influxql import Answer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from storage.influxql import Result

__all__ = ["CONNECT_S", "NO_DATABASE", "SHOWN", "Connection", "concerns_any", "message_of", "no_answer"]

CONNECT_S: Final = 5.0
_PING_TIMEOUT: Final = aiohttp.ClientTimeout(total=CONNECT_S)
# An answer may take its time while it goes on: the second limit holds for the next piece of it.
_QUERY_TIMEOUT: Final = aiohttp.ClientTimeout(sock_connect=CONNECT_S, sock_read=60.0)

CHUNK_ROWS: Final = 10_000
"""Rows in one piece of an answer; the server's `max-row-limit` holds for answers in one piece only."""

_OK: Final = 200
_REDIRECTS: Final = range(300, 400)
_BAD_REQUEST: Final = 400
_NO_ACCESS: Final = (401, 403)
_TOO_MANY: Final = 429
_SERVER_ERROR: Final = 500
SHOWN: Final = 300
"""How much of a server's words a message repeats."""

NO_DATABASE: Final = "database not found"

# Compressing rows costs the server more time than sending them takes on a local network.
_HEADERS: Final = {"Accept-Encoding": "identity"}

_answers: Final = msgspec.json.Decoder(Answer)


class Connection:
    """HTTP to one server. All methods belong to one event loop.

    Args:
        base_url: Scheme, host and port.
        authorization: Content of that header; None where the server asks for none.
        mend: Which settings give access, for messages.

    Attributes:
        server: The server for people.
    """

    def __init__(self, base_url: str, authorization: str | None, mend: str) -> None:
        self.server = f"InfluxDB {urlsplit(base_url).netloc}"
        self.base_url = base_url
        self._authorization = authorization
        self._mend = mend
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close the connections; the next call opens them again."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def ping(self) -> str:
        """Version of the server."""
        async with self.request("GET", "/ping", _PING_TIMEOUT) as response:
            version = response.headers.get("X-Influxdb-Version")
        if version is None:
            raise StoreError(f"{self.base_url} is not an InfluxDB: no version in its answer to /ping", retryable=True)
        return version

    async def query(self, database: str, text: str, statements: int, take: Callable[[Result], None]) -> None:
        """Run statements and hand over what they answer, piece by piece.

        Raises:
            StoreError: A statement failed.
            StoreUnavailable: Also when the answer is cut short: what was handed over is then incomplete.
        """
        form = {
            "q": text,
            "db": database,
            "epoch": "ms",
            "chunked": "true",
            "chunk_size": str(CHUNK_ROWS),
        }
        answered = -1
        async with self.request("POST", "/query", _QUERY_TIMEOUT, data=form) as response:
            if response.status != _OK:
                message = await message_of(response)
                raise StoreError(
                    f"{self.server} refuses a query, with {response.status}: {message[:SHOWN]}",
                    retryable=response.status != _BAD_REQUEST,
                )
            async for line in _lines(response):
                for result in self._results(line):
                    if result.error:  # no database, hence no points: an empty answer, not a failure
                        return
                    answered = result.statement_id - result.partial
                    take(result)
        if answered != statements - 1:
            raise StoreUnavailable(f"{self.server} broke off after {answered + 1} of {statements} answers")

    def _results(self, line: bytes) -> list[Result]:
        try:
            answer = _answers.decode(line)
        except msgspec.ValidationError as error:
            raise StoreError(f"{self.server} holds observations that aren't numbers: {error}") from error
        except msgspec.DecodeError as error:
            raise StoreUnavailable(f"{self.server} gave an answer that isn't JSON: {error}") from error
        for message in (answer.error, *(result.error for result in answer.results)):
            if message and not message.startswith(NO_DATABASE):
                raise StoreError(f"{self.server} failed at a query: {message[:SHOWN]}", retryable=True)
        return answer.results

    @asynccontextmanager
    async def request(
        self,
        method: str,
        path: str,
        limits: aiohttp.ClientTimeout,
        *,
        data: bytes | Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """One request, its answer checked for what concerns any request."""
        url = self.base_url + path
        try:
            async with self._open_session().request(
                method, url, data=data, headers=headers, timeout=limits, allow_redirects=False
            ) as response:
                await self._check(response)
                yield response
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise no_answer(self.server, error) from error

    async def _check(self, response: aiohttp.ClientResponse) -> None:
        status = response.status
        if status in _REDIRECTS:
            raise StoreError(f"{self.base_url} is not an InfluxDB: it redirects, with {status}", retryable=True)
        if concerns_any(status):
            raise self.refusal(status, await message_of(response), response.headers.get("Retry-After", ""))

    def refusal(self, status: int, message: str, retry_after: str) -> StoreError:
        """What an answer means that says nothing of what was asked; see :func:`concerns_any`.

        Args:
            status: Of the answer.
            message: The server's words.
            retry_after: Of its headers; empty without.
        """
        if status in _NO_ACCESS:
            return StoreError(
                f"{self.server} refuses access, with {status}: {message[:SHOWN]}; see {self._mend}", retryable=True
            )
        return StoreUnavailable(
            f"{self.server} can't at present, with {status}: {message[:SHOWN]}",
            retry_after_s=float(retry_after) if retry_after.isdecimal() else None,
        )

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            headers = dict(_HEADERS)
            if self._authorization is not None:
                headers["Authorization"] = self._authorization
            self._session = aiohttp.ClientSession(headers=headers)
        return self._session


def concerns_any(status: int) -> bool:
    """Whether an answer is about access or the server, whatever was asked."""
    return status in _NO_ACCESS or status == _TOO_MANY or status >= _SERVER_ERROR


def no_answer(server: str, error: Exception) -> StoreUnavailable:
    """Why there was no answer.

    Args:
        server: For people.
        error: Of aiohttp, or of the system.
    """
    return StoreUnavailable(f"{server} {why_no_answer(error)}")


async def message_of(response: aiohttp.ClientResponse) -> str:
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
