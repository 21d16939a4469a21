"""The three payloads of the heartbeat topic, and waits that grow."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.mqtt import Backoff
from ingest.mqtt.beats import Beat, Heartbeat, Ping, Pong, encode_beat, parse_beat

BEATS = st.one_of(
    st.builds(Heartbeat, st.integers(0, 10**15 - 1)),
    st.builds(Ping, st.from_regex(r"[0-9A-Za-z_-]{1,64}", fullmatch=True)),
    st.builds(Pong, st.from_regex(r"[0-9A-Za-z_-]{1,64}", fullmatch=True)),
)


@given(BEATS)
def test_a_beat_is_read_as_it_was_written(beat: Beat) -> None:
    assert parse_beat(encode_beat(beat)) == beat


def test_a_pong_is_no_ping() -> None:
    answer: Beat = Pong("a")
    assert answer != Ping("a")


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{}",
        b"null",
        b'{"at": -1}',
        b'{"at": "1"}',
        b'{"at": 1.5}',
        b'{"ping": 1}',
        b'{"ping": ""}',
        b'{"at": 1}x',
        b"\xff",
    ],
)
def test_anything_else_is_nothing_of_ours(payload: bytes) -> None:
    assert parse_beat(payload) is None


def test_waits_double_up_to_the_longest_and_are_shortened_by_chance_by_up_to_a_half() -> None:
    rng = random.Random(1)
    backoff = Backoff(0.5, 4.0)
    for failures, whole in ((1, 0.5), (2, 1.0), (3, 2.0), (4, 4.0), (5, 4.0), (10_000, 4.0)):
        waits = [backoff.wait_s(failures, rng) for _ in range(200)]
        assert whole / 2 < min(waits) <= max(waits) <= whole
        assert len(set(waits)) > 100
