"""Pictures of docs/scenarios.md: ``python -m bench.scenario_pictures [FOLDER] [NAME …]``, docs/pictures by default.

With ``--text`` its list of scenarios instead, to be put at its end.

Lines are true, dots are what was reported (seed 1), dashed lines are targets; shades are what was true besides: takes
that nobody metered, shortfalls, outages, faults.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from bench.scenario_drawing import COLOURS, Line, Panel, Shade, draw
from hydro.instants import DAY_MS, HOUR_MS, format_instant, parse_instant
from hydro.quantity import QUANTITIES, Quantity, conversion
from simulators.play import Play
from simulators.scenario import Signal, Source, WireFormat, load, names, true_course
from simulators.truth import TruthKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from simulators.scenario import Course, Scenario
    from simulators.truth import Truth

_MOST_LONG: Final = 3
"""Of so many stations there is room for both names."""

_SHADES: Final = {
    TruthKind.UNMETERED_INTAKE: ("unmetered take", "#d62728"),
    TruthKind.EFLOW_SHORTFALL: ("shortfall", "#ff9f1c"),
    TruthKind.FLOW_STOPPED: ("no flow", "#b3541e"),
    TruthKind.OUTAGE: ("outage", "#555555"),
    TruthKind.SENSOR_FAULT: ("fault", "#8e44ad"),
    TruthKind.DOOR_OPEN: ("door", "#2e86ab"),
}


@dataclass(frozen=True, slots=True)
class Show:
    """A panel to be.

    Attributes:
        stations: Whose courses.
        quantity: Which.
        also: Takers whose real take is drawn beside what the meter sees.
        logarithmic: Scale.
        dots: Whether what was reported is drawn.
        high: Reports above it are not drawn: nonsense would flatten all the rest.
    """

    stations: Sequence[str]
    quantity: Quantity = Quantity.DISCHARGE
    also: Sequence[str] = ()
    logarithmic: bool = False
    dots: bool = True
    high: float = np.inf


_PICTURES: Final[dict[str, tuple[Show, ...]]] = {
    "normal-week": (
        Show(["520122S101", "520122S102"]),
        Show(["520122Q101", "520122Q102", "520122Q103"]),
    ),
    "dry-season-shortfall": (Show(["520122S111", "520122S112"], logarithmic=True),),
    "peaking-plant": (
        Show(["520123S121", "520123S122"]),
        Show(["520123R121"], quantity=Quantity.WATER_LEVEL),
    ),
    "cut-release": (Show(["520123P13101", "520123P13102"]), Show(["520123S132"])),
    "two-section-plant": (Show(["520123P14101", "520123P14102"]),),
    "fixed-orifice": (Show(["520123P15101", "520123S152"]),),
    "night-theft": (Show(["520122S001", "520122S002"]), Show(["520122Q001"], also=["520122Q001"])),
    "intake-misuse": (
        Show(["520327Q301", "520327Q302", "520327Q303"]),
        Show(["520327Q307"], also=["520327Q307"]),
    ),
    "growing-theft": (Show(["520122S161", "520122S162"]), Show(["520122Q161"], also=["520122Q161"])),
    "meter-bypass": (Show(["520122S171", "520122S172"]), Show(["520122Q171"], also=["520122Q171"])),
    "gateway-outage-backfill": (Show(["520123S182"]), Show(["520123S181", "520123S183"])),
    "storm-outage": (Show(["522634S191", "522634S193"], logarithmic=True),),
    "clock-chaos": (Show(["522301S203", "522301S205"]), Show(["522301S204", "522301S206"])),
    "sensor-zoo": (
        Show(["520325S211", "520325S216"]),
        Show(["520325S214", "520325S215", "520325S217"]),
        Show(["520325S212", "520325S213"], quantity=Quantity.STAGE),
    ),
    "rating-shift-after-flood": (Show(["520327S221", "520327S222"], logarithmic=True),),
    "maintenance-week": (Show(["520327S231", "520327S232"]), Show(["520327Q231"], also=["520327Q231"])),
    "holiday-shutdown": (Show(["520382S241", "520382S242"]), Show(["520382Q241", "520382Q243"])),
    "karst-loss": (Show(["520424S251", "520424S252", "520424S253"], logarithmic=True),),
    "backwater": (
        Show(["520425S261", "520425S262"]),
        Show(["520425R261"], quantity=Quantity.WATER_LEVEL),
    ),
    "batch-meters": (Show(["520422S271", "520422S272"]), Show(["520422Q271", "520422Q273", "520422Q274"])),
    "flood": (
        Show(["522625S281", "522625S282", "522625S283"], logarithmic=True),
        Show(["522625R281"], quantity=Quantity.WATER_LEVEL, dots=False),
    ),
    "flow-stopped": (Show(["520521S291", "520521S292"]), Show(["520521S293"])),
    "county-100": (Show(["520328S00000", "520328S00002", "520328P00003", "520328P00042"], logarithmic=True),),
    "province-5000": (),
    "demo": (
        Show(["520122S003", "520122P00102"]),
        Show(["520122S006", "520122S007", "520123S011"]),
        Show(["520122Q00301"], also=["520122Q00301"]),
    ),
    "real-record": (
        Show(["520122S901", "520122S902"], logarithmic=True),
        Show(["520122Q901"], also=["520122Q901"]),
    ),
}


def main(arguments: Sequence[str]) -> None:
    """Draw all, or those named."""
    if arguments[:1] == ["--text"]:
        sys.stdout.write("\n".join(described(load(name)) for name in names()))
        return
    folder = Path(arguments[0]) if arguments else Path("docs/pictures")
    for name in arguments[1:] or names():
        scenario = load(name)
        shows = _PICTURES.get(name) or _some(scenario)
        path = folder / f"scenario-{name}.svg"
        path.write_text(_picture(scenario, shows), encoding="utf-8")
        sys.stdout.write(f"{path} {path.stat().st_size / 1000:.0f} kB\n")


def described(scenario: Scenario) -> str:
    """What docs/scenarios.md says of a scenario."""
    days, rest = divmod(scenario.duration_ms, DAY_MS)
    length = f"{days} d" if not rest else f"{scenario.duration_ms // HOUR_MS} h"
    if scenario.expected is None:
        promise = "up to chance"
    else:
        found = [
            " ".join(filter(None, (f"`{one.alert_class}`", one.subject, f"({one.reason})", one.level)))
            for one in scenario.expected
        ]
        promise = "; ".join(found) or "none"
    title = f"**{scenario.title.en} · {scenario.title.zh}**"
    head = f"### {scenario.name}\n\n{title}, {length}, {len(scenario.devices):,} stations.\n"
    picture = f"![{scenario.title.en}](pictures/scenario-{scenario.name}.svg)"
    return f"{head}\n{scenario.about.en}\n\n{scenario.about.zh}\n\n*Expect:* {promise}.\n\n{picture}\n"


def _some(scenario: Scenario) -> tuple[Show, ...]:
    """Five of the sections of a generated basin, evenly."""
    sections = [row["station"] for row in scenario.tables["stations"] if row["kind"] == "section"]
    return (Show(sections[:: max(len(sections) // 5, 1)][:5], logarithmic=True, dots=False),)


def _picture(scenario: Scenario, shows: Sequence[Show]) -> str:
    wanted = {(station, show.quantity) for show in shows for station in show.stations}
    sources = {key: _true(key, source) for key, source in scenario.sources.items() if key in wanted}
    seen = replace(scenario, sources=sources)
    course = true_course(seen)
    reported, truths = _heard(scenario) if any(show.dots for show in shows) else ({}, [])
    panels = [_panel(scenario, show, course, reported, truths) for show in shows]
    title = f"{scenario.name} · {scenario.title.en} · {scenario.title.zh}"
    return draw(title, panels, scenario.start, scenario.end)


def _true(key: tuple[str, Quantity], source: Source) -> Source:
    """Of a discharge that is made of a stage the discharge itself."""
    station, quantity = key
    if quantity is Quantity.DISCHARGE and source.signal is Signal.GAUGE_STAGE:
        return Source(signal=Signal.GAUGE_DISCHARGE, element=station)
    return source


def _panel(
    scenario: Scenario,
    show: Show,
    course: Course,
    reported: dict[tuple[str, Quantity], list[tuple[int, float]]],
    truths: Sequence[Truth],
) -> Panel:
    stations = {row["station"]: row for row in scenario.tables["stations"]}
    gateways = {device.gateway for device in scenario.devices if device.station in show.stations}
    lines, levels = [], []
    unit = "m³/s" if show.quantity is Quantity.DISCHARGE else "m"
    for station, colour in zip(show.stations, COLOURS, strict=False):
        row = stations[station]
        true = course.values[station, show.quantity]
        name = row["name_en"] if len(show.stations) > _MOST_LONG else f"{row['name_en']} {row['name']}"
        lines.append(Line(name, course.ends.astype(np.float64), true, colour))
        dots = [(at, value) for at, value in reported.get((station, show.quantity), ()) if value <= show.high]
        if show.dots and dots:
            times, values = np.array(dots, np.float64).T
            lines.append(Line("", times, values, colour, dots=True))
        levels += [
            (float(target["value"]), colour)
            for target in scenario.tables.get("eflow_targets", ())
            if target["station"] == station and target["basis"] != "ten_day" and _in_season(scenario, target)
        ]
    times = course.ends.astype(np.float64)
    lines += [Line("really taken 实际取水", times, course.taken[taker], "#d62728") for taker in show.also]
    shades = [
        Shade(_SHADES[truth.kind][0], truth.start, truth.end, _SHADES[truth.kind][1])
        for truth in truths
        if truth.kind in _SHADES
        and truth.subject in {*show.stations, *gateways}
        and truth.details.get("fault") != "rating_shift"
    ]
    return Panel(unit, lines, levels, shades, show.logarithmic)


def _in_season(scenario: Scenario, target: Mapping[str, str]) -> bool:
    """Whether a target holds at the start; its days don't run over the new year here, or do so from November."""
    month = int(_local(scenario.start)[5:7])
    first, last = int(target["from_day"][:2]), int(target["to_day"][:2])
    return first <= month <= last if first <= last else month >= first or month <= last


def _local(at: int) -> str:
    return format_instant(at, 480)


def _heard(scenario: Scenario) -> tuple[dict[tuple[str, Quantity], list[tuple[int, float]]], list[Truth]]:
    """Readings as they arrived, in canonical units, and the truth beside them."""
    readings: dict[tuple[str, Quantity], list[tuple[int, float]]] = defaultdict(list)
    truths: list[Truth] = []
    for chunk in Play(scenario, seed=1, end=scenario.end, format=WireFormat.JSON).chunks():
        truths += chunk.truths
        for _, topic, payload in chunk.messages:
            if topic.endswith("/json"):
                decoded = json.loads(payload)
                for station, quantity, at, value in _values(decoded if isinstance(decoded, list) else [decoded]):
                    readings[station, quantity].append((at, value))
    return readings, truths


def _values(elements: Sequence[dict[str, Any]]) -> Iterator[tuple[str, Quantity, int, float]]:
    for one in elements:
        if isinstance(one["values"], dict):
            found = [
                (name, one.get("units", {}).get(name), one["time"], value) for name, value in one["values"].items()
            ]
        else:
            rows = zip(one["times"], one["values"], strict=True)
            found = [(one["quantity"], one.get("unit"), at, value) for at, value in rows]
        for name, unit, at, value in found:
            quantity = QUANTITIES[name]
            factor = conversion(quantity, unit)
            if value is not None and factor is not None:
                instant = at if isinstance(at, int) else parse_instant(at, 0)
                yield one["station"], quantity, instant, value * factor.numerator / factor.denominator / 1e6


if __name__ == "__main__":
    main(sys.argv[1:])
