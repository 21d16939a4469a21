"""The packets put together by hand are those of the codec, byte for byte."""

from __future__ import annotations

import mqtt5
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.publisher.packets import (
    HEARD,
    PACKET_IDS,
    UNHEARD,
    Answer,
    Runs,
    again,
    may_be_topic,
    packet_end,
    publication,
    read_answer,
    topic_field,
    topic_of,
)

TOPIC = "watermaster/v1/g1/up/json"


def of_codec(topic: str, number: int, at: int, payload: bytes, *, retain: bool, duplicate: bool = False) -> bytes:
    return mqtt5.PublishPacket(
        topic,
        payload,
        qos=mqtt5.QoS.AT_LEAST_ONCE,
        packet_id=number,
        retain=retain,
        duplicate=duplicate,
        user_properties=[("received_at", str(at))],
    ).write()


@given(
    topic=st.text(st.characters(exclude_characters="+#\0", exclude_categories=["Cs"]), min_size=1, max_size=40),
    number=st.integers(1, PACKET_IDS),
    at=st.integers(-(10**14), 10**15),
    payload=st.binary(max_size=300),
    retain=st.booleans(),
)
def test_a_publication_is_that_of_the_codec(topic: str, number: int, at: int, payload: bytes, *, retain: bool) -> None:
    packet = publication(topic_field(topic), number, at, payload, retain=retain)
    assert packet == of_codec(topic, number, at, payload, retain=retain)
    assert again(packet) == of_codec(topic, number, at, payload, retain=retain, duplicate=True)
    assert topic_of(packet) == topic


@pytest.mark.parametrize("size", [0, 60, 61, 62, 16_320, 16_330, 16_340, 2_097_080, 2_097_100, 2_097_120])
def test_every_length_of_the_length_is_that_of_the_codec(size: int) -> None:
    """127, 16,383 and 2,097,151 bytes are the borders of one, two and three digits."""
    for more in range(12):
        payload = bytes(size + more)
        assert publication(topic_field(TOPIC), 7, 0, payload) == of_codec(TOPIC, 7, 0, payload, retain=False)


def test_what_is_longer_than_mqtt_allows_is_no_packet() -> None:
    topic = topic_field(TOPIC)
    most = 268_435_455 - len(publication(topic, 1, 0, b"")) + 2
    assert len(publication(topic, 1, 0, bytes(most))) == 268_435_455 + 5
    assert publication(topic, 1, 0, bytes(most + 1)) == b""


@pytest.mark.parametrize("runs", [HEARD, UNHEARD], ids=["heard", "unheard"])
def test_the_runs_of_acknowledgements_are_those_of_the_codec(runs: Runs) -> None:
    code = mqtt5.PubAckReasonCode.SUCCESS if runs.heard else mqtt5.PubAckReasonCode.NO_MATCHING_SUBSCRIBERS
    packets = [mqtt5.PubAckPacket(number, reason_code=code).write() for number in range(1, PACKET_IDS + 1)]
    assert b"".join(packets) == runs.text
    assert {len(packet) for packet in packets} == {runs.each}


REASONS = [
    (mqtt5.PubAckReasonCode.SUCCESS, Answer(9)),
    (mqtt5.PubAckReasonCode.NO_MATCHING_SUBSCRIBERS, Answer(9, heard=False)),
    (mqtt5.PubAckReasonCode.NOT_AUTHORIZED, Answer(9, "not_authorized")),
    (mqtt5.PubAckReasonCode.QUOTA_EXCEEDED, Answer(9, "quota_exceeded")),
]


@pytest.mark.parametrize(
    ("code", "answer"), REASONS, ids=[str(answer.refused or answer.heard) for _, answer in REASONS]
)
def test_an_acknowledgement_says_whether_it_is_one(code: mqtt5.PubAckReasonCode, answer: Answer) -> None:
    bare = mqtt5.PubAckPacket(9, reason_code=code).write()
    wordy = mqtt5.PubAckPacket(9, reason_code=code, reason_str="so it is", user_properties=[("a", "b")]).write()
    for data in (bare, wordy):
        assert packet_end(data, 0) == len(data)
        assert read_answer(data, 0, len(data)) == answer
        assert [packet_end(data[:size], 0) for size in range(len(data))] == [None] * len(data)


@pytest.mark.parametrize(
    "data", [b"\x40\x01\x00", b"\x40\x00", b"\xd0\x01\x00", b"\x00\x00", b"\x40\x03\x00\x01\x77"], ids=bytes.hex
)
def test_what_is_no_packet_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_answer(data, 0, len(data))


def test_a_length_of_five_digits_is_none() -> None:
    with pytest.raises(ValueError, match="four bytes"):
        packet_end(b"\x40\xff\xff\xff\xff\x01", 0)


@pytest.mark.parametrize("topic", ["", "a/+/b", "#", "a\0b", "x" * 65_536, "\ud800"], ids=ascii)
def test_on_some_topics_nobody_may_publish(topic: str) -> None:
    assert not may_be_topic(topic)
