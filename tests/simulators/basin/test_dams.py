"""Dams: who is served first, what a plant's day looks like, what a cut does."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hydro.instants import HOUR_MS
from simulators.basin import (
    Actions,
    Canal,
    Curve,
    Dam,
    Flows,
    Gauge,
    Inflow,
    Network,
    Node,
    Observed,
    Outlet,
    Reach,
    River,
    basin_curve,
)
from tests.simulators.basin.networks import DAY, START

if TYPE_CHECKING:
    from simulators.basin.step import Floats

TURBINES = Outlet(most_m3s=6.0)
PEAKS = (0.3,) * 8 + (1.7,) * 4 + (0.5,) * 5 + (2.5,) * 5 + (0.3,) * 2
LAKE = Dam(name="d", node="a", full_m3=300_000.0, levels=basin_curve(300_000.0, 900.0, 880.0), release_m3s=0.5)
DIVERSION = Dam(name="d", node="a", release_m3s=0.5, outlet=TURBINES, canal=Canal(end="b", travel_min=10.0))


def run(dam: Dam, inflow: float | Floats, days: int = 1, before: int = 0, **actions: Floats) -> Flows:
    """A dam with a steady or a given inflow, after some days to settle."""
    network = Network(
        nodes=(Node(name="a"), Node(name="b", outlet=True)),
        reaches=(Reach(name="ab", start="a", end="b", travel_min=60.0, weight=0.5),),
        dams=(dam,),
        inflows=(Inflow(name="i", node="a"),),
        gauges=tuple(Gauge(name=seen, node="a", of=seen) for seen in Observed),
    )
    river = River(network, seed=1)
    course = np.full((days * DAY, 1), inflow) if isinstance(inflow, float) else inflow.reshape(-1, 1)
    state = river.initial(START, inflows=course[0])
    if before:
        state, _ = river.advance(state, before * DAY, Actions(inflows=np.repeat(course[:1], before * DAY, axis=0)))
    _, flows = river.advance(state, len(course), Actions(inflows=course, **actions))
    return flows


def test_the_release_is_served_before_the_turbines() -> None:
    flows = run(DIVERSION, np.array([2.0, 0.7, 0.4, 0.0]))
    assert flows.released[:, 0].tolist() == pytest.approx([0.5, 0.5, 0.4, 0.0])
    assert flows.turbined[:, 0].tolist() == pytest.approx([1.5, 0.2, 0.0, 0.0])


def test_a_diversion_plant_has_two_sections() -> None:
    """The dam section never sees generation; below the tailrace the river is whole again.

    ::

        inflow 3.0 ─▶ dam ── 0.5 ─ dewatered ─ 0.5 ─▶ ┬ 3.0
                       └──── 2.5 ─ canal ───── 2.5 ─▶ ┘
    """
    flows = run(DIVERSION, 3.0)
    assert flows.river[-1, 0] == pytest.approx(0.5)
    assert flows.turbined[-1, 0] == pytest.approx(2.5)
    assert flows.arriving[-1, 1] == pytest.approx(3.0)


def test_a_cut_release_is_generated_and_the_dewatered_reach_lacks_it() -> None:
    share = np.ones((DAY, 1))
    share[100:150] = 0.4
    flows = run(DIVERSION, 3.0, release_share=share)
    assert flows.river[99:151, 0].tolist() == pytest.approx([0.5] + [0.2] * 50 + [0.5])
    assert flows.turbined[99:151, 0].tolist() == pytest.approx([2.5] + [2.8] * 50 + [2.5])


def test_what_the_turbines_cannot_take_goes_over_the_crest() -> None:
    flows = run(DIVERSION, 9.0, days=2)
    assert flows.turbined[-1, 0] == pytest.approx(6.0)
    assert flows.spilled[-1, 0] == pytest.approx(2.5)
    assert flows.river[-1, 0] == pytest.approx(3.0)


def test_turbines_stand_below_their_least_flow_and_start_again_above_it() -> None:
    dam = replace(DIVERSION, spill_min=0.0, outlet=replace(TURBINES, least_m3s=1.0))
    flows = run(dam, np.array([2.0, 1.4, 1.6, 1.8, 1.55, 1.4]))
    assert flows.turbined[:, 0].tolist() == pytest.approx([1.5, 0.0, 0.0, 1.3, 1.05, 0.0])
    assert flows.river[:, 0].tolist() == pytest.approx([0.5, 1.4, 1.6, 0.5, 0.5, 1.4])


def test_a_peaking_plant_follows_its_hours_and_passes_the_days_inflow_on() -> None:
    flows = run(replace(LAKE, outlet=replace(TURBINES, hours=PEAKS)), 2.5, days=3, before=10)
    turbined = flows.turbined[:, 0].reshape(3, 24, 12).mean(axis=2)
    assert turbined[-1, 17:22].min() > 4.0 * turbined[-1, 0:8].max()
    out = flows.river[:, 0].reshape(3, DAY).mean(axis=1)
    assert out == pytest.approx(np.full(3, 2.5), rel=0.02)
    assert flows.level_m.min() > 880.0
    assert flows.released.min() == pytest.approx(0.5)


def test_a_day_of_a_week_is_a_weekend_in_local_time() -> None:
    """2026-05-01 is a Friday in +08:00."""
    flows = run(replace(LAKE, outlet=replace(TURBINES, weekend=0.5)), 2.5, days=4, before=7)
    days = flows.turbined[:, 0].reshape(4, DAY)[:, :3].mean(axis=1)  # just behind midnight
    assert days[1] / days[0] == pytest.approx(0.5, abs=0.12)
    assert days[3] / days[2] > 1.5


def test_operators_may_set_the_flow_and_the_rule_takes_over_again() -> None:
    set_flow = np.full((DAY, 1), np.nan)
    set_flow[50:60] = 0.0
    set_flow[60:70] = 5.0
    flows = run(replace(LAKE, outlet=TURBINES), 2.5, before=10, generation=set_flow)
    assert flows.turbined[50:70, 0].tolist() == [0.0] * 10 + [5.0] * 10
    assert flows.turbined[70, 0] < 3.0


def test_a_ramp_bounds_the_change() -> None:
    outlet = replace(TURBINES, hours=PEAKS, ramp_m3s_h=1.2)
    flows = run(replace(LAKE, outlet=outlet), 2.5, days=2, before=2)
    assert np.abs(np.diff(flows.turbined[:, 0])).max() == pytest.approx(0.1)


def test_an_empty_reservoir_gives_no_more_than_comes() -> None:
    dam = replace(LAKE, dead_m3=100_000.0, release_m3s=1.0, outlet=replace(TURBINES, keep=0.0, gain=0.0))
    flows = run(dam, np.concatenate([np.full(10, 2.0), np.full(60 * DAY, 0.3)]))
    assert flows.stored_m3[-1, 0] == pytest.approx(100_000.0)
    assert flows.river[-1, 0] == pytest.approx(0.3)
    assert flows.released[-1, 0] == pytest.approx(0.3)


def test_a_flood_fills_the_reservoir_and_spills_later_and_lower() -> None:
    inflow = np.full(3 * DAY, 1.0)
    inflow[50:80] = 40.0
    flows = run(LAKE, inflow)
    assert flows.spilled[:50].max() == 0.0
    assert flows.spilled.max() < 40.0
    assert int(flows.spilled[:, 0].argmax()) >= 79
    assert flows.level_m.max() > 900.0


def test_months_have_releases_of_their_own() -> None:
    """The step that ends at 00:00 of 1 May is still April's."""
    months = (0.1,) * 4 + (0.9,) * 8
    network_day = run(replace(DIVERSION, release_m3s=months), 3.0)
    assert network_day.released[0, 0] == pytest.approx(0.9)
    river = River(
        Network(
            nodes=(Node(name="a"), Node(name="b", outlet=True)),
            reaches=(Reach(name="ab", start="a", end="b", travel_min=60.0),),
            dams=(replace(DIVERSION, release_m3s=months),),
            inflows=(Inflow(name="i", node="a"),),
        ),
        seed=1,
    )
    start = START - HOUR_MS
    _, flows = river.advance(river.initial(start, inflows=np.array([3.0])), 13, Actions(inflows=np.full((13, 1), 3.0)))
    assert flows.at[11] == START
    assert flows.released[:, 0].tolist() == pytest.approx([0.1] * 12 + [0.9])


def test_gauges_see_what_they_are_told_to_see() -> None:
    flows = run(DIVERSION, 9.0, days=2)
    seen = dict(zip(Observed, (flows.gauge_discharge[-1] / 1e6).tolist(), strict=True))
    assert seen == pytest.approx(
        {
            Observed.RIVER: 3.0,
            Observed.ARRIVING: 9.0,
            Observed.GENERATION: 6.0,
            Observed.RELEASE: 0.5,
            Observed.SPILL: 2.5,
        },
        abs=1e-6,
    )


def test_a_reservoir_downstream_drowns_a_gauge() -> None:
    """At level 880 m the rating holds, near the crest the pool does."""
    rating = Curve(((0.0, 0.0), (10.0, 1.0)))
    network = Network(
        nodes=(Node(name="up"), Node(name="a", outlet=True)),
        reaches=(Reach(name="r", start="up", end="a", travel_min=30.0),),
        dams=(replace(LAKE, release_m3s=0.0),),
        inflows=(Inflow(name="i", node="up"),),
        gauges=(Gauge(name="g", node="up", rating=rating, backwater_dam="d", datum_m=899.0),),
    )
    river = River(network, seed=1)
    steps = 5 * DAY
    _, flows = river.advance(river.initial(START, inflows=np.ones(1)), steps, Actions(inflows=np.ones((steps, 1))))
    assert flows.gauge_stage[0, 0] == 100_000
    assert flows.gauge_stage[-1, 0] > 900_000
    assert flows.gauge_discharge[-1, 0] == 1_000_000
