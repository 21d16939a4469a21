"""Signals over columns: readings a second of one core, beside instant targets over the same readings.

Two signals at each of 5,000 sections of 5-minute data, a day long: nothing beyond a bound (the usual day), and one
section in a hundred beyond it all day. The baseline is the engine of targets, with one instant target each.
"""

from __future__ import annotations

import statistics
import time
from collections import Counter
from typing import TYPE_CHECKING, Final

import numpy as np

from alerting.eflow.engine import EflowEngine
from alerting.signal.engine import SignalEngine
from bench.surroundings import describe_machine, table
from hydro.columns import Observations
from hydro.quantity import Quantity
from hydro.series import SeriesIndex
from ingest.decode import DecodedBatch
from tests.alerting.signal.signals import ruled
from tests.alerting.stream_of_messages import Shelf, at

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alerting.engine import RuleEngine
    from hydro.register import Register

SECTIONS: Final = 5_000
SLOTS: Final = 288
RUNS: Final = 3
SIGNALS: Final = {
    "low": "quantity: discharge, below: {yellow: 1, red: 0.5}",
    "high": "quantity: discharge, above: {blue: 100}",
}
TARGET_TABLE: Final = "station,quantity,from_day,to_day,value,basis\n"


def register_of() -> Register:
    """Sections with an instant target of 1 m3/s and the signals."""
    targets = TARGET_TABLE + "".join(f"S{number},discharge,01-01,12-31,1,instant\n" for number in range(SECTIONS))
    stations = [f"S{number},,section,,Wu,,g,5" for number in range(SECTIONS)]
    return ruled(stations, SIGNALS, eflow_targets=targets)


def batches(index: SeriesIndex, low: int) -> list[DecodedBatch]:
    """A slot of all sections each; so many of them are low all day."""
    random = np.random.default_rng(1)
    series = np.array([index.number(f"S{number}", Quantity.DISCHARGE) for number in range(SECTIONS)], np.int64)
    found = []
    for slot in range(1, SLOTS + 1):
        times = np.full(SECTIONS, at("01 00:00") + slot * 300_000, np.int64)
        values = random.integers(2_000_000, 5_000_000, SECTIONS)
        values[:low] = random.integers(300_000, 990_000, low)
        flags, places = np.ones(SECTIONS, np.uint8), np.full(SECTIONS, slot, np.int64)
        rows = Observations(series, times, values, flags, times, places)
        found.append(
            DecodedBatch(
                first=slot,
                last=slot,
                observations=rows,
                messages=SECTIONS,
                decoded=SECTIONS,
                dead_lettered=Counter(),
                rejected=Counter(),
                dead_letters=[],
                ticks=[],
                sequence=[],
                unknown_keys=0,
            )
        )
    return found


def rate(make: Callable[[], RuleEngine], day: Sequence[DecodedBatch]) -> float:
    """Readings a second of CPU time."""
    engine = make()
    began = time.process_time()
    for batch in day:
        engine.step(batch)
    return SECTIONS * len(day) / (time.process_time() - began)


def main() -> None:
    """Print the table."""
    register = register_of()
    index = SeriesIndex(register.stations)
    usual, odd = batches(index, 0), batches(index, SECTIONS // 100)

    def signals() -> RuleEngine:
        return SignalEngine(register, index, Shelf(), is_recorded=True)

    def targets() -> RuleEngine:
        return EflowEngine(register, index, Shelf(), is_recorded=True)

    cases = [
        ("instant targets, the usual day (baseline)", targets, usual),
        ("two signals, the usual day", signals, usual),
        ("instant targets, 1 % of the sections low", targets, odd),
        ("two signals, 1 % of the sections low", signals, odd),
    ]
    rows = [(name, [rate(make, day) for _ in range(RUNS)]) for name, make, day in cases]
    base = statistics.median(rows[0][1])
    print(describe_machine("bench.signals"))
    print(table([(name, rates, statistics.median(rates) / base) for name, rates in rows], "readings/s"))


if __name__ == "__main__":
    main()
