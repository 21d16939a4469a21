"""The store in InfluxDB 1.x: the contract of every store, and what is this server's own."""

from __future__ import annotations

import asyncio
import http.client
import time
import urllib.parse
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np
import pytest

from hydro.columns import Observations
from hydro.errors import StoreError
from hydro.quantity import Quantity
from hydro.series import SeriesIndex
from storage.influxdb import InfluxDB1
from storage.store import Point, Rejection, WriteResult
from storage.store_url import parse_store_url
from tests.servers import InfluxDB
from tests.servers.process import HOST
from tests.storage.store_contract import (
    DAY,
    FIRST,
    LAWS,
    MINUTE,
    NOON,
    SECOND,
    Backend,
    Law,
    batch,
    discharge,
    everything,
    put,
    transition,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.conftest import NewInfluxDB

DATABASE: Final = "contract"
PASSWORD: Final = "秘密 1"


def ask(server: InfluxDB, path: str, body: str = "", **parameters: str) -> list[dict[str, object]]:
    """Speak to the server without the store; returns the results of its answer."""
    connection = http.client.HTTPConnection(HOST, server.port, timeout=10)
    try:
        connection.request("POST", f"{path}?{urllib.parse.urlencode(parameters)}", body.encode())
        answer = connection.getresponse()
        text = answer.read()
    finally:
        connection.close()
    assert answer.status in (200, 204), text
    results: list[dict[str, object]] = msgspec.json.decode(text)["results"] if text else []
    assert all("error" not in result for result in results), text
    return results


def run(server: InfluxDB, statement: str, **parameters: str) -> list[dict[str, object]]:
    """Run InfluxQL."""
    return ask(server, "/query", q=statement, db=DATABASE, epoch="ms", **parameters)


def rows_of(server: InfluxDB, statement: str) -> list[dict[str, object]]:
    """Rows of one query, by column."""
    (result,) = run(server, statement)
    series = msgspec.convert(result.get("series", []), list[dict[str, list[object] | dict[str, str] | str]])
    return [
        dict(zip(part["columns"], msgspec.convert(row, list[object]), strict=True))  # type: ignore[arg-type]
        for part in series
        for row in part["values"]
    ]


@asynccontextmanager
async def open_store(url: str, username: str | None = None, password: str | None = None) -> AsyncIterator[InfluxDB1]:
    """A store that is closed at the end."""
    store = InfluxDB1(parse_store_url(url, username=username, password=password), write_timeout_s=10)
    try:
        yield store
    finally:
        await store.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxDB]:
    """A server for this module alone, since some laws stop it."""
    with InfluxDB(tmp_path_factory.mktemp("influxdb1")) as running:
        yield running
        assert "panic" not in running.log()


@pytest.fixture
def empty(server: InfluxDB) -> InfluxDB:
    """The server without the database."""
    run(server, f"DROP DATABASE {DATABASE}")
    return server


@pytest.mark.parametrize("law", LAWS, ids=[law.__name__ for law in LAWS])
def test_contract_of_every_store(law: Law, empty: InfluxDB) -> None:
    async def judge() -> None:
        async def forget() -> None:
            await asyncio.to_thread(run, empty, f"DROP DATABASE {DATABASE}")

        async with open_store(empty.store_url(DATABASE)) as store:
            await law(Backend(store, forget, empty.stop, empty.kill, empty.start))

    asyncio.run(judge())


# Lines that the server refuses.


def test_a_conflict_of_types_rejects_these_rows_alone_with_the_reason_of_the_server(empty: InfluxDB) -> None:
    """Somebody wrote texts as values into the week of NOON: its shard takes no numbers, all others do."""
    run(empty, f"CREATE DATABASE {DATABASE}")
    ask(empty, "/write", f'observation,quantity=x,station=y value="text" {NOON}', db=DATABASE, precision="ms")
    days = [-30, 0, 30, 60, 0, -31]

    async def judge() -> None:
        async with open_store(empty.store_url(DATABASE)) as store:
            result = await store.write(*batch(discharge(NOON + n + day * DAY, n) for n, day in enumerate(days)))
            conflict = 'input field "value" on measurement "observation" is type float, already exists as type string'
            reason = f"field type conflict: {conflict}"
            assert result == WriteResult(4, (Rejection(1, reason), Rejection(4, reason)))
            assert sorted(point.value or 0 for point in await everything(store)) == [0, 2, 3, 5]

    asyncio.run(judge())


def test_thousands_of_bad_lines_among_good_ones_are_found_in_seconds(empty: InfluxDB) -> None:
    """Every other row is older than the database keeps: 5,000 of them, in one piece once put in order of time."""
    run(empty, f"CREATE DATABASE {DATABASE} WITH DURATION 52w")
    now = int(time.time()) * 1000
    rows = [discharge(now - n * MINUTE - (n % 2) * 500 * DAY, n) for n in range(10_000)]

    async def judge() -> None:
        async with open_store(empty.store_url(DATABASE)) as store:
            started = time.monotonic()
            result = await store.write(*batch(rows))
            assert time.monotonic() - started < 10
            assert result.accepted == 5_000
            assert {rejection.reason for rejection in result.rejected} == {"points beyond retention policy"}
            assert [rejection.row for rejection in result.rejected] == list(range(1, 10_000, 2))
            assert len(await everything(store)) == 5_000

    asyncio.run(judge())


def test_a_limit_on_stations_rejects_the_rows_of_those_beyond_it(
    new_influxdb: NewInfluxDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INFLUXDB_DATA_MAX_VALUES_PER_TAG", "10")
    server = new_influxdb()

    async def judge() -> None:
        async with open_store(server.store_url(DATABASE)) as store:
            stations = [f"station-{n:02d}" for n in range(15)]
            await put(store, *(discharge(NOON, 0, station=station) for station in stations[:10]))
            rows = [discharge(NOON + n, n, station=station) for n in range(100) for station in stations]
            result = await store.write(*batch(rows))
            assert result.accepted == 1_000
            assert {rows[rejection.row][0] for rejection in result.rejected} == set(stations[10:])
            assert all("max-values-per-tag limit exceeded" in rejection.reason for rejection in result.rejected)
            for station in stations:
                assert len(await everything(store, station)) == (100 if station < "station-10" else 0)

    asyncio.run(judge())


def test_a_line_longer_than_the_server_takes_is_rejected_alone(empty: InfluxDB) -> None:
    async def judge() -> None:
        async with open_store(empty.store_url(DATABASE)) as store:
            rows = [discharge(NOON, 1), discharge(NOON, 2, station="x" * 70_000), discharge(NOON + 1, 3)]
            result = await store.write(*batch(rows))
            assert (result.accepted, [rejection.row for rejection in result.rejected]) == (2, [1])
            assert "max key length exceeded" in result.rejected[0].reason
            assert len(await everything(store)) == 2

    asyncio.run(judge())


def test_a_request_too_large_for_the_server_is_sent_in_parts(
    new_influxdb: NewInfluxDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INFLUXDB_HTTP_MAX_BODY_SIZE", "1000")
    server = new_influxdb()

    async def judge() -> None:
        async with open_store(server.store_url(DATABASE)) as store:
            await put(store, *(discharge(NOON + n, n * 7_654_321 % 10**9) for n in range(2_000)))
            assert len(await everything(store)) == 2_000

    asyncio.run(judge())


# Access.


def test_a_wrong_password_keeps_the_batch_and_says_what_to_mend_without_telling_it(
    new_influxdb: NewInfluxDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INFLUXDB_HTTP_AUTH_ENABLED", "true")
    server = new_influxdb()
    admin = {"u": "admin", "p": PASSWORD}
    run(server, f"CREATE USER admin WITH PASSWORD '{PASSWORD}' WITH ALL PRIVILEGES")
    run(server, f"CREATE USER writer WITH PASSWORD '{PASSWORD}'", **admin)

    async def judge() -> None:
        async def refused(username: str | None, password: str | None) -> str:
            async with open_store(server.store_url(DATABASE), username, password) as store:
                with pytest.raises(StoreError) as raised:
                    await store.write(*batch([discharge(NOON, 1)]))
            assert raised.value.retryable
            return str(raised.value)

        for message in (await refused("admin", "wrong"), await refused(None, None)):
            assert "401" in message
            assert "store.password_file" in message
            assert "wrong" not in message
        assert "403" in await refused("writer", PASSWORD)

        async with open_store(server.store_url(DATABASE), "admin", PASSWORD) as store:
            await put(store, discharge(NOON, 1))
        # With rights on a database that is there no administrator's rights are needed.
        await asyncio.to_thread(run, server, f"GRANT ALL ON {DATABASE} TO writer", **admin)
        async with open_store(server.store_url(DATABASE), "writer", PASSWORD) as store:
            await store.ensure()
            await put(store, discharge(NOON, 2))
            assert await everything(store) == [Point(NOON, 2, 1)]

    asyncio.run(judge())


def test_a_database_name_is_only_a_name(empty: InfluxDB) -> None:
    async def judge() -> None:
        async with open_store(empty.store_url(DATABASE)) as victim:
            await put(victim, discharge(NOON, 1))
            for name in ('q"; DROP DATABASE contract; --', "水 利+%&="):
                async with open_store(empty.store_url(urllib.parse.quote(name))) as store:
                    await store.ensure()
                    await put(store, discharge(NOON, 5))
                    assert await everything(store) == [Point(NOON, 5, 1)]
            assert await everything(victim) == [Point(NOON, 1, 1)]

    asyncio.run(judge())


# What stands in the database.


def test_observations_and_alerts_stand_as_the_contract_says(empty: InfluxDB) -> None:
    async def judge() -> None:
        async with open_store(empty.store_url(DATABASE)) as store:
            await put(store, discharge(NOON, 3_210_000), discharge(NOON + 1, None))
            await store.write_alerts([transition(level=2), transition(level=3)])

    asyncio.run(judge())
    assert rows_of(empty, "SELECT * FROM observation") == [
        {"time": NOON, "station": FIRST, "quantity": "discharge", "value": 3.21, "flag": 1},
        {"time": NOON + 1, "station": FIRST, "quantity": "discharge", "value": None, "flag": 9},
    ]
    assert rows_of(empty, "SELECT * FROM alert") == [
        {
            "time": NOON,
            "class": "eflow_shortfall",
            "station": FIRST,
            "subject": FIRST,
            "target_id": f"{FIRST}:discharge:day:base",
            "basin": "赤水河",
            "division": "520103",
            "river": "-",
            "alert": "5f1c",
            "level": 3,
            "state": 1,
            "value": 1.21,
            "ratio": 0.605,
        }
    ]
    assert rows_of(empty, "SHOW TAG KEYS FROM observation") == [{"tagKey": "quantity"}, {"tagKey": "station"}]


def test_a_transition_overwrites_the_one_at_its_time(empty: InfluxDB) -> None:
    async def judge() -> None:
        async with open_store(empty.store_url(DATABASE)) as store:
            await store.write_alerts([transition(level=3)])
            await store.write_alerts([transition(level=0)])

    asyncio.run(judge())
    found = rows_of(empty, "SELECT level, state FROM alert")
    assert found == [{"time": NOON, "level": 0, "state": 0}]


def test_a_point_that_somebody_wrote_without_flag_is_not_evaluated(empty: InfluxDB) -> None:
    run(empty, f"CREATE DATABASE {DATABASE}")
    ask(empty, "/write", f"observation,quantity=stage,station={FIRST} value=1.5 {NOON}", db=DATABASE, precision="ms")

    async def judge() -> None:
        async with open_store(empty.store_url(DATABASE)) as store:
            assert await everything(store, quantity="stage") == [Point(NOON, 1_500_000, 2)]

    asyncio.run(judge())


def test_texts_where_values_should_be_are_an_error_and_not_a_gap(empty: InfluxDB) -> None:
    run(empty, f"CREATE DATABASE {DATABASE}")
    ask(empty, "/write", f'observation,quantity=stage,station={FIRST} value="1" {NOON}', db=DATABASE, precision="ms")

    async def judge() -> None:
        async with open_store(empty.store_url(DATABASE)) as store:
            with pytest.raises(StoreError, match="aren't numbers"):
                await everything(store, quantity="stage")

    asyncio.run(judge())


def test_a_year_of_five_minutes_reads_in_a_second(empty: InfluxDB) -> None:
    count = 105_120
    times = NOON - np.arange(count) * 5 * MINUTE
    names = SeriesIndex([FIRST, SECOND])
    series = np.full(count, names.number(FIRST, Quantity.STAGE))
    rows = Observations(series, times, times % 10**7, np.ones(count, np.uint8), times, times)

    async def judge() -> None:
        async with open_store(empty.store_url(DATABASE)) as store:
            await store.write(rows, names)
            started = time.monotonic()
            assert len(await everything(store, quantity="stage")) == count
            assert time.monotonic() - started < 5  # 0.3 s alone; a loaded machine may take its time

    asyncio.run(judge())
