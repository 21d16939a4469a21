"""River, takers and field together: what perfect devices report is the truth, whatever the chunks."""

from __future__ import annotations

import numpy as np
import pytest

from hydro.quantity import Quantity
from simulators.basin import Actions, River, micro
from simulators.devices import Device, Field, Gateway, Reports
from simulators.devices.catalogue import CABINET, flow_meter, gauge, power_meter
from simulators.takers import Takers, Theft, TheftKind, Use, usual_taker
from tests.simulators.basin.networks import DAY, START, small_basin


def simulate(chunks: list[int]) -> tuple[dict[tuple[str, Quantity], list[int]], dict[str, list[int]]]:
    """Reported counts of perfect devices, and the truth in the same counts."""
    network = small_basin()
    bypass = Theft(kind=TheftKind.BYPASS, start=START, end=START + 86_400_000, rate_m3s=0.03)
    names = [one.name for one in network.abstractions]
    people = [
        usual_taker(names[0], Use.DOMESTIC, 0.06),
        usual_taker(names[1], Use.INDUSTRY, 0.08, thefts=[bypass]),
    ]
    takers = Takers(people, seed=1)
    river = River(network, seed=1)
    sections = [
        Device(station=one.name, gateway="gw", sensors=gauge(2.0, 60.0, 8.0)[:1]).perfect() for one in network.gauges
    ]
    meters = [
        Device(station=one.name, gateway="gw", sensors=(*flow_meter(0.2), *power_meter(100.0), *CABINET)).perfect()
        for one in people
    ]
    field = Field([*sections, *meters], [Gateway(name="gw").perfect()], seed=1)
    spring = np.full((1, 1), 0.4)
    river_state = river.initial(START, inflows=spring[0], warm_days=5)
    taker_state, field_state = takers.start(START), field.start(START)
    parts: list[Reports] = []
    truth: dict[str, list[int]] = {one.station: [] for one in field.devices}
    for steps in chunks:
        taker_state, demand = takers.demand(taker_state, steps)
        actions = Actions(takes=demand.total_m3s, inflows=np.repeat(spring, steps, axis=0))
        river_state, flows = river.advance(river_state, steps, actions)
        taker_state, taking = takers.settle(taker_state, demand, flows.taken)
        assert (micro(taking.taken_m3s) == micro(flows.taken)).all()
        signals = {
            Quantity.DISCHARGE: np.concatenate([flows.gauge_discharge / 1e6, taking.seen_m3s], axis=1),
            Quantity.PUMP: taking.pump,
            Quantity.POWER: taking.power_kw,
        }
        field_state, reports, _ = field.advance(field_state, taking.ends, signals)
        parts.append(reports)
        for column, device in enumerate(field.devices):
            truth[device.station] += micro(signals[Quantity.DISCHARGE][:, column]).tolist()
    last, _ = field.finish(field_state)
    whole = Reports.concatenate([*parts, last], last.rows.counts.shape[1])
    found: dict[tuple[str, Quantity], list[int]] = {}
    for number, device in enumerate(field.devices):
        rows = whole.rows.take(whole.rows.device == number)
        for slot, sensor in enumerate(device.sensors):
            found[device.station, sensor.quantity] = rows.counts[:, slot].tolist()
    return found, truth


def test_what_perfect_devices_report_is_what_was_true() -> None:
    found, truth = simulate([DAY])
    for station, counts in truth.items():
        per_count = 1000 if station.endswith("works") else 1  # L/s
        assert found[station, Quantity.DISCHARGE] == [count * per_count for count in counts]
    total = np.cumsum(np.maximum(truth["town works"], 0)) * 300
    assert found["town works", Quantity.VOLUME_TOTAL] == total.tolist()


@pytest.mark.parametrize("chunks", [[1] * 40, [7, 33]], ids=["single steps", "two pieces"])
def test_chunks_of_all_three_change_nothing(chunks: list[int]) -> None:
    assert simulate(chunks) == simulate([40])
