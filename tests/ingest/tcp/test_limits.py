"""Bad peers: each bound holds, is counted, and whoever behaves is served meanwhile."""

from __future__ import annotations

import asyncio
import socket
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from ingest.codecs.framing import Wire
from ingest.codecs.sl651.control import Control
from ingest.tcp.link import Hold, Link
from ingest.tcp.status import Closed, Refusal
from ingest.tcp.uplink import RtuKey
from tests.ingest.tcp.running import Field, Rtu, field, report, until
from tests.servers.process import HOST

if TYPE_CHECKING:
    from pathlib import Path

STAGE_427 = bytes.fromhex("681468B23201010700C0006001000000010047351609004F16")
FLOW_427 = bytes.fromhex("681A68B35303810D00C00059000000826110000001106000004508090A3516")


async def served(link: Field, serial: int = 1) -> None:
    """A station that behaves is answered in time."""
    rtu = await Rtu.connect(link.port)
    await rtu.send(report(serial, station="0012345678"))
    assert (await rtu.answer(5.0))[14:16] == serial.to_bytes(2, "big")
    await rtu.close()


async def _byte_by_byte(path: Path) -> None:
    async with field(path) as link:
        rtu = await Rtu.connect(link.port)
        await rtu.send(*(bytes((byte,)) for byte in report(5)))
        await rtu.answer()
        assert link.payloads == [report(5)]
        await rtu.close()


def test_a_frame_may_come_one_byte_at_a_time(tmp_path: Path) -> None:
    asyncio.run(_byte_by_byte(tmp_path))


async def _both_protocols(path: Path) -> None:
    async with field(path) as link:
        rtu = await Rtu.connect(link.port)
        junk = b"\xfe\xfe", b"REG:8675309\r\n", b"~"
        await rtu.send(junk[0] + report(1) + STAGE_427 + junk[1] + FLOW_427 + junk[2] + report(2))
        answers = [await rtu.answer() for _ in range(4)]
        assert [answer[:1] for answer in answers] == [b"~", b"h", b"h", b"~"]
        assert [payload for topic, payload in link.journaled() if topic.endswith("/sl651")] == [report(1), report(2)]
        assert [payload for topic, payload in link.journaled() if topic.endswith("/slt427")] == [STAGE_427, FLOW_427]
        assert link.status.skipped_bytes == {"keep_alive": 2, "registration": 13 + 1}
        await rtu.close()


def test_one_port_serves_both_protocols_with_several_frames_and_a_modems_words_in_a_segment(tmp_path: Path) -> None:
    asyncio.run(_both_protocols(tmp_path))


async def _relay(path: Path) -> None:
    async with field(path) as link:
        rtu = await Rtu.connect(link.port)
        stations = ["0011223344", "0012345678"]
        await rtu.send(b"".join(report(number, station=station) for number, station in enumerate(stations, 1)))
        assert [(await rtu.answer())[2:7].hex() for _ in stations] == stations
        routes = {session.key.address: session.route for session in link.sessions}
        assert routes["0011223344"] is routes["0012345678"] is not None
        await rtu.close()
        await until(lambda: not any(session.is_connected for session in link.sessions))


def test_several_stations_share_a_socket(tmp_path: Path) -> None:
    asyncio.run(_relay(tmp_path))


async def _wrong_sum(path: Path) -> None:
    async with field(path) as link:
        bad = bytearray(report(1))
        bad[30] ^= 1
        rtu = await Rtu.connect(link.port)
        await rtu.send(bytes(bad) + report(2))
        assert (await rtu.answer())[14:16] == b"\x00\x02"
        assert await rtu.hears_nothing()
        assert link.status.broken_frames == 1
        # It is written as it came, so that the decoder makes a dead letter with its header of it.
        assert link.payloads == [bytes(bad), report(2)]
        await rtu.close()


def test_a_wrong_check_sum_is_not_answered_and_reaches_the_journal_as_it_came(tmp_path: Path) -> None:
    asyncio.run(_wrong_sum(tmp_path))


async def _slow_loris(path: Path) -> None:
    async with field(path, frame_s=0.3, stalls=2) as link:
        slow = [await Rtu.connect(link.port) for _ in range(10)]
        for rtu in slow:
            await rtu.send(report(1)[:20])
        await served(link)
        await until(lambda: link.status.broken_frames == 10)  # given up, and written as they came
        for rtu in slow:
            await rtu.send(report(1)[:3])
        assert all([await rtu.is_closed() for rtu in slow])
        assert link.status.closed[Closed.STALLED] == 10
        await served(link, 2)


def test_a_peer_that_never_finishes_a_frame_has_to_go(tmp_path: Path) -> None:
    asyncio.run(_slow_loris(tmp_path))


async def _false_start(path: Path) -> None:
    async with field(path, frame_s=0.3) as link:
        rtu = await Rtu.connect(link.port)
        # A header that claims a body of 4,095 bytes holds back what follows until its time is over.
        claim = bytes.fromhex("7E7E0100112233441234320FFF02")
        await rtu.send(claim + report(4))
        assert (await rtu.answer())[14:16] == b"\x00\x04"
        await rtu.send(report(5))
        assert (await rtu.answer())[14:16] == b"\x00\x05"
        await rtu.close()


def test_a_false_start_delays_good_frames_and_costs_none(tmp_path: Path) -> None:
    asyncio.run(_false_start(tmp_path))


async def _junk(path: Path) -> None:
    async with field(path, junk_bytes=4_096) as link:
        rtu = await Rtu.connect(link.port)
        with suppress(ConnectionError):
            for _ in range(50):
                await rtu.send(b"\x55\xaa" * 500)
        assert await rtu.is_closed()
        assert link.status.closed[Closed.JUNK] == 1
        assert link.payloads == []
        await served(link)


def test_junk_ends_a_connection(tmp_path: Path) -> None:
    asyncio.run(_junk(tmp_path))


async def _silent(path: Path) -> None:
    async with field(path, silent_s=0.5, idle_s=3_600.0) as link:
        talker, modem, silent = [await Rtu.connect(link.port) for _ in range(3)]
        await talker.send(report(1))
        await talker.answer()
        began = time.monotonic()
        assert await silent.is_closed()
        assert time.monotonic() - began >= 0.4
        assert link.status.closed == {Closed.SILENT: 2}  # the modem, too, that says nothing
        await talker.send(report(2))
        await talker.answer()
        await talker.close()
        await modem.close()


def test_who_says_nothing_at_all_has_to_go_and_who_has_spoken_may_sleep(tmp_path: Path) -> None:
    asyncio.run(_silent(tmp_path))


def were_tried(link: Field, count: int) -> bool:
    """Whether so many connections were taken or refused."""
    return link.status.accepted + link.status.refused.total() >= count


async def _many_from_one(path: Path) -> None:
    async with field(path, per_address=50, connections=60) as link:
        polite = await Rtu.connect(link.port)
        await polite.send(report(1))
        await polite.answer()
        tried = 0
        for _ in range(20):  # 10,000 connections from one address, 500 at a time
            socks = [socket.socket() for _ in range(500)]
            for sock in socks:
                sock.settimeout(0)
                with suppress(BlockingIOError):
                    sock.connect((HOST, link.port))
            tried += 500
            await until(partial(were_tried, link, tried))
            assert link.status.connections <= 50
            for sock in socks:
                sock.close()
        assert link.status.refused[Refusal.TOO_MANY_FROM_ADDRESS] > 9_000
        await polite.send(report(2))
        assert (await polite.answer(5.0))[14:16] == b"\x00\x02"
        await polite.close()
        await until(lambda: link.status.connections == 0)
        await served(link, 3)


def test_ten_thousand_connections_from_one_address_leave_room_for_others(tmp_path: Path) -> None:
    """At most 500 at a time: a process of the test may have 20,000 files, and both ends of each are in it."""
    asyncio.run(_many_from_one(tmp_path))


async def _never_stops(path: Path) -> None:
    async with field(path, frames_per_s=200) as link:
        hog = await Rtu.connect(link.port)
        stop = asyncio.Event()
        block = b"".join(report(number) for number in range(1, 200))

        async def flood() -> None:
            with suppress(ConnectionError):
                while not stop.is_set():
                    await hog.send(block)

        flooding = asyncio.create_task(flood())
        await until(lambda: link.status.throttled > 0)
        for serial in range(1, 6):
            began = time.monotonic()
            await served(link, serial)
            assert time.monotonic() - began < 2.0
        assert link.status.pending_bytes < link.limits.pending_bytes
        stop.set()
        flooding.cancel()
        hog.vanish()
        await hog.close()


def test_a_station_that_never_stops_sending_is_slowed_down_and_others_are_served(tmp_path: Path) -> None:
    asyncio.run(_never_stops(tmp_path))


def holds(link: Field) -> Hold:
    """Why station A is not read."""
    session = link.sessions.find(RtuKey(Wire.SL651, "0011223344"))
    return session.route.holds if session is not None and isinstance(session.route, Link) else Hold(0)


async def _takes_nothing(path: Path) -> None:
    async with field(path, write_bytes=1_024, frames_per_s=1_000_000) as link:
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
        sock.connect((HOST, link.port))
        sock.settimeout(0)
        loop = asyncio.get_running_loop()
        block = b"".join(report(number) for number in range(1, 200))

        async def flood() -> None:
            while True:
                await loop.sock_sendall(sock, block)

        flooding = asyncio.create_task(flood())
        await until(lambda: Hold.WRITE in holds(link))
        frames = link.status.frames.total()
        await served(link)
        assert link.status.frames.total() == frames + 1
        flooding.cancel()
        await asyncio.gather(flooding, return_exceptions=True)
        sock.close()


def test_a_peer_that_takes_no_answers_is_not_read_any_more(tmp_path: Path) -> None:
    asyncio.run(_takes_nothing(tmp_path))


async def _behind(path: Path) -> None:
    async with field(path, pending_bytes=8_192, link_bytes=4_096) as link:
        link.gate.clear()
        rtus = [await Rtu.connect(link.port) for _ in range(8)]
        blocks = [b"".join(report(number) for number in range(1, 60)) for _ in rtus]
        senders = [asyncio.create_task(rtu.send(block)) for rtu, block in zip(rtus, blocks, strict=True)]
        await until(lambda: link.intake.is_full)
        held = link.status.pending_frames
        # One turn of one connection is at most 16 KB beyond the bound.
        assert link.status.pending_bytes < 8_192 + 59 * (len(report(1)) + 250) * 2
        assert held < 8 * 59
        link.gate.set()
        await asyncio.gather(*senders)
        for rtu in rtus:
            for number in range(1, 60):
                assert int.from_bytes((await rtu.answer())[14:16], "big") == number
        assert len(link.payloads) == 8 * 59
        assert not link.intake.is_full
        for rtu in rtus:
            await rtu.close()


def test_while_the_journal_is_behind_nobody_is_read_and_then_all_get_their_answers(tmp_path: Path) -> None:
    asyncio.run(_behind(tmp_path))


async def _unknown(path: Path, *, refuse: bool) -> None:
    async with field(path, refuse_unknown=refuse, refused_frames=2) as link:
        stranger = await Rtu.connect(link.port)
        await stranger.send(report(1, station="0099999999"))
        if refuse:
            assert await stranger.hears_nothing()
            await stranger.send(report(2, station="0099999999"), report(3, station="0099999999"))
            assert await stranger.is_closed()
            assert link.status.refused[Refusal.UNKNOWN_STATION] == link.status.unknown_frames == 3
            assert link.payloads == []
            return
        assert (await stranger.answer())[-3] == Control.ESC
        assert link.payloads == [report(1, station="0099999999")]
        await stranger.close()
        assert link.status.unknown_frames == 1


def test_an_unknown_station_is_written_and_confirmed(tmp_path: Path) -> None:
    """Its readings become counted rejections, and its bytes a dead letter, by the decoder."""
    asyncio.run(_unknown(tmp_path, refuse=False))


def test_an_unknown_station_is_refused_where_the_settings_say_so(tmp_path: Path) -> None:
    asyncio.run(_unknown(tmp_path, refuse=True))


async def _unknown_beside_known(path: Path) -> None:
    async with field(path, refuse_unknown=True) as link:
        relay = await Rtu.connect(link.port)
        for serial in range(1, 100, 2):
            await relay.send(report(serial, station="0099999999") + report(serial + 1))
            assert (await relay.answer())[15] == serial + 1
        assert link.payloads == [report(serial) for serial in range(2, 101, 2)]
        await relay.close()


def test_a_relay_keeps_its_connection_though_it_begins_with_a_station_that_is_unknown(tmp_path: Path) -> None:
    asyncio.run(_unknown_beside_known(tmp_path))


async def _strangers(path: Path) -> None:
    async with field(path, strangers=20, frames_per_s=1_000_000) as link:
        rtu = await Rtu.connect(link.port)
        for number in range(200):
            await rtu.send(report(number + 1, station=f"{9_900_000_000 + number:010d}"))
            await rtu.answer()
        assert len(list(link.sessions)) == 20
        await rtu.close()


def test_addresses_of_strangers_are_remembered_up_to_a_bound(tmp_path: Path) -> None:
    asyncio.run(_strangers(tmp_path))


async def _half_open(path: Path) -> None:
    async with field(path) as link:
        rtu = await Rtu.connect(link.port)
        await rtu.send(report(1))
        await rtu.answer()
        (server_side,) = [session.route for session in link.sessions]
        sock = server_side._transport.get_extra_info("socket")  # type: ignore[union-attr]  # noqa: SLF001  # its options
        options = [
            (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
            (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, link.limits.keep_alive_idle_s),
            (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, link.limits.keep_alive_every_s),
            (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, link.limits.keep_alive_count),
            (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, link.limits.unacknowledged_s * 1_000),
        ]
        assert [sock.getsockopt(level, name) for level, name, _ in options] == [value for *_, value in options]
        await rtu.close()


def test_the_kernel_finds_half_open_connections(tmp_path: Path) -> None:
    """Loopback can't lose a peer silently, so this looks at what the kernel was told."""
    asyncio.run(_half_open(tmp_path))


async def _storm(path: Path) -> None:
    async with field(path) as link:
        for wave in range(3):
            rtus = await asyncio.gather(*(Rtu.connect(link.port) for _ in range(300)))
            await asyncio.gather(*(rtu.send(report(wave * 300 + index + 1)) for index, rtu in enumerate(rtus)))
            if wave < 2:  # all hang up at once, some before they are answered
                await asyncio.gather(*(rtu.close() for rtu in rtus))
                continue
            answers = await asyncio.gather(*(rtu.answer() for rtu in rtus))
            assert len(answers) == 300
            await asyncio.gather(*(rtu.close() for rtu in rtus))
        await until(lambda: link.status.connections == 0)
        await link.intake.settled.wait()
        assert sorted(link.payloads) == sorted(report(number) for number in range(1, 901))
        assert link.status.closed.total() == link.status.accepted == 900


def test_a_storm_of_reconnects_loses_nothing_that_was_sent(tmp_path: Path) -> None:
    asyncio.run(_storm(tmp_path))
