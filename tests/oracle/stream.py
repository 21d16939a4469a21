"""A tiny seeded generator of registers and recorded streams that visit the corners of the contract.

Flows hover round the targets in episodes, so that alerts are raised, change their level, stay open between 1.00 and
1.05, and resolve. It is no model of a river.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from random import Random

from .arrival import reassign_received
from .case import Case, Record
from .tables import DAY, MINUTE, ZONE, Draft, Knobs, Site, Tables, fill_register, local_midnight, local_text

__all__ = [
    "Case",
    "Knobs",
    "Message",
    "Record",
    "as_record",
    "chance",
    "make_case",
    "reassign_received",
    "written",
]


@dataclass(frozen=True)
class Message:
    """A line before it is written; received in epoch ms."""

    received: int
    topic: str
    payload: object


def make_case(seed: int, **knobs: int) -> Case:
    """Make a register and a recorded stream.

    Args:
        seed: Everything follows from it.
        knobs: Fields of ``Knobs``.
    """
    random = Random(seed)
    knob = Knobs(**knobs)
    first = random.choice(
        [date(2025, 12, 29), date(2026, 3, 29), date(2024, 2, 26), date(2026, 5, 8), date(2026, 10, 29)]
    )
    begin = local_midnight(first) + random.choice([0, 0, 0, random.randrange(0, 1440, 5) * MINUTE])
    slow = random.random() < 0.35
    intervals = [60, 60, 120, 240, 720, 1440] if slow else [5, 10, 15, 20, 30, 60]
    picked = [random.choice(intervals) for _ in range(knob.stations)]
    per_day = sum(1440 // interval for interval in picked)
    days = max(2, min(90 if slow else 9, round(knob.readings / per_day)))
    sites = [
        Site(f"5201030{number}A", f"gw-{number % 2}", interval * MINUTE, random.choice([0.05, 0.4, 2.0, 2.0, 37.5]))
        for number, interval in enumerate(picked)
    ]
    draft = Draft(random, knob, Tables({"zone": "+08:00", "allowed_lateness_min": str(knob.lateness_min)}), first, days)
    fill_register(draft, sites)
    messages: list[Message] = []
    for site in sites:
        messages += _make_messages(random, knob, site, begin, begin + days * DAY)
    messages += _bad_messages(random, knob, sites, begin, days)
    messages.sort(key=lambda message: message.received)
    return Case(draft.tables, [as_record(random, message) for message in messages])


def as_record(random: Random, message: Message) -> Record:
    """Write a line, its received_at in either form."""
    received: object = message.received
    if message.received % 1000 == 0 and random.random() < 0.3:
        received = local_text(message.received)
    return {"received_at": received, "topic": message.topic, "payload": message.payload}


def written(random: Random, moment: int) -> object:
    """Write a time in one of the forms that gateways use."""
    form = random.random()
    if moment % 1000 or form < 0.2:
        return moment
    if form < 0.3:
        return local_text(moment).removesuffix("+08:00")
    if form < 0.4:
        return local_text(moment - ZONE).replace("+08:00", "Z")
    return local_text(moment)


def _ratios(random: Random, count: int, interval: int) -> list[float]:
    """Ratios to the target in episodes: a level, some noise or none, now and then exactly on a bound."""
    found: list[float] = []
    while len(found) < count:
        level = random.choice(
            [2.5, 1.3, 1.1, 1.06, 1.05, 1.03, 1.01, 1.0, 0.97, 0.9, 0.8, 0.79, 0.6, 0.5, 0.49, 0.2, 0.0]
        )
        noise = random.choice([0, 0, 0.003, 0.02, 0.08])
        minutes = random.choice([30, 60, 90, 180, 600, 1440, 2880])
        length = max(random.randint(1, 3), minutes * MINUTE // interval)
        found += [max(0.0, level + random.gauss(0, noise) if noise else level) for _ in range(length)]
    return found[:count]


def _make_messages(random: Random, knob: Knobs, site: Site, begin: int, end: int) -> list[Message]:
    ends = range(begin + site.interval, end + 1, site.interval)
    ratios = _ratios(random, len(ends), site.interval)
    messages: list[Message] = []
    batch: list[tuple[int, float | None]] = []
    silent_until = 0
    for slot, ratio in zip(ends, ratios, strict=True):
        if chance(random, knob.gaps):
            silent_until = slot + random.choice([40, 60, 61, 90, 200, 1500]) * MINUTE
        if slot <= silent_until or chance(random, knob.missing):
            continue
        times = {slot - random.choice([0, 0, 0, 1000, 17_321, 60_000])}
        if chance(random, knob.spread):
            times |= {slot - random.randrange(site.interval) for _ in range(random.randint(1, 3))}
        readings = [(time, _value(random, knob, site, ratio)) for time in sorted(times)]
        together = site.interval <= 20 * MINUTE and random.random() < 0.5
        for several in [readings] if together else [[reading] for reading in readings]:
            messages += _send(random, knob, site, several)
        if chance(random, knob.late):
            batch.append((readings[-1][0] + 1, _value(random, knob, site, ratio)))
        if len(batch) >= 3:
            messages += _send(random, knob, site, batch)
            batch = []
    return messages


def chance(random: Random, per_thousand: int) -> bool:
    """Whether something that happens so often per thousand happens now."""
    return random.randrange(1000) < per_thousand


def _value(random: Random, knob: Knobs, site: Site, ratio: float) -> float | None:
    if chance(random, knob.nulls):
        return None
    if chance(random, knob.fails):
        return random.choice([-0.5, -1.0, site.level * 21, 9999.0])
    digits = random.choice([3, 6, 6])
    nudge = random.choice([0, 0, 0, 0.000001, -0.000001, -0.000002])
    return max(0.0, round(site.level * ratio + nudge, digits))


def _send(random: Random, knob: Knobs, site: Site, readings: list[tuple[int, float | None]]) -> list[Message]:
    """Messages that carry the readings: once, again, corrected, in time or late."""
    newest = max(time for time, _ in readings)
    received = newest + random.choice([1000, 2500, 20_000, 110_000])
    late = chance(random, knob.late)
    if late:
        received = newest + random.choice([31, 50, 90, 400, 2000, 8000]) * MINUTE
    found = [Message(received, site.topic, _element(random, site, readings))]
    if chance(random, knob.duplicates):
        found.append(Message(received + random.choice([0, 1000, 70_000]), site.topic, _element(random, site, readings)))
        if chance(random, 300):
            nothing: list[tuple[int, float | None]] = [(time, None) for time, _ in readings]
            found.append(Message(received + 5000, site.topic, _element(random, site, nothing)))
    if chance(random, knob.corrections):
        changed: list[tuple[int, float | None]] = [
            (time, round(site.level * random.choice([0.4, 0.75, 0.99, 1.2]), 6)) for time, _ in readings
        ]
        delay = random.choice([0, 1000, 10 * MINUTE, 300 * MINUTE, 6 * DAY])
        found.append(Message(received + delay, site.topic, _element(random, site, changed)))
    return found


def _element(random: Random, site: Site, readings: list[tuple[int, float | None]]) -> object:
    """Write readings in either shape, sometimes in L/s, sometimes beside other quantities, sometimes in an array."""
    unit = "L/s" if chance(random, 100) else None
    scaled = [None if value is None else (round(value * 1000, 3) if unit else value) for _, value in readings]
    times = [written(random, time) for time, _ in readings]
    if len(readings) > 1 or chance(random, 100):
        history = {
            "station": site.code,
            "quantity": "discharge",
            "unit": unit or "m3/s",
            "times": times,
            "values": scaled,
        }
        return [history] if chance(random, 200) else history
    values: dict[str, object] = {"discharge": scaled[0]}
    if chance(random, 300):
        values |= {"voltage": 12.6, "pump": True, "stage": None}
    single: dict[str, object] = {
        "station": site.code,
        "time": times[0],
        "seq": random.randrange(1000),
        "values": values,
    }
    if unit:
        single["units"] = {"discharge": unit}
    return [single] if chance(random, 100) else single


def _bad_messages(random: Random, knob: Knobs, sites: list[Site], begin: int, days: int) -> list[Message]:
    """Make lines of which nothing may be accepted; low values, so that an accepted one would show."""
    found = []
    for _ in range(knob.readings * knob.bad // 1000):
        site = random.choice(sites)
        moment = begin + random.randrange(days * 1440) * MINUTE
        code, time = site.code, local_text(moment)
        low = {"discharge": 0.0001}
        wrong: list[object] = [
            b'{"station": "' + code.encode() + b'", "time": "' + time.encode() + b'", "values": {"discharge": NaN}}',
            b"\xff\xfe not json",
            [],
            {},
            17,
            [None, "text", 3, []],
            {"time": time, "values": low},
            {"station": 52, "time": time, "values": low},
            {"station": code, "values": low},
            {"station": code, "time": "yesterday", "values": low},
            {"station": code, "time": True, "values": low},
            {"station": code, "time": "1970-01-01T08:00:00+08:00", "values": low},
            {"station": code, "time": "2099-01-01T00:00:00+08:00", "values": low},
            {"station": code, "time": moment + 60 * MINUTE, "values": low},
            {"station": "NOBODY", "time": time, "values": low},
            {"station": code, "time": time, "values": {"discharge": "0.0001", "flow": 0.0001}},
            {"station": code, "time": time, "values": {"discharge": True}},
            {"station": code, "time": time, "values": low, "units": {"discharge": "m"}},
            {"station": code, "time": time, "values": low, "units": {"discharge": "gal/min"}},
            {"station": code, "quantity": "discharge", "unit": "m3/s", "times": [time], "values": [0.0001, 0.0001]},
            {"station": code, "quantity": "discharge", "unit": "m3/s", "times": [], "values": []},
        ]
        topic, payload = site.topic, random.choice(wrong)
        if chance(random, 250):
            stranger = {"station": code, "time": moment + 7, "values": low}  # no mistake where any gateway may speak
            topic, payload = random.choice(
                [
                    ("watermaster/v1/gw-9/up/json", stranger),
                    ("watermaster/v1/gw-0/status", b"online"),
                    ("watermaster/v1/_/heartbeat/watermaster", b""),
                    ("watermaster/v1/_/up/json", stranger),
                    ("watermaster/v1/gw-0/up/xml", stranger),
                    ("watermaster/v1/gw 0/up/json", stranger),
                ]
            )
        found.append(Message(moment + 1000, topic, payload))
    return found
