"""What the centre answers, byte for byte, and never before the journal has it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hydro.instants import parse_instant
from hydro.register import Confirmation
from ingest.codecs.framing import Received, Splitter, Wire
from ingest.codecs.sl651 import decode_frame, encode_frame
from ingest.codecs.sl651.control import Control, Function
from ingest.codecs.sl651.frame import Frame, Message
from ingest.codecs.sl651.wiretime import instant
from ingest.codecs.slt427.framing import wrap
from ingest.tcp.confirmation import confirmation
from ingest.tcp.uplink import read_uplink
from tests.ingest.codecs.sl651.vectors import GOOD, Vector, each, frame_of, summed
from tests.ingest.tcp.running import PREFIX, Rtu, field, keep_alive, report, until

if TYPE_CHECKING:
    from pathlib import Path

AT = parse_instant("2026-03-01T08:00:35", 480)

# Reports of real stations with the confirmation that their centre sent (digest, 2.9), as far as the vectors hold both.
CONFIRMED = [("V047", "V048"), ("V005", "V065"), ("V108", "V107")]


@pytest.mark.parametrize(("up", "down"), CONFIRMED)
def test_public_confirmations_are_rebuilt_byte_for_byte(up: str, down: str) -> None:
    expected = frame_of(down)
    frame = decode_frame(expected)
    assert isinstance(frame.body, Message)
    at = instant(frame.body.sent, 480)
    assert at is not None
    assert confirmation(read_uplink(Wire.SL651, frame_of(up)), at, 480, end=frame.end) == expected


@pytest.mark.parametrize(("word", "meaning"), [("F0", "login"), ("F1", "logout"), ("F2", "keep-alive")])
def test_link_frames_of_slt427_are_echoed_downwards(word: str, meaning: str) -> None:
    data = wrap(bytes.fromhex(f"B0 2320101070 02 {word}"))
    answer = confirmation(read_uplink(Wire.SLT427, data), AT, 480)
    # 68 L 68, C = 30: down, first try, confirm; address, function and word repeated
    assert answer == wrap(bytes.fromhex(f"30 2320101070 02 {word}")), meaning


def test_a_report_of_slt427_is_confirmed_with_the_mode_of_its_status_word() -> None:
    # V169: flow report, status 0060: mode 0; 681A68 B3 530381 0D00 C0 … -> 680868 30 530381 0D00 C0 00 CS 16
    data = bytes.fromhex("681A68B35303810D00C00059000000826110000001106000004508090A3516")
    answer = confirmation(read_uplink(Wire.SLT427, data), AT, 480)
    assert answer is not None
    assert answer[:-2] == bytes.fromhex("680868305303810D00C000")


async def _confirmed(path: Path, data: bytes, *, confirm: Confirmation = Confirmation.ESC) -> bytes:
    async with field(path, confirm=confirm) as link:
        link.now_ms = AT
        rtu = await Rtu.connect(link.port)
        await rtu.send(data)
        answer = await rtu.answer()
        assert link.payloads == [data]
        assert link.journaled()[0][0] in {f"{PREFIX}/_tcp/up/sl651", f"{PREFIX}/_tcp/up/slt427"}
        await rtu.close()
        return answer


@pytest.mark.parametrize(
    ("station", "setting", "end"),
    [
        pytest.param("0011223344", Confirmation.ESC, Control.ESC, id="setting: stay on line"),
        pytest.param("0011223344", Confirmation.EOT, Control.EOT, id="setting: hang up"),
        pytest.param("0012345678", Confirmation.ESC, Control.EOT, id="the register's word goes first"),
    ],
)
def test_a_report_is_confirmed_as_the_setting_or_the_register_has_it(
    tmp_path: Path, station: str, setting: Confirmation, end: Control
) -> None:
    data = report(0x34, station=station)
    answer = asyncio.run(_confirmed(tmp_path, data, confirm=setting))
    # 7E7E station centre password function 8008 02 serial time end CRC
    expected = bytes.fromhex(f"7E7E{station}011234328008020034260301080035") + bytes((end,))
    assert answer[:-2] == expected


def test_a_report_that_announces_more_is_acknowledged_with_ack(tmp_path: Path) -> None:
    answer = asyncio.run(_confirmed(tmp_path, report(end=Control.ETB), confirm=Confirmation.EOT))
    assert answer[-3] == Control.ACK


@pytest.mark.parametrize("function", [0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x46, 0x4C, 0xE1])
def test_whatever_a_station_sends_on_its_own_is_confirmed(tmp_path: Path, function: int) -> None:
    data = encode_frame(msgspec.structs.replace(decode_frame(report()), function=function))
    answer = asyncio.run(_confirmed(tmp_path, data))
    assert answer[10] == function


async def _keep_alive_then_report(path: Path) -> None:
    async with field(path) as link:
        rtu = await Rtu.connect(link.port)
        await rtu.send(keep_alive(), report(7))
        answer = decode_frame(await rtu.answer())
        assert answer.function == Function.SCHEDULED
        assert link.payloads == [keep_alive(), report(7)]
        await rtu.close()


def test_the_keep_alive_of_sl651_is_recorded_and_not_answered(tmp_path: Path) -> None:
    asyncio.run(_keep_alive_then_report(tmp_path))


async def _nothing_before_the_sync(path: Path) -> None:
    async with field(path) as link:
        link.gate.clear()
        rtu = await Rtu.connect(link.port)
        await rtu.send(report(1))
        await until(lambda: link.status.pending_frames == 1)
        assert await rtu.hears_nothing()
        assert link.payloads == []
        link.gate.set()
        await rtu.answer()
        assert link.payloads == [report(1)]
        await rtu.close()


def test_nothing_is_confirmed_before_the_journal_has_it(tmp_path: Path) -> None:
    asyncio.run(_nothing_before_the_sync(tmp_path))


async def _one_sync_for_many(path: Path) -> None:
    async with field(path, linger_s=0.2) as link:
        rtus = [await Rtu.connect(link.port) for _ in range(20)]
        await asyncio.gather(*(rtu.send(report(number)) for number, rtu in enumerate(rtus)))
        await asyncio.gather(*(rtu.answer() for rtu in rtus))
        assert link.appends == [20]
        await asyncio.gather(*(rtu.close() for rtu in rtus))


def test_frames_of_many_stations_share_one_sync(tmp_path: Path) -> None:
    asyncio.run(_one_sync_for_many(tmp_path))


async def _duplicate(path: Path) -> None:
    async with field(path) as link:
        rtu = await Rtu.connect(link.port)
        for _ in range(3):
            await rtu.send(report(9))
            assert (await rtu.answer())[14:16] == b"\x00\x09"
        assert link.payloads == [report(9)] * 3
        await rtu.close()


def test_a_report_that_comes_again_is_confirmed_again(tmp_path: Path) -> None:
    asyncio.run(_duplicate(tmp_path))


async def _full(path: Path) -> None:
    async with field(path) as link:
        link.full = True
        rtu, late = await Rtu.connect(link.port), await Rtu.connect(link.port)
        await rtu.send(report(1))
        await until(lambda: link.status.blocked_reason is not None)
        await late.send(report(2, station="0012345678"))
        assert await rtu.hears_nothing()
        assert await late.hears_nothing()
        assert link.status.pending_frames == 1  # the second one waits in its socket
        link.full = False
        assert (await rtu.answer())[14:16] == b"\x00\x01"
        assert (await late.answer())[14:16] == b"\x00\x02"
        assert link.status.blocked_reason is None
        await rtu.close()
        await late.close()


def test_a_full_journal_confirms_nothing_reads_nothing_and_goes_on_by_itself(tmp_path: Path) -> None:
    asyncio.run(_full(tmp_path))


async def _half_closed(path: Path) -> None:
    async with field(path) as link:
        link.gate.clear()
        rtu = await Rtu.connect(link.port)
        await rtu.send(report(3))
        rtu.half_close()
        await until(lambda: link.status.pending_frames == 1)
        link.gate.set()
        assert (await rtu.answer())[14:16] == b"\x00\x03"
        assert await rtu.is_closed()
        await rtu.close()


def test_a_peer_that_will_say_nothing_more_still_gets_its_answer(tmp_path: Path) -> None:
    asyncio.run(_half_closed(tmp_path))


async def _impossible_clock(path: Path) -> None:
    async with field(path) as link:
        link.now_ms = 0  # 1970 does not fit into two digits from 2000 on
        rtu = await Rtu.connect(link.port)
        await rtu.send(report(3))
        await until(lambda: link.status.unanswered == 1)
        assert link.payloads == [report(3)]
        await rtu.close()


def test_a_clock_that_can_not_be_written_costs_the_answer_and_nothing_else(tmp_path: Path) -> None:
    asyncio.run(_impossible_clock(tmp_path))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(GOOD), st.data())
def test_a_frame_with_a_right_sum_and_any_content_is_answered_or_not_and_breaks_nothing(
    vector: Vector, data: st.DataObject
) -> None:
    bent = bytearray(vector.data[:-2])
    for _ in range(data.draw(st.integers(1, 6))):
        bent[data.draw(st.integers(2, len(bent) - 1))] = data.draw(st.integers(0, 255))
    pieces = [summed(bytes(bent))] if vector.data[0] == 0x7E else []
    user = data.draw(st.binary(min_size=7, max_size=60))
    splitter = Splitter()
    events = splitter.feed(b"".join(pieces) + wrap(user)) + splitter.closed()
    for event in events:
        if isinstance(event, Received):
            uplink = read_uplink(event.wire, event.data)
            answer = confirmation(uplink, AT, 480)
            assert answer is None or uplink.is_up
            assert len(uplink.address) == 10


@each(GOOD)
def test_every_good_frame_of_the_vectors_can_be_answered_or_needs_no_answer(vector: Vector) -> None:
    uplink = read_uplink(Wire.SL651, vector.data)
    answer = confirmation(uplink, AT, 480)
    is_slice = isinstance(uplink.frame, Frame) and not isinstance(uplink.frame.body, Message)
    assert (answer is None) == (not uplink.is_up or uplink.is_keep_alive or is_slice)
