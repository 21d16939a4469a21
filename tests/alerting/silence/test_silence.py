"""Laws of the class data_loss: who is missed, since when, how badly, and until when.

Stations measure every 5 min and are 30 min late at most: 90 min without a valid value are a silence. Times are those of
March 2026, ``DD HH:MM``; ``=`` in the drawings is time in which readings come.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alerting.silence.engine import SilenceEngine
from hydro.instants import MINUTE_MS
from ingest.decode import TickSource
from tests.alerting.stream_of_messages import Message, Run, Told, at, beat, judged, reading, register_of, status, told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hydro.register import Register

FIVE = 5 * MINUTE_MS


def stations(count: int, gateway: str = "g") -> Register:
    """Stations S0, S1, … of one gateway, and B, which always sends, of another."""
    lines = [f"S{number},,section,,,,{gateway},5" for number in range(count)]
    return register_of([*lines, "B,,section,,,,other,5"])


def sends(station: str, first: str, last: str, gateway: str = "g", value: float = 1.0) -> Iterator[Message]:
    """A reading every 5 min, received as it is measured."""
    for time in range(at(first), at(last) + 1, FIVE):
        yield reading(time, station, gateway=gateway, stage=value)


def clock(first: str, last: str) -> Iterator[Message]:
    """B sends, so that time goes on."""
    yield from sends("B", first, last, gateway="other")


def test_a_station_is_missed_after_three_reports_or_an_hour_and_the_lateness() -> None:
    """One alert from the first slot that is missing; the tick that raises it is a full minute.

    ::

        S0  =====|                                      |=====
           00:00 01:00                                05:00
                      onset 01:05 … raised 02:30 … resolved 05:00
    """
    messages = [
        *clock("01 00:00", "01 06:00"),
        *sends("S0", "01 00:00", "01 01:00"),
        *sends("S0", "01 05:00", "01 06:00"),
    ]
    alerts = told(judged(SilenceEngine, stations(1), messages))
    assert alerts == [Told("S0", "silent", "01 01:05", "01 02:30", "01 05:00", "blue")]


@pytest.mark.parametrize(("report_min", "raised"), [("", "01 02:30"), ("15", "01 02:30"), ("60", "01 04:30")])
def test_a_station_that_reports_rarely_is_waited_for(report_min: str, raised: str) -> None:
    register = register_of([f"S0,,section,,,,g,5,{report_min}", "B,,section,,,,other,5,"], columns="report_min")
    alerts = told(
        judged(SilenceEngine, register, [*sends("S0", "01 00:00", "01 01:00"), *clock("01 00:00", "01 05:00")])
    )
    assert [(one.subject, one.raised) for one in alerts] == [("S0", raised)]


def test_what_comes_but_is_not_valid_does_not_count() -> None:
    """Impossible values and nulls keep coming: the reason says so. Back-fill repairs nothing, a fresh value does."""
    register = register_of(
        ["S0,,section,,,,g,5", "B,,section,,,,other,5"], points="station,quantity,min,max\nS0,stage,0,9\n"
    )
    messages = [
        *clock("01 00:00", "01 08:00"),
        *sends("S0", "01 00:00", "01 01:00"),
        *sends("S0", "01 01:05", "01 04:00", value=99.0),
        reading("01 04:05", "S0", stage=None),
        reading("01 05:00", "S0", "01 04:44"),
        reading("01 06:00", "S0", "01 05:45"),
    ]
    alerts = told(judged(SilenceEngine, register, messages))
    assert alerts == [
        Told("S0", "invalid", "01 01:05", "01 02:30", "01 06:00", "blue"),
        Told("S0", "silent", "01 05:50", "01 07:30", None, "blue"),
    ]


def test_levels_rise_at_ticks_while_nothing_comes() -> None:
    messages = [*sends("S0", "01 00:00", "01 01:00"), *clock("01 00:00", "04 03:00")]
    [said] = judged(SilenceEngine, stations(1), messages)
    assert [(change.level.text, change.at) for change in said.alerts[0].levels] == [
        ("blue", at("01 02:30")),
        ("yellow", at("01 08:30")),
        ("orange", at("02 02:30")),
        ("red", at("04 02:30")),
    ]


def test_a_station_that_never_came_is_missed_once_its_gateway_was_heard() -> None:
    """Its state alone is enough; a station of a gateway that nobody heard is not missed."""
    register = register_of(
        ["S0,,section,,,,g,5", "S1,,section,,,,unheard,5", "S2,,section,,,,,5", "B,,section,,,,other,5"]
    )
    messages = [*clock("01 00:00", "01 06:00"), status("01 01:00", "g")]
    assert told(judged(SilenceEngine, register, messages)) == [
        Told("S0", "never_connected", "01 01:00", "01 02:30", None, "blue")
    ]


def test_a_station_of_no_gateway_is_missed_once_it_was_heard_itself() -> None:
    register = register_of(["S0,,section,,,,,5", "B,,section,,,,other,5"])
    messages = [*clock("01 00:00", "01 06:00"), reading("01 01:00", "S0", gateway="anybody", stage=None)]
    assert told(judged(SilenceEngine, register, messages)) == [
        Told("S0", "invalid", "01 01:00", "01 02:30", None, "blue")
    ]


def test_retired_stations_are_never_missed() -> None:
    """Neither as such nor among the stations of their gateway; who retires while silent is missed no more."""
    register = register_of(
        [
            "S0,,section,,,,g,5,retired,,",
            "S1,,section,,,,g,5,,,2026-03-01",
            "S1,,section,,,,g,5,retired,2026-03-02,",
            "B,,section,,,,other,5,,,",
        ],
        columns="status,valid_from,valid_to",
    )
    messages = [
        *clock("01 20:00", "02 04:00"),
        *(one for name in ("S0", "S1") for one in sends(name, "01 20:00", "01 21:00")),
    ]
    assert told(judged(SilenceEngine, register, messages)) == [
        Told("S1", "silent", "01 21:05", "01 22:30", "02 00:01", "blue")
    ]


def test_a_gateway_stands_for_its_stations() -> None:
    """Three of four are not enough, four are; the stations' alerts become members. Without it they are alone again.

    ::

        S0 S1 S2  ====|                                   all back 08:00
        S3        =======|                  |=|
                         02:00            06:00 06:05
        stations  02:30 S0 S1 S2    03:30 all of them: the gateway
    """
    register = stations(4)
    messages = [
        *clock("01 00:00", "01 09:00"),
        *sends("S3", "01 00:00", "01 02:00"),
        *sends("S3", "01 06:00", "01 09:00"),
    ]
    for name in ("S0", "S1", "S2"):
        messages += [*sends(name, "01 00:00", "01 01:00"), *sends(name, "01 08:00", "01 09:00")]
    alerts = told(judged(SilenceEngine, register, messages))
    assert alerts[-1] == Told("g", "silent", "01 02:05", "01 03:30", "01 06:00", "blue", ("S0", "S1", "S2", "S3"))
    assert alerts[:-1] == [
        Told(name, "silent", "01 01:05", "01 06:01", "01 08:00", "blue") for name in ("S0", "S1", "S2")
    ]


def test_two_stations_make_no_gateway() -> None:
    messages = [
        *clock("01 00:00", "01 03:00"),
        *sends("S0", "01 00:00", "01 01:00"),
        *sends("S1", "01 00:00", "01 01:00"),
    ]
    assert [one.subject for one in told(judged(SilenceEngine, stations(2), messages))] == ["S0", "S1"]


def test_an_alert_taken_in_by_its_gateway_is_withdrawn() -> None:
    """What is told while it goes: the ledger withdraws the stations' alerts that are missing."""
    register = stations(3)
    run = Run(SilenceEngine, register, _gateway_falls(), TickSource.RECEIVED_AT)
    for position in range(1, len(run) + 1):
        run.read(position)
    s0 = [[record.resolved_at for record in said.alerts] for said in run.said if said.subject == "S0"]
    assert s0 == [[None], []], "raised, then nothing is left of it"
    [gateway] = [said for said in run.said if said.subject_kind == "gateway"]
    assert (gateway.subject, gateway.alerts[0].members) == ("g", ("S0", "S1", "S2"))


def _gateway_falls() -> list[Message]:
    """S0 falls silent at 01:00, the others at 02:00."""
    others = [one for name in ("S1", "S2") for one in sends(name, "01 00:00", "01 02:00")]
    return [*clock("01 00:00", "01 05:00"), *sends("S0", "01 00:00", "01 01:00"), *others]


def test_live_nobody_is_missed_while_we_did_not_listen() -> None:
    """Ticks are our own heartbeats: none came while we were away, and what waited for us is read before the next one.

    ::

        beat   |  |  |  |                               |  |
        S0     =========|  (the broker keeps what it sends) =====
    """
    register = register_of(["S0,,section,,,,g,5"])
    beats = [beat(f"01 00:{minute:02d}") for minute in range(0, 60, 5)]
    backlog = [reading(at("01 06:00") + number, "S0", at("01 01:00") + number * FIVE) for number in range(60)]
    fresh = [reading(at("01 06:00") + 500, "S0", "01 06:00")]
    messages = [*sends("S0", "01 00:00", "01 00:55"), *beats, *backlog, *fresh, beat("01 06:01"), beat("01 07:31")]
    alerts = told(judged(SilenceEngine, register, messages, ticks=TickSource.HEARTBEAT))
    assert alerts == [Told("S0", "silent", "01 06:05", "01 07:31", None, "blue")]


def test_the_second_alert_of_one_onset_is_another_alert() -> None:
    """The value of four hours is sent again and again: each silence begins where the first did."""
    register = register_of(["S0,,section,,,,g,240,5", "B,,section,,,,other,5,"], columns="report_min")
    again = [reading(time, "S0", "01 00:00") for time in ("01 00:00", "01 00:05", "01 03:00", "01 03:05")]
    [said] = judged(SilenceEngine, register, [*clock("01 00:00", "01 06:00"), *again])
    assert [(one.onset, one.raised_at) for one in said.alerts] == [
        (at("01 04:00"), at("01 01:35")),
        (at("01 04:00"), at("01 04:35")),
    ]
    assert len({one.id for one in said.alerts}) == 2
