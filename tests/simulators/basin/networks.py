"""Basins for tests: one with everything in it, and random ones."""

from __future__ import annotations

from hypothesis import strategies as st

from simulators.basin import (
    Abstraction,
    Canal,
    Catchment,
    Dam,
    Gauge,
    Inflow,
    Network,
    Node,
    Outlet,
    Reach,
    Sink,
    basin_curve,
    power_curve,
)

__all__ = ["DAY", "START", "random_networks", "small_basin"]

START = 1_777_564_800_000
"""2026-05-01T00:00:00+08:00."""

DAY = 288


def small_basin() -> Network:
    """A basin with one of everything.

    ::

        head ─(brook)─▶ lake ═dam═ ─▶ weir ─┬─(dewatered)─▶ foot ─(karst)─▶ town ─▶ mouth
                                            └── canal ─────▶ tail ─▶ town      │
                                                       (sink) ······▶ mouth    └ abstraction, returns to the mouth
    """
    return Network(
        nodes=(
            Node(name="head"),
            Node(name="lake"),
            Node(name="weir"),
            Node(name="foot"),
            Node(name="tail"),
            Node(name="town"),
            Node(name="mouth", outlet=True),
        ),
        reaches=(
            Reach(name="brook", start="head", end="lake", travel_min=60.0),
            Reach(name="below lake", start="lake", end="weir", travel_min=45.0, reference_m3s=2.0),
            Reach(name="dewatered", start="weir", end="foot", travel_min=50.0, loss_share=0.02),
            Reach(name="karst", start="foot", end="town", travel_min=30.0, seepage_m3s=0.01),
            Reach(name="tailrace", start="tail", end="town", travel_min=20.0, weight=0.4),
            Reach(name="lower", start="town", end="mouth", travel_min=120.0, weight=0.2, reference_m3s=3.0),
        ),
        catchments=(
            Catchment(name="hills", area_km2=40.0, into="head"),
            Catchment(name="slopes", area_km2=25.0, into="below lake", x_km=5.0),
            Catchment(name="plain", area_km2=60.0, into="lower", x_km=14.0, y_km=3.0),
        ),
        dams=(
            Dam(
                name="lake dam",
                node="lake",
                full_m3=400_000.0,
                dead_m3=50_000.0,
                levels=basin_curve(400_000.0, 850.0, 830.0),
                release_m3s=0.15,
                outlet=Outlet(most_m3s=4.0, least_m3s=0.2, hours=(0.4,) * 17 + (2.5,) * 5 + (0.4,) * 2),
            ),
            Dam(
                name="plant",
                node="weir",
                release_m3s=(0.2,) * 4 + (0.4,) * 4 + (0.2,) * 4,
                outlet=Outlet(most_m3s=3.0, least_m3s=0.1),
                canal=Canal(end="tail", travel_min=15.0),
            ),
        ),
        sinks=(Sink(name="hole", reach="karst", capacity_m3s=0.05, end="mouth", travel_min=600.0),),
        abstractions=(
            Abstraction(name="lake works", node="lake"),
            Abstraction(name="town works", node="town", return_share=0.8, return_to="mouth", return_min=90.0),
        ),
        inflows=(Inflow(name="spring", node="foot"),),
        gauges=(
            Gauge(name="weir", node="weir", rating=power_curve(4.0, 1.5, 60.0, 0.1)),
            Gauge(name="mouth", node="mouth"),
        ),
    )


def _reach(draw: st.DrawFn, name: str, start: str, end: str) -> Reach:
    return Reach(
        name=name,
        start=start,
        end=end,
        travel_min=draw(st.floats(5.0, 400.0)),
        weight=draw(st.floats(0.0, 0.5)),
        reference_m3s=draw(st.none() | st.floats(0.01, 50.0)),
        loss_share=draw(st.sampled_from([0.0, 0.0, 0.1, 1.0])),
        seepage_m3s=draw(st.sampled_from([0.0, 0.0, 0.05])),
    )


def _dam(draw: st.DrawFn, name: str, node: str, tail: str | None) -> Dam:
    full = draw(st.sampled_from([0.0, 3_000.0, 200_000.0]))
    outlet = Outlet(
        most_m3s=draw(st.floats(0.0, 5.0)),
        hours=tuple(draw(st.lists(st.floats(0.1, 5.0), min_size=24, max_size=24))),
        follow_h=draw(st.floats(0.01, 48.0)),
        ramp_m3s_h=draw(st.none() | st.floats(0.1, 10.0)),
    )
    return Dam(
        name=name,
        node=node,
        full_m3=full,
        dead_m3=full * draw(st.sampled_from([0.0, 0.3, 1.0])),
        release_m3s=draw(st.floats(0.0, 1.0)),
        spill_min=draw(st.floats(0.0, 60.0)),
        outlet=outlet,
        canal=None if tail is None else Canal(end=tail, travel_min=draw(st.floats(5.0, 60.0))),
    )


@st.composite
def random_networks(draw: st.DrawFn) -> Network:
    """Trees of up to nine nodes (each flows to one of a lower number), with anything on them."""
    count = draw(st.integers(1, 9))
    ends = [draw(st.integers(0, number - 1)) if number else -1 for number in range(count)]
    names = [f"n{number}" for number in range(count)]
    reaches = tuple(_reach(draw, f"r{n}", names[n], names[ends[n]]) for n in range(1, count))
    below = st.integers(0, count - 1)
    dams = []
    for number in draw(st.sets(below, max_size=3)):
        tail = names[draw(st.integers(0, number - 1))] if number and draw(st.booleans()) else None
        dams.append(_dam(draw, f"d{number}", names[number], tail))
    sinks = []
    for number in draw(st.sets(st.integers(1, count - 1), max_size=2)) if count > 1 else ():
        end = names[draw(st.integers(0, number - 1))] if draw(st.booleans()) else None
        capacity = draw(st.floats(0.0, 2.0))
        sinks.append(Sink(name=f"s{number}", reach=f"r{number}", capacity_m3s=capacity, end=end))
    takers = [
        Abstraction(
            name=f"a{number}",
            node=names[draw(below)],
            return_share=draw(st.floats(0.0, 1.0)),
            return_to=names[draw(below)],
        )
        for number in range(draw(st.integers(0, 3)))
    ]
    places = [*names, *(reach.name for reach in reaches)]
    catchments = tuple(
        Catchment(
            name=f"c{number}",
            area_km2=draw(st.floats(0.1, 200.0)),
            into=draw(st.sampled_from(places)),
            x_km=draw(st.floats(-50.0, 50.0)),
            y_km=draw(st.floats(-50.0, 50.0)),
        )
        for number in range(draw(st.integers(0, 4)))
    )
    return Network(
        nodes=tuple(Node(name=name, outlet=not number) for number, name in enumerate(names)),
        reaches=reaches,
        catchments=catchments,
        dams=tuple(dams),
        sinks=tuple(sinks),
        abstractions=tuple(takers),
        inflows=(Inflow(name="i", node=names[draw(below)]),),
        gauges=tuple(Gauge(name=name, node=name, rating=power_curve(2.0, 2.0, 50.0)) for name in names),
    )
