"""``unmetered_intake`` and ``over_rate`` worked out by hand, on slots of 10 min (docs/decisions/0092-taking.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .desk import Desk, at, levels, slots, some, span

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .alert import Line
    from .stream import Record

TOLD = ("reason", "level")


def intake(path: Path, interval: int = 10, **cells: str) -> Desk:
    """The station S is an intake of 0.5 m3/s with a pump of 100 kW and a total in m3."""
    desk = Desk(path, interval=interval)
    desk.tables.add("intakes", **{"station": "S", "design_max_m3s": "0.5"} | cells)
    desk.tables.add("points", station="S", quantity="discharge", zero_below="0.01", min="-1", max="9")
    desk.tables.add("points", station="S", quantity="volume_total", resolution="1")
    desk.tables.add("points", station="S", quantity="power", rated_kw="100")
    return desk


def pumped(first: str, pumps: Sequence[float | None], flows: Sequence[float | None], minutes: int = 10) -> list[Record]:
    """Pump and flow, slot by slot."""
    return [*slots(first, minutes, pumps, "pump"), *slots(first, minutes, flows)]


def told(alerts: list[Line]) -> list[list[object]]:
    """Reason, onset, raised_at, resolved_at of each."""
    return [[alert["reason"], *span(alert)] for alert in alerts]


# pump_no_flow


def test_a_pump_without_flow_is_found_in_half_an_hour_and_over_after_two_hours_of_agreement(tmp_path: Path) -> None:
    """Three slots of 10 min; flow at the bound is none. Then eleven slots of flow and one of rest.

    ::

        00:10  00:20  00:30  00:40  00:50 … 02:30 02:40   02:50
        pump    1      1      1      1             1       0
        0.3    0.01   0.0   -0.1    0.3           0.3     0.0
    """
    flows = [0.3, 0.01, 0.0, -0.1, *[0.3] * 11, 0.0]
    alerts = intake(tmp_path).alerts(pumped("01 00:10", [*[1] * 15, 0], flows), "unmetered_intake")
    assert told(alerts) == [["pump_no_flow", "01 00:10", "01 00:40", "01 02:40"]]
    assert some(alerts[0], "level", "subject") == ("yellow", {"kind": "intake", "code": "S"})
    assert levels(alerts[0]) == [("yellow", "01 00:40")]


def test_a_slot_of_flow_begins_the_half_hour_anew(tmp_path: Path) -> None:
    flows = [0.0, 0.0, 0.011, 0.0, 0.0]
    assert intake(tmp_path).alerts(pumped("01 00:10", [1] * 5, flows), "unmetered_intake") == []


@pytest.mark.parametrize(("power", "is_found"), [(20.0, False), (20.000001, True)])
def test_power_counts_above_a_fifth_of_what_is_rated(tmp_path: Path, power: float, *, is_found: bool) -> None:
    records = [*slots("01 00:10", 10, [power] * 3, "power"), *slots("01 00:10", 10, [0.0] * 3)]
    assert bool(intake(tmp_path).alerts(records, "unmetered_intake")) is is_found


def test_what_a_transformer_shows_is_multiplied(tmp_path: Path) -> None:
    desk = intake(tmp_path)
    desk.tables.rows["points"][-1] |= {"multiplier": "40"}
    records = [*slots("01 00:10", 10, [0.6] * 3, "power"), *slots("01 00:10", 10, [0.0] * 3)]
    assert told(desk.alerts(records, "unmetered_intake")) == [["pump_no_flow", "01 00:00", "01 00:30", None]]


def test_a_total_that_moves_says_that_water_flows(tmp_path: Path) -> None:
    """One step is still; two are not."""
    for gained, found in ((1, 1), (2, 0)):
        total = slots("01 00:10", 10, [7, 7, 7 + gained], "volume_total")
        alerts = intake(tmp_path).alerts([*pumped("01 00:10", [1] * 3, [0.0] * 3), *total], "unmetered_intake")
        assert len(alerts) == found


def test_a_total_alone_proves_what_it_could_have_shown(tmp_path: Path) -> None:
    """5 % of 0.5 m3/s makes 10 m3 in 400 s, and 100 m3, at a resolution of 10 m3, in 4,000 s: seven slots of 10 min."""
    desk = intake(tmp_path)
    desk.tables.rows["points"][1] |= {"resolution": "10"}
    records = [*slots("01 00:10", 10, [1] * 8, "pump"), *slots("01 00:10", 10, [50] * 8, "volume_total")]
    assert told(desk.alerts(records, "unmetered_intake")) == [["pump_no_flow", "01 00:00", "01 01:10", None]]


def test_three_slots_are_needed_where_slots_are_long(tmp_path: Path) -> None:
    alerts = intake(tmp_path, 60).alerts(pumped("01 01:00", [1] * 4, [0.0] * 4, 60), "unmetered_intake")
    assert told(alerts) == [["pump_no_flow", "01 00:00", "01 03:00", None]]


def test_unknown_slots_freeze_and_a_gap_begins_anew(tmp_path: Path) -> None:
    """Six unknown slots are an hour, a gap of seven is more."""
    for missing, onset in ((6, "01 00:00"), (7, None)):
        gap: list[float | None] = [None] * missing
        records = pumped("01 00:10", [1, 1, *gap, 1], [0.0, 0.0, *gap, 0.0])
        alerts = intake(tmp_path).alerts(records, "unmetered_intake")
        assert [alert[0] for alert in (span(each) for each in alerts)] == ([onset] if onset else [])


def test_one_intake_of_two_points_is_judged_as_one(tmp_path: Path) -> None:
    """The pump of one point, and water through the meter of the other."""
    desk = intake(tmp_path, intake="WORKS")
    desk.tables.add("stations", station="T", interval_min="10")
    desk.tables.add("intakes", station="T", design_max_m3s="0.5", intake="WORKS")
    records = pumped("01 00:10", [1] * 3, [0.0] * 3)
    assert some(desk.alerts(records, "unmetered_intake")[0], "subject") == ({"kind": "intake", "code": "WORKS"},)
    assert desk.alerts([*records, *slots("01 00:10", 10, [0.4] * 3, station="T")], "unmetered_intake") == []


# energy_no_volume, no_meter


@pytest.mark.parametrize(("kwh", "is_found"), [(461, True), (460, False)])
def test_energy_of_a_day_without_water(tmp_path: Path, kwh: int, *, is_found: bool) -> None:
    """20 % of 100 kW are 460 kWh in the 23 hours from the end of the first to the end of the last slot."""
    energy = slots("01 01:00", 60, [0] * 23 + [kwh], "energy_total")
    alerts = intake(tmp_path, 60).alerts([*energy, *slots("01 01:00", 60, [0.0] * 24)], "unmetered_intake")
    assert told(alerts) == ([["energy_no_volume", "01 00:00", "02 00:00", None]] if is_found else [])


def test_no_meter_is_a_fact_of_the_register(tmp_path: Path) -> None:
    """500,000 m3 of surface water and no meter, from the first 00:00 on that the stream reaches, until there is one."""
    desk = intake(tmp_path, method="none", permit="P", valid_to="2026-03-02")
    desk.tables.add("intakes", station="S", design_max_m3s="0.5", permit="P", valid_from="2026-03-03")
    permit = {"permit": "P", "holder": "H", "source": "surface", "valid_from": "2020-01-01"}
    desk.tables.add("permits", **permit, annual_m3="500000")
    alerts = desk.alerts(slots("01 01:00", 60, [0.0] * 60), "unmetered_intake")
    assert told(alerts) == [["no_meter", "02 00:00", "02 00:00", "03 00:00"]]


# over_rate


def allowed(path: Path, rate: str = "0.4", **window: str) -> Desk:
    """An intake with a permit."""
    desk = intake(path, permit="P")
    permit = {"permit": "P", "holder": "H", "source": "surface", "annual_m3": "900000000"}
    desk.tables.add("permits", **permit, valid_from="2020-01-01", max_rate_m3s=rate)
    if window:
        desk.tables.add("permit_windows", **{"permit": "P", "from_day": "01-01", "to_day": "12-31"} | window)
    return desk


@pytest.mark.parametrize(("flow", "level"), [(0.42, None), (0.420001, "yellow"), (0.48, "yellow"), (0.48001, "orange")])
def test_an_hour_above_five_percent_over_the_permit(tmp_path: Path, flow: float, level: str | None) -> None:
    alerts = allowed(tmp_path).alerts(slots("01 00:10", 10, [flow] * 6), "over_rate")
    assert [some(alert, *TOLD) for alert in alerts] == ([("permit_max", level)] if level else [])


def test_the_hour_is_a_mean_and_two_hours_within_the_limit_end_it(tmp_path: Path) -> None:
    """One slot of 1.2 among five of 0.3: 0.45; at 01:20 its mean is 0.4833, from 02:00 on 0.4. Twelve slots end it.

    ::

        00:10 … 00:50  01:00   01:10 … 03:00
         0.3            1.2     0.4  (12)
    """
    alerts = allowed(tmp_path).alerts(slots("01 00:10", 10, [0.3] * 5 + [1.2] + [0.4] * 12), "over_rate")
    assert told(alerts) == [["permit_max", "01 00:00", "01 01:00", "01 03:00"]]
    assert some(alerts[0], "value", "target", "ratio") == (0.4, 0.4, 1.0)
    assert alerts[0]["worst"] == {"ratio": 1.333332, "deficit_m": None, "at": at("01 01:50")}
    assert levels(alerts[0]) == [("yellow", "01 01:00"), ("orange", "01 01:20"), ("yellow", "01 02:50")]


def test_the_design_rate_bounds_where_no_permit_does(tmp_path: Path) -> None:
    alerts = allowed(tmp_path, rate="").alerts(slots("01 00:10", 10, [0.8] * 6), "over_rate")
    assert [some(alert, *TOLD, "value", "target") for alert in alerts] == [("design_max", "red", 0.8, 0.5)]


def test_what_was_taken_while_it_was_allowed_is_no_part_of_a_closed_hour(tmp_path: Path) -> None:
    """06:00 to 08:00 is allowed; a slot more, and the mean of the hour from 08:00 on is not zero."""
    for late, found in ((0, []), (1, [["hours", "01 08:00", "01 09:00", None]])):
        desk = allowed(tmp_path, hours="6-8")
        alerts = desk.alerts(slots("01 06:10", 10, [0.4] * (12 + late) + [0.0] * 6), "over_rate")
        assert told(alerts) == found
        assert [alert["ratio"] for alert in alerts] == [None] * len(found)


def test_out_of_season_is_yellow_and_a_ban_is_red(tmp_path: Path) -> None:
    desk = allowed(tmp_path, to_day="02-28")
    records = slots("01 00:10", 10, [0.02] * 6)
    assert [some(alert, *TOLD) for alert in desk.alerts(records, "over_rate")] == [("season", "yellow")]
    ban = {"id": "B", "scope": "division", "code": "520100", "action": "stop", "from": "2026-01-01"}
    desk.tables.add("restrictions", **ban)
    assert [some(alert, *TOLD) for alert in desk.alerts(records, "over_rate")] == [("ban", "red")]
    assert desk.alerts(slots("01 00:10", 10, [0.01] * 6), "over_rate") == []


def test_a_restriction_binds_while_its_gauge_is_low(tmp_path: Path) -> None:
    """Below 0.5 for an hour: bound from 01:00 on; at 1.0 for an hour from 04:00 on: free after it.

    ::

        gauge   01:00 0.4   02:00 0.6   03:00 0.9   04:00 1.0
        taken   all the time 0.3: a ban for three hours, over two hours later
    """
    desk = allowed(tmp_path)
    desk.tables.add("stations", station="G", interval_min="60")
    trigger = {"trigger_station": "G", "trigger_quantity": "discharge", "trigger_below": "0.5", "resume_above": "1"}
    ban = {"id": "B", "scope": "intake", "code": "S", "action": "stop", "from": "2026-01-01"}
    desk.tables.add("restrictions", **ban, **trigger)
    gauge = slots("01 01:00", 60, [0.4, 0.6, 0.9, 1.0], station="G")
    alerts = desk.alerts([*gauge, *slots("01 00:10", 10, [0.3] * 36)], "over_rate")
    assert told(alerts) == [["ban", "01 01:00", "01 02:00", "01 06:00"]]
