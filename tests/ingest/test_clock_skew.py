"""Readings of clocks that are wrong are stored SUSPECT, those before the proof too, however the journal is cut."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hydro.flags import Flag
from hydro.instants import MINUTE_MS
from hydro.register import Context, Register
from hydro.series import SeriesIndex
from ingest.decode import Decoder, TickSource
from ingest.quality.clock_skew import ClockScreen
from ingest.store_reader import STATE_KIND, STATE_VERSION, StoreReader
from storage.state_file import StateFile

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NOW = 1_772_323_200_000
BEHIND = 90 * MINUTE_MS
STATIONS = b"station,name,kind,basin,river,division,gateway,interval_min\nA,,section,,,,g,5\nB,,section,,,,g,5\n"
POINTS = b"station,quantity,min,max\nA,stage,0,9\nB,stage,0,9\n"


class Store:
    """What a store would hold, fed by a reader that may be killed."""

    def __init__(self, path: Path) -> None:
        result = Register.parse({"stations.csv": STATIONS, "points.csv": POINTS}, Context(480, lateness_min=30), {})
        assert result.register is not None, result.mistakes
        self._register = result.register
        self._index = SeriesIndex(result.register.stations)
        self._decoder = Decoder(
            result.register, self._index, prefix="w", max_age_days=400, ticks=TickSource.RECEIVED_AT
        )
        self._path = path
        self.rows: dict[tuple[str, int], tuple[int, int]] = {}
        self.reader = self._open()

    def _open(self) -> StoreReader:
        state = StateFile(self._path, STATE_KIND, STATE_VERSION, sync="OFF")
        return StoreReader(self._index, state, 0, ClockScreen(self._register, self._index))

    def crash(self) -> None:
        """Begin again where the snapshot is."""
        self.reader = self._open()

    def read(self, messages: Sequence[tuple[int, bytes]], upto: int) -> None:
        """Take messages in up to a position."""
        first = self.reader.position + 1
        part = messages[first - 1 : upto]
        received_at = np.array([received for received, _ in part], np.int64)
        batch = self._decoder.decode(first, ["w/g/up/json"] * len(part), [payload for _, payload in part], received_at)
        rows = self.reader.step(batch)
        for series, event_time, value, flag in zip(
            rows.series.tolist(), rows.event_time.tolist(), rows.value.tolist(), rows.flag.tolist(), strict=True
        ):
            self.rows[self._index.station(series), (event_time - NOW) // MINUTE_MS] = (value, flag)

    def flags(self) -> dict[tuple[str, int], int]:
        """Flag by station and minute."""
        return {key: flag for key, (_, flag) in sorted(self.rows.items())}


def message(minute: int, station: str, *, behind: int = 0, stage: float | None = 1.0) -> tuple[int, bytes]:
    """A message received at a minute."""
    event = NOW + minute * MINUTE_MS - behind
    return NOW + minute * MINUTE_MS, json.dumps(
        {"station": station, "time": event, "values": {"stage": stage}}
    ).encode()


STREAM = [
    message(0, "B"),
    message(1, "A", behind=BEHIND),
    message(5, "B"),
    message(6, "A", behind=BEHIND, stage=99.0),
    message(7, "A", behind=BEHIND),
    message(10, "B"),
    message(11, "A", behind=BEHIND),
    message(16, "A", behind=BEHIND, stage=None),
]
EXPECTED = {
    **{("A", minute - 90): Flag.SUSPECT for minute in (1, 7, 11)},
    ("A", 6 - 90): Flag.FAIL,
    ("A", 16 - 90): Flag.MISSING,
    **{("B", minute): Flag.GOOD for minute in (0, 5, 10)},
}


@pytest.mark.parametrize("size", [1, 2, 3, 8])
def test_what_a_wrong_clock_sent_is_suspect_and_what_fails_still_fails(size: int, tmp_path: Path) -> None:
    store = Store(tmp_path / "state")
    for last in [*range(size, len(STREAM), size), len(STREAM)]:
        store.read(STREAM, last)
    assert store.flags() == EXPECTED
    assert store.reader.totals.observations_stored == len(STREAM), "written again is not stored again"


@pytest.mark.parametrize("saved", range(1, len(STREAM)))
def test_a_crash_between_the_first_message_and_the_proof_changes_nothing(saved: int, tmp_path: Path) -> None:
    store = Store(tmp_path / "state")
    store.read(STREAM, saved)
    store.reader.save()
    store.read(STREAM, len(STREAM))
    store.crash()
    store.read(STREAM, len(STREAM))
    assert store.flags() == EXPECTED


def test_a_value_corrected_before_the_proof_is_not_written_over(tmp_path: Path) -> None:
    """Another gateway's reading of the same time came in between."""
    correction = (
        NOW + 3 * MINUTE_MS,
        json.dumps({"station": "A", "time": NOW - 89 * MINUTE_MS, "values": {"stage": 7}}).encode(),
    )
    stream = [STREAM[1], correction, *STREAM[3:]]
    store = Store(tmp_path / "state")
    for last in range(1, len(stream) + 1):
        store.read(stream, last)
    assert store.rows["A", 1 - 90] == (7_000_000, Flag.GOOD)


def test_a_backlog_is_stored_as_it_came(tmp_path: Path) -> None:
    stream = [
        (
            NOW + number,
            json.dumps({"station": "A", "time": NOW - (50 - number) * MINUTE_MS * 5, "values": {"stage": 1}}).encode(),
        )
        for number in range(50)
    ]
    store = Store(tmp_path / "state")
    store.read(stream, len(stream))
    assert set(store.flags().values()) == {Flag.GOOD}
