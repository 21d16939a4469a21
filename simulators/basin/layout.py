"""A network as index arrays: which way begins and ends where."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simulators.basin.cells import Cells, Way

if TYPE_CHECKING:
    from collections.abc import Iterable

    from simulators.basin.network import Network
    from simulators.basin.step import Floats

__all__ = ["Indices", "Layout", "collect"]

Indices = NDArray[np.intp]


def collect(places: Indices, values: Floats, size: int) -> Floats:
    """Sum of the values at each of ``size`` places, always added in the order of ``values``."""
    if not len(places):  # bincount would count in integers
        return np.zeros(size)
    return np.asarray(np.bincount(places, values, size), np.float64)


def _indices(numbers: Iterable[int]) -> Indices:
    return np.fromiter(numbers, np.intp)


def _numbers(numbers: Iterable[float]) -> Floats:
    return np.fromiter(numbers, np.float64)


class Layout:
    """Where water goes. The ways stand in the order: reaches, canals, conduits of sinks, returns.

    Attributes:
        cells: Of all ways.
        way_end: Node where each way ends.
        reach_start: Node where each reach starts.
        loss_share: Of each reach.
        seepage: Of each reach, m3/s.
        canals, conduits, returns: Slices of the ways.
        canal_dam: Dam of each canal.
        conduit_sink: Sink of each conduit.
        return_abstraction: Abstraction of each return.
        dam_node, sink_reach, abstraction_node, inflow_node: Where they are.
        canal_less: Dams whose outlet leads back into the river at once.
        sink_capacity: m3/s.
        return_share: Of each abstraction that returns something.
        outlets: Nodes where the basin ends.
        at_node: Catchments that drain to a node.
        catchment_node: That node.
        along: Catchments that drain along a reach.
        catchment_reach: That reach.
        mm_to_m3: Of each catchment, m3 in a millimetre on it.
        order: Nodes, each behind those above it.
    """

    def __init__(self, network: Network) -> None:
        node, reach = network.node, network.reach
        reaches, dams = network.reaches, network.dams
        diverting = [(column, dam.canal) for column, dam in enumerate(dams) if dam.canal is not None]
        rising = [(column, sink, sink.end) for column, sink in enumerate(network.sinks) if sink.end is not None]
        returning = [
            (column, taker, taker.return_to)
            for column, taker in enumerate(network.abstractions)
            if taker.return_to is not None
        ]
        ways = [Way(r.travel_min * 60.0, r.weight, r.reference_m3s) for r in reaches]
        ways += [Way(canal.travel_min * 60.0, canal.weight) for _, canal in diverting]
        ways += [Way(sink.travel_min * 60.0, sink.weight) for _, sink, _ in rising]
        ways += [Way(taker.return_min * 60.0, 0.0) for _, taker, _ in returning]
        ends = [r.end for r in reaches] + [canal.end for _, canal in diverting]
        ends += [end for _, _, end in rising] + [end for _, _, end in returning]
        self.cells = Cells(ways)
        self.way_end = _indices(node[end] for end in ends)
        first, second = len(reaches) + len(diverting), len(reaches) + len(diverting) + len(rising)
        self.canals, self.conduits = slice(len(reaches), first), slice(first, second)
        self.returns = slice(second, len(ways))
        self.reach_start = _indices(node[r.start] for r in reaches)
        self.loss_share = _numbers(r.loss_share for r in reaches)
        self.seepage = _numbers(r.seepage_m3s for r in reaches)
        self.canal_dam = _indices(column for column, _ in diverting)
        self.conduit_sink = _indices(column for column, _, _ in rising)
        self.return_abstraction = _indices(column for column, _, _ in returning)
        self.dam_node = _indices(node[dam.node] for dam in dams)
        self.canal_less = np.array([dam.canal is None for dam in dams], np.bool_)
        self.sink_reach = _indices(reach[sink.reach] for sink in network.sinks)
        self.sink_capacity = _numbers(sink.capacity_m3s for sink in network.sinks)
        self.abstraction_node = _indices(node[taker.node] for taker in network.abstractions)
        self.return_share = _numbers(taker.return_share for _, taker, _ in returning)
        self.inflow_node = _indices(node[inflow.node] for inflow in network.inflows)
        self.outlets = _indices(column for column, known in enumerate(network.nodes) if known.outlet)
        catchments = network.catchments
        self.at_node = _indices(column for column, c in enumerate(catchments) if c.into in node)
        self.catchment_node = _indices(node[c.into] for c in catchments if c.into in node)
        self.along = _indices(column for column, c in enumerate(catchments) if c.into in reach)
        self.catchment_reach = _indices(reach[c.into] for c in catchments if c.into in reach)
        self.mm_to_m3 = _numbers(c.area_km2 * 1_000.0 for c in catchments)
        self.order = self._ordered(len(network.nodes))

    def _ordered(self, nodes: int) -> list[int]:
        starts = np.concatenate(
            [self.reach_start, self.dam_node[self.canal_dam], self.reach_start[self.sink_reach[self.conduit_sink]]]
        )
        ways: list[list[int]] = [[] for _ in range(nodes)]
        above = [0] * nodes
        for start, end in zip(starts.tolist(), self.way_end[: len(starts)].tolist(), strict=True):
            ways[start].append(end)
            above[end] += 1
        free = [number for number in range(nodes) if not above[number]]
        ordered = []
        while free:
            here = free.pop()
            ordered.append(here)
            for end in ways[here]:
                above[end] -= 1
                if not above[end]:
                    free.append(end)
        return ordered
