"""How the values of one series come in: once, twice, late, corrected, as null or out of range, or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .stream import Message, chance, written
from .tables import MINUTE

if TYPE_CHECKING:
    from collections.abc import Iterable
    from random import Random

__all__ = ["CALM", "Feed", "Mishaps", "send"]

SCALED = {"discharge": ("L/s", 1000), "stage": ("cm", 100), "water_level": ("cm", 100), "volume": ("L", 1000)}
INTEGERS = ("pump", "door", "meter_fault", "flow_state")


@dataclass(frozen=True)
class Feed:
    """A series, and the topic by which it comes; ``junk`` are values that its point forbids."""

    station: str
    quantity: str
    topic: str
    interval: int
    junk: tuple[float, ...] = ()


@dataclass(frozen=True)
class Mishaps:
    """How often something goes wrong, per thousand values; ``delay`` is the usual one, ms."""

    missing: int = 20
    gaps: int = 3
    spread: int = 60
    nulls: int = 15
    fails: int = 15
    duplicates: int = 20
    corrections: int = 12
    late: int = 12
    delay: int = 90_000


CALM = Mishaps(missing=0, gaps=0, spread=0, nulls=0, fails=0, duplicates=5, corrections=0, late=0)


def send(random: Random, feed: Feed, mishaps: Mishaps, values: Iterable[tuple[int, float]]) -> list[Message]:
    """Messages that carry the values of a series.

    Args:
        random: Seeded.
        feed: The series.
        mishaps: What goes wrong.
        values: (end of the slot in epoch ms, value) in order.
    """
    messages: list[Message] = []
    silent_until = 0
    for end, value in values:
        if chance(random, mishaps.gaps):
            silent_until = end + random.choice([40, 60, 61, 90, 200, 1500]) * MINUTE
        if end <= silent_until or chance(random, mishaps.missing):
            continue
        times = {end - random.choice([0, 0, 0, 1000, 17_321])}
        if chance(random, mishaps.spread):
            times |= {end - random.randrange(feed.interval) for _ in range(random.randint(1, 2))}
        for time in sorted(times):
            messages += _send_one(random, feed, mishaps, time, _spoil(random, feed, mishaps, value))
    return messages


def _spoil(random: Random, feed: Feed, mishaps: Mishaps, value: float) -> float | None:
    if chance(random, mishaps.nulls):
        return None
    if feed.junk and chance(random, mishaps.fails):
        return random.choice(feed.junk)
    return value


def _send_one(random: Random, feed: Feed, mishaps: Mishaps, time: int, value: float | None) -> list[Message]:
    received = time + random.randint(500, mishaps.delay)
    if chance(random, mishaps.late):
        received = time + random.choice([31, 50, 90, 400, 2000, 8000]) * MINUTE
    found = [Message(received, feed.topic, _element(random, feed, time, value))]
    if chance(random, mishaps.duplicates):
        again = None if chance(random, 300) else value
        found.append(
            Message(received + random.choice([0, 1000, 70_000]), feed.topic, _element(random, feed, time, again))
        )
    if value is not None and chance(random, mishaps.corrections):
        other = round(value * random.choice([0.4, 0.75, 0.99, 1.2]), 6)
        delay = random.choice([0, 1000, 10 * MINUTE, 300 * MINUTE, 8000 * MINUTE])
        found.append(Message(received + delay, feed.topic, _element(random, feed, time, other)))
    return found


def _element(random: Random, feed: Feed, time: int, value: float | None) -> object:
    """Write a reading in either shape, sometimes in another unit."""
    sent: object = value
    units: dict[str, str] = {}
    if feed.quantity in INTEGERS and value is not None:
        sent = int(value)
    elif feed.quantity in SCALED and value is not None and chance(random, 80):
        units[feed.quantity], factor = SCALED[feed.quantity]
        sent = round(value * factor, 4)
    if chance(random, 60):
        history: dict[str, object] = {
            "station": feed.station,
            "quantity": feed.quantity,
            "times": [written(random, time)],
            "values": [sent],
        }
        return history | ({"unit": units[feed.quantity]} if units else {})
    single: dict[str, object] = {
        "station": feed.station,
        "time": written(random, time),
        "values": {feed.quantity: sent},
    }
    return single | ({"units": units} if units else {})
