"""How fast rules judge, and what a series takes: ``python -m bench.rules``.

Sections with a day and an hour target each, one reading every five minutes; one of a hundred sections runs low for some
hours of every second day. CPU time of one core, so that what else runs on the machine counts little. From columns:
after decoding; from recorded JSON: decoder and all rules, messages of the usual three values, one of which is judged.

The baseline is the slow independent implementation of tests/oracle on the same records.
"""

from __future__ import annotations

import gc
import json
import statistics
import time
import tracemalloc
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import numpy as np

from alerting.eflow.engine import EflowEngine
from bench.stream import SLOT_MS, station
from bench.surroundings import describe_machine
from hydro.columns import Observations
from hydro.instants import format_instant, parse_instant
from hydro.quantity import Quantity
from hydro.register import Register
from hydro.register.cells import Context
from hydro.series import SeriesIndex
from ingest.decode import DecodedBatch
from storage.message import RawMessage
from tests.oracle.oracle import judge as judge_slowly
from watermaster.backtest import TimedBatch, backtest, judge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

SECTIONS: Final = 5_000
CURVE: Final = (100, 1_000, 5_000, 20_000, 50_000)
RUNS: Final = 3
READINGS: Final = 5_000_000
BATCH: Final = 50_000
JSON_MESSAGES: Final = 400_000
ORACLE_READINGS: Final = 8_000
_START: Final = parse_instant("2026-03-01T00:00:00", 480)
_LOW_HOURS: Final = 8


class _Shelf:
    """Keeps what is put there, as the state file does."""

    def __init__(self) -> None:
        self.blobs: dict[str, dict[int, bytes]] = {}

    def take(self, name: str, number: int) -> bytes | None:
        return self.blobs.get(name, {}).get(number)

    def put(self, name: str, number: int, blob: bytes) -> None:
        self.blobs.setdefault(name, {})[number] = blob

    def drop(self, name: str, number: int) -> None:
        self.blobs.get(name, {}).pop(number, None)

    def numbers(self, name: str) -> list[int]:
        return sorted(self.blobs.get(name, ()))


def make_tables(sections: int, bases: Sequence[str]) -> dict[str, str]:
    """A register of sections with a target by each basis."""
    codes = [station(number) for number in range(sections)]
    return {
        "stations": "station,name,kind,basin,river,division,gateway,interval_min\n"
        + "".join(f"{code},N{code},section,Wu,Sancha,520103,,5\n" for code in codes),
        "eflow_targets": "station,quantity,from_day,to_day,value,basis\n"
        + "".join(f"{code},discharge,01-01,12-31,2.0,{basis}\n" for code in codes for basis in bases),
    }


def make_register(tables: Mapping[str, str]) -> Register:
    """The register that these texts make."""
    files = {f"{name}.csv": text.encode() for name, text in tables.items()}
    register = Register.parse(files, Context(480, 30), {}).register
    assert register is not None
    return register


def values_at(slot: int, sections: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Flows of one slot in millionths: above the target but for some hours of one section in a hundred."""
    numbers = np.arange(sections)
    noise = (numbers * 7919 + slot * 104_729) % 1_000 * 1_000
    low = (numbers % 100 == 0) & (slot // 12 % 48 < _LOW_HOURS)
    return np.where(low, 1_500_000, 2_200_000) + noise // 4


def make_batches(sections: int, readings: int, index: SeriesIndex, size: int = BATCH) -> list[TimedBatch]:
    """Columns as the decoder gives them: slot after slot, in each all sections."""
    series = np.array([index.number(station(number), Quantity.DISCHARGE) for number in range(sections)], np.int64)
    slots = -(-readings // sections)
    times = _START + (np.arange(slots, dtype=np.int64) + 1) * SLOT_MS
    all_series, all_times = np.tile(series, slots), np.repeat(times, sections)
    all_values = np.concatenate([values_at(slot, sections) for slot in range(slots)]).astype(np.int64)
    found = []
    for first in range(0, len(all_series), size):
        rows = slice(first, first + size)
        count = len(all_series[rows])
        received = all_times[rows] + 1_500
        position = np.arange(first + 1, first + 1 + count)
        flags = np.ones(count, np.uint8)
        readings_of = Observations(all_series[rows], all_times[rows], all_values[rows], flags, received, position)
        found.append(TimedBatch(_decoded(readings_of), int(received[-1])))
    return found


def _decoded(readings: Observations) -> DecodedBatch:
    count = len(readings)
    first, last = int(readings.position[0]), int(readings.position[-1])
    return DecodedBatch(
        first=first,
        last=last,
        observations=readings,
        messages=count,
        decoded=count,
        dead_lettered=Counter(),
        rejected=Counter(),
        dead_letters=[],
        ticks=[],
        sequence=[],
        unknown_keys=0,
    )


def make_records(sections: int, readings: int) -> Iterator[tuple[int, str, dict[str, object]]]:
    """The same as messages: received_at, topic, object."""
    for slot in range(-(-readings // sections)):
        at = _START + (slot + 1) * SLOT_MS
        time_text = format_instant(at, 480)
        for number, value in enumerate(values_at(slot, sections).tolist()):
            values = {"discharge": value / 1_000_000, "stage": 1.07, "voltage": 12.6}
            yield (
                at + 1_500,
                f"watermaster/v1/g{number % 50:02d}/up/json",
                {
                    "station": station(number),
                    "time": time_text,
                    "values": values,
                },
            )


def engine_rate(sections: int, readings: int) -> float:
    """Readings a CPU second through the rules of ecological flow."""
    register = make_register(make_tables(sections, ("day", "hour")))
    index = SeriesIndex(register.stations)
    batches = make_batches(sections, readings, index)
    engine = EflowEngine(register, index, _Shelf(), is_recorded=True)
    began = time.process_time()
    for timed in batches:
        engine.step(timed.batch)
    engine.finish(None)
    return sum(len(timed.batch.observations) for timed in batches) / (time.process_time() - began)


def backtest_rate(sections: int, readings: int) -> float:
    """Readings a CPU second through all rules, alerts and attainment."""
    register = make_register(make_tables(sections, ("day", "hour")))
    index = SeriesIndex(register.stations)
    batches = make_batches(sections, readings, index)
    began = time.process_time()
    result = judge(batches, register, index)
    assert result.alerts
    return result.observations / (time.process_time() - began)


def json_rate(sections: int, count: int) -> float:
    """Readings a CPU second from recorded JSON."""
    register = make_register(make_tables(sections, ("day", "hour")))
    messages = [
        RawMessage(topic, json.dumps(body, separators=(",", ":")).encode(), received_at)
        for received_at, topic, body in make_records(sections, count)
    ]
    began = time.process_time()
    result = backtest(messages, register, prefix="watermaster/v1", max_age_days=0)
    return result.observations / (time.process_time() - began)


def oracle_rate(readings: int) -> float:
    """Readings a CPU second through the slow implementation."""
    tables = make_tables(10, ("day", "hour"))
    records = [
        {"received_at": format_instant(received_at, 480), "topic": topic, "payload": body}
        for received_at, topic, body in make_records(10, readings)
    ]
    with TemporaryDirectory() as folder:
        registry = Path(folder) / "registry"
        registry.mkdir()
        for name, text in tables.items():
            (registry / f"{name}.csv").write_text(text)
        began = time.process_time()
        judge_slowly(records, Path(folder))
        return 3 * len(records) / (time.process_time() - began)


def bytes_a_series(bases: Sequence[str], sections: int = SECTIONS, slots: int = 300) -> float:
    """Memory of a live engine for each series, readings of a day in; beside the register."""
    register = make_register(make_tables(sections, bases))
    index = SeriesIndex(register.stations)
    batches = make_batches(sections, sections * slots, index)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    shelf = _Shelf()
    engine = EflowEngine(register, index, shelf)
    for timed in batches:
        engine.step(timed.batch)
        packed = engine.pack(sections, None)
        engine.packed(packed.keys)
        del packed
        shelf.blobs.clear()
    gc.collect()
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return taken / sections


def main() -> None:
    print(describe_machine("bench.rules"))
    print(f"a day and an hour target a section, 5-minute data; readings a CPU second, {RUNS} runs, median (range)")
    baseline = oracle_rate(ORACLE_READINGS)
    _say("slow independent implementation, 10 sections", [baseline], baseline)
    _say(f"recorded JSON, all rules, {SECTIONS:,} sections", _runs(json_rate, SECTIONS, JSON_MESSAGES), baseline)
    _say(f"columns, all rules, {SECTIONS:,} sections", _runs(backtest_rate, SECTIONS, READINGS), baseline)
    for sections in CURVE:
        rates = _runs(engine_rate, sections, READINGS)
        _say(f"columns, ecological flow, {sections:,} sections", rates, baseline)
    for bases in (("day",), ("day", "hour"), ("day", "hour", "ten_day", "month"), ("instant",)):
        print(f"{'memory of a series, targets by ' + ', '.join(bases):<54}{bytes_a_series(bases):>10,.0f} B")


def _runs(measure: Callable[[int, int], float], sections: int, readings: int) -> list[float]:
    return [measure(sections, readings) for _ in range(RUNS)]


def _say(name: str, rates: list[float], baseline: float) -> None:
    middle = statistics.median(rates)
    print(
        f"{name:<50}{middle:>12,.0f}   ({min(rates):,.0f} to {max(rates):,.0f}) readings/s   {middle / baseline:,.0f} x"
    )


if __name__ == "__main__":
    main()
