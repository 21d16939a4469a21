"""A usual taker stays within its permit without ever being stopped by it."""

from __future__ import annotations

import pytest

from hydro.instants import parse_instant
from simulators.basin.step import STEP_S
from simulators.takers import Permit, Takers, Use, usual_taker
from tests.simulators.takers.village import run

MEAN = 0.05
DAY = 288


@pytest.mark.parametrize("pumps", [0, 2, 3])
@pytest.mark.parametrize("use", list(Use))
def test_permit_and_plan_are_what_a_usual_taker_needs(use: Use, pumps: int) -> None:
    """It takes the same with them and without, and in a busy month the greater part of the plan."""
    start = parse_instant("2026-05-01T00:00:00", 480)
    taker = usual_taker("a", use, MEAN, pumps=pumps)
    free = type(taker)(
        name="a", use=use, mean_m3s=MEAN, house=taker.house, backwash=taker.backwash, permit=Permit(max_m3s=1.0)
    )
    bound, _ = run(Takers([taker], seed=6), start, [31 * DAY])
    unbound, _ = run(Takers([free], seed=6), start, [31 * DAY])
    assert (bound["taken_m3s"] == unbound["taken_m3s"]).all()
    assert taker.permit is not None
    assert taker.permit.plan_m3 is not None
    assert 0.45 < bound["taken_m3s"].sum() * STEP_S / taker.permit.plan_m3[4] <= 1.0
