"""The alerts that the demo's story promises come, at their times, whatever else is found out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hydro.instants import DAY_MS, HOUR_MS, MINUTE_MS, format_instant
from tests.watermaster.demo_day import MACHAOTAN, PREFIX, TURN, loaded, planned, reports
from watermaster.backtest import BacktestResult, backtest
from watermaster.demo.story import story_of

if TYPE_CHECKING:
    from watermaster.demo.plan import Plan

ZONE_MINUTES = 480


def judged(plan: Plan, *, days: int = 1) -> BacktestResult:
    """What the rules make of the whole story, some days of it."""
    until = plan.scenario.end + (days - 1) * DAY_MS
    return backtest(reports(plan, until), loaded(plan.scenario), prefix=PREFIX, max_age_days=400)


def promised(turn: int) -> dict[str, object]:
    """Yellow at the turn, orange an hour later, and gone after two good hours."""

    def after(hours: int) -> str:
        return format_instant(turn + hours * HOUR_MS, ZONE_MINUTES)

    return {
        "class": "eflow_shortfall",
        "subject": {"kind": "station", "code": MACHAOTAN},
        "target_id": "XST-release",
        "onset": after(-1),
        "raised_at": after(0),
        "levels": [
            {"level": "yellow", "at": after(0)},
            {"level": "orange", "at": after(1)},
            {"level": "yellow", "at": after(3)},
        ],
        "resolved_at": after(4),
    }


def shortfalls(result: BacktestResult) -> list[dict[str, Any]]:
    """What the story promises of each shortfall. A warning before it, or an alert about the dark gateway, may join."""
    return [
        {key: alert[key] for key in promised(TURN)} for alert in result.alerts if alert["class"] == "eflow_shortfall"
    ]


@pytest.mark.parametrize("seed", [1, 2])
def test_the_release_alone_falls_short_rises_and_resolves(seed: int) -> None:
    result = judged(planned(seed=seed))
    assert shortfalls(result) == [promised(TURN)]
    assert (result.dead_lettered.total(), result.rejected.total()) == (0, 0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3, 23))
def test_no_seed_tells_another_story(seed: int) -> None:
    assert shortfalls(judged(planned(seed=seed))) == [promised(TURN)]


@pytest.mark.parametrize("hour", [0, 19])
def test_the_same_story_can_be_lived_at_any_hour(hour: int) -> None:
    """As at the speed of the real clock: history ends at any minute of the hour before the turn."""
    turn = TURN + (hour - 8) * HOUR_MS
    assert shortfalls(judged(planned(turn, live_from=turn - 47 * MINUTE_MS - 1))) == [promised(turn)]


@pytest.fixture(scope="module")
def three_days() -> BacktestResult:
    """Three mornings and the nights between them."""
    return judged(planned(), days=3)


def test_every_day_has_its_shortfall(three_days: BacktestResult) -> None:
    assert shortfalls(three_days) == [promised(TURN + day * DAY_MS) for day in range(3)]


def test_the_mean_of_the_day_hides_at_the_dam_what_the_hour_shows_below_it(three_days: BacktestResult) -> None:
    lines = {line["target_id"]: line for line in three_days.attainment}
    assert (lines["XST-dam-day"]["due"], lines["XST-dam-day"]["attained"]) == (2, 2)
    assert lines["XST-release"]["attained"] < lines["XST-release"]["due"]


def test_what_the_dark_gateway_hands_in_closes_every_gap(three_days: BacktestResult) -> None:
    lines = {line["target_id"]: line for line in three_days.attainment}
    line = lines["520123S009:discharge:hour:base"]
    assert (line["due"], line["valid"], line["attained"]) == (29 + 48, 29 + 48, 29 + 48)
    assert line["timeliness"] >= 99.8


def test_what_is_told_is_told_at_the_times_of_the_day_that_is_lived() -> None:
    story = story_of(planned().scenario).next_day()
    turn = TURN + DAY_MS
    assert (story.live_from, story.live_until) == (turn - 3 * MINUTE_MS, turn + 5 * HOUR_MS)
    told = [(chapter.at - turn) // MINUTE_MS for chapter in story.told(story.live_from, story.live_until)]
    assert told == [0, 35, 45, 55, 60, 75, 140, 240]
    assert [chapter.at for chapter in story.told(turn, turn + 35 * MINUTE_MS)] == [turn + 35 * MINUTE_MS]
