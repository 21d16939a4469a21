"""Routing: what a wave does on its way."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from simulators.basin.cells import Cells, Way, cell_count
from simulators.basin.step import STEP_S, Floats


def route(way: Way, inflow: Floats, held: Floats | None = None) -> Floats:
    """Outflows of a way, m3 a step."""
    cells = Cells([way])
    held = np.zeros(len(cells.way)) if held is None else held.copy()
    out = []
    for volume in inflow:
        given = cells.outflows(held)
        cells.move(held, given, np.array([volume]))
        out.append(given[cells.last[0]])
    return np.array(out)


def pulse(way: Way, steps: int = 6_000) -> Floats:
    inflow = np.zeros(steps)
    inflow[0] = 1.0
    return route(way, inflow)


@pytest.mark.parametrize("travel_min", [5.0, 17.0, 60.0, 255.0, 900.0])
@pytest.mark.parametrize("weight", [0.0, 0.2, 0.35, 0.45, 0.5])
def test_a_pulse_arrives_whole_in_the_mean_after_the_travel_time(travel_min: float, weight: float) -> None:
    out = pulse(Way(travel_min * 60.0, weight))
    steps = np.arange(len(out))
    assert out.sum() == pytest.approx(1.0)
    assert (out * steps).sum() * STEP_S == pytest.approx(travel_min * 60.0, rel=1e-6)


@pytest.mark.parametrize(("travel_min", "weight"), [(60.0, 0.2), (255.0, 0.35), (900.0, 0.42), (900.0, 0.0)])
def test_its_spread_is_that_of_muskingum_as_near_as_whole_cells_allow(travel_min: float, weight: float) -> None:
    """Variance of n cells: K²/n − K·step; wanted: K²(1 − 2x); n − ½ and n + ½ would be farther off."""
    travel = travel_min * 60.0
    out = pulse(Way(travel, weight))
    times = np.arange(len(out)) * STEP_S
    variance = (out * (times - travel) ** 2).sum()
    count = cell_count(Way(travel, weight))
    assert variance == pytest.approx(travel * travel / count - travel * STEP_S, rel=1e-4)
    wanted = travel * travel * (1.0 - 2.0 * weight)
    sparser, denser = (travel * travel / (count + half) - travel * STEP_S for half in (-0.5, 0.5))
    assert denser <= wanted <= sparser


def test_a_weight_of_one_half_is_a_pure_lag() -> None:
    out = pulse(Way(3600.0, 0.5), 20)
    assert out.tolist() == [0.0] * 12 + [1.0] + [0.0] * 7


def test_a_cell_is_muskingums_scheme_where_it_is_explicit() -> None:
    """O' = C0·I' + C1·I + C2·O with x = step / 2k, so that C0 = 0."""
    k, x = 1500.0, STEP_S / 3000.0
    divisor = 2.0 * k * (1.0 - x) + STEP_S
    c0 = (STEP_S - 2.0 * k * x) / divisor
    c1 = (STEP_S + 2.0 * k * x) / divisor
    c2 = (2.0 * k * (1.0 - x) - STEP_S) / divisor
    inflow = np.random.default_rng(1).uniform(0.0, 10.0, 50)
    expected = [0.0]
    for before, now in itertools.pairwise(inflow):
        expected.append(c0 * now + c1 * before + c2 * expected[-1])
    assert c0 == 0.0
    assert cell_count(Way(k, 0.0)) == 1
    np.testing.assert_allclose(route(Way(k, 0.0), inflow), expected, rtol=1e-12)


@pytest.mark.parametrize("flow", [0.5, 4.0, 32.0])
def test_a_small_wave_is_the_faster_the_more_flow_it_rides_on(flow: float) -> None:
    """At the reference flow the stated time; at an eighth of it twice, at eight times half of it (Chézy)."""
    way = Way(7200.0, 0.3, reference_m3s=4.0)
    base = flow * STEP_S
    held = Cells([way]).steady(np.array([flow]))
    inflow = np.full(3_000, base)
    inflow[0] *= 1.001
    extra = route(way, inflow, held) - base
    mean = (extra * np.arange(len(extra))).sum() / extra.sum() * STEP_S
    assert mean == pytest.approx(7200.0 * (flow / 4.0) ** (-1.0 / 3.0), rel=0.01)


@pytest.mark.parametrize("reference", [None, 0.5, 40.0])
def test_a_steady_flow_stays_steady(reference: float | None) -> None:
    way = Way(4000.0, 0.25, reference)
    flow = np.full(200, 7.0 * STEP_S)
    out = route(way, flow, Cells([way]).steady(np.array([7.0])))
    np.testing.assert_allclose(out, flow, rtol=1e-6)


def test_a_flood_a_thousand_times_the_reference_moves_and_does_not_swing() -> None:
    way = Way(7200.0, 0.3, reference_m3s=0.05)
    inflow = np.concatenate([np.full(50, 0.05), np.full(100, 50.0)]) * STEP_S
    out = route(way, inflow)
    assert (np.diff(out) >= 0.0).all()
    assert out[-1] == pytest.approx(inflow[-1], rel=1e-6)


def test_ways_side_by_side_do_not_mix() -> None:
    ways = [Way(1200.0, 0.4), Way(3000.0, 0.0, 1.0), Way(300.0, 0.5)]
    cells = Cells(ways)
    assert cells.way.tolist() == [0, 0, 1, 2]
    held = np.zeros(4)
    for _ in range(40):
        cells.move(held, cells.outflows(held), np.array([0.0, 30.0, 0.0]))
    assert held[[0, 1, 3]].tolist() == [0.0] * 3
    assert held[2] > 0.0
