"""Periods by number are the periods of the calendar, and what is due is counted as if each were walked through."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from alerting.eflow.due import due
from alerting.eflow.period_clock import PERIODIC, PeriodClock
from alerting.eflow.target import TargetPlan
from alerting.slots.clock import StationClock
from hydro.instants import HOUR_MS, MINUTE_MS, parse_instant
from hydro.periods import Basis, period_containing
from tests.ingest.example_register import make_register

START = parse_instant("2023-12-01T00:00:00", 480)
SHIFT = 480 * MINUTE_MS
STATIONS = "station,name,kind,basin,river,division,gateway,interval_min\nA,Anshun,section,Wu,Sancha,520103,,20\n"


@pytest.mark.parametrize("basis", PERIODIC)
@pytest.mark.parametrize("hour", [0, 8, 23])
def test_periods_by_number_are_those_of_the_calendar(basis: Basis, hour: int) -> None:
    """Over a leap year: one by one and in columns, and the end of a period is the start of the next number."""
    rng = Random(f"{basis} {hour}")
    hour = 0 if basis is Basis.HOUR else hour
    clock, offset = PeriodClock(basis), SHIFT - hour * HOUR_MS
    instants = [START + rng.randrange(500 * 24 * 60) * MINUTE_MS + rng.choice([0, 0, 1]) for _ in range(300)]
    expected = [period_containing(at, basis, hour, 480) for at in instants]
    numbers = [clock.number(at, offset) for at in instants]
    assert [clock.start(number, offset) for number in numbers] == [period.start for period in expected]
    assert [clock.start(number + 1, offset) for number in numbers] == [period.end for period in expected]
    offsets = np.full(len(instants), offset, np.int64)
    assert clock.number(np.array(instants), offsets).tolist() == numbers
    assert clock.start(np.array(numbers), offsets).tolist() == [period.start for period in expected]


EXEMPTIONS = """station,from,to,reason,document
A,2024-01-10,2024-01-14,repair,no. 1
A,2024-02-01T05:00:00,2024-02-11T17:00:00,flood,no. 2
"""


@pytest.mark.parametrize("basis", Basis)
@pytest.mark.parametrize("exemptions", ["", EXEMPTIONS], ids=["plain", "exempt"])
def test_what_is_due_is_counted_as_a_walk_through_the_periods_counts_it(basis: Basis, exemptions: str) -> None:
    """A target of one row for ever is counted; in two rows of the same value, it is walked through."""
    header = "station,quantity,from_day,to_day,value,basis,day_start_hour\n"
    hour = 8 if basis in (Basis.DAY, Basis.MONTH) else 0
    whole = f"A,discharge,01-01,12-31,2.0,{basis},{hour}\n"
    halves = f"A,discharge,01-01,06-30,2.0,{basis},{hour}\nA,discharge,07-01,12-31,2.0,{basis},{hour}\n"
    plans = []
    for rows in (whole, halves):
        tables = {"stations": STATIONS, "eflow_targets": header + rows}
        register = make_register(tables | ({"exemptions": exemptions} if exemptions else {}))
        [target_id] = register.targets
        plans.append(TargetPlan(target_id, register, register.exemptions))
    clock = StationClock("A", make_register({"stations": STATIONS}))
    rng = Random(str(basis))
    seen = 0
    for _ in range(20):
        since = START + rng.randrange(100 * 24 * 3) * 20 * MINUTE_MS + rng.choice([0, 0, 60_000])
        until = since + rng.randrange(1, 60 * 24 * 3) * 20 * MINUTE_MS
        counted, walked = (due(plan, clock, since, until) for plan in plans)
        assert counted == walked
        seen += walked.periods
    assert seen > 0
