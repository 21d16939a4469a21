"""Cases worked out by hand: what docs/alert-classes.md says of days, hours and instants, independent of any code."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

from .attainment import Counts, percent, rates
from .desk import Desk, at, days, levels, reading, slots, some, span

if TYPE_CHECKING:
    from pathlib import Path

    from .stream import Record

# Days


def test_the_reading_stamped_midnight_belongs_to_the_day_before(tmp_path: Path) -> None:
    """A day of 3.0 whose 24th reading, stamped 00:00 of the next date, drags its mean below the target.

    ::

        1 March 01:00 … 23:00   2 March 00:00 | 2 March 01:00 … 3 March 00:00
                2.1 x 23             -0.9     |            2.1 x 24
        mean of 1 March = (23 x 2.1 - 0.9) / 24 = 1.975 < 2      2 March = 2.1
    """
    alerts, line = Desk(tmp_path, "day").judge(slots("01 01:00", 60, [2.1] * 23 + [-0.9] + [2.1] * 24))
    assert [span(alert) for alert in alerts] == [["01 00:00", "02 00:00", None]]
    # 2.1 is exactly 1.05 x 2, but one such day does not resolve; it is yellow, and the latest yellow is shown.
    assert some(alerts[0], "level", "value", "ratio", "state") == ("yellow", 2.1, 1.05, "firing")
    assert alerts[0]["worst"] == {"ratio": 0.9875, "deficit_m": None, "at": at("02 00:00")}
    assert (line["due"], line["attained"]) == (2, 1)


def test_a_day_may_begin_at_8(tmp_path: Path) -> None:
    """The low hours 01:00 … 08:00 of 2 March belong to the day named 1 March.

    ::

        1 March 09:00 … 2 March 00:00 (16 x 3.0), 01:00 … 08:00 (8 x -0.6) | 09:00 … 3 March 08:00 (24 x 3.0)
        (48 - 4.8) / 24 = 1.8
    """
    desk = Desk(tmp_path, "day", day_start_hour="8")
    alerts, line = desk.judge(slots("01 09:00", 60, [3.0] * 16 + [-0.6] * 8 + [3.0] * 24))
    assert [span(alert) for alert in alerts] == [["01 08:00", "02 08:00", None]]
    # The second day is fine and shown, being the latest of the two yellows.
    assert some(alerts[0], "value", "ratio") == (3.0, 1.5)
    assert alerts[0]["window"] == {"from": at("02 08:00"), "to": at("03 08:00"), "expected": 24, "valid": 24}
    assert line["due"] == 2


@pytest.mark.parametrize(
    ("value", "level"),
    [
        (2.0, None),
        (1.999999, None),
        (1.999998, "yellow"),
        (1.6, "yellow"),
        (1.599999, "yellow"),
        (1.599998, "orange"),
        (1.0, "orange"),
        (0.999999, "orange"),
        (0.999998, "red"),
        (0.0, "red"),
    ],
)
def test_lower_bands_are_open_and_a_millionth_is_forgiven(tmp_path: Path, value: float, level: str | None) -> None:
    alerts, _ = Desk(tmp_path, "day").judge(days([value]))
    assert [alert["level"] for alert in alerts] == ([level] if level else [])


def test_a_day_alert_resolves_after_two_days_at_1_05_and_stays_open_between(tmp_path: Path) -> None:
    """The whole life of a day alert.

    ::

        day     1    2    3    4    5    6    7    8    9
        flow   2.0  1.8  0.9  1.5  2.05 2.1  2.05 2.1  2.2
        ratio  1.0  .9   .45  .75  1.025 1.05 1.025 1.05 1.1
        band    -   y    r    o    y    y    y    y    -
        level       y    r    r    o    y    y    y    resolved
    """
    alerts, line = Desk(tmp_path, "day").judge(days([2.0, 1.8, 0.9, 1.5, 2.05, 2.1, 2.05, 2.1, 2.2]))
    assert [span(alert) for alert in alerts] == [["02 00:00", "03 00:00", "10 00:00"]]
    assert levels(alerts[0]) == [
        ("yellow", "03 00:00"),
        ("red", "04 00:00"),
        ("orange", "06 00:00"),
        ("yellow", "07 00:00"),
    ]
    assert alerts[0]["worst"] == {"ratio": 0.45, "deficit_m": None, "at": at("04 00:00")}
    # The resolving day changes neither level nor value: day 8 stands.
    assert some(alerts[0], "state", "level", "value", "ratio") == ("resolved", "yellow", 2.1, 1.05)
    assert (line["due"], line["valid"], line["attained"]) == (9, 9, 6)
    assert (line["attainment"], line["pass"]) == (66.67, False)


def test_a_second_alert_names_the_one_before(tmp_path: Path) -> None:
    alerts, _ = Desk(tmp_path, "day").judge(days([1.0, 2.1, 2.1, 1.0]))
    assert [span(alert) for alert in alerts] == [["01 00:00", "02 00:00", "04 00:00"], ["04 00:00", "05 00:00", None]]
    assert [alert["previous_onset"] for alert in alerts] == [None, at("01 00:00")]


def test_unassessable_and_exempt_days_neither_fire_nor_resolve(tmp_path: Path) -> None:
    """Two good days with anything skipped between them are consecutive.

    ::

        day      1         2       3 exempt   4 (11 of 24)   5      6 exempt
        flow    1.0       2.1       0.1          0.1         2.1      0.1
                raised    1st         -           -        resolved    -
    """
    desk = Desk(tmp_path, "day")
    desk.tables.add("exemptions", station="S", **{"from": "2026-03-03", "to": "2026-03-03"}, state="approved")
    desk.tables.add("exemptions", station="S", **{"from": "2026-03-06", "to": "2026-03-06"})
    desk.tables.add("exemptions", station="S", **{"from": "2026-03-01", "to": "2026-03-01"}, state="filed")
    desk.tables.add("exemptions", station="S", **{"from": "2026-03-01", "to": "2026-03-01"}, target="another")
    records = days([1.0, 2.1, 0.1]) + slots("04 01:00", 60, [0.1] * 11) + days([2.1, 0.1], first=5)
    alerts, line = desk.judge(records)
    assert [span(alert) for alert in alerts] == [["01 00:00", "02 00:00", "06 00:00"]]
    # due 6, exempt 2; met: days 2 and 5 of 4 owed; assessable outside exempt days: 1, 2, 5.
    assert some(line, "due", "valid", "attained", "exempt") == (6, 5, 2, 2)
    assert some(line, "attainment", "attainment_strict", "attainment_valid") == (50.0, 50.0, 66.67)
    assert line["completeness"] == 90.97  # 131 of 144 slots


def test_exemptions_in_times_cover_only_days_wholly_inside(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "day")
    desk.tables.add("exemptions", station="S", **{"from": at("01 00:01"), "to": at("03 00:00")})
    alerts, line = desk.judge(days([1.0, 1.0, 1.0]))
    assert [span(alert) for alert in alerts] == [["01 00:00", "02 00:00", None]]
    assert line["exempt"] == 1


def test_a_date_exempts_the_day_named_by_it(tmp_path: Path) -> None:
    """With a day from 8 to 8, the date 1 March covers (1 March 08:00, 2 March 08:00]."""
    desk = Desk(tmp_path, "day", day_start_hour="8")
    desk.tables.add("exemptions", station="S", **{"from": "2026-03-01", "to": "2026-03-01"})
    alerts, line = desk.judge(slots("01 09:00", 60, [1.0] * 48))
    assert [span(alert) for alert in alerts] == [["02 08:00", "03 08:00", None]]
    assert line["exempt"] == 1


def test_a_switch_inside_a_day_weighs_the_targets_by_minutes(tmp_path: Path) -> None:
    """Day 28 February 08:00 … 1 March 08:00: 16 h at 3.0 and 8 h at 1.0 make (48 + 8) / 24 = 2.333333."""
    desk = Desk(tmp_path, "day", value="")
    shared = {"station": "S", "quantity": "discharge", "basis": "day", "day_start_hour": "8"}
    desk.tables.add("eflow_targets", **shared, from_day="11-01", to_day="02-28", value="3.0")
    desk.tables.add("eflow_targets", **shared, from_day="03-01", to_day="10-31", value="1.0")
    before = [reading(f"2026-02-28T{hour:02d}:00:00+08:00", 2.3) for hour in range(9, 24)]
    alerts, line = desk.judge(before + slots("01 00:00", 60, [2.3] * 33))
    assert [alert["onset"] for alert in alerts] == ["2026-02-28T08:00:00+08:00"]
    worst = alerts[0]["worst"]
    assert isinstance(worst, dict)
    assert worst["ratio"] == 0.985714  # 2.3 / 2.333333
    assert alerts[0]["target"] == 1.0  # the latest yellow is the day after: 2.3 against 1.0
    assert (line["due"], line["attained"]) == (2, 1)


def test_a_day_not_wholly_covered_by_rows_is_neither_judged_nor_due(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "day", day_start_hour="8", valid_from="2026-03-02")
    alerts, line = desk.judge(slots("01 09:00", 60, [1.0] * 72))
    assert [alert["onset"] for alert in alerts] == [at("02 08:00")]
    assert line["due"] == 2


def test_ice_makes_days_not_applicable(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "day")
    desk.tables.rows["stations"][0] |= {"ice_from": "11-15", "ice_to": "03-02"}
    alerts, line = desk.judge(days([1.0, 1.0, 1.0]))
    assert [alert["onset"] for alert in alerts] == [at("03 00:00")]
    assert some(line, "due", "valid", "exempt") == (1, 1, 0)


def test_a_levels_row_replaces_the_bound_of_its_own_level(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "day")
    row = {"class": "eflow_shortfall", "basis": "day", "level": "orange"}
    desk.tables.add("levels", **row, valid_from="2026-03-02", ratio_below="0.95")
    alerts, _ = desk.judge(days([1.8, 1.8, 0.9]))
    assert [levels(alert) for alert in alerts] == [
        [("yellow", "02 00:00"), ("orange", "03 00:00"), ("red", "04 00:00")]
    ]


def test_uncertainty_stands_beside_the_verdict(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "day")
    desk.tables.add("points", station="S", quantity="discharge", accuracy_pct="8", valid_to="2026-03-01")
    desk.tables.add("points", station="S", quantity="discharge", accuracy_pct="12.5", valid_from="2026-03-02")
    first, _ = desk.judge(days([1.8]))  # 1.8 x 1.08 = 1.944
    second, _ = desk.judge(days([1.8], first=2))  # 1.8 x 1.125 = 2.025
    assert some(first[0], "uncertainty_pct", "within_uncertainty") == (8.0, False)
    assert some(second[0], "uncertainty_pct", "within_uncertainty") == (12.5, True)


# Hours and the record


def test_null_fail_duplicate_and_correction(tmp_path: Path) -> None:
    """What counts of an hour of 30-min slots.

    ::

        01:00 (00:30: 1.0, then null; 01:00: 9.9 = FAIL)   -> mean 1.0, 1 of 2 valid = 50 %: assessable, failed
        02:00 (01:30: 1.0 corrected to 2.4; 02:00: null, then 2.2; 01:45: 1.0)
              -> slots 2.4 and (2.2 + 1.0) / 2 = 1.6, mean 2.0: met
    """
    desk = Desk(tmp_path, "hour", interval=30)
    desk.tables.add("points", station="S", quantity="discharge", min="0", max="5")
    records = [
        reading(at("01 00:30"), 1.0, at("01 00:31")),
        reading(at("01 00:30"), None, at("01 00:32")),
        reading(at("01 01:00"), 9.9, at("01 01:01")),
        reading(at("01 01:30"), 2.4, at("09 00:00")),
        reading(at("01 01:30"), 1.0, at("01 01:31")),
        reading(at("01 02:00"), None, at("01 02:01")),
        reading(at("01 02:00"), 2.2, at("01 03:31")),
        reading(at("01 01:45"), 1.0, at("01 03:16")),
    ]
    alerts, line = desk.judge(records)
    assert [span(alert) for alert in alerts] == [["01 00:00", "01 01:00", None]]
    # 02:00 is met and counts as yellow, but the worse of the last two hours is still the orange one.
    assert some(alerts[0], "level", "value", "ratio") == ("orange", 1.0, 0.5)
    assert some(line, "from", "to") == (at("01 00:00"), at("01 02:30"))
    # On time = by event time + 30 + 30 min: slots 00:30, 01:30 (first arrival counts), 02:00 (its null came in time).
    assert some(line, "due", "valid", "attained", "completeness", "timeliness") == (2, 2, 1, 75.0, 75.0)


def test_from_and_to_replace_the_judged_range(tmp_path: Path) -> None:
    """From < event time <= to; the day of 2 March alone is due, and 3 March has only 10 of 24 slots."""
    alerts, line = Desk(tmp_path, "day").judge(days([1.0, 1.0, 1.0]), start=at("02 00:00"), end=at("03 10:00"))
    assert [span(alert) for alert in alerts] == [["02 00:00", "03 00:00", None]]
    assert some(line, "from", "to", "due") == (at("02 00:00"), at("03 10:00"), 1)


def test_rejected_readings_are_not_judged(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "hour", interval=60)
    desk.tables.rows["stations"][0]["gateway"] = "g"
    foreign = reading(at("01 02:00"), 0.1) | {"topic": "watermaster/v1/other/up/json"}
    records: list[Record] = [
        reading(at("01 01:00"), 2.0),
        foreign,
        reading(at("01 03:00"), 0.1, at("01 02:49")),
        reading("2024-03-01T00:00:00+08:00", 0.1, at("01 03:00")),
        {"received_at": at("01 04:00"), "topic": "watermaster/v1/g/up/json", "payload": b'{"station": "S", "time": '},
    ]
    alerts, line = desk.judge(records)
    assert alerts == []
    assert some(line, "to", "due", "valid") == (at("01 02:00"), 2, 1)


# The formulas


@pytest.mark.parametrize(
    ("attained", "exempt", "expected"),
    [
        (308, 46, 96.55),
        (335, 30, 100),
        (337, 5, 93.61),
        (326, 31, 97.60),
        (356, 0, 97.53),
        (353, 0, 96.71),
        (227, 126, 94.98),
        (365, 25, 100),
    ],
)
def test_attainment_of_the_published_tables(attained: int, exempt: int, expected: float) -> None:
    """Shitai county 2025, 365 days each; published tables cut or round."""
    found = percent(rates(Counts(due=365, valid=365, attained=attained, exempt=exempt)).attainment)
    assert found == pytest.approx(expected, abs=0.01)


def test_exempt_days_pay_for_failed_ones_in_the_published_form_only() -> None:
    counts = Counts(due=10, valid=9, attained=8, exempt=2, valid_exempt=2, attained_exempt=2)
    assert rates(counts).attainment == 1
    assert rates(counts).strict == Fraction(6, 8)
    assert rates(counts).valid == Fraction(6, 7)
    assert rates(Counts(due=2, valid=0, attained=0, exempt=2)).attainment is None
