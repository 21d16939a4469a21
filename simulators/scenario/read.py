"""Scenarios by name or by file: YAML in, a checked `Scenario` out, or all mistakes at once."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hydro.instants import DAY_MS, format_instant, parse_zone
from simulators.basin.step import STEP_MS
from simulators.scenario.build import Build
from simulators.scenario.document import read_tree
from simulators.scenario.entry import Entry, Reading
from simulators.scenario.events import read_events
from simulators.scenario.expected import read_expected
from simulators.scenario.gateways import read_gateways
from simulators.scenario.generate import read_generate
from simulators.scenario.mistakes import Mistakes, ScenarioError, near, shown
from simulators.scenario.model import Scenario
from simulators.scenario.rivers import read_rivers
from simulators.scenario.signal import Signal
from simulators.scenario.sky import read_sky
from simulators.scenario.stations import read_stations
from simulators.scenario.takers_part import read_unregistered
from simulators.scenario.targets import read_exemptions, read_maintenance
from simulators.scenario.water import read_water

if TYPE_CHECKING:
    from collections.abc import Collection

    from simulators.basin import Network
    from simulators.scenario.document import Branch

__all__ = ["load", "names"]

_SHIPPED: Final = Path(__file__).resolve().parent.parent / "scenarios"
_SUFFIXES: Final = frozenset({".yaml", ".yml"})
_LONGEST_MS: Final = 40 * 366 * DAY_MS
_OF_DAMS: Final = frozenset({Signal.DAM_LEVEL, Signal.DAM_GENERATION, Signal.DAM_RELEASE, Signal.DAM_SPILL})
_OF_GAUGES: Final = frozenset({Signal.GAUGE_DISCHARGE, Signal.GAUGE_STAGE, Signal.GAUGE_STATE})


def names() -> tuple[str, ...]:
    """Names of the scenarios that are shipped."""
    return tuple(sorted(path.stem for path in _SHIPPED.glob("*.yaml")))


def load(name_or_path: str | Path) -> Scenario:
    """A scenario.

    Args:
        name_or_path: Name of a shipped one, or path of a file.

    Raises:
        ScenarioError: There is none, or something is wrong with it; holds all mistakes.
    """
    path = _path_of(name_or_path)
    mistakes = Mistakes()
    called = path.name if path.parent == _SHIPPED else str(path)
    tree = read_tree(path, called, mistakes)
    mistakes.raise_any()
    assert tree is not None  # noqa: S101  # without mistakes there is one
    return _build(tree, path, called, None)


def _path_of(name_or_path: str | Path) -> Path:
    path = Path(name_or_path)
    if path.suffix in _SUFFIXES or len(path.parts) > 1:
        if path.is_file():
            return path
        raise ScenarioError([f"{path}: there is no such file"])
    if (_SHIPPED / f"{name_or_path}.yaml").is_file():
        return _SHIPPED / f"{name_or_path}.yaml"
    hint = near(str(name_or_path), names())
    raise ScenarioError([f"{shown(str(name_or_path))} is no scenario{hint} (or give the path of a .yaml file)"])


def _build(tree: Branch, path: Path, called: str, start: int | None) -> Scenario:
    """A scenario out of its tree; ``start`` goes before that of the file."""
    mistakes = Mistakes()
    reading = Reading(called, path.parent, mistakes)
    root = Entry(tree, "", reading)
    _times(root, start)
    title, about = root.texts("title"), root.texts("about")
    build = Build(reading)
    read_water(root, build)
    read_sky(root, build)
    read_gateways(root, build)
    read_rivers(root, build)
    read_stations(root, build)
    for entry in root.entries("unregistered"):
        read_unregistered(entry, build)
    generated = root.entry("generate")
    if generated is not None:
        read_generate(generated, build, perfect=root.flag("perfect", default=False))
    read_events(root, build)
    read_exemptions(root, build)
    read_maintenance(root, build)
    read_expected(root, build)
    warm_up = root.duration("warm_up", DAY_MS)
    storm = root.number("storm_mm_h", 8.0, least=0.1)
    root.done()
    network = build.network()
    build.check()
    tables = build.finished_tables()
    build.check_register(tables, "" if generated is None else generated.place)
    if network is not None:
        _check_sources(build, network)
    if not build.devices and not len(mistakes):
        root.wrong("", "has no `stations`; without one nothing is ever sent")
    mistakes.raise_any()
    assert network is not None  # noqa: S101  # without mistakes there is one
    return Scenario(
        name=path.stem,
        place=str(path),
        title=title,
        about=about,
        zone_minutes=reading.zone_minutes,
        start=reading.start,
        duration_ms=reading.end - reading.start,
        warm_up_ms=-(-warm_up // STEP_MS) * STEP_MS,
        network=network,
        climate=build.climate,
        script=build.script,
        supplies=tuple(build.supplies),
        takers=tuple(build.takers),
        fields=build.fields,
        orders=tuple(build.orders),
        devices=tuple(build.devices.values()),
        gateways=tuple(build.gateways.values()),
        sources=build.sources,
        faults=tuple(build.faults),
        outages=tuple(build.outages),
        chances=build.chances,
        skies=build.skies,
        storm_mm_h=storm,
        floods=build.floods,
        wires=build.wires,
        tables=tables,
        story=tuple(sorted(build.story, key=lambda chapter: chapter.at)),
        expected=None if build.expected is None else tuple(build.expected),
        again=partial(_build, tree, path, called),
    )


def _times(root: Entry, start: int | None) -> None:
    """``zone``, ``start``, ``duration`` or ``end``: what all other times are measured by."""
    reading = root.reading
    zone = root.text("zone", "+08:00")
    try:
        reading.zone_minutes = parse_zone(zone)
    except ValueError as error:
        root.wrong("zone", str(error))
    said = root.time("start")
    reading.start = said if start is None else start
    if reading.start % STEP_MS:
        root.wrong("start", f"{format_instant(reading.start, reading.zone_minutes)} is no full five minutes")
        reading.start -= reading.start % STEP_MS
    wrong = len(reading.mistakes)
    if root.has("end"):
        duration = root.time("end") - said
        root.ask("duration")
        if root.has("duration"):
            root.wrong("end", "is given beside `duration`; write one of them")
        if duration <= 0:
            root.wrong("start", f"{format_instant(said, reading.zone_minutes)} is not before the end")
    else:
        root.ask("end")
        duration = root.duration("duration")
    if len(reading.mistakes) == wrong and (duration % STEP_MS or not 0 < duration <= _LONGEST_MS):
        key = "end" if root.has("end") else "duration"
        root.wrong(key, "must be whole steps of five minutes, at least one, and at most forty years")
    reading.end = reading.start + max(duration // STEP_MS, 1) * STEP_MS


def _check_sources(build: Build, network: Network) -> None:
    """Every sensor that measures must see something that there is."""
    takers = {taker.name for taker in build.takers}
    gauges, dams, catchments = (network.gauge, "station that sees a flow"), (network.dam, "dam"), network.catchment
    for (station, quantity), source in build.sources.items():
        known: Collection[str]
        if source.signal in _OF_GAUGES:
            known, what = gauges
        elif source.signal in _OF_DAMS:
            known, what = dams
        elif source.signal is Signal.RAIN:
            known, what = catchments, "catchment"
        elif source.signal is Signal.SUN:
            continue
        else:
            known, what = takers, "taker"
        if source.element not in known:
            said = f"{quantity.text} of {station} shows {shown(source.element)}, which is no {what}"
            build.wrong(build.device_places[station], f"{said}{near(source.element, known)}")
