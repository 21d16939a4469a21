"""Laws of energy_no_volume and no_meter.

Slots are an hour long. Times are those of March 2026, ``DD HH:MM``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alerting.takes.engine import TakesEngine
from hydro.fixed import MICRO
from hydro.instants import HOUR_MS
from ingest.decode import TickSource
from tests.alerting.stream_of_messages import Message, Run, at, report
from tests.alerting.takes.intake_streams import alerts_of, intakes, slots

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

POINTS = ("A,discharge,0.01,,,,,", "A,energy_total,,10,,,,")
PERMITS = "permit,holder,division,industry,source,annual_m3,valid_from,valid_to,state\n"


def drawn(first: str, last: str, kwh: Callable[[int], float], start: float = 0, flow: float = 0) -> Iterator[Message]:
    """Hours in which so much energy is drawn, by their number, and so much flows."""
    total = start
    for number, time in enumerate(range(at(first), at(last) + 1, HOUR_MS)):
        total += kwh(number)
        yield report(time, "A", {"energy_total": round(total, 3), "discharge": flow})


@pytest.mark.parametrize(
    ("kwh", "raised"),
    [
        (lambda _: 2.01, "02 00:00"),
        (lambda _: 2.0, None),
        (lambda hour: 10.0 if 4 <= hour < 9 else 0.0, "02 00:00"),
        (lambda hour: 10.0 if 20 <= hour < 25 else 0.0, "02 01:00"),
        (lambda hour: 10.0 if hour in (1, 30) else 0.0, None),
    ],
    ids=["above_a_fifth", "a_fifth", "five_hours_at_full_power", "completed_later", "two_single_hours"],
)
def test_a_day_of_energy_without_water_is_evidence(kwh: Callable[[int], float], raised: str | None) -> None:
    """More than 20 % of 10 kW from the end of the first to the end of the last of 24 slots."""
    found = alerts_of(intakes(points=POINTS, interval=60), drawn("01 01:00", "03 00:00", kwh))
    assert [record.raised_at for record in found] == ([] if raised is None else [at(raised)])
    assert all(record.reason == "energy_no_volume" for record in found)


def test_an_hour_with_flow_begins_the_day_anew() -> None:
    flowing = [*drawn("01 01:00", "01 20:00", lambda _: 5), *drawn("01 21:00", "01 21:00", lambda _: 5, 100, 0.5)]
    after = [*drawn("01 22:00", "03 00:00", lambda _: 5, 105)]
    [record] = alerts_of(intakes(points=POINTS, interval=60), flowing, after)
    assert (record.onset, record.raised_at) == (at("01 21:00"), at("02 21:00"))


def test_an_energy_meter_that_falls_or_is_changed_begins_the_day_anew() -> None:
    changes = "station,quantity,at,old_final,new_initial\nA,energy_total,2026-03-01T12:30:00,60,500\n"
    one = [*drawn("01 01:00", "01 12:00", lambda _: 5)]
    other = [*drawn("01 13:00", "03 00:00", lambda _: 5, 500)]
    changed = intakes(points=POINTS, interval=60, meter_changes=changes)
    assert [record.raised_at for record in alerts_of(changed, one, other)] == [at("02 12:00")]
    fallen = [*drawn("01 13:00", "03 00:00", lambda _: 5, 3)]
    assert [record.raised_at for record in alerts_of(intakes(points=POINTS, interval=60), one, fallen)] == [
        at("02 12:00")
    ]


def test_a_day_without_energy_that_flows_ends_it_and_all_of_its_time_counts() -> None:
    """Flow whatever the pump says: two hours agree. The volume is the structure's rate over all of the time."""
    stolen = drawn("01 01:00", "02 02:00", lambda _: 5)
    [record] = alerts_of(
        intakes(points=POINTS, interval=60), stolen, slots("02 03:00", "02 12:00", step=HOUR_MS, discharge=0.5)
    )
    assert (record.onset, record.raised_at, record.resolved_at) == (at("01 00:00"), at("02 00:00"), at("02 04:00"))
    assert record.estimate is not None
    assert (record.estimate.volume, record.estimate.rate) == (28 * 3600 * MICRO, MICRO)


def test_a_pump_that_stands_by_and_a_holiday_are_honest() -> None:
    """100 W of standby in steps of 1 kWh, and three idle days, raise nothing."""
    standby = drawn("01 01:00", "05 00:00", lambda hour: 1.0 if hour % 10 == 0 else 0.0)
    assert alerts_of(intakes(points=POINTS, interval=60), standby) == []


@pytest.mark.parametrize(
    ("source", "annual", "count"),
    [("surface", 500_000, 1), ("surface", 499_999, 0), ("ground", 50_000, 1), ("mine", 9_000_000, 0)],
)
def test_a_large_intake_without_a_meter_is_told_from_the_first_midnight_on(
    source: str, annual: int, count: int
) -> None:
    """500,000 m3 of surface water, 50,000 of groundwater; whatever B sends is only there to let days pass."""
    register = intakes(("A,P,,1,,,none,,,,",), permits=f"{PERMITS}P,p,,,{source},{annual},,,valid\n")
    found = alerts_of(register, slots("01 12:00", "03 00:10", "A", discharge=0))
    assert [(record.reason, record.onset, record.raised_at, record.resolved_at) for record in found] == [
        ("no_meter", at("02 00:00"), at("02 00:00"), None)
    ] * count


def test_a_meter_that_is_installed_ends_it_at_the_next_midnight() -> None:
    lines = ("A,P,,1,,,none,,,,2026-03-02", "A,P,,1,,,pipe,,,2026-03-03,")
    register = intakes(lines, permits=f"{PERMITS}P,p,,,surface,800000,,,valid\n")
    [record] = alerts_of(register, slots("01 12:00", "05 00:00", "A", discharge=0))
    assert (record.onset, record.resolved_at, record.estimate) == (at("02 00:00"), at("03 00:00"), None)


def test_a_corrected_register_tells_and_withdraws() -> None:
    """What the register says itself is told again after a restart, and is gone with its reason."""
    messages = list(slots("01 12:00", "03 00:10", "A", discharge=0))
    lacking = intakes(("A,P,,1,,,none,,,,",), permits=f"{PERMITS}P,p,,,surface,800000,,,valid\n")
    measured = intakes(("A,P,,1,,,pipe,,,,",), permits=f"{PERMITS}P,p,,,surface,800000,,,valid\n")
    run = Run(TakesEngine, lacking, messages, TickSource.RECEIVED_AT)
    run.read(len(run))
    assert [len(said.alerts) for said in run.said] == [1]
    run.save(1000)
    run.said.clear()
    run.crash(measured)
    assert [(said.subject, said.alerts) for said in run.said] == [("A", ())]
    run.save(1000)
    run.said.clear()
    run.crash(lacking)
    assert [said.alerts[0].reason for said in run.said] == ["no_meter"]
