"""What can be wrong with a basin. Every mistake is found, each with the place that the caller gave."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Final

from simulators.basin.elements import (
    Abstraction,
    Canal,
    Catchment,
    Dam,
    Gauge,
    Ground,
    Inflow,
    Node,
    Observed,
    Outlet,
    Reach,
    Sink,
)
from simulators.basin.step import STEP_S

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from simulators.basin.elements import Element
    from simulators.basin.network import Network

__all__ = ["mistakes_of"]

_STEP_MIN: Final = STEP_S / 60.0
_INFINITE: Final = math.inf
_HOURS: Final = 24
_MONTHS: Final = 12

# Least and most that a number may be.
_LEAST: Final = math.nextafter(0.0, 1.0)
_OVER_ZERO: Final = (_LEAST, _INFINITE)
_RATE: Final = (0.0, _INFINITE)
_SHARE: Final = (0.0, 1.0)
_WEIGHT: Final = (0.0, 0.5)
_TRAVEL: Final = (_STEP_MIN, _INFINITE)
_ANY: Final = (-_INFINITE, _INFINITE)

_BOUNDS: Final[Mapping[type, Mapping[str, tuple[float, float]]]] = {
    Node: {},
    Catchment: {"area_km2": _OVER_ZERO, "x_km": _ANY, "y_km": _ANY},
    Ground: {
        "soil_mm": _OVER_ZERO,
        "quick_h": (2.0 * STEP_S / 3600.0, _INFINITE),
        "slow_d": (STEP_S / 86400.0, _INFINITE),
        "slow_share": _SHARE,
        "sealed": _SHARE,
        "banks": _SHARE,
    },
    Reach: {
        "travel_min": _TRAVEL,
        "weight": _WEIGHT,
        "reference_m3s": _OVER_ZERO,
        "loss_share": _SHARE,
        "seepage_m3s": _RATE,
    },
    Sink: {"capacity_m3s": _RATE, "travel_min": _TRAVEL, "weight": _WEIGHT},
    Canal: {"travel_min": _TRAVEL, "weight": _WEIGHT},
    Outlet: {
        "most_m3s": _RATE,
        "least_m3s": _RATE,
        "weekend": _RATE,
        "follow_h": _OVER_ZERO,
        "keep": _SHARE,
        "gain": _RATE,
        "ramp_m3s_h": _OVER_ZERO,
    },
    Dam: {"full_m3": _RATE, "dead_m3": _RATE, "spill_min": _RATE},
    Abstraction: {"return_share": _SHARE, "return_min": _TRAVEL},
    Inflow: {},
    Gauge: {"datum_m": _ANY},
}


def mistakes_of(network: Network) -> tuple[str, ...]:
    """All mistakes of a basin, each "place: kind 'name': what"; empty where there are none."""
    kinds: tuple[Sequence[Element], ...] = (
        network.nodes,
        network.reaches,
        network.catchments,
        network.dams,
        network.sinks,
        network.abstractions,
        network.inflows,
        network.gauges,
    )
    found = [_said(element, what) for elements in kinds for element in elements for what in _own(element)]
    for elements in kinds:
        counts = Counter(element.name for element in elements)
        found += [_said(e, f"the name is given {counts[e.name]} times") for e in elements if counts[e.name] > 1]
    found += [_said(element, what) for element, what in _references(network)]
    if not found:  # the shape of a river can be judged only where all names are known
        found = [_said(element, what) for element, what in _shape(network)]
    return tuple(found)


def _said(element: Element, what: str) -> str:
    place = f"{element.place}: " if element.place else ""
    return f"{place}{type(element).__name__.lower()} {element.name!r}: {what}"


def _own(element: Element) -> Iterator[str]:
    """Mistakes that an element has by itself."""
    if not element.name:
        yield "has no name"
    yield from _numbers(element, "")
    if isinstance(element, Catchment):
        yield from _numbers(element.ground, "ground.")
    if isinstance(element, Dam):
        yield from _dam(element)
    if isinstance(element, Abstraction) and element.return_share > 0.0 and element.return_to is None:
        yield "has a return_share but no return_to"
    if isinstance(element, Gauge) and element.rating is not None and (wrong := element.rating.mistake()):
        yield f"rating {wrong}"


def _numbers(values: Element | Ground | Outlet | Canal, prefix: str) -> Iterator[str]:
    for name, (least, most) in _BOUNDS[type(values)].items():
        number: float | None = getattr(values, name)
        if number is None:
            continue
        if not math.isfinite(number):
            yield f"{prefix}{name} {number!r} is not a finite number"
        elif number < least:
            yield f"{prefix}{name} {number:g} is {'not above 0' if least == _LEAST else f'below {least:g}'}"
        elif number > most:
            yield f"{prefix}{name} {number:g} is above {most:g}"


def _dam(dam: Dam) -> Iterator[str]:
    releases = dam.release_m3s if isinstance(dam.release_m3s, tuple) else (dam.release_m3s,)
    if len(releases) not in {1, _MONTHS}:
        yield f"release_m3s has {len(releases)} numbers, one or {_MONTHS} are needed"
    yield from (f"release_m3s {n:g} is negative or not finite" for n in releases if not 0.0 <= n < _INFINITE)
    if dam.dead_m3 > dam.full_m3:
        yield f"dead_m3 {dam.dead_m3:g} is above full_m3 {dam.full_m3:g}"
    if dam.levels is not None and (wrong := dam.levels.mistake()):
        yield f"levels {wrong}"
    if dam.canal is not None:
        yield from _numbers(dam.canal, "canal.")
        if dam.outlet is None:
            yield "has a canal but no outlet that feeds it"
    if dam.outlet is None:
        return
    yield from _numbers(dam.outlet, "outlet.")
    if len(dam.outlet.hours) != _HOURS:
        yield f"outlet.hours has {len(dam.outlet.hours)} shares, {_HOURS} are needed"
    elif not all(share >= 0.0 for share in dam.outlet.hours) or not 0.0 < sum(dam.outlet.hours) < _INFINITE:
        yield "outlet.hours must not be negative, and not all zero"
    if dam.outlet.least_m3s > dam.outlet.most_m3s:
        yield f"outlet.least_m3s {dam.outlet.least_m3s:g} is above outlet.most_m3s {dam.outlet.most_m3s:g}"


def _references(network: Network) -> Iterator[tuple[Element, str]]:
    """Names that lead nowhere, and places that are taken twice."""
    nodes = {node.name for node in network.nodes}
    reaches = {reach.name for reach in network.reaches}
    for element, field, name in _named(network):
        if name == "":
            yield element, f"has no {field}"
        elif name is not None and name not in nodes:
            yield element, f"{field} {name!r} is no node"
    for sink in network.sinks:
        if sink.reach not in reaches:
            yield sink, f"reach {sink.reach!r} is no reach"
    for catchment in network.catchments:
        if (catchment.into in nodes) == (catchment.into in reaches):
            which = "both a node and a reach" if catchment.into in nodes else "neither a node nor a reach"
            yield catchment, f"into {catchment.into!r} is {which}"
    yield from _shared(network.dams, "node", [dam.node for dam in network.dams])
    yield from _shared(network.sinks, "reach", [sink.reach for sink in network.sinks])
    yield from _gauges(network)


def _named(network: Network) -> list[tuple[Element, str, str | None]]:
    """Element, field and what it names as its node; None where it needs none."""
    named: list[tuple[Element, str, str | None]] = []
    for reach in network.reaches:
        named += [(reach, "start", reach.start), (reach, "end", reach.end)]
    for dam in network.dams:
        named += [(dam, "node", dam.node), (dam, "canal.end", dam.canal.end if dam.canal else None)]
    for abstraction in network.abstractions:
        named += [(abstraction, "node", abstraction.node), (abstraction, "return_to", abstraction.return_to)]
    named += [(sink, "end", sink.end) for sink in network.sinks]
    named += [(inflow, "node", inflow.node) for inflow in network.inflows]
    named += [(gauge, "node", gauge.node) for gauge in network.gauges]
    return named


def _gauges(network: Network) -> Iterator[tuple[Element, str]]:
    """Gauges that see nothing."""
    levelled = {dam.name: dam.levels is not None for dam in network.dams}
    dammed = {dam.node for dam in network.dams}
    for gauge in network.gauges:
        if gauge.of not in {Observed.RIVER, Observed.ARRIVING} and gauge.node not in dammed:
            yield gauge, f"observes the {gauge.of} of node {gauge.node!r}, which has no dam"
        if gauge.backwater_dam is None:
            continue
        if gauge.backwater_dam not in levelled:
            yield gauge, f"backwater_dam {gauge.backwater_dam!r} is no dam"
        elif not levelled[gauge.backwater_dam]:
            yield gauge, f"backwater_dam {gauge.backwater_dam!r} has no levels"
        if gauge.rating is None:
            yield gauge, "has a backwater_dam but no rating"


def _shared(elements: Sequence[Element], field: str, places: Sequence[str]) -> Iterator[tuple[Element, str]]:
    counts = Counter(places)
    for element, place in zip(elements, places, strict=True):
        if counts[place] > 1:
            yield element, f"{field} {place!r} has {counts[place]} of its kind, one is possible"


def _shape(network: Network) -> Iterator[tuple[Element, str]]:
    """Water that ends nowhere, parts without a dam, or runs in a circle."""
    down = Counter(reach.start for reach in network.reaches)
    for node in network.nodes:
        if node.outlet and down[node.name]:
            yield node, "is an outlet, yet a reach starts there"
        elif not node.outlet and not down[node.name]:
            yield node, "its water ends here: no reach starts there, and it is no outlet"
    for reach in network.reaches:
        if down[reach.start] > 1:
            said = f"{down[reach.start]} reaches start at {reach.start!r}"
            yield reach, f"{said}; a river parts only at a dam with a canal, or at a sink"
    yield from _loops(network)


def _ways(network: Network) -> dict[str, list[tuple[str, Element]]]:
    """Where water goes from each node, and by what; returns of abstractions may go up the river."""
    ways: dict[str, list[tuple[str, Element]]] = {node.name: [] for node in network.nodes}
    for reach in network.reaches:
        ways[reach.start].append((reach.end, reach))
    for dam in network.dams:
        if dam.canal is not None:
            ways[dam.node].append((dam.canal.end, dam))
    starts = {reach.name: reach.start for reach in network.reaches}
    for sink in network.sinks:
        if sink.end is not None:
            ways[starts[sink.reach]].append((sink.end, sink))
    return ways


def _loops(network: Network) -> Iterator[tuple[Element, str]]:
    """Nodes are peeled off from above and from below; what remains runs in circles, of which one is named."""
    ways = _ways(network)
    down = {node: {end for end, _ in found} for node, found in ways.items()}
    up: dict[str, set[str]] = {node: set() for node in ways}
    for node, ends in down.items():
        for end in ends:
            up[end].add(node)
    _peel(up, down)
    _peel(down, up)
    if not down:
        return
    node = min(down)
    walked: list[str] = []
    while node not in walked:
        walked.append(node)
        node = min(down[node])
    circle = [*walked[walked.index(node) :], node]
    element = next(element for end, element in ways[circle[0]] if end == circle[1])
    yield element, f"the river runs in a circle: {' → '.join(circle)}"


def _peel(edges: dict[str, set[str]], back: dict[str, set[str]]) -> None:
    """Take away nodes without edges, until each has one; ``back`` holds the same edges the other way round."""
    free = [node for node, ends in edges.items() if not ends]
    while free:
        node = free.pop()
        for other in back.pop(node):
            edges[other].discard(node)
            if not edges[other]:
                free.append(other)
        del edges[node]
