"""Stations and gateways that come and go with the register while the process is down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerting.silence.engine import SilenceEngine
from hydro.instants import MINUTE_MS
from ingest.decode import TickSource
from tests.alerting.stream_of_messages import Message, Run, Told, at, reading, register_of, told

if TYPE_CHECKING:
    from hydro.register import Register

BOTH = ["A,,section,,,,g,5", "B,,section,,,,g,5", "C,,section,,,,,5"]


def stream() -> list[Message]:
    """A and B send for an hour, C for six."""
    five = 5 * MINUTE_MS
    quiet = [reading(time, code) for code in ("A", "B") for time in range(at("01 00:00"), at("01 01:00") + 1, five)]
    return quiet + [reading(time, "C") for time in range(at("01 00:00"), at("01 06:00") + 1, five)]


def restarted(register: Register) -> Run:
    """Both alerts fire; then the register is another."""
    run = Run(SilenceEngine, register_of(BOTH), stream(), TickSource.RECEIVED_AT)
    run.read(len(run) // 2 + 10)
    assert [one.resolved for one in told(run.finish())] == [None, None]
    run.save(1000)
    run.said.clear()
    run.crash(register)
    return run


def test_the_alert_of_a_station_that_is_gone_ends_with_it() -> None:
    run = restarted(register_of(BOTH[1:]))
    [said] = run.said
    assert (said.subject, said.alerts[0].resolved_at is not None) == ("A", True)
    assert [one.subject for one in told(run.finish())] == ["B"]
    run.save(1000)
    run.said.clear()
    run.crash()
    assert run.said == [], "it is told once"


def test_a_station_that_is_retired_is_missed_no_more() -> None:
    register = register_of(["A,,section,,,,g,5,retired", "B,,section,,,,g,5,", "C,,section,,,,,5,"], columns="status")
    run = restarted(register)
    run.read(len(run))
    ends = {one.subject: one.resolved is not None for one in told(run.finish())}
    assert ends == {"A": True, "B": False}


def test_a_station_keeps_its_alert_when_it_moves_to_another_gateway() -> None:
    run = restarted(register_of([BOTH[0].replace(",g,", ",h,"), *BOTH[1:]]))
    assert run.said == []
    before = told(run.finish())
    run.read(len(run))
    run.save(1000)
    run.crash()
    assert (
        told(run.finish())
        == before
        == [
            Told("A", "silent", "01 01:05", "01 02:30", None, "blue"),
            Told("B", "silent", "01 01:05", "01 02:30", None, "blue"),
        ]
    )
