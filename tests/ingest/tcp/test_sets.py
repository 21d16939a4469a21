"""Bodies in several packets: nothing is confirmed by halves, the missing is asked for, the unfinished is kept.

::

    station   1 2 4 5(ETX)     3(ETX)              1 2 …silence
    centre              NAK 3         ESC (5)             NAK 3 … NAK 3 … written as it is
"""

from __future__ import annotations

import asyncio
import tracemalloc
from typing import TYPE_CHECKING

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.codecs.framing import Wire
from ingest.codecs.readings import Readings
from ingest.codecs.sl651 import decode_frame, decode_sl651, encode_frame
from ingest.codecs.sl651.control import Control
from ingest.codecs.sl651.frame import Packet, Slice
from ingest.tcp.limits import Limits
from ingest.tcp.sets import Abandoned, Repeated, Sets, Wanted, Whole
from ingest.tcp.uplink import read_uplink
from tests.ingest.codecs.sl651.vectors import PICTURE
from tests.ingest.tcp.running import Rtu, field, picture, report, until

if TYPE_CHECKING:
    from pathlib import Path

LIMITS = Limits(packet_s=15.0, set_s=120.0)


def packet(data: bytes) -> tuple[Packet | None, Control, int]:
    """Packet numbers, end and serial number of an answer."""
    frame = decode_frame(data)
    return frame.packet, frame.end, int.from_bytes(data[17:19], "big")


async def _picture(path: Path) -> None:
    async with field(path) as link:
        rtu = await Rtu.connect(link.port)
        packets = picture(0x21, 3_000, 5)
        await rtu.send(*packets)
        # 7E7E station centre password 36 800B 16 005005 serial time ESC: one confirmation, numbered with the total
        answer = await rtu.answer()
        assert answer[:19] == bytes.fromhex("7E7E001122334401123436800B160050050021")
        assert packet(answer) == (Packet(5, 5), Control.ESC, 0x21)
        assert await rtu.hears_nothing()
        assert link.payloads == [b"".join(packets)]  # one message, which the decoder can read
        await rtu.close()


def test_a_set_is_one_message_and_has_one_confirmation(tmp_path: Path) -> None:
    asyncio.run(_picture(tmp_path))


def test_what_is_written_is_what_the_decoder_puts_together(tmp_path: Path) -> None:
    async def written() -> bytes:
        async with field(tmp_path) as link:
            rtu = await Rtu.connect(link.port)
            await rtu.send(*reversed(PICTURE[:-1]), PICTURE[-1])
            await rtu.answer()
            await rtu.close()
            (payload,) = link.payloads
            return payload

    payload = asyncio.run(written())
    assert payload == b"".join(PICTURE)
    out = Readings()
    decode_sl651(0, payload, 480, 0, {}, out)
    assert (out.undecodable, out.faults) == ([], [])


async def _lost(path: Path) -> None:
    async with field(path) as link:
        link.gate.clear()
        rtu = await Rtu.connect(link.port)
        packets = picture(0x22, 3_000, 6)
        await rtu.send(packets[0], packets[1], packets[3], packets[5])
        assert packet(await rtu.answer()) == (Packet(6, 3), Control.NAK, 0x22)
        await rtu.send(packets[2])
        assert packet(await rtu.answer()) == (Packet(6, 5), Control.NAK, 0x22)
        await rtu.send(packets[4])
        await until(lambda: link.status.pending_frames == 1)
        assert await rtu.hears_nothing()  # complete, and not safe yet
        link.gate.set()
        assert packet(await rtu.answer()) == (Packet(6, 6), Control.ESC, 0x22)
        assert link.payloads == [b"".join(packets)]
        # The confirmation was lost: the last packet comes again, and is confirmed again without being written twice.
        await rtu.send(packets[5])
        assert packet(await rtu.answer()) == (Packet(6, 6), Control.ESC, 0x22)
        assert len(link.payloads) == 1
        await rtu.close()


def test_lost_packets_are_asked_for_one_by_one(tmp_path: Path) -> None:
    asyncio.run(_lost(tmp_path))


async def _over_two_connections(path: Path) -> None:
    async with field(path) as link:
        packets = picture(0x23, 3_000, 6)
        first = await Rtu.connect(link.port)
        await first.send(*packets[:3])
        await until(lambda: link.status.frames.total() == 3)
        first.vanish()
        await first.close()
        second = await Rtu.connect(link.port)
        await second.send(report(1) + b"".join(packets[3:]))
        assert [packet(await second.answer())[0] for _ in range(2)] == [None, Packet(6, 6)]
        assert link.payloads == [report(1), b"".join(packets)]
        await second.close()


def test_a_set_may_go_on_over_another_connection(tmp_path: Path) -> None:
    asyncio.run(_over_two_connections(tmp_path))


async def _never_finished(path: Path) -> None:
    async with field(path, packet_s=0.1, set_s=60.0) as link:
        rtu = await Rtu.connect(link.port)
        packets = picture(0x24, 3_000, 6)
        await rtu.send(*packets[:2])
        for _ in range(2):  # at most two resends, says the standard
            assert packet(await rtu.answer()) == (Packet(6, 3), Control.NAK, 0x24)
        await until(lambda: link.status.sets_incomplete == 1)
        await until(lambda: link.payloads == [b"".join(packets[:2])])
        assert await rtu.hears_nothing()
        await rtu.close()


def test_an_unfinished_set_is_written_as_it_is_and_not_confirmed(tmp_path: Path) -> None:
    asyncio.run(_never_finished(tmp_path))


async def _stopped(path: Path) -> None:
    packets = picture(0x25, 3_000, 6)
    async with field(path) as link:
        rtu = await Rtu.connect(link.port)
        await rtu.send(*packets[:4])
        await until(lambda: link.status.frames.total() == 4)
        await link.listener.stop()
        link.centre.give_up_sets()
        await link.intake.drain(5)
        assert link.payloads == [b"".join(packets[:4])]
        await rtu.close()


def test_a_stop_writes_what_there_is_of_a_set(tmp_path: Path) -> None:
    asyncio.run(_stopped(tmp_path))


def test_a_station_that_begins_anew_leaves_the_old_set_behind() -> None:
    sets = Sets(LIMITS)
    old, new = picture(1, 1_000, 4), picture(2, 1_000, 4)
    assert [sets.take(read_uplink(Wire.SL651, data), 0.0) for data in old[:3]] == [[], [], []]
    (left,) = sets.take(read_uplink(Wire.SL651, new[0]), 1.0)
    assert isinstance(left, Abandoned)
    assert (left.uplink.data, left.lacking) == (b"".join(old[:3]), 4)
    events = [event for data in new[1:] for event in sets.take(read_uplink(Wire.SL651, data), 2.0)]
    (whole,) = events
    assert isinstance(whole, Whole)
    assert whole.uplink.data == b"".join(new)
    assert (len(sets), sets.size) == (0, 0)


def test_a_set_that_is_sent_whole_again_is_put_together_again() -> None:
    sets = Sets(LIMITS)
    packets = [read_uplink(Wire.SL651, data) for data in picture(3, 1_000, 4)]
    for time in (0.0, 60.0):
        events = [event for uplink in packets for event in sets.take(uplink, time)]
        assert [type(event) for event in events] == [Whole]
    assert isinstance(sets.take(packets[-1], 61.0)[0], Repeated)
    assert sets.take(packets[1], 62.0) == []


def test_an_answer_to_a_request_that_brings_all_packets_again_is_no_reason_to_give_up() -> None:
    sets = Sets(LIMITS)
    packets = [read_uplink(Wire.SL651, data) for data in picture(3, 2_000, 8)]
    first = [event for uplink in (*packets[:3], *packets[4:]) for event in sets.take(uplink, 0.0)]
    assert [event.number for event in first if isinstance(event, Wanted)] == [4]
    again = [event for uplink in packets for event in sets.take(uplink, 1.0)]
    assert isinstance(again[0], Whole)


def smallest(number: int, total: int = 4_000) -> bytes:
    """A packet of the set with the least that a packet can hold."""
    frame = decode_frame(picture(1, 100, 3)[1])
    return encode_frame(msgspec.structs.replace(frame, packet=Packet(total, number), body=Slice(b"")))


def test_what_packets_cost_in_memory_counts_however_small_they_are() -> None:
    packets = [smallest(number) for number in range(2, 3_002)]
    tracemalloc.start()
    try:
        sets = Sets(Limits())
        for data in packets:
            sets.take(read_uplink(Wire.SL651, data), 0.0)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(sets) == 1
    assert held < 1.5 * sets.size


def test_what_is_held_is_bounded_by_the_oldest_sets() -> None:
    sets = Sets(Limits(sets_bytes=20_000, set_bytes=10_000))
    given_up = 0
    for number in range(30):
        station = f"00{number:08d}"
        for data in picture(1, 2_000, 4, station=station)[:3]:
            given_up += len(sets.take(read_uplink(Wire.SL651, data), float(number)))
            assert sets.size <= 20_000
    assert given_up == 30 - len(sets) > 0
    grown = picture(7, 20_000, 8)
    events = [event for data in grown[:7] for event in sets.take(read_uplink(Wire.SL651, data), 99.0)]
    assert any(isinstance(event, Abandoned) and event.uplink.address == "0011223344" for event in events)


@settings(max_examples=150, deadline=None)
@given(st.integers(2, 9), st.data())
def test_whatever_is_lost_repeated_or_reordered_a_station_that_goes_on_gets_its_set_through(
    count: int, data: st.DataObject
) -> None:
    """It sends what it is asked for, and, like any that gets no confirmation, the whole set again."""
    packets = [read_uplink(Wire.SL651, piece) for piece in picture(5, 300 * count, count)]
    sets = Sets(LIMITS)
    order = data.draw(st.lists(st.sampled_from(range(len(packets))), max_size=3 * len(packets)))
    events = [event for index in order for event in sets.take(packets[index], 0.0)]
    for second in range(1, 20):
        match events[-1:]:
            case [Whole() as whole]:
                assert whole.uplink.data == b"".join(packet.data for packet in packets)
                return
            case [Wanted(_, number, _)]:
                events = sets.take(packets[number - 1], float(second))
            case _:
                events = [event for uplink in packets for event in sets.take(uplink, float(second))]
    raise AssertionError(events)
