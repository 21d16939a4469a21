"""One message that breaks the decoder costs itself and no other."""

from __future__ import annotations

import json
from dataclasses import fields
from itertools import pairwise, starmap

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydro.columns import Observations
from hydro.instants import MINUTE_MS, parse_instant
from ingest.decode import DecodedBatch, Tick, TickSource
from ingest.salvage import Undecodable, decode_all, merged
from tests.ingest.fragile import POISON, fragile

NOW = parse_instant("2026-03-01T08:00:00", 480)
GOOD = json.dumps({"station": "A", "time": NOW, "seq": 1, "values": {"stage": 1.5}, "note": 1}).encode()
REFUSED = json.dumps({"station": "Z", "time": NOW, "values": {"stage": 1.5}}).encode()
BROKEN = b"{"
UP, BEAT = "w/g1/up/json", "w/_/heartbeat/watermaster"
MESSAGES = st.lists(
    st.sampled_from([(UP, GOOD), (UP, REFUSED), (UP, BROKEN), (BEAT, b'{"at": 5}'), ("w/bad", b""), (UP, POISON)]),
    min_size=1,
    max_size=12,
)


def plain(batch: DecodedBatch) -> list[object]:
    """What a batch says but for its ticks, in a form that can be compared."""
    others = [field.name for field in fields(batch) if field.name not in ("observations", "ahead", "ticks")]
    columns = [
        getattr(rows, field.name).tolist()
        for rows in (batch.observations, batch.ahead)
        for field in fields(Observations)
    ]
    return [*(getattr(batch, name) for name in others), *columns]


@given(messages=MESSAGES, cuts=st.sets(st.integers(1, 11)))
def test_batches_that_follow_each_other_merge_to_what_one_would_have_been(
    messages: list[tuple[str, bytes]], cuts: set[int]
) -> None:
    decoder = fragile()
    messages = [message for message in messages if message[1] != POISON] or [(UP, GOOD)]
    received_at = np.arange(len(messages), dtype=np.int64) + NOW

    def decode(start: int, end: int) -> DecodedBatch:
        topics, payloads = zip(*messages[start:end], strict=True)
        return decoder.decode(1 + start, topics, payloads, received_at[start:end])

    bounds = [0, *sorted(cut for cut in cuts if cut < len(messages)), len(messages)]
    found, whole = merged(starmap(decode, pairwise(bounds))), decode(0, len(messages))
    assert found.ticks[:1] == whole.ticks[:1]  # the same instant again says nothing new
    assert set(found.ticks) <= set(whole.ticks)
    assert plain(found) == plain(whole)


@given(messages=MESSAGES)
def test_every_message_is_either_decoded_as_it_would_be_alone_or_set_aside(messages: list[tuple[str, bytes]]) -> None:
    topics, payloads = zip(*messages, strict=True)
    broken: list[Undecodable] = []
    batch = decode_all(fragile(), 101, topics, payloads, np.full(len(messages), NOW), broken.append)
    poisoned = [101 + number for number, payload in enumerate(payloads) if payload == POISON]
    assert [found.position for found in broken] == poisoned
    assert (batch.first, batch.last) == (101, 100 + len(messages))
    assert batch.dead_lettered["internal_error"] == len(poisoned)
    assert len(batch.observations) == payloads.count(GOOD)
    assert batch.messages == sum(topic != BEAT for topic in topics)
    assert [letter.position for letter in batch.dead_letters] == [
        101 + number for number, (topic, payload) in enumerate(messages) if topic != BEAT and payload != GOOD
    ]
    assert batch.decoded == len(batch.observations) + batch.rejected.total()


def test_what_is_set_aside_keeps_its_bytes_and_says_what_happened() -> None:
    broken: list[Undecodable] = []
    batch = decode_all(fragile(), 7, [UP], [POISON], np.array([NOW]), broken.append)
    [letter] = batch.dead_letters
    assert letter == (7, "message", "internal_error", 0, UP, POISON, NOW, letter.detail)
    assert letter.detail == "ZeroDivisionError: a case that nobody thought of"
    [found] = broken
    assert (found.position, found.topic, type(found.error)) == (7, UP, ZeroDivisionError)


@pytest.mark.parametrize("poisoned", [0, 3])
def test_ticks_of_recorded_minutes_stay_one_a_minute(poisoned: int) -> None:
    payloads = [GOOD] * 8
    payloads[poisoned] = POISON
    received_at = np.array([NOW + number // 4 * MINUTE_MS for number in range(8)])
    batch = decode_all(fragile(TickSource.RECEIVED_AT), 1, [UP] * 8, payloads, received_at, lambda _: None)
    assert batch.ticks == [Tick(2 if poisoned == 0 else 1, NOW), Tick(5, NOW + MINUTE_MS)]
