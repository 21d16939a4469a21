"""Laws of the class eflow_warning: what is told of a target before it is missed, and that nothing but data decides it.

Readings come every hour. Times are those of March 2026, ``DD HH:MM``.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from alerting.rules_reader import STATE_KIND, STATE_VERSION, RulesReader
from hydro.instants import HOUR_MS, MINUTE_MS
from hydro.series import SeriesIndex
from ingest.decode import Decoder, TickSource
from storage.state_file import StateFile
from tests.alerting.stream_of_messages import PREFIX, Message, Told, at, reading, register_of, report, told

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from alerting.record import AlertRecord, SubjectAlerts
    from hydro.register import Register
    from ingest.decode import DecodedBatch

import numpy as np

WARNING = "eflow_warning"
COLUMNS = "station,quantity,from_day,to_day,value,basis,inflow_rule,inflow_station\n"
BASES = ("hour", "day", "ten_day", "month")


def river(*targets: str, kind: str = "section") -> Register:
    """A station S below a station I, with targets ``basis value``."""
    rows = []
    for target in targets:
        basis, value, *rule = target.split()
        rows.append(f"S,discharge,,,{value},{basis},{'min_inflow,I' if rule else ','}\n")
    return register_of([f"S,,{kind},,,,g,60", "I,,section,,,,g,60"], eflow_targets=COLUMNS + "".join(rows))


def hours(first: str, values: Sequence[float]) -> list[Message]:
    """A reading at the end of each hour from the first on."""
    return [reading(at(first) + number * HOUR_MS, "S", discharge=value) for number, value in enumerate(values)]


class Live:
    """All rules over a journal as they run live: snapshots, crashes, and a memory that ends."""

    def __init__(self, register: Register, messages: Sequence[Message], path: Path, revise_days: int | None) -> None:
        self._register = register
        self._path = path
        self._revise_days = revise_days
        self._index = SeriesIndex(register.stations)
        self._decoder = Decoder(register, self._index, prefix=PREFIX, max_age_days=400, ticks=TickSource.RECEIVED_AT)
        self._messages = sorted(messages, key=lambda message: message.received_at)
        self.ledger: dict[tuple[str, str, str | None], dict[str, AlertRecord]] = {}
        self.open()

    def open(self) -> None:
        """Start from what was saved."""
        self._state = StateFile(self._path, STATE_KIND, STATE_VERSION, sync="OFF")
        self.reader = RulesReader(self._register, self._index, self._state, self._revise_days)

    def crash(self, register: Register | None = None) -> None:
        """Forget what was not saved; maybe with another register."""
        self._state.close()
        if register is not None:
            self._register, self._index = register, SeriesIndex(register.stations)
        self.open()

    def _batch(self, size: int) -> DecodedBatch:
        part = self._messages[self.reader.position : self.reader.position + size]
        return self._decoder.decode(
            self.reader.position + 1,
            [message.topic for message in part],
            [message.payload for message in part],
            np.array([message.received_at for message in part], np.int64),
        )

    def read(self, size: int) -> bool:
        """Judge some messages; False at the end."""
        if self.reader.position >= len(self._messages):
            return False
        self._keep(self.reader.step(self._batch(size)))
        return True

    def finish(self) -> dict[tuple[str, str, str | None], dict[str, AlertRecord]]:
        """End of the stream; what is known to whoever was told."""
        self._keep(self.reader.finish(None))
        self._state.close()
        return {key: alerts for key, alerts in self.ledger.items() if alerts}

    def _keep(self, changes: Sequence[SubjectAlerts]) -> None:
        for one in changes:
            known = self.ledger.setdefault((one.alert_class, one.subject, one.target_id), {})
            for name in [name for name, alert in known.items() if (alert.resolved_at or one.since + 1) > one.since]:
                del known[name]
            known.update({alert.id: alert for alert in one.alerts})


def warnings(register: Register, messages: Sequence[Message], path: Path) -> list[Told]:
    """What is told of warnings by a stream."""
    live = Live(register, messages, path / "state", None)
    while live.read(7):
        pass
    live.finish()
    return told([one for one in live.reader.all_alerts() if one.alert_class == WARNING])


def test_a_day_that_runs_low_is_told_after_a_quarter_of_it_and_ends_with_it(tmp_path: Path) -> None:
    """The day after is high, so it could still be reached; it fails, and the shortfall takes over."""
    found = warnings(river("day 2"), hours("01 01:00", [9.0] * 24 + [1.0] * 24 + [1.0]), tmp_path)
    assert found == [Told("S", "running", "02 05:00", "02 06:00", "03 00:00", "blue")]


def test_what_the_river_has_not_given_for_a_week_is_out_of_reach(tmp_path: Path) -> None:
    """After five hours of nothing the other 19 need 2.53; no hour of a week had more than 2.5, one before had 9."""
    found = warnings(river("day 2"), hours("01 01:00", [9.0] + [2.5] * 24 * 7 + [2.5] * 23 + [0.0] * 5), tmp_path)
    assert [(one.reason, one.raised) for one in found] == [("unreachable", "09 05:00")]


@pytest.mark.parametrize(("kind", "count"), [("section", 1), ("plant", 0)])
def test_a_flow_that_sinks_to_its_target_is_told_but_of_plants(kind: str, count: int, tmp_path: Path) -> None:
    found = warnings(river("hour 2", kind=kind), hours("01 01:00", [3.0] * 6 + [2.3, 2.2] + [2.5] * 4), tmp_path)
    assert found == [Told("S", "band", "01 06:00", "01 08:00", "01 10:00", "blue")][:count]


def drawn(rng: Random, days: int) -> list[Message]:
    """A river around its targets, its readings late within hours, lost and corrected."""
    messages = []
    flow = 2.5
    for hour in range(1, days * 24 + 1):
        time = at("01 00:00") + hour * HOUR_MS
        flow = min(4.0, max(0.5, flow + rng.uniform(-0.4, 0.4)))
        for station, value in (("S", flow), ("I", flow * rng.uniform(0.7, 1.3))):
            if rng.random() < 0.9:
                values = {"discharge": round(value, 3)}
                messages.append(report(time + rng.choice([0, 0, 10, 90]) * MINUTE_MS, station, values, time))
                if rng.random() < 0.02:
                    again = {"discharge": round(value + 0.3, 3)}
                    messages.append(report(time + 30 * HOUR_MS, station, again, time))
    return messages


@pytest.mark.parametrize("seed", range(3))
def test_crashes_and_what_is_let_go_of_change_nothing(seed: int, tmp_path: Path) -> None:
    """Samples older than some days are gone; months that began before are judged as if they were there."""
    register = river(*(f"{basis} 2.4" for basis in BASES[:3]), "month 2.4 min_inflow")
    messages = drawn(Random(seed), 45)
    plain = Live(register, messages, tmp_path / "plain", None)
    while plain.read(500):
        pass
    expected = plain.finish()
    assert {target for name, _, target in expected if name == WARNING} == {
        f"S:discharge:{basis}:base" for basis in BASES
    }
    rng = Random(seed)
    dying = Live(register, messages, tmp_path / "dying", 1)
    while dying.read(rng.randint(1, 60)):
        if rng.random() < 0.5:
            dying.reader.save(rng.choice([1, 2, None]))
        if rng.random() < 0.1:
            dying.crash()
    assert dying.finish() == expected


def test_a_target_that_is_lowered_or_gone_takes_its_warnings_back(tmp_path: Path) -> None:
    messages = hours("01 01:00", [9.0] * 24 + [1.0] * 10)
    for after in (river("day 0.5"), river("hour 0.5")):
        live = Live(river("day 2"), messages, tmp_path / after.hash, None)
        while live.read(500):
            pass
        live.reader.save()
        assert [one.alert_class for one in live.reader.all_alerts() if one.alerts and one.target_id] == [WARNING]
        live.crash(after)
        rebuilt = [one for one in live.reader.rebuilt() if one.alert_class == WARNING]
        assert [(one.target_id, one.alerts) for one in rebuilt] == [("S:discharge:day:base", ())]
        assert [one for one in live.reader.all_alerts() if one.alert_class == WARNING] == []
