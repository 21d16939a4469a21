"""Commands: one at a time, when the RTU listens, matched, timed out, and every byte of them on record first.

::

    sleeping station    (off line)      report ──▶  ◀── ESC (not EOT: stay)  ◀── query   answer ──▶  ◀── EOT
    log of commands     waiting ........................................... sent ......  answered
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import msgspec
import pytest

from hydro.errors import ConfigError, StateError, WatermasterError
from hydro.instants import parse_instant
from hydro.register import Confirmation
from ingest.codecs.framing import Wire
from ingest.codecs.sl651 import decode_frame, encode_frame
from ingest.codecs.sl651.control import Coding, Control, Direction, Function
from ingest.codecs.sl651.downlink import Recipient
from ingest.codecs.sl651.frame import Element, Message, Period, StationMark, Wanted
from ingest.codecs.slt427 import Address
from ingest.codecs.slt427 import decode_frame as decode_slt427
from ingest.codecs.slt427.framing import wrap
from ingest.tcp.commands import Command, Verb, request
from ingest.tcp.exchange import Outcome
from ingest.tcp.sessions import Session
from ingest.tcp.uplink import RtuKey
from tests.ingest.tcp.running import PREFIX, Field, Rtu, field, picture, report, until

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ingest.codecs.sl651.frame import Item
    from storage.command_log import LoggedCommand

AT = parse_instant("2026-03-01T08:00:35", 480)
HOUR = 3_600_000
NOW = Command(verb=Verb.NOW)


def answer_to(query: bytes, *items: Item, end: Control = Control.ETX, sent: str = "260301080040") -> bytes:
    """The frame with which a station answers a query."""
    asked = decode_frame(query)
    body = Message(0, sent, (StationMark(asked.station, "H"), *items))
    return encode_frame(msgspec.structs.replace(asked, direction=Direction.UP, end=end, body=body))


async def online(link: Field, *, station: str = "0011223344") -> Rtu:
    """A station that has reported and has its confirmation."""
    rtu = await Rtu.connect(link.port)
    await rtu.send(report(1, station=station))
    await rtu.answer()
    return rtu


def ask(
    link: Field, station: str, command: Command, *, valid_s: float = 20.0, wait_s: float = 20.0
) -> asyncio.Task[LoggedCommand]:
    """Ask in the background."""
    return asyncio.create_task(
        link.exchange.ask(station, command, by="li", comment="flood", valid_s=valid_s, wait_s=wait_s)
    )


async def _current_values(path: Path) -> None:
    async with field(path) as link:
        rtu = await online(link)
        asking = ask(link, "A", NOW)
        query = await rtu.answer()
        # 7E7E station centre password 37 8008 02 0000 time ENQ
        assert query[:14] == bytes.fromhex("7E7E001122334401123437800802")
        assert query[14:16] == b"\x00\x00"
        assert query[-3] == Control.ENQ
        link.gate.clear()
        reply = answer_to(query, Element("39", 0x23, bytes.fromhex("00012345")))
        await rtu.send(reply)
        await until(lambda: link.status.pending_frames == 1)
        assert not asking.done()  # not before it is safe
        link.gate.set()
        found = await asking
        assert (found.outcome, found.sent, found.answer, found.tries) == (Outcome.ANSWERED, query, reply, 1)
        assert (found.asked_by, found.comment, found.station, found.address) == ("li", "flood", "A", "0011223344")
        assert found.sent_at is not None
        assert found.ended_at is not None
        assert link.payloads[-1] == reply  # its readings go the way of any report
        assert (await rtu.answer())[-3] == Control.ESC
        await rtu.close()


def test_an_answer_is_matched_recorded_and_journaled_like_any_report(tmp_path: Path) -> None:
    asyncio.run(_current_values(tmp_path))


async def _sleeper(path: Path) -> None:
    async with field(path, confirm=Confirmation.EOT) as link:
        asking = ask(link, "A", Command(verb=Verb.HISTORY, elements=("rain",), start=AT - 3 * HOUR, end=AT, step_min=0))
        await until(lambda: link.status.commands_waiting == 1)
        assert [entry.outcome for entry in link.log.newest(10)] == [Outcome.WAITING]
        rtu = await Rtu.connect(link.port)
        await rtu.send(report(4))
        assert (await rtu.answer())[-3] == Control.ESC  # it would hang up on EOT
        query = decode_frame(await rtu.answer())
        assert query.function == Function.PERIOD
        assert isinstance(query.body, Message)
        assert query.body.items[0] == Period("26030105", "26030109")  # in full hours around what was asked
        assert query.body.items[-1] == Wanted("F4", 0x60)
        await rtu.send(answer_to(encode_frame(query), end=Control.ETB))
        assert (await rtu.answer())[-3] == Control.ACK  # it said that more follows
        assert not asking.done()
        await rtu.send(answer_to(encode_frame(query)))
        found = await asking
        assert found.outcome == Outcome.ANSWERED
        assert len(found.answer) == sum(map(len, link.payloads[-2:]))
        assert (await rtu.answer())[-3] == Control.EOT  # now it may sleep
        await rtu.close()


def test_a_sleeping_station_is_kept_awake_for_what_waits_for_it(tmp_path: Path) -> None:
    asyncio.run(_sleeper(tmp_path))


async def _one_at_a_time(path: Path) -> None:
    async with field(path) as link:
        rtu = await online(link)
        first, second = ask(link, "A", NOW), ask(link, "A", Command(verb=Verb.VERSION))
        query = await rtu.answer()
        assert await rtu.hears_nothing()
        await rtu.send(answer_to(query))
        await first
        both = {(await rtu.answer())[10] for _ in range(2)}  # confirmation of the first, then the second
        assert both == {Function.CURRENT, Function.SOFTWARE_VERSION}
        second.cancel()
        await rtu.close()


def test_an_rtu_is_asked_one_thing_at_a_time(tmp_path: Path) -> None:
    asyncio.run(_one_at_a_time(tmp_path))


async def _no_answer(path: Path) -> None:
    async with field(path, answer_s=0.1) as link:
        rtu = await online(link)
        asking = ask(link, "A", NOW)
        for _ in range(3):
            assert (await rtu.answer())[10] == Function.CURRENT
        await rtu.send(report(5))  # is no answer to it
        found = await asking
        assert (found.outcome, found.tries) == (Outcome.NO_ANSWER, 3)
        assert "no answer to 3 requests" in found.detail
        assert (await rtu.answer())[10] == Function.SCHEDULED
        await rtu.close()


def test_a_command_is_sent_three_times_and_then_has_failed(tmp_path: Path) -> None:
    asyncio.run(_no_answer(tmp_path))


async def _never_there(path: Path) -> None:
    async with field(path) as link:
        found = await ask(link, "A", NOW, valid_s=0.1)
        assert (found.outcome, found.tries, found.sent) == (Outcome.NOT_CONNECTED, 0, b"")
        assert link.status.commands == {"not_connected": 1}
        assert link.status.commands_waiting == 0


def test_who_does_not_come_on_line_in_time_is_not_asked(tmp_path: Path) -> None:
    asyncio.run(_never_there(tmp_path))


async def _hangs_up(path: Path) -> None:
    async with field(path) as link:
        first = await online(link)
        asking = ask(link, "A", NOW)
        await first.answer()
        first.vanish()
        await first.close()
        again = await online(link)
        await again.send(answer_to(await again.answer()))
        found = await asking
        assert (found.outcome, found.tries) == (Outcome.ANSWERED, 2)
        await again.close()


def test_a_connection_that_breaks_delays_a_command_and_does_not_end_it(tmp_path: Path) -> None:
    asyncio.run(_hangs_up(tmp_path))


async def _stopped(path: Path) -> None:
    async with field(path) as link:
        asking = ask(link, "A", NOW)
        await until(lambda: link.status.commands_waiting == 1)
        await link.exchange.stop()
        assert (await asking).outcome == Outcome.ABANDONED


def test_a_stop_ends_what_waits_and_says_so(tmp_path: Path) -> None:
    asyncio.run(_stopped(tmp_path))


async def _stopped_while_asked(path: Path) -> None:
    async with field(path) as link:
        asking = ask(link, "A", NOW)
        await until(lambda: link.status.commands_waiting == 1)
        late = ask(link, "A", NOW)
        await link.exchange.stop()
        for thread in link._threads:  # noqa: SLF001  # as the service ends them
            thread.shutdown()
        assert (await asking).outcome == Outcome.ABANDONED
        with pytest.raises(WatermasterError, match="stopping"):
            await late
        with pytest.raises(WatermasterError, match="stopping"):
            await ask(link, "A", NOW)


def test_who_waits_when_it_stops_is_told_and_who_asks_then_is_refused(tmp_path: Path) -> None:
    asyncio.run(_stopped_while_asked(tmp_path))


async def _stopped_on_a_full_disk(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with field(path) as link:
        asking = ask(link, "A", NOW)
        await until(lambda: link.status.commands_waiting == 1)

        def full(*_: object) -> int:
            raise StateError("no space left")

        with monkeypatch.context() as patched:
            patched.setattr(link.log, "end_all", full)
            await link.exchange.stop()
        assert (await asking).outcome == "waiting"
        assert link.log.end_all(AT, Outcome.ABANDONED, "the service ended before") == 1  # as the next start does


def test_a_stop_does_not_fail_on_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asyncio.run(_stopped_on_a_full_disk(tmp_path, monkeypatch))


async def _clock_far_off(path: Path) -> None:
    async with field(path) as link:
        link.now_ms = AT
        rtu = await Rtu.connect(link.port)
        await rtu.send(report(1, sent="260301073000"))  # half an hour behind
        await rtu.answer()
        assert [session.clock_offset_ms for session in link.sessions] == [-1_835_000]
        asking = ask(link, "A", Command(verb=Verb.SET_CLOCK))
        for _ in range(2):
            query = await rtu.answer()
            # 4AH: the send time is the time to set
            assert query[:22] == bytes.fromhex("7E7E00112233440112344A8008020000260301080035")
            await rtu.send(answer_to(query, sent="260301080035"))
            assert (await rtu.answer())[-3] == Control.ESC
        found = await asking
        assert (found.outcome, found.tries) == (Outcome.ANSWERED, 2)
        assert [session.clock_offset_ms for session in link.sessions] == [0]
        await rtu.close()


def test_a_clock_that_is_off_by_more_than_five_minutes_is_set_twice(tmp_path: Path) -> None:
    asyncio.run(_clock_far_off(tmp_path))


async def _picture_asked_for(path: Path) -> None:
    async with field(path) as link:
        rtu = await online(link)
        asking = ask(link, "A", Command(verb=Verb.HISTORY, elements=("39",), start=AT - HOUR, end=AT))
        query = decode_frame(await rtu.answer())
        packets = [
            encode_frame(msgspec.structs.replace(decode_frame(piece), function=query.function))
            for piece in picture(0, 900, 3)
        ]
        await rtu.send(*packets)
        assert (await asking).answer == b"".join(packets)
        await rtu.close()


def test_an_answer_may_come_in_packets(tmp_path: Path) -> None:
    asyncio.run(_picture_asked_for(tmp_path))


async def _slt427(path: Path) -> None:
    async with field(path, answer_s=0.2) as link:
        link.now_ms = AT
        rtu = await Rtu.connect(link.port)
        login = wrap(bytes.fromhex("B0 5303810D00 02 F0"))
        await rtu.send(login)
        assert await rtu.answer() == wrap(bytes.fromhex("30 5303810D00 02 F0"))
        asking = ask(link, "C", Command(verb=Verb.NOW, elements=("discharge",)))
        assert await rtu.answer() == wrap(bytes.fromhex("33 5303810D00 B0"))
        assert await rtu.answer() == wrap(bytes.fromhex("23 5303810D00 B0"))  # sent again: one try less is left
        reply = wrap(bytes.fromhex("B3 5303810D00 B0 0059000000 8261100000 0110 6000"))
        await rtu.send(reply)
        found = await asking
        assert (found.outcome, found.answer, found.protocol) == (Outcome.ANSWERED, reply, "slt427")
        setting = ask(link, "C", Command(verb=Verb.SET_CLOCK, password="1234"))
        # 11H: second, minute, hour, day, weekday and month (7 << 5 | 03), year; password; label of five bytes
        assert await rtu.answer() == wrap(bytes.fromhex("30 5303810D00 11 35000801 E3 26 3412 3500080100"))
        await rtu.send(wrap(bytes.fromhex("B0 5303810D00 11 35000801 E3 26")))
        assert (await setting).outcome == Outcome.ANSWERED
        await rtu.send(wrap(bytes.fromhex("B0 5303810D00 02 F1")))
        assert await rtu.answer() == wrap(bytes.fromhex("30 5303810D00 02 F1"))
        assert not any(session.is_connected for session in link.sessions)
        await rtu.close()


def test_queries_and_settings_of_slt427(tmp_path: Path) -> None:
    asyncio.run(_slt427(tmp_path))


async def _too_many(path: Path) -> None:
    async with field(path) as link:
        waiting = [ask(link, "A", NOW) for _ in range(16)]
        await until(lambda: link.status.commands_waiting == 16)
        with pytest.raises(WatermasterError, match="too many commands"):
            await ask(link, "A", NOW)
        await link.exchange.stop()
        assert {(await each).outcome for each in waiting} == {Outcome.ABANDONED}


def test_commands_that_wait_are_bounded(tmp_path: Path) -> None:
    asyncio.run(_too_many(tmp_path))


async def _behind_a_gateway(path: Path) -> None:
    async with field(path) as link:
        link.now_ms = AT
        up, down = f"{PREFIX}/g1/up/sl651", f"{PREFIX}/g1/down/sl651"
        mine, others = report(1, station="0055667788"), report(2, station="0055667788")
        link.gateways.written([up, f"{PREFIX}/g2/up/sl651", f"{PREFIX}/g1/up/json"], [mine + mine, others, b"{}"])
        confirmed = bytes.fromhex("7E7E0055667788011234328008020001260301080035") + bytes((Control.ESC,))
        assert [(topic, data[:-2]) for topic, data in link.published] == [(down, confirmed)] * 2
        asking = ask(link, "E", NOW)
        await until(lambda: len(link.published) == 3)
        link.gateways.written([up], [answer_to(link.published[2][1])])
        assert (await asking).outcome == Outcome.ANSWERED
        packets = picture(9, 900, 3, station="0055667788")
        link.published.clear()
        link.gateways.written([up, up], [b"".join(packets), packets[0]])
        ((topic, data),) = link.published
        assert (topic, decode_frame(data).packet) == (down, decode_frame(packets[-1]).packet)
        link.takes = False
        link.gateways.written([up], [mine])
        assert link.status.gateway_answers_dropped == 1


def test_rtus_behind_a_gateway_are_answered_and_asked_on_its_topic(tmp_path: Path) -> None:
    """Only for stations that the register leaves to that gateway."""
    asyncio.run(_behind_a_gateway(tmp_path))


def session(wire: Wire) -> Session:
    """An RTU that was never heard."""
    return Session(RtuKey(wire, "5303810D00" if wire is Wire.SLT427 else "0011223344"), "X")


@pytest.mark.parametrize(
    ("command", "wire", "data"),
    [
        (Command(verb=Verb.CLOCK), Wire.SLT427, "30 5303810D00 51"),
        (Command(verb=Verb.STATUS), Wire.SLT427, "30 5303810D00 5E"),
        (Command(verb=Verb.COUNTERS), Wire.SLT427, "30 5303810D00 5D"),
        (Command(verb=Verb.READ, parameters=("53",)), Wire.SLT427, "30 5303810D00 53"),
        (Command(verb=Verb.NOW), Wire.SLT427, "3E 5303810D00 B0"),
        # stored rain of 05:00 to 08:00: parameter 00, hours as hour, day, month, year
        (
            Command(verb=Verb.HISTORY, elements=("rain",), start=AT - 3 * HOUR, end=AT - 35_000),
            Wire.SLT427,
            "30 5303810D00 B1 00 05010326 08010326",
        ),
        (
            Command(verb=Verb.SET, values={"12": "01"}),
            Wire.SLT427,
            "30 5303810D00 12 01 0000 3500080100",
        ),
    ],
)
def test_commands_of_slt427_byte_for_byte(command: Command, wire: Wire, data: str) -> None:
    found = request(command, session(wire), AT, 480)
    assert found.data == wrap(bytes.fromhex(data))
    assert found.function == decode_slt427(found.data).function
    assert decode_slt427(found.data).address == Address.parse("5303810D00")


# Each frame up to the end character; what stands before the body is checked in the exchange.
@pytest.mark.parametrize(
    ("command", "function", "body"),
    [
        (Command(verb=Verb.NOW, elements=("39", "rain", "38")), 0x3A, "3923 F460 3812"),
        (Command(verb=Verb.CLOCK), 0x51, ""),
        (Command(verb=Verb.VERSION), 0x45, ""),
        (Command(verb=Verb.STATUS), 0x46, ""),
        (Command(verb=Verb.COUNTERS), 0x50, ""),
        (Command(verb=Verb.READ, parameters=("20", "27")), 0x43, "2008 2708"),
        (Command(verb=Verb.READ, parameters=("0c",)), 0x41, "0C08"),
        (Command(verb=Verb.SET, values={"20": "1", "28": "10.5"}), 0x42, "2008 01 2823 00010500"),
        (
            Command(verb=Verb.HISTORY, elements=("stage",), start=AT - HOUR, end=AT + HOUR, step_min=5),
            0x38,
            "26030107 26030110 0418 000005 3923",
        ),
    ],
)
def test_commands_of_sl651_byte_for_byte(command: Command, function: int, body: str) -> None:
    data, answer = request(command, session(Wire.SL651), AT, 480)
    assert answer == function == data[10]
    assert data[14:-3] == bytes.fromhex("0000260301080035" + body)
    assert data[-3] == Control.ENQ


@pytest.mark.parametrize(
    ("command", "wire", "why"),
    [
        (Command(verb=Verb.HISTORY), Wire.SL651, "from and to are needed"),
        (Command(verb=Verb.SET, values={"20": "1", "98": "0"}), Wire.SL651, "98 .* is not offered"),  # factory reset
        (Command(verb=Verb.SET, values={"97": "0"}), Wire.SL651, "97 .* is not offered"),  # storage emptied
        (Command(verb=Verb.SET, values={"96": "5"}), Wire.SL651, "96 .* is not offered"),  # quota
        (Command(verb=Verb.SET, values={"8e": "5"}), Wire.SL651, "8E .* is not offered"),  # recharge
        (Command(verb=Verb.SET, values={"20": "Infinity"}), Wire.SL651, "set: "),
        (Command(verb=Verb.SET, values={"20": "x"}), Wire.SL651, "set: "),
        (Command(verb=Verb.SET, values={"15": "01000000"}), Wire.SLT427, "15 is not one of"),  # recharge
        (Command(verb=Verb.HISTORY, start=AT, end=AT - HOUR, elements=("39",)), Wire.SL651, "from is not before to"),
        (Command(verb=Verb.HISTORY, start=AT - 40 * 24 * HOUR, end=AT, elements=("39",)), Wire.SL651, "31 days"),
        (Command(verb=Verb.HISTORY, start=AT - HOUR, end=AT), Wire.SL651, "exactly one element"),
        (Command(verb=Verb.NOW, elements=("colour",)), Wire.SL651, "no element"),
        (Command(verb=Verb.NOW, elements=("colour",)), Wire.SLT427, "is not one of rain"),
        (Command(verb=Verb.READ), Wire.SL651, "1 to 64 parameters"),
        (Command(verb=Verb.READ, parameters=("01", "20")), Wire.SL651, "different queries"),
        (Command(verb=Verb.READ, parameters=("C0",)), Wire.SLT427, "is no query of settings"),
        (Command(verb=Verb.READ, parameters=("xy",)), Wire.SLT427, "invalid literal"),
        (Command(verb=Verb.SET, values={"20": "much"}), Wire.SL651, "set: "),
        (Command(verb=Verb.SET, values={"20": "1000"}), Wire.SL651, "set: "),
        (Command(verb=Verb.SET, values={"0C": "1"}), Wire.SL651, "no running parameter"),
        (Command(verb=Verb.SET, values={"10": "0011223344"}), Wire.SLT427, "is not one of 12 16"),
        (Command(verb=Verb.SET, values={"92": "01"}), Wire.SLT427, "is not one of 12 16"),
        (Command(verb=Verb.SET_CLOCK, password="12345"), Wire.SLT427, "four digits"),
        (Command(verb=Verb.VERSION), Wire.SLT427, "no query of the version"),
    ],
)
def test_what_can_not_be_asked_is_refused_with_the_reason(command: Command, wire: Wire, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        request(command, session(wire), AT, 480)


async def _refused(path: Path) -> None:
    async with field(path) as link:
        with pytest.raises(ConfigError, match="neither sl651_address nor slt427_address"):
            await ask(link, "Z", NOW)
        with pytest.raises(ConfigError, match="exactly one element"):
            await ask(link, "A", Command(verb=Verb.HISTORY, start=AT - HOUR, end=AT))
        assert link.log.newest(10) == []


@pytest.mark.parametrize(
    "command",
    [
        Command(verb=Verb.NOW, elements=("stage",)),
        Command(verb=Verb.HISTORY, elements=("stage",), start=AT, end=AT + 1),
        Command(verb=Verb.READ, parameters=("20",)),
        Command(verb=Verb.SET, values={"20": "1"}),
    ],
    ids=lambda command: command.verb.value,
)
def test_what_has_no_form_in_ascii_is_refused_in_words_of_the_operator(command: Command) -> None:
    speaks = Recipient("0011223344", 1, "1234", Coding.ASCII)
    session = Session(RtuKey(Wire.SL651, speaks.station), "A", recipient=speaks)
    with pytest.raises(ConfigError, match="in ASCII, which this station speaks"):
        request(command, session, AT, 480)
    assert request(Command(verb=Verb.NOW), session, AT, 480).function == Function.CURRENT


def test_what_can_not_be_asked_leaves_no_entry(tmp_path: Path) -> None:
    asyncio.run(_refused(tmp_path))


async def _kept(path: Path) -> Sequence[LoggedCommand]:
    async with field(path) as link:
        for number in range(3):
            await ask(link, "A" if number else "B", Command(verb=Verb.CLOCK), valid_s=0.02)
        newest = link.log.newest(2)
        assert [entry.id for entry in newest] == [3, 2]
        assert [entry.id for entry in link.log.newest(9, before=3, station="A")] == [2]
        assert json.loads(newest[0].command) == {"verb": "clock"}
        return newest


def test_the_log_of_commands_is_kept_over_a_restart(tmp_path: Path) -> None:
    newest = asyncio.run(_kept(tmp_path))

    async def again() -> None:
        async with field(tmp_path) as link:
            assert link.log.newest(2) == newest
            assert (await ask(link, "A", NOW, valid_s=0.02)).id == 4

    asyncio.run(again())
