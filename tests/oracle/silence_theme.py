"""Cases of silence: stations and gateways that fall silent, send nothing valid, back-fill, or never come."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from .feed import Feed, Mishaps, send
from .stream import Case, Message, as_record
from .tables import DAY, MINUTE, Tables, local_midnight

if TYPE_CHECKING:
    from random import Random

__all__ = ["make_silence"]

HOUR = 60 * MINUTE
FIRST = date(2026, 5, 4)
LENGTHS = (1, 2, 3, 5, 9, 30, 80)


def make_silence(random: Random) -> Case:
    """One gateway with up to six stations, one with two, stations of no gateway, one retired, one never seen."""
    tables = Tables({"zone": "+08:00", "allowed_lateness_min": random.choice(["30", "10"])})
    begin = local_midnight(FIRST)
    end = begin + random.choice([3, 5]) * DAY
    gateways = {"gw-a": random.randint(3, 6), "gw-b": 2, "gw-never": 1, "": 2}
    messages: list[Message] = []
    number = 0
    for gateway, count in gateways.items():
        outages = _outages(random, begin, end) if gateway else []
        for place in range(count):
            code, interval = f"520103{number:02d}L", random.choice([30, 60, 60, 120]) * MINUTE
            number += 1
            status = "retired" if gateway == "gw-b" and place == 1 else random.choice(["", "", "active", "rectify"])
            cells = {"station": code, "name": code, "kind": "section", "river": "R", "gateway": gateway}
            own = {"report_min": random.choice(["", "", "15", "180"]), "lateness_min": random.choice(["", "", "45"])}
            tables.add("stations", **cells, **own, status=status, interval_min=str(interval // MINUTE))
            tables.add("points", station=code, quantity="stage", min="0", max="9")
            never = gateway == "gw-never" or (place == 0 and random.random() < 0.4)
            if not never:
                topic = f"watermaster/v1/{gateway or 'gw-x'}/up/json"
                feed = Feed(code, "stage", topic, interval, (-1.0,))
                messages += _station(random, feed, begin, end, outages)
        if gateway:
            status_at = begin + random.randrange(600) * MINUTE
            messages.append(Message(status_at, f"watermaster/v1/{gateway}/status", b"online"))
    messages.sort(key=lambda message: message.received)
    return Case(tables, [as_record(random, message) for message in messages])


def _outages(random: Random, begin: int, end: int) -> list[tuple[int, int, bool]]:
    """(from, to, what was measured comes later) of times in which nothing comes through."""
    found = []
    moment = begin + random.randrange(2, 20) * HOUR
    while moment < end:
        until = moment + random.choice(LENGTHS) * HOUR + random.randrange(60) * MINUTE
        found.append((moment, until, random.random() < 0.5))
        moment = until + random.choice([1, 5, 10, 40]) * HOUR
    return found


def _station(random: Random, feed: Feed, begin: int, end: int, outages: list[tuple[int, int, bool]]) -> list[Message]:
    mine = [*outages, *(_outages(random, begin, end) if random.random() < 0.5 else [])]
    ends = range(begin + feed.interval, end + 1, feed.interval)
    spoilt = _outages(random, begin, end) if random.random() < 0.5 else []
    values = []
    for slot in ends:
        bad = any(start < slot <= until for start, until, _ in spoilt)
        values.append((slot, random.choice([-1.0, 12.0]) if bad else 1.0))
    mishaps = Mishaps(
        missing=5, gaps=1, spread=20, nulls=10, corrections=5, late=5, delay=random.choice([9_000, 170_000])
    )
    found = []
    for message in send(random, feed, mishaps, values):
        blocked = [outage for outage in mine if outage[0] < message.received <= outage[1]]
        if not blocked:
            found.append(message)
        elif all(comes_later for *_, comes_later in blocked):
            later = max(until for _, until, _ in blocked) + random.randrange(1, 30_000)
            found.append(replace(message, received=later))
    return found
