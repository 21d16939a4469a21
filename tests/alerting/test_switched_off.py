"""A class that is switched off is told nobody, its open alerts are taken back, and nothing is lost by it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from alerting.rules_reader import STATE_KIND, STATE_VERSION, RulesReader
from hydro.rules import Rules
from hydro.series import SeriesIndex
from ingest.decode import Decoder, TickSource
from storage.state_file import StateFile
from tests.alerting.stream_of_messages import PREFIX, Message, at, register_of, report

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from alerting.record import SubjectAlerts
    from hydro.register import Register

POINTS = "station,quantity,zero_below\nS,discharge,0.02\n"
TARGETS = "station,quantity,from_day,to_day,value,basis\nS,discharge,,,2,hour\n"
REGISTER = register_of(["S,,section,,,,g,20"], points=POINTS, eflow_targets=TARGETS)
MESSAGES = [
    report(at("01 00:00") + slot * 1_200_000, "S", {"discharge": 0.0 if slot > 6 else 3.0}) for slot in range(1, 19)
]


class Service:
    """A reader of the rules that is stopped and started with other rules."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "rules.state"
        self._messages: Sequence[Message] = MESSAGES
        self.said: list[SubjectAlerts] = []

    def run(self, off: set[str], upto: int) -> None:
        """Judge up to a message with some classes off, save all, stop."""
        register: Register = REGISTER.with_rules(Rules(off=frozenset(off)))
        index = SeriesIndex(register.stations)
        state = StateFile(self._path, STATE_KIND, STATE_VERSION, sync="OFF")
        reader = RulesReader(register, index, state, 35)
        self.said = reader.rebuilt()
        decoder = Decoder(register, index, prefix=PREFIX, max_age_days=400, ticks=TickSource.HEARTBEAT)
        part = self._messages[reader.position : upto]
        if part:
            batch = decoder.decode(
                reader.position + 1,
                [message.topic for message in part],
                [message.payload for message in part],
                np.array([message.received_at for message in part], np.int64),
            )
            self.said += reader.step(batch)
        reader.save()
        state.close()

    def last(self, alert_class: str) -> SubjectAlerts | None:
        """What was last told of a class."""
        return next((one for one in reversed(self.said) if one.alert_class == alert_class), None)


def test_what_was_open_is_taken_back_and_comes_again(tmp_path: Path) -> None:
    service = Service(tmp_path)
    service.run(set(), 14)
    told = service.last("flow_stopped")
    assert told is not None
    assert len(told.alerts) == 1
    service.run({"flow_stopped"}, 14)
    assert [(one.alert_class, one.subject, one.alerts) for one in service.said] == [("flow_stopped", "S", ())]
    service.run({"flow_stopped"}, 14)
    assert service.said == []
    service.run(set(), 14)
    again = service.last("flow_stopped")
    assert again is not None
    assert again.alerts == told.alerts
    assert [(one.onset, one.raised_at) for one in again.alerts] == [(at("01 02:00"), at("01 03:00"))]


def test_a_class_that_is_off_is_judged_while_it_is(tmp_path: Path) -> None:
    """What it would have raised meanwhile is told when it is on again; other classes go on."""
    service = Service(tmp_path)
    service.run({"flow_stopped"}, 18)
    hushed = service.last("flow_stopped")
    assert hushed is None or hushed.alerts == ()
    shortfall = service.last("eflow_shortfall")
    assert shortfall is not None
    assert len(shortfall.alerts) == 1
    service.run(set(), 18)
    assert [(one.alert_class, len(one.alerts)) for one in service.said] == [("flow_stopped", 1)]


def test_numbers_and_classes_that_are_off_change_the_hash() -> None:
    """An alert says what judged it; restated defaults judge as none."""
    rules = [Rules(), Rules(off=frozenset({"flow_stopped"})), _held(30), _held(31)]
    assert len({REGISTER.with_rules(each).hash for each in rules}) == 4
    assert REGISTER.with_rules(Rules()).hash == REGISTER.hash == REGISTER.with_rules(_held(60)).hash


def _held(minutes: int) -> Rules:
    plain = Rules()
    return replace(plain, flow_stopped=replace(plain.flow_stopped, hold_min=minutes))


def test_a_changed_number_is_judged_anew_at_the_next_start(tmp_path: Path) -> None:
    """With two hours to hold, an hour and 20 minutes of still water is no alert any more."""
    register = REGISTER.with_rules(_held(120))
    service = Service(tmp_path)
    service.run(set(), 10)
    assert service.last("flow_stopped") is not None
    index = SeriesIndex(register.stations)
    state = StateFile(tmp_path / "rules.state", STATE_KIND, STATE_VERSION, sync="OFF")
    said = RulesReader(register, index, state, 35).rebuilt()
    state.close()
    assert [(one.alert_class, one.alerts) for one in said] == [("flow_stopped", ())]
