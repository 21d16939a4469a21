"""Weather is a function of seed, place and instant, and a climate of what it is said to be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hydro.instants import DAY_MS, HOUR_MS
from simulators.basin import STEP_MS, Catchment, Climate, Script, Spell, Storm, Weather
from simulators.basin.storms import wetness_of_day
from tests.simulators.basin.networks import DAY, START

PLACES = tuple(
    Catchment(name=name, area_km2=10.0, into="a", x_km=x, y_km=y)
    for name, x, y in (("k", 0.0, 0.0), ("l", 4.0, 0.0), ("m", 250.0, 80.0))
)


def weather(*, seed: int = 1, places: tuple[Catchment, ...] = PLACES, script: Script | None = None) -> Weather:
    return Weather(places, seed=seed, climate=Climate(), script=script)


def storm(at: int = START + HOUR_MS, **changed: float) -> Storm:
    plain = Storm(at=at, steps=24, x_km=1.0, y_km=0.0, radius_km=20.0, depth_mm=60.0)
    return replace(plain, **changed)  # type: ignore[arg-type]  # numbers by name


@settings(max_examples=25, deadline=None)
@given(
    first=st.integers(-400, 400),
    cuts=st.lists(st.integers(1, 200), min_size=1, max_size=5),
    seed=st.integers(0, 2**64 - 1),
)
def test_however_it_is_asked_the_weather_is_the_same(first: int, cuts: list[int], seed: int) -> None:
    at = START + first * STEP_MS
    whole = weather(seed=seed)
    rain, thirst = whole.rain(at, sum(cuts)), whole.thirst(at, sum(cuts))
    parts = weather(seed=seed)
    edges = [at + sum(cuts[:number]) * STEP_MS for number in range(len(cuts))]
    backwards = [(edge, steps) for edge, steps in zip(edges, cuts, strict=True)][::-1]
    asked = {edge: (parts.rain(edge, steps), parts.thirst(edge, steps)) for edge, steps in backwards}
    np.testing.assert_array_equal(rain, np.concatenate([asked[edge][0] for edge in edges]))
    np.testing.assert_array_equal(thirst, np.concatenate([asked[edge][1] for edge in edges]))


def test_a_catchment_more_changes_nobodys_weather() -> None:
    far = Catchment(name="n", area_km2=1.0, into="a", x_km=-700.0, y_km=900.0)
    month = weather().rain(START, 30 * DAY)
    np.testing.assert_array_equal(month, weather(places=(far, *PLACES)).rain(START, 30 * DAY)[:, 1:])
    assert (month > 0.0).any(axis=0).all()


def test_near_places_share_their_storms_and_far_ones_do_not() -> None:
    wet = [weather(seed=seed).rain(START, 92 * DAY).reshape(-1, DAY, 3).sum(axis=1) for seed in range(6)]
    correlation = np.corrcoef(np.concatenate(wet).T)
    assert correlation[0, 1] > 0.85
    assert correlation[0, 2] < 0.5


def test_a_climate_rains_what_it_says() -> None:
    """Sixty years in the middle of nowhere: the year within 5 %, the seasons, the days with rain."""
    climate = Climate()
    place = (Catchment(name="k", area_km2=1.0, into="a"),)
    first = 18_262  # 2020-01-01
    made = [Weather(place, seed=seed, climate=climate) for seed in range(3)]
    years = np.array([[drawn.daily_rain(first + day)[0] for day in range(20 * 365)] for drawn in made])
    years = years.reshape(60, 365)
    assert years.sum(axis=1).mean() == pytest.approx(sum(climate.rain_mm), rel=0.05)
    winter, summer = years[:, :59].sum(axis=1).mean(), years[:, 151:212].sum(axis=1).mean()
    assert winter == pytest.approx(46.0 + 4.0, rel=0.15)  # January, February; months pass into each other
    assert summer == pytest.approx(405.0, rel=0.1)  # June, July
    assert 120 < (years > 0.1).sum(axis=1).mean() < 190


def test_there_are_dry_spells_and_wet_weeks() -> None:
    wetness = np.array([wetness_of_day(Climate(), 5, 20_000 + day) for day in range(20_000)])
    assert wetness.mean() == pytest.approx(1.0, abs=0.03)
    assert wetness.min() == 0.0
    assert np.corrcoef(wetness[:-1], wetness[1:])[0, 1] > 0.9
    even = replace(Climate(), contrast=0.0)
    assert {wetness_of_day(even, 5, day) for day in range(100)} == {1.0}


def test_a_scripted_storm_pours_its_depth_around_its_centre() -> None:
    rain = Weather(PLACES, seed=1, script=Script(storms=(storm(),))).rain(START, DAY)
    total = rain.sum(axis=0)
    assert 60.0 * 0.69 < total[0] < 60.0 * 1.31  # patchy by three tenths
    assert total[2] == 0.0
    assert not rain[:12].any()
    assert (rain[12:36, 0] > 0.0).all()
    assert not rain[36:].any()


def test_a_dry_spell_holds_off_drawn_storms_and_not_scripted_ones() -> None:
    spell = Spell(START - 3 * DAY_MS, START + 60 * DAY_MS)
    dry = weather(script=Script(spells=(spell,)))
    assert not dry.rain(START, 60 * DAY).any()
    later = dry.rain(spell.end + 2 * DAY_MS, 60 * DAY)
    np.testing.assert_array_equal(later, weather().rain(spell.end + 2 * DAY_MS, 60 * DAY))
    both = weather(script=Script(spells=(spell,), storms=(storm(START + 5 * DAY_MS),)))
    assert both.rain(START, 60 * DAY)[:, 0].sum() > 40.0
    half = weather(script=Script(spells=(replace(spell, factor=0.5),))).rain(START, 30 * DAY)
    np.testing.assert_allclose(half, weather().rain(START, 30 * DAY) * 0.5, rtol=1e-12)


def test_the_air_is_thirsty_by_day_and_in_summer() -> None:
    day = weather().thirst(START, DAY)
    assert not day[:72].any()
    assert not day[216:].any()
    assert int(day.argmax()) in {143, 144}
    assert day.sum() == pytest.approx(weather().daily_thirst(START // DAY_MS + 1), rel=1e-3)
    summer, winter = weather().thirst(START + 70 * DAY_MS, 20 * DAY), weather().thirst(START - 110 * DAY_MS, 20 * DAY)
    assert summer.sum() > 2.0 * winter.sum()


def test_without_a_climate_there_is_no_weather() -> None:
    still = Weather(PLACES, seed=1)
    assert not still.rain(START, DAY).any()
    assert not still.thirst(START, DAY).any()
