"""How fast a scenario is recorded, and in how much memory: ``python -m bench.play [scenario] [days …]``.

The goal: a day of ``province-5000`` at five-minute reports, 4.3 million messages, recorded to a file in 120 s on one
core and 1 GB, and a week in no more memory than a day. Each run is a process of its own: it reads the scenario, plays
it, and writes the compressed stream and the truth file. The baseline writes as many messages of constant values, each
made by the standard library's ``json``, into a file of the same kind.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, TypedDict

import zstandard

from bench.surroundings import consumer, describe_machine
from hydro.instants import DAY_MS, format_instant
from simulators.play import Play, record
from simulators.scenario import load

DAYS: Final = (1, 1, 1, 7)
BASELINE_MESSAGES: Final = 200_000
_SEED: Final = 1


class Figures(TypedDict):
    """What a run took.

    Attributes:
        messages: Recorded.
        truths: Lines of the truth file.
        ready_s: CPU seconds until the first chunk: reading, checking, wiring.
        record_s: CPU seconds of the rest, the day before the start included.
        wall_s: Seconds on the clock for all of it.
        peak_mb: Most memory resident.
        loaded_mb: The same before the first chunk.
        file_mb: The compressed stream.
        baseline_s: CPU seconds of the baseline for as many messages.
    """

    messages: int
    truths: int
    ready_s: float
    record_s: float
    wall_s: float
    peak_mb: float
    loaded_mb: float
    file_mb: float
    baseline_s: float


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run(name: str, days: int) -> Figures:
    """Record so many days in this process."""
    began, clock = time.process_time(), time.perf_counter()
    scenario = load(name)
    play = Play(scenario, seed=_SEED, end=scenario.start + days * DAY_MS)
    ready, loaded_mb = time.process_time(), _peak_mb()
    with TemporaryDirectory(prefix="watermaster-bench-") as folder:
        stream = Path(folder) / "stream.ndjson.zst"
        done = record(play, stream, Path(folder) / "truth.ndjson")
        ended, wall_s = time.process_time(), time.perf_counter() - clock
        peak_mb, file_mb = _peak_mb(), stream.stat().st_size / 1e6
        baseline_s = baseline(Path(folder) / "baseline.zst") * done.messages / BASELINE_MESSAGES
    return {
        "messages": done.messages,
        "truths": done.truths,
        "ready_s": ready - began,
        "record_s": ended - ready,
        "wall_s": wall_s,
        "peak_mb": peak_mb,
        "loaded_mb": loaded_mb,
        "file_mb": file_mb,
        "baseline_s": baseline_s,
    }


def baseline(path: Path) -> float:
    """CPU seconds for lines of constant values by the standard library."""
    began = time.process_time()
    values = {"discharge": 3.2, "volume_total": 123456.7, "pump": 1, "power": 12.5, "energy_total": 5000.1}
    with path.open("wb") as file, zstandard.ZstdCompressor(level=3).stream_writer(file) as stream:
        for number in range(BASELINE_MESSAGES):
            at = 1_780_000_000_000 + number
            message = {"station": f"52Q{number:06d}", "time": format_instant(at, 480), "seq": 1, "values": values}
            line = {"received_at": at, "topic": "watermaster/v1/gw-1/up/json", "payload": message}
            stream.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")
    return time.process_time() - began


def _in_process(name: str, days: int) -> Figures:
    cores = sorted(os.sched_getaffinity(0))
    with consumer("bench.play", "--child", name, days, core=cores[-1]) as child:
        out, _ = child.communicate()
    if child.returncode:
        raise SystemExit(child.returncode)
    figures: Figures = json.loads(out)
    return figures


def main(name: str = "province-5000", each: tuple[int, ...] = DAYS) -> None:
    """Print what it took.

    Args:
        name: Of the scenario.
        each: Days of each run; those of one length are medians of all of them.
    """
    print(describe_machine(f"bench.play {name} {' '.join(map(str, each))}"))
    print(f"{name}, seed {_SEED}, JSON, into .ndjson.zst, with the truth; one core; CPU seconds, median (range)")
    for days in dict.fromkeys(each):
        runs = [_in_process(name, days) for _ in range(each.count(days))]
        first = runs[0]
        total = [one["ready_s"] + one["record_s"] for one in runs]
        print(f"{days} d, runs: {len(runs)}; {first['messages']:,} messages, {first['truths']:,} lines of truth")
        _row("all of it", total, "s")
        _row("  until the first chunk", [one["ready_s"] for one in runs], "s")
        _row("  on the clock", [one["wall_s"] for one in runs], "s")
        _row("messages recorded a second", [one["messages"] / one["record_s"] for one in runs], "/s")
        _row(
            "the same, constant values by json (baseline)", [one["messages"] / one["baseline_s"] for one in runs], "/s"
        )
        _row("peak resident", [one["peak_mb"] for one in runs], "MB")
        _row("  before the first chunk", [one["loaded_mb"] for one in runs], "MB")
        _row("compressed stream", [one["file_mb"] for one in runs], "MB")


def _row(what: str, values: list[float], unit: str) -> None:
    print(f"{what:<46}{statistics.median(values):>12,.0f} {unit:<3} ({min(values):,.0f} to {max(values):,.0f})")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--child", name, days]:
            print(json.dumps(run(name, int(days))))
        case [name, *days]:
            main(name, tuple(map(int, days)) or DAYS)
        case _:
            main()
