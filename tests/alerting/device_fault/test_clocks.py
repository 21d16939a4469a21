"""Clocks that are wrong: an alert, and readings that nobody judges; backlogs and slow reporters are none."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from alerting.device_fault.engine import DeviceFaultEngine
from hydro.instants import DAY_MS, MINUTE_MS
from hydro.series import SeriesIndex
from ingest.decode import TickSource
from tests.alerting.stream_of_messages import Message, Run, Shelf, Told, at, judged, reading, register_of, report, told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hydro.register import Register

FIVE = 5 * MINUTE_MS
STATION = "S,,section,,,,g,5"


def sent(first: str, count: int, *, behind: int, apart: int = FIVE) -> list[Message]:
    """So many messages in a row whose clock is behind by so many minutes; negative where it is ahead."""
    times = range(at(first), at(first) + count * apart, apart)
    return [reading(time + 900, "S", time - behind * MINUTE_MS) for time in times]


def passed(register: Register, messages: Sequence[Message], *, cuts: Sequence[int] = ()) -> list[int]:
    """Event times of what rules are given, in the order in which they are."""
    run = Run(DeviceFaultEngine, register, messages, TickSource.RECEIVED_AT)
    engine = DeviceFaultEngine(register, SeriesIndex(register.stations), Shelf())
    found: list[int] = []
    before = 0
    for last in [*cuts, len(run)]:
        batch = engine.judged(run.decode(before + 1, last))
        engine.step(batch)
        found += batch.observations.event_time.tolist()
        before = last
    rest = engine.rest()
    return found + ([] if rest is None else rest.observations.event_time.tolist())


@pytest.mark.parametrize("behind", [1_440, 45, -45, -1_440])
def test_a_clock_that_is_off_is_a_fault_and_its_readings_are_not_judged(behind: int) -> None:
    """Three live messages prove it; those before the third are not judged either. Resolved by 24 h that are right."""
    right = sent("01 00:00", 20, behind=0) if behind < 0 else []
    wrong = sent("01 02:00", 6, behind=behind)
    after = sent("03 00:00", 300, behind=0)
    register = register_of([STATION])
    found = told(judged(DeviceFaultEngine, register, [*right, *wrong, *after]))
    assert found == [Told("S", "clock_skew", "01 02:00", "01 02:10", "03 00:00", "yellow")]
    assert passed(register, [*right, *wrong, *after]) == [
        at("01 00:00") + number * FIVE for number in range(len(right))
    ] + [at("03 00:00") + number * FIVE for number in range(300)]


@pytest.mark.parametrize("behind", [9, 29, -9])
def test_a_clock_may_be_off_by_ten_minutes_and_a_message_late_by_the_lateness(behind: int) -> None:
    messages = sent("01 02:00", 6, behind=behind)
    register = register_of([STATION])
    assert told(judged(DeviceFaultEngine, register, messages)) == []
    assert len(passed(register, messages)) == 6


def test_a_backlog_sent_oldest_first_is_no_wrong_clock() -> None:
    """It is behind by less from message to message: each is judged as soon as the next one shows that."""
    register = register_of([STATION])
    backlog = [reading(at("02 00:00") + number * 1_000, "S", at("01 00:00") + number * FIVE) for number in range(200)]
    assert told(judged(DeviceFaultEngine, register, backlog)) == []
    events = [at("01 00:00") + number * FIVE for number in range(200)]
    assert passed(register, backlog) == events
    assert sorted(passed(register, backlog, cuts=range(1, 200))) == events


def test_a_meter_that_sends_once_a_day_may_send_what_is_hours_old() -> None:
    """Hourly values of the day before, sent at one and the same time of day."""
    messages = [reading(f"0{day} 06:00", "M", f"0{day} 00:00") for day in range(2, 8)]
    register = register_of(["M,,intake,,,,g,60,1440"], columns="report_min")
    assert told(judged(DeviceFaultEngine, register, messages)) == []


def test_what_was_held_to_the_end_of_a_stream_is_judged() -> None:
    messages = [*sent("01 00:00", 3, behind=0), *sent("01 03:00", 2, behind=60)]
    events = [at("01 00:00"), at("01 00:05"), at("01 00:10"), at("01 02:00"), at("01 02:05")]
    assert passed(register_of([STATION]), messages, cuts=range(1, 5)) == events


def random_stream(random: Random) -> list[Message]:
    """Clocks that are right, wrong for hours, or jump; backlogs, and readings that come twice or late."""
    messages: list[Message] = []
    for number in range(4):
        behind, until = 0, at("01 00:00")
        for time in range(at("01 00:00"), at("04 00:00"), 4 * FIVE):
            if time >= until:
                behind = random.choice([0, 0, 0, 47, 300, 1_440, -30, 9])
                until = time + random.choice([1, 2, 6, 30]) * 3_600_000
            received = time + random.choice([500, 500, 500, 500, 2 * 3_600_000])
            values = {"meter_fault": float(random.random() < 0.3), "voltage": random.choice([12.6, 12.6, 11.0])}
            message = report(received, f"S{number}", values, time - behind * MINUTE_MS)
            messages += [message] * random.choice([1, 1, 1, 2])
    return messages


@pytest.mark.parametrize("seed", [*range(3), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(10, 60))])
def test_cuts_and_crashes_change_neither_alerts_nor_what_is_judged(seed: int) -> None:
    register = register_of([f"S{number},,section,,,,g,20" for number in range(4)])
    messages = random_stream(Random(seed))
    expected = judged(DeviceFaultEngine, register, messages)
    assert sum(len(said.alerts) for said in expected) > 3
    assert judged(DeviceFaultEngine, register, messages, cuts=range(1, len(messages))) == expected
    for again in range(2):
        assert judged(DeviceFaultEngine, register, messages, dying=Random(10 * seed + again)) == expected


def test_alerts_of_long_ago_are_let_go_of_and_stand() -> None:
    register = register_of([f"S{number},,section,,,,g,20" for number in range(4)])
    messages = random_stream(Random(3))
    plain = {said.subject: said.alerts for said in judged(DeviceFaultEngine, register, messages)}
    run = Run(DeviceFaultEngine, register, messages, TickSource.RECEIVED_AT)
    while run.engine.position < len(run):
        run.read(min(run.engine.position + 50, len(run)))
        latest = run.engine.last_event
        if latest is not None:
            run.save(1000, latest - DAY_MS)
            run.crash()
    for said in run.finish():
        kept = tuple(one for one in plain[said.subject] if one.resolved_at is None or one.resolved_at > said.since)
        assert said.alerts == kept
