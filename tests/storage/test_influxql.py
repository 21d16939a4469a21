"""Statements are safe, ask for what is needed, and values come back as they were."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hydro.errors import StoreError
from hydro.fixed import to_number
from storage.influxql import (
    BRIDGED_GAP_MS,
    MAX_QUERY_CHARACTERS,
    KeyRange,
    Result,
    Series,
    batches,
    key_ranges,
    points_of,
    quote_identifier,
    quote_string,
    range_statement,
)
from storage.store import Point

TOLD_APART: Final = 2**33 * 10**6
"""Below 2**33 neighbouring floats are less than a millionth apart."""


def result(*values: tuple[int, float | None, int | None]) -> Result:
    """An answer with one series."""
    return Result(series=[Series(list(values))])


@given(st.integers(-TOLD_APART, TOLD_APART))
@example(TOLD_APART - 1)
@example(2**31 * 10**6 - 1)
@example(2**31 * 10**6 + 1)
@example(4_400_000_000_000_001)
def test_millionths_survive_as_floats(micro: int) -> None:
    assert list(points_of(result((5, to_number(micro), 1)))) == [Point(5, micro, 1)]


def test_a_value_flagged_missing_has_none_and_a_missing_value_is_flagged() -> None:
    assert list(points_of(result((1, None, 9), (2, 7.0, 9), (3, None, 1), (4, 1.0, None)))) == [
        Point(1, None, 9),
        Point(2, None, 9),
        Point(3, None, 9),
        Point(4, 1_000_000, 2),
    ]


def test_a_value_beyond_any_observation_is_an_error() -> None:
    with pytest.raises(StoreError, match="larger than any"):
        list(points_of(result((1, 1e300, 1))))


@given(st.lists(st.integers(-(10**12), 10**13), max_size=30))
def test_ranges_hold_all_keys_in_order_and_bridge_short_gaps_only(times: list[int]) -> None:
    ranges = list(key_ranges("A", "stage", times))
    assert all(any(part.after < time <= part.end for part in ranges) for time in times)
    for part in ranges:
        inside = sorted(time for time in times if part.after < time <= part.end)
        assert (inside[0] - 1, inside[-1]) == (part.after, part.end)
        assert all(later - earlier <= BRIDGED_GAP_MS for earlier, later in pairwise(inside))
    for earlier, later in pairwise(ranges):
        assert later.after + 1 - earlier.end > BRIDGED_GAP_MS


def test_a_year_of_keys_is_one_statement() -> None:
    assert len(list(key_ranges("A", "stage", range(0, 365 * 86_400_000, 300_000)))) == 1


def test_queries_have_a_bounded_length_and_keep_every_statement() -> None:
    ranges = [KeyRange(f"station {n}", "discharge", n, n + 1) for n in range(5_000)]
    queries = list(batches(ranges))
    assert len(queries) > 1
    assert [key_range for _, part in queries for key_range in part] == ranges
    for text, part in queries:
        assert len(text) <= MAX_QUERY_CHARACTERS
        assert text == ";".join(key_range.statement() for key_range in part)
    assert list(batches([])) == []


def test_one_statement_longer_than_the_bound_goes_alone() -> None:
    long = KeyRange("x" * MAX_QUERY_CHARACTERS, "stage", 0, 1)
    short = KeyRange("y", "stage", 0, 1)
    assert [part for _, part in batches([short, long, short])] == [[short], [long], [short]]


def test_nothing_ends_a_literal_early() -> None:
    assert quote_string("a'b\\") == r"'a\'b\\'"
    assert quote_string("\n") == r"'\n'"
    assert quote_identifier('a"b\\') == r'"a\"b\\"'


def test_a_statement_asks_for_a_half_open_range_that_the_server_can_hold() -> None:
    assert range_statement("A'", "stage", -(10**18), 10**18) == (
        r"SELECT value, flag FROM observation WHERE station = 'A\'' AND quantity = 'stage'"
        " AND time > -9223372036854ms AND time <= 9223372036854ms"
    )
