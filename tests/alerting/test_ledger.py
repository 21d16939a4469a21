"""The ledger as everybody sees it, on each database."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event

from alerting.case import CaseState, Outcome, Step, Verb
from alerting.ledger import AlertFilter, Applied, Ledger, Signature
from alerting.level import Level
from alerting.record import AlertState, as_json
from hydro.errors import ConfigError, LedgerError, TransitionError
from tests.alerting.sample_alerts import DAWN, change, shortfall

if TYPE_CHECKING:
    from pathlib import Path

    from alerting.record import SubjectAlerts

NOON = DAWN + 12 * 3_600_000
STEPS = {
    CaseState.ACCEPTED: [Step(Verb.ACK)],
    CaseState.REVIEWED: [
        Step(Verb.ACK),
        Step(Verb.VERIFY, outcome=Outcome.CONFIRMED),
        Step(Verb.DISPATCH, to="县水务局"),
        Step(Verb.DISPOSE),
        Step(Verb.REVIEW),
    ],
    CaseState.FALSE_ALARM: [Step(Verb.ACK), Step(Verb.VERIFY, outcome=Outcome.FALSE_ALARM)],
}


def apply(ledger: Ledger, *changes: SubjectAlerts, cursor: int = 1) -> Applied:
    return ledger.apply(changes, cursor, NOON)


def work(ledger: Ledger, alert_id: str, to: CaseState) -> None:
    for step in STEPS[to]:
        ledger.transition(alert_id, step, Signature("王工", NOON))


def known(ledger: Ledger, alert_id: str) -> dict[str, Any]:
    found = ledger.alert(alert_id)
    assert found is not None
    return found


def history(ledger: Ledger, alert_id: str) -> list[tuple[str, str, str]]:
    return [(step["by"], step["verb"], step["to"]) for step in known(ledger, alert_id)["case"]["history"]]


def same_case(ledger: Ledger, *alert_ids: str) -> bool:
    """A case has one history, and no two have the same."""
    return len({json.dumps(known(ledger, alert_id)["case"]) for alert_id in alert_ids}) == 1


def test_an_alert_is_given_back_as_the_contract_has_it_with_its_case(ledger: Ledger) -> None:
    alert = shortfall(1, levels=(Level.YELLOW, Level.RED))
    assert apply(ledger, change(alert)) == Applied(arrived=1, points=2)
    opened = {
        "at": "2026-03-01T12:00:00+08:00",
        "by": "watermaster",
        "verb": "raise",
        "from": None,
        "to": "raised",
        "comment": "",
        "outcome": None,
        "assignee": None,
        "alert": alert.id,
    }
    case = {"state": "raised", "assignee": None, "due": None, "history": [opened]}
    assert known(ledger, alert.id) == {**as_json(alert, 480), "case": case}
    assert list(known(ledger, alert.id)) == list(as_json(alert, 480))
    assert list(ledger.export()) == [known(ledger, alert.id)]


def test_an_unknown_alert_is_none(ledger: Ledger) -> None:
    assert ledger.alert("nothing") is None
    with pytest.raises(LedgerError, match="has no alert 'nothing'"):
        ledger.transition("nothing", Step(Verb.ACK), Signature("王工", NOON))


def test_the_cursor_moves_with_its_effect_or_not_at_all(ledger: Ledger) -> None:
    assert ledger.cursor() == 0
    apply(ledger, cursor=7)
    assert ledger.cursor() == 7
    other = shortfall(1, station="52010300A2")
    wrong = change(shortfall(5, id=other.id))  # the id of another subject's alert
    with pytest.raises(LedgerError):
        apply(ledger, change(other, station="52010300A2"), wrong, cursor=8)
    assert ledger.cursor() == 7
    assert list(ledger.export()) == []
    assert ledger.outbox_size() == 0


def test_applying_the_same_again_changes_nothing(ledger: Ledger) -> None:
    first, second = change(shortfall(1, 5), shortfall(9)), change(shortfall(1, 6), shortfall(8))
    apply(ledger, first)
    apply(ledger, second)
    before = list(ledger.export()), ledger.outbox()
    assert apply(ledger, second) == Applied()
    assert (list(ledger.export()), ledger.outbox()) == before


def test_an_alert_is_rewritten_in_place(ledger: Ledger) -> None:
    firing, resolved = shortfall(1), shortfall(1, 9, levels=(Level.YELLOW, Level.ORANGE))
    apply(ledger, change(firing))
    assert apply(ledger, change(resolved)) == Applied(rewritten=1, points=2)
    shown = known(ledger, firing.id)
    assert (shown["state"], shown["level"], shown["resolved_at"]) == ("resolved", "orange", "2026-03-01T09:00:00+08:00")
    assert history(ledger, firing.id) == [("watermaster", "raise", "raised")]


def test_what_was_resolved_before_the_change_begins_stands(ledger: Ledger) -> None:
    #      1───5      7──9     12─────▶
    #          since ┆
    old, middle, new = shortfall(1, 5), shortfall(7, 9), shortfall(12)
    apply(ledger, change(old, middle))
    assert apply(ledger, change(new, since=5)).withdrawn == 1
    assert [alert["id"] for alert in ledger.export()] == [old.id, new.id]


def test_a_withdrawn_alert_is_kept_but_never_exported_or_listed(ledger: Ledger) -> None:
    alert = shortfall(1)
    apply(ledger, change(alert))
    assert apply(ledger, change()) == Applied(withdrawn=1, points=1)
    assert list(ledger.export()) == []
    assert ledger.alerts().items == []
    assert ledger.alerts(AlertFilter(state=AlertState.WITHDRAWN)).items == [known(ledger, alert.id)]
    assert known(ledger, alert.id)["state"] == "withdrawn"
    assert history(ledger, alert.id) == [("watermaster", "raise", "raised"), ("watermaster", "withdraw", "raised")]


def test_a_withdrawn_alert_that_comes_true_again_returns_under_its_id_to_its_case(ledger: Ledger) -> None:
    alert = shortfall(1)
    apply(ledger, change(alert))
    apply(ledger, change())
    work(ledger, alert.id, CaseState.ACCEPTED)
    assert apply(ledger, change(shortfall(1, 4))) == Applied(arrived=1, points=2)
    assert [shown["id"] for shown in ledger.export()] == [alert.id]
    assert history(ledger, alert.id) == [
        ("watermaster", "raise", "raised"),
        ("watermaster", "withdraw", "raised"),
        ("王工", "ack", "accepted"),
        ("watermaster", "return", "accepted"),
    ]


def test_a_moved_onset_gives_a_new_id_that_inherits_the_case(ledger: Ledger) -> None:
    early, late = shortfall(1), shortfall(3)
    apply(ledger, change(early))
    assert apply(ledger, change(late)) == Applied(arrived=1, withdrawn=1, points=2)
    work(ledger, early.id, CaseState.ACCEPTED)
    assert known(ledger, late.id)["case"]["state"] == "accepted"
    last = known(ledger, late.id)["case"]["history"][-2]
    assert (last["verb"], last["alert"], last["comment"]) == ("inherit", late.id, f"takes over from {early.id}")
    assert same_case(ledger, early.id, late.id)


@pytest.mark.parametrize(("start", "joins"), [(76, True), (77, False)], ids=["72 h", "73 h"])
def test_a_recurrence_joins_the_case_until_72_hours_after_the_resolution(
    ledger: Ledger,
    start: int,
    joins: bool,  # noqa: FBT001  # a column of the table
) -> None:
    first, second = shortfall(1, 5), shortfall(start)
    apply(ledger, change(first))
    apply(ledger, change(second, since=5))
    assert same_case(ledger, first.id, second.id) is joins
    assert known(ledger, second.id)["previous"] == first.id


def test_a_recurrence_does_not_join_a_closed_case(ledger: Ledger) -> None:
    first, second = shortfall(1, 5), shortfall(10)
    apply(ledger, change(first))
    work(ledger, first.id, CaseState.REVIEWED)
    ledger.transition(first.id, Step(Verb.CLOSE), Signature("王工", NOON))
    apply(ledger, change(second, since=5))
    assert not same_case(ledger, first.id, second.id)


def test_previous_is_the_alert_before_whatever_its_age_and_skips_withdrawn_ones(ledger: Ledger) -> None:
    first, second, third = shortfall(1, 5), shortfall(500, 505), shortfall(2_000)
    elsewhere = shortfall(600, target="other")
    apply(ledger, change(first, second, third), change(elsewhere, target="other"))
    assert [alert["previous"] for alert in ledger.export()] == [None, first.id, None, second.id]
    apply(ledger, change(third, since=5))
    assert known(ledger, third.id)["previous"] == first.id


def test_an_export_is_in_order_of_onset_and_code_points(ledger: Ledger) -> None:
    stations = ["b", "B", "a", "_", "10", "9", "é", "站", "A"]
    alerts = [shortfall(1, station=station, target="t") for station in stations]
    for alert in alerts:
        apply(ledger, change(alert, station=alert.subject, target="t"))
    apply(ledger, change(shortfall(0, 1, station="z", target="t"), station="z", target="t"))
    assert [alert["subject"]["code"] for alert in ledger.export()] == ["z", *sorted(stations)]


def test_pages_go_on_where_the_one_before_ended_though_alerts_come_in(ledger: Ledger) -> None:
    expected = []
    for number in range(25):
        alert = shortfall(number // 3, station=f"S{number:02d}", target="t")
        expected.append((-alert.raised_at, alert.id))
        apply(ledger, change(alert, station=alert.subject, target="t"))
    found: list[str] = []
    cursor = None
    while True:
        page = ledger.alerts(limit=4, cursor=cursor)
        found += [alert["id"] for alert in page.items]
        if page.next is None:
            break
        cursor = page.next
        late = shortfall(100 + len(found), station="late", target=str(len(found)))
        apply(ledger, change(late, station="late", target=str(len(found))))
    by_time = sorted(alert_id for _, alert_id in expected)
    assert sorted(found) == by_time
    times = [known(ledger, alert_id)["raised_at"] for alert_id in found]
    assert times == sorted(times, reverse=True)


@pytest.mark.parametrize("cursor", ["", "x", "é", "!!!!", "MTIz", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OS5h"])
def test_a_cursor_that_no_page_gave_is_refused(ledger: Ledger, cursor: str) -> None:
    with pytest.raises(ConfigError, match="cursor"):
        ledger.alerts(cursor=cursor)


def test_filters_narrow_a_list(ledger: Ledger) -> None:
    red = shortfall(1, station="A", target="t", levels=(Level.RED,))
    over = shortfall(2, 4, station="B", target="t")
    gateway = shortfall(3, station="A", target="g", subject_kind="gateway", alert_class="data_loss")
    apply(ledger, change(red, station="A", target="t"), change(over, station="B", target="t"))
    apply(ledger, change(gateway, station="A", target="g")._replace(alert_class="data_loss"))
    work(ledger, over.id, CaseState.ACCEPTED)
    for where, expected in {
        AlertFilter(): [gateway, over, red],
        AlertFilter(state=AlertState.FIRING): [gateway, red],
        AlertFilter(alert_class="data_loss"): [gateway],
        AlertFilter(station="A"): [red],
        AlertFilter(level=Level.RED): [red],
        AlertFilter(case_state=CaseState.ACCEPTED): [over],
        AlertFilter(station="B", level=Level.RED): [],
    }.items():
        assert [alert["id"] for alert in ledger.alerts(where).items] == [alert.id for alert in expected]


def test_who_did_what_when_and_why_stands_in_the_history(ledger: Ledger) -> None:
    alert = shortfall(1)
    apply(ledger, change(alert))
    work(ledger, alert.id, CaseState.ACCEPTED)
    ledger.transition(
        alert.id, Step(Verb.VERIFY, outcome=Outcome.CONFIRMED), Signature(" 李工 ", NOON, "到现场 \n看过")
    )
    shown = ledger.transition(alert.id, Step(Verb.DISPATCH, to="县水务局"), Signature("王工", NOON + 60_000))
    assert shown["case"]["assignee"] == "县水务局"
    assert shown["case"]["history"][-2:] == [
        {
            "at": "2026-03-01T12:00:00+08:00",
            "by": "李工",
            "verb": "verify",
            "from": "accepted",
            "to": "verified",
            "comment": "到现场 \n看过",
            "outcome": "confirmed",
            "assignee": None,
            "alert": alert.id,
        },
        {
            "at": "2026-03-01T12:01:00+08:00",
            "by": "王工",
            "verb": "dispatch",
            "from": "verified",
            "to": "disposing",
            "comment": "",
            "outcome": None,
            "assignee": "县水务局",
            "alert": alert.id,
        },
    ]


def test_a_refused_verb_leaves_everything_as_it_was(ledger: Ledger) -> None:
    alert = shortfall(1)
    apply(ledger, change(alert))
    before = known(ledger, alert.id)
    with pytest.raises(TransitionError, match=f"alert {alert.id}: can't close a case that is raised; allowed: ack"):
        ledger.transition(alert.id, Step(Verb.CLOSE), Signature("王工", NOON))
    assert known(ledger, alert.id) == before


def test_a_case_of_two_alerts_is_worked_through_either_and_closed_when_none_is_firing(ledger: Ledger) -> None:
    first, second = shortfall(1, 5), shortfall(10)
    apply(ledger, change(first, second))
    work(ledger, first.id, CaseState.REVIEWED)
    with pytest.raises(TransitionError, match="firing"):
        ledger.transition(first.id, Step(Verb.CLOSE), Signature("王工", NOON))
    apply(ledger, change(shortfall(10, 20), since=5))
    assert ledger.transition(second.id, Step(Verb.CLOSE), Signature("王工", NOON))["case"]["state"] == "closed"
    assert same_case(ledger, first.id, second.id)


def test_a_false_alarm_is_closed_while_it_is_firing(ledger: Ledger) -> None:
    alert = shortfall(1)
    apply(ledger, change(alert))
    work(ledger, alert.id, CaseState.FALSE_ALARM)
    shown = ledger.transition(alert.id, Step(Verb.CLOSE), Signature("王工", NOON))
    assert (shown["state"], shown["case"]["state"]) == ("firing", "closed")


def test_resolving_never_closes_a_case(ledger: Ledger) -> None:
    alert = shortfall(1)
    apply(ledger, change(alert))
    work(ledger, alert.id, CaseState.ACCEPTED)
    apply(ledger, change(shortfall(1, 4)))
    assert known(ledger, alert.id)["case"]["state"] == "accepted"


def test_the_case_of_a_withdrawn_alert_can_be_brought_to_its_end(ledger: Ledger) -> None:
    alert = shortfall(1)
    apply(ledger, change(alert))
    apply(ledger, change())
    work(ledger, alert.id, CaseState.REVIEWED)
    assert ledger.transition(alert.id, Step(Verb.CLOSE), Signature("王工", NOON))["case"]["state"] == "closed"


@pytest.mark.parametrize(
    ("step", "signature", "reason"),
    [
        (Step(Verb.ACK), Signature("  ", NOON), "by is empty"),
        (Step(Verb.ACK), Signature("x" * 201, NOON), "by has 201 characters"),
        (Step(Verb.ACK), Signature("王工\n", NOON, "c" * 10_001), "comment has 10001"),
        (Step(Verb.ACK), Signature("王\n工", NOON), "by holds control"),
        (Step(Verb.ACK), Signature("王工", NOON, "\ud800"), "comment holds control"),
        (Step(Verb.ACK), Signature("王工", NOON, "a\0b"), "comment holds control"),
        (Step(Verb.ACK), Signature("王工", NOON, "\x1b[2J"), "comment holds control"),
        (Step(Verb.DISPATCH, to=" "), Signature("王工", NOON), "to is empty"),
    ],
)
def test_text_that_no_database_or_terminal_should_get_is_refused(
    ledger: Ledger, step: Step, signature: Signature, reason: str
) -> None:
    alert = shortfall(1)
    apply(ledger, change(alert))
    with pytest.raises(ConfigError, match=reason):
        ledger.transition(alert.id, step, signature)


def test_the_outbox_keeps_points_in_order_until_the_store_has_them(ledger: Ledger) -> None:
    alert = shortfall(1, 9, levels=(Level.YELLOW, Level.RED), target=None)
    apply(ledger, change(alert))
    tags = (
        ("class", "eflow_shortfall"),
        ("station", "52010300A1"),
        ("subject", "52010300A1"),
        ("target_id", "52010300A1:discharge:hour:base"),
        ("basin", "乌江"),
        ("division", "520103"),
        ("river", "-"),
    )
    hour = 3_600_000
    entries = ledger.outbox()
    assert [entry.point for entry in entries] == [
        (alert.raised_at, tags, alert.id, 2, 1, 1.21, 2.0, 0.605),
        (alert.raised_at + hour, tags, alert.id, 4, 1, 1.21, 2.0, 0.605),
        (DAWN + 9 * hour, tags, alert.id, 0, 0, 1.21, 2.0, 0.605),
    ]
    assert [entry.point.time for entry in ledger.outbox(2)] == [alert.raised_at, alert.raised_at + hour]
    ledger.outbox_written(entries[:2])
    ledger.outbox_written([])
    assert ledger.outbox() == entries[2:]
    assert ledger.outbox_size() == 1


def test_a_change_looks_at_its_own_target_only(tmp_path: Path) -> None:
    """However many alerts there are: SQLite knows no sizes and may prefer an index that helps nobody."""
    asked: list[tuple[str, Any]] = []
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}", zone_minutes=480) as ledger:
        engine = ledger._database._engine  # noqa: SLF001  # to listen

        @event.listens_for(engine, "before_cursor_execute")
        def note(_connection: object, _cursor: object, statement: str, values: object, *_: object) -> None:
            asked.append((statement, values))

        apply(ledger, change(shortfall(1, 5)))
        apply(ledger, change(shortfall(10), since=5))
        event.remove(engine, "before_cursor_execute", note)
        plans = []
        with engine.connect() as connection:
            for statement, values in asked:
                if statement.startswith(("SELECT", "UPDATE")):
                    plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
                    plans += [row.detail for row in plan]
    of_alerts = {plan for plan in plans if " alerts " in plan}
    assert of_alerts == {"SEARCH alerts USING INDEX alerts_of_subject (class=? AND subject=? AND target_id=?)"}
    # The queue of evidence is counted: it is bounded, and mostly empty.
    assert not [plan for plan in plans if plan.startswith("SCAN") and "evidence_queue" not in plan]
