"""How fast the simulated field is: ``python -m bench.field_devices [stations] [steps]``.

A day of 15,000 stations, 5,000 sections and 10,000 intakes, a report every five minutes: rating errors, noise, faults
and outages by chance, totals, store and forward, JSON. The goal is 60 s on one core and 500 MB. The baseline makes the
same number of messages of constant values with the standard library's ``json``.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from typing import Final

import numpy as np

from bench.surroundings import describe_machine
from hydro.instants import DAY_MS, format_instant, parse_instant
from hydro.quantity import Quantity
from simulators.basin.step import STEP_MS
from simulators.devices.device import Clock, Device
from simulators.devices.fault import BY_CHANCE
from simulators.devices.field import Field
from simulators.devices.gateway import Backlog, Gateway
from simulators.devices.message_json import JsonEncoder
from simulators.devices.rating import Rating
from simulators.devices.sensor import Counter, Sensor
from simulators.takers.habit import Use
from simulators.takers.permit import Permit
from simulators.takers.pump import PumpHouse
from simulators.takers.taker import Taker
from simulators.takers.takers import Takers
from simulators.takers.theft import Theft, TheftKind

START: Final = parse_instant("2026-06-01T00:00:00", 480)
CHUNK: Final = 12
STATIONS_OF_A_GATEWAY: Final = 30


def section(number: int, gateway: str) -> Device:
    """A gauging section: discharge by rating, stage, voltage."""
    rating = Rating(mean_m3s=4.0, flood_m3s=12.0)
    sensors = (
        Sensor(quantity=Quantity.DISCHARGE, resolution=0.001, low=0.0, rating=rating, noise_share=0.004),
        Sensor(quantity=Quantity.STAGE, resolution=0.001, noise=0.002),
        Sensor(quantity=Quantity.VOLTAGE, resolution=0.1, noise=0.03),
    )
    return Device(station=f"52S{number:06d}", gateway=gateway, sensors=sensors, clock=Clock(drift_ppm=number % 40 - 20))


def intake(number: int, gateway: str) -> Device:
    """A metered intake with a pump: flow, total, pump, power, energy."""
    sensors = (
        Sensor(quantity=Quantity.DISCHARGE, resolution=0.1, unit="L/s", low=0.0, cutoff=0.0005, noise_share=0.004),
        Sensor(quantity=Quantity.VOLUME_TOTAL, resolution=1.0, counter=Counter(first=1e5, highest=99_999_999)),
        Sensor(quantity=Quantity.PUMP, resolution=1.0),
        Sensor(quantity=Quantity.POWER, resolution=0.1, noise_share=0.005, low=0.0),
        Sensor(quantity=Quantity.ENERGY_TOTAL, resolution=0.1, counter=Counter(first=1e4)),
    )
    return Device(station=f"52Q{number:06d}", gateway=gateway, sensors=sensors)


def province(stations: int) -> Field:
    """A third sections, two thirds intakes, thirty to a gateway."""
    gateways = [
        Gateway(name=f"gw-{number:04d}", backlog=Backlog.HISTORY if number % 3 == 0 else Backlog.OBJECTS)
        for number in range(-(-stations // STATIONS_OF_A_GATEWAY))
    ]
    devices = []
    for number in range(stations):
        make = section if number % 3 == 0 else intake
        devices.append(make(number, gateways[number // STATIONS_OF_A_GATEWAY].name))
    return Field(devices, gateways, seed=1, chances=BY_CHANCE)


def takers_s(count: int, steps: int) -> float:
    """Seconds that so many takers need for so many steps: demand, and what follows from it."""
    people = []
    bypass = Theft(kind=TheftKind.BYPASS, start=START, end=START + DAY_MS, rate_m3s=0.01)
    for number in range(count):
        capacity = 0.03 + 0.001 * (number % 50)
        people.append(
            Taker(
                name=f"52Q{number:06d}",
                use=tuple(Use)[number % 3],
                mean_m3s=capacity,
                permit=Permit(max_m3s=2 * capacity, annual_m3=capacity * 2e7),
                house=PumpHouse(pumps=2, capacity_m3s=capacity),
                thefts=(bypass,) if number % 100 == 0 else (),
            )
        )
    takers = Takers(people, seed=1)
    state = takers.start(START)
    began = time.perf_counter()
    for first in range(0, steps, CHUNK):
        state, demand = takers.demand(state, min(CHUNK, steps - first))
        state, _ = takers.settle(state, demand, demand.total_m3s)
    return time.perf_counter() - began


def baseline(count: int) -> float:
    """Seconds that json.dumps needs for so many messages."""
    began = time.perf_counter()
    for number in range(count):
        values = {"discharge": 3.21, "stage": 1.07, "voltage": 12.6}
        json.dumps(
            {"station": "52S000001", "time": format_instant(START, 480), "seq": number, "values": values}
        ).encode()
    return time.perf_counter() - began


def main() -> None:
    stations = int(sys.argv[1]) if len(sys.argv) > 1 else 15_000
    steps = int(sys.argv[2]) if len(sys.argv) > 2 else 288  # noqa: PLR2004  # two arguments
    field = province(stations)
    encoder = JsonEncoder(field.devices, field.gateways)
    rng = np.random.default_rng(1)
    state = field.start(START)
    field_s = encoding_s = 0.0
    messages = readings = size = 0
    for first in range(0, steps, CHUNK):
        ends = START + STEP_MS * np.arange(first + 1, min(first + CHUNK, steps) + 1)
        signals = {quantity: 2.0 + rng.random((len(ends), len(names))) for quantity, names in field.inputs.items()}
        storm = rng.random((len(ends), len(field.gateways))) < (0.5 if 100 < first < 150 else 0.0)  # noqa: PLR2004
        began = time.perf_counter()
        state, reports, _ = field.advance(state, ends, signals, storm=storm)
        between = time.perf_counter()
        found = encoder.encode(reports)
        encoding_s += time.perf_counter() - between
        field_s += between - began
        messages += len(reports)
        readings += int((reports.rows.counts != np.iinfo(np.int64).min).sum())
        size += sum(map(len, found.payload))
    taking_s = takers_s(stations * 2 // 3, steps)
    plain = baseline(min(messages, 200_000)) / min(messages, 200_000)
    total = field_s + encoding_s
    print(describe_machine("bench.field_devices"))
    print(f"{stations:,} stations × {steps} steps: {messages:,} messages, {readings:,} readings, {size / 1e6:,.0f} MB")
    print(f"takers, two thirds    {taking_s:6.1f} s   {stations * 2 // 3 * steps / taking_s:>10,.0f} steps of takers/s")
    print(f"devices and reporting {field_s:6.1f} s   {messages / field_s:>10,.0f} messages/s")
    print(f"JSON                  {encoding_s:6.1f} s   {messages / encoding_s:>10,.0f} messages/s")
    print(f"  readings encoded             {readings / encoding_s:>10,.0f} readings/s   baseline {3 / plain:,.0f}")
    print(f"devices, JSON         {total:6.1f} s   {messages / total:>10,.0f} messages/s, one core")
    print(f"greatest memory       {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:6.0f} MiB")


if __name__ == "__main__":
    main()
