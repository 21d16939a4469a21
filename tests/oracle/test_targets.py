"""Targets of every quantity and basis worked out by hand: metres, volumes, ten-days, months, inflow, seasons."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from .clock import DAY, HOUR, format_time, midnight
from .desk import YEAR, Desk, at, days, levels, slots, some, span
from .oracle import judge
from .parts import SHORTFALLS
from .period import cut
from .register import in_season

if TYPE_CHECKING:
    from pathlib import Path

# Metres


@pytest.mark.parametrize("quantity", ["stage", "water_level"])
@pytest.mark.parametrize(
    ("value", "level"),
    [
        (1.2, None),
        (1.199999, None),
        (1.199998, "yellow"),
        (1.1, "yellow"),
        (1.099999, "yellow"),
        (1.099998, "orange"),
        (0.9, "orange"),
        (0.899999, "orange"),
        (0.899998, "red"),
    ],
)
def test_metres_of_deficit_decide_for_levels(tmp_path: Path, quantity: str, value: float, level: str | None) -> None:
    """Yellow < 0.10 m, orange 0.10 … 0.30, red > 0.30; lower bands are open and a millionth is forgiven."""
    desk = Desk(tmp_path, "day", quantity=quantity, value="1.2")
    alerts, _ = desk.judge(days([value], quantity=quantity))
    assert [alert["level"] for alert in alerts] == ([level] if level else [])


def test_a_level_has_no_ratio_and_recovers_by_two_centimetres(tmp_path: Path) -> None:
    """The whole life of an alert in metres.

    ::

        day      1     2     3     4     5     6
        stage   1.15  0.85  1.22  1.21  1.22  1.22    target 1.20, recovery 1.22
        deficit 0.05  0.35   -     -     -     -
        level    y     r     r     y     y    resolved
    """
    desk = Desk(tmp_path, "day", quantity="stage", value="1.2")
    alerts, line = desk.judge(days([1.15, 0.85, 1.22, 1.21, 1.22, 1.22], quantity="stage"))
    assert [span(alert) for alert in alerts] == [["01 00:00", "02 00:00", "07 00:00"]]
    assert levels(alerts[0]) == [("yellow", "02 00:00"), ("red", "03 00:00"), ("yellow", "05 00:00")]
    assert alerts[0]["worst"] == {"ratio": None, "deficit_m": 0.35, "at": at("03 00:00")}
    assert some(alerts[0], "value", "target", "ratio") == (1.22, 1.2, None)
    assert line["attained"] == 4


def test_an_authority_has_deficits_of_its_own(tmp_path: Path) -> None:
    """The row for all says 0.05, that of A1 says 0.02; a row of ratios replaces no deficit."""
    desk = Desk(tmp_path, "day", quantity="stage", value="1.2")
    row = {"class": "eflow_shortfall", "basis": "day", "valid_from": "2020-01-01"}
    desk.tables.add("levels", **row, level="orange", deficit_m="0.05")
    desk.tables.add("levels", **row, level="red", authority="A1", ratio_below="0.99")
    desk.tables.add("levels", **row, level="orange", authority="A1", deficit_m="0.02")
    for authority, expected in (("", "yellow"), ("A1", "orange"), ("A2", "yellow")):
        desk.station(authority=authority)
        alerts, _ = desk.judge(days([1.17], quantity="stage"))
        assert [alert["level"] for alert in alerts] == [expected]


# Volumes


def test_a_slot_of_volume_is_a_sum_and_a_day_is_as_many_means_as_slots(tmp_path: Path) -> None:
    """Two readings of 1.0 an hour make 2.0; 12 such hours of 24 make 24 x 2.0 = 48.0; 11 are too few."""
    desk = Desk(tmp_path, "day", quantity="volume", value="48.000002")
    half_hours = slots("01 00:30", 30, [1.0] * 24, "volume")
    assert desk.judge(half_hours)[0] == []  # the stream ends at noon, and the day is not over
    alerts, line = desk.judge(half_hours, end=at("02 00:00"))
    assert [span(alert) for alert in alerts] == [["01 00:00", "02 00:00", None]]
    assert some(alerts[0], "value", "target", "ratio", "level") == (48.0, 48.000002, 1.0, "yellow")
    assert some(line, "due", "valid") == (1, 1)
    assert desk.judge(half_hours[:-2], end=at("02 00:00"))[0] == []


def test_sums_of_60_min_are_held_against_the_volume_of_a_slot(tmp_path: Path) -> None:
    """Instant: slots of 30 min of 1.5 and 1.0 m3; their mean is 1.25 of 2.0."""
    desk = Desk(tmp_path, "instant", interval=30, quantity="volume")
    alerts, _ = desk.judge(slots("01 00:30", 30, [1.5, 1.0], "volume"))
    assert some(alerts[0], "value", "ratio", "level") == (1.25, 0.625, "orange")


# Ten-days and months


def test_ten_days_and_months_begin_at_the_start_hour_of_their_first_day() -> None:
    first, last = midnight(date(2024, 2, 15)), midnight(date(2024, 3, 2))
    ten_days = [
        (format_time(start, 0)[5:13], format_time(end, 0)[5:13])
        for start, end in cut("ten_day", DAY, 8 * HOUR, first, last)
    ]
    assert ten_days == [("02-11T08", "02-21T08"), ("02-21T08", "03-01T08"), ("03-01T08", "03-11T08")]
    months = [
        (format_time(start, 0)[:13], format_time(end, 0)[:13]) for start, end in cut("month", DAY, 0, first, last)
    ]
    assert months == [("2024-02-01T00", "2024-03-01T00"), ("2024-03-01T00", "2024-04-01T00")]


def test_the_first_hours_of_a_month_belong_to_the_one_before(tmp_path: Path) -> None:
    """Days from 8 to 8: what is stamped 1 March 08:00 is February's, and alone too little to judge it by."""
    desk = Desk(tmp_path, "month", day_start_hour="8", min_valid_pct="0.1")
    alerts, _ = desk.judge(slots("01 08:00", 60, [1.0] + [3.0] * 24))
    assert [alert["onset"] for alert in alerts] == ["2026-02-01T08:00:00+08:00"]
    assert [alert["raised_at"] for alert in alerts] == [at("01 08:00")]


@pytest.mark.parametrize("quantity", ["discharge", "stage"])
def test_one_ten_day_that_is_met_resolves(tmp_path: Path, quantity: str) -> None:
    """At 1.00; levels at 2 cm more.

    ::

        ten-day    1 … 10   11 … 20   21 … 31
        flow         1.0      2.0       2.0        resolved 21 March 00:00
        stage        1.0      2.01      2.02       resolved 1 April 00:00
    """
    values = [1.0] * 10 + ([2.0] * 21 if quantity == "discharge" else [2.01] * 10 + [2.02] * 11)
    alerts, line = Desk(tmp_path, "ten_day", quantity=quantity).judge(days(values, quantity=quantity))
    resolved = "21 00:00" if quantity == "discharge" else "01 00:00"
    assert [span(alert) for alert in alerts] == [["01 00:00", "11 00:00", resolved]]
    assert some(line, "due", "attained", "attainment") == (3, 2, 66.67)


def test_a_switch_inside_a_month_weighs_the_targets_by_minutes(tmp_path: Path) -> None:
    """15 days at 3.0 and 16 at 1.0 make 61 / 31 = 1.967742; a millionth less is forgiven."""
    desk = Desk(tmp_path, "month", value="")
    shared = {"station": "S", "quantity": "discharge", "basis": "month"}
    desk.tables.add("eflow_targets", **shared, from_day="12-01", to_day="03-15", value="3.0")
    desk.tables.add("eflow_targets", **shared, from_day="03-16", to_day="11-30", value="1.0")
    assert desk.judge(days([1.967741] * 31))[0] == []
    alerts, _ = desk.judge(days([1.96774] * 31))
    assert some(alerts[0], "value", "target", "ratio", "level") == (1.96774, 1.967742, 0.999999, "yellow")


def test_a_month_with_a_gap_between_its_rows_is_neither_judged_nor_due(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "month", to_day="03-15")
    desk.tables.add(
        "eflow_targets", station="S", quantity="discharge", basis="month", value="2.0", from_day="03-17", to_day="12-31"
    )
    alerts, line = desk.judge(days([1.0] * 31))
    assert alerts == []
    assert line["due"] == 0


@pytest.mark.parametrize(
    ("from_day", "to_day", "inside", "outside"),
    [
        ("01-01", "12-31", ["2026-01-01", "2026-12-31", "2024-02-29"], []),
        ("11-01", "03-31", ["2025-12-31", "2026-01-01", "2026-03-31", "2026-11-01"], ["2026-04-01", "2026-10-31"]),
        ("02-01", "02-28", ["2024-02-28", "2024-02-29"], ["2024-03-01", "2024-01-31"]),
        ("03-01", "03-01", ["2026-03-01"], ["2026-02-28", "2026-03-02"]),
    ],
)
def test_seasons_run_over_the_new_year(from_day: str, to_day: str, inside: list[str], outside: list[str]) -> None:
    found = [in_season(from_day, to_day, date.fromisoformat(day)) for day in inside + outside]
    assert found == [True] * len(inside) + [False] * len(outside)


# Several targets, and whose water counts


def test_targets_of_one_station_are_judged_each_by_itself(tmp_path: Path) -> None:
    """A base flow of 1.0 that is kept, a release of 2.0 that is not, an exemption for a dispatch order of 3.0."""
    desk = Desk(tmp_path, "day", value="1.0")
    cells = {"station": "S", "quantity": "discharge", "basis": "day"} | YEAR
    desk.tables.add("eflow_targets", **cells, value="2.0", kind="min_release")
    desk.tables.add("eflow_targets", **cells, value="3.0", kind="dispatch", target="ORDER-7")
    desk.tables.add("exemptions", station="S", target="ORDER-7", **{"from": "2026-03-01", "to": "2026-03-01"})
    alerts, lines = judge(days([1.5]), desk.tables.write(tmp_path), parts=SHORTFALLS)
    assert [alert["target_id"] for alert in alerts] == ["S:discharge:day:min_release"]
    assert [some(line, "target_id", "attained", "exempt") for line in lines] == [
        ("S:discharge:day:base", 1, 0),
        ("S:discharge:day:min_release", 0, 0),
        ("ORDER-7", 0, 1),
    ]


def test_dam_and_tailrace_have_duties_of_their_own(tmp_path: Path) -> None:
    """Generation flow in the tailrace is no release below the dam."""
    desk = Desk(tmp_path, "day")
    desk.station(plant="P", section_role="dam")
    desk.tables.add("stations", station="T", interval_min="60", plant="P", section_role="tailrace")
    desk.tables.add("eflow_targets", station="T", quantity="discharge", basis="day", value="2.0", **YEAR)
    records = days([0.0]) + slots("01 01:00", 60, [30.0] * 24, station="T")
    alerts, lines = judge(records, desk.tables.write(tmp_path), parts=SHORTFALLS)
    assert [alert["target_id"] for alert in alerts] == ["S:discharge:day:base"]
    assert [line["attained"] for line in lines] == [0, 1]


@pytest.mark.parametrize(
    ("inflow", "expected"),
    [
        ([1.5] * 24, []),
        ([1.5] * 12 + [None] * 12, []),
        ([1.5] * 11 + [None] * 13, ["orange"]),
        ([3.0] * 24, ["orange"]),
        ([1.500002] * 24, ["yellow"]),
        ([None] * 24, ["orange"]),
    ],
    ids=["all of it released", "half known", "too little known", "more than the target", "a little kept", "unknown"],
)
def test_who_releases_all_inflow_keeps_his_duty(
    tmp_path: Path, inflow: list[float | None], expected: list[str]
) -> None:
    """min(target, inflow) where at least half of the inflow's slots of the same window are valid, else the target."""
    desk = Desk(tmp_path, "day", inflow_rule="min_inflow", inflow_station="U")
    desk.tables.add("stations", station="U", interval_min="60")
    alerts, _ = desk.judge(days([1.5]) + slots("01 01:00", 60, inflow, station="U"))
    assert [alert["level"] for alert in alerts] == expected


def test_inflow_in_longer_slots_counts_for_the_slot_that_ends_with_it(tmp_path: Path) -> None:
    """Slots of 30 min against 1.0 at 01:00 and 02:00 only: the first of each hour has the full target.

    ::

        end     00:30  01:00  01:30  02:00
        flow     1.5    1.5    1.5    1.5
        target   2.0    1.0    2.0    1.0      no 60 min of low slots
    """
    desk = Desk(tmp_path, "instant", interval=30, inflow_rule="min_inflow", inflow_station="U")
    desk.tables.add("stations", station="U", interval_min="60")
    alerts, line = desk.judge(slots("01 00:30", 30, [1.5] * 4) + slots("01 01:00", 60, [1.0, 1.0], station="U"))
    assert alerts == []
    assert line["attained"] == 2


# What does not count


def test_dates_exempt_a_ten_day_only_if_they_name_all_its_days(tmp_path: Path) -> None:
    """Nine of ten days are not enough, nor are two rows that adjoin."""
    desk = Desk(tmp_path, "ten_day")
    desk.tables.add("exemptions", station="S", **{"from": "2026-03-01", "to": "2026-03-09"})
    desk.tables.add("exemptions", station="S", **{"from": "2026-03-10", "to": "2026-03-20"})
    alerts, line = desk.judge(days([1.0] * 20))
    assert [span(alert) for alert in alerts] == [["01 00:00", "11 00:00", None]]
    assert some(line, "due", "valid", "exempt") == (2, 2, 1)


@pytest.mark.parametrize(("state", "counts"), [("", True), ("approved", True), ("filed", False), ("refused", False)])
def test_an_exemption_counts_when_it_is_approved_or_says_nothing(tmp_path: Path, state: str, *, counts: bool) -> None:
    desk = Desk(tmp_path, "day")
    desk.tables.add("exemptions", station="S", state=state, **{"from": "2026-03-01", "to": "2026-03-01"})
    alerts, line = desk.judge(days([1.0]))
    assert (len(alerts), line["exempt"]) == ((0, 1) if counts else (1, 0))


def test_a_season_covers_a_ten_day_only_if_all_its_days_lie_in_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "ten_day")
    desk.station(dry_from="02-15", dry_to="03-15")
    alerts, line = desk.judge(days([1.0] * 20))
    assert [span(alert) for alert in alerts] == [["11 00:00", "21 00:00", None]]
    assert line["due"] == 1


def test_maintenance_mutes_the_notification_never_the_verdict(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "day")
    expected = desk.judge(days([1.0, 1.8]))
    window = {"from": at("01 00:00"), "to": at("03 00:00")}
    desk.tables.add("maintenance", id="M1", scope="station", code="S", kind="planned", **window)
    assert desk.judge(days([1.0, 1.8])) == expected
