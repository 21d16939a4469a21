"""Axes: scales rise, ticks are round, days begin where the zone says."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.console.draw.lettering import text_width
from dashboards.console.draw.time_axis import LETTER_PX, TimeAxis
from dashboards.console.draw.value_axis import nice_step, value_axis
from hydro.instants import DAY_MS, HOUR_MS, MINUTE_MS, format_instant, parse_instant

amounts = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 6))
some_amounts = st.lists(amounts, min_size=1, max_size=8)


@given(some_amounts, st.lists(amounts, max_size=3), st.booleans())
def test_a_larger_value_is_never_drawn_lower(values: list[float], targets: list[float], flowing: bool) -> None:  # noqa: FBT001  # drawn
    axis = value_axis((min(values), max(values)), tuple(targets), flowing=flowing, top=10, bottom=300)
    ordered = sorted({*values, *targets})
    places = [axis.y(value) for value in ordered]
    assert places == sorted(places, reverse=True)
    assert all(10 - 1e-6 <= place <= 300 + 1e-6 for place in places)
    assert np.allclose(axis.ys(np.rint(np.array(ordered) * 1e6).astype(np.int64)), places)


@given(some_amounts, st.lists(amounts, max_size=3), st.booleans())
def test_ticks_are_on_the_axis_apart_and_say_their_value(
    values: list[float],
    targets: list[float],
    flowing: bool,  # noqa: FBT001  # drawn
) -> None:
    axis = value_axis((min(values), max(values)), tuple(targets), flowing=flowing, top=0, bottom=250)
    ticks = axis.ticks()
    assert ticks
    assert len({tick.label for tick in ticks}) == len(ticks)
    for tick in ticks:
        assert axis.low <= tick.value <= axis.high
        assert float(tick.label) == pytest.approx(tick.value, rel=1e-9, abs=1e-12)
    assert all(abs(one.at - other.at) >= 18 for one, other in pairwise(sorted(ticks, key=lambda tick: tick.at)))


@given(st.floats(1e-5, 1e9))
def test_a_nice_step_is_one_two_or_five_and_at_most_two_and_a_half_times_too_long(least: float) -> None:
    step = nice_step(least)
    assert Fraction(least) <= step <= Fraction(least) * Fraction(5, 2) * Fraction(1_000_001, 1_000_000)
    assert f"{float(step):e}"[0] in "125"


def test_zero_is_on_the_axis_of_what_flows_and_need_not_be_on_that_of_levels() -> None:
    assert value_axis((3.0, 3.2), (), flowing=True, top=0, bottom=100).low == 0
    level = value_axis((1218.2, 1218.6), (1218.4,), flowing=False, top=0, bottom=100)
    assert 1218 < level.low < 1218.2
    assert 1218.6 < level.high < 1219


def test_a_tide_runs_below_zero_and_zero_stays_visible() -> None:
    axis = value_axis((-3.0, 5.0), (), flowing=True, top=0, bottom=100)
    assert axis.low < -3
    assert 0 < axis.y(0.0) < 100


@pytest.mark.parametrize(("greatest", "folded"), [(20.0, False), (26.0, True), (5000.0, True)])
def test_a_flood_does_not_hide_the_target(greatest: float, folded: bool) -> None:  # noqa: FBT001  # a column of the table
    axis = value_axis((0.0, greatest), (2.0,), flowing=True, top=0, bottom=100)
    assert (axis.knee is not None) is folded
    assert axis.y(0.0) - axis.y(2.0) >= 7
    assert axis.y(1.0) - axis.y(2.0) >= 3


@pytest.mark.parametrize("values", [None, (0.0, 0.0), (5.0, 5.0), (-2.0, -2.0), (1e-6, 1e-6), (9e12, 9e12)])
def test_a_series_without_extent_has_an_axis(values: tuple[float, float] | None) -> None:
    for flowing in (True, False):
        axis = value_axis(values, (), flowing=flowing, top=0, bottom=200)
        assert axis.low < axis.high
        assert axis.ticks()


spans = st.sampled_from([10 * MINUTE_MS, HOUR_MS, DAY_MS, 3 * DAY_MS, 10 * DAY_MS, 31 * DAY_MS, 90 * DAY_MS]) | (
    st.integers(MINUTE_MS, 4000 * DAY_MS)
)


@given(st.integers(0, 4_000_000_000_000), spans, st.sampled_from([480, 0, -210, 345]), st.sampled_from([280, 800]))
def test_times_are_labelled_apart_and_inside(start: int, span: int, zone: int, width: int) -> None:
    axis = TimeAxis(start, start + span, 40, 40 + width, zone, "zh")
    ticks = axis.ticks()
    assert len(ticks) <= width / 30
    for tick in ticks:
        assert start <= tick.time <= start + span
        assert tick.at == pytest.approx(axis.x(tick.time))
    for one, other in pairwise(ticks):
        assert other.at - one.at >= (text_width(one.label, LETTER_PX) + text_width(other.label, LETTER_PX)) / 2
    for one, other in pairwise([tick for tick in ticks if tick.context]):
        assert other.at - one.at >= text_width(one.context, LETTER_PX)


@pytest.mark.parametrize(
    ("start", "days", "labels", "contexts"),
    [
        ("2026-03-01T20:00:00", 0.5, ["20:00", "21:00", "22:00", "23:00", "00:00", "01:00"], ["3月1日", "3月2日"]),
        ("2026-02-27T00:00:00", 7, ["27日", "28日", "1日", "2日", "3日", "4日"], ["2026年2月", "2026年3月"]),
        ("2025-11-01T00:00:00", 300, ["11月", "12月", "1月", "2月", "3月"], ["2025年", "2026年"]),
    ],
)
def test_days_months_and_years_begin_in_the_zone(
    start: str, days: float, labels: list[str], contexts: list[str]
) -> None:
    begin = parse_instant(start, 480)
    ticks = TimeAxis(begin, begin + round(days * DAY_MS), 0, 800, 480, "zh").ticks()
    assert [tick.label for tick in ticks][: len(labels)] == labels
    assert [tick.context for tick in ticks if tick.context] == contexts
    for tick in ticks:
        if tick.begins:
            assert format_instant(tick.time, 480)[11:19] == "00:00:00"


def test_english_readers_get_english_dates() -> None:
    begin = parse_instant("2026-02-27T00:00:00", 480)
    ticks = TimeAxis(begin, begin + 7 * DAY_MS, 0, 800, 480, "en").ticks()
    assert [tick.context for tick in ticks if tick.context] == ["Feb 2026", "Mar 2026"]
