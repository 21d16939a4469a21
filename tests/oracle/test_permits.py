"""``over_plan``, ``permit_expired`` and ``unregistered_source`` worked out by hand (docs/decisions/0092-taking.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .desk import Desk, at, levels, reading, slots, some, span

if TYPE_CHECKING:
    from pathlib import Path

    from .alert import Line
    from .stream import Record


def permitted(path: Path, annual: str = "1000", **permit: str) -> Desk:
    """S has a total in m3, and a permit of 1,000 m3 a year."""
    desk = Desk(path)
    desk.tables.add("intakes", station="S", design_max_m3s="0.5", permit="P")
    desk.tables.add("points", station="S", quantity="volume_total", resolution="1")
    cells = {"permit": "P", "holder": "H", "division": "520103", "source": "surface", "valid_from": "2020-01-01"}
    desk.tables.add("permits", **cells | {"annual_m3": annual} | permit)
    return desk


def total(first: str, *values: float) -> list[Record]:
    """Totals, one an hour."""
    return slots(first, 60, values, "volume_total")


def told(alerts: list[Line]) -> list[list[object]]:
    """Reason, onset, raised_at, resolved_at of each."""
    return [[alert["reason"], *span(alert)] for alert in alerts]


# over_plan


@pytest.mark.parametrize(
    ("taken", "level"),
    [
        (899, None),
        (900, "blue"),
        (1000, "blue"),
        (1001, "yellow"),
        (1099, "yellow"),
        (1100, "orange"),
        (1299, "orange"),
        (1300, "red"),
    ],
)
def test_the_year_by_its_shares(tmp_path: Path, taken: int, level: str | None) -> None:
    alerts = permitted(tmp_path).alerts(total("01 01:00", 7, 7 + taken), "over_plan")
    assert [alert["level"] for alert in alerts] == ([level] if level else [])


def test_what_was_taken_counts_by_the_hour_and_shows_what_is_known(tmp_path: Path) -> None:
    """Since 1 January there were 59 days of hours, of which two are known."""
    alerts = permitted(tmp_path).alerts(total("01 01:00", 0, 950), "over_plan")
    assert told(alerts) == [["over_plan", "01 02:00", "01 02:00", None]]
    assert some(alerts[0], "value", "target", "ratio", "subject") == (950, 1000, 0.95, {"kind": "permit", "code": "P"})
    window = {"from": "2026-01-01T00:00:00+08:00", "to": at("01 02:00"), "expected": 59 * 24 + 2, "valid": 2}
    assert alerts[0]["window"] == window


def test_the_plan_of_the_year_counts_and_what_was_traded(tmp_path: Path) -> None:
    """A plan of 800; from 2 March on 400 more, and then 950 of 1,200 is nothing."""
    desk = permitted(tmp_path)
    desk.tables.add("plans", permit="P", month="2026", volume_m3="800")
    desk.tables.add("permit_changes", permit="P", delta_m3="400", reason="adjust", **{"from": "2026-03-02"})
    alerts = desk.alerts([*total("01 01:00", 0, 950), *slots("01 03:00", 60, [950] * 24, "volume_total")], "over_plan")
    assert told(alerts) == [["over_plan", "01 02:00", "01 02:00", "02 01:00"]]
    assert levels(alerts[0]) == [("orange", "01 02:00")]


def test_twelve_months_are_a_plan_and_eleven_are_none(tmp_path: Path) -> None:
    for months, found in ((12, 1), (11, 0)):
        desk = permitted(tmp_path)
        for month in range(1, months + 1):
            desk.tables.add("plans", permit="P", month=f"2026-{month:02d}", volume_m3="10")
        assert len(desk.alerts(total("01 01:00", 0, 110), "over_plan")) == found


def test_a_share_of_an_intake_counts_for_a_permit(tmp_path: Path) -> None:
    """Half of 1,900; what no share says is left to the others."""
    desk = permitted(tmp_path)
    desk.tables.rows["intakes"][0]["permit"] = ""
    desk.tables.add("permits", **desk.tables.rows["permits"][0] | {"permit": "Q"})
    desk.tables.add("permit_intakes", permit="P", intake="S", share="0.5")
    desk.tables.add("permit_intakes", permit="Q", intake="S")
    alerts = desk.alerts(total("01 01:00", 0, 1900), "over_plan")
    assert [some(alert, "subject", "value") for alert in alerts] == [
        ({"kind": "permit", "code": "P"}, 950),
        ({"kind": "permit", "code": "Q"}, 950),
    ]


def test_a_jump_of_the_counter_is_no_take(tmp_path: Path) -> None:
    """Twice 0.5 m3/s for an hour, and two steps: 3,602 m3."""
    for gained, found in ((3602, 1), (3603, 0)):
        assert len(permitted(tmp_path).alerts(total("01 01:00", 0, gained), "over_plan")) == found


def test_over_a_change_of_the_meter_both_meters_count(tmp_path: Path) -> None:
    """500 to 900 by the old one, 20 to 570 by the new one: 950."""
    desk = permitted(tmp_path)
    change = {"station": "S", "quantity": "volume_total", "at": at("01 01:30")}
    desk.tables.add("meter_changes", **change, old_final="900", new_initial="20")
    alerts = desk.alerts(total("01 01:00", 500, 570), "over_plan")
    assert [alert["value"] for alert in alerts] == [950]


def test_a_total_that_rolls_over_goes_on(tmp_path: Path) -> None:
    desk = permitted(tmp_path)
    desk.tables.rows["points"][0] |= {"counter_max": "99999"}
    alerts = desk.alerts(total("01 01:00", 99_500, 450), "over_plan")
    assert [alert["value"] for alert in alerts] == [950]


def test_28_days_like_these_would_use_it_up(tmp_path: Path) -> None:
    """1 m3 an hour since 1 March: at the 00:00 after 14 days half of the 28 is known; 24 × 14 / 28 = 12 m3 a day.

    335 m3 so far, and 12 m3 (335 / 28) a day on 292 days to come: 3,828. Of 4,000 that is nothing, of 3,800 too much.
    """
    for annual, found in (("4000", 0), ("3800", 1)):
        desk = permitted(tmp_path, annual)
        alerts = desk.alerts(slots("01 01:00", 60, list(range(24 * 14)), "volume_total"), "over_plan")
        assert told(alerts) == [["forecast", "15 00:00", "15 00:00", None]] * found
        for alert in alerts:
            assert some(alert, "level", "value") == ("blue", 335)
            assert alert["estimate"]["volume_m3"] == pytest.approx(335 + 335 / 28 * 292)  # type: ignore[index]


# permit_expired


def test_a_permit_nears_its_end_and_ends(tmp_path: Path) -> None:
    """Its last day is 2 March: expiring from 90 days before on, expired from 3 March on; on 3 March water is taken."""
    desk = permitted(tmp_path, "9999999", valid_to="2026-03-02")
    alerts = desk.alerts(
        [*total("01 12:00", *[5] * 48), *total("03 12:00", *range(5, 15), *[15] * 50)], "permit_expired"
    )
    assert told(alerts) == [
        ["expiring", "03 00:00", "02 00:00", "03 00:00"],
        ["expired", "03 00:00", "03 00:00", None],
    ]
    assert str(alerts[0]["onset"]).startswith("2025-12-03")
    assert levels(alerts[1]) == [("blue", "03 00:00"), ("orange", "04 00:00"), ("blue", "05 00:00")]


def test_while_a_renewal_is_undecided_nothing_has_expired(tmp_path: Path) -> None:
    desk = permitted(tmp_path, valid_to="2026-03-02", state="renewal")
    assert desk.alerts(total("01 12:00", *[5] * 90), "permit_expired") == []


def test_a_new_row_ends_it_and_a_sealed_intake_too(tmp_path: Path) -> None:
    desk = permitted(tmp_path, valid_to="2026-03-02")
    desk.tables.add("permits", **desk.tables.rows["permits"][0] | {"valid_from": "2026-03-05", "valid_to": ""})
    records = total("01 12:00", *[5] * 120)
    assert told(desk.alerts(records, "permit_expired"))[1] == ["expired", "03 00:00", "03 00:00", "05 00:00"]
    desk.tables.rows["intakes"][0]["status"] = "retired"
    assert desk.alerts(records, "permit_expired") == []


def test_who_takes_while_suspended_is_red(tmp_path: Path) -> None:
    desk = permitted(tmp_path, "9999999", state="suspended")
    alerts = desk.alerts(total("01 12:00", *range(5, 17), *[17] * 30), "permit_expired")
    assert told(alerts) == [["suspended", "01 00:00", "02 00:00", None]]
    assert levels(alerts[0]) == [("red", "02 00:00"), ("blue", "03 00:00")]


def test_water_taken_without_a_permit(tmp_path: Path) -> None:
    """The total moves in the hour after 13:00; a permit from 4 March on ends it, and a ground of exemption too."""
    desk = permitted(tmp_path, "9999999", valid_from="2026-03-04")
    records = total("01 13:00", 5, *[9] * 90)
    alerts = desk.alerts(records, "permit_expired")
    assert told(alerts) == [["missing", "01 13:00", "02 00:00", "04 00:00"]]
    assert levels(alerts[0]) == [("orange", "02 00:00"), ("blue", "03 00:00")]
    desk.tables.rows["intakes"][0]["exempt_ground"] = "household"
    assert desk.alerts(records, "permit_expired") == []


# unregistered_source


def stranger(time: str, value: float = 0.0, station: str = "X", gateway: str = "g") -> Record:
    """A message of somebody."""
    record = reading(at(time), value, station=station)
    return record | {"topic": f"watermaster/v1/{gateway}/up/json"}


def test_three_messages_over_ten_minutes_are_a_source_that_nobody_registered(tmp_path: Path) -> None:
    """The third comes too soon, the fourth says that water flows."""
    desk = Desk(tmp_path)
    three = [stranger(f"01 00:{minute:02d}") for minute in (1, 3, 10)]
    assert desk.alerts(three, "unregistered_source") == []
    alerts = desk.alerts([*three, stranger("01 00:11"), stranger("01 00:20", 0.3)], "unregistered_source")
    assert told(alerts) == [["unknown_station", "01 00:01", "01 00:11", None]]
    assert some(alerts[0], "subject", "gateway") == ({"kind": "address", "code": "X"}, "g")
    assert levels(alerts[0]) == [("blue", "01 00:11"), ("yellow", "01 00:20")]


def test_a_station_of_another_gateway_is_no_station_of_this_one(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.station(gateway="h")
    records = [stranger(f"01 00:{minute:02d}", station="S") for minute in (1, 3, 15)]
    assert told(desk.alerts(records, "unregistered_source")) == [["wrong_gateway", "01 00:01", "01 00:15", None]]


def test_it_is_over_when_it_is_registered_or_silent_for_30_days(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    records = [*(stranger(f"01 00:{minute:02d}") for minute in (1, 3, 15)), reading(at("04-20 00:00"), 1.0)]
    assert told(desk.alerts(records, "unregistered_source")) == [
        ["unknown_station", "01 00:01", "01 00:15", "31 00:15"]
    ]
    desk.tables.add("stations", station="X", interval_min="60", valid_from="2026-03-07")
    assert told(desk.alerts(records, "unregistered_source")) == [
        ["unknown_station", "01 00:01", "01 00:15", "07 00:01"]
    ]
