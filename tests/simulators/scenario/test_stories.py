"""Each scenario is about what it says: a law of every story that is shipped, on its true water or on what arrives."""

from __future__ import annotations

import numpy as np
import pytest

from hydro.instants import DAY_MS, HOUR_MS, MINUTE_MS
from hydro.quantity import Quantity
from simulators.truth import TruthKind
from tests.simulators.scenario.watching import (
    DAY,
    HOUR,
    changes,
    course,
    flow,
    heard,
    hour_of_day,
    hourly,
    means,
    shipped,
)


def days_below(name: str, station: str, value: float) -> list[int]:
    """Days whose mean is below a value."""
    return np.flatnonzero(means(flow(name, station), DAY) < value).tolist()


def hours_below(name: str, station: str, value: float) -> list[int]:
    """Hours since the start whose mean is below a value."""
    return np.flatnonzero(means(flow(name, station)) < value).tolist()


def test_a_normal_week_keeps_every_target_with_a_shower_in_it() -> None:
    name = "normal-week"
    assert days_below(name, "520122S102", 0.9 * 1.2) == []
    assert flow(name, "520122S102").max() > 3.0 * np.median(flow(name, "520122S102"))
    assert course(name).truths == ()


def test_the_dry_season_ends_below_the_target_and_rain_ends_it() -> None:
    """Once below, below until the rain; ever deeper; the section above the takers keeps its own."""
    name = "dry-season-shortfall"
    failed = days_below(name, "520122S112", 0.8)
    assert failed == list(range(failed[0], 14))
    assert 3 < failed[0] < 12
    low = means(flow(name, "520122S112"), DAY)
    assert low[13] < 0.8 * 0.8
    assert low[15:].min() > 0.8 * 1.05
    assert days_below(name, "520122S111", 0.5) == []


def test_the_peaking_plant_jumps_sevenfold_and_keeps_its_release() -> None:
    below = flow("peaking-plant", "520123S122")
    assert below.min() > 0.59
    assert below.max() / below.min() > 7.0
    assert changes(below).max() > 0.5
    assert means(flow("peaking-plant", "520123P121")).min() == 0.0


def test_the_release_is_cut_on_three_nights_while_the_tailrace_rises() -> None:
    name = "cut-release"
    cut = [23 + 24 * night + hour for night in (1, 2, 3) for hour in range(6)]
    assert hours_below(name, "520123P13101", 0.7) == cut
    tailrace = means(flow(name, "520123P13102"))
    assert tailrace[cut].min() > np.delete(tailrace, cut).max()
    assert days_below(name, "520123S132", 1.6) == []


def test_of_the_two_sections_one_fails_while_the_other_has_plenty() -> None:
    name = "two-section-plant"
    dam, tailrace = means(flow(name, "520123P14101")), means(flow(name, "520123P14102"))
    dam_failed, tailrace_failed = dam < 0.8, tailrace < 0.9
    assert dam_failed.sum() == 12
    assert 13 <= tailrace_failed.sum() <= 15
    assert not (dam_failed & tailrace_failed).any()
    assert (dam + tailrace)[dam_failed | tailrace_failed].min() >= 0.8  # whoever adds them up misses the dam's failure


def test_the_balance_falls_at_night_only() -> None:
    """What is lost between the sections, beyond what is metered and comes back: by night 0.25 m3/s, by day nothing."""
    name, factory = "night-theft", "520122Q001"
    stolen = course(name).taken[factory] - course(name).values[factory, Quantity.DISCHARGE]
    at_night = hour_of_day(name, 22, 5)
    assert stolen[~at_night].max() == 0.0
    nights = (
        at_night
        & (course(name).ends > shipped(name).start + 2 * DAY_MS)
        & (course(name).ends <= shipped(name).start + 6 * DAY_MS)
    )
    assert stolen[nights] == pytest.approx(0.25)
    assert stolen[~nights].max() == 0.0
    # The river says the same, compared with the two honest days before: by night 0.25 m3/s less come down, by day none.
    lost = flow(name, "520122S001") - flow(name, "520122S002")
    before, during = slice(6 * HOUR, 2 * DAY), slice(2 * DAY + 6 * HOUR, 6 * DAY)
    more = {
        hours: lost[during][hour_of_day(name, *hours)[during]].mean()
        - lost[before][hour_of_day(name, *hours)[before]].mean()
        for hours in ((2, 6), (12, 21))
    }
    assert more[2, 6] == pytest.approx(0.25, abs=0.04)
    assert more[12, 21] == pytest.approx(0.0, abs=0.04)


def test_the_theft_grows_every_day_and_meter_and_pump_say_nothing() -> None:
    name, mine = "growing-theft", "520122Q161"
    stolen = means(course(name).taken[mine] - course(name).values[mine, Quantity.DISCHARGE], DAY)
    assert stolen[:3].max() == 0.0
    assert (np.diff(stolen[3:]) > 0.0).all()
    assert stolen[-1] == pytest.approx(0.35, abs=0.01)
    assert not course(name).values[mine, Quantity.PUMP][course(name).taken[mine] == 0.0].any()


def test_the_bypass_takes_the_same_by_day_and_by_night_from_its_hour_on() -> None:
    name, mill = "meter-bypass", "520122Q171"
    stolen = course(name).taken[mill] - course(name).values[mill, Quantity.DISCHARGE]
    opened = 4 * DAY + 10 * HOUR
    assert stolen[:opened].max() == 0.0
    assert stolen[opened:] == pytest.approx(0.25)


def test_the_shortfall_lies_in_the_outage_and_all_of_it_is_handed_in_afterwards() -> None:
    name, village = "gateway-outage-backfill", "520123S182"
    (outage,) = shipped(name).outages
    failed = hours_below(name, village, 0.5)
    first, last = (shipped(name).start + hour * HOUR_MS for hour in (failed[0], failed[-1] + 1))
    assert outage.start < first < last < outage.end
    readings = heard(name).readings[village, "discharge"]
    assert sorted({reading.time for reading in readings}) == course(name).ends.tolist()
    late = [reading for reading in readings if reading.received_at - reading.time > 30 * MINUTE_MS]
    assert len({reading.time for reading in late}) > 90
    assert min(reading.received_at for reading in late) >= outage.end
    assert [text for _, gateway, text in heard(name).statuses if gateway == "gw-far"][-2:] == ["offline", "online"]


def test_works_stand_still_over_the_festival_and_the_town_takes_more() -> None:
    """New Year's Day is 17 February; the scenario begins on the 6th."""
    name = "holiday-shutdown"
    works = means(course(name).taken["520382Q241"] + course(name).taken["520382Q242"], DAY)
    town = means(course(name).taken["520382Q243"], DAY)
    closed = slice(8, 20)
    assert works[closed].mean() < 0.15 * works[:7].mean()
    assert works[20:].mean() > 0.8 * works[:7].mean()
    assert town[10:17].mean() > 1.05 * town[:7].mean()
    assert course(name).truths == ()


def test_the_hole_swallows_up_to_its_capacity_and_more_after_the_flood() -> None:
    name = "karst-loss"
    lost = means(flow(name, "520424S251") - flow(name, "520424S252"), DAY)
    assert lost[1:7] == pytest.approx(0.75, abs=0.06)
    assert lost[9:] == pytest.approx(0.95, abs=0.08)
    assert course(name).truths == ()
    assert days_below(name, "520424S252", 0.35) == []


def test_backwater_makes_less_water_look_like_more() -> None:
    name, drowned = "backwater", "520425S262"
    first, last = (shipped(name).start + day * DAY_MS for day in (6, 8))
    readings = heard(name).readings[drowned, "discharge"]
    shown = [reading.value for reading in readings if first < reading.time <= last and reading.value is not None]
    ends, true = hourly(name, "520425S261")
    assert true[(first < ends) & (ends <= last)].max() < 1.4
    assert min(shown) > 2.0 * 1.4


def test_three_rivers_stop_each_for_a_reason_of_its_own() -> None:
    name = "flow-stopped"
    assert flow(name, "520521S292")[: 2 * DAY].min() > 0.08
    assert (flow(name, "520521S292")[2 * DAY :] == 0.0).mean() > 0.3
    assert (flow(name, "520521S293") < 0.01).sum() in range(9 * HOUR, 13 * HOUR)
    assert flow(name, "520521S294").max() == 0.0
    stopped = {truth.subject for truth in heard(name).truths if truth.kind is TruthKind.FLOW_STOPPED}
    assert stopped >= {"520521S292", "520521S293"}


def test_the_demos_story_yellow_orange_and_gone() -> None:
    """The turn is at 24 h: the hour before it is the first that falls short."""
    name, machaotan = "demo", "520122S003"
    ratios = means(flow(name, machaotan)) / 0.9
    assert hours_below(name, machaotan, 0.9) == [23, 24, 25]
    assert 0.8 < ratios[23] < 0.97
    assert 0.5 < ratios[24] < 0.77
    assert ratios[26:28].min() > 1.08
    theft = course(name).taken["520122Q00301"] - course(name).values["520122Q00301", Quantity.DISCHARGE]
    assert ((theft > 0.4) == hour_of_day(name, 1 + 1 / 6, 4 + 1 / 3)).all()
    told = [(chapter.at - shipped(name).start) / MINUTE_MS for chapter in shipped(name).story]
    assert told == sorted(told)
    assert {24 * 60, 24 * 60 + 35, 25 * 60 + 15} <= set(told)


def test_real_water_comes_in_as_it_was_recorded() -> None:
    """The head of the river is the record, 20 times as large: a step's mean lies within what was read around it."""
    name = "real-record"
    scenario = shipped(name)
    record = scenario.supplies[0].on_steps(scenario.start, DAY)
    assert record.known.all()
    assert flow(name, "520122S901")[:DAY] == pytest.approx(record.flow)
    assert 0.5 < record.flow.min() < record.flow.max() < 0.7
    assert len(course(name).truths) == 6


def test_a_record_goes_along_with_another_start() -> None:
    """It is the water of the same days of 2018, whenever the scenario plays."""
    scenario = shipped("real-record")
    moved = scenario.starting(scenario.start + 100 * DAY_MS)
    expected = scenario.inflows(scenario.start, DAY)
    assert moved.inflows(moved.start, DAY).tolist() == expected.tolist()
