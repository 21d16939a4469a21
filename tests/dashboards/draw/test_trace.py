"""Lines: broken where nothing was measured, thinned without losing an extreme."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.console.draw import trace
from dashboards.console.draw.columns import BucketColumns, Samples
from hydro.flags import Flag
from storage.buckets import Bucket
from storage.store import Point
from tests.dashboards.draw.pictures import END, SLOT_MS, points, series


def pieces(samples: Samples) -> list[list[float]]:
    found = trace.of_samples(samples, SLOT_MS)
    return [(found.value[found.piece == piece] / 1e6).tolist() for piece in range(int(found.piece.max(initial=-1)) + 1)]


@pytest.mark.parametrize(
    ("values", "flags", "expected"),
    [
        pytest.param([1, 2, 3], {}, [[1, 2, 3]], id="whole"),
        pytest.param([1, 2, None, 3], {}, [[1, 2], [3]], id="a slot without a row"),
        pytest.param([1, 2, 9, 3], {2: Flag.MISSING}, [[1, 2], [3]], id="stated missing"),
        pytest.param([1, 2, 9, 3], {2: Flag.FAIL}, [[1, 2], [3]], id="failed"),
        pytest.param([1, 0, 0, 3], {}, [[1, 0, 0, 3]], id="zero is data"),
        pytest.param([1, 2, 3, 4], {1: Flag.SUSPECT, 2: Flag.NOT_EVALUATED}, [[1, 2, 3, 4]], id="suspect is data"),
        pytest.param([9, 1, 9], {0: Flag.FAIL, 2: Flag.MISSING}, [[1]], id="alone"),
        pytest.param([9, 9], {0: Flag.FAIL, 1: Flag.MISSING}, [], id="nothing valid"),
    ],
)
def test_a_line_ends_where_nothing_valid_was_measured(
    values: list[float | None], flags: dict[int, Flag], expected: list[list[float]]
) -> None:
    assert pieces(series(values, flags)) == expected


def test_a_value_a_little_late_is_still_joined() -> None:
    times = np.array([0, SLOT_MS, SLOT_MS * 5 // 2, SLOT_MS * 4 + 1], np.int64)
    samples = Samples(times, np.ones(4, np.int64), np.ones(4, np.uint8))
    assert trace.of_samples(samples, SLOT_MS).piece.tolist() == [0, 0, 0, 1]


@given(
    st.lists(st.tuples(st.integers(-1000, 1000), st.sampled_from([1, 1, 1, 2, 3, 4, 9])), max_size=300),
    st.integers(1, 40),
)
def test_thinning_keeps_ends_and_extremes_of_every_column(rows: list[tuple[int, int]], per_column: int) -> None:
    samples = series([value for value, _ in rows], {place: Flag(flag) for place, (_, flag) in enumerate(rows)})
    whole = trace.of_samples(samples, SLOT_MS)
    column = np.arange(len(whole)) // per_column
    kept = trace.thin(whole, column)
    assert kept.tolist() == sorted(set(kept.tolist()))
    thinned = whole.take(kept)
    for number in set(column.tolist()):
        for piece in set(whole.piece[column == number].tolist()):
            before = whole.value[(column == number) & (whole.piece == piece)]
            after = thinned.value[(column[kept] == number) & (thinned.piece == piece)]
            assert len(after) <= 4
            assert (before.min(), before.max(), before[0], before[-1]) == (
                after.min(),
                after.max(),
                after[0],
                after[-1],
            )


def test_a_span_without_a_slot_is_a_silence_and_an_irregular_one_is_not() -> None:
    times = np.array([1, 2, 3, 6, 7], np.int64) * SLOT_MS
    assert trace.silences(times, 0, 9 * SLOT_MS, SLOT_MS) == [
        (3 * SLOT_MS, 5 * SLOT_MS),
        (7 * SLOT_MS, 9 * SLOT_MS),
    ]
    assert trace.silences(times[:3], 0, 3 * SLOT_MS, SLOT_MS) == []
    assert trace.silences(times[:0], 0, 3 * SLOT_MS, SLOT_MS) == [(0, 3 * SLOT_MS)]
    late = np.array([SLOT_MS, 2 * SLOT_MS + SLOT_MS // 3, 3 * SLOT_MS], np.int64)
    assert trace.silences(late, 0, 3 * SLOT_MS, SLOT_MS) == []


def test_a_value_between_two_gaps_is_a_point() -> None:
    xs, ys = np.array([0.0, 10.0, 20.04, 30.0]), np.array([1.0, 2.0, 3.0, -0.04])
    joined, alone = trace.line_paths(xs, ys, np.array([0, 0, 1, 2]))
    assert joined == "M0,1L10,2"
    assert alone == "M20,3h0M30,0h0"


def test_an_envelope_is_closed_piece_by_piece() -> None:
    xs = np.array([0.0, 1.0, 5.0, 6.0])
    path = trace.area_path(xs, np.full(4, 2.0), np.full(4, 9.0), np.array([0, 0, 1, 1]))
    first, second = path.removesuffix("Z").split("Z")
    assert points(first) == [(0, 2), (1, 2), (1, 9), (0, 9)]
    assert points(second) == [(5, 2), (6, 2), (6, 9), (5, 9)]


def test_buckets_without_a_value_break_the_line_and_are_not_zero() -> None:
    buckets = BucketColumns.of(
        [Bucket(END, 1, 1, 1, 2, 2), Bucket(END + 60, None, None, None, 0, 2), Bucket(END + 120, 0, 0, 5, 1, 2)], 60
    )
    found = trace.of_buckets(buckets)
    assert found.value.tolist() == [1, 0]
    assert found.piece.tolist() == [0, 1]
    assert found.time.tolist() == [END - 30, END + 90]


def test_columns_come_from_what_a_store_answers() -> None:
    samples = Samples.of([Point(1, 5, 1), Point(2, None, 9)])
    assert (samples.time.tolist(), samples.value.tolist(), samples.flag.tolist()) == ([1, 2], [5, 0], [1, 9])
    assert len(Samples.of([])) == len(BucketColumns.of([], 60)) == 0
