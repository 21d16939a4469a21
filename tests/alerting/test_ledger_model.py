"""Random changes against a ten-line model of what the ledger must say, and of what the store must show."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.ledger import Ledger
from alerting.ledger.points import alert_points
from alerting.level import Level
from alerting.record import AlertRecord, as_json
from hydro.instants import HOUR_MS
from tests.alerting.sample_alerts import DAWN, change, shortfall

if TYPE_CHECKING:
    from alerting.record import SubjectAlerts
    from storage.store import AlertPoint

STATIONS = ("A", "B")
Key = tuple[str, str]


class Model:
    """What the rules said last of each target."""

    def __init__(self) -> None:
        self.alerts: dict[str, list[AlertRecord]] = {station: [] for station in STATIONS}

    def apply(self, said: SubjectAlerts) -> None:
        """Forget what a change replaces."""
        kept = [
            one for one in self.alerts[said.subject] if one.resolved_at is not None and one.resolved_at <= said.since
        ]
        self.alerts[said.subject] = kept + list(said.alerts)

    def export(self) -> list[dict[str, Any]]:
        """In the order of the contract."""
        shown = []
        for alerts in self.alerts.values():
            before = None
            for record in sorted(alerts, key=lambda one: one.raised_at):
                shown.append((record.onset, record.subject, {**as_json(record, 480), "previous": before}))
                before = record.id
        return [each for _, _, each in sorted(shown, key=lambda one: one[:2])]


@st.composite
def episodes(draw: st.DrawFn, station: str, since: int) -> tuple[AlertRecord, ...]:
    """Alerts of one target after hour `since`, one after the other; the last may be firing."""
    alerts = []
    hour = since + draw(st.sampled_from([0, 0, 0, -3, -1, 1, 3]))
    last_fires = draw(st.booleans())
    for _ in range(draw(st.integers(0, 3))):
        start = hour + draw(st.integers(0, 60))
        end = max(start, since) + draw(st.integers(2, 40))
        levels: list[Level] = draw(st.lists(st.sampled_from(Level), min_size=1, max_size=min(3, end - start - 1)))
        alerts.append(shortfall(start, end, station=station, target="t", levels=tuple(levels)))
        hour = end
    if alerts and last_fires:
        last = alerts.pop()
        start = (last.onset - DAWN) // HOUR_MS
        alerts.append(shortfall(start, station=station, target="t", levels=tuple(one.level for one in last.levels)))
    return tuple(alerts)


@st.composite
def stories(draw: st.DrawFn) -> list[SubjectAlerts]:
    """Changes as the rules give them: what was resolved before `since` is as the ledger has it."""
    model = Model()
    story = []
    for _ in range(draw(st.integers(1, 8))):
        station = draw(st.sampled_from(STATIONS))
        ends = [(one.resolved_at - DAWN) // HOUR_MS for one in model.alerts[station] if one.resolved_at is not None]
        since = draw(st.sampled_from([-10, *ends]))
        standing = [end for end in ends if end <= since]
        alerts = draw(episodes(station, since))
        if any(one.onset < DAWN + max(standing, default=-1_000) * HOUR_MS for one in alerts):
            alerts = ()  # they would overlap what stands
        said = change(*alerts, since=since, station=station, target="t")
        model.apply(said)
        story.append(said)
    return story


def new_ledger(folder: str, name: str = "ledger.sqlite") -> Ledger:
    return Ledger.open(f"sqlite:///{Path(folder) / name}", zone_minutes=480)


def without_case(alerts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**alert, "case": None} for alert in alerts]


@settings(max_examples=60, deadline=None)
@given(stories(), st.integers(1, 4), st.booleans())
def test_the_ledger_says_what_the_rules_said_last(story: list[SubjectAlerts], batch: int, twice: bool) -> None:  # noqa: FBT001  # drawn
    """However the changes are cut into transactions, and whether each is applied again."""
    model = Model()
    store: dict[tuple[Any, int], AlertPoint] = {}
    with tempfile.TemporaryDirectory() as folder, new_ledger(folder) as ledger:
        for first in range(0, len(story), batch):
            part = story[first : first + batch]
            ledger.apply(part, first + 1, 0)
            if twice and len(part) == 1:
                ledger.apply(part, first + 1, 0)
            for said in part:
                model.apply(said)
            assert without_case(list(ledger.export())) == model.export()
        entries = ledger.outbox(10_000)
        store.update({(entry.point.tags, entry.point.time): entry.point for entry in entries})
        cases = [alert["case"] for alert in ledger.export()]
    assert all(case["history"] for case in cases)
    live = {
        (point.tags, point.time): point
        for alerts in model.alerts.values()
        for record in sorted(alerts, key=lambda one: one.raised_at)
        for point in alert_points(record)
    }
    assert {name: point for name, point in store.items() if name in live} == live
    assert all((point.level, point.state) == (0, 0) for name, point in store.items() if name not in live)


@settings(max_examples=30, deadline=None)
@given(stories())
def test_the_way_to_the_last_word_does_not_matter(story: list[SubjectAlerts]) -> None:
    """A ledger that saw every rewriting exports what one exports that was told the end at once."""
    model = Model()
    for said in story:
        model.apply(said)
    last = [change(*alerts, station=station, target="t") for station, alerts in model.alerts.items()]
    exports = []
    with tempfile.TemporaryDirectory() as folder:
        for name, changes in (("long", story), ("short", last)):
            with new_ledger(folder, name) as ledger:
                for number, said in enumerate(changes):
                    ledger.apply([said], number, 0)
                exports.append(without_case(list(ledger.export())))
    assert exports[0] == exports[1]
