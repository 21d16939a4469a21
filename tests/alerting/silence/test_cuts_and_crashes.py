"""What may not change an alert of lost data: where batches are cut, and where the process dies."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from alerting.silence.engine import SilenceEngine
from hydro.instants import MINUTE_MS
from ingest.decode import TickSource
from tests.alerting.stream_of_messages import Message, Run, at, beat, judged, reading, register_of, status

if TYPE_CHECKING:
    from hydro.register import Register

SEEDS = range(6)
MORE_SEEDS = range(100, 200)


def dated_register(random: Random) -> Register:
    """Gateways whose stations retire, begin, report otherwise from some day on, or move to another gateway."""
    lines = []
    for number in range(7):
        gateway = random.choice(["g", "g", "g", "h", ""])
        before = f"S{number},,section,,,,{gateway},{random.choice([5, 30])}"
        day = random.choice([2, 3])
        match random.randrange(5):
            case 0:
                lines += [f"{before},,,,2026-03-0{day}", f"{before},,retired,2026-03-0{day + 1},"]
            case 1:
                lines += [f"{before},,,,2026-03-0{day}", f"{before},60,,2026-03-0{day + 1},"]
            case 2:
                moved = before.replace(f",,,,{gateway},", f",,,,{random.choice(['g', 'h'])},")
                lines += [f"{before},,,,2026-03-0{day}", f"{moved},,,2026-03-0{day + 1},"]
            case _:
                lines.append(f"{before},,,,")
    return register_of(lines, columns="report_min,status,valid_from,valid_to")


def random_stream(random: Random, register: Register) -> list[Message]:
    """Readings in bouts, some late, some impossible, with our own heartbeats; ticks may be taken from either."""
    messages = [
        beat(f"0{day} {hour:02d}:{minute:02d}") for day in (1, 2, 3, 4) for hour in range(24) for minute in (0, 20, 40)
    ]
    messages += [status("01 00:30", gateway) for gateway in ("g", "h")]
    for code in register.stations:
        time = at("01 00:00") + random.randrange(600) * MINUTE_MS
        while time < at("05 00:00"):
            until = time + random.choice([30, 200, 900]) * MINUTE_MS
            is_bad = random.random() < 0.2
            while time < until:
                row = register.station_at(code, time)
                if row is not None and random.random() < 0.9:
                    late = random.choice([0, 0, 0, 0, 45, 600]) * MINUTE_MS
                    value = None if is_bad else 1.0
                    messages.append(reading(time + late + 700, code, time, gateway=row.gateway or "x", stage=value))
                time += (5 if row is None else row.interval_min) * MINUTE_MS
            time += random.choice([60, 100, 400, 1500]) * MINUTE_MS
    return [message for message in messages if message.received_at <= at("05 00:00")]


def check(seed: int) -> int:
    """One stream, judged in several ways; the number of alerts."""
    random = Random(seed)
    register = dated_register(random)
    messages = random_stream(random, register)
    source = random.choice(list(TickSource))
    expected = judged(SilenceEngine, register, messages, ticks=source)
    cuts = sorted(random.sample(range(1, len(messages)), 30))
    assert judged(SilenceEngine, register, messages, ticks=source, cuts=cuts) == expected
    assert judged(SilenceEngine, register, messages, ticks=source, cuts=range(len(messages))) == expected
    assert judged(SilenceEngine, register, messages, ticks=source, dying=Random(seed)) == expected
    return sum(len(said.alerts) for said in expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_cuts_and_crashes_change_no_alert(seed: int) -> None:
    assert check(seed) > 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", MORE_SEEDS)
def test_cuts_and_crashes_change_no_alert_in_many_streams(seed: int) -> None:
    check(seed)


def test_what_was_resolved_long_ago_is_let_go_of_and_stands() -> None:
    register = dated_register(Random(1))
    messages = random_stream(Random(1), register)
    plain = {(said.subject_kind, said.subject): said.alerts for said in judged(SilenceEngine, register, messages)}
    run = Run(SilenceEngine, register, messages, TickSource.RECEIVED_AT)
    horizon = at("03 00:00")
    while run.engine.position < len(run):
        run.read(min(run.engine.position + 100, len(run)))
        if run.engine.last_event is not None and run.engine.last_event > horizon:
            run.save(1000, horizon)
            run.crash()
    gone = 0
    for said in run.finish():
        all_of_it = plain[said.subject_kind, said.subject]
        kept = tuple(one for one in all_of_it if one.resolved_at is None or one.resolved_at > said.since)
        assert said.alerts == kept
        gone += len(all_of_it) - len(kept)
    assert gone > 0
