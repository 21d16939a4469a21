"""From bytes to packets: pieces, refusals, and nothing that a peer sends is more than malformed."""

from __future__ import annotations

import time

import mqtt5
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.mqtt.batch import Batch
from ingest.mqtt.beats import Heartbeat, Ping, Pong
from ingest.mqtt.frames import BUFFER_SIZE, CONTROL_LIMIT, Inbox, acknowledgements, frame_size, salvage

# The codec reports text that is no UTF-8 on stderr as well, before it gives up.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

OWN = "watermaster/v1/_/heartbeat/watermaster"
TOPIC = "watermaster/v1/g1/up/json"


def message(payload: bytes, packet_id: int = 1, topic: str = TOPIC, **about: object) -> bytes:
    return mqtt5.PublishPacket(topic, payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=packet_id, **about).write()  # type: ignore[arg-type]


def opened() -> Inbox:
    inbox = Inbox(OWN)
    inbox.limit = None
    return inbox


def feed(inbox: Inbox, data: bytes, batch: Batch, piece: int = 1 << 30) -> list[object]:
    """Hand bytes over as a socket does, at most ``piece`` at a time."""
    control: list[object] = []
    position = 0
    view = memoryview(data)
    while position < len(data):
        space = inbox.space()
        count = min(len(space), len(data) - position, piece)
        space[:count] = view[position : position + count]
        position += count
        control += inbox.take(count, batch)
    return control


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 64, 1000])
def test_messages_come_out_in_order_however_the_bytes_are_cut(piece: int) -> None:
    payloads = [b"%d" % number * number for number in range(60)]
    stream = b"".join(message(payload, number + 1) for number, payload in enumerate(payloads))
    batch = Batch(1)
    inbox = opened()
    assert feed(inbox, stream, batch, piece) == []
    assert batch.payloads == payloads
    assert batch.topics == [TOPIC] * 60
    assert batch.owed == list(range(1, 61))
    assert batch.size == len(stream)
    assert inbox.malformed is None


def test_every_strict_prefix_of_a_message_is_awaited_and_never_refused() -> None:
    whole = message(b"payload", user_properties=[("received_at", "1772323200000")])
    for length in range(len(whole)):
        batch, inbox = Batch(1), opened()
        assert feed(inbox, whole[:length], batch) == []
        assert (len(batch), inbox.malformed) == (0, None)
        feed(inbox, whole[length:], batch)
        assert batch.payloads == [b"payload"]


def test_messages_larger_than_the_buffer_arrive_whole_between_small_ones() -> None:
    large = bytes(range(256)) * 4096
    stream = message(b"before", 1) + message(large, 2) + message(b"after", 3)
    batch, inbox = Batch(1), opened()
    feed(inbox, stream, batch, 65_536)
    assert batch.payloads == [b"before", large, b"after"]
    assert len(inbox.space()) == BUFFER_SIZE


def test_a_message_in_many_pieces_is_copied_in_linear_time() -> None:
    stream = message(bytes(1 << 24))
    batch, inbox = Batch(1), opened()
    started = time.perf_counter()
    feed(inbox, stream, batch, 1024)
    # About 0.1 s; if each of the 16,384 pieces copied all before it, that were 128 GB and more than 10 s.
    assert time.perf_counter() - started < 3.0
    assert len(batch.payloads[0]) == 1 << 24


def test_a_length_field_alone_takes_no_memory() -> None:
    inbox = opened()
    feed(inbox, b"\x30\xff\xff\xff\x7f" + bytes(1000), Batch(1))
    assert len(inbox.space()) <= BUFFER_SIZE
    assert inbox.malformed is None


def test_user_properties_are_handed_over_by_index_only_where_there_are_any() -> None:
    batch = Batch(1)
    feed(opened(), message(b"a", 1) + message(b"b", 2, user_properties=[("received_at", "5"), ("k", "v")]), batch)
    assert batch.properties == {1: [("received_at", "5"), ("k", "v")]}


def test_what_each_quality_of_service_owes() -> None:
    at_most_once = mqtt5.PublishPacket(TOPIC, b"0").write()
    exactly_once = mqtt5.PublishPacket(TOPIC, b"2", qos=mqtt5.QoS.EXACTLY_ONCE, packet_id=0x1234).write()
    batch = Batch(1)
    feed(
        opened(), at_most_once + message(b"1", 7) + exactly_once + message(b"3", 8, retain=True, duplicate=True), batch
    )
    assert batch.payloads == [b"0", b"1", b"2", b"3"]
    assert batch.duplicates == 1
    owed = acknowledgements(batch.owed)
    assert owed == (mqtt5.PubAckPacket(7).write() + mqtt5.PubRecPacket(0x1234).write() + mqtt5.PubAckPacket(8).write())


@pytest.mark.parametrize("packet_id", [1, 255, 256, 65_535])
def test_acknowledgements_are_those_of_the_codec(packet_id: int) -> None:
    assert acknowledgements([packet_id]) == mqtt5.PubAckPacket(packet_id).write()


def test_heartbeats_are_messages_and_probes_are_not_but_all_are_acknowledged() -> None:
    stream = b"".join(
        [
            message(b"first", 1),
            message(b'{"at": 1772323200000}', 2, OWN),
            message(b'{"ping": "a1"}', 3, OWN),
            message(b'{"pong": "a1"}', 4, OWN),
            message(b"nothing of ours", 5, OWN),
        ]
    )
    batch = Batch(1)
    assert feed(opened(), stream, batch) == [Heartbeat(1_772_323_200_000), Ping("a1"), Pong("a1")]
    assert batch.payloads == [b"first", b'{"at": 1772323200000}', b"nothing of ours"]
    assert batch.owed == [1, 2, 3, 4, 5]


def test_control_packets_come_out_in_order_between_messages() -> None:
    stream = mqtt5.ConnAckPacket().write() + message(b"a") + mqtt5.PingRespPacket().write()
    batch = Batch(1)
    control = feed(opened(), stream, batch)
    assert [type(packet) for packet in control] == [mqtt5.ConnAckPacket, mqtt5.PingRespPacket]
    assert batch.payloads == [b"a"]


def broken(topic: bytes, payload: bytes, *, qos: int = 1, properties: bytes = b"\x00") -> bytes:
    """Write a PUBLISH by hand."""
    body = len(topic).to_bytes(2, "big") + topic + (b"\x00\x09" if qos else b"") + properties + payload
    return bytes([0x30 | qos << 1, len(body)]) + body


@pytest.mark.parametrize(
    ("frame", "topic"),
    [
        (broken(b"a/\xff/up/json", b"payload"), "a/\ufffd/up/json"),
        (broken(b"a/b", b"payload", properties=b"\x07\x26\x00\x01k\x00\x01\xff"), "a/b"),
        (broken(b"a/b", b"payload", properties=b"\x02\x7f\x00"), "a/b"),
        (broken(b"\xff", b"payload", qos=0), "\ufffd"),
        (broken(b"\xff", b"payload", qos=2), "\ufffd"),
    ],
    ids=["topic no UTF-8", "property no UTF-8", "unknown property", "QoS 0", "QoS 2"],
)
def test_a_message_against_the_rules_is_salvaged_and_the_next_is_read(frame: bytes, topic: str) -> None:
    """Refused, it would come first on every new connection and nothing behind it would ever arrive."""
    batch, inbox = Batch(1), opened()
    feed(inbox, frame + message(b"next", 10), batch, 5)
    assert inbox.malformed is None
    assert batch.topics == [topic, TOPIC]
    assert batch.payloads == [b"payload", b"next"]
    assert batch.salvaged == 1
    assert [owed & 0xFFFF for owed in batch.owed] == ([9] if frame[0] & 6 else []) + [10]


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x00",
        b"\x30\xff\xff\xff\xff\x01",
        b"\x36\x05\x00\x01a\x00\x00",
        b"\x32\x06\x00\x01a\x00\x00\x00",
        b"\x30\x04\x00\xffab",
        b"\x20\x02\x00\x01",
        b"HTTP/1.1 400 Bad Request\r\n" + b"x" * 200,
        b"\x00\x90\x4e",
        b"\x36\xff\xff\x7f",
        b"\xd1\x00",
        b"\x90\xff\xff\x7f",
        b"\x34\x07\x00\x01\xff\x00\x00\x00x",
    ],
    ids=[
        "type 0",
        "long length",
        "QoS 3",
        "packet id 0",
        "long topic",
        "MQTT 3 CONNACK",
        "HTTP",
        "type 0 of 10 kB",
        "QoS 3 of 2 MB",
        "flags",
        "SUBACK of 2 MB",
        "salvaged id 0",
    ],
)
def test_what_is_no_mqtt_is_malformed_and_nothing_is_read_after_it(data: bytes) -> None:
    batch, inbox = Batch(1), opened()
    feed(inbox, message(b"before", 1) + data + message(b"after", 2), batch)
    assert inbox.malformed is not None
    assert batch.payloads == [b"before"]
    assert feed(inbox, message(b"later", 3), batch) == []


def test_before_the_handshake_no_large_packet_is_waited_for() -> None:
    inbox = Inbox(OWN)
    feed(inbox, b"\x30" + b"\xff\xff\x7f", Batch(1))
    assert inbox.malformed == f"packet of {4 + 0x1FFFFF} bytes"
    assert CONTROL_LIMIT < 0x1FFFFF


def test_a_session_may_send_the_beginning_of_a_large_message_together_with_its_connack() -> None:
    inbox, batch = Inbox(OWN), Batch(1)
    large = message(bytes(1_000_000), 1)
    [connack] = feed(inbox, mqtt5.ConnAckPacket(session_present=True).write() + large[:20], batch)
    assert isinstance(connack, mqtt5.ConnAckPacket)
    assert inbox.malformed is None
    feed(inbox, large[20:], batch)
    assert [len(payload) for payload in batch.payloads] == [1_000_000]


@settings(max_examples=300, deadline=None)
@given(data=st.binary(max_size=300), piece=st.integers(1, 40))
def test_arbitrary_bytes_never_raise(data: bytes, piece: int) -> None:
    batch = Batch(1)
    feed(opened(), data, batch, piece)
    assert len(batch.topics) == len(batch.payloads)


@settings(max_examples=300, deadline=None)
@given(
    data=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 255)), max_size=4),
    piece=st.integers(1, 40),
)
def test_damaged_messages_never_raise_and_never_unbalance_the_columns(data: list[tuple[int, int]], piece: int) -> None:
    stream = bytearray(message(b"payload", 1, user_properties=[("k", "v")]) + message(b"x", 2, OWN))
    for index, value in data:
        stream[index % len(stream)] = value
    batch = Batch(1)
    feed(opened(), bytes(stream), batch, piece)
    assert len(batch.topics) == len(batch.payloads)


@pytest.mark.parametrize(
    ("remaining", "size"), [(0, 2), (127, 129), (128, 131), (16_384, 16_388), (2_097_152, 2_097_157)]
)
def test_frame_size_counts_the_header(remaining: int, size: int) -> None:
    length = bytearray()
    rest = remaining
    while True:
        rest, digit = divmod(rest, 128)
        length.append(digit | (0x80 if rest else 0))
        if not rest:
            break
    header = b"\x30" + bytes(length)
    assert frame_size(header, 0, len(header)) == size
    assert [frame_size(header, 0, known) for known in range(len(header))] == [None] * len(header)


@settings(max_examples=200, deadline=None)
@given(st.binary(min_size=2, max_size=40))
def test_salvage_reads_or_says_that_it_can_not(data: bytes) -> None:
    frame = bytes([0x30 | data[0] & 0x0F, len(data) - 1]) + data[1:]
    try:
        found = salvage(frame)
    except ValueError:
        return
    assert found.payload in frame
