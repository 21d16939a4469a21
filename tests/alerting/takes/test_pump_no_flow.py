"""Laws of the reason pump_no_flow: what is evidence, how much of it raises, and what ends it.

Slots are 10 minutes long unless told. Times are those of March 2026, ``DD HH:MM``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from alerting.record import Estimate
from hydro.fixed import MICRO
from tests.alerting.stream_of_messages import at
from tests.alerting.takes.intake_streams import alerts_of, intakes, slots, slots_of

if TYPE_CHECKING:
    from alerting.record import AlertRecord


class When(NamedTuple):
    """An alert in short."""

    onset: int
    raised: int
    resolved: int | None


def when(records: list[AlertRecord]) -> list[When]:
    """When alerts began, were raised and ended."""
    return [When(record.onset, record.raised_at, record.resolved_at) for record in records]


def test_a_pump_that_runs_half_an_hour_without_flow_takes_water_that_nobody_meters() -> None:
    """It ends with the slot that completes 2 h in which pump and flow agree: here the pump stands."""
    found = alerts_of(
        intakes(),
        slots("01 00:10", "01 02:00", pump=0, discharge=0),
        slots("01 02:10", "01 05:00", pump=1, discharge=0.01),
        slots("01 05:10", "01 09:00", pump=0, discharge=0),
    )
    assert when(found) == [When(at("01 02:00"), at("01 02:30"), at("01 07:00"))]
    [record] = found
    assert (record.reason, record.subject_kind, record.subject, record.level.text) == (
        "pump_no_flow", "intake", "A", "yellow",
    )  # fmt: skip
    assert (record.value, record.target, record.worst, record.window, record.target_id) == (None,) * 5


@pytest.mark.parametrize(
    ("values", "count"),
    [
        ({"pump": 1, "discharge": 0.010001}, 0),
        ({"pump": 1, "discharge": -0.2}, 1),
        ({"pump": 0.4, "discharge": 0}, 0),
        ({"pump": 1}, 0),
        ({"discharge": 0}, 0),
        ({"power": 2.1, "discharge": 0}, 1),
        ({"power": 2.0, "discharge": 0}, 0),
        ({"pump": 0, "power": 9, "discharge": 0}, 1),
        ({"pump": 1, "discharge": 0, "volume_total": 5}, 1),
    ],
    ids=str,
)
def test_it_runs_by_pump_or_a_fifth_of_its_power_and_is_quiet_up_to_zero_below(
    values: dict[str, float], count: int
) -> None:
    register = intakes(points=("A,discharge,0.01,,,,,", "A,power,,10,,,,"))
    assert len(alerts_of(register, slots_of("01 00:10", "01 06:00", values))) == count


def test_a_pump_that_primes_for_two_slots_is_honest() -> None:
    """Two slots without flow, every morning, and backwash of 20 minutes: nothing is raised."""
    day = [
        *slots("01 00:10", "01 06:00", pump=0, discharge=0),
        *slots("01 06:10", "01 06:20", pump=1, discharge=0),
        *slots("01 06:30", "01 12:00", pump=1, discharge=0.4),
        *slots("01 12:10", "01 12:20", pump=1, discharge=-0.1),
        *slots("01 12:30", "01 18:00", pump=1, discharge=0.4),
    ]
    assert alerts_of(intakes(), day) == []


def test_a_total_that_moves_shows_that_the_flow_meter_alone_is_wrong() -> None:
    """More than a step: it is metered after all. A step within the run is none."""
    register = intakes(points=("A,discharge,0.01,,,,,", "A,volume_total,,,10,,,"))
    moving = [
        message
        for number in range(36)
        for message in slots(f"01 {number // 6:02d}:{number % 6}5", f"01 {number // 6:02d}:{number % 6}5",
                             pump=1, discharge=0, volume_total=100 + 11 * number)
    ]  # fmt: skip
    assert alerts_of(register, moving) == []
    still = [*slots("01 00:10", "01 00:20", pump=1, discharge=0, volume_total=100)]
    still += slots("01 00:30", "01 06:00", pump=1, discharge=0, volume_total=110)
    assert when(alerts_of(register, still)) == [When(at("01 00:00"), at("01 00:30"), None)]


def test_a_total_alone_proves_only_what_it_could_have_shown() -> None:
    """5 % of 1 m3/s makes ten steps of 10 m3 in 2,000 s, of 100 m3 in 20,000 s: 34 slots."""
    for step, raised in ((10, "01 00:40"), (100, "01 05:40")):
        register = intakes(points=(f"A,volume_total,,,{step},,,",))
        found = alerts_of(register, slots("01 00:10", "01 12:00", pump=1, volume_total=5))
        assert when(found) == [When(at("01 00:00"), at(raised), None)]
    assert alerts_of(intakes(("A,,,,,,,,,,",)), slots("01 00:10", "01 12:00", pump=1, volume_total=5)) == []


def test_three_slots_must_know_the_flow_and_three_the_total() -> None:
    """Half an hour of 15 minute slots is two slots: the third completes it; so does a third one with a total."""
    register = intakes(interval=15)
    quarter = 15 * 60_000
    found = alerts_of(register, slots("01 00:15", "01 01:00", step=quarter, pump=1, discharge=0))
    assert when(found) == [When(at("01 00:00"), at("01 00:45"), None)]
    first = slots("01 00:15", "01 00:30", step=quarter, pump=1, discharge=0)
    totals = slots("01 00:45", "01 02:00", step=quarter, pump=1, discharge=0, volume_total=1)
    assert when(alerts_of(register, first, totals)) == [When(at("01 00:00"), at("01 01:15"), None)]


def test_unknown_slots_freeze_and_a_gap_of_more_than_an_hour_begins_anew() -> None:
    before = [*slots("01 00:10", "01 00:20", pump=1, discharge=0)]
    short = [*slots("01 01:30", "01 02:00", pump=1, discharge=0)]
    assert when(alerts_of(intakes(), before, short)) == [When(at("01 00:00"), at("01 01:30"), None)]
    long = [*slots("01 01:40", "01 02:00", pump=1, discharge=0)]
    assert when(alerts_of(intakes(), before, long)) == [When(at("01 01:30"), at("01 02:00"), None)]


def test_evidence_begins_the_two_hours_anew_and_a_gap_does_too() -> None:
    found = alerts_of(
        intakes(),
        slots("01 00:10", "01 01:00", pump=1, discharge=0),
        slots("01 01:10", "01 02:50", pump=1, discharge=0.4),
        slots("01 03:00", "01 03:00", pump=1, discharge=0),
        slots("01 03:10", "01 04:50", pump=1, discharge=0.4),
        slots("01 06:10", "01 09:00", discharge=0.4),
    )
    assert when(found) == [When(at("01 00:00"), at("01 00:30"), at("01 08:00"))]


def test_pumps_and_meters_of_one_structure_are_judged_together() -> None:
    """The pump reports at B, the flow at A: while it flows at A, B's pump is honest."""
    register = intakes(("A,,,1,S,,,,,,", "B,,,1,S,,,,,,"), points=("A,discharge,0.01,,,,,", "B,discharge,0.01,,,,,"))
    honest = [*slots("01 00:10", "01 06:00", "B", pump=1), *slots("01 00:10", "01 06:00", "A", discharge=0.4)]
    assert alerts_of(register, honest) == []
    stolen = [*slots("01 00:10", "01 06:00", "B", pump=1), *slots("01 00:10", "01 06:00", "A", discharge=0)]
    [record] = alerts_of(register, stolen)
    assert (record.subject, when([record])) == ("S", [When(at("01 00:00"), at("01 00:30"), None)])


def test_a_retired_point_says_nothing() -> None:
    register = intakes(("A,,,1,,,,,retired,,",))
    assert alerts_of(register, slots("01 00:10", "01 06:00", pump=1, discharge=0)) == []


def test_the_estimate_is_the_structure_s_rate_while_it_ran_and_the_law_reckons_by_days() -> None:
    """Resolved: 3 h of 1 m3/s are 10,800 m3 in the 5 h since the onset; of two days the law counts both."""
    found = alerts_of(
        intakes(("A,,,1,,500,,,,,",)),
        slots("01 21:10", "02 00:10", pump=1, discharge=0),
        slots("02 00:20", "02 09:00", pump=0, discharge=0),
    )
    [record] = found
    assert when(found) == [When(at("01 21:00"), at("01 21:30"), at("02 02:10"))]
    seconds = (at("02 02:10") - at("01 21:00")) // 1000
    volume = (3 * 3600 + 600) * MICRO
    rate = round(volume / seconds)
    assert record.estimate == Estimate(rate, None, MICRO, volume, 2 * 500 * MICRO, "design_max")


def test_an_open_alert_is_told_as_of_the_last_midnight() -> None:
    """Before the first one as of its raising, so that it is rewritten once a day."""
    for last, running in (("01 23:50", 1800), ("02 00:00", 3 * 3600), ("02 08:00", 3 * 3600)):
        [record] = alerts_of(intakes(), slots("01 21:10", last, pump=1, discharge=0))
        assert record.estimate is not None
        assert record.estimate.volume == running * MICRO


def test_the_approved_coefficient_gives_the_volume_with_its_uncertainty() -> None:
    """4 m3 in a kWh, 10 kWh an hour for 3 h; +- 10 %."""
    derivations = (
        "station,quantity,valid_from,method,inputs,coefficient,uncertainty_pct\nA,volume,2026-01-01,electric,,4,10\n"
    )
    register = intakes(derivations=derivations)
    begin = at("01 00:00")
    stream = [
        message
        for number in range(1, 40)
        for message in [
            *slots("01 00:00", "01 00:00", pump=int(6 < number <= 24), discharge=0,
                   energy_total=min(max(number - 6, 0), 18) * 10 / 6),
        ]
        for message in [message._replace(
            received_at=begin + number * 600_000,
            payload=message.payload.replace(str(begin).encode(), str(begin + number * 600_000).encode()),
        )]
    ]  # fmt: skip
    [record] = alerts_of(register, stream)
    assert when([record]) == [When(at("01 01:00"), at("01 01:30"), at("01 06:00"))]
    volume = 120 * MICRO
    rate = round(volume / (5 * 3600))
    estimate = record.estimate
    assert estimate is not None
    assert estimate.volume == pytest.approx(volume, abs=100)
    assert (estimate.rate, estimate.method, estimate.statutory) == (rate, "electric", 86_400 * MICRO)
    assert estimate.rate_low == pytest.approx(rate * 0.9, abs=1)
    assert estimate.rate_high == pytest.approx(rate * 1.1, abs=1)
