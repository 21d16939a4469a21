"""Laws of the class permit_expired: each 00:00 says what is so of a permit, and if water was taken the day before."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from alerting.permits.expiry import ALERT_CLASS
from hydro.fixed import MICRO
from hydro.instants import MINUTE_MS
from tests.alerting.stream_of_messages import at, beat, register_of, report

from .county import INTAKES, PERMIT, POINTS, brief, county, engine_run, hourly, of_class, permit_alerts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alerting.record import SubjectAlerts
    from hydro.register import Register
    from tests.alerting.stream_of_messages import Message

FLOW = "A,discharge,,,\n"


def told(found: Iterable[SubjectAlerts]) -> list[tuple[Any, ...]]:
    """Alerts of this class in short."""
    return brief(of_class(found, ALERT_CLASS))


def ends(day: str, state: str = "", further: str = "") -> Register:
    """A permit that ends with a day; A measures a flow."""
    permits = f"P,Waterworks,520103,4610,surface,1000000,2024-01-01,{day},{state}\n{further}"
    return county(permits=permits, points=FLOW)


def still(first: str, last: str, **values: float) -> list[Message]:
    """Readings each hour that say that nothing is taken."""
    return list(hourly(first, last, 0.0, quantity="discharge", **values))  # type: ignore[arg-type]  # names of stations are not among them


def test_a_permit_that_ends_is_told_ninety_days_before_and_when_it_has_ended() -> None:
    assert told(permit_alerts(ends("2026-05-31"), still("01 00:00", "04 12:00"))) == [
        ("P", "expiring", "03-03 00:00", None, [("blue", "03-03 00:00")])
    ]
    assert told(permit_alerts(ends("2026-03-02"), still("01 06:00", "04 12:00"))) == [
        ("P", "expiring", "12-03 00:00", "03-03 00:00", [("blue", "03-02 00:00")]),
        ("P", "expired", "03-03 00:00", None, [("blue", "03-03 00:00")]),
    ]


def test_taking_after_the_end_is_orange_on_the_days_on_which_it_is_taken() -> None:
    flow = [
        *still("02 00:00", "03 05:00"),
        *hourly("03 06:00", "03 07:00", 0.5, quantity="discharge"),
        *still("03 08:00", "06 00:00"),
    ]
    (_, alert) = of_class(permit_alerts(ends("2026-03-02"), flow), ALERT_CLASS)
    assert [(change.level.text, change.at) for change in alert.levels] == [
        ("blue", at("03 00:00")),
        ("orange", at("04 00:00")),
        ("blue", at("05 00:00")),
    ]
    estimate = alert.estimate
    assert estimate is not None
    assert (estimate.volume, estimate.method, estimate.statutory) == (3600 * MICRO, "metered", None)
    assert estimate.rate == round(3600 * MICRO / (3 * 86_400))


@pytest.mark.parametrize("state", ["renewal", "revoked"])
def test_what_is_being_renewed_or_was_revoked_does_not_expire(state: str) -> None:
    """While a timely renewal is undecided the permit has not expired."""
    assert told(permit_alerts(ends("2026-03-02", state), still("01 00:00", "05 00:00"))) == []


def test_a_further_row_renews() -> None:
    renewed = ends("2026-03-02", further="P,Waterworks,520103,4610,surface,1000000,2026-03-03,2030-12-31,\n")
    assert told(permit_alerts(renewed, still("01 00:00", "05 00:00"))) == []
    late = ends("2026-03-02", further="P,Waterworks,520103,4610,surface,1000000,2026-03-05,2030-12-31,\n")
    assert told(permit_alerts(late, still("02 12:00", "06 00:00"))) == [
        ("P", "expired", "03-03 00:00", "03-05 00:00", [("blue", "03-03 00:00")])
    ]


def test_a_suspended_permit_is_red_where_water_is_taken() -> None:
    permits = (
        "P,W,520103,4610,surface,1000000,2024-01-01,2026-03-02,\n"
        "P,W,520103,4610,surface,1000000,2026-03-03,2026-03-05,suspended\n"
        "P,W,520103,4610,surface,1000000,2026-03-06,2028-12-31,\n"
    )
    flow = [*still("02 00:00", "04 00:00"), *hourly("04 01:00", "07 00:00", 0.5, quantity="discharge")]
    assert told(permit_alerts(county(permits=permits, points=FLOW), flow)) == [
        ("P", "suspended", "03-03 00:00", "03-06 00:00", [("blue", "03-03 00:00"), ("red", "03-05 00:00")])
    ]


def test_who_takes_without_a_permit_is_told_from_the_first_take() -> None:
    register = county(permits="", intakes="A,,none,1,,\n", points=FLOW)
    flow = [
        *still("01 00:00", "02 10:00"),
        *hourly("02 11:00", "02 12:00", 0.5, quantity="discharge"),
        *still("02 13:00", "05 00:00"),
    ]
    (alert,) = of_class(permit_alerts(register, flow), ALERT_CLASS)
    assert (alert.subject_kind, alert.subject, alert.reason, alert.basin) == ("intake", "A", "missing", "Wu")
    assert (alert.onset, alert.raised_at, alert.resolved_at) == (at("02 10:00"), at("03 00:00"), None)
    assert [(change.level.text, change.at) for change in alert.levels] == [
        ("orange", at("03 00:00")),
        ("blue", at("04 00:00")),
    ]
    assert alert.estimate is not None
    assert alert.estimate.volume == 3600 * MICRO


def test_a_total_that_moves_by_more_than_a_step_is_a_take() -> None:
    register = county(permits="", intakes="A,,none,1,,\n", points="A,volume_total,1,,\n")
    assert told(permit_alerts(register, list(hourly("01 00:00", "04 00:00", 0.04)))) == []
    (alert,) = of_class(permit_alerts(register, list(hourly("01 00:00", "04 00:00", 0.05))), ALERT_CLASS)
    assert (alert.onset, alert.raised_at) == (at("01 01:00"), at("02 00:00"))


@pytest.mark.parametrize("ground", ["", "household"])
def test_some_takes_need_no_permit(ground: str) -> None:
    exempt = f"station,permit,reach,design_max_m3s,exempt_ground\nA,,none,1,{ground}\n"
    register = register_of(["A,,intake,Wu,Nanming,520103,g,60"], intakes=exempt, points=POINTS + FLOW)
    found = permit_alerts(register, list(hourly("01 00:00", "03 00:00", 1, quantity="discharge")))
    assert len(told(found)) == (0 if ground else 1)


def test_a_sealed_intake_ends_it() -> None:
    """Points that are retired take nothing; their permit is nobody's concern any more."""
    stations = (
        "A,,intake,Wu,Nanming,520103,g,60,active,,2026-03-04",
        "A,,intake,Wu,Nanming,520103,g,60,retired,2026-03-05,",
    )
    register = _dated_stations(stations, "P,W,520103,4610,surface,1000,2024-01-01,2026-03-02,\n")
    assert told(permit_alerts(register, still("02 12:00", "08 00:00"))) == [
        ("P", "expired", "03-03 00:00", "03-05 00:00", [("blue", "03-03 00:00")])
    ]


def _dated_stations(stations: tuple[str, ...], permits: str) -> Register:
    return register_of(
        stations,
        columns="status,valid_from,valid_to",
        permits=PERMIT + permits,
        intakes=INTAKES + "A,P,none,1,,\n",
        points=POINTS + FLOW,
    )


def test_a_corrected_register_takes_it_back() -> None:
    run = engine_run(ends("2026-03-02"), still("01 00:00", "05 00:00"))
    run.read(len(run))
    run.save(10)
    assert [each[1] for each in told(run.said[-1:])] == ["expiring", "expired"]
    run.crash(ends("2027-03-02"))
    assert run.said[-1].alerts == ()
    assert run.said[-1].late is not None
    run.crash(county(permits="", intakes="A,,none,1,,\n", points=FLOW))
    assert run.said[-1].alerts == ()


def test_a_permit_without_an_intake_is_judged_by_the_clock() -> None:
    register = register_of(
        ["G,,section,Wu,,,g,60"], permits=PERMIT + "P,W,520103,1,surface,10,2024-01-01,2026-03-02,\n"
    )
    messages = [report(at("01 00:00"), "G", {"stage": 1.0}), beat("03 00:01")]
    run = engine_run(register, messages)
    run.read(len(run))
    assert [each[1:4] for each in told(run.said[-1:])] == [
        ("expiring", "12-03 00:00", "03-03 00:00"),
        ("expired", "03-03 00:00", None),
    ]


def drawn(rng: Random) -> list[Message]:
    """Weeks of pumping by the hour, with gaps and late readings."""
    messages, flow = [], 0.0
    for time in range(at("01 00:00"), at("16 00:00"), 20 * MINUTE_MS):
        if rng.random() < 0.01:
            flow = rng.choice([0.0, 0.0, 0.3])
        for station in ("A", "B"):
            if rng.random() < 0.9:
                delay = rng.choice([0, 0, 10, 25, 60, 3000]) * MINUTE_MS
                value = flow if station == "A" else 0.3 - flow
                messages.append(report(time + delay, station, {"discharge": value}, time))
    return messages


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 6))])
def test_cuts_and_crashes_change_nothing(seed: int) -> None:
    rng = Random(seed)
    permits = (
        "P,W,520103,4610,surface,1000000,2024-01-01,2026-03-05,\n"
        "P,W,520103,4610,surface,1000000,2026-03-08,2026-03-11,suspended\n"
    )
    register = county(
        permits=permits,
        stations=("A,,intake,Wu,Nanming,520103,g,20", "B,,intake,Wu,Nanming,520103,g,20"),
        intakes="A,P,none,1,,\nB,,none,1,,\n",
        points="A,discharge,,,\nB,discharge,,,\n",
    )
    messages = drawn(rng)
    whole = permit_alerts(register, messages)
    assert {record.reason for record in of_class(whole, ALERT_CLASS)} == {"expiring", "expired", "suspended", "missing"}
    assert permit_alerts(register, messages, is_recorded=True) == whole
    assert permit_alerts(register, messages, cuts=sorted(rng.sample(range(1, len(messages)), 200))) == whole
    assert permit_alerts(register, messages, dying=Random(seed)) == whole
