"""Cases of targets: every basis and quantity, several of one station, switches, inflow rules, exemptions, seasons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from .feed import Feed, Mishaps, send
from .stream import Case, as_record
from .tables import DAY, MINUTE, Tables, local_midnight, local_text

if TYPE_CHECKING:
    from random import Random

    from .stream import Message

__all__ = ["make_fast", "make_slow"]

BEGINS = [date(2025, 12, 17), date(2026, 2, 9), date(2024, 2, 17), date(2026, 3, 24), date(2026, 10, 1)]
SEVERAL = ("base", "sensitive", "min_release", "dispatch")
RATIOS = [2.5, 1.6, 1.3, 1.25, 1.2, 1.15, 1.1, 1.06, 1.05, 1.03, 1.01, 1.0, 0.97, 0.9, 0.8, 0.79, 0.6, 0.5, 0.49, 0.2]
RISES = [0.6, 0.3, 0.05, 0.02, 0.019, 0.005, 0.0, -0.02, -0.09, -0.1, -0.101, -0.2, -0.3, -0.302, -0.5, -0.02, 0.02]
LEVELS = ("stage", "water_level")
QUIET = "52010329Q"  # a station that never sends


@dataclass(frozen=True)
class Frame:
    """What a case of this theme is made in."""

    random: Random
    tables: Tables
    first: date
    days: int

    def day(self) -> date:
        """Pick a day of the case."""
        return self.first + timedelta(days=self.random.randrange(self.days))


@dataclass(frozen=True)
class Section:
    """A station: its interval in ms, the hour at which its days begin, the middle of its targets by quantity."""

    code: str
    interval: int
    start_hour: int
    middle: dict[str, float]

    @property
    def slots_a_day(self) -> int:
        """Slots of a day."""
        return DAY // self.interval


def make_slow(random: Random) -> Case:
    """Weeks of slots of an hour or more: ten-days, months and days."""
    first = random.choice(BEGINS)
    intervals = [random.choice([60, 60, 120, 240, 360, 720, 1440]) for _ in range(2)]
    days = min(100, max(45, 1300 * min(intervals) // 1440))
    frame = Frame(random, Tables({"zone": "+08:00", "allowed_lateness_min": "30"}), first, days)
    return _make(frame, intervals, ("day", "ten_day", "month"))


def make_fast(random: Random) -> Case:
    """Days of slots of an hour or less: instants, hours and days."""
    first = random.choice([*BEGINS, date(2025, 12, 30), date(2024, 2, 27)])
    intervals = [random.choice([10, 15, 20, 30, 60]) for _ in range(2)]
    frame = Frame(random, Tables({"zone": "+08:00", "allowed_lateness_min": "30"}), first, random.randint(4, 7))
    return _make(frame, intervals, ("instant", "hour", "day"))


def _make(frame: Frame, intervals: list[int], bases: tuple[str, ...]) -> Case:
    random, tables = frame.random, frame.tables
    sections = []
    for number, minutes in enumerate(intervals):
        start_hour = random.choice([0, 8]) if 480 % minutes == 0 else 0
        middle = {"discharge": random.choice([0.4, 2.0, 37.5])}
        other = random.choice(["stage", "water_level", "volume"])
        middle[other] = {"stage": 1.2, "water_level": 843.25, "volume": 300.0}[other]
        sections.append(Section(f"5201032{number}T", minutes * MINUTE, start_hour, middle))
    quiet = {"station": QUIET, "name": QUIET, "kind": "section", "river": "Qingshui", "interval_min": "60"}
    tables.add("stations", **quiet)
    for section in sections:
        _add_section(frame, section)
        for quantity in section.middle:
            for basis in bases:
                _add_targets(frame, section, quantity, basis, sections[0].code)
        for _ in range(random.randrange(4)):
            _add_exemption(frame, section)
    for basis in bases:
        _add_levels(frame, basis)
    messages: list[Message] = []
    for section in sections:
        for quantity in section.middle:
            messages += _flow(frame, section, quantity)
    messages.sort(key=lambda message: message.received)
    return Case(tables, [as_record(random, message) for message in messages])


def _add_section(frame: Frame, section: Section) -> None:
    random, tables = frame.random, frame.tables
    plant = random.choice(["", "", f"P{section.code}"])
    if plant:
        cells = {"plant": plant, "name": plant, "division": "520103", "river": "Qingshui", "type": "diversion"}
        own = {"installed_mw": "1.2", "owner": "O", "regulation": "daily"}
        tables.add("plants", **cells, **own)
    cells = {
        "station": section.code,
        "name": section.code,
        "kind": random.choice(["section", "section", "plant"]) if plant else "section",
        "basin": random.choice(["", "Wujiang"]),
        "river": "Qingshui",
        "division": "520103",
        "gateway": "gw-t",
        "interval_min": str(section.interval // MINUTE),
        "authority": random.choice(["", "A1", "A2"]),
        "plant": plant,
        "section_role": random.choice(["dam", "tailrace"]) if plant else "",
    }
    if random.random() < 0.4:
        season, day = random.choice(["ice", "dry"]), frame.day()
        last = day + timedelta(days=random.choice([0, 1, 4, 12, 40]))
        cells |= {f"{season}_from": f"{day:%m-%d}", f"{season}_to": f"{last:%m-%d}"}
    tables.add("stations", **cells)
    for quantity, middle in section.middle.items():
        if random.random() < 0.7:
            high = f"{middle * 20:.3f}"
            here = {"station": section.code, "quantity": quantity, "min": "0", "max": high}
            tables.add("points", **here, accuracy_pct=random.choice(["", "5", "0.5"]))


def _size(section: Section, quantity: str, basis: str, middle: float) -> float:
    """Target of a period: of volumes as many times the middle as there are slots in it, about."""
    if quantity != "volume":
        return middle
    days = {"instant": 1 / section.slots_a_day, "hour": 1 / 24, "day": 1, "ten_day": 10, "month": 30}[basis]
    return middle * max(1.0, section.slots_a_day * days)


def _add_targets(frame: Frame, section: Section, quantity: str, basis: str, source: str) -> None:
    random, tables = frame.random, frame.tables
    kinds = random.sample(SEVERAL, random.choice([0, 1, 1, 1, 2, 3]))
    for kind in kinds:
        size = _size(section, quantity, basis, section.middle[quantity])
        own = size * (random.choice([1, 1, 0.9, 1.1]) if quantity not in LEVELS else 1)
        other = size * random.choice([0.7, 1.3, 1.02]) if quantity not in LEVELS else size + random.choice([0.1, -0.2])
        cells = {
            "station": section.code,
            "quantity": quantity,
            "basis": basis,
            "kind": kind if kind != "base" else random.choice(["", "base"]),
            "target": random.choice(["", "", f"T-{section.code}-{quantity}-{basis}-{kind}"]),
            "min_valid_pct": random.choice(["", "", "75", "10"]),
            "pass_rate": random.choice(["", "0.6"]),
            "day_start_hour": str(section.start_hour or ""),
        }
        if quantity == "discharge" and section.code != source and random.random() < 0.6:
            cells |= {"inflow_rule": "min_inflow", "inflow_station": random.choice([source, source, QUIET])}
        for row in _rows(frame, f"{own:.3f}", f"{other:.3f}"):
            tables.add("eflow_targets", **cells, **row)


def _rows(frame: Frame, own: str, other: str) -> list[dict[str, str]]:
    """Dated rows of one target: one, two by season over the new year, a switch on a day, a gap."""
    switch = frame.day()
    before, after = f"{switch - timedelta(days=1):%Y-%m-%d}", f"{switch + timedelta(days=1):%Y-%m-%d}"
    year = {"from_day": "01-01", "to_day": "12-31", "value": own}
    turn = f"{switch:%m-%d}"
    return {
        0: [year | {"from_day": "11-01", "to_day": "03-31"}, year | {"from_day": "04-01", "to_day": "10-31"}],
        1: [
            {"from_day": "10-31", "to_day": "02-28", "value": own},
            {"from_day": "03-01", "to_day": "10-30", "value": other},
        ],
        2: [year | {"valid_to": before}, year | {"value": other, "valid_from": f"{switch:%Y-%m-%d}"}],
        3: [year | {"valid_to": before}, year | {"valid_from": after}],
        4: [
            {"from_day": turn, "to_day": "12-31", "value": own},
            {"from_day": "01-01", "to_day": f"{switch - timedelta(days=1):%m-%d}", "value": other},
        ],
    }.get(frame.random.randrange(8) if turn not in ("01-01", "02-29") else 7, [year])


def _add_exemption(frame: Frame, section: Section) -> None:
    random = frame.random
    day = frame.day()
    span = {"from": f"{day:%Y-%m-%d}", "to": f"{day + timedelta(days=random.choice([0, 1, 3])):%Y-%m-%d}"}
    chance = random.random()
    if chance < 0.3:
        begin = day.replace(day=random.choice([1, 11, 21]))
        span = {"from": f"{begin:%Y-%m-%d}", "to": f"{begin + timedelta(days=random.choice([9, 10, 30])):%Y-%m-%d}"}
    elif chance < 0.7:
        start = local_midnight(frame.first) + random.randrange(frame.days * 144) * 10 * MINUTE
        length = random.choice([50, 90, 300, 1440, 3000, 12 * 1440, 40 * 1440]) * MINUTE
        span = {"from": local_text(start), "to": local_text(start + length)}
    names = [row["target"] for row in frame.tables.rows["eflow_targets"] if row["station"] == section.code]
    frame.tables.add(
        "exemptions",
        **span,
        station=section.code,
        reason="test",
        document="D-1",
        target=random.choice(["", "", "", *names]),
        kind=random.choice(["low_inflow", "flood", "drought_supply", "repair", "device", "authority_outage", "other"]),
        state=random.choice(["", "approved", "approved", "filed", "refused"]),
    )


def _add_levels(frame: Frame, basis: str) -> None:
    """Rows of levels in ratios and metres, for all or one authority, one of them replaced in the middle."""
    random = frame.random
    for level, ratio, deficit in (("yellow", "0.97", "0.01"), ("orange", "0.85", "0.15"), ("red", "0.45", "0.25")):
        if random.random() < 0.3:
            row = {"class": "eflow_shortfall", "basis": basis, "level": level, "authority": random.choice(["", "A1"])}
            switch = frame.day()
            until = f"{switch - timedelta(days=1):%Y-%m-%d}"
            columns = random.choice([{"ratio_below": ratio}, {"deficit_m": deficit}])
            both = {"ratio_below": ratio, "deficit_m": deficit}
            frame.tables.add("levels", **row, valid_from="2020-01-01", valid_to=until, **both)
            frame.tables.add("levels", **row, valid_from=f"{switch:%Y-%m-%d}", **columns)


def _flow(frame: Frame, section: Section, quantity: str) -> list[Message]:
    random, middle = frame.random, section.middle[quantity]
    begin = local_midnight(frame.first) + random.choice([0, 0, random.randrange(24) * 60 * MINUTE])
    ends = range(
        begin // section.interval * section.interval + section.interval, begin + frame.days * DAY, section.interval
    )
    values: list[tuple[int, float]] = []
    steps = RISES if quantity in LEVELS else RATIOS
    until, step, noise = 0, 0.0, 0.0
    for end in ends:
        if end > until:
            lengths = [360, 1440, 2880, 5 * 1440, 12 * 1440] if frame.days > 20 else [30, 60, 180, 600, 1440, 2880]
            until = end + random.choice(lengths) * MINUTE
            step, noise = random.choice(steps), random.choice([0, 0, 0.003, 0.02])
        here = step + (random.gauss(0, noise) if noise else 0)
        value = middle + here if quantity in LEVELS else middle * max(0.0, here)
        values.append((end, round(value, random.choice([3, 6, 6]))))
    feed = Feed(section.code, quantity, "watermaster/v1/gw-t/up/json", section.interval, (-1.0, middle * 21))
    return send(random, feed, Mishaps(), values)
