"""What late data leave behind, and what a person's hand on a case keeps; hours as bands, Y O R, . = met."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from alerting.case import Outcome, Step, Verb
from alerting.ledger import Ledger, Signature
from alerting.level import Level
from alerting.record import AlertRecord, as_json
from hydro.instants import format_instant
from tests.alerting.sample_alerts import DAWN, change, shortfall
from tests.alerting.small_rules import Band, late, said

if TYPE_CHECKING:
    from alerting.record import Late

BANDS: dict[str, Band] = {".": None, "Y": Level.YELLOW, "O": Level.ORANGE, "R": Level.RED}
RECEIVED = DAWN + 999_000
NOW = DAWN + 86_400_000


class Field:
    """A ledger, and the hours as they are known."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.hours = ""
        self.said: tuple[AlertRecord, ...] = ()
        self.position = 0

    def tell(self, hours: str, because: Late | None = None, *, read_at: int | None = None) -> None:
        """What is known by now."""
        self.hours = hours
        told = said([BANDS[hour] for hour in hours], because)
        self.said = told.alerts
        self.position += 1
        self.ledger.apply([told], self.position, NOW, read_at)

    def tell_late(self, hours: str, received_at: int = RECEIVED) -> None:
        """Late data make it so."""
        self.tell(hours, late(len(self.hours), received_at))

    def touch(self, alert_id: str) -> None:
        """A person takes the case on."""
        self.ledger.transition(alert_id, Step(Verb.ACK), Signature("王工", NOW))

    def known(self, alert_id: str) -> dict[str, Any]:
        """An alert."""
        found = self.ledger.alert(alert_id)
        assert found is not None
        return found

    def shown(self) -> list[tuple[str, str, str]]:
        """Id, level, state of the alerts that are not withdrawn."""
        return [(one["id"], one["level"], one["state"]) for one in self.ledger.export()]


@pytest.fixture
def field(ledger: Ledger) -> Field:
    return Field(ledger)


def seen(record: AlertRecord) -> dict[str, Any]:
    shown = as_json(record, 480)
    return {name: shown[name] for name in ("level", "onset", "raised_at", "resolved_at", "value")}


def line(was: AlertRecord | None, now: AlertRecord | None, at: int = RECEIVED) -> dict[str, Any]:
    return {
        "at": format_instant(at, 480),
        "was": None if was is None else seen(was),
        "now": None if now is None else seen(now),
    }


def test_data_within_the_lateness_rewrite_without_a_trace(field: Field) -> None:
    field.tell(".YY")
    field.tell(".OY")
    [alert] = field.said
    assert field.shown() == [(alert.id, "orange", "firing")]
    assert field.known(alert.id)["revised"] == []


def test_late_data_rewrite_in_place_and_leave_what_was_and_what_is_now(field: Field) -> None:
    field.tell(".YYY")
    [before] = field.said
    field.tell_late(".YOY")
    [after] = field.said
    assert field.known(after.id) == {
        **field.known(after.id),
        **seen(after),
        "revised": [line(before, after)],
    }
    assert before.id == after.id


def test_what_is_new_beside_late_data_is_no_revision(field: Field) -> None:
    field.tell(".Y")
    field.tell(".YR", late(2, RECEIVED))  # the hour that the late data are of came to the same
    assert field.known(field.said[0].id)["revised"] == []
    assert field.shown()[0][1:] == ("red", "firing")


def test_an_alert_that_only_late_data_raise_was_nothing_before(field: Field) -> None:
    field.tell("...")
    field.tell_late(".Y.")
    assert field.known(field.said[0].id)["revised"] == [line(None, field.said[0])]


def test_what_late_data_withdraw_keeps_its_trace_and_returns_under_its_id(field: Field) -> None:
    field.tell(".Y..")
    [alert] = field.said
    field.tell_late("....")
    assert field.shown() == []
    assert (field.known(alert.id)["state"], field.known(alert.id)["revised"]) == ("withdrawn", [line(alert, None)])
    field.tell_late(".Y..", RECEIVED + 1_000)
    assert field.shown() == [(alert.id, "yellow", "resolved")]
    assert field.known(alert.id)["revised"] == [line(alert, None), line(None, alert, RECEIVED + 1_000)]


def test_an_onset_that_late_data_move_gives_a_new_id_that_inherits_case_and_trace(field: Field) -> None:
    field.tell("..YY")
    [before] = field.said
    field.tell_late("..OY")
    [between] = field.said
    field.tell_late(".YOY", RECEIVED + 1_000)
    [after] = field.said
    assert before.id == between.id != after.id
    assert field.shown() == [(after.id, "orange", "firing")]
    trace = line(before, between)
    assert field.known(after.id)["revised"] == [trace, line(between, after, RECEIVED + 1_000)]
    assert field.known(before.id)["revised"] == [trace, line(between, None, RECEIVED + 1_000)]
    assert field.known(after.id)["case"] == field.known(before.id)["case"]
    assert [step["verb"] for step in field.known(after.id)["case"]["history"]] == ["raise", "inherit"]


def test_once_a_person_has_touched_the_case_late_data_only_leave_a_trace(field: Field) -> None:
    field.tell(".YYY")
    [before] = field.said
    field.touch(before.id)
    field.tell_late(".YRY")
    [after] = field.said
    shown = field.known(before.id)
    assert {name: shown[name] for name in seen(before)} == seen(before)
    assert shown["revised"] == [line(before, after)]


def test_a_touched_alert_stands_for_the_one_with_the_moved_onset(field: Field) -> None:
    field.tell("..YY")
    [before] = field.said
    field.touch(before.id)
    field.tell_late(".YYY")
    assert field.shown() == [(before.id, "yellow", "firing")]
    assert field.known(before.id)["revised"] == [line(before, field.said[0])]
    assert field.known(before.id)["onset"] == seen(before)["onset"]
    field.tell(".YYY..")
    assert field.shown() == [(before.id, "yellow", "resolved")]
    field.tell(".YYY....Y")
    first, second = field.known(before.id), field.known(field.said[1].id)
    assert second["previous"] == before.id
    assert second["case"] == first["case"]
    joined = second["case"]["history"][-1]
    assert (joined["verb"], joined["comment"]) == ("join", f"recurrence of {before.id}")


def test_a_touched_alert_whose_verdict_vanished_is_resolved_at_its_raising(field: Field) -> None:
    field.tell(".YRR")
    [before] = field.said
    field.touch(before.id)
    field.tell_late("....")
    shown = field.known(before.id)
    assert (shown["state"], shown["level"]) == ("resolved", "red")
    assert shown["resolved_at"] == shown["raised_at"] == seen(before)["raised_at"]
    assert shown["revised"] == [line(before, None)]
    assert [step["verb"] for step in shown["case"]["history"]] == ["raise", "ack", "withdraw"]
    assert [one["id"] for one in field.ledger.export()] == [before.id]


def test_a_touched_alert_that_vanished_and_comes_true_again_waits_for_what_is_new(field: Field) -> None:
    field.tell(".YY")
    [before] = field.said
    field.touch(before.id)
    field.tell_late("...")
    field.tell_late(".YY", RECEIVED + 1_000)
    assert field.shown() == [(before.id, "yellow", "resolved")]
    assert field.known(before.id)["revised"] == [line(before, None), line(None, before, RECEIVED + 1_000)]
    field.tell(".YYR")
    assert field.shown() == [(before.id, "red", "firing")]
    field.tell(".YYR..")
    assert field.shown() == [(before.id, "red", "resolved")]
    assert len(field.known(before.id)["revised"]) == 2


def test_a_touched_alert_rises_and_resolves_by_what_is_new(field: Field) -> None:
    field.tell(".Y")
    [alert] = field.said
    field.touch(alert.id)
    for hours in (".YR", ".YRY", ".YRYY", ".YRYY..", ".YRYY..."):
        field.tell(hours)
        without = {**field.known(alert.id), "case": None}
        assert without == as_json(field.said[0], 480)


def test_new_evidence_takes_a_touched_alert_to_the_level_that_the_rules_have_by_then(field: Field) -> None:
    field.tell(".YY")
    [alert] = field.said
    field.touch(alert.id)
    field.tell_late(".RR")
    assert field.shown() == [(alert.id, "yellow", "firing")]
    field.tell(".RRR")
    assert field.shown() == [(alert.id, "red", "firing")]
    levels = [(one["level"], one["at"]) for one in field.known(alert.id)["levels"]]
    assert levels == [("yellow", "2026-03-01T02:00:00+08:00"), ("red", "2026-03-01T04:00:00+08:00")]


def test_late_data_and_new_ones_in_one_change_are_told_apart(field: Field) -> None:
    field.tell(".YYY")
    [before] = field.said
    field.touch(before.id)
    field.tell(".OYY..", late(4, RECEIVED))
    shown = field.known(before.id)
    assert (shown["level"], shown["state"]) == ("yellow", "resolved")
    assert shown["revised"] == [line(before, field.said[0])]


def test_an_end_that_late_data_tell_of_ends_a_touched_alert(field: Field) -> None:
    """It would fire for ever otherwise: the rules have nothing more to say of it."""
    field.tell(".YYYY")
    [before] = field.said
    field.touch(before.id)
    field.tell_late(".Y...")
    [after] = field.said
    shown = field.known(before.id)
    assert (shown["state"], shown["resolved_at"]) == ("resolved", seen(after)["resolved_at"])
    assert (shown["level"], shown["value"]) == (seen(before)["level"], seen(before)["value"])
    assert shown["revised"] == [line(before, after)]


def test_data_within_the_lateness_leave_a_trace_on_a_touched_alert(field: Field) -> None:
    field.tell(".YY")
    [before] = field.said
    field.touch(before.id)
    field.tell(".OY", read_at=RECEIVED)
    assert field.shown() == [(before.id, "yellow", "firing")]
    assert field.known(before.id)["revised"] == [line(before, field.said[0])]


def test_closing_asks_what_a_touched_alert_shows(field: Field) -> None:
    field.tell(".YYY")
    [alert] = field.said
    field.touch(alert.id)
    field.tell_late("....")
    for step in (
        Step(Verb.VERIFY, outcome=Outcome.CONFIRMED),
        Step(Verb.DISPATCH, to="县水务局"),
        Step(Verb.DISPOSE),
        Step(Verb.REVIEW),
        Step(Verb.CLOSE),
    ):
        field.ledger.transition(alert.id, step, Signature("王工", NOW))
    assert field.known(alert.id)["case"]["state"] == "closed"


def test_applying_a_late_change_again_leaves_no_second_trace(field: Field) -> None:
    field.tell(".YYY")
    field.touch(field.said[0].id)
    field.tell_late("....")
    before = list(field.ledger.export())
    field.tell_late("....")
    assert list(field.ledger.export()) == before


def test_a_gateway_and_a_station_of_one_code_are_two_subjects(ledger: Ledger) -> None:
    station = shortfall(1, station="A", target="", alert_class="data_loss", target_id=None, id="of the station")
    gateway = shortfall(
        2, station="A", target="", alert_class="data_loss", target_id=None, id="of the gateway", subject_kind="gateway"
    )
    change_of_station = change(station, station="A")._replace(alert_class="data_loss", target_id=None)
    ledger.apply([change_of_station], 1, NOW)
    ledger.apply([change_of_station._replace(alerts=(gateway,), subject_kind="gateway")], 2, NOW)
    assert [one["id"] for one in ledger.export()] == [station.id, gateway.id]
    ledger.apply([change_of_station._replace(alerts=())], 3, NOW)
    assert [one["id"] for one in ledger.export()] == [gateway.id]
