"""What devices show: errors that stay, totals that add up, faults only where truth says so."""

from __future__ import annotations

from collections import Counter as Tally
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hydro.instants import DAY_MS, HOUR_MS, MINUTE_MS
from hydro.quantity import Quantity
from simulators.basin.chance import subject_keys
from simulators.basin.step import STEP_MS, STEP_S, Floats, Integers
from simulators.devices.counters import Counters
from simulators.devices.device import Clock, Device
from simulators.devices.devices import Devices
from simulators.devices.fault import BY_CHANCE, Fault, FaultKind, faults_of_day
from simulators.devices.rating import Rating, Ratings
from simulators.devices.samples import MISSING, Samples
from simulators.devices.sensor import Counter, CounterKind, Sensor
from simulators.truth import Truth, TruthKind
from tests.simulators.devices.zoo import DAY, FAULTS, START, Weather, gauge, meter, run, weather, zoo

if TYPE_CHECKING:
    from simulators.devices.reports import Reports

FLOW = np.array([0.0, 0.05, -0.01, 0.08, 0.08, -0.2, 0.3, 0.0])


def observed(
    devices: list[Device], signals: dict[Quantity, Floats], faults: tuple[Fault, ...] = (), at: int = START
) -> tuple[Samples, list[Truth]]:
    """Samples and truths of devices alone."""
    them = Devices(devices, seed=1, faults=faults)
    steps = len(next(iter(signals.values())))
    ends = at + STEP_MS * np.arange(1, steps + 1)
    state, samples, truths = them.observe(them.start(at), ends, signals)
    return samples, [*truths, *them.finish(state)]


def one_meter(**counter: object) -> Device:
    """A perfect meter with one total, whole m3."""
    sensors = (
        Sensor(quantity=Quantity.DISCHARGE),
        Sensor(quantity=Quantity.VOLUME_TOTAL, resolution=1.0, counter=Counter(**counter)),  # type: ignore[arg-type]
    )
    return Device(station="Q1", gateway="gw", sensors=sensors)


def totals(device: Device, flow: Floats, *faults: Fault) -> Integers:
    samples, _ = observed([device], {Quantity.DISCHARGE: flow[:, None]}, faults)
    counts: Integers = samples.counts[:, 0, 1]
    return counts


def test_a_total_is_the_integral_rounded_down() -> None:
    """Of what the meter measured, forward, backward or net; only the net one falls."""
    volume = FLOW * STEP_S
    assert totals(one_meter(), FLOW).tolist() == np.floor(np.cumsum(np.maximum(volume, 0)) + 1e-9).tolist()
    backward = totals(one_meter(kind=CounterKind.REVERSE), FLOW)
    assert backward.tolist() == np.floor(np.cumsum(np.maximum(-volume, 0)) + 1e-9).tolist()
    net = totals(one_meter(kind=CounterKind.NET, first=10.0), FLOW)
    assert net.tolist() == np.floor(10 + np.cumsum(volume) + 1e-9).tolist()
    assert (np.diff(net) < 0).any()


def test_a_total_begins_again_after_its_highest_number() -> None:
    flow = np.full(100, 0.05)  # 15 m3 a step
    shown = totals(one_meter(first=970.0, highest=999.0), flow)
    assert shown.tolist() == ((970 + 15 * np.arange(1, 101)) % 1000).tolist()
    assert (np.diff(shown) < 0).sum() == 2


def test_a_new_meter_goes_on_from_its_own_number_and_truth_knows_both() -> None:
    """The step that ends after the change is counted by the new one.

    ::

    old    ▁▂▃▄▅│
    new         │▁▂▃
    """
    flow = np.full(20, 0.05)
    at = START + 10 * STEP_MS
    change = Fault(FaultKind.REPLACEMENT, "Q1", at, at, Quantity.VOLUME_TOTAL, 7.0)
    device = one_meter(first=500.0)
    samples, truths = observed([device], {Quantity.DISCHARGE: flow[:, None]}, (change,))
    old, new = 500 + 15 * np.arange(1, 11), 7 + 15 * np.arange(1, 11)
    assert samples.counts[:, 0, 1].tolist() == [*old.tolist(), *new.tolist()]
    assert [(one.kind, one.start, one.end) for one in truths] == [(TruthKind.METER_CHANGE, at, at)]
    assert truths[0].details["old_final"] == 650.0
    assert truths[0].details["new_initial"] == 7.0


def test_energy_through_a_current_transformer_is_shown_divided_by_its_ratio() -> None:
    """40 kW for an hour are 40 kWh; a meter behind a 20:1 transformer counts 2."""
    sensors = (
        Sensor(quantity=Quantity.POWER, resolution=0.1, multiplier=20.0),
        Sensor(quantity=Quantity.ENERGY_TOTAL, resolution=0.01, multiplier=20.0, counter=Counter()),
    )
    device = Device(station="Q1", gateway="gw", sensors=sensors)
    samples, _ = observed([device], {Quantity.POWER: np.full((12, 1), 40.0)})
    assert samples.counts[-1, 0].tolist() == [20, 200]


def test_a_counter_states_what_it_stands_at() -> None:
    counters = Counters([Sensor(quantity=Quantity.VOLUME_TOTAL, resolution=10.0, counter=Counter(first=120.0))])
    assert counters.number(0, int(counters.first[0])) == 120.0


def test_cut_off_bounds_and_resolution() -> None:
    """Half a step is rounded to even, as the contract rounds."""
    sensor = Sensor(quantity=Quantity.DISCHARGE, resolution=0.5, unit="L/s", low=0.0, high=0.1, cutoff=0.002)
    flow = np.array([[0.0019], [0.0021], [-0.05], [0.25], [0.00425], [0.00475]])
    samples, _ = observed([Device(station="Q1", gateway="gw", sensors=(sensor,))], {Quantity.DISCHARGE: flow})
    assert samples.counts[:, 0, 0].tolist() == [0, 4, 0, 200, 8, 10]


def test_a_meter_that_knows_reverse_flow_shows_it() -> None:
    sensor = Sensor(quantity=Quantity.DISCHARGE, resolution=0.001)
    samples, _ = observed(
        [Device(station="Q1", gateway="gw", sensors=(sensor,))], {Quantity.DISCHARGE: np.array([[-0.05]])}
    )
    assert samples.counts[0, 0, 0] == -50


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.kind} {fault.station}")
def test_a_fault_changes_only_its_own_station_and_only_while_truth_says_so(fault: Fault) -> None:
    """Totals keep what they counted, so a change of theirs stays; the rest is as without the fault."""
    steps = 2 * DAY
    plain, faulty = zoo(faults=(), outages=(), chances=None), zoo(faults=(fault,), outages=(), chances=None)
    calm = replace(weather(plain, steps), storm=np.zeros((steps, 3), np.bool_))
    before, none = run(plain, calm, [steps])
    after, truths = run(faulty, calm, [steps])
    [truth] = [one for one in truths if one not in none]
    assert truth.subject == fault.station
    assert fault.start <= truth.start <= truth.end <= fault.end or fault.kind in {FaultKind.REPLACEMENT, FaultKind.JUMP}
    device = [one.station for one in plain.devices].index(fault.station)
    lasting = [
        slot
        for slot, sensor in enumerate(one for one in plain.devices[device].sensors if one.shown)
        if sensor.counter is not None
    ]

    def samples(reports: Reports) -> dict[tuple[int, int], list[int]]:
        rows = reports.rows
        columns = (rows.device.tolist(), rows.measured_at.tolist(), rows.counts.tolist())
        return {
            (number, at): [
                count
                for slot, count in enumerate(counts)
                if number != device or at <= truth.start or slot not in lasting
            ]
            for number, at, counts in zip(*columns, strict=True)
        }

    was, now = samples(before), samples(after)
    changed = {key for key in was.keys() | now.keys() if was.get(key) != now.get(key)}
    assert {number for number, _ in changed} <= {device}
    assert all(truth.start < at <= truth.end for _, at in changed)
    visible = fault.kind not in {
        FaultKind.CLOCK_STEP, FaultKind.CLOCK_DRIFT, FaultKind.WRONG_ZONE, FaultKind.REPLACEMENT, FaultKind.JUMP
    }  # fmt: skip
    assert bool(changed) == visible


def test_without_faults_truth_is_empty() -> None:
    field = zoo(faults=(), outages=(), chances=None)
    truth = weather(field, DAY)
    calm = replace(truth, storm=np.zeros_like(truth.storm), signals=_no_flood(truth))
    _, truths = run(field, calm, [DAY])
    assert [one for one in truths if one.subject != "gw-storm"] == []


def _no_flood(truth: Weather) -> dict[Quantity, Floats]:
    return {quantity: np.minimum(values, 6.0) for quantity, values in truth.signals.items()}


def test_a_flat_line_stands_still_and_the_total_goes_on() -> None:
    flow = np.linspace(0.02, 0.08, 40)
    stuck = Fault(FaultKind.FLAT_LINE, "Q1", START + 10 * STEP_MS, START + 30 * STEP_MS, Quantity.DISCHARGE)
    samples, _ = observed([one_meter()], {Quantity.DISCHARGE: flow[:, None]}, (stuck,))
    shown = samples.counts[:, 0, 0]
    assert len(set(shown[10:30].tolist())) == 1
    assert shown[9] < shown[10] < shown[30]
    assert samples.counts[:, 0, 1].tolist() == np.floor(np.cumsum(flow * STEP_S) + 1e-6).tolist()


def test_a_drifting_meter_counts_what_it_measures() -> None:
    flow = np.full(100, 0.1)
    drift = Fault(FaultKind.DRIFT, "Q1", START, START + 100 * STEP_MS, Quantity.DISCHARGE, -0.5)
    samples, _ = observed([one_meter()], {Quantity.DISCHARGE: flow[:, None]}, (drift,))
    assert samples.counts[-1, 0, 0] == 50_000
    assert samples.counts[-1, 0, 1] == pytest.approx(0.75 * 3000, abs=10)


CLOCKS = {
    "right": (Clock(), 0, 0),
    "a minute ahead": (Clock(ahead_s=60.0), 0, 60_000),
    "two minutes behind": (Clock(ahead_s=-120.0), 0, -120_000),
    "seven minutes ahead": (Clock(ahead_s=420.0), STEP_MS, 120_000),
}


@pytest.mark.parametrize("name", CLOCKS)
def test_a_wrong_clock_writes_clean_times_and_sends_at_the_wrong_moment(name: str) -> None:
    clock, later, early = CLOCKS[name]
    samples, _ = observed([replace(gauge("S1"), clock=clock)], _gauge_signals(12))
    assert (samples.event_time[:, 0] - samples.ends == later).all()
    assert (samples.early[:, 0] == early).all()


def test_a_clock_that_gains_is_set_now_and_then() -> None:
    """20 ppm are 52 s in 30 days."""
    clock = Clock(drift_ppm=20.0, set_days=30.0)
    samples, _ = observed([replace(gauge("S1"), clock=clock)], _gauge_signals(31 * DAY))
    early = samples.early[:, 0]
    assert early.max() == pytest.approx(51_840, abs=10)
    assert (np.diff(early) < -50_000).sum() == 1
    assert early.min() == 0


def test_a_clock_in_another_zone_shifts_times_by_hours() -> None:
    wrong = Fault(FaultKind.WRONG_ZONE, "S1", START, START + HOUR_MS, size=-8.0)
    samples, _ = observed([gauge("S1")], _gauge_signals(24), (wrong,))
    shift = samples.event_time[:, 0] - samples.ends
    assert shift.tolist() == [-8 * HOUR_MS] * 12 + [0] * 12


def _gauge_signals(steps: int) -> dict[Quantity, Floats]:
    one = np.ones((steps, 1))
    return {Quantity.DISCHARGE: 4.0 * one, Quantity.STAGE: one, Quantity.RAIN: 0.0 * one}


def rating_errors(flow: Floats, count: int = 40, **more: float) -> tuple[Floats, list[Truth]]:
    """Errors of many gauges on the same flow."""
    rating = Rating(mean_m3s=4.0, **more)
    ratings = Ratings([rating] * count, [f"S{number}" for number in range(count)], seed=3)
    ends = START + STEP_MS * np.arange(1, len(flow) + 1)
    state, errors, truths = ratings.errors(ratings.start(START), ends, np.repeat(flow[:, None], count, axis=1))
    return errors, [*truths, *ratings.finish(state, int(ends[-1]))]


def test_rating_errors_are_never_white_and_never_constant() -> None:
    """Correlated over hours to weeks: after an hour nearly the same, after three days still alike."""
    errors, _ = rating_errors(np.full(60 * DAY, 4.0))
    apart = errors - errors.mean(axis=0)

    def correlation(lag: int) -> float:
        return float((apart[lag:] * apart[:-lag]).sum() / (apart[:-lag] ** 2).sum())

    assert correlation(12) > 0.9
    assert 0.4 < correlation(3 * DAY) < 0.92
    assert 0.015 < errors.std(axis=0).mean() < 0.035
    assert 0.01 < errors.mean(axis=0).std() < 0.04
    assert (errors.std(axis=0) > 0.008).all()


def test_a_rating_error_depends_on_stage() -> None:
    low, _ = rating_errors(np.full(DAY, 1.0), slope=0.05)
    high, _ = rating_errors(np.full(DAY, 16.0), slope=0.05)
    assert np.abs((low - high).mean(axis=0)).mean() > 0.03


def test_a_flood_shifts_the_rating_and_truth_says_since_when() -> None:
    """The shift counts most at low flow; without a flood there is none."""
    flow = np.concatenate([np.full(DAY, 2.0), np.full(36, 20.0), np.full(DAY, 2.0)])
    errors, truths = rating_errors(flow, flood_m3s=10.0)
    _, none = rating_errors(flow)
    over = START + (DAY + 36) * STEP_MS
    assert none == []
    assert len(truths) == errors.shape[1]
    assert {(one.start, one.end) for one in truths} == {(over, START + len(flow) * STEP_MS)}
    jump = errors[DAY + 36] - errors[DAY - 1]
    said = np.array([float(one.details["size"] or 0.0) for one in truths])
    assert np.corrcoef(jump, said)[0, 1] > 0.8


def test_most_doors_are_opened_by_maintenance() -> None:
    devices = [gauge(f"S{number}") for number in range(400)]
    keys = subject_keys(device.station for device in devices)
    causes: Tally[str] = Tally()
    chances = {FaultKind.DOOR: BY_CHANCE[FaultKind.DOOR]}
    for day in range(20_000, 20_100):
        causes.update(one.cause for one in faults_of_day(1, day, 480, devices, keys, chances))
    assert sum(causes.values()) == pytest.approx(400 * 100 / 365 * 4.0, rel=0.15)
    assert 0.85 < causes["maintenance"] / sum(causes.values()) < 0.95


def test_chance_fails_as_often_as_it_says() -> None:
    years = 120  # in one: sixty gauges and sixty meters, for a year
    devices = [make(f"{make.__name__}{number}") for make in (gauge, meter) for number in range(years // 2)]
    keys = subject_keys(device.station for device in devices)
    found: Tally[FaultKind] = Tally()
    for day in range(365):
        found.update(one.kind for one in faults_of_day(1, day, 480, devices, keys, BY_CHANCE))
    assert found[FaultKind.MISSING] == pytest.approx(years * BY_CHANCE[FaultKind.MISSING].per_year, rel=0.25)
    assert found[FaultKind.SILENT] == pytest.approx(years * BY_CHANCE[FaultKind.SILENT].per_year, rel=0.25)
    assert found[FaultKind.STEP] == pytest.approx(years / 2 * BY_CHANCE[FaultKind.STEP].per_year, rel=0.4)


def test_a_battery_charges_by_day_and_sags_when_it_fails() -> None:
    sag = Fault(FaultKind.LOW_BATTERY, "S1", START + DAY_MS, START + 2 * DAY_MS, size=2.0)
    samples, _ = observed([gauge("S1")], _gauge_signals(2 * DAY), (sag,))
    volts = samples.counts[:, 0, 2] / 10
    assert volts[13 * 12] > volts[4 * 12]
    assert volts[:DAY].min() > 12
    assert volts[-1] < volts[DAY - 1] - 1.5


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault(FaultKind.STEP, "S9", 0, 1, Quantity.STAGE), "no such device"),
        (Fault(FaultKind.STEP, "S1", 1, 1, Quantity.STAGE), "it ends at 1 ms, but begins at 1 ms"),
        (Fault(FaultKind.STEP, "S1", 0, 1, Quantity.POWER), "power; it can have one of"),
        (Fault(FaultKind.JUMP, "S1", 0, 1), "no quantity; it can have one of []"),
    ],
    ids=["station", "time", "sensor", "total"],
)
def test_a_fault_that_cannot_be_is_named(fault: Fault, said: str) -> None:
    with pytest.raises(ValueError, match="fault ") as caught:
        Devices([gauge("S1")], seed=1, faults=(fault,))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("sensor", "said"),
    [
        (Sensor(quantity=Quantity.STAGE, resolution=1e-7), "resolution of stage is 1e-07"),
        (Sensor(quantity=Quantity.STAGE, unit="L/s"), "stage can't be shown in 'L/s'"),
        (Sensor(quantity=Quantity.STAGE, noise=-1.0), "noise of stage is -1"),
        (Sensor(quantity=Quantity.STAGE, rating=Rating(mean_m3s=1.0)), "stage has no rating"),
        (Sensor(quantity=Quantity.STAGE, counter=Counter()), "stage is no total"),
        (Sensor(quantity=Quantity.STAGE, low=1.0, high=1.0), "stage goes from 1 to 1"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_a_sensor_cannot_be_is_said(sensor: Sensor, said: str) -> None:
    assert said in " | ".join(sensor.mistakes())


def test_missing_is_never_a_number() -> None:
    gap = Fault(FaultKind.MISSING, "Q1", START, START + MINUTE_MS * 10, Quantity.DISCHARGE)
    samples, _ = observed([one_meter()], {Quantity.DISCHARGE: np.full((4, 1), 0.1)}, (gap,))
    assert samples.counts[:, 0, 0].tolist() == [MISSING, MISSING, 100_000, 100_000]


def test_where_there_is_nothing_to_measure_there_is_no_value_and_nothing_is_counted() -> None:
    """Nor does a spike make a number of it."""
    flow = np.array([[0.1], [np.nan], [0.1]])
    spike = Fault(FaultKind.SPIKE, "Q1", START, START + 3 * STEP_MS, Quantity.DISCHARGE, 2.0)
    samples, _ = observed([one_meter()], {Quantity.DISCHARGE: flow}, (spike,))
    assert samples.counts[:, 0, 0].tolist() == [200_000, MISSING, 200_000]
    assert samples.counts[:, 0, 1].tolist() == [30, 30, 60]
