"""``meter_tamper`` worked out by hand, on slots of an hour (docs/decisions/0092-taking.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .desk import Desk, levels, slots, span

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .alert import Line
    from .stream import Record

TAMPER = "meter_tamper"


def meter(path: Path, **total: str) -> Desk:
    """S counts 36 m3 an hour at 0.01 m3/s; its design rate is 0.02 m3/s, its power 10 kW, a step of its total 1 m3."""
    desk = Desk(path)
    desk.tables.add("intakes", station="S", design_max_m3s="0.02")
    desk.tables.add("points", station="S", quantity="discharge")
    desk.tables.add("points", **{"station": "S", "quantity": "volume_total", "counter_kind": "forward"} | total)
    desk.tables.add("points", station="S", quantity="power", rated_kw="10")
    desk.tables.add("points", station="S", quantity="energy_total", resolution="0.01")
    return desk


def told(alerts: list[Line]) -> list[list[object]]:
    """Reason, onset, raised_at, resolved_at of each."""
    return [[alert["reason"], *span(alert)] for alert in alerts]


def hourly(values: Sequence[float | None], quantity: str, first: str = "01 01:00") -> list[Record]:
    """Hours from 1 March on."""
    return slots(first, 60, values, quantity)


# total_frozen


@pytest.mark.parametrize(("gained", "is_found"), [(3, True), (4, False)])
def test_a_total_that_gains_less_than_a_tenth_of_the_flow_is_frozen(
    tmp_path: Path, gained: int, *, is_found: bool
) -> None:
    """Two hours; the integral is 36 m3 from the end of the first to the end of the second."""
    records = [*hourly([0.01, 0.01], "discharge"), *hourly([50, 50 + gained], "volume_total")]
    alerts = meter(tmp_path).alerts(records, TAMPER)
    assert told(alerts) == ([["total_frozen", "01 00:00", "01 02:00", None]] if is_found else [])


def test_the_flow_must_have_been_worth_ten_steps(tmp_path: Path) -> None:
    """36 m3 an hour are ten steps of 10 m3 after three hours: four slots, and the last 2 h alone would never do."""
    records = [*hourly([0.01] * 5, "discharge"), *hourly([50] * 5, "volume_total")]
    alerts = meter(tmp_path, resolution="10").alerts(records, TAMPER)
    assert told(alerts) == [["total_frozen", "01 00:00", "01 04:00", None]]


def test_no_more_than_a_twentieth_of_the_design_rate_is_no_flow(tmp_path: Path) -> None:
    records = [*hourly([0.001] * 30, "discharge"), *hourly([50] * 30, "volume_total")]
    assert meter(tmp_path).alerts(records, TAMPER) == []


def test_a_total_that_runs_while_the_flow_stands_is_the_reverse(tmp_path: Path) -> None:
    """Six slots, and an hour before them: what is sampled once an hour does not see a pump that stops in between."""
    flows, totals = hourly([0.0] * 7, "discharge"), hourly(range(50, 302, 36), "volume_total")
    alerts = meter(tmp_path).alerts([*flows, *totals], TAMPER)
    assert told(alerts) == [["total_frozen", "01 01:00", "01 07:00", None]]
    assert meter(tmp_path).alerts([*flows[:6], *totals[:6]], TAMPER) == []


def test_a_jump_of_the_total_is_no_flow(tmp_path: Path) -> None:
    """More than twice the design rate and two steps: 146 m3."""
    for gained, found in ((146, 1), (147, 0)):
        records = [*hourly([0.0] * 7, "discharge"), *hourly([50] * 6 + [50 + gained], "volume_total")]
        assert len(meter(tmp_path).alerts(records, TAMPER)) == found


def test_seven_clean_days_end_it(tmp_path: Path) -> None:
    """Frozen in hours 1 and 2; the window of hour 3 gains 36 m3: 168 clean slots from there on."""
    records = [*hourly([0.01] * 200, "discharge"), *hourly([50, *range(50, 50 + 199 * 36, 36)], "volume_total")]
    assert told(meter(tmp_path).alerts(records, TAMPER)) == [["total_frozen", "01 00:00", "01 02:00", "08 02:00"]]


# counter_back


@pytest.mark.parametrize(
    ("cells", "totals", "is_found"),
    [
        ({}, [50, 48.9], True),
        ({}, [50, 49], False),
        ({"counter_kind": "net"}, [50, 30], False),
        ({"counter_kind": ""}, [50, 30], False),
        ({"counter_max": "999"}, [950, 48], False),
        ({"counter_max": "999"}, [850, 48], True),
    ],
    ids=["falls", "a step", "net", "unknown kind", "rolls over", "no roll-over"],
)
def test_a_forward_total_that_falls(
    tmp_path: Path, cells: dict[str, str], totals: list[float], *, is_found: bool
) -> None:
    """Over a roll-over it may gain a tenth of what it can show: 48 + 999 + 1 − 950 = 98 does, 198 doesn't."""
    alerts = meter(tmp_path, **cells).alerts(hourly(totals, "volume_total"), TAMPER)
    assert told(alerts) == ([["counter_back", "01 01:00", "01 02:00", None]] if is_found else [])


@pytest.mark.parametrize(("at", "is_found"), [("01:00", False), ("01:59", False), ("02:00", True), ("00:59", True)])
def test_a_change_of_the_meter_explains_it(tmp_path: Path, at: str, *, is_found: bool) -> None:
    """Readings at or before the change are of the old meter."""
    desk = meter(tmp_path)
    change = {"station": "S", "quantity": "volume_total", "at": f"2026-03-01T{at}:00+08:00"}
    desk.tables.add("meter_changes", **change, old_final="50", new_initial="0")
    assert bool(desk.alerts(hourly([50, 7], "volume_total"), TAMPER)) is is_found


def test_maintenance_explains_what_happens_in_it(tmp_path: Path) -> None:
    """The total falls while somebody works on it, and again a slot later."""
    desk = meter(tmp_path)
    work = {"from": "2026-03-01T02:10:00+08:00", "to": "2026-03-01T02:20:00+08:00"}
    desk.tables.add("maintenance", id="M", scope="station", code="S", kind="repair", **work)
    alerts = desk.alerts(hourly([50, 55, 9, 7, 3], "volume_total"), TAMPER)
    assert told(alerts) == [["counter_back", "01 04:00", "01 05:00", None]]
    alerts = desk.alerts(hourly([50, 55, 9, 12, 15], "volume_total"), TAMPER)
    assert alerts == []


def test_whoever_was_there_ends_it(tmp_path: Path) -> None:
    """A change of the meter at 02:30, seen in the hour after: what was raised before it is over."""
    desk = meter(tmp_path)
    change = {"station": "S", "quantity": "volume_total", "at": "2026-03-01T02:30:00+08:00"}
    desk.tables.add("meter_changes", **change, old_final="9", new_initial="0")
    alerts = desk.alerts(hourly([50, 9, 2], "volume_total"), TAMPER)
    assert told(alerts) == [["counter_back", "01 01:00", "01 02:00", "01 02:30"]]


def test_two_reasons_make_it_orange(tmp_path: Path) -> None:
    """The total falls in hour 2, and stands in hours 3 and 4."""
    records = [*hourly([0.01] * 4, "discharge"), *hourly([50, 9, 9, 9], "volume_total")]
    alerts = meter(tmp_path).alerts(records, TAMPER)
    assert told(alerts) == [["counter_back", "01 01:00", "01 02:00", None]]
    assert levels(alerts[0]) == [("yellow", "01 02:00"), ("orange", "01 03:00")]


# door_step


def opened(flows: Sequence[float], powers: Sequence[float], door: Sequence[int]) -> list[Record]:
    """Hours of flow, power and door."""
    return [*hourly(flows, "discharge"), *hourly(powers, "power"), *hourly(door, "door")]


def test_after_the_door_the_flow_per_power_is_another(tmp_path: Path) -> None:
    """Two hours before and two after; less power and less flow alike are nothing.

    ::

        hour    1      2      3      4      5
        flow   0.010  0.010  0.010  0.008  0.008
        power   8      8      8      8      8        or 6.4 in hours 4 and 5
        door    0      0      1      0      0
    """
    flows, door = [0.01] * 3 + [0.008] * 2, [0, 0, 1, 0, 0]
    alerts = meter(tmp_path).alerts(opened(flows, [8.0] * 5, door), TAMPER)
    assert told(alerts) == [["door_step", "01 03:00", "01 05:00", None]]
    assert meter(tmp_path).alerts(opened(flows, [8.0] * 3 + [6.4] * 2, door), TAMPER) == []


def test_at_another_power_nothing_is_compared(tmp_path: Path) -> None:
    """Throttled pumps need more power for their flow: 8 kW before, 6.3 after."""
    flows, door = [0.01] * 3 + [0.006] * 2, [0, 0, 1, 0, 0]
    assert meter(tmp_path).alerts(opened(flows, [8.0] * 3 + [6.3] * 2, door), TAMPER) == []


def test_a_door_that_stays_shut_explains_nothing(tmp_path: Path) -> None:
    flows = [0.01] * 3 + [0.005] * 5
    assert meter(tmp_path).alerts(opened(flows, [8.0] * 8, [0] * 8), TAMPER) == []


def test_a_door_counts_for_a_day(tmp_path: Path) -> None:
    """Opened in hour 3: a shift in hours 26 and 27 is found, one in hours 28 and 29 is not."""
    for normal, found in ((22, 1), (24, 0)):
        flows = [0.01] * (3 + normal) + [0.005] * 2
        alerts = meter(tmp_path).alerts(opened(flows, [8.0] * len(flows), [0, 0, 1] + [0] * (normal + 2)), TAMPER)
        assert len(alerts) == found


def test_after_the_door_the_total_steps(tmp_path: Path) -> None:
    desk = meter(tmp_path, max_step="100")
    alerts = desk.alerts([*hourly([50, 60, 161], "volume_total"), *hourly([0, 1, 0], "door")], TAMPER)
    assert told(alerts) == [["door_step", "01 02:00", "01 03:00", None]]


# under_reading


def test_72_running_hours_below_four_fifths_of_the_own_ratio(tmp_path: Path) -> None:
    """168 h at 4 m3 for 10 kWh, then 2.9: below 0.8 over 72 h (n × 2.9 + (72 − n) × 4 < 72 × 3.2) from hour 53 on.

    It is looked at every 6 running hours, so at the 54th: the 294th. An hour of rest in between counts for nothing.
    """
    gains = [4.0] * 240 + [0.0] + [2.9] * 60
    works = [10.0] * 240 + [0.0] + [10.0] * 60
    volumes, energies = [100.0], [100.0]
    for gain, work in zip(gains, works, strict=True):
        volumes.append(round(volumes[-1] + gain, 3))
        energies.append(energies[-1] + work)
    desk = meter(tmp_path, resolution="0.1")
    records = [*hourly(volumes, "volume_total"), *hourly(energies, "energy_total")]
    first, raised = 1 + 240 + 1 + 54 - 73, 1 + 240 + 1 + 54
    alerts = desk.alerts(records, TAMPER)
    assert told(alerts) == [["under_reading", _hour(first), _hour(raised), None]]
    desk.tables.rows["points"][2] |= {"rated_kw": "50"}
    assert desk.alerts(records, TAMPER) == []


def _hour(number: int) -> str:
    return f"{1 + number // 24:02d} {number % 24:02d}:00"
