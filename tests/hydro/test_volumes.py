"""Laws of volumes: what was measured, in the hour that it belongs to; nothing is filled, and nothing counted twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydro.counters import StepKind
from hydro.fixed import MICRO, divide_half_even
from hydro.instants import HOUR_MS, MINUTE_MS, parse_instant
from hydro.metered import Doubt, Readings, Refusal, metered, sources_of
from hydro.quantity import Quantity
from hydro.slot_values import slot_values
from hydro.volumes import Increments, Rests, period_volumes, times

from .register.tables import STATIONS, register

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hydro.metered import Metered
    from hydro.register import Register

STATION: Final = STATIONS + "A,Upper,intake,Wu,Nanming,520103,,20\n"
INTAKES: Final = "station,permit,reach,design_max_m3s,method\n"
POINTS: Final = "station,quantity,resolution,multiplier,counter_max,counter_kind\n"
DERIVED: Final = "station,quantity,valid_from,method,inputs,coefficient\n"
DAY: Final = parse_instant("2026-03-02T00:00", 480)
TWENTY: Final = 20 * MINUTE_MS


def points(text: str, *, design: str = "1", method: str = "", **tables: str) -> Register:
    """A metering point A of 20 minutes with these rows of ``points``."""
    return register(STATION, intakes=INTAKES + f"A,,,{design},{method}\n", points=POINTS + text, **tables)


def readings(values: Sequence[float], *, step: int = TWENTY, begin: int = DAY) -> Readings:
    """Readings from 2 March 00:00 on."""
    event_time = begin + step * np.arange(len(values), dtype=np.int64)
    return Readings(event_time, np.array([round(value * MICRO) for value in values], np.int64))


def volumes(found: Metered, hours: int, *, length: int = 1) -> list[tuple[float, int, int]]:
    """Volume, known and all hours of periods of some hours from 2 March 00:00 on."""
    start = DAY + HOUR_MS * length * np.arange(hours // length, dtype=np.int64)
    told = period_volumes(found.increments, found.known_hours, start, start + HOUR_MS * length)
    return [
        (volume / MICRO, known, expected)
        for volume, known, expected in zip(
            told.volume.tolist(), told.known.tolist(), told.expected.tolist(), strict=True
        )
    ]


def test_an_hour_is_named_by_its_end_and_the_total_at_midnight_ends_the_day_before() -> None:
    found = metered(points("A,volume_total,1,,,\n"), "A", {("A", Quantity.VOLUME_TOTAL): readings([0, 1, 3, 6, 10])})
    assert volumes(found, 2) == [(6, 1, 1), (4, 1, 1)]
    assert found.known_hours.tolist() == [DAY, DAY + HOUR_MS, DAY + 2 * HOUR_MS]
    assert (found.refused, found.doubts) == ((), frozenset())


def test_zero_is_a_volume_and_missing_is_none() -> None:
    """A total that stands still says zero; hours without a reading say nothing, and what passed then is the day's."""
    total = Readings(DAY + HOUR_MS * np.array([0, 1, 2, 5, 6], np.int64), np.array([7, 7, 7, 37, 38], np.int64) * MICRO)
    found = metered(points("A,volume_total,1,,,\n"), "A", {("A", Quantity.VOLUME_TOTAL): total})
    assert volumes(found, 6) == [(0, 1, 1), (0, 1, 1), (0, 0, 1), (0, 0, 1), (0, 0, 1), (1, 1, 1)]
    assert volumes(found, 6, length=6) == [(31, 3, 6)]


def test_a_flow_counts_in_its_slots_only() -> None:
    found = metered(points("A,discharge,,,,\n"), "A", {("A", Quantity.DISCHARGE): readings([9, 0.5, 0.5, 0.5])})
    assert volumes(found, 2) == [(1800, 1, 1), (0, 0, 1)]


def test_a_volume_is_summed() -> None:
    found = metered(points("A,volume,,2,,\n"), "A", {("A", Quantity.VOLUME): readings([9, 1, 2, 3])})
    assert volumes(found, 1) == [(12, 1, 1)]


@pytest.mark.parametrize(
    ("points_text", "method", "expected"),
    [
        ("A,volume_total,1,,,\nA,discharge,,,,\n", "", Rests.COUNTER),
        ("A,discharge,,,,\nA,volume,,,,\n", "", Rests.VOLUME),
        ("A,discharge,,,,\n", "", Rests.FLOW),
        ("A,volume_total,1,,,\n", "electric", Rests.ELECTRICITY),
    ],
)
def test_the_register_says_what_a_volume_rests_on(points_text: str, method: str, expected: Rests) -> None:
    derived = DERIVED + "A,volume,2025-01-01,electric,A:energy_total,4\n"
    known = points(points_text + "A,energy_total,1,20,,\n", method=method, derivations=derived)
    (*_, source) = sources_of(known, "A")
    assert source.rests is expected


def test_nothing_stands_in_for_what_the_register_does_not_name() -> None:
    """A flow that is published but has no row of its own gives no volume, and the point is named."""
    found = metered(points(""), "A", {("A", Quantity.DISCHARGE): readings([1, 1, 1])})
    assert (len(found.increments), found.doubts) == (0, frozenset({Doubt.NO_SOURCE}))


def test_a_coefficient_counts_from_its_day_on_and_a_missing_multiplier_is_named() -> None:
    derived = DERIVED + "A,volume,2026-03-01,electric,,2\nA,volume,2026-03-02,electric,,4\n"
    known = points("A,energy_total,1,,,\n", method="electric", derivations=derived)
    energy = readings([0, 1, 2, 3], step=HOUR_MS, begin=DAY - HOUR_MS)
    found = metered(known, "A", {("A", Quantity.ENERGY_TOTAL): energy})
    assert found.increments.amount.tolist() == [2 * MICRO, 4 * MICRO, 4 * MICRO]
    assert Doubt.MULTIPLIER_MISSING in found.doubts
    twenty = points("A,energy_total,1,20,,\n", method="electric", derivations=derived)
    more = metered(twenty, "A", {("A", Quantity.ENERGY_TOTAL): energy})
    assert more.increments.amount.tolist() == [40 * MICRO, 80 * MICRO, 80 * MICRO]
    assert Doubt.MULTIPLIER_MISSING not in more.doubts


@pytest.mark.parametrize(
    ("total", "kind"),
    [
        pytest.param([0, 1, 1e9, 1e9 + 1], StepKind.IMPOSSIBLE, id="a jump of a billion"),
        pytest.param([0, 1, 1201 * 3.6, 1201 * 3.6 + 1], StepKind.IMPOSSIBLE, id="a slip of 3.6 at full rate"),
        pytest.param([900, 901, 0.9, 1.9], StepKind.BACKWARD, id="a slip of 1000"),
    ],
)
def test_what_is_refused_is_named_with_place_and_reason(total: list[float], kind: StepKind) -> None:
    found = metered(points("A,volume_total,1,,,\n"), "A", {("A", Quantity.VOLUME_TOTAL): readings(total)})
    assert found.refused == (Refusal("A", Quantity.VOLUME_TOTAL, DAY + TWENTY, DAY + 2 * TWENTY, kind),)
    assert found.doubts == {Doubt.STEPS_REFUSED}
    assert volumes(found, 1) == [(2, 0, 1)]


def test_a_replaced_meter_goes_on() -> None:
    changes = "station,quantity,at,old_final,new_initial\nA,volume_total,2026-03-02T00:25,8,100\n"
    known = points("A,volume_total,1,,,\n", meter_changes=changes)
    found = metered(known, "A", {("A", Quantity.VOLUME_TOTAL): readings([0, 5, 101, 102])})
    assert volumes(found, 1) == [(10, 1, 1)]


def test_what_nobody_bounds_is_doubtful() -> None:
    found = metered(points("A,volume_total,,,,\n", design=""), "A", {("A", Quantity.VOLUME_TOTAL): readings([0, 5e4])})
    assert found.doubts == {Doubt.BOUND_MISSING, Doubt.RESOLUTION_MISSING}
    assert volumes(found, 1) == [(5e4, 1, 1)]


moments = st.lists(st.tuples(st.integers(0, 60 * 12), st.integers(-50, 50)), max_size=30)


@given(moments, st.integers(0, 11), st.integers(1, 12))
def test_periods_sum_what_lies_in_them(found: list[tuple[int, int]], first: int, hours: int) -> None:
    """One by one: an increment counts if it ends in the period, and began there unless it is short."""
    ends = np.cumsum([wait * MINUTE_MS for wait, _ in found], dtype=np.int64)
    starts = np.concatenate([np.zeros(1, np.int64), ends[:-1]])[: len(ends)]
    increments = Increments(starts, ends, np.array([amount for _, amount in found], np.int64))
    start, end = first * HOUR_MS, (first + hours) * HOUR_MS
    expected = sum(
        amount
        for since, until, amount in zip(starts.tolist(), ends.tolist(), increments.amount.tolist(), strict=True)
        if start < until <= end and (since >= start or until - since <= HOUR_MS)
    )
    told = period_volumes(increments, np.empty(0, np.int64), np.array([start]), np.array([end]))
    assert told.volume.tolist() == [expected]


@given(st.integers(-(10**13), 10**15), st.integers(1, 10**9))
def test_a_coefficient_rounds_half_even(amount: int, coefficient: int) -> None:
    found = times(np.array([amount]), np.array([coefficient]))
    assert found.tolist() == [divide_half_even(amount * coefficient, MICRO)]


@given(st.lists(st.tuples(st.integers(1, 90), st.integers(-(2**62), 2**62)), min_size=1, max_size=20), st.booleans())
def test_a_slot_is_the_mean_of_what_lies_in_it(found: list[tuple[int, int]], is_sum: bool) -> None:  # noqa: FBT001  # drawn
    times_of = np.cumsum([wait * MINUTE_MS // 3 for wait, _ in found], dtype=np.int64)
    size = 1 if not is_sum else 2**6
    values = [value // size for _, value in found]
    ends, slots = slot_values(times_of, np.array(values, np.int64), TWENTY, 0, is_sum=is_sum)
    expected: dict[int, list[int]] = {}
    for time, value in zip(times_of.tolist(), values, strict=True):
        expected.setdefault(-(-time // TWENTY) * TWENTY, []).append(value)
    told = {end: sum(each) if is_sum else divide_half_even(sum(each), len(each)) for end, each in expected.items()}
    assert dict(zip(ends.tolist(), slots.tolist(), strict=True)) == told
