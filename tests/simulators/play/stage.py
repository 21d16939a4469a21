"""Small scenarios made by hand, for tests of playing them."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hydro.instants import DAY_MS, HOUR_MS, format_instant, parse_instant
from hydro.quantity import Quantity
from simulators.basin import Abstraction, Climate, Dam, Network, Outlet, Script
from simulators.basin.tree import grow, tree_network
from simulators.devices import BY_CHANCE, Backlog, Cause, Device, Fault, FaultKind, Gateway, Outage
from simulators.devices.catalogue import CABINET, flow_meter, gauge, power_meter, rain_gauge
from simulators.play.reality import true_sources
from simulators.scenario import Order, OrderKind, Scenario, Signal, Source, Texts, Wire, WireFormat
from simulators.takers import Taker, Theft, TheftKind, Use, usual_taker

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["START", "perfectly", "small", "with_targets"]

START: Final = parse_instant("2026-03-30T00:00:00", 480)
_SECTIONS: Final = 6
_STATION: Final = ("station", "name", "kind", "basin", "river", "division", "gateway", "interval_min")
_TOTAL: Final = {
    "protocol": "sl651",
    "address": "*",
    "element": "76",
    "channel": "1",
    "station": "",
    "quantity": "volume_total",
}
_BY_INFLOW: Final = 0.3
_EXEMPTED: Final = 0.5
_SEASONS: Final = (("10-15", "03-31"), ("04-01", "10-14"))


def small(*, days: int = 4, start: int = START, warm_up_ms: int = 6 * HOUR_MS) -> Scenario:
    """A small river with a dam in it, six sections, two takers of whom one steals, two gateways, all of which fail.

    Args:
        days: How long it lasts.
        start: When it begins.
        warm_up_ms: Before it.
    """
    branches = grow(_SECTIONS, seed=3, width_km=60.0)
    names = [branch.name for branch in branches]
    outlet = Outlet(most_m3s=2.0, hours=(0.3,) * 12 + (1.7,) * 12)
    dam = Dam(name="dam", node=names[2], full_m3=40_000.0, release_m3s=0.15, outlet=outlet)
    tree = tree_network(branches, dams=(dam,))
    people = _people(start)
    returning = Abstraction(name="Q1", node=names[0], return_share=0.7, return_to=names[0])
    devices = _devices(names, people)
    forms = list(WireFormat)
    trouble = (start + 26 * HOUR_MS, start + 29 * HOUR_MS)
    return Scenario(
        name="small",
        place="stage.py",
        title=Texts("小河", "A small river"),
        about=Texts("", ""),
        zone_minutes=480,
        start=start,
        duration_ms=days * DAY_MS,
        warm_up_ms=warm_up_ms,
        network=Network(
            nodes=tree.nodes,
            reaches=tree.reaches,
            catchments=tree.catchments,
            gauges=tree.gauges,
            dams=tree.dams,
            abstractions=(returning, Abstraction(name="Q2", node=names[1])),
        ),
        climate=Climate(),
        script=Script(),
        takers=people,
        fields={"Q2": f"{names[1]} land"},
        orders=tuple(
            Order(kind=kind, element="dam", value=0.0, start=start + 30 * HOUR_MS, end=start + until * HOUR_MS)
            for kind, until in ((OrderKind.RELEASE, 47), (OrderKind.GENERATION, 40))
        ),
        devices=devices,
        gateways=(Gateway(name="gw-1", backlog=Backlog.HISTORY), Gateway(name="gw-2", bundled=True, epoch=True)),
        sources=_sources(names, people),
        faults=(Fault(FaultKind.STEP, names[1], *trouble, Quantity.STAGE, 0.3),),
        outages=(Outage("gw-1", *trouble, Cause.NETWORK),),
        chances=BY_CHANCE,
        skies={"gw-1": tuple(one.name for one in tree.catchments), "gw-2": (f"{names[0]} land",)},
        wires={
            device.station: Wire(forms[number % 3], f"00{number:08d}", f"520103{number:02d}00")
            for number, device in enumerate(devices)
        },
        tables={
            "stations": [_station(device, number) for number, device in enumerate(devices)],
            "channels": [_TOTAL],
        },
    )


def perfectly(scenario: Scenario) -> Scenario:
    """The same with devices that show the truth, and gateways from which all of it arrives at once."""
    return replace(
        scenario,
        devices=tuple(device.perfect() for device in scenario.devices),
        sources=true_sources(scenario.sources),
        gateways=tuple(gateway.perfect() for gateway in scenario.gateways),
        faults=(),
        outages=(),
        chances=None,
    )


def _people(start: int) -> tuple[Taker, Taker]:
    thief = Theft(
        kind=TheftKind.NIGHT_PUMPING,
        start=start,
        end=start + 60 * DAY_MS,
        rate_m3s=0.02,
        first_hour=23,
        last_hour=4,
    )
    return (
        replace(usual_taker("Q1", Use.DOMESTIC, 0.03), returns=None),
        replace(usual_taker("Q2", Use.IRRIGATION, 0.08, thefts=[thief]), returns=None),
    )


def _devices(names: Sequence[str], people: Sequence[Taker]) -> tuple[Device, ...]:
    sections = [
        Device(
            station=name,
            gateway=f"gw-{1 + number % 2}",
            sensors=(*gauge(1.0, 200.0, 12.0), *CABINET, *(rain_gauge() if number == 0 else ())),
        )
        for number, name in enumerate(names)
    ]
    intakes = [
        Device(station=taker.name, gateway="gw-1", sensors=(*flow_meter(taker.design_m3s), *power_meter(80.0)))
        for taker in people
    ]
    return (*sections, *intakes)


def _sources(names: Sequence[str], people: Sequence[Taker]) -> dict[tuple[str, Quantity], Source]:
    found = {(names[0], Quantity.RAIN): Source(signal=Signal.RAIN, element=f"{names[0]} land")}
    for name in names:
        found[name, Quantity.DISCHARGE] = Source(signal=Signal.GAUGE_DISCHARGE, element=name)
        found[name, Quantity.STAGE] = Source(signal=Signal.GAUGE_STAGE, element=name)
    for taker in people:
        found[taker.name, Quantity.DISCHARGE] = Source(signal=Signal.TAKER_SEEN, element=taker.name)
        found[taker.name, Quantity.PUMP] = Source(signal=Signal.TAKER_PUMP, element=taker.name)
        found[taker.name, Quantity.POWER] = Source(signal=Signal.TAKER_POWER, element=taker.name)
    return found


def _station(device: Device, number: int) -> dict[str, str]:
    cells = (device.station, device.station, "section", "B", "R", "520103", device.gateway, "5")
    row = dict(zip(_STATION, cells, strict=True))
    return {**row, "sl651_address": f"00{number:08d}", "slt427_address": f"520103{number:02d}00"}


def with_targets(scenario: Scenario, seed: int, bases: Sequence[str] = ("instant", "hour", "day")) -> Scenario:
    """The same with targets that are met now and then, slots of several lengths and exemptions, drawn by a seed.

    Args:
        scenario: From `small`.
        seed: Of the draw.
        bases: Of the targets.
    """
    draw = random.Random(seed)
    stations: list[Mapping[str, str]] = []
    targets: list[Mapping[str, str]] = []
    points: list[Mapping[str, str]] = []
    exemptions: list[Mapping[str, str]] = []
    for row in scenario.tables["stations"]:
        cells = {"interval_min": str(draw.choice((5, 5, 10, 15, 30, 60))), "cease_stage_m": draw.choice(("", "0.05"))}
        stations.append({**row, **cells})
    sections = [row for row in stations if row["station"] in scenario.network.gauge]
    for number, row in enumerate(sections):
        station = row["station"]
        inflows = [one["station"] for one in sections if one is not row and one["interval_min"] == row["interval_min"]]
        for basis in bases:
            inflow = draw.choice(inflows) if inflows and draw.random() < _BY_INFLOW else ""
            rule = {"inflow_rule": "min_inflow" if inflow else "", "inflow_station": inflow}
            values = [f"{draw.uniform(0.3, 3.0) * 0.08 * (number + 1):.3f}" for _ in _SEASONS]
            targets += _seasons(station, "discharge", basis, values, draw, **rule)
        values = [f"{draw.uniform(0.15, 0.4):.2f}" for _ in _SEASONS]
        targets += _seasons(station, "stage", draw.choice(bases), values, draw, inflow_rule="", inflow_station="")
        points.append({"station": station, "quantity": "discharge", "min": "", "max": "", "zero_below": "0.01"})
        if draw.random() < _EXEMPTED:
            exemptions.append(_exemption(station, scenario, draw))
    tables = {**scenario.tables, "stations": stations, "points": points, "eflow_targets": targets}
    if exemptions:
        tables["exemptions"] = exemptions
    return replace(scenario, tables=tables)


def _seasons(
    station: str, quantity: str, basis: str, values: Sequence[str], draw: random.Random, **more: str
) -> list[dict[str, str]]:
    """Two rows: the season changes in the midst of days, ten-days and months that start at 8 or 20 o'clock."""
    hour = str(draw.choice((0, 0, 8, 20))) if basis in {"day", "ten_day", "month"} else ""
    return [
        {
            "station": station,
            "quantity": quantity,
            "from_day": first,
            "to_day": last,
            "value": value,
            "basis": basis,
            "day_start_hour": hour,
            "kind": "base",
            **more,
        }
        for (first, last), value in zip(_SEASONS, values, strict=True)
    ]


def _exemption(station: str, scenario: Scenario, draw: random.Random) -> dict[str, str]:
    """A day, or some hours, that count or were refused."""
    day = (1 + draw.randrange(2)) * DAY_MS
    since = scenario.start + day + draw.randrange(12) * HOUR_MS
    times = [_local(since), _local(since + draw.randrange(3, 20) * HOUR_MS)]
    bounds = draw.choice([[_local(scenario.start + day)[:10]] * 2, times])
    return {
        "station": station,
        "from": bounds[0],
        "to": bounds[1],
        "reason": "repair of the gate",
        "document": "2026-1",
        "target": "",
        "kind": draw.choice(("repair", "low_inflow")),
        "state": draw.choice(("approved", "", "refused")),
    }


def _local(at: int) -> str:
    return format_instant(at, 480)
