"""A basin: its elements together, checked; immutable."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from hydro.errors import ConfigError
from simulators.basin.check import mistakes_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from simulators.basin.elements import (
        Abstraction,
        Catchment,
        Dam,
        Element,
        Gauge,
        Inflow,
        Node,
        Reach,
        Sink,
    )

__all__ = ["Network", "NetworkError"]


class NetworkError(ConfigError):
    """A basin that can't be: a loop, a reach without an end, a negative rate.

    Attributes:
        mistakes: All of them, each "place: kind 'name': what".
    """

    def __init__(self, mistakes: tuple[str, ...]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


@dataclass(frozen=True, kw_only=True)
class Network:
    """Elements of a basin. Columns of all arrays stand in the order of these tuples.

    Attributes:
        nodes: Points of the river; each has one reach down or is an outlet.
        reaches: Stretches between them.
        catchments: Where runoff comes from.
        dams: At most one at a node.
        sinks: At most one on a reach.
        abstractions: Where water is taken.
        inflows: Where water comes in from outside.
        gauges: Where it is observed.
        zone_minutes: Local time of seasons, of showers, of peaking and of weekends.

    Raises:
        NetworkError: The elements contradict each other; holds all mistakes.
    """

    nodes: tuple[Node, ...]
    reaches: tuple[Reach, ...] = ()
    catchments: tuple[Catchment, ...] = ()
    dams: tuple[Dam, ...] = ()
    sinks: tuple[Sink, ...] = ()
    abstractions: tuple[Abstraction, ...] = ()
    inflows: tuple[Inflow, ...] = ()
    gauges: tuple[Gauge, ...] = ()
    zone_minutes: int = 480

    def __post_init__(self) -> None:
        if mistakes := mistakes_of(self):
            raise NetworkError(mistakes)

    @cached_property
    def node(self) -> Mapping[str, int]:
        """Column of each node."""
        return columns(self.nodes)

    @cached_property
    def reach(self) -> Mapping[str, int]:
        """Column of each reach."""
        return columns(self.reaches)

    @cached_property
    def catchment(self) -> Mapping[str, int]:
        """Column of each catchment."""
        return columns(self.catchments)

    @cached_property
    def dam(self) -> Mapping[str, int]:
        """Column of each dam."""
        return columns(self.dams)

    @cached_property
    def sink(self) -> Mapping[str, int]:
        """Column of each sink."""
        return columns(self.sinks)

    @cached_property
    def abstraction(self) -> Mapping[str, int]:
        """Column of each abstraction."""
        return columns(self.abstractions)

    @cached_property
    def inflow(self) -> Mapping[str, int]:
        """Column of each inflow."""
        return columns(self.inflows)

    @cached_property
    def gauge(self) -> Mapping[str, int]:
        """Column of each gauge."""
        return columns(self.gauges)

    def below(self, node: str) -> Mapping[str, float]:
        """Nodes that water from ``node`` reaches, with the shortest travel time to each at reference flow, minutes.

        Storage behind dams is not counted: it has no travel time. ``node`` itself stands first, with 0.

        Args:
            node: Name of a node.

        Raises:
            KeyError: No such node.
        """
        ways: dict[str, list[tuple[str, float]]] = {known.name: [] for known in self.nodes}
        for reach in self.reaches:
            ways[reach.start].append((reach.end, reach.travel_min))
        for dam in self.dams:
            if dam.canal is not None:
                ways[dam.node].append((dam.canal.end, dam.canal.travel_min))
        length = {reach.name: reach for reach in self.reaches}
        for sink in self.sinks:
            if sink.end is not None:
                reach = length[sink.reach]
                ways[reach.start].append((sink.end, reach.travel_min + sink.travel_min))
        if node not in ways:
            raise KeyError(node)
        found = {node: 0.0}
        waiting = [node]
        while waiting:
            here = waiting.pop()
            for there, minutes in ways[here]:
                if found[here] + minutes < found.get(there, float("inf")):
                    found[there] = found[here] + minutes
                    waiting.append(there)
        return found


def columns(elements: Iterable[Element]) -> dict[str, int]:
    """Column of each element by its name."""
    return {element.name: column for column, element in enumerate(elements)}
