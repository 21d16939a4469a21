"""What is old is summed up: hours and days give the buckets that the single values gave, to the last digit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hydro.flags import Flag
from hydro.instants import parse_instant
from hydro.quantity import Quantity
from storage.buckets import Bucket, Grid, Samples, Sums, bucketise, buckets_of, slots_of
from storage.embedded import EmbeddedStore
from storage.embedded.hours import Stretches, days_of, hours_of, joined, split
from storage.embedded.upkeep import Limits, keep_up
from storage.store import Keeping, Point
from tests.storage.store_contract import DAY, FIRST, MINUTE, NOON, SECOND, batch, discharge, everything, put

if TYPE_CHECKING:
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from storage.embedded.series_names import SeriesNames
    from tests.storage.store_contract import Row

HOUR: Final = 60 * MINUTE
CHINA: Final = 480
LARGEST: Final = 9 * 10**18
MIDNIGHT: Final = parse_instant("2026-03-02T00:00:00", CHINA)
INTERVALS: Final = st.sampled_from([5 * MINUTE, HOUR, 2 * HOUR, DAY])
KEEPING: Final = Keeping(400, {FIRST: 5, SECOND: 120}, CHINA)
SMALL: Final = Limits(run_rows=1, step_rows=500, many_rows=10**9, spare_days=2, hours_days=500)

VALUES: Final = st.one_of(st.none(), st.integers(-20, 20), st.integers(-LARGEST, LARGEST))
MINUTES: Final = st.integers(1, 5 * DAY // MINUTE)

T = TypeVar("T")
Work = Callable[["DuckDBPyConnection", "SeriesNames"], T]


def buckets_from(rows: Stretches, length: int, start: int, end: int, grid: Grid) -> list[Bucket]:
    """As the store makes them of its tables, for a series whose slots are those of the grid."""
    filled = rows.size > 0
    columns = (rows.time, joined(*split(rows.total)), rows.size, rows.minimum, rows.maximum)
    sums = Sums(*(column[filled] for column in columns))
    return buckets_of([slots_of(sums, grid) if grid.interval_ms > length else sums], start, end, grid)


@given(
    st.dictionaries(
        st.integers(1, 5 * DAY // MINUTE), st.tuples(VALUES, st.sampled_from([1, 2, 3, 4])), min_size=1, max_size=80
    ),
    st.builds(Grid, st.just(HOUR), INTERVALS, st.sampled_from([0, CHINA, 330]), st.booleans()),
)
@settings(deadline=None)
def test_hours_and_days_hold_what_buckets_of_whole_hours_and_days_need(
    rows: dict[int, tuple[int | None, int]], series: Grid
) -> None:
    interval_min, zone_minutes, summed = series.interval_ms // MINUTE, series.zone_minutes, series.summed
    start = MIDNIGHT + (CHINA - zone_minutes) * MINUTE  # midnight of that zone
    points = [
        Point(start + minute * MINUTE - minute % 7, value, 9 if value is None else flag)
        for minute, (value, flag) in sorted(rows.items())
    ]
    samples = Samples(
        np.array([point.time for point in points], np.int64),
        np.array([point.value or 0 for point in points], np.int64),
        np.array([point.flag for point in points], np.uint8),
    )
    count = len(points)
    hours = hours_of(
        np.zeros(count, np.int32), samples, np.full(count, interval_min), np.full(count, summed), zone_minutes
    )
    days = days_of(hours, np.full(len(hours.time), summed), zone_minutes)
    end = start + 5 * DAY
    for hours_long in (1, 2, 3, 5, 24, 48):
        grid = series._replace(every_ms=hours_long * HOUR)
        expected = list(bucketise(points, start, end, grid))
        assert buckets_from(hours, HOUR, start, end, grid) == expected
        if hours_long % 24 == 0:
            assert buckets_from(days, DAY, start, end, grid) == expected


def test_series_beside_each_other_are_summed_up_apart() -> None:
    """Two series share the hour; one is of volumes, whose slots are sums, the other of two-hour slots."""
    series = np.repeat(np.array([3, 4], np.int32), 3)
    times = np.tile(np.array([MIDNIGHT + MINUTE, MIDNIGHT + 2 * MINUTE, MIDNIGHT + 7 * MINUTE]), 2)
    samples = Samples(times, np.array([1, 2, 4, 10, 20, 40]), np.full(6, 1, np.uint8))
    hours = hours_of(series, samples, np.repeat([5, 120], 3), np.repeat([True, False], 3), CHINA)
    assert hours.series.tolist() == [3, 4]
    assert hours.time.tolist() == [MIDNIGHT + HOUR] * 2
    assert hours.total.tolist() == [1 + 2 + 4, 10 + 20 + 40]
    assert hours.size.tolist() == [2, 3]  # slots, and values


def with_store(tmp_path: Path, scenario: Callable[[EmbeddedStore], Awaitable[None]]) -> None:
    """Run a scenario on an empty store."""

    async def run() -> None:
        store = EmbeddedStore(tmp_path / "store.duckdb")
        try:
            await scenario(store)
        finally:
            await store.close()

    asyncio.run(run())


def history() -> list[Row]:
    """Two stations over five days: 5-min slots and 2-h slots, gaps, bad and missing values, a volume; in any order."""
    chance = np.random.default_rng(4)
    rows: list[Row] = []
    for station, step in ((FIRST, 5), (SECOND, 30)):
        for quantity in (Quantity.DISCHARGE, Quantity.VOLUME):
            for time in range(MIDNIGHT + step * MINUTE, MIDNIGHT + 5 * DAY + 1, step * MINUTE):
                if chance.random() < 0.8:
                    value = None if chance.random() < 0.1 else int(chance.integers(-(10**9), 10**9))
                    flag = Flag.MISSING if value is None else Flag(int(chance.integers(1, 5)))
                    rows.append((station, quantity, time, value, flag))
    return [rows[place] for place in chance.permutation(len(rows)).tolist()]


Question = tuple[str, str, Grid]


def series_in_buckets(lengths: tuple[int, ...]) -> list[Question]:
    """Every series of `history` in buckets of so many hours."""
    return [
        (station, quantity.text, Grid(hours * HOUR, interval * MINUTE, CHINA, summed=quantity is Quantity.VOLUME))
        for station, interval in KEEPING.interval_min.items()
        for quantity in (Quantity.DISCHARGE, Quantity.VOLUME)
        for hours in lengths
    ]


async def asked(store: EmbeddedStore, questions: list[Question], start: int, end: int) -> list[list[Bucket]]:
    """Buckets of all questions."""
    return [await store.buckets(station, quantity, start, end, grid) for station, quantity, grid in questions]


def test_a_store_gives_the_same_buckets_before_and_after_in_the_midst_and_across_the_limit(tmp_path: Path) -> None:
    """Five days raw | looked at after each step | 3 as hours, 2 raw | 3 as days, 2 raw."""
    span = (MIDNIGHT, MIDNIGHT + 5 * DAY)
    limit = MIDNIGHT + 3 * DAY
    hourly, daily = series_in_buckets((1, 2, 7, 24, 48)), series_in_buckets((24, 48))

    async def scenario(store: EmbeddedStore) -> None:
        await put(store, *history())
        keys = [(station, quantity) for station in (FIRST, SECOND) for quantity in ("discharge", "volume")]
        points = {key: await everything(store, *key) for key in keys}
        before, days_before = await asked(store, hourly, *span), await asked(store, daily, *span)
        assert all(before)
        steps = 0

        async def watched(work: Work[T]) -> T:
            nonlocal steps
            result = await store.writing(work)
            steps += 1
            assert await asked(store, hourly, *span) == before
            return result

        too_few = SMALL._replace(spare_days=4)
        await keep_up(store.reading, watched, limit + 400 * DAY, KEEPING, too_few)
        assert steps > 3, "sorted step by step"
        assert await store.kept_since(None) is None
        assert {key: await everything(store, *key) for key in keys} == points

        steps = 0
        await keep_up(store.reading, watched, limit + 400 * DAY, KEEPING, SMALL)
        assert steps > 4, "summed up step by step"
        assert await store.kept_since(None) == await store.kept_since(5 * MINUTE) == limit
        assert await store.kept_since(HOUR) is None
        for key in keys:
            assert await everything(store, *key) == [point for point in points[key] if point.time > limit]
        # Half an hour can't be told from the other half.
        cut = await store.buckets(FIRST, "discharge", limit - HOUR // 2, limit + HOUR, hourly[0][2])
        assert [(row.time, row.valid > 0) for row in cut] == [(limit, False), (limit + HOUR, True)], (
            "half an hour is none"
        )
        assert await store.buckets(FIRST, "discharge", *span[:1], limit, Grid(30 * MINUTE, 5 * MINUTE, CHINA)) == []

        await keep_up(store.reading, store.writing, limit + 500 * DAY, KEEPING._replace(raw_days=500), SMALL)
        assert await store.kept_since(HOUR) == limit
        assert await store.kept_since(DAY) is None
        assert await asked(store, daily, *span) == days_before
        for station, quantity, grid in hourly:
            found = await store.buckets(station, quantity, limit, span[1], grid)
            assert found == list(bucketise(points[station, quantity], limit, span[1], grid))

    with_store(tmp_path, scenario)


def test_what_comes_for_a_time_that_is_summed_up_is_refused_by_row_and_the_rest_taken(tmp_path: Path) -> None:
    async def scenario(store: EmbeddedStore) -> None:
        old = NOON - 500 * DAY
        await put(store, discharge(old, 1), discharge(NOON, 2), discharge(old, 3, station="stranger"))
        await store.upkeep(NOON, KEEPING)
        result = await store.write(*batch([discharge(NOON, 5), discharge(old, 4), discharge(NOON + 1, 6)]))
        assert (result.accepted, [rejection.row for rejection in result.rejected]) == (2, [1])
        assert "summed up" in result.rejected[0].reason
        assert await everything(store) == [Point(NOON, 5, 1), Point(NOON + 1, 6, 1)]
        assert await everything(store, "stranger") == [Point(old, 3, 1)], "nobody knows its slots"

    with_store(tmp_path, scenario)


def test_while_rows_move_corrections_repetitions_and_late_rows_find_their_keys(tmp_path: Path) -> None:
    """Between two steps some series lie in both tables; every write is held against a dictionary."""
    chance = np.random.default_rng(5)
    stations = [f"S{number}" for number in range(20)]
    known: dict[tuple[str, int], int] = {}

    async def scenario(store: EmbeddedStore) -> None:
        async def write(rows: int) -> None:
            table = []
            for _ in range(rows):
                station, time = stations[int(chance.integers(20))], NOON - int(chance.integers(3 * 288)) * 5 * MINUTE
                known[station, time] = int(chance.integers(100))
                table.append(discharge(time, known[station, time], station=station))
            await put(store, *table)

        steps = 0

        async def between(work: Work[T]) -> T:
            nonlocal steps
            result = await store.writing(work)
            steps += 1
            await write(50)
            wanted = list(known)[::7]
            found = await store.lookup([(station, "discharge", [time]) for station, time in wanted])
            values = {(station, time): point.value for (station, _, time), point in found.items()}
            assert values == {key: known[key] for key in wanted}
            newest = {station: max(time for one, time in known if one == station) for station in stations}
            assert {station: point.time for (station, _), point in (await store.latest(0)).items()} == newest
            return result

        await write(3_000)
        moving = keep_up(store.reading, between, NOON, KEEPING._replace(raw_days=0), SMALL._replace(run_rows=100))
        await asyncio.wait_for(moving, 60)
        assert steps > 3
        for station in stations:
            expected = sorted(Point(time, value, 1) for (one, time), value in known.items() if one == station)
            assert await everything(store, station) == expected

    with_store(tmp_path, scenario)
