"""Signals of the product beside their independent slow implementation, on random rules, registers and streams."""

from __future__ import annotations

import csv
import json
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.alerting.eflow.judging import messages_of
from watermaster.backtest import backtest
from watermaster.configuration import load_configuration

from .arrival import jostle
from .clock import MINUTE, format_time
from .decode import accept, read_stream
from .observed import Observed
from .register import read_register
from .signal import judge_signal
from .skew import find_skews
from .stream import make_case

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from .case import Record
    from .signal import Found

Facts = dict[str, Any]
WORDS = {"version": 1, "title": {"zh": "甲", "en": "a"}, "description": {"zh": "甲", "en": "a"}}
SEEDS = range(4)
MORE_SEEDS = range(1_000, 1_150)


def make_rule(random: Random, codes: Sequence[str]) -> dict[str, Any]:
    """A signal over discharge, of which the cases are full; numbers as text."""
    is_below = random.random() < 0.7
    of = random.choice(["", "target.base", "target", "points.normal_m3s", "stations.wide_m3s"])
    size = 1.0 if of else random.choice([0.4, 2.0, 2.1])
    count = random.randint(1, 4)
    bounds = sorted(random.sample([0.3, 0.5, 0.79, 0.8, 1.0, 1.05, 1.3], count), reverse=is_below)
    names = [name for name in ("blue", "yellow", "orange", "red") if random.random() < 0.7]
    names = names[:count] or ["orange"]
    levels = {name: f"{bound * size:.6f}" for name, bound in zip(names, bounds, strict=False)}
    rule: dict[str, Any] = {"quantity": "discharge", "below" if is_below else "above": levels}
    if of:
        rule["of"] = of
    if random.random() < 0.6:
        mildest = float(next(iter(levels.values())))
        rule["resolves_at"] = f"{mildest * (random.choice([1.0, 1.05, 1.3]) ** (1 if is_below else -1)):.6f}"
    if random.random() < 0.6:
        rule["hold_min"] = str(random.choice([1, 20, 60, 120, 360, 1440]))
    if random.random() < 0.6:
        rule["resolve_min"] = str(random.choice([20, 60, 240, 2880]))
    if random.random() < 0.3:
        rule["scope"] = random.choice(
            [{"kind": ["section", "plant"]}, {"station": list(codes[:2])}, {"kind": "section"}]
        )
    return rule


def write_case(random: Random, seed: int, folder: Path) -> tuple[list[Record], dict[str, dict[str, Any]]]:
    """A config directory with signals, and the records; the rules by name."""
    case = make_case(seed, readings=1_200)
    case.write_config(folder)
    codes = sorted({row["station"] for row in case.tables.rows["stations"]})
    _add_column(folder / "registry/stations.csv", "wide_m3s", lambda: random.choice(["", "0.5", "2", "2"]))
    points = folder / "registry/points.csv"
    known = case.tables.rows["points"]
    if not known:
        points.write_text("station,quantity\n" + "".join(f"{code},discharge\n" for code in codes), encoding="utf-8")
    _add_column(points, "normal_m3s", lambda: random.choice(["1.9", "2", "2.345678"]))
    rules = {f"rule-{number}": make_rule(random, codes) for number in range(random.randint(1, 3))}
    return case.records, rules


def _add_column(path: Path, name: str, value: Callable[[], str]) -> None:
    """Fill a further column; its first cell is never empty."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*rows[0], name])
        writer.writeheader()
        writer.writerows({**row, name: value() or ("" if number else "2")} for number, row in enumerate(rows))


class SignalBench:
    """A case with signals, to be judged by both."""

    def __init__(self, seed: int, folder: Path) -> None:
        random = Random(f"signals {seed}")
        self.folder = folder
        self.records, self.rules = write_case(random, seed, folder)
        (folder / "rules").mkdir()
        for name, rule in self.rules.items():
            text = yaml.safe_dump({"signal": rule, **WORDS}, allow_unicode=True)
            (folder / f"rules/{name}.yaml").write_text(text, encoding="utf-8")
        found = load_configuration(folder, {})
        assert found.register is not None, [str(each) for each in found.mistakes]
        self._register = found.register

    def product(self, records: Sequence[Record] | None = None, **options: Any) -> list[Facts]:  # noqa: ANN401  # passed on
        """Signals that the product raises, as it writes them."""
        stream = messages_of(self.records if records is None else records)
        found = backtest(stream, self._register, prefix="watermaster/v1", max_age_days=400, **options)
        return [alert for alert in found.alerts if alert["class"] == "signal"]

    def oracle(self) -> list[Facts]:
        """What the slow implementation says, in the same words."""
        register = read_register(self.folder)
        stream = read_stream(self.records, register, None, None)
        _, set_aside = find_skews(register, stream)
        observed = Observed(register, accept(stream, set_aside))
        lines = [
            _line(name, found, register.zone)
            for name, rule in self.rules.items()
            for found in judge_signal(observed, rule)
        ]
        return sorted(lines, key=lambda line: (line["onset"], line["subject"], line["target_id"]))


def _line(name: str, found: Found, zone: int) -> Facts:
    start, end, expected, valid = found.window
    ratio, at = found.worst
    resolved = found.resolved_at
    return {
        "reason": found.reason,
        "level": found.levels[-1][0],
        "subject": found.station,
        "target_id": name,
        "onset": format_time(found.onset, zone),
        "raised_at": format_time(found.raised_at, zone),
        "resolved_at": None if resolved is None else format_time(resolved, zone),
        "levels": [{"level": level, "at": format_time(moment, zone)} for level, moment in found.levels],
        "worst": {
            "ratio": None if ratio is None else round(ratio * 1_000_000) / 1_000_000,
            "deficit_m": None,
            "at": format_time(at, zone),
        },
        "value": found.value / 1_000_000,
        "target": found.bound / 1_000_000,
        "window": {
            "from": format_time(start, zone),
            "to": format_time(end, zone),
            "expected": expected,
            "valid": valid,
        },
        "rule": f"{name} v1",
    }


def check(seed: int, folder: Path) -> int:
    """Judge one case by both; the number of alerts."""
    bench = SignalBench(seed, folder)
    ours = bench.oracle()
    theirs = [{**alert, "subject": alert["subject"]["code"]} for alert in bench.product()]
    kept = ours[0].keys() if ours else ()
    assert [{key: alert[key] for key in kept} for alert in theirs] == ours
    return len(ours)


@pytest.mark.parametrize("seed", SEEDS)
def test_signals_equal_the_slow_implementation(seed: int, tmp_path: Path) -> None:
    check(seed, tmp_path)


def test_the_cases_raise_signals_of_every_kind(tmp_path: Path) -> None:
    """Else the comparison would compare nothing."""
    found = [line for seed in range(5) for line in SignalBench(seed, _made(tmp_path / str(seed))).oracle()]
    assert {line["reason"] for line in found} == {"below_bound", "above_bound"}
    assert {change["level"] for line in found for change in line["levels"]} == {"blue", "yellow", "orange", "red"}
    assert any(line["resolved_at"] is None for line in found)
    assert any(len(line["levels"]) > 2 for line in found)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("seed", MORE_SEEDS)
def test_signals_equal_the_slow_implementation_in_many_cases(seed: int, tmp_path: Path) -> None:
    check(seed, tmp_path)


# What the order and the cutting of a stream may not change


def check_cuts(seed: int, folder: Path) -> None:
    """Batches of any size, a crash after each of them, and any order inside the lateness."""
    bench = SignalBench(seed, folder)
    expected = json.dumps(bench.product())
    assert json.dumps(bench.product(batch=97)) == expected
    assert json.dumps(bench.product(batch=211, restart_every_batch=True)) == expected
    moved = jostle(bench.records, seed, 30 * MINUTE)
    assert moved != bench.records
    assert json.dumps(bench.product(moved, batch=307, restart_every_batch=True)) == expected


@pytest.mark.parametrize("seed", [3])
def test_cuts_crashes_and_arrival_change_no_byte(seed: int, tmp_path: Path) -> None:
    check_cuts(seed, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2_000, 2_030))
def test_cuts_crashes_and_arrival_change_no_byte_in_many_cases(seed: int, tmp_path: Path) -> None:
    check_cuts(seed, tmp_path)
