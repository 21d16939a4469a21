"""Water is neither made nor lost on its way down the demo's river."""

from __future__ import annotations

import pytest

from hydro.instants import DAY_MS, MINUTE_MS
from simulators.demo.chance import Chance
from simulators.demo.reach import STEP_S, Reach
from simulators.demo.river import Flows, RiverModel
from simulators.demo.story import Story
from tests.simulators.demo.watching import TURN

SLOT = 5 * MINUTE_MS


@pytest.fixture(scope="module")
def day() -> list[Flows]:
    """A day and the morning of the story, after a day to settle."""
    model = RiverModel(Story(TURN), Chance("river", 3))
    flows = [model.step(at) for at in range(TURN - 2 * DAY_MS, TURN + 5 * 60 * MINUTE_MS + 1, SLOT)]
    return flows[DAY_MS // SLOT :]


def at(day: list[Flows], minute: int) -> Flows:
    """The step that ends so many minutes after the turn."""
    [found] = [flows for flows in day if flows.at == TURN + minute * MINUTE_MS]
    return found


def test_what_comes_in_goes_out_is_taken_or_is_still_under_way(day: list[Flows]) -> None:
    inflow = sum(flows.inflow for flows in day[1:]) * STEP_S
    outflow = sum(flows.discharge["mouth"] for flows in day[1:]) * STEP_S
    taken = sum(sum(flows.taken.values()) for flows in day[1:]) * STEP_S
    assert inflow == pytest.approx(outflow + taken + day[-1].stored - day[0].stored, rel=1e-9)


@pytest.mark.parametrize(("travel", "spread"), [(0, 0.0), (3, 0.0), (2, 4.0)])
def test_a_wave_is_delayed_and_spread_but_its_volume_stays(travel: int, spread: float) -> None:
    reach = Reach(travel, spread, 0.0)
    out = [reach.route(inflow) for inflow in [1.0] * 6 + [0.0] * 120]
    assert sum(out) == pytest.approx(6.0)
    assert out[:travel] == [0.0] * travel
    assert max(out) <= 1.0


def test_all_flows_are_of_a_living_river(day: list[Flows]) -> None:
    assert all(min(flows.discharge.values()) > 0.3 for flows in day)
    assert all(max(flows.discharge.values()) < 12 for flows in day)
    assert all(min(flows.taken.values()) >= 0 for flows in day)


def test_the_plant_gains_what_the_dewatered_reach_loses(day: list[Flows]) -> None:
    """Two sections, two duties: the release falls, generation rises by as much, and below both the river is as before.

    ::

        dam       1.10 ▔▔▔▔▔▔╲▁▁▁▁▁▁▁▁▁╱▔▔▔  0.45 between −60 and 75 min
        tailrace  2.10 ▁▁▁▁▁▁╱▔▔▔▔▔▔▔▔▔╲▁▁▁
    """
    before, during, after = at(day, -60), at(day, 70), at(day, 120)
    lost = before.discharge["dam"] - during.discharge["dam"]
    assert lost == pytest.approx(0.65)
    assert during.discharge["tailrace"] - before.discharge["tailrace"] == pytest.approx(lost, abs=0.05)
    assert after.discharge["dam"] == pytest.approx(before.discharge["dam"])


def test_at_night_the_river_loses_what_the_factory_does_not_measure(day: list[Flows]) -> None:
    """From 01:10 to 04:20, that is −410 to −220 min; the flow needs a quarter of an hour down to the lower section."""

    def loss(minute: int) -> float:
        flows = at(day, minute)
        return flows.discharge["xiazhai"] - flows.discharge["qiaotou"]

    assert max(abs(loss(minute)) for minute in (-460, -430, -415)) < 0.03
    assert min(loss(minute) for minute in range(-370, -219, 30)) > 0.38
    assert abs(loss(-160)) < 0.03
