"""The front of iotcore reads the beginning of a connection, and whatever that is, others are served."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import mqtt5
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.broker.front import Hello, read_hello, with_keep_alive
from ingest.broker.program import Program
from tests.ingest.broker.running import embedded
from tests.ingest.mqtt.running import Sink, numbered, publish, receiver, running, until
from tests.servers.process import HOST

if TYPE_CHECKING:
    from pathlib import Path

V5: Final = mqtt5.ConnectPacket("a" * 300, keep_alive=60).write()
V311: Final = bytes.fromhex("10 0e 0004 4d515454 04 02 0000 0002 6731")
V31: Final = bytes.fromhex("10 10 0006 4d5149736470 03 02 003c 0002 6731")


@pytest.mark.parametrize(
    ("connect", "hello"), [(V5, Hello(5, 11)), (V311, Hello(4, 10)), (V31, Hello(3, 12))], ids=["5", "3.1.1", "3.1"]
)
def test_the_version_is_known_as_soon_as_the_keep_alive_is_there_and_not_before(connect: bytes, hello: Hello) -> None:
    needed = hello.keep_alive_at + 2
    assert [read_hello(connect[:length]) for length in range(needed)] == [None] * needed
    assert [read_hello(connect[:length]) for length in range(needed, len(connect) + 1)] == [hello] * (
        len(connect) + 1 - needed
    )


@pytest.mark.parametrize(
    "head",
    [b"GET / HTTP/1.1\r\n", b"\x30\x00", b"\x10\xff\xff\xff\xff\x01", b"\x10\x0c\x00\x05MQTT", b"\x10\x0c\x00\x04MQTU"],
    ids=["HTTP", "PUBLISH first", "length of five bytes", "name of five bytes", "another name"],
)
def test_what_is_no_connect_is_refused(head: bytes) -> None:
    with pytest.raises(ValueError, match=r"CONNECT"):
        read_hello(head)


@given(st.binary(max_size=40) | st.binary(max_size=30).map(lambda rest: b"\x10" + rest))
def test_any_bytes_are_a_hello_or_refused_or_too_little(head: bytes) -> None:
    try:
        hello = read_hello(head)
    except ValueError:
        return
    assert hello is None or (head[0] == 0x10 and hello.keep_alive_at + 2 <= len(head))


def test_only_a_keep_alive_of_0_is_changed() -> None:
    assert with_keep_alive(V5, Hello(5, 11)) == V5
    changed = with_keep_alive(V311, Hello(4, 10))
    assert (changed[:10], changed[10:12], changed[12:]) == (V311[:10], b"\xff\xff", V311[12:])


def test_connections_that_say_nothing_or_nonsense_keep_nobody_out(tmp_path: Path) -> None:
    async def scenario() -> None:
        sink = Sink()
        async with embedded(Program.IOTCORE, tmp_path) as broker, running(receiver(broker.port, sink, client_id="c")):
            silent = [await asyncio.open_connection(HOST, broker.port) for _ in range(50)]
            for number, (reader, writer) in enumerate(silent):
                if number % 2:
                    writer.write(b"GET / HTTP/1.1\r\n\r\n")
                    assert await reader.read() == b""
            await publish(broker.port, numbered(1, 10))
            await until(lambda: len(sink.messages) >= 10)
            for _, writer in silent:
                writer.close()
        assert sink.payloads == numbered(1, 10)

    asyncio.run(scenario())
