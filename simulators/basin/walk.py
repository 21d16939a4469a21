"""The steps of channels and dams, one after the other.

One step::

    1  every cell gives away what it has to (simulators.basin.cells); losses and sinks take their part at the ends
    2  nodes add up: ways, runoff, inflows
    3  abstractions take, as far as there is something
    4  dams release, generate, spill; all other nodes pass on what is left
    5  the ways take in

No quantity of a step depends on another place's quantity of the same step, but through step 2; so nodes need no order,
and a step is a few dozen operations on arrays, however long the river is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulators.basin.layout import collect
from simulators.basin.step import STEP_S

if TYPE_CHECKING:
    from simulators.basin.dams import Dams, Due, Ponds
    from simulators.basin.layout import Indices, Layout
    from simulators.basin.step import Floats

__all__ = ["Course", "Given", "walk"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Given:
    """What comes from outside in the steps; a row a step, m3/s.

    Attributes:
        runoff: Of the catchments.
        inflows: At the points of inflow.
        wanted: By abstractions.
        sinks: What each sink can swallow.
        due: What dams have to do.
    """

    runoff: Floats
    inflows: Floats
    wanted: Floats
    sinks: Floats
    due: Due


class Course:
    """What happened in the steps; a row a step, m3/s but ``stored_m3``; attributes as of `Flows`."""

    def __init__(self, layout: Layout, steps: int) -> None:
        nodes, reaches, dams = len(layout.order), len(layout.reach_start), len(layout.dam_node)
        takers = len(layout.abstraction_node)
        self.arriving = np.empty((steps, nodes))
        self.river = np.empty((steps, nodes))
        self.taken = np.empty((steps, takers))
        self.returned = np.zeros((steps, takers))
        self.lateral = np.empty((steps, reaches))
        self.lost = np.empty((steps, reaches))
        self.sunk = np.empty((steps, len(layout.sink_reach)))
        self.stored_m3 = np.empty((steps, dams))
        self.released = np.empty((steps, dams))
        self.turbined = np.empty((steps, dams))
        self.spilled = np.empty((steps, dams))


def walk(layout: Layout, dams: Dams, held: Floats, ponds: Ponds, given: Given) -> tuple[Floats, Ponds, Course]:
    """Some steps.

    Args:
        layout: Of the network.
        dams: Of the network.
        held: Water under way, m3 a cell; not changed.
        ponds: State of the dams.
        given: From outside.

    Returns:
        Water under way and state of the dams at the end, and what happened.
    """
    held = held.copy()
    course = Course(layout, len(given.runoff))
    for step in range(len(given.runoff)):
        outflows = layout.cells.outflows(held)
        ending = _end(layout, outflows[layout.cells.last], given, course, step)
        yielded = given.runoff[step] * STEP_S
        come = collect(layout.way_end, ending, len(layout.order))
        come += collect(layout.catchment_node, yielded[layout.at_node], len(come))
        come += collect(layout.inflow_node, given.inflows[step] * STEP_S, len(come))
        there = come.copy()
        there[layout.dam_node] += np.maximum(ponds.stored - dams.dead, 0.0)
        share, used = _take(given.wanted[step] * STEP_S, layout.abstraction_node, there)
        np.multiply(given.wanted[step], share, out=course.taken[step])
        left = np.maximum(come - used, 0.0)
        ponds, operation = dams.operate(ponds, come[layout.dam_node], used[layout.dam_node], given.due, step)
        beside = np.where(layout.canal_less, operation.turbined, 0.0)
        left[layout.dam_node] = operation.released + operation.spilled + beside
        entering = np.empty(len(ending))
        entering[: len(layout.reach_start)] = left[layout.reach_start]
        entering[layout.canals] = operation.turbined[layout.canal_dam]
        entering[layout.conduits] = course.sunk[step, layout.conduit_sink]
        entering[layout.returns] = (course.taken[step] * STEP_S)[layout.return_abstraction] * layout.return_share
        layout.cells.move(held, outflows, entering)
        _rain_in(layout, held, yielded, course.lateral[step])
        course.arriving[step], course.river[step] = come, left
        course.stored_m3[step] = ponds.stored
        course.released[step], course.spilled[step] = operation.released, operation.spilled
        course.turbined[step] = operation.turbined
    for rates in (course.arriving, course.river, course.returned, course.lateral, course.lost):
        np.divide(rates, STEP_S, out=rates)
    for rates in (course.sunk, course.released, course.turbined, course.spilled):
        np.divide(rates, STEP_S, out=rates)
    return held, ponds, course


def _end(layout: Layout, ending: Floats, given: Given, course: Course, step: int) -> Floats:
    """What arrives at the ends of the ways, m3, after reaches and sinks have taken their part."""
    on_reaches = ending[: len(layout.reach_start)]  # a view: what is taken from it is taken from ``ending``
    lost = course.lost[step]
    np.multiply(on_reaches, layout.loss_share, out=lost)
    lost += np.minimum(layout.seepage * STEP_S, on_reaches - lost)
    np.maximum(on_reaches - lost, 0.0, out=on_reaches)  # rounding may leave less than nothing
    sunk = course.sunk[step]
    np.minimum(given.sinks[step] * STEP_S, on_reaches[layout.sink_reach], out=sunk)
    on_reaches[layout.sink_reach] -= sunk
    course.returned[step, layout.return_abstraction] = ending[layout.returns]
    return ending


def _rain_in(layout: Layout, held: Floats, yielded: Floats, lateral: Floats) -> None:
    """Lateral inflow, evenly over the cells of its reach; in place."""
    if not len(layout.along):
        lateral[:] = 0.0
        return
    lateral[:] = collect(layout.catchment_reach, yielded[layout.along], len(lateral))
    cells = int(layout.cells.last[len(lateral) - 1]) + 1  # those of the reaches come first
    held[:cells] += (lateral / layout.cells.counts[: len(lateral)])[layout.cells.way[:cells]]


def _take(wanted: Floats, places: Indices, there: Floats) -> tuple[Floats, Floats]:
    """Share that each abstraction gets of what it wants, and what they get together at each node, m3.

    Where they want more than there is, each gets the same share.
    """
    total = collect(places, wanted, len(there))
    used = np.minimum(total, there)
    share = np.divide(used, total, out=np.ones_like(total), where=total > there)
    return share[places], used
