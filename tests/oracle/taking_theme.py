"""Cases of taking water: pumps, meters and doors of intakes, and what their permits allow."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

from .feed import Feed, Mishaps, send
from .stream import Case, Message, as_record, chance
from .tables import DAY, MINUTE, Tables, local_midnight, local_text

if TYPE_CHECKING:
    from random import Random

__all__ = ["make_meters", "make_pumps", "make_years"]

FIRST = date(2026, 6, 1)
TOPIC = "watermaster/v1/gw-t/up/json"
HOUR = 60 * MINUTE
RARELY = Mishaps(missing=4, gaps=0, spread=10, nulls=3, fails=0, duplicates=3, corrections=1, late=3)
MISHAPS = Mishaps(missing=8, gaps=2, spread=25, nulls=5, fails=0, duplicates=5, corrections=3, late=5)


@dataclass(frozen=True)
class Mode:
    """What a metering point shows for a while: shares of its design rate and of its rated power."""

    pump: int
    power: float
    flow: float
    counted: float
    hours: tuple[float, ...] = (0.5, 1, 2, 3, 6)


# 0.002 of the design rate cannot be told from nothing; 0.2 of the rated power is not above it.
MODES = {
    "idle": Mode(0, 0.02, 0.0, 0.0),
    "pumping": Mode(1, 0.9, 0.8, 0.8),
    "slow": Mode(1, 0.5, 0.3, 0.3),
    "dry": Mode(1, 0.6, 0.0, 0.0, (0.5, 1, 3, 36)),
    "hidden": Mode(0, 0.7, 0.001, 0.0),
    "threshold": Mode(0, 0.2, 0.002, 0.0),
    "total only": Mode(1, 0.8, 0.0, 0.6),
    "gravity": Mode(0, 0.02, 0.5, 0.5),
    "fast": Mode(1, 1.0, 1.1, 1.1, (1, 2, 4)),
    "faster": Mode(1, 1.0, 1.3, 1.3, (0.5, 1, 2)),
    "fastest": Mode(1, 1.0, 1.7, 1.7, (0.5, 1, 3)),
    "frozen": Mode(1, 0.9, 0.8, 0.0, (2, 3, 9)),
    "blind": Mode(1, 0.9, 0.02, 0.8, (2, 3, 9)),
    "under": Mode(1, 0.9, 0.55, 0.55, (60, 90)),
}


@dataclass
class Meter:
    """A metering point: what it can, and what it counts by now."""

    code: str
    interval: int
    design: float = 0.5
    rated: float = 100.0
    quantities: tuple[str, ...] = ("discharge", "volume_total", "pump", "power")
    factor: float = 1.0
    total: float = 5_000.0
    energy: float = 900.0
    resolution: float = 1.0
    shown: dict[str, list[tuple[int, float]]] = field(default_factory=dict)

    def show(self, end: int, mode: Mode, door: int = 0) -> None:
        """What it shows at the end of a slot."""
        seconds = self.interval / 1000
        self.total += mode.counted * self.design * seconds
        self.energy += mode.power * self.rated * seconds / 3600
        steps = self.resolution
        values = {
            "discharge": round(mode.flow * self.design, 6),
            "volume_total": round(self.total // steps * steps, 3),
            "pump": float(mode.pump),
            "power": round(mode.power * self.rated / self.factor, 6),
            "energy_total": round(self.energy / self.factor, 2),
            "door": float(door),
        }
        for quantity in self.quantities:
            self.shown.setdefault(quantity, []).append((end, values[quantity]))


def _register(random: Random, tables: Tables, meter: Meter, **cells: str) -> None:
    """A station, its points and its intake."""
    station = {"station": meter.code, "name": meter.code, "kind": "intake", "gateway": "gw-t", "basin": "Wujiang"}
    tables.add("stations", **station, river="R", division="520103", interval_min=str(meter.interval // MINUTE))
    design = cells.pop("design_max_m3s", f"{meter.design:g}")
    tables.add("intakes", station=meter.code, design_max_m3s=design, **cells)
    factor = "" if meter.factor == 1.0 else f"{meter.factor:g}"
    resolution = random.choice([f"{meter.resolution:g}", "" if meter.resolution == 1.0 else f"{meter.resolution:g}"])
    rows = {
        "discharge": {"zero_below": f"{0.002 * meter.design:g}", "min": "-1", "max": "9"},
        "volume_total": {"resolution": resolution, "counter_kind": random.choice(["forward", "forward", "net", ""])},
        "power": {"rated_kw": f"{meter.rated:g}", "multiplier": factor},
        "energy_total": {"multiplier": factor, "resolution": "0.01", "rated_kw": f"{meter.rated:g}"},
    }
    for quantity, row in rows.items():
        if quantity in meter.quantities and not chance(random, 40):
            tables.add("points", station=meter.code, quantity=quantity, **row)


def _sent(random: Random, meters: list[Meter], mishaps: Mishaps = MISHAPS) -> list[Message]:
    return [
        message
        for meter in meters
        for quantity, values in meter.shown.items()
        for message in send(random, Feed(meter.code, quantity, TOPIC, meter.interval), mishaps, values)
    ]


def _run(random: Random, meter: Meter, begin: int, days: int, modes: list[str]) -> None:
    """Let modes follow one another; every other one is honest."""
    until, name = begin, "idle"
    for end in range(begin + meter.interval, begin + days * DAY + 1, meter.interval):
        if end > until:
            name = random.choice(["idle", "pumping"]) if name not in ("idle", "pumping") else random.choice(modes)
            until = end + int(random.choice(MODES[name].hours) * HOUR)
        meter.show(end, MODES[name])


def make_pumps(random: Random) -> Case:
    """Three intakes, one of them with two points: pumps that deliver nothing, rates above what may be taken."""
    tables = Tables({"zone": "+08:00", "allowed_lateness_min": "30"})
    begin, days = local_midnight(FIRST), 4
    meters = []
    kits: list[tuple[str, ...]] = [
        ("discharge", "volume_total", "pump", "power"),
        ("discharge", "pump"),
        ("volume_total", "power", "energy_total"),
        ("discharge", "volume_total", "energy_total"),
    ]
    intervals = [interval * MINUTE for interval in (15, 20, 30, 60, 120)]
    for number in range(4):
        intake = "I1" if number == 3 else ""
        meter = Meter(
            code=f"5201050{number}Q" if number else "I1",
            interval=random.choice(intervals),
            quantities=kits[3] if number == 2 else random.choice(kits),
            factor=random.choice([1.0, 1.0, 20.0]),
            resolution=random.choice([0.1, 1.0, 10.0]),
        )
        permit = "" if number == 2 else f"P{number % 3}"
        more = {"design_max_m3s": ""} if chance(random, 200) else {}
        reach = random.choice(["", "R1"])
        use = random.choice(["industry", "domestic"])
        _register(random, tables, meter, permit=permit, intake=intake, reach=reach, use=use, **more)
        names = ["dry", "dry", "hidden", "threshold", "total only", "gravity", "fast", "faster", "fastest", "slow"]
        _run(random, meter, begin, days, names)
        meters.append(meter)
    _allow(random, tables, begin, days)
    gauge = [(end, random.choice([0.4, 0.9, 1.1])) for end in range(begin + HOUR, begin + days * DAY, HOUR)]
    gauge = [(end, gauge[place // 5 * 5][1]) for place, (end, _) in enumerate(gauge)]
    station = {"station": "GAUGE", "name": "GAUGE", "kind": "section", "gateway": "gw-t", "river": "R"}
    tables.add("stations", **station, interval_min="60")
    messages = [*_sent(random, meters), *send(random, Feed("GAUGE", "discharge", TOPIC, HOUR), MISHAPS, gauge)]
    return _case(random, tables, messages)


def _allow(random: Random, tables: Tables, begin: int, days: int) -> None:
    """Permits with rates and windows, and restrictions."""
    for number in range(2):
        rate = random.choice(["", "0.4", "0.55"])
        permit = {"permit": f"P{number}", "holder": "H", "source": "surface", "annual_m3": "9000000"}
        tables.add("permits", **permit, valid_from="2020-01-01", valid_to="2030-12-31", max_rate_m3s=rate)
        if chance(random, 500):
            hours = random.choice(["", "6-18", "20-6", "5:30-9 17-22"])
            window = {"permit": f"P{number}", "hours": hours, "max_rate_m3s": random.choice(["", "0.35"])}
            tables.add("permit_windows", **window, from_day="01-01", to_day=random.choice(["06-02", "12-31"]))
    scopes = [("intake", "I1"), ("permit", "P1"), ("reach", "R1"), ("river", "R"), ("division", "520100")]
    for number in range(random.randrange(3)):
        scope, code = random.choice(scopes)
        start = begin + random.randrange(days * 48) * 30 * MINUTE
        row = {"id": f"B{number}", "scope": scope, "code": code, "from": local_text(start)}
        row["to"] = random.choice(["", local_text(start + random.choice([6, 30]) * HOUR)])
        row |= random.choice([{"action": "stop"}, {"action": "limit", "limit_m3s": "0.3"}])
        if chance(random, 500):
            row |= {"trigger_station": "GAUGE", "trigger_quantity": "discharge", "trigger_below": "0.5"}
            row |= {"resume_above": random.choice(["", "1.0"]), "hold_min": random.choice(["", "0", "150"])}
        tables.add("restrictions", **row, except_use=random.choice(["", "", "domestic"]))


def make_meters(random: Random) -> Case:
    """Three metering points: doors, totals that stand still or fall, meters that see less than before."""
    tables = Tables({"zone": "+08:00", "allowed_lateness_min": "30"})
    begin, days = local_midnight(FIRST), 21
    meters = []
    for number in range(2):
        kit = ["discharge", "volume_total", "power", "energy_total", "door"]
        meter = Meter(
            code=f"5201060{number}Q",
            interval=random.choice([60, 60, 120]) * MINUTE,
            quantities=tuple(name for name in kit if not chance(random, 80)) + (("pump",) if number else ()),
            factor=random.choice([1.0, 40.0]),
            resolution=random.choice([1.0, 10.0]),
        )
        _register(random, tables, meter, permit="")
        for row in tables.rows["points"]:
            if row["quantity"] == "volume_total" and row["station"] == meter.code:
                row |= {"max_step": random.choice(["", "5000"]), "counter_max": random.choice(["", "99999"])}
        _misuse(random, meter, begin, days)
        meters.append(meter)
        _mend(random, tables, meter, begin, days)
    return _case(random, tables, _sent(random, meters, RARELY))


def _misuse(random: Random, meter: Meter, begin: int, days: int) -> None:
    """An honest week, and then one thing after the other."""
    until, name, door = begin + random.choice([3, 11]) * DAY, "pumping", 0
    for end in range(begin + meter.interval, begin + days * DAY + 1, meter.interval):
        if end > until:
            honest = name not in ("idle", "pumping")
            name = random.choice(["idle", "pumping", "pumping"]) if honest else random.choice(list(MODES))
            hours = (6, 24, 200) if name in ("idle", "pumping") else MODES[name].hours
            until = end + int(random.choice(hours) * HOUR)
            door = int(chance(random, 300))
            if chance(random, 120):
                meter.total += random.choice([-3_000.0, -20.0, 9_000.0, 1e9])
            meter.total = max(meter.total, 0.0)
        meter.show(end, MODES[name], door)
        door = door if chance(random, 300) else 0
        meter.total %= 100_000 if chance(random, 5) else 1e12


def _mend(random: Random, tables: Tables, meter: Meter, begin: int, days: int) -> None:
    """Maintenance, and changes of the meter that are in the register."""
    if chance(random, 500):
        start = begin + random.randrange(days * 24) * HOUR
        row = {"id": f"M-{meter.code}", "kind": "repair", "from": local_text(start)}
        row["to"] = local_text(start + random.choice([1, 5, 30]) * HOUR)
        tables.add("maintenance", **row, **random.choice(_scopes(meter.code)))
    falls = [
        (here[0], before[1], here[1])
        for before, here in zip(
            meter.shown.get("volume_total", []), meter.shown.get("volume_total", [])[1:], strict=False
        )
        if here[1] < before[1]
    ]
    for at, old, new in falls:
        if chance(random, 500):
            row = {"station": meter.code, "quantity": "volume_total", "at": local_text(at - meter.interval)}
            tables.add("meter_changes", **row, old_final=f"{old:.3f}", new_initial=f"{new:.3f}")


def _scopes(code: str) -> list[dict[str, str]]:
    return [{"scope": "station", "code": code}, {"scope": "gateway", "code": "gw-t"}]


def make_years(random: Random) -> Case:
    """Permits that run out, are suspended or used up, around New Year; and strangers."""
    tables = Tables({"zone": "+08:00", "allowed_lateness_min": "30"})
    first = date(2026, 12, random.choice([1, 10]))
    begin, days = local_midnight(first), random.choice([35, 50])
    meters = []
    for number in range(4):
        kit = random.choice([("volume_total",), ("discharge",), ("volume",), ("discharge", "volume_total")])
        meter = Meter(
            code=f"5201070{number}Q",
            interval=random.choice([120, 240, 720]) * MINUTE,
            quantities=tuple(name for name in kit if name != "volume") or ("discharge",),
        )
        permit = random.choice(["", "PA", "PA", "PB"])
        method = random.choice(["", "", "", "none"])
        exempt = random.choice(["", "", "household"])
        _register(random, tables, meter, permit=permit, method=method, exempt_ground=exempt)
        _run(random, meter, begin, days, ["pumping", "slow", "gravity", "idle"])
        meters.append(meter)
        if chance(random, 300):
            share = {"permit": random.choice(["PA", "PB"]), "intake": meter.code}
            tables.add("permit_intakes", **share, share=random.choice(["", "0.4"]))
    for code in ("PA", "PB"):
        _dated_permit(random, tables, code, first, days)
    messages = [*_sent(random, meters), *_strangers(random, begin, days)]
    return _case(random, tables, messages)


def _dated_permit(random: Random, tables: Tables, code: str, first: date, days: int) -> None:
    """A permit in one row or two, with a plan or without, so much that the case uses it up."""
    annual = str(random.choice([250_000, 600_000, 1_500_000]))
    row = {"permit": code, "holder": "H", "division": "520103", "source": random.choice(["surface", "ground"])}
    end = first + timedelta(days=random.randrange(days + 60))
    states = ["", "", "valid", "renewal", "suspended", "revoked"]
    row |= {"annual_m3": annual, "valid_from": "2020-03-01", "valid_to": f"{end:%Y-%m-%d}"}
    tables.add("permits", **row, state=random.choice(states))
    if chance(random, 500):
        start = end + timedelta(days=random.choice([1, 1, 6]))
        again = {"valid_from": f"{start:%Y-%m-%d}", "valid_to": "2035-01-01", "state": random.choice(states)}
        tables.add("permits", **row | again)
    for year in (2026, 2027):
        if chance(random, 400):
            switch = first + timedelta(days=random.randrange(days))
            plan = {"permit": code, "month": str(year)}
            tables.add("plans", **plan, volume_m3="200000", valid_to=f"{switch - timedelta(days=1):%Y-%m-%d}")
            tables.add("plans", **plan, volume_m3="900000", valid_from=f"{switch:%Y-%m-%d}")
    if chance(random, 400):
        day = first + timedelta(days=random.randrange(days))
        delta = random.choice(["-50000", "300000"])
        tables.add("permit_changes", permit=code, delta_m3=delta, reason="adjust", **{"from": f"{day:%Y-%m-%d}"})
    if chance(random, 300):
        tables.add("permit_windows", permit=code, from_day="10-01", to_day=random.choice(["12-20", "03-01"]))


def _strangers(random: Random, begin: int, days: int) -> list[Message]:
    found = []
    for number in range(3):
        gateway = random.choice(["gw-t", "gw-x"])
        address = random.choice([f"X{number}", f"X{number}", "52010700Q"])
        moment = begin + random.randrange(days * 1440) * MINUTE
        for _ in range(random.choice([2, 3, 9])):
            moment += random.choice([1, 4, 6, 60, 3000, 31 * 1440]) * MINUTE
            if moment > begin + days * DAY:
                break
            values = random.choice([{"discharge": 0.4}, {"discharge": 0}, {"volume_total": 7}])
            element = {"station": address, "time": local_text(moment), "values": values}
            found.append(Message(moment + 2000, f"watermaster/v1/{gateway}/up/json", element))
    return found


def _case(random: Random, tables: Tables, messages: list[Message]) -> Case:
    messages.sort(key=lambda message: message.received)
    return Case(tables, [as_record(random, message) for message in messages])
