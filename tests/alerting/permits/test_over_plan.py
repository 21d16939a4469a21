"""Laws of the class over_plan: what is taken in a year against its plan, and never a guess in it."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from alerting.permits.over_plan import ALERT_CLASS
from alerting.record import Window
from hydro.fixed import MICRO
from hydro.instants import DAY_MS, HOUR_MS, MINUTE_MS, parse_instant
from tests.alerting.stream_of_messages import Message, at, report

from .county import brief, county, engine_run, hourly, of_class, permit_alerts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alerting.record import SubjectAlerts
    from hydro.register import Register

YEAR = parse_instant("2026-01-01T00:00", 480)
CHANGES = "permit,from,delta_m3,reason\n"
PLANS = "permit,month,volume_m3,valid_from,valid_to\n"
TWO = ("A,,intake,Wu,Nanming,520103,g,60", "B,,intake,Wu,Nanming,520103,g,60")


def plans(found: Iterable[SubjectAlerts]) -> list[tuple[Any, ...]]:
    """Alerts of this class in short."""
    return brief(of_class(found, ALERT_CLASS))


def test_levels_rise_with_the_volume() -> None:
    """10 m3 an hour against 1,000 m3: 90 % after 90 hours, more than all after 101, and so on."""
    found = permit_alerts(county(), list(hourly("01 00:00", "06 20:00", 10)))
    assert plans(found) == [
        (
            "P",
            "over_plan",
            "03-04 18:00",
            None,
            [
                ("blue", "03-04 18:00", 900.0, 1000),
                ("yellow", "03-05 05:00", 1010.0, 1000),
                ("orange", "03-05 14:00", 1100.0, 1000),
                ("red", "03-06 10:00", 1300.0, 1000),
            ],
        )
    ]


def test_missing_volume_is_not_filled_and_completeness_says_so() -> None:
    """A total goes on over a gap, so the volume is whole; the hours of the gap are not known, and none before March."""
    messages = [*hourly("01 00:00", "02 00:00", 10), *hourly("03 00:00", "04 20:00", 10, begin=480)]
    (alert,) = of_class(permit_alerts(county(), messages), ALERT_CLASS)
    raised = at("04 18:00")
    assert (alert.raised_at, alert.value, alert.division, alert.basin) == (raised, 900 * MICRO, "520103", None)
    # Of the hours from 1 January to it, those with a reading, but for those over which the gap lies: 25 and 42.
    assert alert.window == Window(YEAR, raised, (raised - YEAR) // HOUR_MS, 25 + 42)


def test_a_flow_that_is_not_measured_takes_nothing() -> None:
    """Of a flow meter that is silent for two days no volume is known, though it may have gone on."""
    flow = "A,discharge,,,\n"
    known = [*hourly("01 00:00", "02 00:00", 0.01, quantity="discharge")]
    later = [*hourly("04 00:00", "04 06:00", 0.01, quantity="discharge")]
    (alert,) = of_class(permit_alerts(county(points=flow), [*known, *later]), ALERT_CLASS)
    # 36 m3 an hour: after 25 hours 900 m3, and at 04 03:00 more than 1,000.
    assert [(change.level.text, change.at) for change in alert.levels] == [
        ("blue", at("02 00:00")),
        ("yellow", at("04 02:00")),
        ("orange", at("04 05:00")),
    ]


def test_a_rate_that_leads_beyond_the_plan_raises_blue_before() -> None:
    """0.3 m3 an hour are 100.8 m3 when half of the hours of 28 days are known, and 1,152 m3 by the end of the year."""
    messages = list(hourly("01 00:00", "20 00:00", 0.3))
    (alert,) = of_class(permit_alerts(county(), messages), ALERT_CLASS)
    assert (alert.reason, alert.level.text, alert.raised_at) == ("forecast", "blue", at("15 00:00"))
    assert alert.value == 100_800_000
    estimate = alert.estimate
    assert estimate is not None
    assert (estimate.rate, estimate.volume) == (round(100_800_000 / (28 * 86400)), 100_800_000 + 3_600_000 * 292)
    assert (estimate.method, estimate.rate_low, estimate.statutory) == ("rate_28d", None, None)
    assert of_class(permit_alerts(county(), messages, is_recorded=True), ALERT_CLASS) == [alert]


def test_a_window_of_the_permit_shortens_what_is_forecast() -> None:
    """Who may take until the end of May only has 78 days left on 15 March, not 292."""
    windows = "permit,from_day,to_day\nP,03-01,05-31\n"
    found = permit_alerts(county(permit_windows=windows), list(hourly("01 00:00", "20 00:00", 0.3)))
    assert of_class(found, ALERT_CLASS) == []


def test_a_raised_plan_resolves_and_a_sold_one_raises() -> None:
    raised = PLANS + "P,2026,500,,2026-03-04\nP,2026,1000,2026-03-05,\n"
    # 480 m3 until the plan is raised, and a rate that leads nowhere: 28 days are not half known.
    messages = list(hourly("01 00:00", "07 00:00", 5))
    assert plans(permit_alerts(county(plans=raised), messages)) == [
        ("P", "over_plan", "03-04 18:00", "03-05 01:00", [("blue", "03-04 18:00", 450.0, 500)])
    ]
    sold = CHANGES + "P,2026-03-05,-500,trade\n"
    assert plans(permit_alerts(county(permit_changes=sold), messages)) == [
        (
            "P",
            "over_plan",
            "03-05 01:00",
            None,
            [
                ("blue", "03-05 01:00", 485.0, 500),
                ("yellow", "03-05 05:00", 505.0, 500),
                ("orange", "03-05 14:00", 550.0, 500),
                ("red", "03-06 10:00", 650.0, 500),
            ],
        )
    ]


def test_a_level_falls_only_when_the_plan_rises() -> None:
    raised = PLANS + "P,2026,500,,2026-03-05\nP,2026,600,2026-03-06,\n"
    messages = list(hourly("01 00:00", "06 06:00", 4.7))
    assert plans(permit_alerts(county(plans=raised), messages))[0][4] == [
        ("blue", "03-05 00:00", 451.2, 500),
        ("yellow", "03-05 11:00", 502.9, 500),
        ("orange", "03-05 22:00", 554.6, 500),
        ("blue", "03-06 01:00", 568.7, 600),
    ]


def test_a_year_ends_what_it_began() -> None:
    def message(text: str, total: float) -> Message:
        return report(parse_instant(text, 480), "A", {"volume_total": total})

    messages = [
        message("2025-12-31T22:00", 0),
        message("2025-12-31T23:00", 950),
        message("2026-01-01T00:00", 960),
        message("2026-01-01T01:00", 1900),
    ]
    assert plans(permit_alerts(county(), messages)) == [
        ("P", "over_plan", "12-31 23:00", "01-01 00:00", [("blue", "12-31 23:00", 950.0, 1000)]),
        ("P", "over_plan", "01-01 01:00", None, [("blue", "01-01 01:00", 940.0, 1000)]),
    ]


def test_what_passed_over_new_year_unread_belongs_to_neither_year() -> None:
    messages = [
        report(parse_instant(text, 480), "A", {"volume_total": total})
        for text, total in (("2025-12-31T20:00", 0), ("2026-01-01T04:00", 2000), ("2026-01-01T05:00", 2890))
    ]
    assert plans(permit_alerts(county(), messages)) == []
    more = report(parse_instant("2026-01-01T06:00", 480), "A", {"volume_total": 2900})
    assert [each[2] for each in plans(permit_alerts(county(), [*messages, more]))] == ["01-01 06:00"]


def test_permits_of_one_intake_share_its_water() -> None:
    """P has two thirds of A by the register, Q what is left; Q has B alone."""
    permits = (
        "P,W,520103,4610,surface,1000,2024-01-01,2028-12-31,\nQ,M,520103,2211,surface,1000,2024-01-01,2028-12-31,\n"
    )
    register = county(
        permits=permits,
        stations=TWO,
        intakes="A,,none,1,,\nB,Q,none,1,,\n",
        points="A,volume_total,1,,\nB,volume_total,1,,\n",
        permit_intakes="permit,intake,valid_from,share\nP,A,2024-01-01,2/3\nQ,A,2024-01-01,\n".replace("2/3", "0.6"),
    )
    messages = [*hourly("01 00:00", "04 04:00", 20), *hourly("01 00:00", "04 04:00", 5, station="B")]
    assert (
        plans(permit_alerts(register, messages))
        == [
            ("P", "over_plan", "03-04 03:00", None, [("blue", "03-04 03:00", 900.0, 1000)]),
            ("Q", "over_plan", "03-03 22:00", None, [("blue", "03-03 22:00", 910.0, 1000)]),
        ][::-1]
    )


def test_electricity_counts_by_its_approved_coefficient_only() -> None:
    """4 m3 in a kWh, approved from 2 March on; before, nothing is known."""
    register = county(
        intakes="A,P,none,1,,electric\n",
        points="A,energy_total,1,,\n",
        derivations="station,quantity,valid_from,method,inputs,coefficient\nA,volume,2026-03-02,electric,A:energy_total,4\n",
    )
    messages = list(hourly("01 00:00", "05 00:00", 5, quantity="energy_total"))
    assert plans(permit_alerts(register, messages)) == [
        (
            "P",
            "over_plan",
            "03-03 21:00",
            None,
            [
                ("blue", "03-03 21:00", 900.0, 1000),
                ("yellow", "03-04 03:00", 1020.0, 1000),
                ("orange", "03-04 07:00", 1100.0, 1000),
                ("red", "03-04 17:00", 1300.0, 1000),
            ],
        )
    ]


def test_a_jump_of_a_billion_and_a_reset_are_no_volume() -> None:
    """What passed meanwhile is unknown; nobody is accused of it."""
    messages = [
        *hourly("01 00:00", "01 10:00", 10),
        *hourly("01 11:00", "01 20:00", 10, begin=1e9),
        *hourly("01 21:00", "02 02:00", 10),
    ]
    assert plans(permit_alerts(county(), messages)) == []


def test_a_reading_that_was_lost_and_comes_late_moves_the_crossing() -> None:
    """900 m3 are complete at 10:00, when the next reading shows them, until the one of 08:00 comes: it was then."""

    def total(received: str, event: str, value: float) -> Message:
        return report(at(received), "A", {"volume_total": value}, event)

    on_time = [total(f"01 {hour:02d}:01", f"01 {hour:02d}:00", 100.0 * hour) for hour in (0, 1, 2, 3, 4, 5, 6, 7)]
    register = county(stations=("A,,intake,Wu,Nanming,520103,g,60",))
    rest = [total("01 10:01", "01 10:00", 950), *(total(f"01 {h}:01", f"01 {h}:00", 950) for h in range(11, 20))]
    assert [each[2] for each in plans(permit_alerts(register, [*on_time, *rest]))] == ["03-01 10:00"]
    run = engine_run(register, [*on_time, *rest, total("01 21:00", "01 08:00", 930)])
    run.read(len(run) - 1)
    assert [each[2] for each in plans(run.said)] == ["03-01 10:00"]
    run.read(len(run))
    assert plans(run.said[-1:])[0][2:4] == ("03-01 08:00", None)
    late = run.said[-1].late
    assert late is not None
    assert late.received_at == at("01 21:00")


def story(rng: Random, *, corrected: bool = True) -> list[Message]:
    """Two meters over weeks: gaps, jumps, resets, late and corrected readings, flows and totals."""
    messages, totals = [], {"A": 500.0, "B": 0.0}
    gone = {"A": 0, "B": 0}
    rate = 4.0
    for time in range(at("01 00:00"), at("19 00:00"), 20 * MINUTE_MS):
        if rng.random() < 0.01:
            rate = rng.choice([0.0, 0.5, 2.0, 6.0])
        for station in ("A", "B"):
            totals[station] += rate * rng.random()
            if rng.random() < 0.004:
                totals[station] = rng.choice([0.0, 1e9, totals[station] + 40])
            if rng.random() < 0.006:
                gone[station] = rng.choice([1, 4, 80])
            gone[station] = max(0, gone[station] - 1)
            if gone[station]:
                continue
            quantity = "volume_total" if station == "A" else "discharge"
            value = round(totals[station], 3) if station == "A" else round(rate / 5000, 6)
            delay = rng.choice([0, 0, 0, 5, 25, 25, 40, 3000]) * MINUTE_MS + rng.randrange(60_000)
            wrong = corrected and rng.random() < 0.02
            messages.append(report(time + delay, station, {quantity: value * 3 if wrong else value}, time))
            if wrong:
                messages.append(report(time + delay + 2 * DAY_MS, station, {quantity: value}, time))
    return messages


def shared(rng: Random) -> Register:
    """Two permits at two intakes, with plans that change."""
    permits = (
        "P,W,520103,4610,surface,2000,2024-01-01,2028-12-31,\nQ,M,520103,2211,surface,900,2024-01-01,2026-03-12,\n"
    )
    return county(
        permits=permits,
        stations=("A,,intake,Wu,Nanming,520103,g,20", "B,,intake,Wu,Nanming,520103,g,20"),
        intakes="A,,none,0.02,,\nB,Q,none,1,,\n",
        points="A,volume_total,0.1,,\nB,discharge,,,\n",
        permit_intakes="permit,intake,valid_from,share\nP,A,2024-01-01,0.7\nQ,A,2026-03-08,\n",
        plans=PLANS + f"P,2026,{rng.choice([600, 1000])},,2026-03-09\nP,2026,1500,2026-03-10,\n",
        permit_changes=CHANGES + "Q,2026-03-05,-300,trade\n",
    )


def told_alike(seed: int) -> None:
    """However it is cut, killed or recorded."""
    rng = Random(seed)
    messages, register = story(rng), shared(rng)
    whole = permit_alerts(register, messages)
    assert of_class(whole, ALERT_CLASS)
    assert permit_alerts(register, messages, is_recorded=True) == whole
    cuts = sorted(rng.sample(range(1, len(messages)), 100))
    assert permit_alerts(register, messages, cuts=cuts) == whole
    assert permit_alerts(register, messages, dying=Random(seed)) == whole


def test_cuts_and_crashes_change_nothing() -> None:
    told_alike(0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 12))
def test_cuts_and_crashes_change_nothing_in_more_stories(seed: int) -> None:
    told_alike(seed)


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 6))])
def test_order_of_arrival_changes_nothing(seed: int) -> None:
    """The same readings, each at another time and in another order: the same alerts."""
    rng = Random(seed)
    register = shared(rng)
    values = {(message.payload, message.topic): message.received_at for message in story(rng, corrected=False)}
    found = []
    for _ in range(2):
        messages = [
            Message(at("19 00:00") + rng.randrange(20_000) * MINUTE_MS, topic, payload) for payload, topic in values
        ]
        found.append(permit_alerts(register, messages, cuts=sorted(rng.sample(range(1, len(messages)), 60))))
    in_order = [Message(received_at, topic, payload) for (payload, topic), received_at in values.items()]
    assert found[0] == found[1] == permit_alerts(register, in_order)


def test_what_is_settled_stands_and_the_year_goes_on() -> None:
    """Days are let go of; the volume since 1 January, the rate and the open alert are not."""
    messages = list(hourly("01 00:00", "29 00:00", 2))
    whole = plans(permit_alerts(county(), messages))
    assert [level for level, *_ in whole[0][4]] == ["blue", "yellow", "orange", "red"]
    run = engine_run(county(), messages)
    for position in range(10, len(run), 10):
        run.read(position)
        run.save(10, at("01 00:00") + position * HOUR_MS - 3 * DAY_MS)
        if position % 70 == 0:
            run.crash()
    run.read(len(run))
    assert plans(run.finish()) == whole
    assert len(run.shelf.blobs) < 10


def test_an_alert_that_is_over_and_settled_is_not_taken_back() -> None:
    raised = PLANS + "P,2026,200,,2026-03-05\nP,2026,100000,2026-03-06,\n"
    register = county(permits="P,W,520103,4610,surface,100000,2024-01-01,2028-12-31,\n", plans=raised)
    messages = list(hourly("01 00:00", "20 00:00", 2))
    run = engine_run(register, messages)
    for position in range(10, len(run), 10):
        run.read(position)
        run.save(10, at("01 00:00") + position * HOUR_MS - 3 * DAY_MS)
    run.read(len(run))
    assert plans(run.said[-1:])[0][2:4] == ("03-04 18:00", "03-06 01:00")
    assert run.finish() == []
    run.save(10)
    run.crash()
    assert run.finish() == []
