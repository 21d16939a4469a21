"""Cases of devices: still water, quantities that disagree, faults of every kind, clocks that are off."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from .feed import CALM, Feed, Mishaps, send
from .stream import Case, Message, as_record
from .tables import DAY, MINUTE, Tables, local_midnight

if TYPE_CHECKING:
    from random import Random

__all__ = ["make_faults", "make_still"]

FIRST = date(2026, 3, 2)
TOPIC = "watermaster/v1/gw-d/up/json"
YEAR = {"from_day": "01-01", "to_day": "12-31"}

# discharge, stage, flow_state: what each shows in an episode; the points say zero_below 0.02, cease_stage_m 0.30.
EPISODES: dict[str, tuple[float, float, int]] = {
    "flowing": (2.0, 0.9, 0),
    "low": (0.5, 0.4, 0),
    "trickle": (0.03, 0.31, 0),
    "still": (0.02, 0.30, 0),
    "dry": (0.0, 0.1, 1),
    "stopped": (0.01, 0.2, 2),
    "zero for missing": (0.0, 0.9, 0),
    "low meter": (0.01, 0.9, 0),
    "low stage": (2.0, 0.2, 0),
    "wrong state": (2.0, 0.9, 2),
}


def make_still(random: Random) -> Case:
    """Four stations that know discharge, stage or state of flow, or several of them, in water that stops and starts."""
    tables = Tables({"zone": "+08:00", "allowed_lateness_min": "30"})
    messages: list[Message] = []
    days = 8
    begin = local_midnight(FIRST)
    wholes = [["discharge"], ["stage"], ["flow_state"], ["discharge", "stage"], ["discharge", "stage", "flow_state"]]
    for number, quantities in enumerate(random.sample(wholes, 3)):
        code, interval = f"5201033{number}S", random.choice([10, 20, 30, 60, 120]) * MINUTE
        cells = {"station": code, "name": code, "kind": "section", "river": "R", "gateway": "gw-d"}
        own = {"interval_min": str(interval // MINUTE), "cease_stage_m": random.choice(["0.30", "0.30", "0.30", ""])}
        if random.random() < 0.2:
            own |= {"dry_from": "03-04", "dry_to": "03-05"}
        tables.add("stations", **cells, **own)
        zero = random.choice(["0.02", "0.02", ""])
        tables.add("points", station=code, quantity="discharge", zero_below=zero)
        target = {"station": code, "quantity": "discharge", "basis": "day", "value": "0.5"} | YEAR
        tables.add("eflow_targets", **target, valid_to=random.choice(["", "", "2026-03-07"]))
        ends = list(range(begin + interval, begin + days * DAY + 1, interval))
        plan = _plan(random, ends)
        for place, quantity in enumerate(("discharge", "stage", "flow_state")):
            if quantity in quantities:
                values = [(end, float(EPISODES[name][place])) for end, name in zip(ends, plan, strict=True)]
                mishaps = Mishaps(missing=10, gaps=2, spread=30, nulls=10, fails=0, corrections=0, late=5)
                messages += send(random, Feed(code, quantity, TOPIC, interval), mishaps, values)
    return _case(random, tables, messages)


def _plan(random: Random, ends: list[int]) -> list[str]:
    """Name an episode for each slot; long calm ones, so that what takes 24 h to resolve does."""
    found: list[str] = []
    until = 0
    name = "flowing"
    for end in ends:
        if end > until:
            calm = random.random() < 0.35
            name = "flowing" if calm else random.choice(list(EPISODES))
            until = end + random.choice([30 * 60] if calm else [20, 60, 120, 240, 600]) * MINUTE
        found.append(name)
    return found


def make_faults(random: Random) -> Case:
    """Five stations, each with another fault, and with targets that a wrong clock would spoil."""
    tables = Tables({"zone": "+08:00", "allowed_lateness_min": "30"})
    messages: list[Message] = []
    days = 7
    begin = local_midnight(FIRST)
    for number, fault in enumerate(random.sample(["fault_bit", "voltage", "clock", "bad_data", "verification"], 3)):
        code, interval = f"5201034{number}F", random.choice([20, 30, 60]) * MINUTE
        cells = {"station": code, "name": code, "kind": "section", "river": "R", "gateway": "gw-d"}
        tables.add("stations", **cells, interval_min=str(interval // MINUTE))
        tables.add("eflow_targets", station=code, quantity="discharge", basis="day", value="2.0", **YEAR)
        switch = FIRST + timedelta(days=random.randint(1, 3))
        point = {"station": code, "quantity": "discharge", "min": "0", "max": "50"}
        if fault == "verification":
            until = switch + timedelta(days=random.choice([1, 2]))
            dates = {"valid_to": f"{until:%Y-%m-%d}", "verify_until": f"{switch:%Y-%m-%d}"}
            tables.add("points", **point, **dates)
            tables.add("points", **point, valid_from=f"{until + timedelta(days=1):%Y-%m-%d}", verify_until="2030-01-01")
        else:
            tables.add("points", **point)
        ends = list(range(begin + interval, begin + days * DAY + 1, interval))
        flows = [(end, random.choice([1.9, 2.0, 2.1, 2.3])) for end in ends]
        if fault == "bad_data":
            flows = [(end, 99.0 if bad else flow) for (end, flow), bad in zip(flows, _bouts(random, ends), strict=True)]
        sent = send(random, Feed(code, "discharge", TOPIC, interval), CALM, flows)
        messages += _off(random, sent, begin, days) if fault == "clock" else sent
        if fault == "fault_bit":
            bits = [(end, float(bad)) for end, bad in zip(ends, _bouts(random, ends), strict=True)]
            messages += send(random, Feed(code, "meter_fault", TOPIC, interval), CALM, bits)
        if fault in ("voltage", "fault_bit"):
            limit = random.choice(["", "10.8"])
            tables.add("points", station=code, quantity="voltage", min=limit, max="16")
            volts = [(end, 10.5 if bad else 12.6) for end, bad in zip(ends, _bouts(random, ends), strict=True)]
            messages += send(random, Feed(code, "voltage", TOPIC, interval), CALM, volts)
    return _case(random, tables, messages)


def _bouts(random: Random, ends: list[int]) -> list[bool]:
    """Say of each slot whether it is bad: bouts of one slot to a day and a half, then a day and more without."""
    found: list[bool] = []
    until, is_bad = ends[0] + random.choice([5, 30]) * 60 * MINUTE, False
    for end in ends:
        if end > until:
            is_bad = not is_bad
            hours = random.choice([0, 1, 2, 14, 36]) if is_bad else random.choice([3, 26, 26, 30])
            until = end + hours * 60 * MINUTE
        found.append(is_bad)
    return found


def _off(random: Random, messages: list[Message], begin: int, days: int) -> list[Message]:
    """Send with a clock that is off for some days: the same words as if it were another time, received now."""
    start = begin + random.randrange(24, (days - 3) * 24) * 60 * MINUTE
    end = start + random.choice([1, 6, 30]) * 60 * MINUTE
    shift = random.choice([-1440, -180, -41, -20, 9, 45, 1440]) * MINUTE
    return [
        replace(message, received=message.received - shift) if start < message.received <= end else message
        for message in messages
    ]


def _case(random: Random, tables: Tables, messages: list[Message]) -> Case:
    messages.sort(key=lambda message: message.received)
    return Case(tables, [as_record(random, message) for message in messages])
