"""What takers take adds up, honest ones stay within their permits, and truth files say what the others did."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hydro.instants import DAY_MS, HOUR_MS, parse_instant
from simulators.basin.step import STEP_MS, STEP_S, Floats
from simulators.takers.calendar import Calendar, Season
from simulators.takers.habit import HABITS, Use
from simulators.takers.permit import Permit
from simulators.takers.pump import PumpHouse
from simulators.takers.takers import Takers
from simulators.takers.theft import Theft, TheftKind
from simulators.truth import TruthKind
from tests.simulators.takers.village import START, canal, factory, run, thefts, town, village

DAY = 288


def micro(values: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return np.rint(values * 1e6).astype(np.int64)


@pytest.mark.parametrize("given_share", [1.0, 0.37, 0.0], ids=["enough water", "little water", "dry"])
def test_what_is_metered_and_what_is_not_is_all_that_was_taken(given_share: float) -> None:
    """Exactly, in every step; water that runs back through the meter comes again."""
    takers = Takers(village(), seed=3)
    columns, _ = run(takers, START, [4 * DAY], lambda wanted: np.floor(wanted * given_share * 1e6) / 1e6)
    metered = micro(columns["seen_m3s"])
    drains = np.array(
        [0 if taker.house is None else round(taker.house.drain_m3 / STEP_S * 1e6) for taker in takers.takers]
    )
    missing = micro(columns["taken_m3s"]) - metered - micro(columns["unmetered_m3s"])
    assert np.isin(np.abs(missing), [0, *drains, *np.rint(drains * 0.6)]).all()
    honest = [number for number, taker in enumerate(takers.takers) if not taker.thefts]
    assert set(np.cumsum(missing[:, honest], axis=0).ravel().tolist()) <= {0, *drains.tolist(), *(-drains).tolist()}
    assert not micro(columns["unmetered_m3s"])[:, honest].any()


def test_energy_is_the_integral_of_power_and_pumps_draw_it() -> None:
    takers = Takers([town(), factory()], seed=3)
    state = takers.start(START)
    state, demand = takers.demand(state, DAY)
    _, taking = takers.settle(state, demand, demand.total_m3s)
    assert taking.energy_kwh.sum() == pytest.approx(taking.power_kw.sum() * STEP_S / 3600.0)
    standby = 0.3
    assert ((taking.power_kw > standby) == (taking.pump > 0)).all()
    lifted = taking.taken_m3s.sum(axis=0) * STEP_S
    per_m3 = taking.energy_kwh.sum(axis=0) / lifted
    assert per_m3 == pytest.approx(9.81 * 44.0 / 0.68 / 3600.0, rel=0.12)


def test_a_river_that_gives_little_wastes_energy() -> None:
    takers = Takers([town()], seed=3)

    def per_m3(share: float) -> float:
        columns, _ = run(takers, START, [DAY], lambda wanted: wanted * share)
        return float(columns["power_kw"].sum() / columns["taken_m3s"].sum())

    assert per_m3(0.5) > 1.2 * per_m3(1.0)


def test_a_pump_is_primed_before_it_delivers() -> None:
    takers = Takers([town(house=PumpHouse(pumps=1, capacity_m3s=0.14, prime_s=90.0))], seed=3)
    columns, _ = run(takers, START, [DAY])
    flow, pump = columns["taken_m3s"][:, 0], columns["pump"][:, 0]
    starts = np.flatnonzero((pump[1:] > 0) & (pump[:-1] == 0)) + 1
    assert len(starts) > 3
    assert flow[starts] == pytest.approx(0.14 * (1 - 90 / 300))


def test_the_honest_never_exceed_rate_season_plan_or_year() -> None:
    """Nor over the turn of the year, when a new year's volume begins."""
    start = parse_instant("2025-12-20T00:00:00", 480)
    people = [
        town("year", permit=Permit(max_m3s=0.14, annual_m3=40_000.0)),
        town("month", permit=Permit(max_m3s=0.14, plan_m3=tuple(1_000.0 * month for month in range(1, 13)))),
        canal("season", permit=Permit(max_m3s=0.5, season=Season((12, 25), (1, 10)))),
        canal("rate", permit=Permit(max_m3s=0.11)),
    ]
    steps = 40 * DAY
    columns, truths = run(Takers(people, seed=5), start, [steps])
    taken = columns["taken_m3s"]
    calendar = Calendar.of(columns["ends"].astype(np.int64), 480)
    assert truths == []
    for column, taker in enumerate(people):
        permit = taker.permit
        assert permit is not None
        assert taken[:, column].max() <= permit.max_m3s
        for year in (2025, 2026):
            volume = taken[calendar.year == year, column].sum() * STEP_S
            assert permit.annual_m3 is None or volume <= permit.annual_m3
            for month in range(12):
                of_month = taken[(calendar.year == year) & (calendar.month == month), column].sum() * STEP_S
                assert permit.plan_m3 is None or of_month <= permit.plan_m3[month]
        if permit.season is not None:
            assert not taken[~np.array(calendar.inside(permit.season)), column].any()
    assert (taken[:, 1][calendar.year == 2026] > 0).any()


@pytest.mark.parametrize("theft", thefts(), ids=lambda theft: theft.kind)
def test_the_truth_has_the_volume_that_no_meter_counted(theft: Theft) -> None:
    takers = Takers([factory(thefts=(theft,))], seed=3)
    columns, truths = run(takers, START, [4 * DAY])
    assert {(truth.kind, truth.subject) for truth in truths} == {(TruthKind.UNMETERED_INTAKE, "factory")}
    volume = micro(columns["unmetered_m3s"]).sum() * STEP_S / 1e6
    assert sum(float(truth.details["volume_m3"] or 0) for truth in truths) == pytest.approx(volume, abs=1e-6)
    ends = columns["ends"]
    for row in np.flatnonzero(columns["unmetered_m3s"][:, 0]):
        assert any(truth.start < ends[row] <= truth.end for truth in truths)
    assert all(theft.start <= truth.start < truth.end <= theft.end for truth in truths)


def test_each_theft_shows_in_its_own_manner() -> None:
    """Compared with the same factory without it."""
    plain, _ = run(Takers([factory()], seed=3), START, [3 * DAY])
    shown = {theft.kind: run(Takers([factory(thefts=(theft,))], seed=3), START, [3 * DAY])[0] for theft in thefts()}
    hours = (plain["ends"] - START) % DAY_MS / HOUR_MS
    night = (hours > 23) | (hours <= 4)

    pumping = shown[TheftKind.NIGHT_PUMPING]
    assert (pumping["seen_m3s"] == plain["seen_m3s"]).all()
    assert pumping["pump"][night].all()
    assert (pumping["power_kw"][night] > plain["power_kw"][night] + 20).all()

    bypass = shown[TheftKind.BYPASS]
    assert (bypass["power_kw"] == plain["power_kw"]).all()
    assert bypass["unmetered_m3s"][12:].min() == bypass["unmetered_m3s"].max() == 0.02

    growing = shown[TheftKind.GROWING]["unmetered_m3s"][:, 0]
    assert (np.diff(growing) >= 0).all()
    assert growing[-1] == pytest.approx(0.05)

    magnet = shown[TheftKind.MAGNET]
    first_day = slice(0, DAY)
    assert magnet["seen_m3s"][first_day] == pytest.approx(0.6 * plain["seen_m3s"][first_day], abs=1e-6)
    assert (magnet["seen_m3s"][DAY:] == plain["seen_m3s"][DAY:]).all()
    assert (magnet["power_kw"] == plain["power_kw"]).all()

    off = shown[TheftKind.METER_OFF]
    silent = (hours > 12) & (hours <= 18) & (plain["ends"] > START + DAY_MS)
    assert not off["seen_m3s"][silent].any()
    assert off["pump"][silent].any()


def test_taking_out_of_season_is_metered_and_still_wrong() -> None:
    takers = Takers(village(), seed=3)
    columns, truths = run(takers, START, [3 * DAY])
    number = [taker.name for taker in takers.takers].index("summer")
    assert columns["taken_m3s"][:, number].max() == 0.09
    assert not columns["unmetered_m3s"][:, number].any()
    mine = [truth for truth in truths if truth.subject == "summer"]
    assert [truth.kind for truth in mine] == [TruthKind.OVER_RATE] * 3


def test_an_intake_that_nobody_registered_has_no_meter() -> None:
    takers = Takers(village(), seed=3)
    columns, truths = run(takers, START, [3 * DAY])
    number = [taker.name for taker in takers.takers].index("hidden")
    assert not takers.takers[number].registered
    taken = columns["taken_m3s"][:, number]
    assert taken.any()
    assert (taken == columns["unmetered_m3s"][:, number]).all()
    assert not taken[: 5 * 12].any()
    assert {truth.details["theft"] for truth in truths if truth.subject == "hidden"} == {"unregistered"}


def test_factories_close_at_the_spring_festival_and_villages_fill() -> None:
    """New Year's Day of 2026 is 17 February."""
    start = parse_instant("2026-02-02T00:00:00", 480)
    columns, _ = run(Takers([town(), factory()], seed=1), start, [28 * DAY])
    by_day = columns["taken_m3s"].reshape(28, DAY, 2).mean(axis=1)
    festival = slice(13, 23)
    assert by_day[festival, 1].max() < 0.4 * by_day[:12, 1].mean()
    assert by_day[17:20, 0].mean() > 1.05 * by_day[:12, 0].mean()


def test_nobody_irrigates_after_rain() -> None:
    rain = np.zeros((10 * DAY, 1))
    rain[4 * DAY : 4 * DAY + 72] = 0.5  # 36 mm in six hours
    dry, _ = run(Takers([canal()], seed=2), START, [10 * DAY])
    wet, _ = run(Takers([canal()], seed=2), START, [10 * DAY], rain_mm=rain)
    assert not wet["taken_m3s"][5 * DAY : 7 * DAY].any()
    assert dry["taken_m3s"][5 * DAY : 7 * DAY].any()
    assert (wet["taken_m3s"][: 4 * DAY] == dry["taken_m3s"][: 4 * DAY]).all()


def test_returns_are_a_share_of_the_take_and_come_later() -> None:
    columns, _ = run(Takers([town(backwash=None)], seed=3), START, [2 * DAY])
    taken, returned = columns["taken_m3s"][:, 0], columns["returned_m3s"][:, 0]
    delay = round(190 / 5)
    assert not returned[:delay].any()
    assert returned[delay:] == pytest.approx(0.7 * taken[:-delay], abs=1e-6)


@given(cuts=st.lists(st.integers(1, 400), min_size=1, max_size=6), seed=st.integers(0, 2**40))
@settings(max_examples=12, deadline=None)
def test_the_size_of_chunks_changes_nothing(cuts: list[int], seed: int) -> None:
    total = sum(cuts)
    takers = Takers(village(), seed=seed)
    rain = np.where(np.arange(total)[:, None] % 400 < 30, 0.3, 0.0) * np.ones(len(takers.takers))
    whole, truths = run(takers, START, [total], rain_mm=rain)
    pieces, same = run(takers, START, cuts, rain_mm=rain)
    assert all((whole[name] == pieces[name]).all() for name in whole)
    assert sorted(truths, key=lambda truth: truth.rank) == sorted(same, key=lambda truth: truth.rank)


def test_the_same_seed_gives_the_same_day_another_one_another() -> None:
    first, _ = run(Takers(village(), seed=7), START, [DAY])
    again, _ = run(Takers(village(), seed=7), START, [DAY])
    other, _ = run(Takers(village(), seed=8), START, [DAY])
    assert (first["taken_m3s"] == again["taken_m3s"]).all()
    assert (first["taken_m3s"] != other["taken_m3s"]).any()


def test_a_taker_is_the_same_whoever_else_is_there() -> None:
    alone, _ = run(Takers([factory()], seed=7), START, [DAY])
    together, _ = run(Takers([town(), factory()], seed=7), START, [DAY])
    assert (alone["taken_m3s"][:, 0] == together["taken_m3s"][:, 1]).all()


def test_domestic_use_is_least_at_night_and_most_in_the_morning() -> None:
    by_hour = HABITS[Use.DOMESTIC].hours
    assert min(range(24), key=by_hour.__getitem__) in {1, 2, 3, 4}
    assert max(range(24), key=by_hour.__getitem__) in {7, 8, 9, 10}


WRONG = {
    "pumps beyond the permit": (town(permit=Permit(max_m3s=0.1)), "its pumps can take 0.14 m3/s, its permit says 0.1"),
    "no water": (town(mean_m3s=0.0), "mean_m3s is 0; it must be above 0"),
    "night pumping without pumps": (canal(thefts=(thefts()[0],)), "night_pumping needs pumps"),
    "a theft that ends first": (
        factory(thefts=(Theft(kind=TheftKind.BYPASS, start=STEP_MS, end=0, rate_m3s=1.0),)),
        "bypass ends at 0 ms, but begins at 300000 ms",
    ),
    "a theft of nothing": (
        factory(thefts=(Theft(kind=TheftKind.BYPASS, start=0, end=STEP_MS),)),
        "rate_m3s of bypass is 0; it must be above 0",
    ),
    "two hands on one meter": (
        factory(thefts=(thefts()[3], Theft(kind=TheftKind.METER_OFF, start=START, end=START + HOUR_MS))),
        "are at the meter at the same time",
    ),
    "a season that isn't": (
        factory(thefts=(Theft(kind=TheftKind.OUT_OF_SEASON, start=0, end=1, rate_m3s=1.0),)),
        "out_of_season needs a permit with a season",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_mistakes_are_named(name: str) -> None:
    taker, said = WRONG[name]
    with pytest.raises(ValueError, match="taker '") as caught:
        Takers([taker], seed=1)
    assert said in str(caught.value)


def test_two_takers_of_one_name_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="the name is given 2 times"):
        Takers([town(), town()], seed=1)
