"""The alerts that the story promises come, at their times, and no others."""

from __future__ import annotations

import pytest

from hydro.instants import DAY_MS, HOUR_MS, format_instant
from simulators.demo.story import ZONE_MINUTES, Story
from tests.simulators.demo.watching import CODES, PREFIX, TURN, events, loaded, messages
from watermaster.backtest import BacktestResult, backtest


def judged(story: Story, *, seed: int = 1, days: int = 1, live_from: int | None = None) -> BacktestResult:
    stream = messages(events(story, seed=seed, days=days, live_from=live_from))
    return backtest(stream, loaded(), prefix=PREFIX, max_age_days=400)


def promised(turn: int) -> dict[str, object]:
    """Yellow at the turn, orange an hour later, and gone after two good hours."""

    def after(hours: int) -> str:
        return format_instant(turn + hours * HOUR_MS, ZONE_MINUTES)

    return {
        "class": "eflow_shortfall",
        "subject": {"kind": "station", "code": CODES["machaotan"]},
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


def shown(result: BacktestResult) -> list[dict[str, object]]:
    return [{key: alert[key] for key in promised(TURN)} for alert in result.alerts]


@pytest.mark.parametrize("seed", [1, 2, 77])
def test_the_release_alone_raises_an_alert_which_rises_and_resolves(seed: int) -> None:
    result = judged(Story(TURN), seed=seed)
    assert shown(result) == [promised(TURN)]
    assert (result.dead_lettered.total(), result.rejected.total()) == (0, 0)


@pytest.mark.parametrize("hour", [0, 3, 13, 19])
def test_the_same_story_can_be_lived_at_any_hour(hour: int) -> None:
    """As at the speed of the real clock: history ends at any minute of the hour before the turn."""
    turn = TURN + (hour - 8) * HOUR_MS
    assert shown(judged(Story(turn), live_from=turn - 47 * 60_000 - 1)) == [promised(turn)]


def test_every_day_has_its_alert() -> None:
    result = judged(Story(TURN), days=4)
    assert shown(result) == [promised(TURN + day * DAY_MS) for day in range(4)]


def test_the_mean_of_the_day_hides_at_the_dam_what_the_hour_shows_below_it() -> None:
    lines = {line["target_id"]: line for line in judged(Story(TURN), days=3).attainment}
    assert (lines["XST-dam-day"]["due"], lines["XST-dam-day"]["attained"]) == (2, 2)
    assert lines["XST-release"]["attained"] < lines["XST-release"]["due"]


def test_what_the_dark_gateway_hands_in_closes_every_gap() -> None:
    lines = {line["target_id"]: line for line in judged(Story(TURN), days=2).attainment}
    line = lines[f"{CODES['caves_mouth']}:discharge:hour:base"]
    assert (line["due"], line["valid"], line["attained"]) == (29 + 24, 29 + 24, 29 + 24)
    assert line["timeliness"] >= 99.8
