"""Commands to simulated RTUs, whose encoders and readers were written apart from ours: both must mean the same."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest

from hydro.fixed import MICRO
from hydro.instants import HOUR_MS, MINUTE_MS
from hydro.quantity import Quantity
from hydro.register import Confirmation
from ingest.codecs.readings import Readings
from ingest.codecs.sl651 import decode_sl651
from ingest.tcp.commands import Command, Verb
from ingest.tcp.exchange import Outcome
from simulators.rtu.behaviour import Behaviour
from simulators.rtu.device import Device
from simulators.rtu.fleet import Fleet, Member, ScaledClock
from simulators.rtu.recorder import Recorder
from simulators.rtu.sample import Channel
from simulators.rtu.sl651.carriage import carriers
from simulators.rtu.sl651.frame import Coding, Link
from simulators.rtu.sl651.station import Sl651Station
from simulators.rtu.slt427.profile import Profile
from simulators.rtu.slt427.station import Slt427Station
from simulators.rtu.spread import Spread
from tests.ingest.tcp.running import Field, field, until
from tests.servers.process import HOST

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from simulators.rtu.speech import Dialect
    from storage.command_log import LoggedCommand

STAGE = Channel(Quantity.STAGE)
DISCHARGE = Channel(Quantity.DISCHARGE)


def dialects() -> dict[str, Dialect]:
    """One RTU for each station of the example register that stands for a kind."""
    return {
        "A": Sl651Station(Link("0011223344"), carriers([STAGE, DISCHARGE]), serial=1),
        "B": Sl651Station(Link("0012345678", coding=Coding.ASCII), carriers([STAGE, DISCHARGE]), serial=1),
        "C": Slt427Station("5303810D00", Profile.SZY206, password="1234"),
        "D": Slt427Station("2320101070", Profile.SLT427_2021, password="1234"),
    }


def river(at: int) -> Mapping[Channel, int | None]:
    """A stage that tells the nearest five minutes, since clocks differ by seconds, and a steady discharge."""
    return {STAGE: (at + 2 * MINUTE_MS) // (5 * MINUTE_MS) % 100 * MICRO // 10, DISCHARGE: 7 * MICRO}


async def with_fleet(path: Path, command: Command, stations: str) -> tuple[list[LoggedCommand], Field]:
    """What comes of a command to some of them, after two hours of reports."""
    async with field(path, confirm=Confirmation.ESC) as link:
        start = (time.time_ns() // 1_000_000 // HOUR_MS - 2) * HOUR_MS
        clock = ScaledClock(start, 3_600.0)
        behaviour = Behaviour(answer_wait_ms=HOUR_MS, redial_ms=MINUTE_MS, keep_alive_ms=0)
        members = []
        for number, (code, dialect) in enumerate(dialects().items()):
            own, device_clock, _ = Spread(seed=1, window_ms=1).station(number, behaviour, start)
            recorder = Recorder(own, river, device_clock, start, start + 2 * HOUR_MS)
            if code in stations:
                members.append(Member(Device(dialect, own, recorder, start)))
        fleet = Fleet(members, HOST, link.port, clock)
        fleet.start()
        try:
            await until(lambda: all(member.device.tally.confirmed >= 14 for member in members))
            found = [await link.exchange.ask(code, command, by="test", valid_s=20, wait_s=20) for code in stations]
        finally:
            await fleet.stop()
        return found, link


@pytest.mark.parametrize(
    ("command", "stations"),
    [
        pytest.param(Command(verb=Verb.NOW), "ABCD", id="now"),
        pytest.param(Command(verb=Verb.NOW, elements=("stage",)), "ACD", id="now, one element"),
        pytest.param(Command(verb=Verb.CLOCK), "ACD", id="clock"),
        pytest.param(Command(verb=Verb.SET_CLOCK, password="1234"), "ACD", id="set clock"),
        pytest.param(Command(verb=Verb.READ, parameters=("20", "22")), "A", id="settings"),
        pytest.param(Command(verb=Verb.SET, values={"20": "2"}), "A", id="set"),
        pytest.param(Command(verb=Verb.VERSION), "A", id="version"),
        pytest.param(Command(verb=Verb.STATUS), "ACD", id="status"),
    ],
)
def test_they_answer_what_they_are_asked(tmp_path: Path, command: Command, stations: str) -> None:
    """B speaks ASCII, in which no source says how answers other than present values look."""
    found, _ = asyncio.run(with_fleet(tmp_path, command, stations))
    assert [(entry.station, entry.outcome) for entry in found] == [(code, Outcome.ANSWERED) for code in stations]


def test_history_brings_what_was_measured(tmp_path: Path) -> None:
    hour = (time.time_ns() // 1_000_000 // HOUR_MS - 2) * HOUR_MS
    command = Command(verb=Verb.HISTORY, elements=("stage",), start=hour, end=hour + HOUR_MS)
    found, _ = asyncio.run(with_fleet(tmp_path, command, "AC"))
    assert [entry.outcome for entry in found] == [Outcome.ANSWERED] * 2
    out = Readings()
    decode_sl651(0, found[0].answer, 480, hour, {}, out)
    rows = zip(out.event_time, out.value, out.missing, strict=True)
    read = {at: value for at, value, missing in rows if hour < at <= hour + HOUR_MS and not missing}
    assert len(read) == 12
    assert read == {at: river(at)[STAGE] for at in read}
