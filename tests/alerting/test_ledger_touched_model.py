"""Random interleavings of what the rules say, late rewriting, people's steps and restarts: laws of the ledger."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.case import CaseState, Outcome, Step, Verb, allowed, is_touched
from alerting.ledger import Applied, Ledger, Signature
from alerting.ledger.points import alert_points
from alerting.ledger.reading import decode_record
from alerting.level import Level
from alerting.record import AlertState, as_json
from hydro.errors import TransitionError
from storage.ledger_schema import alerts as table
from tests.alerting.sample_alerts import CLASS, DAWN
from tests.alerting.small_rules import Band, end_of, late, said

if TYPE_CHECKING:
    from alerting.record import SubjectAlerts
    from storage.store import AlertPoint

BANDS: Final = (None, None, None, Level.YELLOW, Level.ORANGE, Level.RED)
FROZEN: Final = ("level", "onset", "raised_at", "value")
EVER: Final = 1 << 60


class Story:
    """A ledger that is told of one target, and what it was told."""

    def __init__(self, path: Path, seed: int) -> None:
        self.path = path
        self.rng = random.Random(seed)
        self.ledger = self._open()
        self.hours: list[Band] = []
        self.told: SubjectAlerts = said([])
        self.at = DAWN
        self.store: dict[tuple[Any, int], AlertPoint] = {}

    def _open(self) -> Ledger:
        return Ledger.open(f"sqlite:///{self.path}", zone_minutes=480)

    def run(self, steps: int) -> None:
        """So many random steps, each with its laws."""
        actions = (self.go_on, self.go_on, self.rewrite_late, self.rewrite_late, self.wobble, self.work, self.work)
        for _ in range(steps):
            self.at += 60_000
            self.rng.choice((*actions, self.restart))()
            self.hold_laws()
        self.hours += [None, None]
        self.tell(0, late_data=False)
        self.hold_laws()
        self.store_shows_the_ledger()
        self.ledger.close()

    # What happens

    def go_on(self) -> None:
        """New hours, nothing else."""
        first = len(self.hours)
        before = self.told.alerts
        self.hours += [self.rng.choice(BANDS) for _ in range(self.rng.randint(1, 3))]
        self.tell(first, late_data=False)
        moved = before[-1:] and before[-1].resolved_at is None and self.told.alerts[len(before) - 1]
        if moved and moved.resolved_at is None and moved.window != before[-1].window:
            [firing] = [one for one in self.shown() if one["state"] == "firing"]
            assert firing["level"] == moved.level.text  # new evidence takes it to where the rules are

    def rewrite_late(self) -> None:
        """Late data, perhaps with new hours in the same change."""
        if not self.hours:
            return
        final = len(self.hours)
        touched = self.touched()
        first = self.change_some(final)
        if self.rng.random() < 0.3:
            self.hours.append(self.rng.choice(BANDS))
        before = self.told.alerts
        self.tell(first, late_data=True, final=final)
        if len(self.hours) == final:
            self.touched_alerts_stand(touched, {one.id for one in before})

    def wobble(self) -> None:
        """Data within the lateness change the last hours."""
        if self.hours:
            touched, before = self.touched(), self.told.alerts
            first = self.change_some(min(2, len(self.hours)), last=True)
            self.tell(first, late_data=False)
            self.touched_alerts_stand(touched, {one.id for one in before}, frozen=("onset", "raised_at"))

    def work(self) -> None:
        """A person takes a step that the state of a case allows."""
        ids = [one["id"] for one in self.shown()]
        ids += [one["id"] for one in self.ledger.alerts().items[:1]]
        if not ids:
            return
        alert_id = self.rng.choice(ids)
        case = self.known(alert_id)["case"]
        verb = self.rng.choice(allowed(CaseState(case["state"])) or (Verb.ACK,))
        outcome = self.rng.choice(list(Outcome)) if verb is Verb.VERIFY else None
        try:
            self.ledger.transition(
                alert_id, Step(verb, "县" if verb is Verb.DISPATCH else None, outcome), Signature("王工", self.at)
            )
        except TransitionError as error:
            assert "while its alert is firing" in str(error)  # noqa: PT017  # one of the answers that is allowed

    def restart(self) -> None:
        """Close and open; what was told last is told again, as after a crash."""
        self.ledger.close()
        self.ledger = self._open()
        if self.hours:
            assert self.ledger.apply([self.told], 1, self.at, self.at) == Applied()

    def change_some(self, most: int, *, last: bool = False) -> int:
        """Change hours; the first of them."""
        size = len(self.hours)
        places = range(size - most, size) if last else range(size)
        chosen = self.rng.sample(places, min(len(places), self.rng.randint(1, 3)))
        band = self.rng.choice(BANDS)
        for place in chosen:
            self.hours[place] = band if self.rng.random() < 0.7 else self.rng.choice(BANDS)
        return min(chosen)

    def tell(self, first: int, *, late_data: bool, final: int = 0) -> None:
        """What the rules say, as they say it: what was resolved before the first changed hour stands."""
        because = late(final, self.at) if late_data else None
        whole = said(self.hours, because)
        since = end_of(first - 1)
        alerts = tuple(one for one in whole.alerts if one.resolved_at is None or one.resolved_at > since)
        self.ledger.apply([whole._replace(since=since, alerts=alerts)], 1, self.at, self.at)
        self.told = whole
        entries = self.ledger.outbox(10_000)
        self.store.update({(entry.point.tags, entry.point.time): entry.point for entry in entries})
        self.ledger.outbox_written(entries)

    # What is seen

    def shown(self) -> list[dict[str, Any]]:
        """What is exported."""
        return list(self.ledger.export())

    def known(self, alert_id: str) -> dict[str, Any]:
        """One alert."""
        found = self.ledger.alert(alert_id)
        assert found is not None
        return found

    def touched(self) -> dict[str, dict[str, Any]]:
        """Alerts whose case a person has touched."""
        return {one["id"]: one for one in self.shown() if is_touched(CaseState(one["case"]["state"]))}

    # Laws

    def hold_laws(self) -> None:
        """What is true after every step."""
        borne = self.ledger.alerts_between(CLASS, "station", "A", "t", -EVER, EVER)
        assert tuple(borne) == self.told.alerts  # each verdict is borne by one alert, and none by none
        shown = self.shown()
        firing = [one for one in shown if one["state"] == "firing"]
        if not self.told.alerts or self.told.alerts[-1].resolved_at is not None:
            assert firing == []  # nothing fires for ever
        assert len(firing) <= 1
        assert len({one["id"] for one in shown}) == len(shown)
        untouched = [one for one in shown if not is_touched(CaseState(one["case"]["state"]))]
        said_now = {record.id: record for record in self.told.alerts}
        for one in untouched:
            expected = as_json(said_now[one["id"]], 480)
            assert {**one, "case": None, "revised": [], "previous": None} == expected
        for one in shown:
            lines = one["revised"]
            assert [line["at"] for line in lines] == sorted(line["at"] for line in lines)
            assert all(line["was"] or line["now"] for line in lines)

    def touched_alerts_stand(
        self, before: dict[str, dict[str, Any]], was_said: set[str], frozen: tuple[str, ...] = FROZEN
    ) -> None:
        """Rewriting changes nothing of them but where they end: and then only from nowhere, or to their raising."""
        for alert_id, old in before.items():
            new = self.known(alert_id)
            assert new["state"] != "withdrawn"
            assert {name: new[name] for name in frozen} == {name: old[name] for name in frozen}
            if frozen is FROZEN and new["resolved_at"] != old["resolved_at"]:
                vanished = new["revised"][-1]["now"] is None and new["resolved_at"] == new["raised_at"]
                assert vanished or old["resolved_at"] is None
            assert new["revised"][: len(old["revised"])] == old["revised"]
            written = old["case"]["history"]
            assert new["case"]["history"][: len(written)] == written
            if alert_id in was_said and alert_id not in {one.id for one in self.told.alerts}:
                assert len(new["revised"]) == len(old["revised"]) + 1

    def store_shows_the_ledger(self) -> None:
        """Points of what is shown, and level 0 for everything else that was ever written."""
        with self.ledger._database.reading() as connection:  # noqa: SLF001  # the records, not what is made of them
            rows = connection.execute(table.select().where(table.c.state != AlertState.WITHDRAWN.value)).all()
        records = sorted((decode_record(row.doc) for row in rows), key=lambda one: (one.raised_at, one.id))
        live = {(point.tags, point.time): point for record in records for point in alert_points(record)}
        assert {name: point for name, point in self.store.items() if name in live} == live
        assert all((point.level, point.state) == (0, 0) for name, point in self.store.items() if name not in live)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1 << 32), st.integers(1, 30))
def test_touched_alerts_stand_and_live_on(seed: int, steps: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Story(Path(folder) / "ledger.sqlite", seed).run(steps)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, 2_000, 100))
def test_touched_alerts_stand_and_live_on_in_many_stories(first: int) -> None:
    for seed in range(first, first + 100):
        with tempfile.TemporaryDirectory() as folder:
            Story(Path(folder) / "ledger.sqlite", seed).run(40)
