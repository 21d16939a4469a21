"""What was held because a clock might be wrong counts, once it is let go, as if it had never been held."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np
import pytest

from alerting.device_fault.clock_gate import ClockGate, ClockState
from alerting.slots.samples import FLAG, Block, Samples, mark_of
from hydro.columns import Observations
from hydro.flags import Flag
from hydro.instants import HOUR_MS, MINUTE_MS
from hydro.quantity import Quantity
from hydro.series import QUANTITY_SLOTS, SeriesIndex
from ingest.decode import DecodedBatch
from ingest.quality.clock_skew import ClockScreen
from tests.alerting.stream_of_messages import at, register_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

REGISTER = register_of(["S,,section,,,,g,60"])
INDEX = SeriesIndex(REGISTER.stations)
SERIES = [INDEX.number("S", quantity) for quantity in (Quantity.DISCHARGE, Quantity.STAGE)]
STATION = SERIES[0] // QUANTITY_SLOTS
ON_TIME_MS = 90 * MINUTE_MS  # reports every interval, lateness 30 min

Kept = dict[tuple[int, int], tuple[int, int, int]]
"""Value, received_at and mark of each key; no received_at where it is missing: any value replaces that."""


class Row(NamedTuple):
    """A reading, and the journal position of its message."""

    series: int
    event_time: int
    value: int
    flag: int
    received_at: int
    position: int


def discharge(received: str, event: str, value: int | None, position: int, *, after_ms: int = 0) -> Row:
    """One reading, None where it is missing."""
    flag = Flag.MISSING if value is None else Flag.GOOD
    return Row(SERIES[0], at(event), value or 0, flag, at(received) + after_ms, position)


def columns(rows: Iterable[Row]) -> Observations:
    """The same in columns."""
    series, event_time, value, flag, received_at, position = np.array(list(rows), np.int64).reshape(-1, 6).T
    return Observations(series, event_time, value, flag.astype(np.uint8), received_at, position)


def put_away(parts: Iterable[Observations]) -> Kept:
    """What is known of each key after these readings, taken in one after the other."""
    none = np.empty(0, np.int64)
    blocks = {series: Block(Samples(none, none, none, np.empty(0, np.uint8))) for series in SERIES}
    for rows in parts:
        read = (rows.series, rows.event_time, rows.value, rows.flag, rows.received_at)
        for series, event_time, value, flag, received_at in zip(*(column.tolist() for column in read), strict=True):
            mark = mark_of(flag, on_time=received_at <= event_time + ON_TIME_MS)
            blocks[series].put(event_time, value, mark, received_at)
    return {
        (series, event_time): (value, received_at if mark & FLAG != Flag.MISSING else 0, mark)
        for series, block in blocks.items()
        for event_time, value, received_at, mark in zip(
            block.times, block.values, block.received, block.marks, strict=True
        )
    }


class Journal:
    """Messages from position 1 on, and the gate that rules read them through."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.last = rows[-1].position
        self.rows = rows
        self.gate = ClockGate(REGISTER, INDEX)

    def read(self, ends: Iterable[int]) -> list[Observations]:
        """What rules are given of batches that end there, from the beginning, and at the end of the stream."""
        found, before = [], 0
        for end in [*ends, self.last]:
            rows = columns(row for row in self.rows if before < row.position <= end)
            found.append(self.gate.judged(_batch(before + 1, end, rows)).observations)
            before = end
        return [*found, self.gate.finish(self.last + 1)]

    def crash(self, position: int) -> None:
        """Read up to a position, save what is known of the clock, and forget all else."""
        rows = columns(row for row in self.rows if row.position <= position)
        self.gate.judged(_batch(1, position, rows))
        saved = msgspec.msgpack.encode(self.gate.pack(STATION))
        self.gate = ClockGate(REGISTER, INDEX)
        self.gate.unpack(STATION, msgspec.msgpack.decode(saved, type=ClockState), position)

    def never_held(self) -> list[Observations]:
        """All that no wrong clock sent, as it was received."""
        rows = columns(self.rows)
        found = ClockScreen(REGISTER, INDEX).take(rows, Observations.empty())
        proven = [held.position for _, released in found.proven for held in released.held]
        return [rows.take(~found.aside & ~np.isin(rows.position, proven))]


def _batch(first: int, last: int, rows: Observations) -> DecodedBatch:
    return DecodedBatch(first, last, rows, 0, 0, Counter(), Counter(), [], [], [], 0)


def test_a_correction_received_with_what_is_held_stands() -> None:
    """Equal received_at: the later line counts, though the earlier one was let go of last."""
    rows = [discharge("02 03:31", "02 03:00", 9, 1), discharge("02 03:31", "02 03:00", 5, 2)]
    journal = Journal([*rows, discharge("02 05:00", "02 05:00", 7, 3)])
    assert [value for value, *_ in put_away(journal.read([1, 2])).values()] == [5, 7]


@pytest.mark.parametrize("again", [5, 9, None])
def test_a_key_first_arrived_when_it_was_held(again: int | None) -> None:
    """90 min after its event is on time; the same key again, a second later, is not."""
    rows = [discharge("02 04:30", "02 03:00", 9, 1), discharge("02 04:30", "02 03:00", again, 2, after_ms=1_000)]
    journal = Journal([*rows, discharge("02 05:00", "02 05:00", 7, 3)])
    found = put_away(journal.read([1, 2]))
    assert found == put_away(journal.never_held())
    assert found[SERIES[0], at("02 03:00")][2] == mark_of(Flag.GOOD, on_time=True)


def random_messages(random: Random) -> list[Row]:
    """Clocks right and wrong, backlogs, and keys that come again: later, at the same instant, or received before."""
    rows: list[Row] = []
    received, behind = at("02 00:00"), 0
    for position in range(1, 60):
        if random.random() < 0.3:
            behind = random.choice([0, 0, 31, 90, 100, 300])
        received += random.choice([0, 0, 0, 1, 1_000, -1, HOUR_MS, HOUR_MS])
        event = (received // HOUR_MS) * HOUR_MS - behind * MINUTE_MS
        times = [event, event - HOUR_MS][: random.choice([1, 1, 1, 2])]
        if rows and random.random() < 0.6:
            times[random.randrange(len(times))] = random.choice(rows[-6:]).event_time
        for time in times:
            value = random.choice([None, 1, 2, 3])
            flag = Flag.MISSING if value is None else Flag.FAIL if value == 1 else Flag.GOOD
            rows.append(Row(random.choice(SERIES), time, value or 0, flag, received, position))
    return rows


@pytest.mark.parametrize("tens", [0, *(pytest.param(tens, marks=pytest.mark.slow) for tens in range(1, 20))])
def test_keys_end_as_if_nothing_had_been_held_however_the_journal_is_cut(tens: int) -> None:
    """Whatever is in a batch, and wherever the clock was known to when the journal is read again."""
    lost, was_held = 0, 0
    for seed in range(tens * 30, tens * 30 + 30):
        random = Random(seed)
        journal = Journal(random_messages(random))
        expected = put_away(journal.never_held())
        lost += len(expected) < len(put_away([columns(journal.rows)]))
        for size in (1, 4, 100):
            journal.gate = ClockGate(REGISTER, INDEX)
            assert put_away(journal.read(range(size, journal.last, size))) == expected
        journal.gate = ClockGate(REGISTER, INDEX)
        journal.crash(random.randrange(1, journal.last))
        parts = journal.read(range(3, journal.last, 3))
        assert put_away(parts) == expected
        was_held += any(bool((np.diff(rows.received_at) < -1).any()) for rows in parts)
    assert lost, "clocks were found wrong"
    assert was_held, "readings were let go of after later ones"
