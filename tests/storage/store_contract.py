"""What every time-series store promises, as laws to be run on each implementation.

A law is a coroutine function; `LAWS` lists them. A test module parametrises over them with its own `Backend`: a store
with an empty database of its own, and what a test may do to the server behind it.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pytest

from hydro.columns import Observations
from hydro.errors import StoreUnavailable
from hydro.flags import Flag
from hydro.quantity import Quantity
from hydro.series import SeriesIndex
from storage.buckets import Grid, bucketise
from storage.store import AlertPoint, Keeping, Point, WriteResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from storage.store import PreparedWrite, Store

MINUTE: Final = 60_000
DAY: Final = 86_400_000
NOON: Final = 1_772_337_600_000
"""2026-03-01T12:00:00+08:00."""

FIRST: Final = "52010300A1"
SECOND: Final = "52010300A2"
ALL_TIME: Final = (-(10**15), 10**15)


@dataclass(frozen=True)
class Backend:
    """A store under test.

    Attributes:
        store: Connected to a database that isn't there yet.
        forget: Drops the database behind the store's back.
        stop: Asks the server to end, and waits.
        kill: Ends it as a power cut would.
        start: Starts it again with its data.
    """

    store: Store
    forget: Callable[[], Awaitable[None]]
    stop: Callable[[], object]
    kill: Callable[[], object]
    start: Callable[[], object]


Row = tuple[str, Quantity, int, int | None, Flag]
Law = Callable[[Backend], Awaitable[None]]

LAWS: Final[list[Law]] = []


def law(function: Law) -> Law:
    """Enter a law into the list."""
    LAWS.append(function)
    return function


def batch(rows: Iterable[Row]) -> tuple[Observations, SeriesIndex]:
    """Columns for rows of station, quantity, event time, millionths (None = missing), flag."""
    table = list(rows)
    names = SeriesIndex(row[0] for row in table)
    times = np.array([row[2] for row in table], np.int64)
    return (
        Observations(
            series=np.array([names.number(row[0], row[1]) for row in table], np.int64),
            event_time=times,
            value=np.array([0 if row[3] is None else row[3] for row in table], np.int64),
            flag=np.array([row[4] for row in table], np.uint8),
            received_at=times,
            position=np.arange(1, len(table) + 1),
        ),
        names,
    )


async def put(store: Store, *rows: Row) -> None:
    """Write rows, all of which the store must take."""
    assert await store.write(*batch(rows)) == WriteResult(len(rows), ())


def discharge(time: int, value: int | None, flag: Flag = Flag.GOOD, station: str = FIRST) -> Row:
    """A row of the series that most laws use."""
    return (station, Quantity.DISCHARGE, time, value, Flag.MISSING if value is None else flag)


async def everything(store: Store, station: str = FIRST, quantity: str = "discharge") -> list[Point]:
    """All points of a series."""
    return await store.read(station, quantity, *ALL_TIME)


@law
async def values_and_flags_come_back_exactly_as_written(backend: Backend) -> None:
    values = [
        0,
        1,
        -1,
        3_210_000,
        -999_999,
        10**6,
        9 * 10**15,
        -9 * 10**15,
        2**33 * 10**6 - 1,
        123_456_789_123_456,
        None,
    ]
    flags = [Flag.GOOD, Flag.NOT_EVALUATED, Flag.SUSPECT, Flag.FAIL]
    rows = [discharge(NOON + n * MINUTE, value, flags[n % 4]) for n, value in enumerate(values)]
    await put(backend.store, *rows)
    assert await everything(backend.store) == [Point(time, value, flag) for _, _, time, value, flag in rows]


@law
async def random_values_come_back_exactly(backend: Backend) -> None:
    generator = np.random.default_rng(20260301)
    sizes = 10 ** generator.uniform(0, math.log10(2**33) + 6, 5_000)
    values = (sizes * generator.choice([-1, 1], 5_000)).astype(np.int64).tolist()
    await put(backend.store, *(discharge(NOON + n, value) for n, value in enumerate(values)))
    assert [point.value for point in await everything(backend.store)] == values


@law
async def a_correction_replaces_value_and_flag(backend: Backend) -> None:
    await put(backend.store, discharge(NOON, 1_000_000, Flag.FAIL), discharge(NOON + 1, 5))
    await put(backend.store, discharge(NOON, 2_500_000, Flag.GOOD))
    assert await everything(backend.store) == [Point(NOON, 2_500_000, 1), Point(NOON + 1, 5, 1)]


@law
async def a_value_replaces_a_missing_one(backend: Backend) -> None:
    await put(backend.store, discharge(NOON, None))
    assert await everything(backend.store) == [Point(NOON, None, 9)]
    await put(backend.store, discharge(NOON, 0))
    assert await everything(backend.store) == [Point(NOON, 0, 1)]


@law
async def writing_again_changes_nothing(backend: Backend) -> None:
    rows = [discharge(NOON + n * MINUTE, n) for n in range(500)]
    for _ in range(3):
        await put(backend.store, *rows)
    assert await everything(backend.store) == [Point(time, value, 1) for _, _, time, value, _ in rows]


@law
async def of_several_rows_of_one_key_in_a_batch_the_last_wins(backend: Backend) -> None:
    await put(
        backend.store,
        discharge(NOON, None),
        discharge(NOON + 1, 7),
        discharge(NOON, 1),
        discharge(NOON, 8, station=SECOND),
        discharge(NOON, 3),
    )
    assert await everything(backend.store) == [Point(NOON, 3, 1), Point(NOON + 1, 7, 1)]
    assert await everything(backend.store, SECOND) == [Point(NOON, 8, 1)]


@law
async def points_come_in_order_of_time_however_they_were_written(backend: Backend) -> None:
    times = np.random.default_rng(1).permutation(2_000) * 5 * MINUTE + NOON - 5 * DAY
    for part in np.split(times, 4):
        await put(backend.store, *(discharge(time, time % 1000) for time in part.tolist()))
    assert [point.time for point in await everything(backend.store)] == sorted(times.tolist())


@law
async def a_range_excludes_its_start_and_includes_its_end(backend: Backend) -> None:
    await put(backend.store, *(discharge(NOON + n, n) for n in range(4)))
    found = await backend.store.read(FIRST, "discharge", NOON, NOON + 2)
    assert [point.time for point in found] == [NOON + 1, NOON + 2]
    assert await backend.store.read(FIRST, "discharge", NOON + 3, NOON + 3) == []
    assert await backend.store.read(FIRST, "discharge", NOON + 3, NOON) == []


@law
async def series_stay_apart_whatever_their_stations_are_called(backend: Backend) -> None:
    stations = [
        "张河口#1",
        "with space",
        "comma,quantity=stage",
        "equals=",
        'double"quote',
        "single'quote",
        "x' OR station = 'with space",
        r"back\slash",
        r"back\,comma",
        r"back\\slash\ space",
        "'; DROP DATABASE contract; --",
        "/re.*/",
        "$tag",
        "🌊",
        "-",
        "a" * 64,
    ]
    rows = [discharge(NOON, n, station=station) for n, station in enumerate(stations)]
    rows += [(station, Quantity.STAGE, NOON, 1_000 + n, Flag.GOOD) for n, station in enumerate(stations)]
    await put(backend.store, *rows)
    for n, station in enumerate(stations):
        assert await everything(backend.store, station) == [Point(NOON, n, 1)]
        assert await everything(backend.store, station, "stage") == [Point(NOON, 1_000 + n, 1)]
    found = await backend.store.lookup([(station, "stage", [NOON]) for station in stations])
    assert found == {(station, "stage", NOON): Point(NOON, 1_000 + n, 1) for n, station in enumerate(stations)}


@law
async def the_same_time_in_two_quantities_and_two_stations_is_four_points(backend: Backend) -> None:
    rows = [(s, q, NOON, n, Flag.GOOD) for n, (s, q) in enumerate((s, q) for s in (FIRST, SECOND) for q in Quantity)]
    await put(backend.store, *rows)
    for station, quantity, _, value, _ in rows:
        assert await everything(backend.store, station, quantity.text) == [Point(NOON, value, 1)]


@law
async def an_unknown_series_and_an_absent_database_are_empty(backend: Backend) -> None:
    keys = [(station, "discharge", [NOON + n * DAY for n in range(50)]) for station in (FIRST, SECOND)]
    assert await everything(backend.store) == []
    assert await backend.store.lookup(keys) == {}
    await backend.store.ensure()
    assert await everything(backend.store) == []
    assert await backend.store.lookup(keys) == {}
    assert await backend.store.lookup([]) == {}
    assert await backend.store.write(*batch([])) == WriteResult(0, ())


@law
async def ensuring_twice_keeps_the_data(backend: Backend) -> None:
    await backend.store.ensure()
    await put(backend.store, discharge(NOON, 1))
    await backend.store.ensure()
    assert len(await everything(backend.store)) == 1


@law
async def a_database_that_vanished_is_made_again(backend: Backend) -> None:
    await backend.store.ensure()
    await put(backend.store, discharge(NOON, 1))
    await backend.forget()
    assert await everything(backend.store) == []
    await put(backend.store, discharge(NOON, 2))
    assert await everything(backend.store) == [Point(NOON, 2, 1)]
    await backend.forget()
    assert await backend.store.write_alerts([transition()]) == WriteResult(1, ())


@law
async def while_the_server_is_down_nothing_is_rejected_and_afterwards_the_same_batch_goes_in(backend: Backend) -> None:
    await put(backend.store, discharge(NOON, 1))
    send = backend.store.prepare(*batch([discharge(NOON, 2), discharge(NOON + MINUTE, 3)]))
    backend.stop()
    calls: Sequence[Callable[[], Awaitable[object]]] = [
        send,
        backend.store.ensure,
        backend.store.ping,
        lambda: backend.store.write_alerts([transition()]),
        lambda: everything(backend.store),
        lambda: backend.store.lookup([(FIRST, "discharge", [NOON])]),
    ]
    for call in calls:
        with pytest.raises(StoreUnavailable) as raised:
            await call()
        assert raised.value.retryable
        assert "\n" not in str(raised.value)
    backend.start()
    assert await everything(backend.store) == [Point(NOON, 1, 1)]
    assert await send() == WriteResult(2, ())
    assert await everything(backend.store) == [Point(NOON, 2, 1), Point(NOON + MINUTE, 3, 1)]
    assert await backend.store.ping()


async def taken(send: PreparedWrite) -> WriteResult | None:
    """Try once; None while the server is away."""
    try:
        return await send()
    except StoreUnavailable:
        return None


@law
async def a_server_that_stops_and_dies_in_the_middle_of_writing_loses_and_rejects_nothing(backend: Backend) -> None:
    """Batches are sent one after the other, each until it is taken; meanwhile the server goes away four times."""
    batches = [batch(discharge(NOON + (n * 500 + row) * MINUTE, n) for row in range(500)) for n in range(100)]
    ends = {20: backend.stop, 40: backend.kill, 60: backend.stop, 80: backend.kill}

    def go_away(end: Callable[[], object]) -> None:
        end()
        backend.start()

    async with asyncio.timeout(60):
        away = asyncio.ensure_future(asyncio.sleep(0))
        for number, (rows, names) in enumerate(batches):
            if number in ends:
                await away
                away = asyncio.ensure_future(asyncio.to_thread(go_away, ends[number]))
            send = backend.store.prepare(rows, names)
            while (result := await taken(send)) is None:  # noqa: ASYNC110  # nobody announces that a server is back
                await asyncio.sleep(0.01)
            assert result == WriteResult(500, ())
        await away
    assert await everything(backend.store) == [
        Point(NOON + row * MINUTE, row // 500, 1) for row in range(500 * len(batches))
    ]


@law
async def keys_of_any_age_are_found_and_no_others(backend: Backend) -> None:
    times = [0, 1, NOON - 2000 * DAY, NOON - 400 * DAY, NOON - 400 * DAY + MINUTE, NOON, NOON + 1, NOON + 30 * DAY]
    await put(backend.store, *(discharge(time, time % 977, Flag.SUSPECT) for time in times), discharge(NOON + 2, None))
    asked = [*times, NOON + 2, 2, NOON - 1, NOON + 3, NOON - 401 * DAY, NOON + 15 * DAY]
    found = await backend.store.lookup(
        [
            (FIRST, "discharge", asked[::-1]),
            (FIRST, "stage", asked),
            (SECOND, "discharge", asked),
            (FIRST, "discharge", times[:1]),
        ]
    )
    expected = {(FIRST, "discharge", time): Point(time, time % 977, 3) for time in times}
    expected[FIRST, "discharge", NOON + 2] = Point(NOON + 2, None, 9)
    assert found == expected


@law
async def one_old_key_of_each_of_many_series_is_found(backend: Backend) -> None:
    old = NOON - 300 * DAY
    stations = [f"5201{n:06d}" for n in range(2_000)]
    await put(backend.store, *(discharge(old + n * 1000, n, station=station) for n, station in enumerate(stations)))
    found = await backend.store.lookup(
        [(station, "discharge", [old + n * 1000, old]) for n, station in enumerate(stations)]
    )
    assert {key[0]: point.value for key, point in found.items()} == {station: n for n, station in enumerate(stations)}


@law
async def a_year_of_five_minutes_goes_in_and_comes_back(backend: Backend) -> None:
    count = 105_120
    times = NOON - np.arange(count)[::-1] * 5 * MINUTE
    values = np.random.default_rng(2).integers(0, 50_000, count) * 1_000
    names = SeriesIndex([FIRST])
    series = np.full(count, names.number(FIRST, Quantity.DISCHARGE))
    rows = Observations(series, times, values, np.ones(count, np.uint8), times, np.arange(1, count + 1))
    assert await backend.store.write(rows, names) == WriteResult(count, ())
    found = await everything(backend.store)
    assert found == [Point(time, value, 1) for time, value in zip(times.tolist(), values.tolist(), strict=True)]
    keys = times[::10].tolist()
    assert len(await backend.store.lookup([(FIRST, "discharge", keys)])) == len(keys)


@law
async def rows_that_can_never_be_written_are_named_and_the_others_written(backend: Backend) -> None:
    rows = [
        discharge(NOON, 1),
        discharge(NOON, 2, station="line\nfeed"),
        discharge(NOON, 3, station=SECOND),
        discharge(NOON, 4, station="backslash\\"),
        discharge(NOON + 1, 5),
    ]
    result = await backend.store.write(*batch(rows))
    assert (result.accepted, [rejection.row for rejection in result.rejected]) == (3, [1, 3])
    assert all(rejection.reason for rejection in result.rejected)
    assert len(await everything(backend.store)) == 2
    assert len(await everything(backend.store, SECOND)) == 1


@law
async def the_next_batch_can_be_prepared_while_one_is_sent(backend: Backend) -> None:
    first = backend.store.prepare(*batch([discharge(NOON, 1)]))
    second = backend.store.prepare(*batch([discharge(NOON, 2), discharge(NOON, 9, station=SECOND)]))
    assert (await first()).accepted == 1
    assert (await second()).accepted == 2
    assert await everything(backend.store) == [Point(NOON, 2, 1)]


@law
async def a_position_moves_with_its_rows_and_rows_before_it_are_there_already(backend: Backend) -> None:
    """Where the store keeps a position. A store that keeps none takes the rows again, which changes nothing."""
    rows, names = batch([discharge(NOON, 1), discharge(NOON + 1, 2), discharge(NOON + 2, 3, station="bad\\")])
    assert await backend.store.position() in (0, None)
    for _ in range(2):
        result = await backend.store.write(rows, names, 2)
        assert (result.accepted, [rejection.row for rejection in result.rejected]) == (2, [2])
    kept = await backend.store.position()
    assert kept in (2, None)
    assert await backend.store.write(*batch([]), 7) == WriteResult(0, ())
    assert await backend.store.position() in (7, None)
    later, names = batch([discharge(NOON + 3, 4)] * 9)
    await backend.store.write(later, names, 9)
    await backend.store.close()
    assert await backend.store.position() in (9, None)
    await backend.store.rewind(8)
    assert await backend.store.position() in (8, None)
    await backend.store.rewind(8_000)
    assert await backend.store.position() in (8, None)
    expected = [Point(NOON, 1, 1), Point(NOON + 1, 2, 1), Point(NOON + 3, 4, 1)]
    assert await everything(backend.store) == expected


@law
async def latest_is_the_newest_value_of_each_series_after_an_instant(backend: Backend) -> None:
    await put(
        backend.store,
        discharge(NOON, 1),
        discharge(NOON + 2, 3, Flag.FAIL),
        discharge(NOON + 1, 2),
        discharge(NOON + 3, None),
        (FIRST, Quantity.STAGE, NOON + 1, 7, Flag.GOOD),
        discharge(NOON + 5, None, station=SECOND),
        discharge(NOON - 5, 8, station="张河口 #1,"),
    )
    everywhere = {
        (FIRST, "discharge"): Point(NOON + 2, 3, 4),
        (FIRST, "stage"): Point(NOON + 1, 7, 1),
        ("张河口 #1,", "discharge"): Point(NOON - 5, 8, 1),
    }
    assert await backend.store.latest(-(10**15)) == everywhere
    assert await backend.store.latest(NOON - 5) == {
        key: point for key, point in everywhere.items() if point.time > NOON - 5
    }
    assert await backend.store.latest(NOON + 1) == {(FIRST, "discharge"): Point(NOON + 2, 3, 4)}
    assert await backend.store.latest(NOON + 2) == {}


@law
async def buckets_are_those_of_the_points(backend: Backend) -> None:
    chance = np.random.default_rng(3)
    times = np.unique(chance.integers(NOON, NOON + 3 * DAY, 500)).tolist()
    flags = [Flag.GOOD, Flag.NOT_EVALUATED, Flag.SUSPECT, Flag.FAIL]
    values = [None if one % 7 == 0 else one for one in chance.integers(-(10**12), 10**12, len(times)).tolist()]
    await put(
        backend.store,
        *(
            discharge(time, value, flags[value % 4] if value else Flag.GOOD)
            for time, value in zip(times, values, strict=True)
        ),
    )
    points = await everything(backend.store)
    for grid in (
        Grid(60 * MINUTE, 5 * MINUTE, 480),
        Grid(DAY, 120 * MINUTE, 480, summed=True),
        Grid(7 * MINUTE, MINUTE, 0),
    ):
        for start, end in ((NOON, NOON + 3 * DAY), (NOON + 1, NOON + DAY - 1), (NOON + 9 * DAY, NOON + 10 * DAY)):
            expected = list(bucketise(points, start, end, grid))
            assert await backend.store.buckets(FIRST, "discharge", start, end, grid) == expected
    assert await backend.store.buckets("nobody", "discharge", NOON, NOON + DAY, grid) == []


@law
async def upkeep_leaves_what_is_young_and_all_where_nothing_is_old(backend: Backend) -> None:
    rows = [discharge(NOON - days * DAY, days) for days in range(400)]
    await put(backend.store, *rows)
    points = await everything(backend.store)
    for keeping in (Keeping(0, {FIRST: 5}, 480), Keeping(400, {FIRST: 5}, 480)):
        await backend.store.upkeep(NOON, keeping)
        assert await backend.store.kept_since(None) is None
        assert await everything(backend.store) == points


def transition(level: int = 3, subject: str = FIRST, ratio: float | None = 0.605) -> AlertPoint:
    """A transition of an alert at noon."""
    tags = (
        ("class", "eflow_shortfall"),
        ("station", subject),
        ("subject", subject),
        ("target_id", f"{subject}:discharge:day:base"),
        ("basin", "赤水河"),
        ("division", "520103"),
        ("river", ""),
    )
    return AlertPoint(NOON, tags, "5f1c", level, int(level > 0), 1.21, None, ratio)


@law
async def transitions_of_alerts_are_taken_and_bad_ones_named(backend: Backend) -> None:
    transitions = [transition(), transition(ratio=math.nan), transition(subject="bad\\"), transition(0, SECOND)]
    result = await backend.store.write_alerts(transitions)
    assert (result.accepted, [rejection.row for rejection in result.rejected]) == (2, [1, 2])
    assert await backend.store.write_alerts([]) == WriteResult(0, ())


@law
async def a_store_that_was_closed_opens_again(backend: Backend) -> None:
    await put(backend.store, discharge(NOON, 1))
    await backend.store.close()
    await backend.store.close()
    assert len(await everything(backend.store)) == 1
