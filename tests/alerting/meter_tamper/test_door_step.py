"""Laws of the reason door_step: what a meter sees does not change because its door was open.

The meter reports every 5 min, its pumps run from 06:00 to 22:00 with 0.08 of 0.1 m3/s. Times are those of March 2026.
"""

from __future__ import annotations

import pytest

from hydro.quantity import Quantity
from tests.alerting.meter_tamper.asking import Seen, found, seen
from tests.alerting.meter_tamper.waterworks import Readings, Works, during, opened, register_with
from tests.alerting.stream_of_messages import at

DOOR = ("03 10:00", "03 10:30")


def test_a_meter_that_sees_less_after_its_door_was_open() -> None:
    works = Works("01 00:00", "05 00:00", door=opened(*DOOR), seen=during("03 10:15", "05 00:00", 0.7))
    assert found(works) == [Seen("door_step", "03 10:05", "03 12:05", None)]


@pytest.mark.parametrize(("part", "is_step"), [(0.79, True), (0.82, False), (1.18, False), (1.21, True)])
def test_a_fifth_is_the_bound_either_way(part: float, is_step: bool) -> None:  # noqa: FBT001
    works = Works("01 00:00", "05 00:00", door=opened(*DOOR), seen=during("03 10:00", "05 00:00", part))
    assert bool(found(works)) == is_step


def test_the_night_freezes_what_is_counted_after_a_door() -> None:
    """Opened at 21:00, one hour that evening and one the next morning."""
    works = Works(
        "01 00:00",
        "05 00:00",
        door=opened("03 20:55", "03 21:10"),
        seen=during("03 20:55", "05 00:00", 0.7),
    )
    assert found(works) == [Seen("door_step", "03 21:00", "04 07:00", None)]


def test_a_door_counts_for_a_day() -> None:
    works = Works("01 00:00", "07 00:00", door=opened(*DOOR), seen=during("04 09:30", "07 00:00", 0.7))
    assert found(works) == []


def test_a_step_of_the_total_after_a_door() -> None:
    works = Works("01 00:00", "05 00:00", door=opened(*DOOR), jumps={"03 13:00": 61.0})
    assert found(works) == [Seen("door_step", "03 12:55", "03 13:00", None)]
    assert found(Works("01 00:00", "05 00:00", jumps={"03 13:00": 61.0})) == []


def test_a_door_that_is_found_open_after_work_was_opened_by_it() -> None:
    work = "id,scope,code,from,to,kind\nm,station,Q,2026-03-03T09:30,2026-03-03T10:15,repair\n"
    works = Works("01 00:00", "05 00:00", door=opened(*DOOR), seen=during("03 10:15", "05 00:00", 0.7))
    assert found(works, maintenance=work) == []


def without(readings: Readings, *quantities: Quantity) -> Readings:
    """A meter that does not report some."""
    return {quantity: series for quantity, series in readings.items() if quantity not in quantities}


def test_without_power_a_second_pump_is_no_step() -> None:
    """Half of the flow all day, then all of it: honest where pumps stand side by side, and power says so."""
    flow = lambda end: 0.04 if end <= at("03 12:00") else 0.08  # noqa: E731
    readings = Works("02 00:00", "04 00:00", flow=flow, door=opened(*DOOR)).readings()
    assert seen(register_with(), readings) == []
    # Pump alone can't tell it from a meter that sees double; that both windows are even makes it a suspicion.
    alone = without(readings, Quantity.POWER)
    assert [each.reason for each in seen(register_with(), alone)] == ["door_step"]
    assert seen(register_with(), without(readings, Quantity.POWER, Quantity.PUMP)) == []


def test_a_pump_that_the_river_throttles_is_no_step() -> None:
    """Less than two thirds of the flow for three quarters of the power: it wastes energy, and no meter was touched."""
    works = Works(
        "01 00:00",
        "05 00:00",
        flow=lambda end: 0.05 if end <= at("03 10:15") else 0.08,
        head=lambda end: 1.25 if end <= at("03 10:15") else 1.0,
        door=opened(*DOOR),
    )
    assert found(works) == []
