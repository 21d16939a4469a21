"""Answers that are none of InfluxDB 1.x's: nothing is rejected, nothing is taken for an empty series."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import asynccontextmanager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from hydro.errors import StoreError, StoreUnavailable
from storage.influxdb import InfluxDB1
from storage.store_url import parse_store_url
from tests.servers.process import HOST, free_port
from tests.storage.store_contract import FIRST, NOON, batch, discharge, everything

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping


@asynccontextmanager
async def open_store(url: str, write_timeout_s: float = 10) -> AsyncIterator[InfluxDB1]:
    """A store that is closed at the end."""
    store = InfluxDB1(parse_store_url(url), write_timeout_s=write_timeout_s)
    try:
        yield store
    finally:
        await store.close()


@contextmanager
def answering(status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Iterator[str]:
    """Something that speaks HTTP but isn't InfluxDB: it answers always the same; yields its store.url."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(body))} | dict(headers or {})).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST  # noqa: N815  # named by http.server

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # named by http.server
            """Stay silent."""

    listener = ThreadingHTTPServer((HOST, 0), Handler)
    thread = threading.Thread(target=listener.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"influxdb://{HOST}:{listener.server_port}/contract"
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()


def write_error(url: str) -> StoreError:
    """How writing two rows fails there."""

    async def write() -> StoreError:
        async with open_store(url) as store:
            with pytest.raises(StoreError) as raised:
                await store.write(*batch([discharge(NOON, 1), discharge(NOON + 1, 2)]))
            return raised.value

    return asyncio.run(write())


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, b"<html>bad gateway rule</html>"),
        (400, b'{"error":"unexpected EOF"}'),
        (404, b"<html>\n  no such page\n</html>"),
        (404, b'{"error":"database not found: \\"contract\\""}'),
        (413, b""),
        (302, b""),
        (200, b"welcome"),
        (500, b'{"error":"timeout"}'),
        (503, b""),
        (429, b""),
    ],
)
def test_an_answer_that_is_not_understood_never_rejects_a_row(status: int, body: bytes) -> None:
    with answering(status, body) as url:
        error = write_error(url)
    assert error.retryable
    assert "\n" not in str(error)
    assert isinstance(error, StoreUnavailable) == (status >= 429)


def test_a_server_that_says_when_to_come_again_is_believed() -> None:
    with answering(503, headers={"Retry-After": "7"}) as url:
        assert write_error(url).retry_after_s == 7


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'{"results":[]}\n',
        b'{"results":[{"statement_id":0,"series":[{"values":[[1,2,1]],"partial":true}],"partial":true}]}\n',
        b'{"results":[{"statement_id":0,"series":[{"val',
        b"<html>",
    ],
)
def test_an_answer_that_is_cut_short_is_not_taken_for_an_empty_series(body: bytes) -> None:
    async def judge(url: str) -> None:
        async with open_store(url) as store:
            with pytest.raises(StoreUnavailable):
                await everything(store)
            with pytest.raises(StoreUnavailable):
                await store.lookup([(FIRST, "discharge", [NOON])])

    with answering(200, body) as url:
        asyncio.run(judge(url))


def test_an_answer_that_ends_before_its_last_byte_is_not_taken_for_whole() -> None:
    whole = b'{"results":[{"statement_id":0}]}\n'

    async def judge(url: str) -> None:
        async with open_store(url) as store:
            with pytest.raises(StoreUnavailable):
                await everything(store)

    with answering(200, whole, {"Content-Length": "1000"}) as url:
        asyncio.run(judge(url))


def test_a_server_that_never_answers_is_unavailable() -> None:
    async def judge(port: int) -> None:
        async with open_store(f"influxdb://{HOST}:{port}/contract", write_timeout_s=0.2) as store:
            with pytest.raises(StoreUnavailable, match="doesn't answer"):
                await store.write(*batch([discharge(NOON, 1)]))

    with socket.create_server((HOST, 0)) as silent:  # the kernel accepts for it, and that is all
        asyncio.run(judge(silent.getsockname()[1]))


def test_a_port_where_nobody_listens_is_unavailable_in_one_line() -> None:
    port = free_port()
    error = write_error(f"influxdb://{HOST}:{port}/contract")
    assert isinstance(error, StoreUnavailable)
    assert str(error) == f"InfluxDB {HOST}:{port} can't be reached: connection refused"


def test_a_host_that_no_name_server_knows_is_named_once() -> None:
    error = write_error("influxdb://nowhere.invalid/contract")
    assert isinstance(error, StoreUnavailable)
    assert str(error).startswith("InfluxDB nowhere.invalid:8086 can't be reached: ")
    assert str(error).count("nowhere") == 1


def test_plain_speech_where_tls_was_expected_is_told() -> None:
    with answering(204) as url:
        error = write_error(url.replace("influxdb:", "influxdbs:"))
    assert isinstance(error, StoreUnavailable)
    assert "can't be reached: " in str(error)
    assert "ssl:" not in str(error)


def test_something_else_on_the_port_is_named_by_ping() -> None:
    async def judge(url: str) -> None:
        async with open_store(url) as store:
            with pytest.raises(StoreError, match="is not an InfluxDB"):
                await store.ping()

    with answering(200) as url:
        asyncio.run(judge(url))
