"""Following: every message once and in order, in pieces that hold nobody up, whatever the rows and the messages."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from hydro.instants import parse_instant
from ingest.follow import Follower
from storage.journal import Journal, JournalReader
from tests.ingest.fragile import POISON, fragile

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ingest.decode import DecodedBatch
    from ingest.salvage import Undecodable

NOW = parse_instant("2026-03-01T08:00:00", 480)
LIMIT = 4_000


def reading(number: int, size: int = 0) -> bytes:
    payload = {"station": "A", "time": NOW, "values": {"stage": number / 1000}, "note": "x" * size}
    return json.dumps(payload).encode()


def journal_of(path: Path, rows: Sequence[Sequence[bytes]]) -> None:
    journal = Journal.open(path, keep_days=14, max_gb=1, clock=lambda: NOW)
    for row in rows:
        journal.append(["w/g1/up/json"] * len(row), list(row))
    journal.close()


async def follow(follower: Follower, after: int = 0, *, until: int | None = None) -> list[DecodedBatch]:
    batches = []
    while (batch := await follower.next(after, LIMIT, until=until)) is not None:
        batches.append(batch)
        after = batch.last
    return batches


def positions(batches: list[DecodedBatch]) -> list[int]:
    return [position for batch in batches for position in batch.observations.position.tolist()]


@pytest.mark.parametrize(
    ("rows", "sizes"),
    [
        pytest.param([(3, 0), (4, 0), (2, 0)], [9], id="small rows together"),
        pytest.param([(9_000, 0), (1, 0)], [4_000, 4_000, 1_000, 1], id="a large row in pieces"),
        pytest.param([(7, 300_000)], [3, 3, 1], id="a row of many bytes in pieces"),
        pytest.param([(1, 300_000), (1, 300_000), (1, 2_000_000), (1, 10)], [2, 1, 1], id="a message beyond the bound"),
    ],
)
def test_pieces_are_bounded_by_messages_and_by_bytes(
    tmp_path: Path, rows: list[tuple[int, int]], sizes: list[int]
) -> None:
    journal_of(tmp_path, [[reading(number, size) for number in range(count)] for count, size in rows])
    with JournalReader.open(tmp_path) as reader:
        batches = asyncio.run(follow(Follower(reader, fragile(), lambda _: None)))
    assert [batch.last - batch.first + 1 for batch in batches] == sizes
    assert positions(batches) == list(range(1, sum(sizes) + 1))


@pytest.mark.parametrize("after", [0, 1, 5, 6, 999, 1_300, 2_005])
@pytest.mark.parametrize("until", [None, 1_003, 2_005])
def test_reading_goes_on_and_ends_within_a_row(tmp_path: Path, after: int, until: int | None) -> None:
    journal_of(tmp_path, [[reading(number) for number in range(count)] for count in (6, 2_000)])
    with JournalReader.open(tmp_path) as reader:
        batches = asyncio.run(follow(Follower(reader, fragile(), lambda _: None), after, until=until))
    assert positions(batches) == list(range(after + 1, (until or 2_006) + 1))


def test_what_lies_behind_the_end_that_was_wanted_comes_afterwards(tmp_path: Path) -> None:
    journal_of(tmp_path, [[reading(number) for number in range(10)]])

    async def scenario(follower: Follower) -> list[list[int]]:
        return [positions(await follow(follower, until=4)), positions(await follow(follower, 4))]

    with JournalReader.open(tmp_path) as reader:
        found = asyncio.run(scenario(Follower(reader, fragile(), lambda _: None)))
    assert found == [[1, 2, 3, 4], [5, 6, 7, 8, 9, 10]]


def test_others_have_a_turn_between_two_pieces(tmp_path: Path) -> None:
    journal_of(tmp_path, [[reading(number) for number in range(12_000)]])

    async def scenario(follower: Follower) -> list[str]:
        order: list[str] = []

        async def other() -> None:
            for _ in range(3):
                order.append("other")
                await asyncio.sleep(0)

        await follower.next(0, LIMIT)  # reads
        turns = asyncio.create_task(other())
        for after in (4_000, 8_000):
            await follower.next(after, LIMIT)
            order.append("piece")
        await turns
        return order

    with JournalReader.open(tmp_path) as reader:
        assert asyncio.run(scenario(Follower(reader, fragile(), lambda _: None)))[:4] == [
            "other", "piece", "other", "piece",
        ]  # fmt: skip


def test_a_message_that_breaks_the_decoder_is_reported_and_the_others_are_decoded(tmp_path: Path) -> None:
    journal_of(tmp_path, [[reading(1), POISON, reading(3)], [POISON]])
    broken: list[Undecodable] = []
    with JournalReader.open(tmp_path) as reader:
        [batch] = asyncio.run(follow(Follower(reader, fragile(), lambda _: None, broken.append)))
    assert positions([batch]) == [1, 3]
    assert [found.position for found in broken] == [2, 4]
    assert dict(batch.dead_lettered) == {"internal_error": 2}


def test_without_anybody_to_tell_it_is_raised(tmp_path: Path) -> None:
    journal_of(tmp_path, [[POISON]])
    with JournalReader.open(tmp_path) as reader, pytest.raises(ZeroDivisionError):
        asyncio.run(follow(Follower(reader, fragile(), lambda _: None)))
