"""What happens in a scenario: orders at structures, faults, outages, chance, and the story that is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hydro.quantity import QUANTITIES, Quantity
from simulators.basin.step import STEP_MS
from simulators.devices import BY_CHANCE, Cause, Chance, Fault, FaultKind, Outage
from simulators.devices.failing import mistakes_of
from simulators.scenario.filling import fill
from simulators.scenario.mistakes import near, shown
from simulators.scenario.model import Chapter
from simulators.scenario.orders import Order, OrderKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulators.scenario.build import Build
    from simulators.scenario.entry import Entry

__all__ = ["read_events"]

_VALUES: Final = {OrderKind.RELEASE: "share", OrderKind.GENERATION: "m3s", OrderKind.SINK: "share"}
_USUAL: Final = "usual"
_MOST_TIMES: Final = 4000


def read_events(root: Entry, build: Build) -> None:
    """``orders``, ``faults``, ``outages``, ``chances``, ``story``.

    Args:
        root: The scenario.
        build: Where they go; basin, stations and gateways are there.
    """
    dams, sinks = [dam.name for dam in build.dams], [sink.name for sink in build.sinks]
    for entry in root.listed("orders"):
        kinds = [kind for kind in OrderKind if entry.has(kind.value)]
        for kind in OrderKind:
            entry.ask(kind.value)
        if len(kinds) != 1:
            entry.wrong("", f"needs one of {', '.join(OrderKind)}, with the name of the dam or sink")
            continue
        element = entry.known(kinds[0].value, sinks if kinds[0] is OrderKind.SINK else dams, f"{_of(kinds[0])}")
        value = entry.number(_VALUES[kinds[0]], least=0.0)
        if kinds[0] is OrderKind.RELEASE and value > 1.0:
            entry.wrong("share", f"{value:g} is above 1; a dam gives at most what is due")
        if element:
            build.orders += [
                Order(kind=kinds[0], element=element, value=value, start=first, end=last)
                for first, last in _times(entry)
            ]
        entry.done()
    _faults(root, build)
    _outages(root, build)
    _chances(root, build)
    for entry in root.listed("story"):
        build.story.append(Chapter(entry.time("at"), entry.texts("tell")))
        entry.done()


def _of(kind: OrderKind) -> str:
    return "sink" if kind is OrderKind.SINK else "dam"


def _times(entry: Entry) -> Iterator[tuple[int, int]]:
    """Intervals of an event: once, or ``times`` with ``every`` between their beginnings."""
    first, last = entry.interval()
    every = entry.duration("every", 0)
    times = entry.whole("times", 0, least=0, most=_MOST_TIMES)
    if not every:
        if times:
            entry.wrong("times", "needs `every`: how long from one to the next")
        yield first, last
        return
    if every % STEP_MS:
        entry.wrong("every", "is no multiple of five minutes")
        return
    if not times:
        times = min(max(-(-(entry.reading.end - first) // every), 1), _MOST_TIMES)
    for number in range(times):
        yield first + number * every, last + number * every


def _faults(root: Entry, build: Build) -> None:
    for entry in root.listed("faults"):
        kind = entry.choice("kind", FaultKind)
        if kind is None and not entry.has("kind"):
            entry.missing("kind", f": {', '.join(FaultKind)}")
        station = entry.known("station", build.devices, "station")
        name = entry.text("quantity", "")
        quantity: Quantity | None = QUANTITIES.get(name)
        if name and quantity is None:
            entry.wrong("quantity", f"{shown(name)} is no quantity{near(name, QUANTITIES)}")
        size, cause = entry.number("size", 0.0), entry.text("cause", "")
        intervals = list(_times(entry))
        entry.done()
        if kind is None or not station or (name and quantity is None):
            continue
        found = [Fault(kind, station, first, last, quantity, size, cause) for first, last in intervals]
        for what in {what for fault in found[:1] for what in mistakes_of(fault, build.devices[station])}:
            entry.wrong("", what)
        build.faults += found


def _outages(root: Entry, build: Build) -> None:
    for entry in root.listed("outages"):
        gateway = entry.known("gateway", build.gateways, "gateway")
        cause = entry.choice("cause", Cause, Cause.NETWORK) or Cause.NETWORK
        intervals = list(_times(entry))
        entry.done()
        if gateway:
            build.outages += [Outage(gateway, first, last, cause) for first, last in intervals]


def _chances(root: Entry, build: Build) -> None:
    """``chances``: the word ``usual``, or by kind of fault."""
    if not root.has("chances"):
        root.ask("chances")
        return
    if root.is_word("chances", _USUAL):
        build.chances = dict(BY_CHANCE)
        return
    found: dict[FaultKind, Chance] = {}
    entry = root.entry("chances")
    for one in [] if entry is None else root.entries("chances"):
        try:
            kind = FaultKind(one.name)
        except ValueError:
            one.wrong("", f"{shown(one.name)} is no kind of fault{near(one.name, FaultKind)}")
            continue
        usual = BY_CHANCE.get(kind, Chance(0.0, 60.0))
        found[kind] = fill(one, Chance, usual, quantities=usual.quantities, causes=usual.causes)
        if min(found[kind].per_year, found[kind].mean_min) < 0.0:
            one.wrong("", "a rate is negative")
        one.done()
    build.chances = found
