"""Laws of the class unregistered_source: who is a stranger, since when, and what ends it.

The register knows K, of gateway g. Times are those of March 2026, ``DD HH:MM``; ``x`` in the drawings is a message.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from alerting.record import as_json
from alerting.unregistered import sources
from alerting.unregistered.engine import UnregisteredEngine
from hydro.instants import DAY_MS, MINUTE_MS
from ingest.decode import TickSource
from tests.alerting.stream_of_messages import (
    PREFIX,
    ZONE,
    Message,
    Run,
    Told,
    at,
    beat,
    judged,
    reading,
    register_of,
    report,
    told,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hydro.register import Register

KNOWN = register_of(["K,,section,,,520103,g,5"])
VECTORS = Path(__file__).parents[2] / "ingest" / "codecs" / "sl651" / "vectors.json"


def frame() -> bytes:
    """A report of 0011223344: 12 m3/s, and much else that is zero."""
    return next(bytes.fromhex(one["hex"]) for one in json.loads(VECTORS.read_text()) if one["id"] == "V099")


def sends(station: str, *times: str, gateway: str = "g", **values: float | None) -> list[Message]:
    """One message at each of these times, measured as it is sent."""
    return [report(time, station, values or {"stage": 1.0}, gateway=gateway) for time in times]


def clock(first: str, last: str) -> list[Message]:
    """K sends once an hour, so that time goes on."""
    return [reading(time, "K") for time in range(at(first), at(last) + 1, 60 * MINUTE_MS)]


def alerts_of(messages: Sequence[Message], register: Register = KNOWN) -> list[Told]:
    """In short; by onset."""
    return told(judged(UnregisteredEngine, register, messages))


@pytest.mark.parametrize(
    ("times", "raised"),
    [
        (["01 08:00", "01 08:05"], None),
        (["01 08:00", "01 08:01", "01 08:02", "01 08:09"], None),
        (["01 08:00", "01 08:10"], None),
        (["01 08:00", "01 08:05", "01 08:10"], "01 08:10"),
        (["01 08:00", "01 08:01", "01 08:02", "01 08:11"], "01 08:11"),
        (["01 08:00", "02 08:00", "03 08:00"], "03 08:00"),
    ],
)
def test_three_messages_over_ten_minutes_are_a_source(times: list[str], raised: str | None) -> None:
    """It begins at the first of them, and is raised by the one that completes both.

    ::

        x    x    x
        onset    raised
    """
    expected = [] if raised is None else [Told("X", "unknown_station", "01 08:00", raised, None, "blue")]
    assert alerts_of(sends("X", *times)) == expected


def test_what_water_flows_past_is_yellow_from_the_message_that_says_so() -> None:
    """A discharge or a volume above zero; zero, a missing value, a stage and a total are none."""
    quiet = sends("X", "01 08:00", "01 08:05", discharge=0.0, volume_total=900.0, stage=2.0)
    messages = [
        *quiet,
        report("01 08:10", "X", {"discharge": None}),
        report("01 08:30", "X", {"volume": 3.0}),
        report("01 08:40", "X", {"discharge": 0.0}),
        *sends("Y", "01 09:00", discharge=0.2),
        *sends("Y", "01 09:05", "01 09:10", discharge=0.0),
    ]
    first, second = (said.alerts[0] for said in judged(UnregisteredEngine, KNOWN, messages))
    assert [(change.level.text, change.at) for change in first.levels] == [
        ("blue", at("01 08:10")),
        ("yellow", at("01 08:30")),
    ]
    assert [(change.level.text, change.at) for change in second.levels] == [("yellow", at("01 09:10"))]


def test_a_station_over_another_gateway_is_a_stranger_that_shows_where_it_is() -> None:
    messages = [*clock("01 00:00", "01 12:00"), *sends("K", "01 08:02", "01 08:12", "01 08:22", gateway="h")]
    [said] = judged(UnregisteredEngine, KNOWN, messages)
    shown = as_json(said.alerts[0], ZONE)
    assert (shown["subject"], shown["reason"]) == ({"kind": "address", "code": "K"}, "wrong_gateway")
    assert (shown["division"], shown["gateway"]) == ("520103", "h")
    assert shown["raised_at"] == "2026-03-01T08:22:00+08:00"


def test_a_message_counts_once_for_a_station_and_what_cannot_be_decoded_not_at_all() -> None:
    """Four quantities of one message, and three messages nobody can read, are still one message."""
    many = report("01 08:00", "X", {"stage": 1.0, "discharge": 0.0, "volume": 0.0, "door": 1.0})
    broken = [Message(at(f"01 08:{minute}"), f"{PREFIX}/g/up/json", b'{"station": "X"') for minute in (10, 20, 30)]
    late = report("01 08:40", "X", {"stage": 1.0})
    assert alerts_of([many, *broken, late]) == []
    assert len(alerts_of([many, *broken, late, report("01 08:50", "X", {"stage": 1.0})])) == 1


def test_back_fill_from_before_a_station_was_registered_is_no_strangers() -> None:
    """What was measured before its first row is refused, but the register knows who sends it."""
    register = register_of(["K,,section,,,,g,5,2026-03-05"], columns="valid_from")
    messages = [reading(f"06 0{hour}:00", "K", f"02 0{hour}:00") for hour in range(5)]
    assert alerts_of(messages, register) == []


def test_thirty_silent_days_end_it_at_the_next_tick_and_what_comes_then_is_new() -> None:
    """Thirty days after the last message there is a tick.

    ::

        x x x                              | x x x
        01 08:00                    31 08:20
    """
    messages = [
        *sends("X", "01 08:00", "01 08:10", "01 08:20"),
        *clock("01 00:00", "31 20:00"),
        *sends("X", "31 09:00", "31 09:10", "31 09:20"),
    ]
    assert alerts_of(messages) == [
        Told("X", "unknown_station", "01 08:00", "01 08:20", "31 08:20", "blue"),
        Told("X", "unknown_station", "31 09:00", "31 09:20", None, "blue"),
    ]


def test_evidence_older_than_thirty_days_of_silence_is_none() -> None:
    late = reading(at("01 08:10") + 30 * DAY_MS, "X")
    assert alerts_of([*sends("X", "01 08:00", "01 08:10"), late]) == []


def test_a_row_that_begins_ends_it() -> None:
    """The register has the station from the 5th on: at the first tick of that day nobody is a stranger any more."""
    register = register_of(["K,,section,,,,g,5,", "X,,section,,,,g,5,2026-03-05"], columns="valid_from")
    messages = [*sends("X", "01 08:00", "01 08:10", "01 08:20"), *clock("01 00:00", "06 00:00")]
    assert alerts_of(messages, register) == [
        Told("X", "unknown_station", "01 08:00", "01 08:20", "05 00:01", "blue"),
    ]


def test_a_register_that_was_mended_ends_it_at_the_next_tick() -> None:
    messages = [*sends("X", "01 08:00", "01 08:10", "01 08:20"), *clock("01 00:00", "01 20:00")]
    run = Run(UnregisteredEngine, KNOWN, messages, TickSource.RECEIVED_AT)
    run.read(12)
    run.save(1)
    run.crash(register_of(["K,,section,,,,g,5", "X,,section,,,,g,5"]))
    assert [one.resolved for one in told(run.finish())] == [None]
    run.read(len(run))
    [ended] = told(run.finish())
    assert ended.resolved == told(run.said)[-1].resolved == "01 08:21"


def test_frames_are_strangers_by_their_address() -> None:
    """An address is known by a column of a station; over MQTT as over our own listener."""
    messages = [
        Message(at(f"01 08:{minute:02d}"), f"{PREFIX}/{gateway}/up/sl651", frame())
        for gateway, minutes in (("g", (0, 5, 10)), ("_tcp", (30,)))
        for minute in minutes
    ]
    [alert] = alerts_of(messages)
    assert (alert.subject, alert.reason, alert.level) == ("0011223344", "unknown_station", "yellow")
    assert alerts_of(messages, register_of(["K,,section,,,,g,5,0011223344"], columns="sl651_address")) == []


def test_live_nobody_is_silent_while_we_did_not_listen() -> None:
    """Ticks are our own heartbeats: none came for 40 days, and the source is still there when they come again."""
    later = at("01 08:00") + 40 * DAY_MS
    messages = [
        *sends("X", "01 08:00", "01 08:10", "01 08:20"),
        beat("01 08:30"),
        reading(later, "X"),
        Message(later + MINUTE_MS, f"{PREFIX}/_/heartbeat/c", b"{}"),
    ]
    [alert] = told(judged(UnregisteredEngine, KNOWN, messages, ticks=TickSource.HEARTBEAT))
    assert (alert.raised, alert.resolved) == ("01 08:20", None)


def invented(count: int, gateway: str = "g") -> Iterator[Message]:
    """A gateway that speaks for so many stations that nobody knows, three times each."""
    for minute in (0, 10, 20):
        for number in range(count):
            received = at("01 08:00") + minute * MINUTE_MS + number
            yield reading(received, f"X{number:05d}", gateway=gateway)


def test_a_hundred_alerts_of_a_gateway_are_enough_and_the_rest_is_counted() -> None:
    """Another gateway has room of its own; one that waits is raised by its first message once there is room."""
    messages = [*invented(130), *sends("Y", "01 08:01", "01 08:11", "01 08:21", gateway="h")]
    run = Run(UnregisteredEngine, KNOWN, messages, TickSource.RECEIVED_AT)
    run.read(len(run))
    raised = told(run.finish())
    assert isinstance(run.engine, UnregisteredEngine)
    assert (len(raised), run.engine.waiting, run.engine.dropped) == (101, 30, 0)
    assert [one.subject for one in raised if one.subject == "Y"] == ["Y"]


def test_room_is_made_by_alerts_that_end() -> None:
    quiet = [reading(at("01 12:00") + minute * MINUTE_MS, "X00120") for minute in range(3)]
    after = reading(at("01 09:00") + 30 * DAY_MS, "X00120")
    messages = [*invented(130), *quiet, after]
    [said] = [said for said in judged(UnregisteredEngine, KNOWN, messages) if said.subject == "X00120"]
    assert [(one.onset - at("01 08:00"), one.raised_at) for one in said.alerts] == [(120, after.received_at)]


def test_memory_of_those_that_are_no_alert_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that was silent longest is let go of; names that nobody can read are not kept at all."""
    monkeypatch.setattr(sources, "FOLLOWED", 3)
    strange = [reading("01 07:00", name) for name in ("x" * 65, "a\nb")]
    messages = [*strange, *sends("X", "01 08:00", "01 08:10"), *invented(3), *sends("X", "01 09:00", "01 09:10")]
    run = Run(UnregisteredEngine, KNOWN, messages, TickSource.RECEIVED_AT)
    run.read(len(run))
    assert isinstance(run.engine, UnregisteredEngine)
    assert "X" not in {one.subject for one in told(run.finish())}
    assert run.engine.dropped >= len(strange) + 1
