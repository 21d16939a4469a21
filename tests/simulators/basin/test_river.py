"""Water is neither made nor lost, whatever the basin; and a chunk is only a way of asking."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import tracemalloc
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulators.basin import (
    Abstraction,
    Actions,
    Climate,
    Flows,
    Inflow,
    Network,
    Node,
    Reach,
    River,
    State,
    ground_balance,
    micro,
    river_balance,
)
from tests.simulators.basin.networks import DAY, START, random_networks, small_basin

if TYPE_CHECKING:
    from simulators.basin.step import Floats

COLUMNS = [field.name for field in dataclasses.fields(Flows)]


def made_up_actions(network: Network, steps: int, seed: int) -> Actions:
    """People who take, cut and set at random, often far more than there is."""
    rng = np.random.default_rng(seed)

    def some(columns: int, most: float) -> Floats:
        return rng.uniform(0.0, most, (steps, columns)) * rng.integers(0, 2, (steps, columns))

    generation = np.where(rng.uniform(size=(steps, len(network.dams))) < 0.3, some(len(network.dams), 6.0), np.nan)
    return Actions(
        takes=some(len(network.abstractions), 8.0),
        inflows=some(len(network.inflows), 3.0),
        release_share=some(len(network.dams), 1.0),
        generation=generation,
        sink_share=some(len(network.sinks), 2.0),
    )


def rows(actions: Actions, first: int, last: int) -> Actions:
    """Some steps of actions."""
    cut = {f.name: getattr(actions, f.name)[first:last] for f in dataclasses.fields(Actions)}
    return Actions(**cut)


def in_chunks(river: River, state: State, actions: Actions, cuts: list[int]) -> tuple[State, list[Flows]]:
    """The same steps, cut at other places."""
    chunks = []
    for first, last in itertools.pairwise(cuts):
        state, flows = river.advance(state, last - first, rows(actions, first, last))
        chunks.append(flows)
    return state, chunks


def everything(state: State) -> list[Floats]:
    wetness, ponds = state.wetness, state.ponds
    return [
        *(wetness.soil, wetness.upper, wetness.lower, wetness.slow),
        *(state.cells, ponds.stored, ponds.inflow, ponds.turbined),
    ]


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(network=random_networks(), seed=st.integers(0, 2**32))
def test_what_comes_in_goes_out_is_used_is_lost_or_is_still_there(network: Network, seed: int) -> None:
    river = River(network, seed=seed, climate=Climate())
    before = river.initial(START, inflows=np.ones(len(network.inflows)), warm_days=3)
    actions = made_up_actions(network, 60, seed)
    assert actions.inflows is not None
    after, flows = river.advance(before, 60, actions)
    came = float(actions.inflows.sum()) * 300.0
    assert abs(river_balance(river, before, after, [flows], came).error) < 1e-9
    assert abs(ground_balance(river, before, after, [flows]).error) < 1e-9


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(network=random_networks(), seed=st.integers(0, 2**32))
def test_nothing_is_ever_negative_and_nobody_gets_more_than_he_wants(network: Network, seed: int) -> None:
    river = River(network, seed=seed, climate=Climate())
    state = river.initial(START, warm_days=3)
    actions = made_up_actions(network, 60, seed)
    state, flows = river.advance(state, 60, actions)
    for name in COLUMNS:
        if name not in {"level_m", "gauge_stage"}:  # levels may be missing
            assert getattr(flows, name).min(initial=0) >= 0, name
    assert all(values.min(initial=0.0) >= 0.0 for values in everything(state)[:6])
    assert np.isfinite(np.concatenate(everything(state))).all()
    assert (flows.taken <= flows.wanted).all()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(network=random_networks(), seed=st.integers(0, 2**32), cuts=st.sets(st.integers(1, 59), max_size=6))
def test_chunks_change_not_a_bit(network: Network, seed: int, cuts: set[int]) -> None:
    actions = made_up_actions(network, 60, seed)
    start = START - 30 * 300_000  # over midnight
    ends, results = [], []
    for edges in ([0, 60], [0, *sorted(cuts), 60]):
        river = River(network, seed=seed, climate=Climate())
        state, chunks = in_chunks(river, river.initial(start, warm_days=3), actions, edges)
        ends.append(state)
        results.append([np.concatenate([getattr(chunk, name) for chunk in chunks]) for name in COLUMNS])
    for name, whole, cut in zip(COLUMNS, *results, strict=True):
        np.testing.assert_array_equal(whole, cut, err_msg=name)
    assert ends[0].at == ends[1].at
    for whole, cut in zip(everything(ends[0]), everything(ends[1]), strict=True):
        np.testing.assert_array_equal(whole, cut)


def test_the_same_seed_is_the_same_river_and_another_seed_another() -> None:
    def month(seed: int) -> list[int]:
        river = River(small_basin(), seed=seed, climate=Climate())
        steps = 10 * DAY
        actions = Actions(inflows=np.full((steps, 1), 0.2))
        _, flows = river.advance(river.initial(START, warm_days=30), steps, actions)
        counts: list[int] = flows.gauge_discharge[:, 1].tolist()
        return counts

    assert month(7) == month(7)
    assert month(7) != month(8)


def test_every_processor_and_every_version_of_numpy_has_the_same_river() -> None:
    """A digest of ten days; it changes only where the river is meant to change."""
    river = River(small_basin(), seed=7, climate=Climate())
    actions = Actions(inflows=np.full((10 * DAY, 1), 0.2), takes=np.full((10 * DAY, 2), 0.1))
    _, flows = river.advance(river.initial(START, warm_days=60), 10 * DAY, actions)
    told = flows.gauge_discharge.astype("<i8").tobytes() + micro(flows.taken).astype("<i8").tobytes()
    assert hashlib.sha256(told).hexdigest()[:16] == "f716587fcd704767"


def test_a_month_keeps_no_more_memory_than_a_day() -> None:
    """What stays behind is the state and the storms of some days; storms differ in size."""
    river = River(small_basin(), seed=1, climate=Climate())
    state = river.initial(START, warm_days=10)
    inflows = np.full((DAY, 1), 0.2)
    tracemalloc.start()
    try:
        kept = []
        for _ in range(30):
            state, _ = river.advance(state, DAY, Actions(inflows=inflows))
            kept.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert max(kept[20:]) < max(kept[:10]) + 50_000


def test_the_state_given_in_is_not_touched() -> None:
    river = River(small_basin(), seed=1, climate=Climate())
    state = river.initial(START, warm_days=10)
    kept = [values.copy() for values in everything(state)]
    river.advance(state, DAY, Actions(inflows=np.full((DAY, 1), 0.2), takes=np.full((DAY, 2), 0.1)))
    for before, after in zip(kept, everything(state), strict=True):
        np.testing.assert_array_equal(before, after)


def test_a_steady_river_stays_as_it_began() -> None:
    network = Network(
        nodes=(Node(name="a"), Node(name="b"), Node(name="c", outlet=True)),
        reaches=(
            Reach(name="x", start="a", end="b", travel_min=100.0, reference_m3s=3.0, loss_share=0.1),
            Reach(name="y", start="b", end="c", travel_min=80.0, weight=0.4),
        ),
        inflows=(Inflow(name="i", node="a"),),
    )
    river = River(network, seed=1)
    _, flows = river.advance(
        river.initial(START, inflows=np.array([2.0])), DAY, Actions(inflows=np.full((DAY, 1), 2.0))
    )
    assert flows.arriving[:, 2] == pytest.approx(np.full(DAY, 1.8), rel=1e-6)
    assert flows.lost[:, 0] == pytest.approx(np.full(DAY, 0.2), rel=1e-6)


def test_who_wants_more_than_there_is_gets_what_there_is_in_proportion() -> None:
    network = Network(
        nodes=(Node(name="a", outlet=True),),
        abstractions=(Abstraction(name="one", node="a"), Abstraction(name="two", node="a")),
        inflows=(Inflow(name="i", node="a"),),
    )
    river = River(network, seed=1)
    wanted = np.array([[0.5, 0.25], [3.0, 1.0]])
    _, flows = river.advance(river.initial(START), 2, Actions(takes=wanted, inflows=np.ones((2, 1))))
    assert flows.taken.tolist() == [[0.5, 0.25], [0.75, 0.25]]
    assert flows.river.tolist() == [[0.25], [0.0]]
    assert (flows.wanted - flows.taken).tolist() == [[0.0, 0.0], [2.25, 0.75]]


def test_a_dry_river_can_be_pumped_dry_and_comes_back() -> None:
    river = River(small_basin(), seed=1)
    state = river.initial(START, inflows=np.array([0.0]))
    state, _ = river.advance(state, 40 * DAY, Actions(inflows=np.full((40 * DAY, 1), 0.3)))
    takes = np.zeros((DAY, 2))
    takes[: DAY // 2, 1] = 50.0
    town = river.network.node["town"]
    _, flows = river.advance(state, DAY, Actions(inflows=np.full((DAY, 1), 0.3), takes=takes))
    assert (flows.river[: DAY // 2, town] == 0.0).all()
    assert flows.river[-1, town] == pytest.approx(flows.arriving[-1, town])
    assert flows.river[-1, town] > 0.2


def test_a_sinking_stream_comes_to_light_later_and_below() -> None:
    """Of 0.3 m3/s the hole swallows 0.05, and the mouth gets them ten hours later."""
    river = River(small_basin(), seed=1)
    spring = np.full((20 * DAY, 1), 0.3)
    state, _ = river.advance(river.initial(START), 20 * DAY, Actions(inflows=spring))
    shut = np.ones((10 * DAY, 1))
    shut[5 * DAY :] = 0.0
    _, flows = river.advance(state, 10 * DAY, Actions(inflows=spring[: 10 * DAY], sink_share=shut))
    town, mouth = river.network.node["town"], river.network.node["mouth"]
    assert flows.sunk[0, 0] == pytest.approx(0.05)
    assert flows.sunk[-1, 0] == 0.0
    assert flows.arriving[-1, town] - flows.arriving[0, town] == pytest.approx(0.05, abs=2e-3)
    assert flows.arriving[-1, mouth] == pytest.approx(flows.arriving[0, mouth], abs=2e-3)


def test_what_is_returned_is_a_share_of_what_was_really_taken() -> None:
    river = River(small_basin(), seed=1)
    inflows = np.full((20 * DAY, 1), 0.3)
    state, _ = river.advance(river.initial(START), 20 * DAY, Actions(inflows=inflows))
    takes = np.zeros((10 * DAY, 2))
    takes[:, 1] = 9.0
    _, flows = river.advance(state, 10 * DAY, Actions(inflows=inflows[: 10 * DAY], takes=takes))
    assert flows.taken[-1, 1] < 0.5
    assert flows.returned[-1, 1] == pytest.approx(0.8 * flows.taken[-1, 1], rel=1e-3)
    assert flows.returned[0, 1] == 0.0


def test_lateral_inflow_enters_along_the_reach_and_is_told() -> None:
    river = River(small_basin(), seed=3, climate=Climate())
    inflows = np.zeros((5 * DAY, 1))
    _, flows = river.advance(river.initial(START), 5 * DAY, Actions(inflows=inflows))
    plain, lower = river.network.catchment["plain"], river.network.reach["lower"]
    np.testing.assert_array_equal(flows.lateral[:, lower], flows.runoff[:, plain] * 300.0 / 300.0)
    assert flows.lateral[:, river.network.reach["brook"]].max() == 0.0


@pytest.mark.parametrize(
    ("actions", "said"),
    [
        (Actions(), "inflows are missing; the network has 1, first 'spring'"),
        (Actions(inflows=np.zeros((2, 2))), "inflows has the shape (2, 2), (2, 1) is needed"),
        (Actions(inflows=np.array([[0.0], [-1.0]])), "inflows of 'spring' in step 1 is -1.0"),
        (
            Actions(inflows=np.zeros((2, 1)), takes=np.array([[0, 0], [0, np.nan]])),
            "takes of 'town works' in step 1 is nan",
        ),
        (
            Actions(inflows=np.zeros((2, 1)), generation=np.full((2, 2), np.inf)),
            "generation of 'lake dam' in step 0 is inf",
        ),
    ],
)
def test_actions_that_cannot_be_are_refused(actions: Actions, said: str) -> None:
    river = River(small_basin(), seed=1)
    with pytest.raises(ValueError, match=r".") as caught:
        river.advance(river.initial(START, warm_days=0), 2, actions)
    assert said in str(caught.value)


def test_the_river_moves_in_whole_steps() -> None:
    river = River(small_basin(), seed=1)
    with pytest.raises(ValueError, match="1777564800001 ms is no end of a step"):
        river.initial(START + 1)
    with pytest.raises(ValueError, match="0 steps"):
        river.advance(river.initial(START, warm_days=0), 0, Actions(inflows=np.zeros((0, 1))))


def test_the_truth_has_millionths() -> None:
    assert micro(np.array([0.1, 2.5e-6, 1e-9, -0.5])).tolist() == [100_000, 2, 0, -500_000]
    with pytest.raises(ValueError, match="not finite"):
        micro(np.array([np.nan]))


def test_below_a_node_are_all_that_its_water_reaches() -> None:
    below = small_basin().below("weir")
    assert next(iter(below)) == "weir"
    assert below["town"] == 35.0  # by the canal, not by the dewatered reach
    assert below["mouth"] == 155.0
    assert set(below) == {"weir", "foot", "tail", "town", "mouth"}
