"""A store in InfluxDB 2.x: written through influxdb-client's async client, read in InfluxQL.

Reading is the server's 1.x compatibility: `/query` with the bucket's name as database. InfluxDB 2.1 and later answer
for a bucket under its own name; on 2.0 somebody has to map it (`influx v1 dbrp create`). The token is the same.

The client's own batching is not used: it gives up after 180 s, and its rows are gone then. It is given bodies that are
compressed already, one at a time, and waits for each answer.

Source: InfluxDB 2.x, "API reference", `/api/v2/write`; "InfluxDB v1 compatibility API".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import aiohttp
import msgspec

from hydro.errors import StoreError
from storage.influxdb.connection import CONNECT_S, SHOWN, Connection, concerns_any, no_answer
from storage.influxdb.store import InfluxStore
from storage.writerequest import Refusal

if TYPE_CHECKING:
    from storage.store_url import StoreAddress

__all__ = ["InfluxDB2"]

_BAD_REQUEST: Final = 400
_NOT_FOUND: Final = 404
_TOO_LARGE: Final = 413
_UNPROCESSABLE: Final = 422
_TEXT: Final = "text/plain; charset=utf-8"


class _Said(msgspec.Struct):
    """An error as 2.x writes it."""

    message: str = ""
    error: str = ""


_said: Final = msgspec.json.Decoder(_Said)


class InfluxDB2(InfluxStore):
    """Client of one bucket; a :class:`storage.store.Store`.

    Args:
        address: Server, bucket, organisation and token.
        write_timeout_s: Longest wait for the answer to a write.
    """

    def __init__(self, address: StoreAddress, *, write_timeout_s: float = 30.0) -> None:
        authorization = None if address.token is None else f"Token {address.token}"
        super().__init__(Connection(address.base_url, authorization, "store.token_file"), address.database)
        self._organization = address.organization
        self._token = address.token or ""
        self._timeout = aiohttp.ClientTimeout(total=write_timeout_s, sock_connect=CONNECT_S)
        self._client: Any = None
        self._writing: Any = None
        self._refused: type[Exception] = StoreError  # the client's, once it is imported

    async def close(self) -> None:
        """Close the connections; the next call opens them again."""
        await super().close()
        if self._client is not None:
            await self._client.close()
            self._client = self._writing = None

    async def _offer(self, body: bytes, lines: int) -> Refusal | None:
        if self._writing is None:
            self._open()
        try:
            await self._post(body)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise no_answer(self._connection.server, error) from error
        except self._refused as error:
            return self._understood(error, lines)
        return None

    def _understood(self, error: Any, lines: int) -> Refusal:  # noqa: ANN401  # the client's own error, imported late
        """What an answer means that isn't 204.

        Raises:
            StoreError: It doesn't concern single lines.
        """
        server, status, message = self._connection.server, int(error.status or 0), _message(error.body)
        if concerns_any(status):
            raise self._connection.refusal(status, message, (error.headers or {}).get("Retry-After", "")) from error
        if status == _NOT_FOUND:
            bucket, organization = self._database, self._organization
            raise StoreError(
                f"{server} has no bucket {bucket!r} in organisation {organization!r}, or none that the token may write"
                f" to: {message}; make it with: influx bucket create --org {organization} --name {bucket}",
                retryable=True,
            ) from error
        refusal = Refusal.of(message, lines) if status in (_BAD_REQUEST, _UNPROCESSABLE) else None
        if status == _TOO_LARGE and lines > 1:
            refusal = Refusal.too_large()
        if refusal is None:
            raise StoreError(f"{server} refuses to write, with {status}: {message}", retryable=True) from error
        return refusal

    async def _post(self, body: bytes) -> None:
        await self._writing.post_write_async(
            self._organization,
            self._database,
            body,
            precision="ms",
            content_encoding="gzip",
            content_type=_TEXT,
            async_req=False,
            _return_http_data_only=False,
        )

    def _open(self) -> None:
        # They take 0.7 s to load.
        from influxdb_client.client.influxdb_client_async import InfluxDBClientAsync  # noqa: PLC0415
        from influxdb_client.rest import ApiException  # noqa: PLC0415
        from influxdb_client.service.write_service import WriteService  # noqa: PLC0415

        self._refused = ApiException
        self._client = InfluxDBClientAsync(
            self._connection.base_url,
            token=self._token,
            org=self._organization,
            timeout=self._timeout,
            allow_redirects=False,
        )
        self._writing = WriteService(self._client.api_client)  # type: ignore[no-untyped-call]


def _message(body: object) -> str:
    """What the server says of an error, in one line."""
    text = body.decode(errors="replace") if isinstance(body, bytes) else str(body or "")
    try:
        said = _said.decode(text)
    except msgspec.DecodeError:
        pass
    else:
        text = said.message or said.error or text
    return " ".join(text.split())[:SHOWN]
