"""Pictures and numbers of docs/simulated-field.md: ``python -m bench.field_pictures [folder]``.

Without a folder nothing is drawn; the numbers are printed either way.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from hydro.instants import DAY_MS, HOUR_MS, MINUTE_MS, parse_instant
from hydro.quantity import Quantity
from simulators.basin.step import STEP_MS
from simulators.devices.device import Device
from simulators.devices.field import Field
from simulators.devices.gateway import Gateway
from simulators.devices.outage import Outage
from simulators.devices.rating import Rating, Ratings
from simulators.devices.reports import ReportKind, Reports
from simulators.devices.sensor import Sensor
from simulators.takers.habit import Use
from simulators.takers.permit import Permit
from simulators.takers.pump import PumpHouse
from simulators.takers.taker import Taker
from simulators.takers.takers import Takers
from simulators.takers.theft import Theft, TheftKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

START: Final = parse_instant("2026-05-04T00:00:00", 480)
DAY: Final = 288
WIDTH: Final = 860
LEFT: Final = 62
TOP: Final = 26
PANEL: Final = 120
GAP: Final = 34
RIGHT: Final = 26


@dataclass(frozen=True)
class Line:
    """A line, or dots, of a panel."""

    x: Numbers
    y: Numbers
    colour: str
    name: str
    dots: bool = False


@dataclass(frozen=True)
class Panel:
    """A drawing with axes of its own."""

    title: str
    lines: Sequence[Line]
    high: float
    low: float = 0.0


def ticks(days: float) -> list[tuple[float, str]]:
    """Days at which something is written below a panel, and what."""
    if days <= 1:
        return [(hour / 24, f"{hour:02d}:00") for hour in range(0, 25, 3)]
    every = 30 if days > 30 else 1  # a month of them is enough  # noqa: PLR2004
    return [(day, f"day {day}") for day in range(0, int(days) + 1, every)]


def draw(panels: Sequence[Panel], days: float, what: str) -> str:
    """Panels below each other over the same days, as SVG."""
    height = TOP + len(panels) * (PANEL + GAP)
    inner = WIDTH - LEFT - RIGHT
    named = f'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{what}"'
    parts = [
        f'<svg {named} font-family="sans-serif" font-size="11" fill="#333">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
    ]
    for number, panel in enumerate(panels):
        top = TOP + number * (PANEL + GAP)
        per_unit = PANEL / (panel.high - panel.low)
        parts.append(f'<text x="{LEFT}" y="{top - 8}" font-weight="bold">{panel.title}</text>')
        right = WIDTH - RIGHT
        for line in reversed(panel.lines):
            parts.append(f'<text x="{right}" y="{top - 8}" text-anchor="end" fill="{line.colour}">{line.name}</text>')
            right -= 7 * len(line.name) + 16
        for step in range(5):
            value = panel.low + (panel.high - panel.low) * step / 4
            y = top + PANEL * (1 - step / 4)
            parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
            parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>')
        for day, label in ticks(days):
            x = LEFT + inner * day / days
            parts.append(f'<text x="{x:.1f}" y="{top + PANEL + 14}" text-anchor="middle">{label}</text>')
        for line in panel.lines:
            xs = LEFT + inner * line.x / days
            ys = top + PANEL - np.clip(line.y - panel.low, 0, panel.high - panel.low) * per_unit
            if line.dots:
                marks = "".join(f"M{a:.1f} {b:.1f}h.01" for a, b in zip(xs, ys, strict=True))
                parts.append(f'<path d="{marks}" stroke="{line.colour}" stroke-width="2.4" stroke-linecap="round"/>')
            else:
                points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(xs, ys, strict=True))
                parts.append(f'<polyline points="{points}" fill="none" stroke="{line.colour}" stroke-width="1.2"/>')
    return "\n".join([*parts, "</svg>\n"])


def theft() -> str:
    """A week of a works that also pumps past its meter at night."""
    night = Theft(
        kind=TheftKind.NIGHT_PUMPING, start=START + 3 * DAY_MS, end=START + 7 * DAY_MS, rate_m3s=0.05, first_hour=23,
        last_hour=4,
    )  # fmt: skip
    works = Taker(
        name="works",
        use=Use.INDUSTRY,
        mean_m3s=0.08,
        permit=Permit(max_m3s=0.2),
        house=PumpHouse(pumps=2, capacity_m3s=0.1, tank_h=2.0),
        thefts=(night,),
    )
    takers = Takers([works], seed=4)
    state, demand = takers.demand(takers.start(START), 7 * DAY)
    _, taking = takers.settle(state, demand, demand.total_m3s)
    days = (taking.ends - START) / DAY_MS
    flows = [
        Line(days, taking.taken_m3s[:, 0] * 1000, "#c0392b", "taken"),
        Line(days, taking.seen_m3s[:, 0] * 1000, "#2471a3", "meter"),
    ]
    power = [Line(days, taking.power_kw[:, 0], "#555", "power")]
    panels = [Panel("L/s", flows, 200), Panel("kW", power, 160)]
    return draw(panels, 7, "a week of a taker that pumps past its meter at night")


def errors_of(days: int, count: int, rating: Rating, flow: Numbers) -> Numbers:
    """Relative errors of gauges on the same flow: steps × gauges."""
    ratings = Ratings([rating] * count, [f"S{number}" for number in range(count)], seed=5)
    ends = START + STEP_MS * np.arange(1, days * DAY + 1)
    _, errors, _ = ratings.errors(ratings.start(START), ends, np.repeat(flow[:, None], count, axis=1))
    return errors


def rating() -> str:
    """Half a year of four gauges, with two floods."""
    days = 180
    steps = np.arange(days * DAY) / DAY
    flow = 3.0 + 25.0 * np.exp(-np.maximum(steps - 60, 0) / 2) * (steps > 60)  # noqa: PLR2004  # the 60th day
    flow += 18.0 * np.exp(-np.maximum(steps - 120, 0) / 2) * (steps > 120)  # noqa: PLR2004  # the 120th
    errors = errors_of(days, 4, Rating(mean_m3s=4.0, flood_m3s=12.0), flow)
    every = slice(None, None, 48)
    colours = ("#2471a3", "#c0392b", "#1e8449", "#8e44ad")
    lines = [
        Line(steps[every], 100 * errors[every, number], colour, f"gauge {number + 1}")
        for number, colour in enumerate(colours)
    ]
    discharge = [Line(steps[every], flow[every], "#555", "true flow")]
    panels = [Panel("error of discharge, %", lines, 20, -20), Panel("m3/s", discharge, 30)]
    return draw(panels, days, "errors of four ratings over half a year with two floods")


def arrivals() -> str:
    """A day of ten stations whose gateway is gone for five hours."""
    devices = [
        Device(station=f"S{number}", gateway="gw", sensors=(Sensor(quantity=Quantity.STAGE),)) for number in range(10)
    ]
    gateway = Gateway(name="gw", trouble=None, late_share=0.02, backfill_per_s=0.05)
    gone = Outage("gw", START + 9 * HOUR_MS, START + 14 * HOUR_MS)
    field = Field(devices, [gateway], seed=1, outages=[gone])
    ends = START + STEP_MS * np.arange(1, DAY + 1)
    state, first, _ = field.advance(field.start(START), ends, {Quantity.STAGE: np.ones((DAY, 10))})
    last, _ = field.finish(state)
    reports = Reports.concatenate([first, last], 1)
    kind = np.repeat(reports.kind, reports.length)
    at = np.repeat(reports.received_at, reports.length)
    event = reports.rows.event_time
    lines = []
    for chosen, colour, name in (
        (ReportKind.LIVE, "#2471a3", "live"),
        (ReportKind.BACKFILL, "#c0392b", "kept, handed in"),
    ):
        mine = kind == chosen
        minutes = (at - event)[mine] / MINUTE_MS
        lines.append(Line((at[mine] - START) / DAY_MS, minutes, colour, name, dots=True))
    return draw([Panel("minutes from measurement to arrival", lines, 320)], 1, "arrivals around an outage")


def numbers() -> None:
    """The balance residual of two gauges with nothing between them, against the real records."""
    days, count = 400, 40
    flow = np.full(days * DAY, 4.0)
    print("balance of two gauges, nothing between: % of flow, autocorrelation, 24 h mean against the 14 d median")
    print(f"{'':<28}{'std %':>8}{'1 h':>8}{'24 h':>8}{'MAD %':>8}{'1 in 330 %':>12}")
    usual, good = Rating(mean_m3s=4.0), Rating(mean_m3s=4.0, bias=0.01, fast=0.004, slow=0.013, slow_d=60.0)
    for name, one in (("usual gauges, the default", usual), ("well-kept gauges", good)):
        errors = errors_of(days, 2 * count, one, flow)
        residual = errors[:, :count] - errors[:, count:]
        hourly = residual.reshape(days * 24, 12, count).mean(axis=1)
        apart = hourly - hourly.mean(axis=0)
        after = [float((apart[lag:] * apart[:-lag]).sum() / (apart**2).sum()) for lag in (1, 24)]
        daily = residual.reshape(days, DAY, count).mean(axis=1)
        usual_of = np.stack([np.median(daily[day - 14 : day], axis=0) for day in range(14, days)])
        moved = daily[14:] - usual_of
        mad = float(np.median(np.abs(moved)))
        rare = float(-np.quantile(moved, 1 / 330))
        spread = float(apart.std(axis=0).mean())
        print(f"{name:<28}{100 * spread:>8.1f}{after[0]:>8.2f}{after[1]:>8.2f}{100 * mad:>8.1f}{100 * rare:>12.1f}")


def main() -> None:
    numbers()
    if len(sys.argv) > 1:
        folder = Path(sys.argv[1])
        for name, draw_it in (("theft", theft), ("rating", rating), ("arrivals", arrivals)):
            path = folder / f"field-{name}.svg"
            path.write_text(draw_it())
            print(path, path.stat().st_size)


if __name__ == "__main__":
    main()
