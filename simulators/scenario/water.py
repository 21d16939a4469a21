"""The basin of a scenario: reaches, catchments, springs, real records, dams, swallow holes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hydro.errors import ConfigError
from simulators.basin import (
    STEP_MS,
    Canal,
    Catchment,
    Curve,
    Dam,
    Ground,
    Inflow,
    Node,
    Outlet,
    Reach,
    Sink,
    Stands,
    basin_curve,
    power_curve,
    read_record,
)
from simulators.scenario.filling import fill
from simulators.scenario.spring import Spring

if TYPE_CHECKING:
    from simulators.basin import Record
    from simulators.scenario.build import Build
    from simulators.scenario.entry import Entry

__all__ = ["read_curve", "read_water"]

_LEAST_DEPTH_M: Final = 0.01


def read_water(root: Entry, build: Build) -> None:
    """All that water flows in.

    Args:
        root: The scenario.
        build: Where it goes.
    """
    _course(root, build)
    for entry in root.entries("catchments"):
        ground = entry.entry("ground")
        made = Ground() if ground is None else fill(ground, Ground)
        if ground is not None:
            ground.done()
        build.catchments.append(fill(entry, Catchment, name=entry.name, ground=made, place=entry.place))
        entry.done()
    build.dams += [_dam(entry) for entry in root.entries("dams")]
    for entry in root.entries("sinks"):
        reappears = None if entry.is_none("end") or not entry.has("end") else entry.text("end")
        build.sinks.append(fill(entry, Sink, name=entry.name, end=reappears, place=entry.place))
        entry.ask("end")
        entry.done()
    _supplies(root, build)


def _course(root: Entry, build: Build) -> None:
    """Reaches, and the nodes that they name."""
    outlets = root.words("outlets")
    for entry in root.entries("reaches"):
        start, end = entry.text("from"), entry.text("to")
        for node in filter(None, (start, end)):
            build.nodes.setdefault(node, Node(name=node, outlet=node in outlets, place=entry.place))
        build.reaches.append(fill(entry, Reach, name=entry.name, start=start, end=end, place=entry.place))
        entry.done()
    for node in outlets:
        place = f"{root.reading.file}:{root.line_of('outlets')}"
        build.nodes.setdefault(node, Node(name=node, outlet=True, place=place))
    if not build.nodes and not root.has("generate"):
        root.wrong("", "has neither `reaches` nor `outlets`; name at least the node at which the water leaves")


def _supplies(root: Entry, build: Build) -> None:
    """Springs and real records."""
    for entry in root.entries("springs"):
        build.inflows.append(Inflow(name=entry.name, node=entry.text("node"), place=entry.place))
        spring = fill(entry, Spring, zone_minutes=root.reading.zone_minutes)
        if spring.m3s < 0.0:
            entry.wrong("m3s", f"{spring.m3s:g} is negative; water that comes in is at least 0")
        if not 0.0 <= spring.swing <= 1.0:
            entry.wrong("swing", f"{spring.swing:g} is no share, 0 to 1")
        build.supplies.append(spring)
        entry.done()
    for entry in root.entries("records"):
        record = _record(entry)
        build.inflows.append(Inflow(name=entry.name, node=entry.text("node"), place=entry.place))
        build.supplies.append(record or Spring(m3s=0.0))
        entry.done()


def read_curve(entry: Entry, key: str, highest_m3s: float) -> Curve | None:
    """Stage over discharge: pairs [m3/s, m], or ``{coefficient, exponent, zero_m}``; None where nothing stands.

    Args:
        entry: Where the key stands.
        key: Which.
        highest_m3s: Up to which a formula is tabulated.
    """
    if not entry.has(key):
        entry.ask(key)
        return None
    if entry.holds_list(key):
        return Curve(entry.pairs(key))
    formula = entry.entry(key)
    if formula is None:
        return None
    coefficient = formula.number("coefficient", least=1e-6)
    exponent = formula.number("exponent", 1.8, least=0.1, most=10.0)
    zero = formula.number("zero_m", 0.0)
    formula.done()
    return power_curve(max(coefficient, 1e-6), max(exponent, 0.1), max(highest_m3s, 1e-6), zero)


def _dam(entry: Entry) -> Dam:
    outlet, canal = entry.entry("outlet"), entry.entry("canal")
    turbines = None if outlet is None else fill(outlet, Outlet)
    way = None if canal is None else fill(canal, Canal)
    for part in (outlet, canal):
        if part is not None:
            part.done()
    levels = _levels(entry, entry.number("full_m3", 0.0))
    dam = fill(entry, Dam, name=entry.name, outlet=turbines, canal=way, levels=levels, place=entry.place)
    entry.done()
    return dam


def _levels(entry: Entry, full_m3: float) -> Curve | None:
    """Level over storage: pairs [m3, m], or ``{full_m, bottom_m}`` of a valley that widens evenly."""
    if entry.holds_list("levels"):
        return Curve(entry.pairs("levels"))
    valley = entry.entry("levels")
    if valley is None:
        return None
    full_m, bottom_m = valley.number("full_m"), valley.number("bottom_m")
    if full_m - bottom_m < _LEAST_DEPTH_M:
        valley.wrong("full_m", f"{full_m:g} is not above bottom_m {bottom_m:g}")
    if full_m3 <= 0.0:
        valley.wrong("", "needs full_m3 above 0: without storage there is no level")
    valley.done()
    return basin_curve(max(full_m3, 1.0), full_m, bottom_m)


def _record(entry: Entry) -> Record | None:
    """A real hydrograph, put where the scenario plays."""
    reading = entry.reading
    path = reading.folder / entry.text("file")
    stands = entry.choice("stands", Stands, Stands.INSTANT) or Stands.INSTANT
    zone = reading.zone_minutes
    if entry.has("zone"):
        zone = round(entry.number("zone", least=-840, most=840))
    entry.ask("zone")
    scale = entry.number("scale", 1.0, least=0.0)
    column = entry.text("column")
    first = entry.time("from", reading.start)
    try:
        record = read_record(path, column, stands=stands, zone_minutes=zone)
    except ConfigError as error:
        entry.wrong("file", str(error))
        return None
    record = record.shifted(reading.start - first).scaled(scale)
    known = record.on_steps(reading.start, _steps(reading.start, reading.end)).known
    if not known.all():
        missing = int((~known).sum())
        entry.wrong(
            "from",
            f"the record doesn't know {missing} of the {len(known)} steps of the scenario; "
            "let `from` be an instant after which it is whole, or make the scenario shorter",
        )
    return record


def _steps(start: int, end: int) -> int:
    return max((end - start) // STEP_MS, 1)
