"""The perfect observer: what it says of a true course drawn by hand, by the letter of docs/alert-classes.md."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pytest

from hydro.instants import HOUR_MS, MINUTE_MS, parse_instant
from hydro.quantity import Quantity
from simulators.basin.step import STEP_MS
from simulators.play.witness import Witness
from simulators.truth import Truth, TruthKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simulators.play.witness import WitnessState

START: Final = parse_instant("2026-03-01T00:00:00", 480)
HOUR: Final = 12
DAY: Final = 288
NOBODY: Final = float("nan")
TARGET: Final = {"station": "S", "quantity": "discharge", "from_day": "01-01", "to_day": "12-31", "value": "2"}

Row = dict[str, str]
Line = tuple[int, int, float | None, bool]


def station(interval: int = 5, code: str = "S", **cells: str) -> Row:
    return {"station": code, "interval_min": str(interval), **cells}


def target(basis: str, **cells: str) -> Row:
    return {**TARGET, "basis": basis, **cells}


def look(
    tables: Mapping[str, Sequence[Mapping[str, str]]],
    courses: Mapping[tuple[str, Quantity], Sequence[float]],
    *,
    cut: int = 100,
) -> tuple[list[Truth], list[tuple[str, int, int, bool, bool, bool]]]:
    """Truths, and what was judged: target, start and end in steps since the start, known, attained, exempt."""
    witness = Witness(tables, courses.keys(), zone_minutes=480, at=START)
    state: WitnessState = witness.start()
    steps = len(next(iter(courses.values())))
    truths: list[Truth] = []
    judged = []
    for first in range(0, steps, cut):
        ends = START + STEP_MS * np.arange(first + 1, min(first + cut, steps) + 1)
        signals = {
            quantity: np.array([courses[one, quantity][first : first + cut] for one in stations]).T
            for quantity, stations in witness.inputs.items()
        }
        state, seen = witness.look(state, ends, signals)
        truths += seen.truths
        for row in zip(*(column.tolist() for column in seen.judged), strict=True):
            duty, start, end = witness.duties[row[0]].target_id, *((at - START) // STEP_MS for at in row[1:3])
            judged.append((duty, start, end, row[5], row[6], row[7]))
    truths += witness.finish(state, START + steps * STEP_MS)
    return truths, judged


def shortfalls(truths: Sequence[Truth]) -> list[Line]:
    """Start and end in steps since the start, worst ratio or deficit, whether it ended."""
    return [
        (
            (truth.start - START) // STEP_MS,
            (truth.end - START) // STEP_MS,
            truth.details.get("min_ratio", truth.details.get("max_deficit_m")),  # type: ignore[misc]  # a number
            bool(truth.details["resolved"]),
        )
        for truth in truths
        if truth.kind is TruthKind.EFLOW_SHORTFALL
    ]


def discharge(*parts: tuple[float, int]) -> dict[tuple[str, Quantity], list[float]]:
    """A course of parts: value and number of steps."""
    return {("S", Quantity.DISCHARGE): [value for value, steps in parts for _ in range(steps)]}


@pytest.mark.parametrize("cut", [1, 7, 1000])
def test_a_day_below_is_a_shortfall_until_two_days_are_well_above(cut: int) -> None:
    """At 1.00 to 1.05 a day is attained, but ends nothing.

    ::

    day     1    2    3    4    5    6    7    8
    mean    3   1.5   1   2.05 2.1  2.05 2.1  2.1     owed 2; good from 2.1 on
                [──── shortfall, worst 0.5 ────────]  the 4th and the 6th are attained, but not good
    """
    days = (3.0, 1.5, 1.0, 2.05, 2.1, 2.05, 2.1, 2.1)
    truths, judged = look(
        {"stations": [station()], "eflow_targets": [target("day")]},
        discharge(*((value, DAY) for value in days), (1.0, DAY // 2)),
        cut=cut,
    )
    assert shortfalls(truths) == [(DAY, 8 * DAY, 0.5, True)]
    assert [row[4] for row in judged] == [value >= 2 for value in days]
    assert [row[1:3] for row in judged] == [(number * DAY, (number + 1) * DAY) for number in range(8)]


def test_an_hour_of_low_slots_is_needed_and_an_hour_of_good_ones_ends_it() -> None:
    """A slot that met its target in between begins the hour anew.

    ::

    steps   11 low   1 good   12 low    6 good  1 between  12 good
            no hour           [raised … ………………………………………………  ended]
    """
    course = discharge((1.0, 11), (3.0, 1), (1.5, 12), (3.0, 6), (2.05, 1), (3.0, 12), (3.0, 4))
    truths, judged = look({"stations": [station()], "eflow_targets": [target("instant")]}, course)
    assert shortfalls(truths) == [(12, 43, 0.75, True)]
    assert truths[0].details["raised_at"] == "2026-03-01T02:00:00+08:00"
    assert sum(row[4] for row in judged) == 24


def test_what_nobody_knows_freezes_a_hold_and_a_long_gap_restarts_it() -> None:
    low = {"stations": [station()], "eflow_targets": [target("instant")]}
    short, _ = look(low, discharge((1.0, 6), (NOBODY, 12), (1.0, 6), (1.0, 3)))
    long, _ = look(low, discharge((1.0, 6), (NOBODY, 13), (1.0, 6), (1.0, 3)))
    assert shortfalls(short) == [(0, 27, 0.5, False)]
    assert shortfalls(long) == []


def test_too_little_that_is_known_is_no_verdict() -> None:
    """Half of a day is enough, less is not; it neither raises nor ends anything."""
    days = [(1.0, DAY), (NOBODY, 145), (9.0, 143), (9.0, 144), (NOBODY, 144), (9.0, DAY)]
    truths, judged = look({"stations": [station()], "eflow_targets": [target("day")]}, discharge(*days))
    assert [(row[3], row[4]) for row in judged] == [(True, False), (False, False), (True, True), (True, True)]
    assert shortfalls(truths) == [(0, 4 * DAY, 0.5, True)]


def test_a_season_that_changes_within_a_day_owes_in_between_by_minutes() -> None:
    """From 2 to 4 at midnight; a day from 8 to 8 owes 2·16/24 + 4·8/24 = 2.666667."""
    rows = [
        target("day", to_day="03-01", day_start_hour="8"),
        target("day", from_day="03-02", value="4", day_start_hour="8"),
    ]
    tables = {"stations": [station()], "eflow_targets": rows}
    inside = (9.0, 8 * HOUR)
    for value, attained in ((2.666666, True), (2.666665, False)):
        _, judged = look(tables, discharge(inside, (value, DAY), (9.0, HOUR)))
        assert judged[-1][1:5] == (8 * HOUR, 8 * HOUR + DAY, True, attained)


def test_days_that_no_row_covers_are_not_judged() -> None:
    rows = [target("day", from_day="03-03", to_day="03-03"), target("day", from_day="03-05", to_day="03-05")]
    _, judged = look({"stations": [station()], "eflow_targets": rows}, discharge((1.0, 6 * DAY)))
    assert [row[1] // DAY for row in judged] == [2, 4]


def test_exempted_days_are_due_and_raise_nothing_and_the_ice_is_not_even_due() -> None:
    exemption = {"station": "S", "from": "2026-03-02", "to": "2026-03-02", "reason": "", "document": "1"}
    tables = {
        "stations": [station(ice_from="03-04", ice_to="03-05", dry_from="", dry_to="")],
        "eflow_targets": [target("day")],
        "exemptions": [exemption, {**exemption, "from": "2026-03-03", "to": "2026-03-03", "state": "refused"}],
    }
    truths, judged = look(tables, discharge((3.0, DAY), (1.0, 5 * DAY)))
    assert [(row[1] // DAY, row[5]) for row in judged] == [(0, False), (1, True), (2, False), (5, False)]
    assert shortfalls(truths) == [(2 * DAY, 6 * DAY, 0.5, False)]


def test_what_comes_in_may_be_all_that_is_owed() -> None:
    """Inflow 1.2 where 2 are owed: 1.2 is enough; unknown inflow is no excuse."""
    row = target("hour", inflow_rule="min_inflow", inflow_station="I")
    tables = {"stations": [station(), station(code="I")], "eflow_targets": [row]}
    inflow = [1.2] * HOUR + [NOBODY] * 7 + [1.2] * 5 + [5.0] * HOUR
    truths, judged = look(tables, {**discharge((1.2, 3 * HOUR)), ("I", Quantity.DISCHARGE): inflow})
    assert [row[4] for row in judged] == [True, False, False]
    assert shortfalls(truths) == [(HOUR, 3 * HOUR, 0.6, False)]


def test_levels_are_short_by_metres() -> None:
    tables = {"stations": [station()], "eflow_targets": [target("hour", quantity="stage", value="1")]}
    stage = [0.95] * HOUR + [0.7] * HOUR + [1.01] * HOUR + [1.02] * (2 * HOUR)
    truths, judged = look(tables, {("S", Quantity.STAGE): stage})
    assert shortfalls(truths) == [(0, 5 * HOUR, 0.3, True)]
    assert [row[4] for row in judged] == [False, False, True, True, True]


def test_ten_days_and_months_end_with_one_good_period() -> None:
    """March begins on the 1st: ten-days of 10, 10 and 11 days."""
    rows = [target("ten_day"), target("month")]
    course = discharge((1.0, 10 * DAY), (2.0, 21 * DAY), (1.0, DAY))
    truths, judged = look({"stations": [station(60)], "eflow_targets": rows}, course)
    assert [row[1:3] for row in judged if "ten_day" in row[0]] == [
        (0, 10 * DAY),
        (10 * DAY, 20 * DAY),
        (20 * DAY, 31 * DAY),
    ]
    assert shortfalls(truths) == [(0, 20 * DAY, 0.5, True), (0, 32 * DAY, 0.83871, False)]


def test_a_volume_is_added_up_and_what_is_missing_of_it_is_filled_with_the_mean() -> None:
    tables = {"stations": [station(10)], "eflow_targets": [target("hour", quantity="volume", value="120")]}
    volume = [10.0] * HOUR + [NOBODY] * 6 + [10.0] * 6 + [9.9] * HOUR
    _, judged = look(tables, {("S", Quantity.VOLUME): volume})
    assert [row[4] for row in judged] == [True, True, False]


def test_a_section_has_stopped_where_flow_and_stage_agree() -> None:
    tables = {
        "stations": [station(cease_stage_m="0.2")],
        "points": [{"station": "S", "quantity": "discharge", "zero_below": "0.01"}],
        "eflow_targets": [target("instant", value="0.001")],
    }
    flow = [1.0] * 3 + [0.01] * 20 + [0.02] * 12 + [0.03] * 12
    for stage, expected in ((0.1, [(3, 47)]), (0.5, [])):
        course = {**discharge(*((value, 1) for value in flow)), ("S", Quantity.STAGE): [stage] * 35 + [0.5] * 12}
        truths, _ = look(tables, course)
        stopped = [truth for truth in truths if truth.kind is TruthKind.FLOW_STOPPED]
        found = [((truth.start - START) // STEP_MS, (truth.end - START) // STEP_MS) for truth in stopped]
        assert found == expected
        assert all(truth.details["reason"] == "zero_discharge" for truth in stopped)
    assert HOUR * STEP_MS == HOUR_MS == 60 * MINUTE_MS


def test_a_section_may_stop_in_its_dry_season() -> None:
    """Dry until 1 March: what stops that afternoon counts from midnight on."""
    tables = {
        "stations": [station(dry_from="01-01", dry_to="03-01", ice_from="", ice_to="")],
        "eflow_targets": [target("day")],
    }
    truths, _ = look(tables, discharge((1.0, DAY // 2), (0.0, DAY)))
    assert [((one.start - START) // STEP_MS, one.kind) for one in truths] == [(DAY, TruthKind.FLOW_STOPPED)]


def test_targets_that_nobody_knows_the_truth_of_are_named() -> None:
    tables = {"stations": [station()], "eflow_targets": [target("day"), target("day", quantity="water_level")]}
    witness = Witness(tables, {("S", Quantity.DISCHARGE)}, zone_minutes=480, at=START)
    assert [duty.target_id for duty in witness.duties] == ["S:discharge:day:base"]
    assert witness.unseen == ("S:water_level:day:base",)
