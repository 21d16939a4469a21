"""Scenarios about devices: what arrives differs from what is true in the way that each story says."""

from __future__ import annotations

import numpy as np
import pytest

from hydro.instants import DAY_MS, HOUR_MS, MINUTE_MS, format_instant
from simulators.basin import STEP_MS
from simulators.truth import TruthKind
from tests.simulators.scenario.watching import (
    DAY,
    heard,
    hourly,
    shipped,
)


def test_the_orifice_is_flat_and_honest_the_gauge_is_flat_and_stuck() -> None:
    name = "fixed-orifice"
    orifice = [reading.value for reading in heard(name).readings["520123P15101", "discharge"]]
    assert set(orifice) == {0.35}
    stuck = [truth for truth in heard(name).truths if truth.details.get("fault") == "flat_line"]
    assert {truth.subject for truth in stuck} == {"520123S152"}
    shown = {
        reading.value
        for reading in heard(name).readings["520123S152", "discharge"]
        if stuck[0].start < reading.time <= stuck[0].end
    }
    assert len(shown) == 1
    _, flows = hourly(name, "520123S152")
    assert len({round(value, 2) for value in flows.tolist()}) > 5


def test_the_crest_falls_into_the_power_cut_and_is_lost_for_good() -> None:
    name = "storm-outage"
    power, network = shipped(name).outages
    ends, flows = hourly(name, "522634S191")
    crest = ends[flows.argmax()]
    assert power.start < crest - HOUR_MS < crest < power.end
    upper = [reading.time for reading in heard(name).readings["522634S191", "discharge"]]
    assert not any(power.start <= time < power.end for time in upper)
    lower = {reading.time for reading in heard(name).readings["522634S193", "discharge"]}
    assert set(range(network.start // STEP_MS * STEP_MS + STEP_MS, network.end, STEP_MS)) <= lower


def test_each_clock_is_wrong_in_its_own_way_and_the_river_is_fine() -> None:
    name = "clock-chaos"
    readings = heard(name).readings
    off = {
        station: max(abs(reading.received_at - reading.time) for reading in found)
        for (station, quantity), found in readings.items()
        if quantity == "discharge"
    }
    minutes = {station: milliseconds / MINUTE_MS for station, milliseconds in off.items()}
    assert minutes["522301S203"] == pytest.approx(25, abs=1)
    assert minutes["522301S204"] == pytest.approx(8 * 60, abs=1)
    assert minutes["522301S205"] == pytest.approx(24 * 60, abs=16)
    right = max(minutes["522301S201"], minutes["522301S202"], minutes["522301S206"])
    assert right < 16  # as late as a network makes it
    assert min(hourly(name, f"522301S20{number}")[1].min() for number in range(1, 7)) > 1.8 * 1.2


def test_the_zoo_has_nine_kinds_and_the_river_none() -> None:
    name = "sensor-zoo"
    shown = {str(truth.details["fault"]) for truth in heard(name).truths if "fault" in truth.details}
    assert shown == {
        *("drift", "step", "noise", "factor", "spike", "flat_line", "missing", "low_battery", "fault_bit"),
        *("replacement", "door", "jump"),
    }
    totals = [reading.value for reading in heard(name).readings["520325Q212", "volume_total"]]
    assert max(value for value in totals if value is not None) > 99_999_000.0
    assert totals[-1] is not None
    assert totals[-1] < 100_000.0  # rolled over
    zeros = [reading.time for reading in heard(name).readings["520325S217", "discharge"] if reading.value == 0.0]
    assert len(set(zeros)) == DAY
    assert min(hourly(name, f"520325S21{number}")[1].min() for number in range(1, 9)) > 2.2 * 1.2


def test_after_the_flood_the_gauge_is_off_and_nobody_took_anything() -> None:
    name, sand = "rating-shift-after-flood", "520327S222"
    shifts = [truth for truth in heard(name).truths if truth.details.get("fault") == "rating_shift"]
    assert {truth.subject for truth in shifts} == {sand}
    assert not any(truth.kind is TruthKind.UNMETERED_INTAKE for truth in heard(name).truths)
    ends, flows = hourly(name, sand)
    readings = [(reading.time, reading.value) for reading in heard(name).readings[sand, "discharge"] if reading.value]
    times, values = np.array(readings, np.float64).T
    errors = values / np.interp(times, ends - HOUR_MS / 2, flows) - 1.0
    before, after = float(errors[: 3 * DAY].mean()), float(errors[-3 * DAY :].mean())
    size = float(shifts[-1].details["size"])  # type: ignore[arg-type]  # of this kind of truth it is a number
    assert np.sign(after - before) == np.sign(size)
    assert abs(after - before) > 0.5 * abs(size)


def test_every_opened_door_but_one_is_announced() -> None:
    name = "maintenance-week"
    windows = [(row["code"], row["from"], row["to"]) for row in shipped(name).tables["maintenance"]]
    doors = [truth for truth in heard(name).truths if truth.kind is TruthKind.DOOR_OPEN]
    unannounced = [
        truth.subject
        for truth in doors
        if not any(
            code == truth.subject
            and first <= format_instant(truth.start, 480)
            and format_instant(truth.end, 480) <= last
            for code, first, last in windows
        )
    ]
    assert len(doors) == 3
    assert unannounced == ["520327Q231"]


def test_the_meters_send_once_a_day_all_the_hours_of_it() -> None:
    name = "batch-meters"
    for number in (1, 2, 4, 5, 6):
        readings = heard(name).readings[f"520422Q27{number}", "discharge"]
        arrivals = sorted({reading.received_at // HOUR_MS for reading in readings})
        assert len(arrivals) == 12
        assert len({reading.time for reading in readings}) > 11 * 24
    silent = sorted({reading.received_at for reading in heard(name).readings["520422Q273", "discharge"]})
    assert max(np.diff(silent)) > 3 * DAY_MS


def test_devices_report_more_often_while_the_river_rises() -> None:
    name, town = "flood", "522625S282"
    times = np.array(sorted({reading.time for reading in heard(name).readings[town, "discharge"]}))
    gaps = np.diff(times) / MINUTE_MS
    ends, flows = hourly(name, town)
    now = np.interp(times[1:], ends - HOUR_MS / 2, flows)
    assert set(gaps[now > 60.0].tolist()) == {5.0}
    assert set(gaps[now < 30.0].tolist()) == {30.0}
    assert flows.max() > 20.0 * flows[0]
    assert hourly(name, "522625S283")[1].min() > 2.0


def test_the_demos_gauge_goes_wild_once_a_value_is_missing_once_and_a_gateway_goes_dark() -> None:
    name = "demo"
    turn = shipped(name).start + DAY_MS
    wild = [r.time for r in heard(name).readings["520122S005", "stage"] if r.value is not None and r.value > 80.0]
    missing = [r.time for r in heard(name).readings["520122S012", "discharge"] if r.value is None]
    assert (set(wild), set(missing)) == ({turn + 45 * MINUTE_MS}, {turn + 55 * MINUTE_MS})
    live = [r.time for r in heard(name).readings["520123S011", "discharge"] if r.received_at < turn + 140 * MINUTE_MS]
    assert max(live) == turn + 35 * MINUTE_MS
    limits = {(row["station"], row["quantity"]): row for row in shipped(name).tables["points"]}
    assert limits["520122S005", "stage"]["max"] == "8"
