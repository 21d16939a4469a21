"""What Alertmanager is told of one alert, from its raising to long after its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alerting.level import Level
from alerting.notify.notice import Notice
from alerting.notify.round import AGAIN_ENDED_MS, FORGET_MS, LEAST_TOLD_MS, Plan, plan_round
from alerting.record import AlertState
from alerting.told import Standing, Told
from tests.alerting.sample_alerts import shortfall

if TYPE_CHECKING:
    from alerting.record import AlertRecord

NOW = 1_000_000_000
EVERY = 30_000


def words(alert: AlertRecord, level: Level, *, suspected: bool, at: int, ends_at: int) -> Notice:
    return Notice({"alert": alert.id, "severity": level.text}, {"suspected": str(suspected)}, str(at), str(ends_at))


def muting(alert_id: str, because: str, at: int, ends_at: int) -> Notice:
    return Notice({"alert": alert_id, "muted": because}, {}, str(at), str(ends_at))


def one_round(
    told: Told,
    record: AlertRecord,
    at: int = NOW,
    *,
    state: AlertState | None = None,
    again: bool = False,
    muted: str = "",
) -> Plan:
    standing = Standing(told, record, record.state if state is None else state, suspected=True)
    return plan_round(
        [standing],
        words,
        lambda _record, _at: muted or None,
        muting,
        at=at,
        every_ms=EVERY,
        again=again,
    )


def said(plan: Plan) -> list[tuple[str, int]]:
    return [(notice.labels.get("severity", "muted"), int(notice.ends_at) - NOW) for notice in plan.notices]


ALERT = shortfall(1, levels=(Level.YELLOW,))
RISEN = shortfall(1, levels=(Level.YELLOW, Level.RED))
ENDED = shortfall(1, 5, levels=(Level.YELLOW,))
NEW = Told(ALERT.id, NOW - 10)
TOLD = Told(ALERT.id, NOW - 10_000_000, Level.YELLOW, NOW - LEAST_TOLD_MS)


def test_a_new_alert_is_told_at_once_and_lasts_longer_than_a_few_lost_rounds() -> None:
    plan = one_round(NEW, ALERT)
    assert said(plan) == [("yellow", 4 * EVERY)]
    assert (plan.begun, plan.told) == ([ALERT.id], [NEW._replace(level=Level.YELLOW, first=NOW)])


def test_a_firing_alert_is_told_again_in_every_full_round_and_in_no_other() -> None:
    assert said(one_round(TOLD, ALERT, again=True)) == [("yellow", 4 * EVERY)]
    assert one_round(TOLD, ALERT) == Plan([], [], [], [], 0)


def test_a_rise_ends_the_alert_at_its_old_level_and_begins_it_at_the_new() -> None:
    plan = one_round(TOLD, RISEN)
    assert said(plan) == [("yellow", 0), ("red", 4 * EVERY)]
    assert [one.level for one in plan.told] == [Level.RED]


def test_an_end_is_told_at_once_and_again_for_a_quarter_of_an_hour() -> None:
    plan = one_round(TOLD, ENDED)
    assert said(plan) == [("yellow", 0)]
    (after,) = plan.told
    assert after.ended == NOW
    assert said(one_round(after, ENDED, NOW + EVERY, again=True)) == [("yellow", 0)]
    last = one_round(after, ENDED, NOW + AGAIN_ENDED_MS + 1, again=True)
    assert (last.notices, last.done, last.forgotten) == ([], [ENDED.id], 0)


def test_an_alert_that_was_over_before_anybody_was_told_is_told_as_firing_first() -> None:
    plan = one_round(NEW, ENDED)
    assert said(plan) == [("yellow", 4 * EVERY)]
    (after,) = plan.told
    assert said(one_round(after, ENDED, NOW + LEAST_TOLD_MS - 1, again=True)) == [
        ("yellow", LEAST_TOLD_MS - 1 + 4 * EVERY)
    ]
    assert said(one_round(after, ENDED, NOW + LEAST_TOLD_MS)) == [("yellow", LEAST_TOLD_MS)]


def test_after_a_week_nobody_is_told_of_what_is_over_and_it_is_counted() -> None:
    plan = one_round(NEW._replace(added=NOW - FORGET_MS - 1), ENDED)
    assert (plan.notices, plan.done, plan.forgotten) == ([], [ENDED.id], 1)
    assert said(one_round(NEW._replace(added=NOW - FORGET_MS - 1), ALERT)) == [("yellow", 4 * EVERY)]


def test_an_alert_withdrawn_before_anybody_was_told_never_was() -> None:
    plan = one_round(NEW, ALERT, state=AlertState.WITHDRAWN)
    assert (plan.notices, plan.done, plan.forgotten) == ([], [ALERT.id], 0)


def test_an_alert_withdrawn_after_it_was_told_ends() -> None:
    assert said(one_round(TOLD, ALERT, state=AlertState.WITHDRAWN)) == [("yellow", 0)]


def test_an_alert_that_fires_again_under_its_id_is_told_again_at_once() -> None:
    plan = one_round(TOLD._replace(ended=NOW - 1), ALERT)
    assert said(plan) == [("yellow", 4 * EVERY)]
    assert [one.ended for one in plan.told] == [None]


@pytest.mark.parametrize("again", [False, True])
def test_work_that_was_announced_is_waited_for(*, again: bool) -> None:
    assert one_round(NEW, ALERT, muted="w1", again=again) == Plan([], [], [], [], 0)
    assert one_round(NEW, ENDED, muted="w1", again=again).done == [ENDED.id]


def test_work_that_begins_after_an_alert_was_told_mutes_it_where_it_is_known() -> None:
    assert said(one_round(TOLD, ALERT, muted="w1", again=True)) == [("yellow", 4 * EVERY), ("muted", 4 * EVERY)]
