"""Made-up rivers are rivers."""

from __future__ import annotations

import pytest

from simulators.basin import Climate, River
from simulators.basin.tree import grow, tree_network
from tests.simulators.basin.networks import DAY, START


@pytest.mark.parametrize(("sections", "rivers"), [(1, 1), (7, 7), (300, 4)])
def test_every_section_has_one_below_or_is_one_of_the_mouths(sections: int, rivers: int) -> None:
    branches = grow(sections, seed=2, rivers=rivers)
    assert sum(branch.down < 0 for branch in branches) == rivers
    assert all(branch.down < number for number, branch in enumerate(branches))
    assert sum(branch.own_km2 for branch in branches) == pytest.approx(
        sum(branch.area_km2 for branch in branches if branch.down < 0)
    )


def test_the_same_seed_grows_the_same_tree() -> None:
    assert grow(50, seed=2) == grow(50, seed=2)
    assert grow(50, seed=2) != grow(50, seed=3)


def test_more_sections_leave_those_there_are_in_place() -> None:
    few, many = grow(50, seed=2), grow(80, seed=2)
    assert [branch.down for branch in few] == [branch.down for branch in many[:50]]


def test_flow_grows_down_a_made_up_river() -> None:
    branches = grow(60, seed=2)
    network = tree_network(branches)
    river = River(network, seed=1, climate=Climate())
    _, flows = river.advance(river.initial(START), 20 * DAY)
    mean = flows.river.mean(axis=0)
    assert all(mean[branch.down] > mean[number] for number, branch in enumerate(branches) if branch.down >= 0)
    assert (flows.gauge_stage > 0).all()
