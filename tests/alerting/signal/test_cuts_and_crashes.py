"""Cuts between batches, crashes, and letting go of what is old change no alert of a signal; nor do live ticks."""

from __future__ import annotations

from random import Random

import pytest

from alerting.signal.engine import SignalEngine
from hydro.instants import MINUTE_MS
from ingest.decode import TickSource
from tests.alerting.signal.signals import ruled
from tests.alerting.stream_of_messages import Message, Run, at, judged, reading

STATIONS = ["A,,section,,Wu,,g,20", "B,,section,,Wu,,g,5"]
SIGNALS = {
    "cloudy": "quantity: turbidity, above: {yellow: 200, red: 500}, resolves_at: 150",
    "clear": "quantity: turbidity, below: {blue: 160, orange: 50}, hold_min: 180, resolve_min: 40",
}
REGISTER = ruled(STATIONS, SIGNALS)
SEEDS = range(1)
MORE_SEEDS = range(100, 160)


def random_stream(random: Random) -> list[Message]:
    """Ten days of water that clears and clouds, with gaps, repetitions, corrections and late readings."""
    messages = []
    for station, interval in (("A", 20), ("B", 5)):
        time, until, level = at("01 00:00"), 0, 100.0
        while time < at("11 00:00"):
            time += interval * MINUTE_MS
            if time > until:
                until = time + random.choice([30, 60, 200, 900]) * MINUTE_MS
                level = random.choice([20.0, 100.0, 155.0, 170.0, 250.0, 700.0])
            if random.random() < 0.01:
                time += random.choice([40, 90, 300]) * MINUTE_MS
            value = None if random.random() < 0.02 else level + random.choice([-60, -5, 0, 5])
            delay = random.choice([0, 1, 1, 20] if random.random() < 0.97 else [90, 2_000]) * MINUTE_MS
            messages.append(reading(time + delay, station, time, turbidity=value))
            if random.random() < 0.03:
                again = random.choice([30.0, 300.0])
                messages.append(
                    reading(time + delay + random.randrange(400) * MINUTE_MS, station, time, turbidity=again)
                )
    return sorted(messages, key=lambda message: message.received_at)


def check(seed: int) -> int:
    """One stream, judged in several ways; the number of alerts."""
    random = Random(seed)
    messages = random_stream(random)
    expected = judged(SignalEngine, REGISTER, messages)
    cuts = sorted(random.sample(range(1, len(messages)), 60))
    assert judged(SignalEngine, REGISTER, messages, cuts=cuts) == expected
    assert judged(SignalEngine, REGISTER, messages, cuts=cuts, ticks=TickSource.HEARTBEAT) == expected
    assert judged(SignalEngine, REGISTER, messages, dying=random) == expected
    return sum(len(said.alerts) for said in expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_cuts_and_crashes_change_no_alert(seed: int) -> None:
    assert check(seed) > 10


@pytest.mark.slow
@pytest.mark.parametrize("seed", MORE_SEEDS)
def test_cuts_and_crashes_change_no_alert_in_many_streams(seed: int) -> None:
    check(seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_was_over_before_the_memory_begins_stands(seed: int) -> None:
    """Evidence older than three days is let go of again and again; the rest is judged as if all of it were there."""
    messages = [message for message in random_stream(Random(seed)) if message.received_at < at("11 00:00")]
    messages = [message for message in messages if b"null" not in message.payload]
    plain = {(said.subject, said.target_id): said.alerts for said in judged(SignalEngine, REGISTER, messages)}
    run = Run(SignalEngine, REGISTER, messages, TickSource.HEARTBEAT)
    gone = 0
    while run.engine.position < len(run):
        run.read(min(run.engine.position + 250, len(run)))
        run.save(1_000, (run.engine.last_event or 0) - 3 * 1_440 * MINUTE_MS)
        if run.engine.position % 500 == 0:
            run.crash()
    for said in run.finish():
        kept = [
            one
            for one in plain[said.subject, said.target_id]
            if one.resolved_at is None or one.resolved_at > said.since
        ]
        assert list(said.alerts) == kept
        gone += len(plain[said.subject, said.target_id]) - len(kept)
    assert gone > 0
