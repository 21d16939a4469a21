"""The store in InfluxDB 2.x: the contract of every store, the real write path of VictoriaMetrics, and its own words."""

from __future__ import annotations

import asyncio
import http.client
import itertools
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

import pytest

from hydro.errors import StoreError, StoreUnavailable
from storage.influxdb import InfluxDB2, InfluxDB3
from storage.store import Point
from storage.store_url import parse_store_url
from tests.servers import InfluxDB, VictoriaMetrics
from tests.servers.influxdb2_face import InfluxDB2Face
from tests.servers.process import HOST, free_port
from tests.storage.store_contract import (
    FIRST,
    LAWS,
    NOON,
    Backend,
    Law,
    a_database_that_vanished_is_made_again,
    batch,
    discharge,
    everything,
    put,
    transition,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

NUMBERS: Final = itertools.count()
TOKEN: Final = "a-token=="
# A bucket is made by whoever owns the organisation: see the law on its absence below.
SHARED_LAWS: Final = [law for law in LAWS if law is not a_database_that_vanished_is_made_again]


@asynccontextmanager
async def open_store(
    url: str, token: str | None = TOKEN, *, kind: type[InfluxDB2] = InfluxDB2
) -> AsyncIterator[InfluxDB2]:
    """A store that is closed at the end."""
    store = kind(parse_store_url(url, token=token), write_timeout_s=10)
    try:
        yield store
    finally:
        await store.close()


def influxql(server: InfluxDB, statement: str) -> None:
    """Speak to the real server behind the face."""
    connection = http.client.HTTPConnection(HOST, server.port, timeout=10)
    try:
        connection.request("POST", f"/query?{urlencode({'q': statement})}")
        answer = connection.getresponse()
        assert answer.status == http.HTTPStatus.OK, answer.read()
    finally:
        connection.close()


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxDB]:
    """A server for this module alone, since some laws stop it."""
    with InfluxDB(tmp_path_factory.mktemp("influxdb2")) as running:
        yield running


@pytest.fixture
def bucket(behind: InfluxDB) -> str:
    """An empty bucket, of a new name: 1.x may still be dropping the old one when it makes one of the same name."""
    name = f"contract_{next(NUMBERS)}"
    influxql(behind, f"CREATE DATABASE {name}")
    return name


@pytest.fixture
def face(behind: InfluxDB) -> Iterator[InfluxDB2Face]:
    """A 2.x in front of it."""
    with InfluxDB2Face(behind, TOKEN) as serving:
        yield serving


@pytest.mark.parametrize("law", SHARED_LAWS, ids=[law.__name__ for law in SHARED_LAWS])
def test_contract_of_every_store(law: Law, behind: InfluxDB, face: InfluxDB2Face, bucket: str) -> None:
    async def judge() -> None:
        async def forget() -> None:
            await asyncio.to_thread(influxql, behind, f"DROP DATABASE {bucket}")

        async with open_store(face.store_url(bucket)) as store:
            await law(Backend(store, forget, behind.stop, behind.kill, behind.start))

    asyncio.run(judge())


def test_a_bucket_that_is_not_there_keeps_the_batch_and_says_how_to_make_it(
    behind: InfluxDB, face: InfluxDB2Face, bucket: str
) -> None:
    influxql(behind, f"DROP DATABASE {bucket}")

    async def judge() -> None:
        async with open_store(face.store_url(bucket)) as store:
            for call in (store.ensure(), store.write(*batch([discharge(NOON, 1)]))):
                with pytest.raises(StoreError) as raised:
                    await call
                assert raised.value.retryable
                assert f"influx bucket create --org water --name {bucket}" in str(raised.value)
            await asyncio.to_thread(influxql, behind, f"CREATE DATABASE {bucket}")
            await put(store, discharge(NOON, 1))
            assert await everything(store) == [Point(NOON, 1, 1)]

    asyncio.run(judge())


@pytest.mark.parametrize("token", [None, "another"])
def test_a_wrong_token_keeps_the_batch_and_names_the_setting_but_not_the_token(
    face: InfluxDB2Face, bucket: str, token: str | None
) -> None:
    async def judge() -> None:
        async with open_store(face.store_url(bucket), token) as store:
            for call in (store.write(*batch([discharge(NOON, 1)])), everything(store)):
                with pytest.raises(StoreError) as raised:
                    await call
                assert raised.value.retryable
                assert "401" in str(raised.value)
                assert "see store.token_file" in str(raised.value)
                assert "another" not in str(raised.value)

    asyncio.run(judge())


def test_an_organisation_that_is_not_there_is_named(face: InfluxDB2Face, bucket: str) -> None:
    async def judge() -> None:
        async with open_store(face.store_url(bucket, "fire")) as store:
            with pytest.raises(StoreError, match="organisation 'fire'"):
                await store.ensure()

    asyncio.run(judge())


def test_its_version_is_told(face: InfluxDB2Face, bucket: str) -> None:
    async def judge() -> None:
        async with open_store(face.store_url(bucket)) as store:
            assert await store.ping() == "v2.7.11"

    asyncio.run(judge())


def test_a_port_where_nobody_listens_is_unavailable_in_one_line() -> None:
    port = free_port()

    async def judge() -> None:
        async with open_store(f"influxdb+v2://{HOST}:{port}/b?org=o") as store:
            with pytest.raises(StoreUnavailable) as raised:
                await store.write(*batch([discharge(NOON, 1)]))
            assert str(raised.value) == f"InfluxDB {HOST}:{port} can't be reached: connection refused"

    asyncio.run(judge())


@pytest.mark.parametrize("kind", [InfluxDB2, InfluxDB3])
def test_victoriametrics_takes_what_is_written(tmp_path: Path, kind: type[InfluxDB2]) -> None:
    """The one real server here that speaks /api/v2/write."""
    with VictoriaMetrics(tmp_path) as server:

        async def judge() -> None:
            async with open_store(server.store_url("water"), kind=kind) as store:
                await store.ensure()
                result = await store.write(*batch([discharge(NOON, 3_210_000), discharge(NOON + 1_000, 0)]))
                assert (result.accepted, result.rejected) == (2, ())
                assert (await store.write_alerts([transition(level=3)])).accepted == 1

        asyncio.run(judge())
        ((labels, points),) = server.exported('{__name__="observation_value"}')
        assert (labels["station"], labels["quantity"]) == (FIRST, "discharge")
        assert points == [(NOON, 3.21), (NOON + 1_000, 0)]
        ((labels, points),) = server.exported('{__name__="alert_level"}')
        assert (labels["class"], points) == ("eflow_shortfall", [(NOON, 3)])


def test_influxdb_3_is_written_to_and_says_that_it_is_not_read() -> None:
    async def judge() -> None:
        async with open_store(f"influxdb+v3://{HOST}:1/b", kind=InfluxDB3) as store:
            assert await store.lookup([(FIRST, "discharge", [NOON])]) == {}
            assert await store.latest(NOON) == {}
            with pytest.raises(StoreError, match="written to and not read from") as raised:
                await everything(store)
            assert not raised.value.retryable

    asyncio.run(judge())
