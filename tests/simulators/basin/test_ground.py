"""Runoff: rain, recession, thirst."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from simulators.basin import Catchment, Ground
from simulators.basin.ground import Grounds, Wetness

if TYPE_CHECKING:
    from simulators.basin.step import Floats

STEP = 300.0


def grounds(**changed: float) -> Grounds:
    return Grounds([Catchment(name="k", area_km2=1.0, into="a", ground=Ground(**changed))])


def wet(soil: float = 0.0, upper: float = 0.0, slow: float = 0.0) -> Wetness:
    return Wetness(np.array([soil]), np.array([upper]), np.array([0.0]), np.array([slow]))


def steps(count: int, first: float = 0.0) -> Floats:
    rain = np.zeros((count, 1))
    rain[0] = first
    return rain


def test_base_flow_recedes_with_the_slow_stores_time() -> None:
    """Without rain and thirst flow falls by e in ``slow_d`` days."""
    _, out = grounds(slow_d=20.0).run(wet(slow=50.0), steps(40 * 288), np.zeros(40 * 288), STEP)
    flow = out.river[:, 0]
    assert flow[20 * 288] / flow[0] == pytest.approx(np.exp(-1.0), rel=1e-3)
    assert flow[39 * 288] / flow[19 * 288] == pytest.approx(np.exp(-1.0), rel=1e-3)


def test_the_quick_store_holds_water_for_its_time_and_rises_before_it_falls() -> None:
    _, out = grounds(quick_h=3.0).run(wet(upper=10.0), steps(1000), np.zeros(1000), STEP)
    flow = out.river[:, 0]
    assert flow.sum() == pytest.approx(10.0)
    assert (flow * np.arange(1, 1001)).sum() / 10.0 * STEP / 3600.0 == pytest.approx(3.0)
    assert 0 < flow.argmax() < 36


def test_nothing_runs_off_dry_ground_and_everything_off_full_ground() -> None:
    open_ground = grounds(sealed=0.0, soil_mm=100.0)
    dry, _ = open_ground.run(wet(soil=0.0), steps(1, 20.0), np.zeros(1), STEP)
    full, _ = open_ground.run(wet(soil=100.0), steps(1, 20.0), np.zeros(1), STEP)
    assert dry.soil[0] == 20.0
    assert float((dry.upper + dry.lower + dry.slow)[0]) == 0.0
    assert full.soil[0] == 100.0
    assert float((full.upper + full.lower + full.slow)[0]) == pytest.approx(20.0)


def test_the_same_rain_gives_the_more_flow_the_wetter_the_ground() -> None:
    totals = []
    for soil in (0.0, 30.0, 60.0, 90.0):
        _, out = grounds().run(wet(soil=soil), steps(2000, 15.0), np.zeros(2000), STEP)
        totals.append(float(out.river.sum()))
    assert totals == sorted(totals)
    assert totals[0] > 0.0  # from the sealed share
    assert totals[-1] > 5.0 * totals[0]


def test_the_banks_drink_by_day() -> None:
    thirst = np.tile(np.where(np.arange(288) // 72 % 3 == 1, 0.02, 0.0), 5)
    _, out = grounds(banks=0.01).run(wet(slow=10.0), steps(5 * 288), thirst, STEP)
    night, noon = out.river[4 * 288 + 20, 0], out.river[4 * 288 + 140, 0]
    assert noon < night


def test_evaporation_takes_no_more_than_there_is() -> None:
    after, out = grounds().run(wet(soil=1.0, slow=0.001), steps(20_000), np.full(20_000, 5.0), STEP)
    assert after.soil[0] >= 0.0
    assert out.air.sum() + out.river.sum() + after.stored[0] == pytest.approx(1.001)
