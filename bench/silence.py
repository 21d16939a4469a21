"""Rules of arrival and of devices: readings a second of one core, and bytes a station; beside decoding of the same.

What is measured runs on columns, in the batches of the live service, with everything as it should be (the usual day),
and with one station in twenty out of order: silent, failing, or with a clock that is wrong. A backlog is the hard case:
each message is old, and whether its clock is wrong shows only with the next.
"""

from __future__ import annotations

import json
import statistics
import time
import tracemalloc
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import numpy as np

from alerting.device_fault.engine import DeviceFaultEngine
from alerting.silence.engine import SilenceEngine
from bench.stream import SLOT_MS, station, write_registry
from bench.surroundings import describe_machine, table
from hydro.register import Register
from hydro.series import SeriesIndex
from ingest.decode import Decoder, TickSource
from tests.alerting.stream_of_messages import Shelf

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.decode import DecodedBatch

STATIONS: Final = 5_000
SLOTS: Final = 36
VALUES: Final = 3
BATCH: Final = 4_000
RUNS: Final = 3
START: Final = 1_772_323_200_000
ODD: Final = 20
GATEWAYS: Final = 50


def register_of(folder: Path) -> Register:
    """Stations with a bounded point and a target each, in fifty gateways."""
    write_registry(folder, STATIONS, targets="day")
    path = folder / "registry" / "stations.csv"
    lines = path.read_text().splitlines()
    named = [line.replace(",520103,,", f",520103,g{number % GATEWAYS:02d},") for number, line in enumerate(lines[1:])]
    path.write_text("\n".join([lines[0], *named]) + "\n")
    loaded = Register.load(folder / "registry", zone_minutes=480, default_lateness_min=30, time_settings={})
    assert loaded.register is not None, loaded.mistakes
    return loaded.register


def message(place: int, slot: int, *, odd: bool) -> bytes | None:
    """What a station sends for a slot; every twentieth is silent, impossible, or two hours slow."""
    event = START + slot * SLOT_MS
    values: dict[str, float] = {"discharge": 2.2 + (place + slot) % 7 / 10, "stage": 1.07, "voltage": 12.6}
    if odd and place % ODD == 0:
        match place // ODD % 3:
            case 0:
                return (
                    None
                    if slot > SLOTS // 4
                    else json.dumps({"station": station(place), "time": event, "values": values}).encode()
                )
            case 1:
                values["discharge"] = 5_000.0
            case _:
                event -= 24 * SLOT_MS
    return json.dumps({"station": station(place), "time": event, "values": values}).encode()


def stream(*, odd: bool = False, backlog: bool = False) -> list[tuple[str, bytes, int]]:
    """Topic, payload and time of receipt; a backlog comes within a minute, station by station as it was measured."""
    found: list[tuple[str, bytes, int]] = []
    for slot in range(SLOTS):
        for place in range(STATIONS):
            payload = message(place, slot, odd=odd)
            if payload is not None:
                received = START + slot * SLOT_MS + 2_000 + place * 4
                if backlog:
                    received = START + SLOTS * SLOT_MS + len(found) // 100
                found.append((f"watermaster/v1/g{place % GATEWAYS:02d}/up/json", payload, received))
    return found


def decoded(
    messages: Sequence[tuple[str, bytes, int]], register: Register, index: SeriesIndex
) -> tuple[list[DecodedBatch], float]:
    """Batches, and the seconds that decoding took."""
    decoder = Decoder(register, index, prefix="watermaster/v1", max_age_days=400, ticks=TickSource.RECEIVED_AT)
    began = time.process_time()
    batches = []
    for first in range(0, len(messages), BATCH):
        topics, payloads, received = zip(*messages[first : first + BATCH], strict=True)
        batches.append(decoder.decode(first + 1, topics, payloads, np.array(received, np.int64)))
    return batches, time.process_time() - began


def judge_silence(batches: Sequence[DecodedBatch], register: Register, index: SeriesIndex) -> SilenceEngine:
    """All of it through the rules of arrival."""
    engine = SilenceEngine(register, index, Shelf())
    for batch in batches:
        engine.step(batch)
    return engine


def judge_devices(batches: Sequence[DecodedBatch], register: Register, index: SeriesIndex) -> DeviceFaultEngine:
    """All of it through the clocks and the rules of devices."""
    engine = DeviceFaultEngine(register, index, Shelf())
    for batch in batches:
        engine.step(engine.judged(batch))
    return engine


def main() -> None:
    """Print the tables."""
    print(describe_machine("bench.silence"))
    print(
        f"{STATIONS:,} stations x {VALUES} values, {SLOTS} slots of 5 min, batches of {BATCH:,} messages, {RUNS} runs,"
        " readings a second of processor time, median (range); 1.0 x = decoding of the same messages"
    )
    with TemporaryDirectory(prefix="watermaster-bench-") as name:
        register = register_of(Path(name))
    index = SeriesIndex(register.stations)
    cases = {"usual": stream(), "one in twenty odd": stream(odd=True), "backlog": stream(backlog=True)}
    for case, messages in cases.items():
        batches, _ = decoded(messages, register, index)
        readings = sum(len(batch.observations) for batch in batches)
        rates: dict[str, list[float]] = {"decoding": [], "data_loss": [], "clocks and device_fault": []}
        for _ in range(RUNS):
            rates["decoding"].append(readings / decoded(messages, register, index)[1])
            for rule, judge in (("data_loss", judge_silence), ("clocks and device_fault", judge_devices)):
                began = time.process_time()
                judge(batches, register, index)
                rates[rule].append(readings / (time.process_time() - began))
        baseline = statistics.median(rates["decoding"])
        rows = [(f"{case}: {rule}", found, statistics.median(found) / baseline) for rule, found in rates.items()]
        print(table(rows, "readings/s"))
    batches, _ = decoded(cases["usual"], register, index)
    for rule, judge in (("data_loss", judge_silence), ("clocks and device_fault", judge_devices)):
        tracemalloc.start()
        engine = judge(batches, register, index)
        held = tracemalloc.get_traced_memory()[0]
        packed = engine.pack(STATIONS, None)
        tracemalloc.stop()
        saved = sum(map(len, packed.entries.values()))
        print(f"{rule}: {held / STATIONS:,.0f} bytes a station in memory, {saved / STATIONS:,.0f} in the state file")


if __name__ == "__main__":
    main()
