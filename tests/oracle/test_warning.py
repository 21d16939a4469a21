"""Warnings worked out by hand: a day that is going to fail, one that cannot be met any more, a flow that sinks.

The target is 2.0 m3/s by day, in slots of 60 min: a day needs 48 in its 24 slots.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

from .desk import Desk, at, days, levels, slots, some, span
from .outlook import needed_mean

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .alert import Line
    from .stream import Record

WARNING = "eflow_warning"


def reasons(alerts: list[Line]) -> list[list[object]]:
    """Reason, onset, raised_at and resolved_at of each."""
    return [[alert["reason"], *span(alert)] for alert in alerts]


def second_day(values: Sequence[float | None], usual: float = 5.0) -> list[Record]:
    """Make a first day of the usual flow, then the values of the second."""
    return days([usual]) + slots("02 01:00", 60, values)


# running


def test_running_is_raised_after_a_quarter_of_the_day_and_ends_after_2_h_of_not(tmp_path: Path) -> None:
    """The hour of 5.0 the day before keeps it from being unreachable.

    ::

        2 March    01 … 06   07    08     09
        flow         1.9     3.0   3.0    3.0
        mean         1.9    2.057 2.175
        running   from 06 on false false           onset 05:00 = start of the slot that ends at 06:00
    """
    desk = Desk(tmp_path, "day")
    alerts = desk.alerts(second_day([1.9] * 6 + [3.0] * 3), WARNING)
    assert reasons(alerts) == [["running", "02 05:00", "02 06:00", "02 08:00"]]
    assert levels(alerts[0]) == [("blue", "02 06:00")]
    assert some(alerts[0], "value", "target", "target_id", "basis") == (1.9, 2.0, "S:discharge:day:base", "day")
    assert desk.alerts(second_day([1.9] * 5), WARNING) == []


def test_a_false_hour_alone_does_not_end_it(tmp_path: Path) -> None:
    """The mean is 2.0 at 07:00 (6 x 1.9 + 2.6), 1.95 at 08:00, then 2.0 and 2.0."""
    alerts = Desk(tmp_path, "day").alerts(second_day([1.9] * 6 + [2.6, 1.6, 2.4, 2.0]), WARNING)
    assert reasons(alerts) == [["running", "02 05:00", "02 06:00", "02 10:00"]]


def test_running_needs_half_of_the_slots_so_far(tmp_path: Path) -> None:
    """Nothing before 12:00: at 22:00 eleven of 22 slots are there."""
    alerts = Desk(tmp_path, "day").alerts(second_day([None] * 11 + [1.9] * 11), WARNING)
    assert reasons(alerts) == [["running", "02 21:00", "02 22:00", None]]


def test_the_end_of_the_day_ends_the_warning_and_so_does_the_shortfall(tmp_path: Path) -> None:
    """The day fails by its last hours or just not: both at midnight; the next day has no warning under a shortfall."""
    desk = Desk(tmp_path, "day")
    fails = second_day([1.9] * 24) + slots("03 01:00", 60, [1.9] * 24)
    assert reasons(desk.alerts(fails, WARNING)) == [["running", "02 05:00", "02 06:00", "03 00:00"]]
    assert [span(alert) for alert in desk.alerts(fails, "eflow_shortfall")] == [["02 00:00", "03 00:00", None]]
    just_met = second_day([1.9] * 23 + [4.3])
    assert reasons(desk.alerts(just_met, WARNING)) == [["running", "02 05:00", "02 06:00", "03 00:00"]]
    assert desk.alerts(just_met, "eflow_shortfall") == []


def test_there_is_no_warning_in_an_exempt_day_nor_in_the_ice(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "day")
    desk.tables.add("exemptions", station="S", **{"from": "2026-03-02", "to": "2026-03-02"})
    assert desk.alerts(second_day([1.0] * 20), WARNING) == []
    desk.tables.rows["exemptions"].clear()
    assert len(desk.alerts(second_day([1.0] * 20), WARNING)) == 1
    desk.station(ice_from="03-01", ice_to="03-02")
    assert desk.alerts(second_day([1.0] * 20), WARNING) == []


def test_a_release_of_all_inflow_is_held_against_the_inflow_so_far(tmp_path: Path) -> None:
    """What comes later says nothing of now.

    ::

        2 March          01 … 12   13    14    15
        inflow             1.5    3.0   3.0   3.0      mean so far 1.5, 1.615, 1.714, 1.8
        flow               1.5    1.5   1.5   1.5      running from 13:00 on
    """
    desk = Desk(tmp_path, "day", inflow_rule="min_inflow", inflow_station="U")
    desk.tables.add("stations", station="U", interval_min="60")
    inflow = slots("02 01:00", 60, [1.5] * 12 + [3.0] * 3, station="U")
    alerts = desk.alerts(second_day([1.5] * 15) + inflow, WARNING)
    assert reasons(alerts) == [["running", "02 12:00", "02 13:00", None]]
    assert alerts[0]["target"] == 1.8  # so far, at the last slot in which it was true


def test_metres_and_ten_days_run_too(tmp_path: Path) -> None:
    """A quarter of ten days is 60 h; of stage means count as of any other quantity."""
    desk = Desk(tmp_path, "ten_day", quantity="stage", value="2.0")
    alerts = desk.alerts(days([2.5, 1.99, 1.0, 1.0], quantity="stage"), WARNING)
    # 24 x 2.5 + 24 x 1.99 = 107.76; with n hours of 1.0 the mean falls below 2.0 at n = 12, that is after 60 h.
    assert reasons(alerts)[0] == ["running", "03 11:00", "03 12:00", None]


# unreachable


def test_the_mean_that_the_rest_needs() -> None:
    """A day of four slots against 2.0; lost slots so far are lost, the rest is taken to be complete."""
    assert needed_mean(Fraction(2), [1], 3) == Fraction(7, 3)
    assert needed_mean(Fraction(2), [1, 1], 2) == 3
    assert needed_mean(Fraction(2), [], 2) == 2
    assert needed_mean(Fraction(2), [5, 5], 1) == -4


def test_unreachable_where_no_hour_of_the_last_7_days_had_what_is_needed(tmp_path: Path) -> None:
    """The largest hour is 2.5; after n dry hours the rest needs 48 / (24 - n).

    ::

        n          4      5      6              7
        needed    2.4   2.526  (48 - 10) / 18  (48 - 20) / 17
        flow       0      0     10             10                 10 is now the largest: false, for 2 h at 07:00
    """
    alerts = Desk(tmp_path, "day").alerts(second_day([0.0] * 5 + [10.0] * 3, usual=2.5), WARNING)
    assert reasons(alerts) == [["unreachable", "02 04:00", "02 05:00", "02 07:00"]]


def test_another_reason_that_still_holds_raises_the_next_warning(tmp_path: Path) -> None:
    """An alert ends by its own reason; running has been true since the slot that ended at 06:00.

    ::

        2 March   05      06           07
        flow      0.0     3.0          3.0
        needed   2.526  45 / 18 = 2.5  42 / 17 = 2.47      the largest hour is 3.0: reachable again
        mean      -      0.5          0.86                 running
    """
    alerts = Desk(tmp_path, "day").alerts(second_day([0.0] * 5 + [3.0] * 2, usual=2.5), WARNING)
    assert reasons(alerts) == [
        ["unreachable", "02 04:00", "02 05:00", "02 07:00"],
        ["running", "02 05:00", "02 07:00", None],
    ]
    assert alerts[1]["previous_onset"] == at("02 04:00")


def test_what_flowed_more_than_7_days_ago_is_forgotten(tmp_path: Path) -> None:
    """One hour of 9.0 ends on 1 March 05:00; on 8 March it lies in the 7 days up to 04:00, and no longer at 05:00.

    ::

        8 March      01 … 04   05
        flow           0.0     0.0       needed 48 / 20 = 2.4 of 9.0, then 48 / 19 = 2.53 of 2.3
    """
    usual = slots("01 01:00", 60, [2.3] * 4 + [9.0] + [2.3] * (7 * 24 - 5))
    alerts = Desk(tmp_path, "day").alerts(usual + slots("08 01:00", 60, [0.0] * 6), WARNING)
    assert reasons(alerts) == [["unreachable", "08 04:00", "08 05:00", None]]


# band


SINKS = [3.0] * 6 + [2.3, 2.2]


def test_band_is_two_periods_near_the_target_and_below_the_six_before(tmp_path: Path) -> None:
    """Days 7 and 8 at 1.15 and 1.1; days 10 and 11 at 1.25 end it."""
    alerts = Desk(tmp_path, "day").alerts(days([*SINKS, 2.49, 2.5, 2.5]), WARNING)
    assert reasons(alerts) == [["band", "07 00:00", "09 00:00", "12 00:00"]]


@pytest.mark.parametrize(
    "values",
    [
        [3.0] * 5 + [2.3, 2.2],
        [3.0] * 6 + [2.4, 2.2],
        [3.0] * 6 + [2.3, 3.0, 2.3],
        [2.25] * 6 + [2.2, 2.25],
    ],
    ids=["five before", "1.2 is outside", "not in a row", "one is not below the mean of the six"],
)
def test_band_is_not_raised(tmp_path: Path, values: list[float]) -> None:
    assert Desk(tmp_path, "day").alerts(days(values), WARNING) == []


def test_band_is_off_for_plants_and_for_levels(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "day")
    desk.station(plant="P", section_role="dam")
    assert desk.alerts(days(SINKS), WARNING) == []
    desk.station(plant="", kind="plant")
    assert desk.alerts(days(SINKS), WARNING) == []
    assert Desk(tmp_path, "day", quantity="stage").alerts(days(SINKS, quantity="stage"), WARNING) == []


def test_a_shortfall_ends_band(tmp_path: Path) -> None:
    alerts = Desk(tmp_path, "hour").alerts(slots("01 01:00", 60, [*SINKS, 1.9]), WARNING)
    assert reasons(alerts) == [["band", "01 06:00", "01 08:00", "01 09:00"]]
