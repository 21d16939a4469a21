"""The reader that judges: snapshots in slices, crashes anywhere, and a register that changes between two starts."""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING

import numpy as np
import pytest

from alerting.eflow.describe import ALERT_CLASS
from alerting.rules_reader import STATE_KIND, STATE_VERSION, RulesReader
from alerting.slots import intake
from hydro.instants import parse_instant
from hydro.series import SeriesIndex
from ingest.decode import Decoder, TickSource
from storage.message import RawMessage
from storage.state_file import StateFile
from tests.alerting.eflow.judging import Bench, messages_of
from tests.ingest.example_register import make_register
from tests.oracle.stream import make_case

if TYPE_CHECKING:
    from pathlib import Path

    from alerting.record import SubjectAlerts
    from hydro.register import Register
    from ingest.decode import DecodedBatch


class Judge:
    """A rules reader over a list of messages, which may die at any time."""

    def __init__(
        self, register: Register, messages: list[RawMessage], path: Path, revise_days: int | None = None
    ) -> None:
        self.register = register
        self.messages = messages
        self._path = path
        self._revise_days = revise_days
        self._index = SeriesIndex(register.stations)
        self._decoder = Decoder(
            register, self._index, prefix="watermaster/v1", max_age_days=400, ticks=TickSource.RECEIVED_AT
        )
        self.open()

    def open(self) -> None:
        """Start from what the state file says."""
        self.state = StateFile(self._path, STATE_KIND, STATE_VERSION, sync="OFF")
        self.reader = RulesReader(self.register, self._index, self.state, self._revise_days)

    def crash(self) -> None:
        """Forget everything that was not saved."""
        self.state.close()
        self.open()

    def batch(self, size: int) -> DecodedBatch | None:
        """The next messages, None at the end."""
        first = self.reader.position
        part = self.messages[first : first + size]
        if not part:
            return None
        return self._decoder.decode(
            first + 1,
            [message.topic for message in part],
            [message.payload for message in part],
            np.array([message.received_at for message in part], np.int64),
        )

    def alerts(self) -> list[SubjectAlerts]:
        """All that it knows, after the end of the stream."""
        self.reader.finish(None)
        return self.reader.all_alerts()


@pytest.mark.parametrize(("seed", "room"), [(0, intake.ROOM), (1, intake.ROOM), (2, 3), (3, 1)])
def test_snapshots_in_slices_and_crashes_anywhere_change_no_alert(
    seed: int, room: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Series are saved at positions of their own; what a crash lost is read again, by those only that need it.

    However many samples may stay in memory: the others are on the shelf.
    """
    monkeypatch.setattr(intake, "ROOM", room)
    folder = tmp_path / "config"
    folder.mkdir()
    bench = Bench(make_case(seed, stations=6), folder)
    messages = messages_of(bench.records)
    plain = Judge(bench.register, messages, tmp_path / "plain")
    while (batch := plain.batch(1_000)) is not None:
        plain.reader.step(batch)
    dying = Judge(bench.register, messages, tmp_path / "dying")
    rng = Random(seed)
    crashes = repeated = 0
    while (batch := dying.batch(rng.randint(1, 60))) is not None:
        dying.reader.step(batch)
        if rng.random() < 0.5:
            dying.reader.save(rng.choice([0, 1, 2, None]))
        if rng.random() < 0.15 and crashes < 25:
            before = dying.reader.position
            dying.crash()
            crashes += 1
            repeated += before - dying.reader.position
    assert crashes > 0
    assert repeated > 0
    assert dying.alerts() == plain.alerts()


def test_a_restart_reads_again_from_before_the_oldest_unsaved_change(tmp_path: Path) -> None:
    folder = tmp_path / "config"
    folder.mkdir()
    bench = Bench(make_case(2, stations=6), folder)
    judge = Judge(bench.register, messages_of(bench.records), tmp_path / "state")
    for _ in range(3):
        batch = judge.batch(50)
        assert batch is not None
        judge.reader.step(batch)
    assert judge.reader.unsaved > 2
    assert judge.reader.save(1) < judge.reader.position
    assert judge.reader.save() == judge.reader.position
    assert judge.reader.unsaved == 0


def test_targets_whose_rows_changed_are_judged_anew_over_the_samples_kept(tmp_path: Path) -> None:
    """As if the new register had judged from the beginning; targets that did not change keep their state."""
    folder = tmp_path / "config"
    folder.mkdir()
    bench = Bench(make_case(4, stations=4), folder)
    messages = messages_of(bench.records)
    judge = Judge(bench.register, messages, tmp_path / "state")
    while (batch := judge.batch(500)) is not None:
        judge.reader.step(batch)
    judge.reader.save()
    judge.state.close()
    table = folder / "registry" / "eflow_targets.csv"
    lines = table.read_text(encoding="utf-8-sig").splitlines()
    value = lines[0].split(",").index("value")
    cells = lines[1].split(",")
    cells[value] = str(float(cells[value]) * 1.4)
    lines[1] = ",".join(cells)
    table.write_text("\n".join(lines) + "\n")
    changed = _reload(folder)
    again = Judge(changed, messages, tmp_path / "state")
    rebuilt = again.reader.rebuilt()
    fresh = Judge(changed, messages, tmp_path / "fresh")
    while (batch := fresh.batch(500)) is not None:
        fresh.reader.step(batch)
    expected = {subject.target_id: subject.alerts for subject in fresh.reader.eflow.all_alerts()}
    assert {subject.target_id: subject.alerts for subject in again.reader.eflow.all_alerts()} == expected
    assert 0 < len(rebuilt) < len(expected)
    assert all(subject.alerts == expected[subject.target_id] for subject in rebuilt)


def _reload(folder: Path) -> Register:
    from watermaster.configuration import load_configuration  # noqa: PLC0415  # only here

    register = load_configuration(folder, {}).register
    assert register is not None
    return register


def test_what_is_older_than_the_horizon_is_let_go_of_and_stands(tmp_path: Path) -> None:
    """Alerts resolved long ago are the ledger's; those that are open, and all later ones, stay as they were."""
    folder = tmp_path / "config"
    folder.mkdir()
    bench = Bench(make_case(14, readings=1_500, stations=6), folder)
    messages = messages_of(bench.records)
    plain = Judge(bench.register, messages, tmp_path / "plain")
    while (batch := plain.batch(1_000)) is not None:
        plain.reader.step(batch)
    short = Judge(bench.register, messages, tmp_path / "short", revise_days=0)
    while (batch := short.batch(100)) is not None:
        short.reader.step(batch)
        short.reader.save()
    kept = {subject.target_id: subject.alerts for subject in short.alerts() if subject.alert_class == ALERT_CLASS}
    compared = forgotten = beyond = 0
    too_old = {(day.station, day.quantity) for day in short.reader.too_old()}
    for subject in plain.alerts():
        if subject.alert_class != ALERT_CLASS or subject.target_id is None:
            continue
        row = bench.register.targets[subject.target_id][0]
        if (row.station, row.quantity) in too_old:
            beyond += 1  # a reading came for a time that was let go of: counted, judged by nobody here
            continue
        mine = kept[subject.target_id]
        assert mine == subject.alerts[len(subject.alerts) - len(mine) :]
        compared += 1
        forgotten += len(subject.alerts) - len(mine)
    assert (compared > 0, forgotten > 0, beyond > 0) == (True, True, True)


HOUR_MS = 3_600_000
STATIONS = """station,name,kind,basin,river,division,gateway,interval_min,valid_from,valid_to
A,Anshun,section,Wu,Sancha,520103,,60,,
"""
HOURLY = "station,quantity,from_day,to_day,value,basis\nA,discharge,01-01,12-31,2.0,hour\n"


def hourly(hours: int, value: float = 1.5, first: str = "2026-03-01T00:00:00") -> list[RawMessage]:
    """One reading an hour at station A, received at once."""
    start = parse_instant(first, 480)
    found = []
    for number in range(1, hours + 1):
        at = start + number * HOUR_MS
        payload = json.dumps({"station": "A", "time": at, "values": {"discharge": value}})
        found.append(RawMessage("watermaster/v1/g/up/json", payload.encode(), at))
    return found


def run_through(judge: Judge) -> None:
    """Judge all messages, saving after each batch."""
    while (batch := judge.batch(100)) is not None:
        judge.reader.step(batch)
        judge.reader.save()


def test_an_edited_name_rewrites_nothing(tmp_path: Path) -> None:
    """What no verdict rests on is no reason to judge anew."""
    register = make_register({"stations": STATIONS, "eflow_targets": HOURLY})
    judge = Judge(register, hourly(24 * 60), tmp_path / "state", revise_days=35)
    run_through(judge)
    [before] = judge.reader.eflow.all_alerts()
    judge.state.close()
    renamed = make_register({"stations": STATIONS.replace("Anshun", "安顺"), "eflow_targets": HOURLY})
    assert renamed.hash != register.hash
    again = Judge(renamed, [], tmp_path / "state", revise_days=35)
    assert again.reader.rebuilt() == []
    [after] = again.reader.eflow.all_alerts()
    assert [record.id for record in after.alerts] == [record.id for record in before.alerts]


def test_an_alert_from_before_the_samples_kept_survives_a_change_of_its_target(tmp_path: Path) -> None:
    """The state at the edge of the samples is where judging begins again.

    ::

    onset |====== 60 days firing ======|          samples of the last 37 days only
                          ^ judged anew from here, beginning with the alert that was open
    """
    register = make_register({"stations": STATIONS, "eflow_targets": HOURLY})
    judge = Judge(register, hourly(24 * 60), tmp_path / "state", revise_days=35)
    run_through(judge)
    [before] = [record for subject in judge.reader.eflow.all_alerts() for record in subject.alerts]
    judge.state.close()
    changed = make_register({"stations": STATIONS, "eflow_targets": HOURLY.replace("2.0", "1.9")})
    again = Judge(changed, [], tmp_path / "state", revise_days=35)
    [subject] = again.reader.rebuilt()
    [after] = subject.alerts
    assert (after.id, after.onset, after.raised_at) == (before.id, before.onset, before.raised_at)
    assert after.target == 1_900_000


def test_a_target_that_is_no_more_takes_its_open_alert_with_it(tmp_path: Path) -> None:
    register = make_register({"stations": STATIONS, "eflow_targets": HOURLY})
    judge = Judge(register, hourly(5), tmp_path / "state")
    run_through(judge)
    judge.state.close()
    without = make_register({"stations": STATIONS})
    again = Judge(without, [], tmp_path / "state")
    [gone] = [subject for subject in again.reader.rebuilt() if subject.alert_class == ALERT_CLASS]
    assert (gone.target_id, gone.alerts) == ("A:discharge:hour:base", ())
    again.reader.save()
    again.crash()
    assert again.reader.rebuilt() == []


def test_an_interval_that_changes_within_a_day_is_followed_at_event_time(tmp_path: Path) -> None:
    """Five minutes until noon, an hour from then on; low from 6 to 8."""
    stations = (
        STATIONS.replace(",60,,", ",5,,2026-03-01T12:00:00")
        + "A,Anshun,section,Wu,Sancha,520103,,60,2026-03-01T12:00:00,\n"
    )
    register = make_register({"stations": stations, "eflow_targets": HOURLY.replace("hour", "instant")})
    start = parse_instant("2026-03-01T00:00:00", 480)
    times = [start + number * 300_000 for number in range(1, 145)] + [start + hour * HOUR_MS for hour in range(13, 25)]
    messages = []
    for at in times:
        value = 1.0 if start + 6 * HOUR_MS < at <= start + 8 * HOUR_MS else 3.0
        payload = json.dumps({"station": "A", "time": at, "values": {"discharge": value}})
        messages.append(RawMessage("watermaster/v1/g/up/json", payload.encode(), at))
    judge = Judge(register, messages, tmp_path / "state")
    run_through(judge)
    [alert] = [record for subject in judge.alerts() for record in subject.alerts]
    assert (alert.onset, alert.raised_at) == (start + 6 * HOUR_MS, start + 7 * HOUR_MS)
    assert alert.resolved_at == start + 9 * HOUR_MS


@pytest.mark.parametrize("basis", ["hour", "instant"])
def test_the_state_of_an_alert_whose_level_moves_for_weeks_stays_small(basis: str, tmp_path: Path) -> None:
    """Every state of an open alert carries its changes of level; of most of them only the newest are kept."""
    register = make_register({"stations": STATIONS, "eflow_targets": HOURLY.replace("hour", basis)})
    start = parse_instant("2026-01-01T00:00:00", 480)
    messages = []
    for number in range(1, 24 * 120):
        at = start + number * HOUR_MS
        value = 0.5 if number // 3 % 2 else 1.5
        payload = json.dumps({"station": "A", "time": at, "values": {"discharge": value}})
        messages.append(RawMessage("watermaster/v1/g/up/json", payload.encode(), at))
    plain = Judge(register, messages, tmp_path / "plain")
    run_through(plain)
    size = max(len(blob) for _, _, blob in plain.state.items("state"))
    [subject] = plain.reader.eflow.all_alerts()
    changes = len(subject.alerts[0].levels)
    assert changes > 400
    assert size < 1_000 * changes
    late = messages[200]._replace(payload=messages[200].payload.replace(b"0.5", b"2.5").replace(b"1.5", b"2.5"))
    for judge in (plain, fresh := Judge(register, messages, tmp_path / "fresh")):
        judge.messages = [*messages, late]
    plain.crash()
    run_through(plain)
    run_through(fresh)
    assert plain.alerts() == fresh.alerts()
