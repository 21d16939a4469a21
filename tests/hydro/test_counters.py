"""Laws of totals: a step is known exactly or refused with its reason, and what it can't know it doesn't guess."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydro.counted_flow import counted_flow
from hydro.counters import LARGEST, CounterRules, DatedRules, StepKind, multiplied, steps_of
from hydro.fixed import MICRO, divide_half_even
from hydro.instants import HOUR_MS, MINUTE_MS
from hydro.quantity import Quantity
from hydro.register.cells import EARLIEST_MS, LATEST_MS
from hydro.register.intakes import MeterChange
from hydro.register.stations import CounterKind

from .slow_counter import Change, Meter, tell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hydro.counters import Steps

FIVE: Final = 5 * MINUTE_MS
BIG: Final = 10**9


def rules(meter: Meter) -> DatedRules:
    """What the product is told of a meter."""
    return DatedRules(
        [
            (
                EARLIEST_MS,
                LATEST_MS,
                CounterRules(
                    CounterKind(meter.kind),
                    None if meter.highest is None else meter.highest * MICRO,
                    int(meter.resolution * MICRO),
                    int(meter.multiplier * MICRO),
                    None if meter.per_second is None else int(meter.per_second * MICRO),
                ),
            )
        ]
    )


def change(at: int, old_final: int, new_initial: int) -> MeterChange:
    """A row of `meter_changes`."""
    return MeterChange(
        station="A",
        quantity=Quantity.VOLUME_TOTAL,
        at=at,
        old_final=old_final,
        new_initial=new_initial,
        reason="",
        document="",
        by="",
    )


def stepped(numbers: Sequence[int], meter: Meter, changes: Sequence[MeterChange] = ()) -> Steps:
    """Steps of readings five minutes apart, numbers in whole units."""
    times = np.arange(len(numbers), dtype=np.int64) * FIVE
    return steps_of(times, np.array(numbers, np.int64) * MICRO, rules(meter), changes)


def shown(steps: Steps) -> list[tuple[float, str]]:
    """Amounts in units, and kinds."""
    return [
        (amount / MICRO, StepKind(kind).name)
        for amount, kind in zip(steps.amount.tolist(), steps.kind.tolist(), strict=True)
    ]


@pytest.mark.parametrize(
    ("numbers", "meter", "expected"),
    [
        pytest.param(
            [100, 104, 104], Meter(), [(4, "FORWARD"), (0, "FORWARD")], id="a total that stands still is zero"
        ),
        pytest.param([100, 96], Meter(), [(0, "BACKWARD")], id="back is refused, never negative use"),
        pytest.param([9990, 8], Meter(highest=9999), [(18, "ROLLED_OVER")], id="after the highest number comes 0"),
        pytest.param([5000, 8], Meter(highest=9999), [(0, "BACKWARD")], id="half the range back is no roll-over"),
        pytest.param([9, 5], Meter("net"), [(-4, "FORWARD")], id="a net total falls honestly"),
        pytest.param(
            [9, 15, 12], Meter("reverse"), [(0, "FORWARD"), (0, "BACKWARD")], id="what flows back is not taken"
        ),
        pytest.param(
            [7, BIG, BIG + 2],
            Meter(per_second=Fraction(1)),
            [(0, "IMPOSSIBLE"), (2, "FORWARD")],
            id="a jump of a billion is refused, what follows counts",
        ),
        pytest.param(
            [7, 7 + 10 * BIG], Meter(), [(0, "IMPOSSIBLE")], id="so it is where nobody said how much can pass"
        ),
        pytest.param([0, 1100], Meter(highest=9999), [(0, "IMPOSSIBLE")], id="a tenth of the range bounds instead"),
        pytest.param(
            [0, 302], Meter(per_second=Fraction(1)), [(302, "FORWARD")], id="two steps of the display may be off"
        ),
        pytest.param([0, 303], Meter(per_second=Fraction(1)), [(0, "IMPOSSIBLE")], id="three may not"),
        pytest.param([10, 12], Meter(multiplier=Fraction(60)), [(120, "FORWARD")], id="a transformer multiplies"),
    ],
)
def test_a_step_is_known_or_refused(numbers: list[int], meter: Meter, expected: list[tuple[float, str]]) -> None:
    assert shown(stepped(numbers, meter)) == expected


def test_a_new_meter_goes_on_where_the_old_one_ended() -> None:
    """Readings at or before the change are of the old meter; without the row the step would be refused."""
    at = FIVE + 1
    row = change(at, 1003 * MICRO, 5 * MICRO)
    assert shown(stepped([990, 1000, 9], Meter(), [row])) == [(10, "FORWARD"), (7, "REPLACED")]
    assert shown(stepped([990, 1000, 9], Meter())) == [(10, "FORWARD"), (0, "BACKWARD")]
    again = change(at + 1, 6 * MICRO, 0)
    assert shown(stepped([990, 1000, 9], Meter(), [row, again])) == [(10, "FORWARD"), (13, "REPLACED")]
    wrong = change(at, 999 * MICRO, 5 * MICRO)
    assert shown(stepped([990, 1000, 9], Meter(), [wrong])) == [(10, "FORWARD"), (0, "BACKWARD")]


def test_the_rules_valid_at_the_end_of_a_step_judge_it() -> None:
    slow, fast = CounterRules(most=MICRO), CounterRules(most=100 * MICRO)
    dated = DatedRules([(EARLIEST_MS, FIVE, slow), (FIVE, LATEST_MS, fast)])
    steps = steps_of(np.array([0, FIVE, 2 * FIVE]), np.array([0, 5000, 10000]) * MICRO, dated)
    assert shown(steps) == [(0, "IMPOSSIBLE"), (5000, "FORWARD")]


@given(st.lists(st.integers(-(2**63) + 1, 2**63 - 1), min_size=2, max_size=6), st.integers(1, 10**12))
def test_no_number_is_too_large_to_be_judged(numbers: list[int], multiplier: int) -> None:
    """What no counter shows is refused; nothing overflows into a volume."""
    dated = DatedRules([(EARLIEST_MS, LATEST_MS, CounterRules(multiplier=multiplier, most=1000 * MICRO))])
    times = np.arange(len(numbers), dtype=np.int64) * FIVE
    steps = steps_of(times, np.array(numbers, np.int64), dated)
    most = 300 * 1000 * MICRO + 2 * multiplier
    exact = [divide_half_even(number * multiplier, MICRO) for number in numbers]
    for place, (before, after) in enumerate(pairwise(exact)):
        is_known = 0 <= after - before <= most and max(abs(before), abs(after)) < LARGEST
        assert bool(steps.known[place]) == is_known
        assert int(steps.amount[place]) == (after - before if is_known else 0)


@given(st.integers(-(2**60), 2**60), st.integers(1, 10**12))
def test_a_multiplier_rounds_half_even(number: int, multiplier: int) -> None:
    exact = divide_half_even(number * multiplier, MICRO)
    found = int(multiplied(np.array([number, 0]), np.array([multiplier, 2 * MICRO]))[0])
    assert found == (exact if abs(exact) < LARGEST else LARGEST if exact > 0 else -LARGEST)


meters = st.builds(
    Meter,
    st.sampled_from(["forward", "net", "reverse"]),
    st.sampled_from([None, 999, 9_999]),
    st.sampled_from([Fraction(1), Fraction(10), Fraction(1, 10)]),
    st.sampled_from([Fraction(1), Fraction(60), Fraction(5, 2), Fraction(333_333, MICRO)]),
    st.sampled_from([None, Fraction(1, 10), Fraction(2)]),
)
stories = st.lists(
    st.tuples(
        st.sampled_from([1, MINUTE_MS, FIVE, FIVE + 7, HOUR_MS, 30 * HOUR_MS]),
        st.one_of(
            st.integers(0, 40).map(lambda gain: ("gains", gain * 500_001)),
            st.sampled_from([("gains", BIG * MICRO), ("gains", -3 * MICRO), ("shows", 0), ("shows", 2 * MICRO)]),
        ),
        st.booleans(),
    ),
    max_size=25,
)


def told_of(story: list[tuple[int, tuple[str, int], bool]], meter: Meter) -> tuple[list[tuple[int, int]], list[Change]]:
    """Readings of a meter that gains, jumps, is reset and replaced."""
    readings, changes = [(0, 990 * MICRO)], []
    for wait, (how, size), is_replaced in story:
        time, number = readings[-1]
        if is_replaced:
            changes.append(Change(time + wait // 2, number + abs(size) % (7 * MICRO), size % (50 * MICRO)))
            number = changes[-1].new_initial
        number = size if how == "shows" else number + size
        if meter.highest is not None and 0 <= number - (meter.highest + 1) * MICRO < 100 * MICRO:
            number -= (meter.highest + 1) * MICRO
        readings.append((time + wait, number))
    return readings, changes


@given(stories, meters)
def test_columns_tell_what_the_slow_model_tells(story: list[tuple[int, tuple[str, int], bool]], meter: Meter) -> None:
    readings, changes = told_of(story, meter)
    times, numbers = (np.array(column, np.int64) for column in zip(*readings, strict=True))
    rows = [change(*each) for each in changes]
    steps = steps_of(times, numbers, rules(meter), rows)
    found = [
        (amount if StepKind(kind) < StepKind.BACKWARD else None, StepKind(kind).name)
        for amount, kind in zip(steps.amount.tolist(), steps.kind.tolist(), strict=True)
    ]
    assert found == [tuple(each) for each in tell(readings, meter, changes)]


def test_flow_follows_from_at_least_ten_steps_of_the_display() -> None:
    """At 1 m3 a step and 0.002 m3/s, 5-minute differences say 0 or 1 m3; over 10 m3 they say the flow."""
    steps = stepped([each * 6 // 10 for each in range(31)], Meter())
    flow = counted_flow(steps, MICRO)
    known = np.flatnonzero(flow.is_known)
    assert known.tolist() == list(range(16, 30))
    assert {round(rate / MICRO, 4) for rate in flow.rate[known].tolist()} <= {0.0019, 0.002, 0.0021, 0.0022}
    assert bool((flow.end[known] - flow.start[known] >= 15 * FIVE).all())


def test_flow_does_not_reach_back_over_what_is_refused() -> None:
    flow = counted_flow(stepped([0, 20, 40, 3, 5, 20], Meter()), MICRO)
    assert flow.is_known.tolist() == [True, True, False, False, True]
    assert flow.start[-1] == 4 * FIVE


@given(stories, st.sampled_from([MICRO, 7 * MICRO]))
def test_flow_is_what_a_search_backwards_finds(story: list[tuple[int, tuple[str, int], bool]], resolution: int) -> None:
    meter = Meter("net", per_second=Fraction(2))
    readings, _ = told_of([(wait, move, False) for wait, move, _ in story], meter)
    times, numbers = (np.array(column, np.int64) for column in zip(*readings, strict=True))
    steps = steps_of(times, numbers, rules(meter))
    flow = counted_flow(steps, resolution)
    for end in range(len(steps)):
        expected = None
        for first in range(end, -1, -1):
            moved = int(steps.amount[first : end + 1].sum())
            if not steps.known[first] or steps.end[end] - steps.start[first] > 24 * HOUR_MS:
                break
            if moved >= 10 * resolution:
                expected = (
                    int(steps.start[first]),
                    divide_half_even(moved * 1000, int(steps.end[end] - steps.start[first])),
                )
                break
        found = (int(flow.start[end]), int(flow.rate[end])) if flow.is_known[end] else None
        assert found == expected
