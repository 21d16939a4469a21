"""What is known at this moment: the newest of everything, whatever came when, and how each station stands."""

from __future__ import annotations

import asyncio
import json
import random
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.ledger import Ledger
from alerting.level import Level
from dashboards.console.draw.model import State
from dashboards.console.live import Board, Live, LiveFeed, Part, Reading
from dashboards.console.live.gateways import MOST_STRANGERS, Gateways
from dashboards.console.live.live import STATES
from dashboards.console.live.newest import NEVER, Newest
from hydro.columns import Observations
from hydro.errors import StoreUnavailable, WatermasterError
from hydro.flags import Flag
from hydro.instants import DAY_MS, MINUTE_MS
from hydro.quantity import Quantity
from hydro.register import Context, Register
from hydro.series import QUANTITY_SLOTS, SeriesIndex
from ingest.decode import Decoder, TickSource
from ingest.follow import Follower
from storage.journal import Journal, JournalReader
from storage.store import Point
from tests.alerting.sample_alerts import DAWN, change, shortfall

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from hydro.register import LoadResult

STATIONS = """station,name,kind,basin,river,division,gateway,interval_min,report_min,lateness_min,status
A,甲,section,乌江,,,g1,5,5,30,
B,乙,section,乌江,,,g1,60,60,0,
C,丙,intake,赤水河,,,,5,5,30,
D,丁,section,赤水河,,,g2,5,5,30,retired
"""
TARGETS = """station,quantity,from_day,to_day,value,basis
A,discharge,01-01,12-31,2,day
B,discharge,01-01,12-31,2,day
"""
PREFIX = "w"
Row = tuple[int, int, int, int]
"""Series, event time, value, flag."""


def register_of(stations: str = STATIONS, targets: str = TARGETS) -> Register:
    files = {"stations.csv": stations.encode(), "eflow_targets.csv": targets.encode()}
    loaded: LoadResult = Register.parse(files, Context(zone_minutes=480, lateness_min=30), {})
    assert loaded.register is not None, loaded.mistakes
    return loaded.register


def live_of(*, trust_replay: bool = False) -> Live:
    register = register_of()
    return Live(register, SeriesIndex(register.stations), prefix=PREFIX, trust_replay=trust_replay)


def observations(rows: Sequence[Row]) -> Observations:
    table = np.array(rows, np.int64).reshape(-1, 4)
    none = np.zeros(len(table), np.int64)
    return Observations(table[:, 0], table[:, 1], table[:, 2], table[:, 3].astype(np.uint8), none, none)


def say(live: Live, gateway: str, kind: str, payload: bytes, at: int) -> None:
    live.hear([f"{PREFIX}/{gateway}/{kind}"], [payload], np.array([at]))


def report(live: Live, station: str, at: int, value: int = 1, flag: Flag = Flag.GOOD) -> None:
    series = live.index.number(station, Quantity.DISCHARGE)
    rows = observations([(series, at, value, int(flag))])
    live.newest.hear(rows)
    changed = live.newest.take(rows)
    live.changes += 1
    live.changed[changed] = live.changes


class Model:
    """What a dictionary makes of the same rows, one by one."""

    def __init__(self) -> None:
        self.newest: dict[int, tuple[int, int, int]] = {}
        self.heard: dict[int, int] = {}

    def take(self, series: int, time: int, value: int, flag: int) -> None:
        """One row more."""
        known = self.newest.get(series)
        void = flag == Flag.MISSING
        if known is None or time > known[0] or (time == known[0] and not (void and known[2] != Flag.MISSING)):
            self.newest[series] = (time, value, flag)
        if flag <= Flag.SUSPECT:
            station = series // QUANTITY_SLOTS
            self.heard[station] = max(time, self.heard.get(station, time))


rows_of_a_stream = st.lists(
    st.tuples(
        st.integers(0, 2 * QUANTITY_SLOTS - 1),
        st.integers(0, 5),
        st.integers(-3, 3),
        st.sampled_from([1, 2, 3, 4, 9]),
    ),
    max_size=60,
)


@given(rows_of_a_stream, st.lists(st.integers(1, 60), max_size=8))
def test_the_newest_of_every_series_is_what_a_dictionary_has_however_the_stream_is_cut(
    rows: list[Row], cuts: list[int]
) -> None:
    rows = [(series, time, 0 if flag == Flag.MISSING else value, flag) for series, time, value, flag in rows]
    newest, model = Newest(SeriesIndex(["A", "B"])), Model()
    for row in rows:
        model.take(*row)
    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(rows)], strict=True):
        newest.hear(observations(rows[start:end]))
        newest.take(observations(rows[start:end]))
    found = {
        int(series): (int(newest.time[series]), int(newest.value[series]), int(newest.flag[series]))
        for series in np.flatnonzero(newest.time != NEVER)
    }
    assert found == model.newest
    heard = {int(station): int(newest.heard[station]) for station in np.flatnonzero(newest.heard != NEVER)}
    assert heard == model.heard


def test_what_repeats_changes_nothing_and_the_stations_that_change_are_named() -> None:
    newest = Newest(SeriesIndex(["A", "B"]))
    rows = observations([(0, 5, 7, 1), (1, 5, 7, 1), (QUANTITY_SLOTS, 5, 7, 1)])
    assert newest.take(rows).tolist() == [0, 1]
    assert newest.take(rows).tolist() == []
    assert newest.take(observations([(1, 5, 8, 1)])).tolist() == [0]


def test_the_store_fills_what_the_journal_has_not_said() -> None:
    live = live_of()
    report(live, "A", DAWN, 7)
    live.fill(
        {
            ("A", "discharge"): Point(DAWN, 6, 1),  # corrected since: the journal knows better
            ("A", "voltage"): Point(DAWN - MINUTE_MS, 12, 1),
            ("B", "discharge"): Point(DAWN - DAY_MS, None, 9),
            ("gone", "discharge"): Point(DAWN, 1, 1),
            ("A", "no_such_quantity"): Point(DAWN, 1, 1),
        }
    )
    assert live.readings(0) == (
        Reading(Quantity.DISCHARGE, DAWN, 7, 1),
        Reading(Quantity.VOLTAGE, DAWN - MINUTE_MS, 12, 1),
    )
    assert live.readings(1) == (Reading(Quantity.DISCHARGE, DAWN - DAY_MS, None, 9),)
    assert (live.heard(0), live.heard(1)) == (DAWN, None)


SILENT_AFTER = 60 + 30  # A reports every 5 min: max(3 × 5, 60) min and 30 of lateness


@pytest.mark.parametrize(
    ("station", "age_min", "state"),
    [
        pytest.param("A", None, State.NEVER, id="nothing was ever heard"),
        pytest.param("A", 0, State.OK, id="now"),
        pytest.param("A", SILENT_AFTER, State.OK, id="as old as it may be"),
        pytest.param("A", SILENT_AFTER + 1, State.SILENT, id="older"),
        pytest.param("B", 180, State.OK, id="three reports of an hour"),
        pytest.param("B", 181, State.SILENT, id="a fourth one"),
        pytest.param("C", 1, State.NO_TARGET, id="owes nothing"),
        pytest.param("D", 10_000, State.NO_TARGET, id="retired: nobody waits for it"),
        pytest.param("D", None, State.NO_TARGET, id="retired and never heard"),
    ],
)
def test_a_station_is_silent_by_its_own_rhythm(station: str, age_min: int | None, state: State) -> None:
    live = live_of()
    if age_min is not None:
        report(live, station, DAWN - age_min * MINUTE_MS)
    number = live.index.station_number(station)
    assert number is not None
    assert STATES[live.states({}, DAWN)[number]] is state


def test_what_fires_is_worse_than_what_is_silent() -> None:
    assert STATES[live_of().states({0: Level.BLUE}, DAWN)[0]] is State.BLUE


def test_a_failed_value_is_shown_but_is_no_sign_of_life() -> None:
    live = live_of()
    report(live, "A", DAWN, 9, Flag.FAIL)
    assert live.readings(0) == (Reading(Quantity.DISCHARGE, DAWN, 9, 4),)
    assert STATES[live.states({}, DAWN)[0]] is State.NEVER


def test_a_gateway_is_unknown_until_it_or_its_will_speaks() -> None:
    live = live_of()
    found = []
    for at, (kind, payload) in enumerate(
        [
            ("up/json", b"[]"),
            ("status", b"offline"),
            ("up/json", b"[]"),  # whoever speaks after its will is there
            ("status", b"asleep"),
            ("status", b"offline"),
            ("status", b"online"),
        ],
        start=1_000,
    ):
        say(live, "g1", kind, payload, at)
        found.append(live.gateways.found["g1"].online)
    assert found == [None, False, True, True, False, True]
    assert live.gateways.found["g1"].heard_at == 1_002


def test_strangers_are_bounded_and_counted_and_keep_nobody_out() -> None:
    gateways = Gateways(PREFIX, {"known"})
    for number in range(MOST_STRANGERS + 7):
        gateways.hear([f"{PREFIX}/s{number}/up/json"], [b"[]"], np.array([number + 1]))
    gateways.hear([f"{PREFIX}/known/up/json"], [b"[]"], np.array([5]))
    assert (len(gateways.found), gateways.unlisted) == (MOST_STRANGERS + 1, 7)
    assert gateways.found["known"].heard_at == 5


def test_the_present_is_the_clocks_unless_the_stream_says_what_time_it_is() -> None:
    for trust_replay, expected in ((False, 99 * DAY_MS), (True, 5_000)):
        live = live_of(trust_replay=trust_replay)
        assert live.now(99 * DAY_MS) == 99 * DAY_MS
        say(live, "g1", "up/json", b"[]", 5_000)
        say(live, "g1", "status", b"online", 9_000)  # retained: says nothing of the stream's time
        assert live.now(99 * DAY_MS) == expected


def test_places_are_those_of_the_day() -> None:
    header = STATIONS.splitlines()[0]
    before, after = "A,甲,section,old,,,g1,5,5,30,,,2026-02-28", "A,甲,section,new,,,g1,5,5,30,,2026-03-01,"
    rows = f"{header},valid_from,valid_to\n{before}\n{after}\n"
    register = register_of(rows, TARGETS.splitlines()[0] + "\n")
    live = Live(register, SeriesIndex(register.stations), prefix=PREFIX, trust_replay=False)
    assert list(live.places(DAWN - DAY_MS).basins) == ["old"]
    assert list(live.places(DAWN + DAY_MS).basins) == ["new"]


class Watched:
    """A board over a real ledger, with a clock and health to set."""

    def __init__(self, ledger: Ledger) -> None:
        self.now = DAWN
        self.health: dict[str, Any] = {"status": "ok", "parts": {}}
        self.live = live_of()
        self.board = Board(
            self.live,
            ledger,
            clock=lambda: self.now,
            health=lambda: dict(self.health),
            totals=lambda: None,
            run="r",
        )
        self.seen = self.stamps()

    def stamps(self) -> dict[Part, str]:
        """Of somebody who looks at A."""
        basin = self.board.places.basins["乌江"]
        return {part: self.board.stamp(part, basin, 0) for part in Part}

    async def changed(self, beats: int = 1) -> set[Part]:
        """Parts that look different after some beats from when it was last looked."""
        for _ in range(beats):
            await self.board.beat()
        before, self.seen = self.seen, self.stamps()
        return {part for part in Part if before[part] != self.seen[part]}


@pytest.fixture
def ledger(tmp_path: Path) -> Any:  # noqa: ANN401  # an iterator, as pytest has it
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}", zone_minutes=480) as ledger:
        yield ledger


def test_a_part_has_a_new_stamp_when_it_would_look_different_and_only_then(ledger: Ledger) -> None:
    async def look() -> None:
        watched = Watched(ledger)
        await watched.changed()
        assert await watched.changed(30) == set()
        report(watched.live, "A", DAWN)
        # never -> ok: at once, wherever it is seen
        assert await watched.changed() == {Part.HEAD, Part.RIVER, Part.STATION, Part.GATEWAYS}
        report(watched.live, "A", DAWN, 2)
        assert Part.STATION in await watched.changed()
        assert Part.GATEWAYS not in await watched.changed(3)
        await watched.changed(10)
        report(watched.live, "A", DAWN, 3)
        assert await watched.changed(10) == {Part.STATION, Part.RIVER, Part.GATEWAYS}
        report(watched.live, "C", DAWN)  # of another basin
        assert await watched.changed(10) == {Part.HEAD, Part.GATEWAYS}
        ledger.apply([change(shortfall(1, station="A"), station="A")], 1, DAWN)
        assert await watched.changed() == {Part.ALERTS, Part.HEAD, Part.RIVER, Part.STATION, Part.GATEWAYS}
        assert watched.board.state(0) is State.YELLOW
        watched.health = {"status": "degraded", "parts": {"store": {"status": "degraded"}}}
        assert await watched.changed() == {Part.HEAD, Part.STATION}

    asyncio.run(look())


def test_a_ledger_that_is_away_leaves_the_alerts_as_they_were_and_is_told(ledger: Ledger, tmp_path: Path) -> None:
    async def look() -> None:
        ledger.apply([change(shortfall(1, station="A"), station="A")], 1, DAWN)
        watched = Watched(ledger)
        await watched.board.beat()
        file = tmp_path / "ledger.sqlite"
        ledger.close()
        file.rename(tmp_path / "elsewhere")
        for suffix in ("-wal", "-shm"):
            (tmp_path / f"ledger.sqlite{suffix}").unlink(missing_ok=True)
        file.mkdir()
        assert Part.HEAD in await watched.changed()
        assert watched.board.ledger_error is not None
        assert watched.board.state(0) is State.YELLOW
        file.rmdir()
        (tmp_path / "elsewhere").rename(file)
        assert Part.HEAD in await watched.changed()
        assert watched.board.ledger_error is None

    asyncio.run(look())


def test_who_waits_for_a_beat_is_told_of_it_and_of_the_end(ledger: Ledger) -> None:
    async def look() -> None:
        board = Watched(ledger).board
        assert await board.next_beat(0.01) is False
        waiting = asyncio.create_task(board.next_beat(60))
        await asyncio.sleep(0)
        await board.beat()
        assert await waiting is True
        waiting = asyncio.create_task(board.next_beat(60))
        running = asyncio.create_task(board.run())
        await asyncio.sleep(0)
        board.stop()
        assert await waiting is True
        await asyncio.wait_for(board.ended(), 5)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(look())


async def seen(condition: Callable[[], bool]) -> None:
    """Wait until something holds."""
    deadline = asyncio.get_running_loop().time() + 20
    while not condition():
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.01)


def test_the_journal_is_followed_whether_or_not_there_is_a_store(tmp_path: Path) -> None:
    """Newest values come from the journal at once; the store is asked until it answers, and adds what it knows."""
    journal = Journal.open(tmp_path, keep_days=14, max_gb=1, clock=lambda: DAWN)
    told: list[WatermasterError | None] = []
    asked = 0

    async def latest(since: int) -> dict[tuple[str, str], Point]:
        nonlocal asked
        assert since == DAWN - DAY_MS
        asked += 1
        if asked == 1:
            raise StoreUnavailable("away")
        return {("B", "discharge"): Point(DAWN - MINUTE_MS, 5, 1)}

    async def follow() -> None:
        live = live_of()
        register = register_of()
        decoder = Decoder(register, live.index, prefix=PREFIX, max_age_days=400, ticks=TickSource.HEARTBEAT)
        follower = Follower(JournalReader.open(tmp_path), decoder, lambda _: None, None, live.hear)
        feed = LiveFeed(
            live,
            follower,
            after=0,
            latest=latest,
            since=DAWN - DAY_MS,
            journal_failed=lambda error: None if error is None else told.append(error),
            store_failed=told.append,
            rng=random.Random(1),
        )
        running = asyncio.create_task(feed.run())
        reading = {"station": "A", "time": DAWN, "values": {"discharge": 3}}
        journal.append([f"{PREFIX}/g1/up/json", f"{PREFIX}/g1/status"], [json.dumps(reading).encode(), b"online"])
        await seen(lambda: bool(live.readings(0)))
        assert live.readings(1) == ()
        await seen(lambda: bool(live.readings(1)))
        assert live.gateways.found["g1"].online is True
        assert feed.position == 2
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(follow())
    journal.close()
    assert [None if error is None else str(error) for error in told] == ["away", None]
