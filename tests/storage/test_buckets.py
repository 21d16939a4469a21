"""A series in buckets: (start, end], counted from local midnight, valid slots only, means on integers."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hydro.instants import parse_instant
from storage.buckets import Bucket, Grid, bucketise
from storage.store import Point
from tests.storage.slow_buckets import slow_buckets

MINUTE: Final = 60_000
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
CHINA: Final = 480
FIVE_MIN_IN_HOURS: Final = Grid(HOUR, 5 * MINUTE, CHINA)


def at(text: str) -> int:
    """Instant of a time of 1 March 2026 in China."""
    return parse_instant(f"2026-03-01T{text}:00", CHINA)


def five_minutes(first: str, values: list[int], flag: int = 1) -> list[Point]:
    """Values every 5 min."""
    return [Point(at(first) + n * 5 * MINUTE, value, flag) for n, value in enumerate(values)]


def test_a_value_on_the_boundary_belongs_to_the_bucket_that_it_ends() -> None:
    """08:00 | 08:05 … 09:00 | 09:05."""
    points = five_minutes("08:00", [n * 1_000_000 for n in range(14)])
    assert list(bucketise(points, at("07:00"), at("10:00"), FIVE_MIN_IN_HOURS)) == [
        Bucket(at("08:00"), 0, 0, 0, 1, 12),
        Bucket(at("09:00"), 6_500_000, 1_000_000, 12_000_000, 12, 12),
        Bucket(at("10:00"), 13_000_000, 13_000_000, 13_000_000, 1, 12),
    ]


def test_the_range_excludes_its_start_includes_its_end_and_bounds_what_is_expected() -> None:
    points = five_minutes("08:00", [1, 2, 3, 4, 5])
    assert list(bucketise(points, at("08:05"), at("08:15"), FIVE_MIN_IN_HOURS)) == [Bucket(at("09:00"), 4, 3, 4, 2, 2)]


def test_only_flags_1_2_and_3_count_and_a_bucket_without_them_has_no_mean() -> None:
    points = [
        Point(at("08:05"), 1, 1),
        Point(at("08:10"), 3, 2),
        Point(at("08:15"), 8, 3),
        Point(at("08:20"), 1_000, 4),
        Point(at("08:25"), None, 9),
        Point(at("09:05"), 1_000, 4),
    ]
    assert list(bucketise(points, at("08:00"), at("11:00"), FIVE_MIN_IN_HOURS)) == [
        Bucket(at("09:00"), 4, 1, 8, 3, 12),
        Bucket(at("10:00"), None, None, None, 0, 12),
        Bucket(at("11:00"), None, None, None, 0, 12),
    ]


def test_nothing_found_gives_no_rows() -> None:
    assert list(bucketise([], 0, DAY, FIVE_MIN_IN_HOURS)) == []
    assert list(bucketise(five_minutes("08:00", [1]), at("08:00"), at("10:00"), FIVE_MIN_IN_HOURS)) == []


@pytest.mark.parametrize(
    ("values", "mean"), [([1, 2], 2), ([2, 3], 2), ([-1, -2], -2), ([1, 1, 2], 1), ([2**62] * 9, 2**62)]
)
def test_means_are_exact_and_rounded_half_to_even(values: list[int], mean: int) -> None:
    (bucket,) = bucketise(five_minutes("08:05", values), at("08:00"), at("09:00"), FIVE_MIN_IN_HOURS)
    assert bucket.mean == mean


def test_several_values_in_a_slot_are_one_slot() -> None:
    """08:01 and 08:05 share a slot, 08:06 stands alone: (mean of 0 and 4, then 8) = 5, as a verdict would take it."""
    points = [Point(at("08:01"), 0, 1), Point(at("08:05"), 4, 1), Point(at("08:06"), 8, 1)]
    (bucket,) = bucketise(points, at("08:00"), at("09:00"), FIVE_MIN_IN_HOURS)
    assert bucket == Bucket(at("09:00"), 5, 0, 8, 2, 12)
    (volume,) = bucketise(points, at("08:00"), at("09:00"), FIVE_MIN_IN_HOURS._replace(summed=True))
    assert volume == Bucket(at("09:00"), 6, 0, 8, 2, 12)


def test_days_begin_at_midnight_of_the_zone() -> None:
    points = [Point(parse_instant(text, CHINA), 1, 1) for text in ("2026-03-01T00:00:00", "2026-03-01T00:05:00")]
    day = Grid(DAY, 5 * MINUTE, CHINA)
    rows = list(bucketise(points, points[0].time - DAY, points[0].time + DAY, day))
    assert [(row.time, row.valid, row.expected) for row in rows] == [
        (at("00:00"), 1, 288),
        (at("00:00") + DAY, 1, 288),
    ]


@given(
    st.lists(
        st.tuples(st.integers(0, 3 * DAY), st.integers(-9, 9)), min_size=1, max_size=60, unique_by=lambda row: row[0]
    ),
    st.integers(1, 3 * DAY),
    st.sampled_from([MINUTE, 7 * MINUTE, HOUR, DAY, 2 * DAY]),
)
def test_a_bucket_inside_two_ranges_is_the_same_in_both(rows: list[tuple[int, int]], cut: int, every: int) -> None:
    points = [Point(time, value, 1) for time, value in sorted(rows)]
    grid = Grid(every, MINUTE, CHINA)
    whole = {row.time: row for row in bucketise(points, -1, 3 * DAY, grid)}
    for start, end in ((-1, cut), (cut, 3 * DAY)):
        for row in bucketise(points, start, end, grid):
            if start <= row.time - every and row.time <= end:
                assert row == whole[row.time]
    assert sum(row.expected for row in whole.values()) == 3 * DAY // MINUTE + 1
    assert sum(row.valid > 0 for row in whole.values()) == len({-(-(time + 8 * HOUR) // every) for time, _ in rows})


LARGEST: Final = 9 * 10**18
VALUES: Final = st.one_of(
    st.none(), st.integers(-20, 20), st.integers(-(2**40), 2**40), st.integers(-LARGEST, LARGEST), st.just(LARGEST)
)
FLAGS: Final = st.sampled_from([1, 1, 1, 2, 3, 4])
INTERVALS: Final = st.sampled_from([MINUTE, 5 * MINUTE, HOUR, 2 * HOUR, 6 * HOUR, DAY])


@given(
    st.dictionaries(st.integers(-DAY, 3 * DAY), st.tuples(VALUES, FLAGS), max_size=60),
    st.tuples(st.integers(-DAY, 3 * DAY), st.integers(-DAY, 3 * DAY)),
    st.builds(
        Grid,
        st.sampled_from([1234, MINUTE, 7 * MINUTE, HOUR, 90 * MINUTE, DAY, 2 * DAY]),
        INTERVALS,
        st.sampled_from([0, CHINA, 330, -210]),
        st.booleans(),
    ),
)
@settings(deadline=None)
def test_columns_give_the_numbers_of_the_slow_way(
    rows: dict[int, tuple[int | None, int]], span: tuple[int, int], grid: Grid
) -> None:
    """Sums beyond int64 and negative halves included."""
    points = [Point(time, value, 9 if value is None else flag) for time, (value, flag) in sorted(rows.items())]
    start, end = span
    if grid.every_ms < MINUTE:
        end = min(end, start + 500 * grid.every_ms)
    elif grid.every_ms < HOUR:
        end = min(end, start + DAY)
    assert list(bucketise(points, start, end, grid)) == list(slow_buckets(points, start, end, grid))
