"""Whether a simulated balance leaves what a real one does: ``python -m bench.balance_realism [RECORDS]``.

Two gauges on a large river under hydropeaking, small ungauged tributaries in between. The residual is what the lower
gauge shows minus the upper one's flow spread over the hours of its way by least squares, the same for both rivers.
RECORDS is a folder with the full records; without it the excerpts of the tests are used, too short for ranges.

Source: U.S. Geological Survey (09380000, 09383050, 09383100), U.S. Bureau of Reclamation; public domain.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from bench.river_realism import load
from bench.surroundings import ROOT, describe_machine
from hydro.instants import DAY_MS, parse_instant
from simulators.basin import (
    PEAKING,
    STEP_MS,
    Catchment,
    Climate,
    Dam,
    Ground,
    Network,
    Node,
    Outlet,
    Reach,
    River,
)
from simulators.basin.signature import hourly_means
from simulators.devices.rating import Rating, Ratings

if TYPE_CHECKING:
    from simulators.basin import Record
    from simulators.basin.step import Floats

DAY, PER_HOUR, HOURS = 288, 12, 24
SETTLING_DAYS, DAYS = 180, 150
SUMMERS: Final = ("2025-04-01T00:00:00+08:00", "2026-04-01T00:00:00+08:00", "2027-04-01T00:00:00+08:00")
SEEDS: Final = range(4)
LAGS: Final = range(24)
PAIRS: Final = (("release", "ferry"), ("ferry", "rm30"), ("ferry", "rm61"))
# Upper and lower end of three reaches as long as those of the pairs: travel time in minutes, Muskingum's x.
REACHES: Final = ((300.0, 0.42), (390.0, 0.46), (855.0, 0.48))
KEPT: Final = Rating(mean_m3s=200.0, bias=0.01, fast=0.008, slow=0.012, slow_d=40.0)
NOISE: Final = 0.004  # of a reading, as in simulators/devices/catalogue.py
USUAL: Final = Rating(mean_m3s=200.0)


class Left(NamedTuple):
    """What a balance leaves.

    Attributes:
        spread: Standard deviation, share of the mean flow.
        hour: Autocorrelation after an hour.
        day: After a day.
    """

    spread: float
    hour: float
    day: float


def left_of(upper: Floats, lower: Floats) -> Left:
    """The residual of hourly means; NaN where unknown."""
    first = len(LAGS)
    ways = np.stack([upper[first - lag : len(upper) - lag] for lag in LAGS], axis=1)
    seen = lower[first:]
    known = np.isfinite(seen) & np.isfinite(ways).all(axis=1)
    design = np.column_stack([ways, np.ones(len(ways))])
    weights = np.linalg.lstsq(design[known], seen[known], rcond=None)[0]
    residual = seen - design @ weights

    def after(lag: int) -> float:
        both = np.isfinite(residual[lag:]) & np.isfinite(residual[:-lag])
        return float(np.corrcoef(residual[lag:][both], residual[:-lag][both])[0, 1])

    return Left(float(np.nanstd(residual) / np.nanmean(seen)), after(1), after(HOURS))


def real(records: dict[str, Record]) -> list[Left]:
    """Of the three pairs of the Colorado."""
    found = []
    for upper, lower in PAIRS:
        above, below = records[upper], records[lower]
        at = -(-max(int(above.times[0]), int(below.times[0])) // DAY_MS) * DAY_MS
        steps = (min(int(above.times[-1]), int(below.times[-1])) - at) // DAY_MS * DAY
        sides = (each.on_steps(at, steps) for each in (above, below))
        hours = [hourly_means(np.where(side.known, side.flow, np.nan), PER_HOUR) for side in sides]
        found.append(left_of(hours[0], hours[1]))
    return found


def flows(start: str, travel_min: float, weight: float) -> tuple[Floats, Floats]:
    """Flow at both ends of a reach below a dam, on steps: a summer with storms."""
    outlet = Outlet(most_m3s=900.0, hours=PEAKING, weekend=0.92, follow_h=1440.0, gain=0.2)
    ground = Ground(quick_h=30.0, slow_d=30.0)
    network = Network(
        nodes=(Node(name="dam"), Node(name="upper"), Node(name="lower", outlet=True)),
        reaches=(
            Reach(name="above", start="dam", end="upper", travel_min=30.0, weight=0.42),
            Reach(
                name="between",
                start="upper",
                end="lower",
                travel_min=travel_min,
                weight=weight,
                reference_m3s=250.0,
            ),
        ),
        catchments=(
            *(
                Catchment(name=f"k{n}", area_km2=2_000.0, into="dam", x_km=40.0 * n, y_km=25.0 * (n % 3), ground=ground)
                for n in range(6)
            ),
            *(Catchment(name=f"s{n}", area_km2=25.0, into="between", x_km=30.0 * n, y_km=-40.0) for n in range(4)),
        ),
        dams=(Dam(name="d", node="dam", full_m3=3e9, outlet=outlet),),
    )
    river = River(network, seed=1, climate=Climate())
    state = river.initial(parse_instant(start, 0))
    for _ in range(SETTLING_DAYS):
        state, _ = river.advance(state, DAY)
    days = []
    for _ in range(DAYS):
        state, found = river.advance(state, DAY)
        days.append(found.arriving[:, 1:])
    upper, lower = np.concatenate(days).T
    return upper, lower


def simulated(rating: Rating) -> list[Left]:
    """Of all reaches, summers and pairs of gauges."""
    found = []
    for travel_min, weight in REACHES:
        for start in SUMMERS:
            both = np.stack(flows(start, travel_min, weight), axis=1)
            begin = parse_instant(start, 0) + SETTLING_DAYS * DAY_MS
            ends = begin + STEP_MS * np.arange(1, len(both) + 1)
            for seed in SEEDS:
                ratings = Ratings([rating] * 2, ["U", "L"], seed=seed)
                _, errors, _ = ratings.errors(ratings.start(begin), ends, both)
                shown = both * (1 + errors) * (1 + np.random.default_rng(seed).normal(0.0, NOISE, both.shape))
                found.append(left_of(hourly_means(shown[:, 0], PER_HOUR), hourly_means(shown[:, 1], PER_HOUR)))
    return found


def table(title: str, of: list[Left], bounds: list[Left]) -> None:
    """Print medians beside the range of the real pairs."""
    print(f"\n{title}: {len(of)} balances")
    for name, label in (
        ("spread", "standard deviation, share of flow"),
        ("hour", "autocorrelation, 1 h"),
        ("day", "24 h"),
    ):
        column = np.array([getattr(each, name) for each in of])
        low, high = (pick(getattr(each, name) for each in bounds) for pick in (min, max))
        first, middle, last = np.quantile(column, [0.1, 0.5, 0.9]).tolist()
        inside = "ok" if low <= middle <= high else "OUT"
        print(f"{label:<36}{f'{low:.3f}-{high:.3f}':>16}{f'{middle:.3f} ({first:.3f}-{last:.3f})':>28}{inside:>6}")


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("records", nargs="?", type=Path, default=ROOT / "tests" / "data", help="folder of the records")
    arguments = parser.parse_args()
    print(describe_machine("bench.balance_realism"))
    bounds = real(load(arguments.records))
    table("well-kept gauges", simulated(KEPT), bounds)
    table("usual gauges, the default", simulated(USUAL), bounds)


if __name__ == "__main__":
    main()
