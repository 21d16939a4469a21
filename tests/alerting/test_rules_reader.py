"""The reader that judges: snapshots in slices, crashes anywhere, and a register that changes between two starts."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import numpy as np
import pytest

from alerting.rules_reader import STATE_KIND, STATE_VERSION, RulesReader
from hydro.series import SeriesIndex
from ingest.decode import Decoder, TickSource
from storage.state_file import StateFile
from tests.alerting.eflow.judging import Bench, messages_of
from tests.oracle.stream import make_case

if TYPE_CHECKING:
    from pathlib import Path

    from alerting.record import SubjectAlerts
    from hydro.register import Register
    from ingest.decode import DecodedBatch
    from storage.message import RawMessage


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


@pytest.mark.parametrize("seed", range(5))
def test_snapshots_in_slices_and_crashes_anywhere_change_no_alert(seed: int, tmp_path: Path) -> None:
    """Series are saved at positions of their own; what a crash lost is read again, by those only that need it."""
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
    expected = {subject.target_id: subject.alerts for subject in fresh.reader.all_alerts()}
    assert {subject.target_id: subject.alerts for subject in again.reader.all_alerts()} == expected
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
    kept = {subject.target_id: subject.alerts for subject in short.alerts()}
    compared = forgotten = beyond = 0
    for subject in plain.alerts():
        assert subject.target_id is not None
        if short.reader.engine.series_of(subject.target_id).beyond_horizon:
            beyond += 1  # a reading came for a time that was let go of: counted, judged by nobody here
            continue
        mine = kept[subject.target_id]
        assert mine == subject.alerts[len(subject.alerts) - len(mine) :]
        compared += 1
        forgotten += len(subject.alerts) - len(mine)
    assert (compared > 0, forgotten > 0, beyond > 0) == (True, True, True)
