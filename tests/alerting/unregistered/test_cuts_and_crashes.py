"""What may not change an alert of an unregistered source: where batches are cut, and where the process dies."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from alerting.unregistered import source, sources
from alerting.unregistered.engine import UnregisteredEngine
from hydro.instants import HOUR_MS, MINUTE_MS
from ingest.decode import TickSource
from tests.alerting.stream_of_messages import Message, Run, at, beat, judged, reading, register_of

if TYPE_CHECKING:
    from hydro.register import Register

SEEDS = range(8)
MORE_SEEDS = range(100, 250)


@pytest.fixture(autouse=True)
def _small_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Room for three alerts and two more of a gateway, and silence after nine hours: all of it happens in four days."""
    monkeypatch.setattr(sources, "OPEN", 3)
    monkeypatch.setattr(sources, "FOLLOWED", 2)
    monkeypatch.setattr(source, "SILENT_MS", 9 * HOUR_MS)
    monkeypatch.setattr(sources, "SILENT_MS", 9 * HOUR_MS)


def dated_register(random: Random) -> Register:
    """Stations that are known always, from some day on, until some day, or move to another gateway."""
    lines = ["K,,section,,,,g,5,,"]
    for number in range(6):
        day = random.choice([2, 3])
        line = f"S{number},,section,,,,{random.choice(['g', 'h', ''])},5"
        match random.randrange(4):
            case 0:
                lines.append(f"{line},2026-03-0{day},")
            case 1:
                lines.append(f"{line},,2026-03-0{day}")
            case 2:
                moved = f"S{number},,section,,,,{random.choice(['g', 'h'])},5"
                lines += [f"{line},,2026-03-0{day}", f"{moved},2026-03-0{day + 1},"]
            case _:
                lines.append(f"{line},,")
    return register_of(lines, columns="valid_from,valid_to")


def random_stream(random: Random) -> list[Message]:
    """Known and unknown addresses in bouts, over either gateway; ticks may be taken from either source."""
    messages = [
        beat(f"0{day} {hour:02d}:{minute}") for day in (1, 2, 3, 4) for hour in range(24) for minute in (10, 40)
    ]
    for name in [*(f"S{number}" for number in range(6)), *(f"X{number}" for number in range(10))]:
        time = at("01 00:00") + random.randrange(600) * MINUTE_MS
        while time < at("05 00:00"):
            gateway = random.choice(["g", "g", "h"])
            for _ in range(random.randint(1, 9)):
                event = time - random.choice([0, 0, 5, 30 * 60]) * MINUTE_MS
                flow = random.choice([None, 0.0, 0.0, 0.0, 1.5])
                messages.append(reading(time, name, event, gateway=gateway, discharge=flow))
                time += random.choice([1, 5, 5, 60]) * MINUTE_MS
            time += random.choice([60, 400, 800, 1500]) * MINUTE_MS
    return [message for message in messages if message.received_at <= at("05 00:00")]


def check(seed: int) -> int:
    """One stream, judged in several ways; the number of alerts."""
    random = Random(seed)
    register = dated_register(random)
    messages = random_stream(random)
    ticks = random.choice(list(TickSource))
    expected = judged(UnregisteredEngine, register, messages, ticks=ticks)
    cuts = sorted(random.sample(range(1, len(messages)), 30))
    assert judged(UnregisteredEngine, register, messages, ticks=ticks, cuts=cuts) == expected
    assert judged(UnregisteredEngine, register, messages, ticks=ticks, cuts=range(len(messages))) == expected
    assert judged(UnregisteredEngine, register, messages, ticks=ticks, dying=Random(seed)) == expected
    ended = [alert for said in expected for alert in said.alerts if alert.resolved_at is not None]
    return len(ended)


@pytest.mark.parametrize("seed", SEEDS)
def test_cuts_and_crashes_change_no_alert(seed: int) -> None:
    assert check(seed) > 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", MORE_SEEDS)
def test_cuts_and_crashes_change_no_alert_in_many_streams(seed: int) -> None:
    check(seed)


def test_what_was_resolved_long_ago_is_let_go_of_and_stands() -> None:
    register, messages = dated_register(Random(1)), random_stream(Random(1))
    plain = {said.subject: said.alerts for said in judged(UnregisteredEngine, register, messages)}
    run = Run(UnregisteredEngine, register, messages, TickSource.RECEIVED_AT)
    horizon = at("03 00:00")
    while run.engine.position < len(run):
        run.read(min(run.engine.position + 100, len(run)))
        if run.engine.last_event is not None and run.engine.last_event > horizon:
            run.save(1000, horizon)
            run.crash()
    kept = {said.subject: said for said in run.finish()}
    gone = 0
    for address, alerts in plain.items():
        old = [one for one in alerts if one.resolved_at is not None and one.resolved_at <= horizon]
        gone += len(old)
        if len(old) < len(alerts):
            assert kept[address].since == horizon
            assert kept[address].alerts == tuple(one for one in alerts if one not in old)
        else:
            assert address not in kept
    assert gone > 0
