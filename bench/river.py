"""The simulated river: steps of a day for many sections, against plain recession of as many catchments in the same run.

``python -m bench.river [sections]``
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import time
from typing import Final

import numpy as np

from bench.surroundings import ROOT, describe_machine, table
from hydro.instants import parse_instant
from simulators.basin import Climate, Dam, Outlet, River
from simulators.basin.ground import Grounds
from simulators.basin.step import STEP_S
from simulators.basin.tree import Branch, grow, tree_network

DAY, RUNS = 288, 5
SIZES: Final = (1_250, 2_500, 5_000, 10_000)
CHUNK: Final = 144
"""Half a day: what a caller holds at a time."""


def dams_of(branches: list[Branch]) -> tuple[Dam, ...]:
    """A dam at every fifth section, for two days of its mean flow."""
    return tuple(
        Dam(
            name=branch.name,
            node=branch.name,
            full_m3=branch.area_km2 * 3_000.0,
            release_m3s=branch.area_km2 * 0.002,
            outlet=Outlet(most_m3s=branch.area_km2 * 0.04),
        )
        for branch in branches[::5]
    )


def recession(sections: int) -> float:
    """Seconds for a day of plain recession: three stores a catchment, no weather, no routing."""
    branches = grow(sections, seed=1, rivers=max(1, sections // 250))
    grounds = Grounds(tree_network(branches).catchments)
    began = time.perf_counter()
    grounds.run(grounds.moist(), np.zeros((DAY, sections)), np.zeros(DAY), STEP_S)
    return time.perf_counter() - began


def whole(sections: int, runs: int) -> tuple[list[float], float]:
    """Seconds a day with weather, ground, routing, dams and gauges; and seconds to make and fill the basin."""
    began = time.perf_counter()
    branches = grow(sections, seed=1, rivers=max(1, sections // 250))
    river = River(tree_network(branches, dams=dams_of(branches)), seed=1, climate=Climate())
    state = river.initial(parse_instant("2026-06-01T00:00:00+08:00", 0))
    making = time.perf_counter() - began
    days = []
    for _ in range(runs):
        began = time.perf_counter()
        for _ in range(DAY // CHUNK):
            state, flows = river.advance(state, CHUNK)
            assert np.isfinite(flows.river).all()
            del flows
        days.append(time.perf_counter() - began)
    return days, making


def measure(sections: int) -> None:
    """One size, in this process alone, so that its memory is its own."""
    plain = [recession(sections) for _ in range(RUNS)]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    days, making = whole(sections, RUNS)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    baseline = statistics.median(plain)
    steps = sections * DAY
    rows = [
        (f"{sections:,}: recession only", [steps / seconds for seconds in plain], 1.0),
        (f"{sections:,}: river", [steps / s for s in days], baseline / statistics.median(days)),
    ]
    print(table(rows, "section steps/s"))
    print(
        f"{'':<44}a day {statistics.median(days):.2f} s; made and filled in {making:.1f} s; "
        f"peak resident {max(before, after) / 1024:.0f} MB"
    )


def main() -> None:
    """Each size in a process of its own."""
    print(describe_machine("bench.river"))
    print(f"one day of 5-minute steps in chunks of {CHUNK}, a dam at every fifth section, {RUNS} days, median (range)")
    for sections in SIZES:
        subprocess.run([sys.executable, "-m", "bench.river", str(sections)], cwd=ROOT, check=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure(int(sys.argv[1]))
    else:
        main()
