"""Laws of the class flow_stopped: an hour of standing water raises, an hour of plain flow resolves, in any order.

Nothing flows at or below 0.02 m3/s, at or below a stage of 0.3 m, or where the device says so. Readings come every
20 min. Times are those of March 2026, ``DD HH:MM``.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from alerting.device_fault.engine import DeviceFaultEngine
from hydro.instants import DAY_MS, MINUTE_MS
from ingest.decode import TickSource
from tests.alerting.stream_of_messages import Message, Run, Told, at, judged, reading, register_of, report, told

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from alerting.record import SubjectAlerts
    from hydro.register import Register

TWENTY = 20 * MINUTE_MS
TARGET = "station,quantity,from_day,to_day,value,basis\nS,discharge,,,2,day\n"
POINTS = "station,quantity,min,max,zero_below,valid_from,valid_to\nS,discharge,,,{},,\n"


def river(*, targets: str = TARGET, zero_below: str = "0.02") -> Register:
    """One station."""
    return register_of(
        ["S,,section,,,,g,20,0.30"],
        columns="cease_stage_m",
        points=POINTS.format(zero_below),
        eflow_targets=targets,
    )


def slots(first: str, last: str, **values: float | None) -> Iterator[Message]:
    """A reading at the end of each slot from the first to the last."""
    for time in range(at(first), at(last) + 1, TWENTY):
        yield report(time, "S", values)


def stopped(found: Iterable[SubjectAlerts]) -> list[Told]:
    """Of what is told the alerts of this class, in short."""
    return told([one for one in found if one.alert_class == "flow_stopped"])


def stops(register: Register, messages: Sequence[Message], cuts: Sequence[int] = ()) -> list[Told]:
    """What is told of standing water by a stream."""
    return stopped(judged(DeviceFaultEngine, register, messages, cuts=cuts))


def test_an_hour_without_flow_is_told_and_an_hour_of_plain_flow_ends_it() -> None:
    """Between once and twice `zero_below` it neither stands nor flows."""
    messages = [
        *slots("01 00:20", "01 01:40", discharge=0.0),
        *slots("01 02:00", "01 02:20", discharge=0.05),
        *slots("01 02:40", "01 02:40", discharge=0.04),
        *slots("01 03:00", "01 04:00", discharge=0.05),
    ]
    assert stops(river(), messages) == [Told("S", "zero_discharge", "01 00:00", "01 01:00", "01 03:40", "red")]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"discharge": 0.02}, "zero_discharge"),
        ({"discharge": 0.03}, None),
        ({"stage": 0.3}, "below_cease_stage"),
        ({"flow_state": 2.0}, "flow_state"),
        ({"flow_state": 0.0}, None),
        ({"discharge": 0.0, "stage": 0.2}, "zero_discharge"),
        ({"discharge": 0.0, "stage": 0.9}, None),
        ({"discharge": 0.0, "flow_state": 0.0}, "zero_discharge"),
    ],
)
def test_all_that_can_tell_must_say_so(values: dict[str, float], reason: str | None) -> None:
    """A state of normal is what devices send that have no sensor for it."""
    found = stops(river(), [*slots("01 00:20", "01 01:00", **values)])
    assert [one.reason for one in found] == ([] if reason is None else [reason])


def test_without_a_target_nobody_is_told() -> None:
    register = register_of(["S,,section,,,,g,20"])
    assert stops(register, [*slots("01 00:20", "01 04:00", discharge=0.0)]) == []


def test_a_stage_that_comes_later_takes_it_back() -> None:
    """It shows that the meter was wrong: that is a fault of the device."""
    zeros = list(slots("01 00:20", "01 01:20", discharge=0.0))
    stages = [reading("01 05:00", "S", f"01 0{hour}", stage=0.9) for hour in ("0:20", "0:40", "1:00")]
    register = river()
    assert [one.raised for one in stops(register, zeros)] == ["01 01:00"]
    found = judged(DeviceFaultEngine, register, [*zeros, *stages], cuts=[4, 5])
    assert stopped(found) == []
    assert [one.reason for one in told([one for one in found if one.alert_class == "device_fault"])] == [
        "zero_for_missing"
    ]


def drawn(rng: Random) -> list[Message]:
    """Days of a small river whose witnesses come apart, late and corrected."""
    messages = []
    flow = 0.1
    for time in range(at("01 00:20"), at("04 00:00") + 1, TWENTY):
        if rng.random() < 0.15:
            flow = rng.choice([0.0, 0.01, 0.03, 0.1])
        for quantity, value in (("discharge", flow), ("stage", 0.2 if flow < 0.02 else 0.5), ("flow_state", 0.0)):
            if rng.random() < 0.8:
                wrong = rng.random() < 0.05
                delay = rng.randrange(0, 25) * MINUTE_MS
                messages.append(report(time + delay, "S", {quantity: 0.9 - value if wrong else value}, time))
                if wrong:
                    messages.append(report(time + DAY_MS, "S", {quantity: value}, time))
    return messages


@pytest.mark.parametrize("seed", range(6))
def test_cuts_and_crashes_change_nothing(seed: int) -> None:
    messages, register = drawn(Random(seed)), river()
    whole = judged(DeviceFaultEngine, register, messages, ticks=TickSource.HEARTBEAT)
    assert stopped(whole)
    again = judged(DeviceFaultEngine, register, messages, ticks=TickSource.HEARTBEAT, dying=Random(seed))
    assert again == whole


def test_a_register_that_knows_better_tells_it_anew() -> None:
    """With another `zero_below` the water stood still all the time; without a target nobody asks."""
    run = Run(DeviceFaultEngine, river(), [*slots("01 00:20", "01 04:00", discharge=0.05)], TickSource.HEARTBEAT)
    run.read(len(run))
    run.save(10)
    assert run.said == []
    run.crash(river(zero_below="0.1"))
    assert stopped(run.said) == [Told("S", "zero_discharge", "01 00:00", "01 01:00", None, "red")]
    run.save(10)
    run.crash(register_of(["S,,section,,,,g,20,0.30"], columns="cease_stage_m"))
    assert run.said[-1].alert_class == "flow_stopped"
    assert run.said[-1].alerts == ()


def test_what_is_over_and_forgotten_stands() -> None:
    """A later alert is told together with the instant up to which nothing is taken back."""
    messages = [
        *slots("01 00:20", "01 02:00", discharge=0.0),
        *slots("01 02:20", "05 00:00", discharge=1.0),
        *slots("05 00:20", "05 02:00", discharge=0.0),
    ]
    run = Run(DeviceFaultEngine, river(), messages, TickSource.HEARTBEAT)
    run.read(len(run) - 6)
    run.save(10, at("04 00:00"))
    run.crash()
    run.read(len(run))
    last = run.said[-1]
    assert (last.since, stopped([last])) == (
        at("01 03:00"),
        [Told("S", "zero_discharge", "05 00:00", "05 01:00", None, "red")],
    )
