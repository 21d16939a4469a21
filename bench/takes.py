"""What judging 10,000 intakes costs, live and in a backtest: ``python -m bench.takes``.

Each intake sends flow, total, pump, power and energy every five minutes. Its pump runs ten hours a day, the first slot
of them without flow; the permit bounds all of them, a third only at hours of the day. One in a hundred takes past its
meter for some hours of every second day, another one too much. CPU time of one core, after decoding.

The baseline is the slow independent implementation of tests/oracle on the same readings.
"""

from __future__ import annotations

import statistics
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import numpy as np

from alerting.takes.engine import TakesEngine
from bench.rules import _Shelf as Shelf
from bench.rules import make_register
from bench.stream import SLOT_MS, station
from bench.surroundings import describe_machine
from hydro.columns import Observations
from hydro.instants import HOUR_MS, format_instant, parse_instant
from hydro.quantity import Quantity
from hydro.series import SeriesIndex
from ingest.decode import DecodedBatch, Tick
from tests.oracle.oracle import judge as judge_slowly

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

INTAKES: Final = 10_000
RUNS: Final = 3
LIVE_SLOTS: Final = 24
LIVE_BATCH: Final = 5_000
BACKTEST_INTAKES: Final = 1_000
BACKTEST_DAYS: Final = 4
BACKTEST_BATCH: Final = 50_000
ORACLE_INTAKES: Final = 10
_SENT: Final = (Quantity.DISCHARGE, Quantity.VOLUME_TOTAL, Quantity.PUMP, Quantity.POWER, Quantity.ENERGY_TOTAL)
_START: Final = parse_instant("2026-03-01T00:00:00", 480)
_MICRO: Final = 1_000_000
_DAY_SLOTS: Final = 288
_FIRST_SLOT: Final = 84
_RUN_SLOTS: Final = 120
_ODD: Final = range(60, 90)
"""Slots of the run in which some take otherwise."""
_THIEF: Final = 7
_GREEDY: Final = 9


def make_tables(intakes: int) -> dict[str, str]:
    """A register of intakes, each with a permit; a third of them may take at hours of the day only."""
    codes = [station(number) for number in range(intakes)]
    return {
        "stations": "station,name,kind,basin,river,division,gateway,interval_min\n"
        + "".join(f"{code},N{code},intake,Wu,Sancha,520103,,5\n" for code in codes),
        "intakes": "station,permit,reach,design_max_m3s,daily_max_m3,has_pump\n"
        + "".join(f"{code},P{code},R,1.2,40000,1\n" for code in codes),
        "points": "station,quantity,zero_below,rated_kw,resolution\n"
        + "".join(
            f"{code},discharge,0.005,,\n{code},volume_total,,,1\n{code},power,,50,\n{code},energy_total,,50,0.1\n"
            for code in codes
        ),
        "permits": "permit,holder,division,industry,source,annual_m3,max_rate_m3s\n"
        + "".join(f"P{code},H{code},520103,A01,surface,9000000,1\n" for code in codes),
        "permit_windows": "permit,from_day,to_day,hours\n"
        + "".join(f"P{code},01-01,12-31,5-23\n" for code in codes[::3]),
    }


def values_at(slot: int, intakes: int) -> NDArray[np.int64]:
    """What all intakes show in a slot, millionths: a row for each of what they send."""
    number = np.arange(intakes)
    at = slot % _DAY_SLOTS - (_FIRST_SLOT + number % 48)  # it begins between 07:00 and 11:00
    runs = (at >= 0) & (at < _RUN_SLOTS)
    is_odd = (at > _ODD.start) & (at < _ODD.stop)
    steals = (number % 100 == _THIEF) & (slot // _DAY_SLOTS % 2 == 0) & is_odd
    takes_more = (number % 100 == _GREEDY) & is_odd
    noise = (number * 7919 + slot * 104_729) % 1_000 * 20
    flow = np.where(runs & (at > 0) & ~steals, np.where(takes_more, 1_300_000, 900_000) + noise, 0)
    whole, part = slot // _DAY_SLOTS, np.clip(at, 0, _RUN_SLOTS - 1)
    lost = np.where(number % 100 == _THIEF, (whole + 1) // 2 * 29 + (1 - whole % 2) * np.clip(at - 61, 0, 29), 0)
    total = (whole * (_RUN_SLOTS - 1) + part - lost) * 270 * _MICRO + number * _MICRO
    energy = (whole * _RUN_SLOTS + np.clip(at + 1, 0, _RUN_SLOTS)) * 3_300_000
    power = np.where(runs, 40 * _MICRO, 100_000)
    return np.stack([flow, total, runs * _MICRO, power, energy]).astype(np.int64)


def make_batches(intakes: int, slots: int, size: int, index: SeriesIndex, first_slot: int = 0) -> list[DecodedBatch]:
    """Columns as the decoder gives them: slot after slot, in each all intakes, of each all that it sends."""
    series = np.array([[index.number(station(n), quantity) for quantity in _SENT] for n in range(intakes)]).ravel()
    found: list[DecodedBatch] = []
    position = 0
    for slot in range(first_slot, first_slot + slots):
        values = values_at(slot, intakes).T.ravel()
        at = _START + (slot + 1) * SLOT_MS
        for first in range(0, len(series), size):
            rows = slice(first, first + size)
            count = len(series[rows])
            readings = Observations(
                series[rows],
                np.full(count, at),
                values[rows],
                np.ones(count, np.uint8),
                np.full(count, at + 1_500),
                np.arange(position + 1, position + 1 + count),
            )
            position += count
            found.append(_decoded(readings, [Tick(at + 2_000, position)]))
    return found


def _decoded(readings: Observations, ticks: list[Tick]) -> DecodedBatch:
    count = len(readings)
    return DecodedBatch(
        first=int(readings.position[0]),
        last=int(readings.position[-1]),
        observations=readings,
        messages=count,
        decoded=count,
        dead_lettered=Counter(),
        rejected=Counter(),
        dead_letters=[],
        ticks=ticks,
        sequence=[],
        unknown_keys=0,
    )


def live_share(intakes: int) -> float:
    """Share of a core that judging takes while the pumps start, saved as it is live, in percent."""
    register = make_register(make_tables(intakes))
    index = SeriesIndex(register.stations)
    engine = TakesEngine(register, index, Shelf())
    warm = make_batches(intakes, 1, LIVE_BATCH, index, 7 * 12 - 2)
    for batch in warm:
        engine.step(batch)
    batches = make_batches(intakes, LIVE_SLOTS, LIVE_BATCH, index, 7 * 12 - 1)
    began = time.process_time()
    for batch in batches:
        engine.step(batch)
        packed = engine.pack(LIVE_BATCH // len(_SENT), None)
        engine.packed(packed.keys)
    return (time.process_time() - began) * 100_000 / (LIVE_SLOTS * SLOT_MS)


def backtest_rate(intakes: int, days: int) -> float:
    """Readings a CPU second."""
    register = make_register(make_tables(intakes))
    index = SeriesIndex(register.stations)
    batches = make_batches(intakes, days * _DAY_SLOTS, BACKTEST_BATCH, index)
    engine = TakesEngine(register, index, Shelf(), is_recorded=True)
    began = time.process_time()
    for batch in batches:
        engine.step(batch)
    engine.finish(None)
    taken = time.process_time() - began
    alerts = Counter(record.reason for said in engine.all_alerts() for record in said.alerts)
    assert {"pump_no_flow", "permit_max"} <= set(alerts), alerts
    return sum(len(batch.observations) for batch in batches) / taken


def make_records(intakes: int, slots: int) -> Iterator[Mapping[str, object]]:
    """The same as recorded messages."""
    for slot in range(slots):
        at = _START + (slot + 1) * SLOT_MS
        for number, values in enumerate(values_at(slot, intakes).T.tolist()):
            shown = {quantity.text: value / _MICRO for quantity, value in zip(_SENT, values, strict=True)}
            yield {
                "received_at": format_instant(at + 1_500, 480),
                "topic": "watermaster/v1/g00/up/json",
                "payload": {"station": station(number), "time": format_instant(at, 480), "values": shown},
            }


def oracle_rate(intakes: int, slots: int) -> float:
    """Readings a CPU second through the slow implementation."""
    records = list(make_records(intakes, slots))
    with TemporaryDirectory() as folder:
        registry = Path(folder) / "registry"
        registry.mkdir()
        for name, text in make_tables(intakes).items():
            (registry / f"{name}.csv").write_text(text)
        began = time.process_time()
        judge_slowly(records, Path(folder), parts={"unmetered_intake", "over_rate", "meter_tamper"})
        return len(_SENT) * len(records) / (time.process_time() - began)


def main() -> None:
    print(describe_machine("bench.takes"))
    hours = LIVE_SLOTS * SLOT_MS / HOUR_MS
    shares = [live_share(INTAKES) for _ in range(RUNS)]
    middle = statistics.median(shares)
    print(f"live, {INTAKES:,} intakes, {hours:g} h in which the pumps start: {middle:.1f} % of a core", end=" ")
    print(f"({min(shares):.1f} to {max(shares):.1f}); target <= 20 %")
    baseline = oracle_rate(ORACLE_INTAKES, _DAY_SLOTS)
    print(f"{'slow independent implementation, ' + str(ORACLE_INTAKES) + ' intakes':<50}{baseline:>12,.0f} readings/s")
    for intakes, days in ((100, 20), (BACKTEST_INTAKES, BACKTEST_DAYS), (INTAKES, 1)):
        rates = [backtest_rate(intakes, days) for _ in range(RUNS)]
        middle = statistics.median(rates)
        print(
            f"{f'backtest from columns, {intakes:,} intakes, {days} days':<50}{middle:>12,.0f}"
            f"   ({min(rates):,.0f} to {max(rates):,.0f}) readings/s   {middle / baseline:,.0f} x"
        )


if __name__ == "__main__":
    main()
