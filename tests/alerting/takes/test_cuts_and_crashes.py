"""What may not change an alert about taking water: cuts, crashes, and the order of what comes within the lateness."""

from __future__ import annotations

import json
from collections import defaultdict
from random import Random
from typing import TYPE_CHECKING

import pytest

from alerting.takes.engine import TakesEngine
from hydro.instants import MINUTE_MS
from tests.alerting.stream_of_messages import judged
from tests.alerting.takes.random_takers import random_register, random_stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.alerting.stream_of_messages import Message

SEEDS = range(3)
MORE_SEEDS = range(100, 180)


def shaken(messages: Sequence[Message], random: Random) -> list[Message]:
    """The same in another order; what is measured at one time stays in order, since the later correction stands."""
    delay: dict[object, int] = defaultdict(lambda: random.randrange(25) * MINUTE_MS)
    found = []
    for message in messages:
        payload = json.loads(message.payload)
        shift = delay[payload["station"], payload["time"]]
        found.append(message._replace(received_at=message.received_at + shift))
    return found


def check(seed: int, intervals: Sequence[int], last: str) -> int:
    """One stream, judged in several ways; the number of alerts."""
    random = Random(seed)
    interval = random.choice(intervals)
    register = random_register(random, interval)
    messages = random_stream(random, interval, last)
    expected = judged(TakesEngine, register, messages)
    cuts = sorted(random.sample(range(1, len(messages)), 30))
    assert judged(TakesEngine, register, messages, cuts=cuts) == expected
    assert judged(TakesEngine, register, messages, cuts=range(0, len(messages), 23)) == expected
    assert judged(TakesEngine, register, messages, dying=Random(seed)) == expected
    assert judged(TakesEngine, register, shaken(messages, random), cuts=cuts) == expected
    return sum(len(said.alerts) for said in expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_cuts_crashes_and_order_change_no_alert(seed: int) -> None:
    assert check(seed, [20, 60], "03 00:00") > 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", MORE_SEEDS)
def test_cuts_crashes_and_order_change_no_alert_in_many_streams(seed: int) -> None:
    check(seed, [10, 20, 60], "04 00:00")
