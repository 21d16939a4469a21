"""A basin that can't be is refused with every mistake and its place."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from hydro.errors import ConfigError
from simulators.basin import (
    Abstraction,
    Canal,
    Catchment,
    Curve,
    Dam,
    Gauge,
    Ground,
    Network,
    NetworkError,
    Node,
    Observed,
    Outlet,
    Reach,
    Sink,
)
from tests.simulators.basin.networks import small_basin

if TYPE_CHECKING:
    from simulators.basin.elements import Element

NODES = (Node(name="a"), Node(name="b"), Node(name="c", outlet=True))
REACHES = (
    Reach(name="ab", start="a", end="b", travel_min=30.0),
    Reach(name="bc", start="b", end="c", travel_min=30.0),
)
FALLING = Curve(((0.0, 1.0), (1.0, 0.5)))
TURBINES = Outlet(most_m3s=1.0)


def mistakes(**changed: tuple[Element, ...]) -> tuple[str, ...]:
    """Of a plain basin with something changed."""
    try:
        Network(**{"nodes": NODES, "reaches": REACHES, **changed})  # type: ignore[arg-type]  # a tuple of each kind
    except NetworkError as error:
        return error.mistakes
    return ()


def test_a_good_basin_has_no_mistakes() -> None:
    assert mistakes() == ()
    assert small_basin().node["weir"] == 2


def test_each_mistake_comes_with_the_place_the_caller_gave() -> None:
    wrong = Reach(name="ab", start="a", end="b", travel_min=-3.0, place="basin.yaml:12")
    with pytest.raises(ConfigError, match=r"^basin\.yaml:12: reach 'ab': travel_min -3 is below 5$"):
        Network(nodes=NODES, reaches=(wrong, REACHES[1]))


def test_all_mistakes_are_told_at_once() -> None:
    found = mistakes(
        reaches=(replace(REACHES[0], loss_share=2.0, end="x"), replace(REACHES[1], weight=0.7)),
        catchments=(Catchment(name="k", area_km2=0.0, into="y"),),
    )
    assert found == (
        "reach 'ab': loss_share 2 is above 1",
        "reach 'bc': weight 0.7 is above 0.5",
        "catchment 'k': area_km2 0 is not above 0",
        "reach 'ab': end 'x' is no node",
        "catchment 'k': into 'y' is neither a node nor a reach",
    )


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        pytest.param(
            {"nodes": (*NODES, Node(name="d"))},
            "node 'd': its water ends here: no reach starts there, and it is no outlet",
            id="a-reach-without-an-end",
        ),
        pytest.param(
            {"reaches": (*REACHES, Reach(name="x", start="c", end="a", travel_min=9.0))},
            "node 'c': is an outlet, yet a reach starts there",
            id="an-outlet-that-flows-on",
        ),
        pytest.param(
            {"reaches": (REACHES[0], replace(REACHES[1], end="a"))},
            "reach 'ab': the river runs in a circle: a → b → a",
            id="a-loop",
        ),
        pytest.param(
            {"dams": (Dam(name="d", node="b", outlet=TURBINES, canal=Canal(end="a")),)},
            "reach 'ab': the river runs in a circle: a → b → a",
            id="a-canal-that-leads-up",
        ),
        pytest.param(
            {"sinks": (Sink(name="s", reach="ab", capacity_m3s=1.0, end="a"),)},
            "sink 's': the river runs in a circle: a → a",
            id="a-sink-that-rises-above",
        ),
        pytest.param(
            {"reaches": (*REACHES, Reach(name="ac", start="a", end="c", travel_min=9.0))},
            "reach 'ab': 2 reaches start at 'a'; a river parts only at a dam with a canal, or at a sink",
            id="a-river-that-parts",
        ),
        pytest.param({"nodes": (*NODES, NODES[0])}, "node 'a': the name is given 2 times", id="a-name-twice"),
        pytest.param({"nodes": (*NODES, Node(name="", outlet=True))}, "node '': has no name", id="no-name"),
        pytest.param(
            {"reaches": (REACHES[0], replace(REACHES[1], end=""))}, "reach 'bc': has no end", id="no-end-given"
        ),
        pytest.param(
            {"reaches": (replace(REACHES[0], seepage_m3s=float("nan")), REACHES[1])},
            "reach 'ab': seepage_m3s nan is not a finite number",
            id="not-a-number",
        ),
        pytest.param(
            {"catchments": (Catchment(name="k", area_km2=1.0, into="a", ground=Ground(quick_h=-1.0)),)},
            "catchment 'k': ground.quick_h -1 is below 0.166667",
            id="ground",
        ),
        pytest.param(
            {"sinks": (Sink(name="s", reach="zz", capacity_m3s=1.0),)}, "sink 's': reach 'zz' is no reach", id="sink"
        ),
        pytest.param(
            {"sinks": (Sink(name="s", reach="ab", capacity_m3s=-1.0),)},
            "sink 's': capacity_m3s -1 is below 0",
            id="negative-capacity",
        ),
        pytest.param(
            {"dams": (Dam(name="d", node="b", dead_m3=2.0, full_m3=1.0),)},
            "dam 'd': dead_m3 2 is above full_m3 1",
            id="dead-above-full",
        ),
        pytest.param(
            {"dams": (Dam(name="d", node="b", release_m3s=(0.1, 0.2)),)},
            "dam 'd': release_m3s has 2 numbers, one or 12 are needed",
            id="months",
        ),
        pytest.param(
            {"dams": (Dam(name="d", node="b", release_m3s=-0.1),)},
            "dam 'd': release_m3s -0.1 is negative or not finite",
            id="negative-release",
        ),
        pytest.param(
            {"dams": (Dam(name="d", node="b", canal=Canal(end="c")),)},
            "dam 'd': has a canal but no outlet that feeds it",
            id="canal-without-turbines",
        ),
        pytest.param(
            {"dams": (Dam(name="d", node="b", outlet=replace(TURBINES, hours=(1.0,))),)},
            "dam 'd': outlet.hours has 1 shares, 24 are needed",
            id="hours",
        ),
        pytest.param(
            {"dams": (Dam(name="d", node="b", outlet=replace(TURBINES, hours=(0.0,) * 24)),)},
            "dam 'd': outlet.hours must not be negative, and not all zero",
            id="hours-of-nothing",
        ),
        pytest.param(
            {"dams": (Dam(name="d", node="b", outlet=replace(TURBINES, least_m3s=2.0)),)},
            "dam 'd': outlet.least_m3s 2 is above outlet.most_m3s 1",
            id="least-above-most",
        ),
        pytest.param(
            {"dams": (Dam(name="d", node="b", levels=FALLING),)},
            "dam 'd': levels falls from (0, 1) to (1, 0.5)",
            id="levels",
        ),
        pytest.param(
            {"dams": (Dam(name="d", node="b"), Dam(name="e", node="b"))},
            "dam 'd': node 'b' has 2 of its kind, one is possible",
            id="two-dams-at-a-node",
        ),
        pytest.param(
            {"abstractions": (Abstraction(name="t", node="a", return_share=0.5),)},
            "abstraction 't': has a return_share but no return_to",
            id="return-to-nowhere",
        ),
        pytest.param(
            {"gauges": (Gauge(name="g", node="a", of=Observed.RELEASE),)},
            "gauge 'g': observes the release of node 'a', which has no dam",
            id="gauge-without-a-dam",
        ),
        pytest.param(
            {"gauges": (Gauge(name="g", node="a", rating=FALLING, backwater_dam="d"),)},
            "gauge 'g': rating falls from (0, 1) to (1, 0.5)",
            id="rating",
        ),
        pytest.param(
            {
                "gauges": (Gauge(name="g", node="a", rating=Curve(((0.0, 0.0), (1.0, 1.0))), backwater_dam="d"),),
                "dams": (Dam(name="d", node="b"),),
            },
            "gauge 'g': backwater_dam 'd' has no levels",
            id="backwater-without-levels",
        ),
    ],
)
def test_a_basin_that_cannot_be_is_refused(changed: dict[str, tuple[Element, ...]], said: str) -> None:
    assert said in mistakes(**changed)
