"""The river in a steady flow: where a simulation begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from simulators.basin.layout import collect

if TYPE_CHECKING:
    from simulators.basin.dams import Dams, Ponds
    from simulators.basin.layout import Layout
    from simulators.basin.step import Floats

__all__ = ["Steady", "steady_flows"]


class Steady(NamedTuple):
    """Flows through all ways, m3/s, and the state of the dams."""

    ways: Floats
    ponds: Ponds


def steady_flows(layout: Layout, dams: Dams, runoff: Floats, inflows: Floats, at: int, zone_minutes: int) -> Steady:
    """Flows that pass everything on: nothing is taken, nothing is stored.

    Args:
        layout: The network.
        dams: Its dams.
        runoff: Of the catchments, m3/s.
        inflows: From outside, m3/s.
        at: Instant that gives the month, epoch milliseconds.
        zone_minutes: Local time.
    """
    nodes = len(layout.order)
    reaches = len(layout.reach_start)
    come = collect(layout.catchment_node, runoff[layout.at_node], nodes)
    come += collect(layout.inflow_node, inflows, nodes)
    aside = collect(layout.catchment_reach, runoff[layout.along], reaches)
    ways = np.zeros(len(layout.way_end))
    down = dict(zip(layout.reach_start.tolist(), range(reaches), strict=True))
    dam_at = dict(zip(layout.dam_node.tolist(), range(len(layout.dam_node)), strict=True))
    canal_of = {dam: layout.canals.start + number for number, dam in enumerate(layout.canal_dam.tolist())}
    sink_on = dict(zip(layout.sink_reach.tolist(), range(len(layout.sink_reach)), strict=True))
    conduit_of = {sink: layout.conduits.start + number for number, sink in enumerate(layout.conduit_sink.tolist())}
    at_dams = np.zeros(len(layout.dam_node))
    release = dams.releases_at(at, zone_minutes)
    for node in layout.order:
        flow = float(come[node])
        if node in dam_at:
            dam = dam_at[node]
            at_dams[dam] = flow
            if dam in canal_of:
                diverted = dams.steady_diversion(dam, flow, float(release[dam]))
                ways[canal_of[dam]] = diverted
                come[layout.way_end[canal_of[dam]]] += diverted
                flow -= diverted
        if node not in down:
            continue
        reach = down[node]
        flow += float(aside[reach])
        ways[reach] = flow
        flow -= flow * float(layout.loss_share[reach])
        flow -= min(float(layout.seepage[reach]), flow)
        if reach in sink_on:
            swallowed = min(float(layout.sink_capacity[sink_on[reach]]), flow)
            flow -= swallowed
            if sink_on[reach] in conduit_of:
                conduit = conduit_of[sink_on[reach]]
                ways[conduit] = swallowed
                come[layout.way_end[conduit]] += swallowed
        come[layout.way_end[reach]] += flow
    return Steady(ways, dams.steady(at_dams, release))
