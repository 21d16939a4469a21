"""How much the simulated river is like real ones: ``python -m bench.river_realism [--plot FILE] [RECORDS]``.

RECORDS is a folder with the full records (names below); without it the excerpts of the tests are used, which are too
short for ranges. Ranges are those of windows of 30 days, one range for small natural streams and one for a large river
under hydropeaking; simulated windows are as long.

Source: U.S. Geological Survey (01589330, 01581752, 09380000, 09383050, 09383100), U.S. Bureau of Reclamation (Glen
Canyon Dam); all public domain.
"""

from __future__ import annotations

import argparse
from dataclasses import astuple, fields
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from bench.river_plot import Panel, draw
from bench.surroundings import ROOT, describe_machine
from hydro.instants import DAY_MS, parse_instant
from simulators.basin import (
    PEAKING,
    STEP_MS,
    Actions,
    Catchment,
    Climate,
    Dam,
    Ground,
    Inflow,
    Network,
    Node,
    Outlet,
    Reach,
    Record,
    River,
    Stands,
    read_record,
)
from simulators.basin.signature import Signature, hourly_means, signature_of

if TYPE_CHECKING:
    from simulators.basin.step import Floats

DAY, HOURS, PER_HOUR = 288, 24, 12
WINDOW: Final = 30 * HOURS
SUMMER: Final = ("2025-04-01T00:00:00+08:00", "2026-04-01T00:00:00+08:00", "2027-04-01T00:00:00+08:00")
SUMMER_DAYS: Final = 180
QUANTITIES: Final = {
    "flashiness": "flashiness (Richards-Baker, hourly)",
    "autocorrelation": "lag-1 autocorrelation, hourly",
    "recession_h": "recession constant of 24 h, median, h",
    "fast_recession_h": "the same behind storms, h",
    "swing": "daily amplitude, days without a storm",
    "day_swing": "daily amplitude, all days",
}
RANGES_OF_PEAKING: Final = ("flashiness", "autocorrelation", "day_swing")
REACHES: Final = (
    ("Glen Canyon Dam → Lees Ferry", "release", "ferry", 300.0, 0.42),
    ("Lees Ferry → RM30", "ferry", "rm30", 390.0, 0.46),
    ("Lees Ferry → RM61", "ferry", "rm61", 855.0, 0.48),
)


def load(folder: Path) -> dict[str, Record]:
    """The records of a folder; excerpts have the same names but for their dates."""

    def found(pattern: str, column: str, stands: Stands = Stands.INSTANT) -> Record:
        return read_record(min(folder.glob(pattern)), column, stands=stands)

    canyon = "colorado_grand_canyon_15min_*.csv"
    return {
        "dead run": found("usgs_01589330_dead_run_5min_*.csv", "discharge_m3s"),
        "plumtree": found("usgs_01581752_plumtree_run_5min_*.csv", "discharge_m3s"),
        "release": found("colorado_gcd_release_hourly_*.csv", "total_m3s", Stands.MEAN_BEFORE),
        "ferry": found(canyon, "lees_ferry_rm0_m3s"),
        "rm30": found(canyon, "rm30_m3s"),
        "rm61": found(canyon, "rm61_m3s"),
    }


def hourly(record: Record) -> Floats:
    """Hourly means of a whole record, from its first full day on, NaN where unknown."""
    at = -(-int(record.times[0]) // DAY_MS) * DAY_MS
    natural = record.on_steps(at, int(record.times[-1] - at) // STEP_MS)
    return hourly_means(np.where(natural.known, natural.flow, np.nan), PER_HOUR)


def windows(hours: Floats) -> list[Signature]:
    """Signatures of disjoint windows; of the whole where it is shorter than one."""
    length = min(WINDOW, len(hours))
    return [signature_of(hours[first : first + length]) for first in range(0, len(hours) - length + 1, length)]


def brooks() -> list[Floats]:
    """Hourly flow of default catchments of 10 km2 behind a short reach: three places, three summers."""
    places = range(3)
    network = Network(
        nodes=tuple(Node(name=f"{kind}{n}", outlet=kind == "mouth") for kind in ("head", "mouth") for n in places),
        reaches=tuple(
            Reach(name=f"r{n}", start=f"head{n}", end=f"mouth{n}", travel_min=40.0, reference_m3s=0.2) for n in places
        ),
        catchments=tuple(Catchment(name=f"k{n}", area_km2=10.0, into=f"head{n}", x_km=150.0 * n) for n in places),
    )
    river = River(network, seed=1, climate=Climate())
    found = []
    for start in SUMMER:
        state, _ = river.advance(river.initial(parse_instant(start, 0) - DAY_MS), DAY)
        days = []
        for _ in range(SUMMER_DAYS):
            state, flows = river.advance(state, DAY)
            days.append(flows.river[:, len(places) :])
        found += [hourly_means(column, PER_HOUR) for column in np.concatenate(days).T]
    return found


def peaking() -> list[Floats]:
    """Hourly flow 25 and 120 km below a large reservoir that evens out months and peaks, dry half of a year."""
    outlet = Outlet(most_m3s=900.0, hours=PEAKING, weekend=0.92, follow_h=1440.0, gain=0.2)
    network = Network(
        nodes=(Node(name="dam"), Node(name="near"), Node(name="far", outlet=True)),
        reaches=(
            Reach(name="first", start="dam", end="near", travel_min=300.0, weight=0.42),
            Reach(name="second", start="near", end="far", travel_min=855.0, weight=0.48),
        ),
        catchments=tuple(
            Catchment(
                name=f"k{n}",
                area_km2=2_000.0,
                into="dam",
                x_km=40.0 * n,
                y_km=25.0 * (n % 3),
                ground=Ground(quick_h=30.0, slow_d=30.0),
            )
            for n in range(6)
        ),
        dams=(Dam(name="d", node="dam", full_m3=3e9, outlet=outlet),),
    )
    river = River(network, seed=1, climate=Climate())
    state = river.initial(parse_instant("2025-04-01T00:00:00+08:00", 0))
    for _ in range(SUMMER_DAYS):  # until the reservoir has found its pace
        state, _ = river.advance(state, DAY)
    days = []
    for _ in range(SUMMER_DAYS):
        state, flows = river.advance(state, DAY)
        days.append(flows.arriving[:, 1:])
    return [hourly_means(column, PER_HOUR) for column in np.concatenate(days).T]


def compare(title: str, real: list[Signature], made: list[Signature], names: tuple[str, ...]) -> bool:
    """Print a table; True where every simulated median lies inside the range of the real windows."""
    print(f"\n{title}: {len(real)} real windows, {len(made)} simulated")
    print(f"{'':<42}{'real range':>20}{'simulated, median (10-90 %)':>36}")
    good = True
    for field in fields(Signature):
        if field.name not in names:
            continue
        column = [number.name for number in fields(Signature)].index(field.name)
        seen = np.array([astuple(signature)[column] for signature in real])
        simulated = np.array([astuple(signature)[column] for signature in made])
        low, high = float(np.nanmin(seen)), float(np.nanmax(seen))
        first, middle, last = np.nanquantile(simulated, [0.1, 0.5, 0.9]).tolist()
        inside = low <= middle <= high
        good &= inside
        spread = f"{middle:.3g} ({first:.3g}-{last:.3g})"
        print(f"{QUANTITIES[field.name]:<42}{f'{low:.3g}-{high:.3g}':>20}{spread:>30}{'ok' if inside else 'OUT':>6}")
    return good


def routed(records: dict[str, Record]) -> None:
    """What real gauges leave of real waves that were routed down our reaches."""
    print("\nReal water down simulated reaches: what the lower gauge leaves, standard deviation of hourly means, m3/s")
    print(f"{'':<34}{'best lag only':>16}{'routed':>10}{'mean flow':>12}")
    for title, upper, lower, travel_min, weight in REACHES:
        above, below = records[upper], records[lower]
        at = -(-max(int(above.times[0]), int(below.times[0])) // DAY_MS) * DAY_MS
        days = min(84, int(min(above.times[-1], below.times[-1]) - at) // DAY_MS)
        given, seen = above.on_steps(at, days * DAY), below.on_steps(at, days * DAY)
        network = Network(
            nodes=(Node(name="a"), Node(name="b", outlet=True)),
            reaches=(Reach(name="r", start="a", end="b", travel_min=travel_min, weight=weight),),
            inflows=(Inflow(name="i", node="a"),),
        )
        river = River(network, seed=1)
        state = river.initial(at, inflows=given.flow[:1])
        _, flows = river.advance(state, days * DAY, Actions(inflows=given.flow[:, None]))
        real = hourly_means(np.where(given.known & seen.known, seen.flow, np.nan), PER_HOUR)[2 * HOURS :]
        ours = hourly_means(flows.arriving[:, 1], PER_HOUR)[2 * HOURS :]
        source = hourly_means(given.flow, PER_HOUR)
        lagged = [source[2 * HOURS - lag : len(source) - lag] for lag in range(20)]
        best = min(float(np.nanstd(real - other)) for other in lagged)
        print(f"{title:<34}{best:>16.1f}{float(np.nanstd(real - ours)):>10.1f}{float(np.nanmean(real)):>12.0f}")


def main() -> None:
    """Print the comparison, and draw it where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("records", nargs="?", type=Path, default=ROOT / "tests" / "data", help="folder of the records")
    parser.add_argument("--plot", type=Path, help="SVG to write")
    arguments = parser.parse_args()
    print(describe_machine("bench.river_realism"))
    records = load(arguments.records)
    streams = [hourly(records["dead run"]), hourly(records["plumtree"])]
    simulated = brooks()
    compare(
        "Small natural streams",
        [signature for hours in streams for signature in windows(hours)],
        [signature for hours in simulated for signature in windows(hours)],
        tuple(QUANTITIES),
    )
    near, far = peaking()
    for title, name, hours in (("25 km below a peaking dam", "ferry", near), ("120 km below it", "rm61", far)):
        compare(title, windows(hourly(records[name])), windows(hours), RANGES_OF_PEAKING)
    routed(records)
    if arguments.plot:
        month = slice(60 * HOURS, 90 * HOURS)
        week = slice(14 * HOURS, 24 * HOURS)
        ferry = hourly(records["ferry"])
        panels = (
            Panel("Plumtree Run, observed, 30 days (m³/s, log)", streams[1][month], logarithmic=True),
            Panel("a simulated brook of 10 km², 30 days (m³/s, log)", simulated[0][month], logarithmic=True),
            Panel("Colorado at Lees Ferry, observed, 10 days (share of mean)", ferry[week] / np.nanmean(ferry[week])),
            Panel("25 km below a simulated peaking dam, 10 days (share of mean)", near[week] / near[week].mean()),
        )
        arguments.plot.write_text(draw(panels), encoding="utf-8")
        print(f"\n{arguments.plot} written")


if __name__ == "__main__":
    main()
