"""A field with everything in it, and how tests run it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hydro.instants import DAY_MS, HOUR_MS, MINUTE_MS, parse_instant
from hydro.quantity import Quantity
from simulators.basin.step import STEP_MS
from simulators.devices.device import Clock, Device
from simulators.devices.fault import Chance, Fault, FaultKind
from simulators.devices.field import Field
from simulators.devices.gateway import Backlog, Gateway, Trouble
from simulators.devices.message_json import JsonEncoder
from simulators.devices.outage import Cause, Outage
from simulators.devices.rating import Rating
from simulators.devices.reports import ReportKind, Reports
from simulators.devices.sensor import Counter, CounterKind, Sensor

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from simulators.basin.step import Floats, Integers, Marks
    from simulators.truth import Truth

START = parse_instant("2026-05-04T00:00:00", 480)
DAY = 288

GATEWAYS = (
    Gateway(name="gw-plain", duplicate_share=0.05, late_share=0.05),
    Gateway(
        name="gw-bundle", bundled=True, epoch=True, backlog=Backlog.HISTORY, backfill_per_s=0.02, backfill_samples=3
    ),
    Gateway(name="gw-storm", trouble=Trouble(calm_per_year=400.0, storm_per_hour=2.0, mean_min=20.0)),
)


def gauge(station: str, gateway: str = "gw-plain", **more: object) -> Device:
    """A gauging section."""
    sensors = (
        Sensor(
            quantity=Quantity.DISCHARGE, resolution=0.001, low=0.0, noise_share=0.004,
            rating=Rating(mean_m3s=4.0, flood_m3s=10.0),
        ),
        Sensor(quantity=Quantity.STAGE, resolution=0.005, noise=0.003, low=-0.5, high=8.0),
        Sensor(quantity=Quantity.VOLTAGE, resolution=0.1, noise=0.03),
        Sensor(quantity=Quantity.RAIN, resolution=0.5),
        Sensor(quantity=Quantity.DOOR, resolution=1.0),
        Sensor(quantity=Quantity.SIGNAL, resolution=1.0),
    )  # fmt: skip
    return Device(**({"station": station, "gateway": gateway, "sensors": sensors} | more))  # type: ignore[arg-type]


def meter(station: str, gateway: str = "gw-plain", **more: object) -> Device:
    """A metered intake with a pump; its total goes in tens of m3 and rolls over at 99,990."""
    sensors = (
        Sensor(quantity=Quantity.DISCHARGE, resolution=0.1, unit="L/s", cutoff=0.002, noise_share=0.004),
        Sensor(
            quantity=Quantity.VOLUME_TOTAL, resolution=10.0, counter=Counter(first=95_000.0, highest=99_990.0)
        ),
        Sensor(quantity=Quantity.PUMP, resolution=1.0),
        Sensor(quantity=Quantity.POWER, resolution=0.01, multiplier=40.0, noise_share=0.005, low=0.0),
        Sensor(quantity=Quantity.ENERGY_TOTAL, resolution=0.1, multiplier=40.0, counter=Counter(first=120.0)),
        Sensor(quantity=Quantity.METER_FAULT, resolution=1.0),
    )  # fmt: skip
    return Device(**({"station": station, "gateway": gateway, "sensors": sensors} | more))  # type: ignore[arg-type]


def net_meter(station: str, gateway: str = "gw-plain") -> Device:
    """An electromagnetic meter: its net total may fall; flow itself isn't reported."""
    sensors = (
        Sensor(quantity=Quantity.DISCHARGE, shown=False),
        Sensor(quantity=Quantity.VOLUME_TOTAL, resolution=0.1, counter=Counter(kind=CounterKind.NET)),
    )
    return Device(station=station, gateway=gateway, sensors=sensors)


DEVICES = (
    gauge("S1"),
    gauge("S2", "gw-bundle", clock=Clock(ahead_s=40.0, drift_ppm=60.0)),
    gauge("S3", "gw-bundle", sample_min=60, flood_reports=True),
    gauge("S4", "gw-storm", zero_for_missing=True),
    meter("Q1"),
    meter("Q2", "gw-storm", clock=Clock(ahead_s=-130.0)),
    meter("Q3", "gw-plain", sample_min=60, report_min=1440, report_at_min=127),
    meter("Q4", "gw-bundle", memory=20),
    net_meter("N1"),
)

_AT = START + 6 * HOUR_MS
FAULTS = (
    Fault(FaultKind.FLAT_LINE, "S1", _AT, _AT + 4 * HOUR_MS, Quantity.STAGE),
    Fault(FaultKind.DRIFT, "S1", _AT, START + DAY_MS, Quantity.DISCHARGE, 0.1),
    Fault(FaultKind.STEP, "S2", _AT + 7 * MINUTE_MS, _AT + 3 * HOUR_MS, Quantity.STAGE, 0.35, "debris"),
    Fault(FaultKind.NOISE, "S2", START + DAY_MS, START + DAY_MS + HOUR_MS, Quantity.STAGE, 0.2),
    Fault(FaultKind.MISSING, "S4", _AT, _AT + HOUR_MS, Quantity.DISCHARGE),
    Fault(FaultKind.MISSING, "Q1", _AT, _AT + HOUR_MS, Quantity.POWER),
    Fault(FaultKind.FACTOR, "Q1", START + DAY_MS, START + DAY_MS + 5 * HOUR_MS, Quantity.POWER, 20.0, "ct"),
    Fault(FaultKind.SPIKE, "S1", START + 20 * HOUR_MS, START + 20 * HOUR_MS + STEP_MS, Quantity.DISCHARGE, 9.0),
    Fault(FaultKind.REPLACEMENT, "Q2", START + 9 * HOUR_MS, START + 9 * HOUR_MS, Quantity.VOLUME_TOTAL, 20.0),
    Fault(FaultKind.JUMP, "Q4", START + 30 * HOUR_MS, START + 30 * HOUR_MS, Quantity.VOLUME_TOTAL, 500.0),
    Fault(FaultKind.DOOR, "S2", _AT, _AT + 30 * MINUTE_MS, cause="maintenance"),
    Fault(FaultKind.FAULT_BIT, "Q1", _AT, _AT + 30 * MINUTE_MS),
    Fault(FaultKind.LOW_BATTERY, "S4", _AT, START + DAY_MS, size=2.0),
    Fault(FaultKind.SILENT, "S3", _AT, _AT + 3 * HOUR_MS),
    Fault(FaultKind.CLOCK_STEP, "S1", START + 26 * HOUR_MS, START + 28 * HOUR_MS, size=17.0),
    Fault(FaultKind.WRONG_ZONE, "Q1", START + 40 * HOUR_MS, START + 44 * HOUR_MS, size=-8.0),
    Fault(FaultKind.CLOCK_DRIFT, "S4", START + 12 * HOUR_MS, START + 40 * HOUR_MS, size=900.0),
)

OUTAGES = (
    Outage("gw-bundle", START + 10 * HOUR_MS + 95_000, START + 13 * HOUR_MS + 250_000),
    Outage("gw-plain", START + 25 * HOUR_MS, START + 26 * HOUR_MS, Cause.POWER),
    Outage("gw-plain", START + 2 * HOUR_MS, START + 2 * HOUR_MS + 60_000),
    Outage("gw-storm", START + 32 * HOUR_MS, START + 39 * HOUR_MS, Cause.GATEWAY),
)

OFTEN = {
    FaultKind.MISSING: Chance(300.0, 30, 0.0, 0.0, frozenset({Quantity.DISCHARGE, Quantity.STAGE}), ("sensor",)),
    FaultKind.SPIKE: Chance(300.0, 5, 3.0, 8.0, frozenset({Quantity.STAGE}), ("echo",)),
    FaultKind.DOOR: Chance(200.0, 25, 0.0, 0.0, frozenset({Quantity.DOOR}), ("maintenance", "unknown")),
    FaultKind.SILENT: Chance(80.0, 90),
}


def zoo(seed: int = 1, **more: object) -> Field:
    """Everything, with faults of the scenario and by chance."""
    given: dict[str, object] = {"faults": FAULTS, "outages": OUTAGES, "chances": OFTEN}
    return Field(DEVICES, GATEWAYS, seed=seed, **(given | more))  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Weather:
    """What is true in a run: all steps."""

    ends: Integers
    signals: Mapping[Quantity, Floats]
    storm: Marks
    flood: Marks


def weather(field: Field, steps: int, seed: int = 5) -> Weather:
    """A believable truth, quantised to 1e-6: daily swing, pumps at times, a flood at the end of the first day.

    It is a station's own, whoever else is there.
    """
    ends = START + STEP_MS * np.arange(1, steps + 1)
    hour = (ends - START) / HOUR_MS
    flood = (hour % 24 > 20) & (hour % 24 < 23)
    signals: dict[Quantity, Floats] = {}
    for quantity, stations in field.inputs.items():
        shape = (steps, len(stations))
        keys = [zlib.crc32(station.encode()) for station in stations]
        ripples = np.array([np.random.default_rng([seed, key]).random(steps) for key in keys]).T
        base = 3.0 + np.sin(hour / 24 * 2 * np.pi)[:, None] + 12.0 * flood[:, None] + 0.1 * ripples
        running = (np.sin(hour[:, None] * 2.1 + np.array(keys) % 100) > 0) * 1.0
        metered = [station.startswith(("Q", "N")) for station in stations]
        values = {
            Quantity.DISCHARGE: np.where(metered, 0.06 * running - 0.004 * (1 - running), base),
            Quantity.STAGE: 0.3 * base,
            Quantity.PUMP: running,
            Quantity.POWER: 40.0 * running + 0.3,
            Quantity.RAIN: np.where(flood[:, None], 0.7, 0.0) * np.ones(shape),
        }[quantity]
        signals[quantity] = np.rint(values * 1e6) / 1e6
    storm = np.repeat(((hour > 28) & (hour < 31))[:, None], len(field.gateways), axis=1)
    return Weather(ends, signals, storm, np.repeat(flood[:, None], len(field.devices), axis=1))


def run(field: Field, truth: Weather, chunks: Iterable[int]) -> tuple[Reports, list[Truth]]:
    """Everything that arrives, and all that was true."""
    state = field.start(START)
    parts: list[Reports] = []
    truths: list[Truth] = []
    first = 0
    for steps in chunks:
        rows = slice(first, first + steps)
        signals = {quantity: values[rows] for quantity, values in truth.signals.items()}
        state, reports, ended = field.advance(
            state, truth.ends[rows], signals, storm=truth.storm[rows], flood=truth.flood[rows]
        )
        parts.append(reports)
        truths += ended
        first += steps
    last, left = field.finish(state)
    width = last.rows.counts.shape[1]
    return Reports.concatenate([*parts, last], width), sorted([*truths, *left], key=lambda one: one.rank)


def payloads(field: Field, reports: Reports) -> list[tuple[int, str, bytes]]:
    """As messages."""
    return list(JsonEncoder(field.devices, field.gateways).encode(reports).rows())


def delivered(reports: Reports, kinds: Sequence[ReportKind]) -> list[tuple[int, int]]:
    """(device, number of the sample) of all rows of messages of these kinds, in order of arrival."""
    kind = np.repeat(reports.kind, reports.length)
    mine = np.isin(kind, kinds)
    return list(zip(reports.rows.device[mine].tolist(), reports.rows.sequence[mine].tolist(), strict=True))
