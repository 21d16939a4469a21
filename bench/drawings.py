"""How long a drawing takes: ``python -m bench.drawings [repetitions]``.

The goal is 60 ms for a year of one station's 5-minute values, 105,120 of them, drawn from raw columns. The baseline
draws the same line without thinning.
"""

from __future__ import annotations

import random
import sys
import time
from typing import TYPE_CHECKING, Final

import numpy as np

from bench.surroundings import describe_machine, median
from dashboards.console.draw import hydrograph, schematic, trace
from dashboards.console.draw.model import (
    Hydrograph,
    Layout,
    Mark,
    RiverLine,
    RiverSystem,
    Samples,
    State,
    TargetLine,
    TargetStep,
)
from hydro.fixed import MICRO
from hydro.instants import DAY_MS, parse_instant
from hydro.quantity import Quantity
from hydro.register import StationKind

if TYPE_CHECKING:
    from collections.abc import Callable

SLOT_MS: Final = 300_000
SLOTS: Final = 365 * 288
END: Final = parse_instant("2026-03-01T00:00:00", 480)
START: Final = END - 365 * DAY_MS


def year() -> Samples:
    """Base flow with floods and noise."""
    chance = np.random.default_rng(1)
    slots = np.arange(SLOTS)
    flow = 3 + 2 * np.sin(slots / SLOTS * 2 * np.pi) + chance.normal(0, 0.1, SLOTS)
    for peak in chance.integers(0, SLOTS, 30):
        flow[peak:] += 60 * chance.random() * np.exp(-np.arange(SLOTS - peak) / 400)
    values = np.rint(np.maximum(flow, 0) * MICRO).astype(np.int64)
    return Samples(END - (SLOTS - 1 - slots) * SLOT_MS, values, np.ones(SLOTS, np.uint8))


def system(stations: int, rivers: int) -> RiverSystem:
    """Rivers that flow into each other, with stations of all states."""
    chance = random.Random(stations)
    lines = [
        RiverLine(river=str(one), name=f"河{one}", into=str(chance.randrange(one)) if one else None)
        for one in range(rivers)
    ]
    marks = [
        Mark(
            code=f"5201{one:06d}",
            name=f"示例断面{one}",
            kind=chance.choice(list(StationKind)),
            river=str(chance.randrange(rivers)),
            chainage_km=chance.uniform(0, 90),
            state=chance.choice(list(State)),
            value_text="1.21 m³/s",
            href=f"/?station={one}",
        )
        for one in range(stations)
    ]
    return RiverSystem(title="", rivers=tuple(lines), marks=tuple(marks))


def timed(draw: Callable[[], object], repetitions: int) -> list[float]:
    """Microseconds of each repetition."""
    found = []
    for _ in range(repetitions):
        began = time.perf_counter()
        draw()
        found.append((time.perf_counter() - began) * 1e6)
    return found


def main() -> None:
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    samples = year()
    target = TargetLine(steps=(TargetStep.by_ratio(START, END, 2 * MICRO),))
    whole = Hydrograph(name="x", quantity=Quantity.DISCHARGE, start=START, end=END, samples=samples, targets=(target,))
    valid = trace.of_samples(samples, SLOT_MS)
    xs, ys = (valid.time - START) / (END - START) * 800, valid.value / MICRO
    few, many = system(40, 6), system(300, 30)
    rows: list[tuple[str, Callable[[], object]]] = [
        ("hydrograph, a year of 5-minute values", lambda: hydrograph.draw(whole)),
        ("  baseline: its line alone, not thinned", lambda: trace.line_paths(xs, ys, valid.piece)),
        ("schematic, 40 stations, wide", lambda: schematic.draw(few, Layout.WIDE)),
        ("schematic, 40 stations, tall", lambda: schematic.draw(few, Layout.TALL)),
        ("schematic, 300 stations, wide", lambda: schematic.draw(many, Layout.WIDE)),
        ("schematic, 300 stations, tall", lambda: schematic.draw(many, Layout.TALL)),
    ]
    print(describe_machine("bench.drawings"))
    for name, draw in rows:
        print(f"{name:<44}{median(timed(draw, repetitions))} µs")
    drawn = len(hydrograph.draw(whole).encode())
    plain = len("".join(trace.line_paths(xs, ys, valid.piece)).encode())
    print(f"bytes of the year: {drawn:,}; its line alone, not thinned: {plain:,}")


if __name__ == "__main__":
    main()
