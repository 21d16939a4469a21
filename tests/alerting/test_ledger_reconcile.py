"""Which case an arriving alert gets, and what the store is told: the pure part, drawn as timelines in hours.

`1──5` is an alert with onset at hour 1, resolved at hour 5; `1──▶` is still firing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alerting.case import CaseState
from alerting.ledger.points import alert_points, changed_points
from alerting.ledger.reconcile import CaseEvent, Held, reconcile
from alerting.ledger.revision import Revision, view
from alerting.level import Level
from tests.alerting.sample_alerts import change, shortfall

if TYPE_CHECKING:
    from alerting.record import AlertRecord

RAISED, NOTIFIED = CaseState.RAISED, CaseState.NOTIFIED
ACCEPTED, CLOSED = CaseState.ACCEPTED, CaseState.CLOSED


def held(alert: AlertRecord, case_id: int, state: CaseState = RAISED, *, withdrawn: bool = False) -> Held:
    return Held(alert, withdrawn, state, case_id, None if withdrawn else alert)


def arrivals(before: list[Held], *after: AlertRecord, standing: Held | None = None) -> list[tuple[str, str | None]]:
    """Event and other alert of each arrival, by time."""
    return [(one.event.value, one.other) for one in reconcile(before, standing, change(*after)).arrived]


def test_an_alert_that_stays_arrives_nowhere() -> None:
    same, rewritten = shortfall(1, 5), shortfall(9)
    todo = reconcile([held(same, 1), held(rewritten, 1)], None, change(same, shortfall(9, 12)))
    assert [one.record.id for one in todo.rewritten] == [rewritten.id]
    assert (todo.arrived, todo.withdrawn, todo.abandoned) == ((), (), ())


def test_a_moved_onset_inherits() -> None:
    #  1────5
    #    2──5
    old, new = shortfall(1, 5), shortfall(2, 5)
    assert arrivals([held(old, 1)], new) == [("inherit", old.id)]
    assert reconcile([held(old, 1)], None, change(new)).abandoned == ()


@pytest.mark.parametrize("state", [state for state in CaseState if state not in (RAISED, NOTIFIED)])
def test_an_alert_that_a_person_has_touched_stands_for_the_moved_one(state: CaseState) -> None:
    old, new = shortfall(1, 5), shortfall(2, 5)
    todo = reconcile([held(old, 1, state)], None, change(new), 77)
    assert (todo.arrived, todo.withdrawn, todo.abandoned) == ((), (), ())
    assert [(one.record, one.said) for one in todo.rewritten] == [(old, new)]
    assert [one.revised for one in todo.rewritten] == [(Revision(77, view(old), view(new)),)]


def test_of_two_that_overlap_one_withdrawn_alert_both_inherit() -> None:
    #  1────────▶
    #    2──5 7─▶
    old = shortfall(1)
    assert arrivals([held(old, 1, NOTIFIED)], shortfall(2, 5), shortfall(7)) == [("inherit", old.id)] * 2


def test_of_two_that_overlap_a_touched_alert_it_stands_for_the_first_and_the_second_inherits() -> None:
    #  1────────▶   accepted
    #    2──5 7─▶
    old, first, second = shortfall(1), shortfall(2, 5), shortfall(7)
    todo = reconcile([held(old, 1, ACCEPTED)], None, change(first, second))
    assert [(one.record.id, one.said) for one in todo.rewritten] == [(old.id, first)]
    assert [(one.event.value, one.other) for one in todo.arrived] == [("inherit", old.id)]


def test_of_two_withdrawn_alerts_the_one_that_a_person_touched_stays() -> None:
    #  1──3  5──8     the case of the second is being worked
    #   2─────8
    first, second = shortfall(1, 3), shortfall(5, 8)
    new = shortfall(2, 8)
    before = [held(first, 1), held(second, 2, ACCEPTED)]
    todo = reconcile(before, None, change(new))
    assert [(one.record, one.said) for one in todo.rewritten] == [(second, new)]
    assert [one.record.id for one in todo.abandoned] == [first.id]
    assert arrivals([held(first, 1), held(second, 2)], new) == [("inherit", first.id)]


def test_a_touched_alert_takes_up_its_own_verdict_whatever_it_stands_for() -> None:
    #  1──────9       accepted; by now it stands for 2──9
    #  1─3  4──9      what the rules say next: its own again, and another one
    own, other = shortfall(1, 3), shortfall(4, 9)
    before = held(shortfall(1, 9), 1, ACCEPTED)._replace(said=shortfall(2, 9))
    todo = reconcile([before], None, change(own, other))
    assert [(one.record.id, one.said) for one in todo.rewritten] == [(own.id, own)]
    assert [(one.event.value, one.other) for one in todo.arrived] == [("inherit", own.id)]
    #  1─2  2──9      and where what it stood for stays beside its own
    todo = reconcile([before], None, change(shortfall(1, 2), shortfall(2, 9)))
    assert [(one.record.id, one.said) for one in todo.rewritten] == [(own.id, shortfall(1, 2))]
    assert [(one.event.value, one.other) for one in todo.arrived] == [("inherit", own.id)]


@pytest.mark.parametrize(
    ("start", "event"),
    [(5, "inherit"), (76, "inherit"), (77, "raise")],
    ids=["at once", "72 h later", "73 h later"],
)
def test_without_overlap_the_only_counterpart_inherits_within_72_hours(start: int, event: str) -> None:
    #  1──5
    #       start──▶
    old = shortfall(1, 5)
    assert [found for found, _ in arrivals([held(old, 1)], shortfall(start))] == [event]
    # and the other way round: the withdrawn one lies after the new one
    late = shortfall(start)
    assert [found for found, _ in arrivals([held(late, 1)], shortfall(1, 5))] == [event]


def test_a_withdrawn_alert_with_a_counterpart_is_not_inherited_by_a_neighbour() -> None:
    #  1──5
    #   2─5   9──▶     the neighbour joins as a recurrence instead, and would not join a closed case
    old, heir, neighbour = shortfall(1, 5), shortfall(2, 5), shortfall(9)
    assert arrivals([held(old, 1)], heir, neighbour) == [("inherit", old.id), ("join", heir.id)]
    assert arrivals([held(old, 1, ACCEPTED)], heir, neighbour) == [("join", old.id)]
    assert arrivals([held(old, 1, CLOSED)], heir, neighbour) == [("raise", None)]


def test_a_recurrence_joins_through_a_case_opened_in_the_same_change() -> None:
    first, second, third = shortfall(1, 5), shortfall(9, 12), shortfall(20)
    assert arrivals([], first, second, third) == [("raise", None), ("join", first.id), ("join", second.id)]


def test_a_recurrence_joins_what_stands_before_the_change() -> None:
    standing = held(shortfall(-20, -10), 1)
    assert arrivals([], shortfall(1), standing=standing) == [("join", standing.record.id)]
    assert arrivals([], shortfall(1), standing=standing._replace(case_state=CLOSED)) == [("raise", None)]


def test_a_returning_alert_has_its_own_case() -> None:
    back = shortfall(1)
    assert arrivals([held(back, 1, withdrawn=True)], back) == [("return", None)]
    assert reconcile([held(back, 1, withdrawn=True)], None, change(back)).before == ()


def test_a_returning_alert_follows_the_people() -> None:
    #  1──▶ was withdrawn, 2──▶ came in its place; now it is the other way round again
    back, stopgap = shortfall(1), shortfall(2)
    for own, other, expected in [
        (RAISED, ACCEPTED, []),
        (RAISED, RAISED, [("inherit", stopgap.id)]),
        (ACCEPTED, RAISED, [("return", None)]),
        (CLOSED, ACCEPTED, [("return", None)]),
    ]:
        assert arrivals([held(back, 1, own, withdrawn=True), held(stopgap, 2, other)], back) == expected
    same = [held(back, 1, withdrawn=True), held(stopgap, 1)]
    assert arrivals(same, back) == [("return", None)]
    assert [one.record.id for one in reconcile(same, None, change(back)).abandoned] == [stopgap.id]


def test_what_comes_in_no_order_goes_out_by_time() -> None:
    alerts = [shortfall(1, 3), shortfall(5, 8), shortfall(10)]
    todo = reconcile([], None, change(*reversed(alerts)))
    assert [arrival.record.id for arrival in todo.arrived] == [alert.id for alert in alerts]
    assert todo.arrived[0].event is CaseEvent.RAISE


def test_only_points_that_differ_are_written() -> None:
    before = shortfall(1, levels=(Level.YELLOW, Level.ORANGE))
    after = shortfall(1, 9, levels=(Level.YELLOW, Level.ORANGE))
    assert changed_points([], [before]) == list(alert_points(before))
    assert changed_points([before], [before]) == []
    assert changed_points([before], [after]) == [alert_points(after)[-1]]


def test_a_transition_that_is_no_more_becomes_level_0_state_0_and_keeps_its_other_fields() -> None:
    before = shortfall(1, levels=(Level.YELLOW, Level.RED))
    first, second = alert_points(before)
    assert changed_points([before], []) == [first._replace(level=0, state=0), second._replace(level=0, state=0)]
    assert changed_points([before], [shortfall(1)]) == [second._replace(level=0, state=0)]


def test_a_resolution_that_is_no_more_is_level_0_state_0_already() -> None:
    assert changed_points([shortfall(1, 9)], []) == [alert_points(shortfall(1))[0]._replace(level=0, state=0)]


def test_a_point_passes_from_a_withdrawn_alert_to_the_one_in_its_place() -> None:
    #  1─┬──▶   both are raised at hour 2
    #   1½──▶
    old = shortfall(1)
    new = shortfall(1, id="other", onset=old.onset + 1_800_000)
    (point,) = alert_points(new)
    assert point.time == alert_points(old)[0].time
    assert changed_points([old], [new]) == [point]


def test_points_under_other_tags_are_other_points() -> None:
    old, new = shortfall(1, basin="乌江"), shortfall(1, basin="赤水河")
    assert changed_points([old], [new]) == [alert_points(old)[0]._replace(level=0, state=0), *alert_points(new)]


def test_tags_that_do_not_apply_are_a_dash() -> None:
    record = shortfall(1, subject_kind="gateway", subject="gw1", target_id=None, basin=None, division=None, value=None)
    assert [dict(point.tags) for point in alert_points(record)] == [
        {
            "class": "eflow_shortfall",
            "station": "-",
            "subject": "gw1",
            "target_id": "-",
            "basin": "-",
            "division": "-",
            "river": "-",
        }
    ]
