"""A store in InfluxDB 1.x.

The client waits longer for a write than the server does (its `write-timeout`, 10 s), so that no write that was given up
here overtakes its own repetition and a correction behind it.

Source: InfluxDB 1.x, "HTTP API reference"; answers to bad input tried on 1.6.7.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import aiohttp

from hydro.errors import StoreError
from storage.influxdb.connection import CONNECT_S, NO_DATABASE, SHOWN, Connection, message_of
from storage.influxdb.store import InfluxStore
from storage.influxql import quote_identifier
from storage.writerequest import Refusal

if TYPE_CHECKING:
    from storage.store_url import StoreAddress

__all__ = ["InfluxDB1"]

_WRITTEN: Final = 204
_BAD_REQUEST: Final = 400
_NOT_FOUND: Final = 404
_TOO_LARGE: Final = 413

_WRITE_HEADERS: Final = {"Content-Encoding": "gzip", "Content-Type": "text/plain; charset=utf-8"}


class InfluxDB1(InfluxStore):
    """Client of one database; a :class:`storage.store.Store`.

    Args:
        address: Server, database and credentials.
        write_timeout_s: Longest wait for the answer to a write; above the server's own `write-timeout`.
    """

    def __init__(self, address: StoreAddress, *, write_timeout_s: float = 30.0) -> None:
        authorization = None
        if address.username is not None:
            credentials = b64encode(f"{address.username}:{address.password}".encode()).decode()
            authorization = f"Basic {credentials}"
        mend = "store.username and store.password_file"
        super().__init__(Connection(address.base_url, authorization, mend), address.database)
        self._write_timeout = aiohttp.ClientTimeout(total=write_timeout_s, sock_connect=CONNECT_S)

    async def _offer(self, body: bytes, lines: int) -> Refusal | None:
        status, message = await self._post_lines(body)
        if status == _NOT_FOUND and message.startswith(NO_DATABASE):
            await self._create_database()
            status, message = await self._post_lines(body)
        if status == _WRITTEN:
            return None
        refusal = Refusal.of(message, lines) if status == _BAD_REQUEST else None
        if status == _TOO_LARGE and lines > 1:
            refusal = Refusal.too_large()
        if refusal is None:
            raise StoreError(
                f"{self._connection.server} refuses to write, with {status}: {message[:SHOWN]}", retryable=True
            )
        return refusal

    async def _post_lines(self, body: bytes) -> tuple[int, str]:
        path = f"/write?db={quote(self._database, safe='')}&precision=ms"
        async with self._connection.request(
            "POST", path, self._write_timeout, data=body, headers=_WRITE_HEADERS
        ) as response:
            return response.status, await message_of(response)

    async def _create_database(self) -> None:
        database = quote_identifier(self._database)
        await self._query(f"CREATE DATABASE {database}", 1, lambda _: None)
