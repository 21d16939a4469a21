"""What the rules make of a recorded stream of perfect devices is what was true: every period, every shortfall.

The truth comes from the true flow, by an implementation of its own; it knows nothing of messages or of the rules.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from hydro.instants import DAY_MS, HOUR_MS, parse_instant
from hydro.periods import Basis
from hydro.register import why_unjudged
from simulators.play import Play, Recorder
from simulators.scenario import Scenario, WireFormat, load, names
from simulators.truth import TruthKind
from storage.recorded import read_recorded
from tests.simulators.play.stage import perfectly, small, with_targets
from watermaster.backtest import backtest
from watermaster.configuration import load_configuration

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from hydro.register import Register
    from simulators.truth import Truth
    from storage.message import RawMessage
    from watermaster.backtest import BacktestResult

LONG_BASES = (Basis.TEN_DAY.value, Basis.MONTH.value)
LARGE = {"province-5000"}


class Verdict(NamedTuple):
    """What was true of a slot or a period."""

    known: bool
    attained: bool
    exempt: bool


@dataclass
class Run:
    """A scenario played and recorded.

    Attributes:
        scenario: What was played.
        messages: As they were recorded.
        register: Of the scenario, as the product reads it.
        truths: Stopped flows, and shortfalls of targets that the product judges.
        periods: By target, start and end; the same targets.
    """

    scenario: Scenario
    messages: list[RawMessage]
    register: Register
    truths: list[Truth] = field(default_factory=list)
    periods: dict[tuple[str, int, int], Verdict] = field(default_factory=dict)

    def judged(self, start: int, end: int) -> BacktestResult:
        """What the product says of (start, end]."""
        inside = [message for message in self.messages if start < message.received_at <= end]
        return backtest(inside, self.register, prefix="watermaster/v1", max_age_days=400, start=start, end=end)

    def bases(self) -> set[Basis]:
        """Of the targets that were judged."""
        return {self.register.targets[target][0].basis for target, _, _ in self.periods}


def play(scenario: Scenario, seed: int, folder: Path) -> Run:
    """Play, record, and read what was recorded: with perfect devices and gateways all arrives when it is measured."""
    playing = Play(scenario, seed=seed, end=scenario.end, format=WireFormat.JSON)
    run = Run(scenario, [], read_register(scenario, folder))
    judged = {target for target, rows in run.register.targets.items() if why_unjudged(rows) is None}
    duties = [duty.target_id for duty in playing.witness.duties]
    path = folder / "stream.ndjson.zst"
    with Recorder(path) as recorder:
        for chunk in playing.chunks():
            recorder.write(chunk.messages)
            run.truths += [truth for truth in chunk.truths if is_judged(truth, judged)]
            rows = zip(*(column.tolist() for column in chunk.judged), strict=True)
            for number, start, end, _, _, known, attained, exempt in rows:
                if duties[number] in judged:
                    run.periods[duties[number], start, end] = Verdict(known, attained, exempt)
    run.messages = list(read_recorded([path]))
    return run


def is_judged(truth: Truth, judged: Collection[str]) -> bool:
    """Whether the product should say so too."""
    if truth.kind is TruthKind.EFLOW_SHORTFALL:
        return truth.details["target_id"] in judged
    return truth.kind is TruthKind.FLOW_STOPPED


def read_register(scenario: Scenario, folder: Path) -> Register:
    """The scenario's register, written out and read by the product."""
    registry = folder / "config" / "registry"
    registry.mkdir(parents=True)
    (folder / "config" / "watermaster.yaml").write_text("time: {max_age_days: 400}\n")
    for name, content in scenario.contents().items():
        (registry / name).write_bytes(content)
    configuration = load_configuration(folder / "config", {})
    assert configuration.register is not None, configuration.mistakes
    return configuration.register


def counted(verdicts: Iterable[Verdict]) -> tuple[int, int, int, int]:
    """Due, valid, attained, exempt."""
    listed = list(verdicts)
    return (len(listed), *(sum(column) for column in zip(*listed, strict=True)))


def said(line: dict[str, Any]) -> tuple[int, int, int, int]:
    """The same in a line of the product's attainment."""
    return line["due"], line["valid"], line["attained"], line["exempt"]


def differences(run: Run) -> list[str]:
    """Where product and truth differ: over all of it, in each period by itself, and in slots hour by hour."""
    start, end = run.scenario.start, run.scenario.end
    windows: dict[tuple[int, int], dict[str, list[Verdict]]] = defaultdict(lambda: defaultdict(list))
    for (target, since, until), verdict in run.periods.items():
        if since < start:
            continue  # it began before the run, so it is not due
        windows[start, end][target].append(verdict)
        if run.register.targets[target][0].basis is Basis.INSTANT:
            hour = (until - 1) // HOUR_MS * HOUR_MS
            windows[max(hour, start), min(hour + HOUR_MS, end)][target].append(verdict)
        else:
            windows[since, until][target].append(verdict)
    found = []
    for window, truth in windows.items():
        lines = {line["target_id"]: said(line) for line in run.judged(*window).attainment}
        found += [
            f"{target} in {window}: {lines.get(target)} and not {counted(verdicts)} due, valid, attained, exempt"
            for target, verdicts in truth.items()
            if lines.get(target) != counted(verdicts)
        ]
    return found


def of_alert(alert: dict[str, Any], end: int) -> tuple[object, ...]:
    """What can be held against a truth."""
    resolved = alert["resolved_at"]
    return (
        alert["class"],
        alert["target_id"] or alert["subject"]["code"],
        parse_instant(alert["onset"], 480),
        parse_instant(resolved, 480) if resolved else end,
        parse_instant(alert["raised_at"], 480),
        bool(resolved),
        *((alert["reason"],) if alert["worst"] is None else (alert["worst"]["ratio"], alert["worst"]["deficit_m"])),
    )


def of_truth(truth: Truth) -> tuple[object, ...]:
    """The same of a truth."""
    details = truth.details
    raised_at = parse_instant(str(details["raised_at"]), 480)
    said = (truth.kind.value, details.get("target_id", truth.subject), truth.start, truth.end, raised_at)
    if truth.kind is TruthKind.FLOW_STOPPED:
        return (*said, details["resolved"], details["reason"])
    return (*said, details["resolved"], details.get("min_ratio"), details.get("max_deficit_m"))


def check(scenario: Scenario, seed: int, folder: Path) -> Run:
    """Compare both."""
    run = play(perfectly(scenario), seed, folder)
    assert not differences(run)
    result = run.judged(scenario.start, scenario.end)
    alerts = [alert for alert in result.alerts if alert["class"] in {"eflow_shortfall", "flow_stopped"}]
    by_product = sorted((of_alert(alert, scenario.end) for alert in alerts), key=repr)
    assert by_product == sorted(map(of_truth, run.truths), key=repr)
    return run


def check_drawn(scenario: Scenario, seed: int, folder: Path) -> Run:
    """Compare both, and see that there was something to compare."""
    run = check(scenario, seed, folder)
    assert run.truths
    assert {verdict.attained for verdict in run.periods.values()} == {True, False}
    return run


def test_every_period_and_every_shortfall_is_what_was_true(tmp_path: Path) -> None:
    """The season changes in the second day; slots of 5 to 60 minutes, days that start at 0, 8 and 20 o'clock."""
    run = check_drawn(with_targets(small(days=3), 4), 4, tmp_path)
    assert run.bases() >= {Basis.INSTANT, Basis.HOUR, Basis.DAY}
    assert any(verdict.exempt for verdict in run.periods.values())


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3, 5, 6, 7, 8, 9])
def test_every_period_is_what_was_true_whatever_is_drawn(seed: int, tmp_path: Path) -> None:
    check_drawn(with_targets(small(days=4), seed), seed, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    "start",
    ["2025-12-29T00:00:00", "2028-02-26T00:00:00", "2026-10-13T17:35:00"],
    ids=["over the new year", "a leap day", "in the midst of an hour"],
)
def test_every_period_is_what_was_true_at_any_time_of_the_year(start: str, tmp_path: Path) -> None:
    """It ends with an hour: the observer judges a slot when it is over, the rules judge its first value."""
    scenario = small(days=4, start=parse_instant(start, 480))
    scenario = replace(scenario, duration_ms=scenario.duration_ms - scenario.start % HOUR_MS)
    check_drawn(with_targets(scenario, 11), 11, tmp_path)


@pytest.mark.slow
def test_ten_days_and_months_are_what_was_true(tmp_path: Path) -> None:
    """The season changes in the midst of a ten-day and of a month that start in the evening."""
    scenario = with_targets(small(days=45, start=parse_instant("2026-02-27T00:00:00", 480)), 4, LONG_BASES)
    run = check_drawn(scenario, 4, tmp_path)
    assert run.bases() == {Basis.TEN_DAY, Basis.MONTH}


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(names()) - LARGE))
def test_shipped_scenarios_are_judged_as_they_were(name: str, tmp_path: Path) -> None:
    """With perfect devices, its first five days."""
    scenario = load(name)
    check(replace(scenario, duration_ms=min(scenario.duration_ms, 5 * DAY_MS)), 1, tmp_path)
