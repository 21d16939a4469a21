"""The queue before the journal: in order, together, again after a failure, and never told safe before it is."""

from __future__ import annotations

import asyncio
import random

import pytest

from hydro.errors import JournalError, JournalFull
from ingest.mqtt import Backoff
from ingest.tcp import Intake, Limits, Status
from tests.ingest.tcp.running import until


class Disk:
    """A journal that fails as told."""

    def __init__(self) -> None:
        self.batches: list[list[bytes]] = []
        self.failures = 0
        self.is_broken = False

    async def __call__(self, topics: list[str], payloads: list[bytes]) -> None:
        """Write."""
        await asyncio.sleep(0)
        if self.is_broken:
            raise JournalError("disk gone")
        if self.failures:
            self.failures -= 1
            raise JournalFull("no room")
        assert len(topics) == len(payloads)
        self.batches.append(payloads)


def make(disk: Disk, told: list[int], turns: list[bool], **limits: float) -> Intake[int]:
    """An intake whose bound is 1,000 bytes."""
    return Intake(
        disk,
        safe=told.extend,
        full=turns.append,
        limits=Limits(**{"linger_s": 0.01, "pending_bytes": 1_000, **limits}),  # type: ignore[arg-type]  # of one kind
        retry=Backoff(0.001, 0.002),
        rng=random.Random(1),
        status=Status(),
    )


async def _failing() -> None:
    disk, told, turns = Disk(), list[int](), list[bool]()
    disk.failures = 30
    intake = make(disk, told, turns)
    running = asyncio.create_task(intake.run())
    intake.put("t", b"first", 0)
    intake.put("t", b"second", 1)
    await until(lambda: turns)
    intake.put("t", b"came meanwhile", 2)
    assert told == []
    await intake.settled.wait()
    assert disk.batches == [[b"first", b"second"], [b"came meanwhile"]]
    assert told == [0, 1, 2]
    assert turns == [True, False]  # full while the disk failed
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def test_a_batch_comes_again_until_it_is_taken_and_nothing_is_read_meanwhile() -> None:
    asyncio.run(_failing())


async def _bounded() -> None:
    disk, told, turns = Disk(), list[int](), list[bool]()
    intake = make(disk, told, turns)
    for number in range(10):
        intake.put("t", bytes(100), number)
    assert turns == [True]
    assert intake.is_full
    running = asyncio.create_task(intake.run())
    await intake.settled.wait()
    assert turns == [True, False]
    assert [len(batch) for batch in disk.batches] == [10]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def test_it_is_full_at_its_bound_and_not_full_again_when_half_is_safe() -> None:
    asyncio.run(_bounded())


async def _broken() -> None:
    disk, told, turns = Disk(), list[int](), list[bool]()
    disk.is_broken = True
    intake = make(disk, told, turns)
    intake.put("t", b"x", 1)
    with pytest.raises(JournalError, match="disk gone"):
        await intake.run()
    assert told == []


def test_a_disk_that_is_gone_ends_it() -> None:
    asyncio.run(_broken())
