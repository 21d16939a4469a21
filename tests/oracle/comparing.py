"""The product beside the oracle: both on the same case, what differs, in the parts that both judge (parts.COMPARED)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tests.alerting.eflow.judging import Bench

from .oracle import judge
from .parts import COMPARED, shortfall_part
from .taking import NO_METER, TAKING

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from watermaster.backtest import BacktestResult

    from .case import Case

__all__ = ["Difference", "differences", "part_of"]

Facts = dict[str, Any]

WITHOUT = ("id", "rule", "config", "revised", "case", "previous", "previous_onset")
# The oracle has no estimate of what a meter saw too little; of expired permits they differ by the last reading.
WITHOUT_ESTIMATE = ("meter_tamper", "permit_expired")
# What ALERTS.md says of every class; of shortfalls and of taking it says all that a line holds.
SAID_OF_ALL = (
    "class",
    "reason",
    "level",
    "state",
    "subject",
    "target_id",
    "onset",
    "raised_at",
    "resolved_at",
    "levels",
    "members",
)


class Difference(NamedTuple):
    """In what the two differ; of the same kind are differences that shrinking may take for one another."""

    kind: str
    text: str


def differences(
    case: Case, folder: Path, *, start: int | None = None, end: int | None = None, parts: Collection[str] = COMPARED
) -> list[Difference]:
    """Judge a case by both.

    Args:
        case: Register and records.
        folder: An empty one, for the config directory.
        start: ``--from``, epoch ms.
        end: ``--to``, epoch ms.
        parts: What is compared.

    Returns:
        One for each alert or attainment line that only one of the two has, or that they describe differently.
    """
    bench = Bench(case, folder)
    alerts, attainment = judge(case.records, folder, start=start, end=end, parts=parts)
    found = bench.product(start=start, end=end)
    ours, theirs = [_comparable(line, None) for line in alerts], _product_alerts(found, parts)
    return [
        *(Difference(f"the oracle alone: {line['class']}", str(line)) for line in ours if line not in theirs),
        *(Difference(f"the product alone: {line['class']}", str(line)) for line in theirs if line not in ours),
        *_other_order(ours, theirs),
        *_attainment_differences({str(line["target_id"]): dict(line) for line in attainment}, found, parts),
    ]


def _other_order(ours: list[Facts], theirs: list[Facts]) -> list[Difference]:
    """Say where the same alerts stand in another order, or one stands twice."""
    if ours == theirs or any(line not in theirs for line in ours) or any(line not in ours for line in theirs):
        return []
    place = next(number for number, pair in enumerate(zip(ours, theirs, strict=False)) if pair[0] != pair[1])
    return [Difference("another order", f"from alert {place} on: {ours[place]} and {theirs[place]}")]


def _attainment_differences(ours: dict[str, Facts], found: BacktestResult, parts: Collection[str]) -> list[Difference]:
    theirs = {line["target_id"]: line for line in found.attainment if _part_of_target(line) in parts}
    lines = [Difference("attainment: only one", name) for name in sorted(ours.keys() ^ theirs.keys())]
    for name in sorted(ours.keys() & theirs.keys()):
        mine, other = ours[name], theirs[name]
        lines += [
            Difference(f"attainment: {key}", f"{name}: {mine.get(key)!r} to the oracle, {other.get(key)!r} here")
            for key in sorted(mine.keys() | other.keys())
            if mine.get(key) != other.get(key)
        ]
    return lines


def _product_alerts(found: BacktestResult, parts: Collection[str]) -> list[Facts]:
    """Alerts of the product of which the oracle was asked too."""
    onsets = {alert["id"]: alert["onset"] for alert in found.alerts}
    quantities = {line["target_id"]: line["quantity"] for line in found.attainment}
    compared = [alert for alert in found.alerts if part_of(alert, quantities) in parts]
    return [_comparable(alert, onsets.get(alert["previous"])) for alert in compared]


def part_of(alert: Facts, quantities: dict[str, str]) -> str:
    """Part (parts.py) to which an alert belongs, given the quantity of each target."""
    match alert["class"]:
        case "eflow_shortfall":
            return shortfall_part(quantities.get(alert["target_id"], ""), alert["basis"])
        case "unmetered_intake" if alert["reason"] == "no_meter":
            return NO_METER
        case "device_fault":
            return f"device_fault/{alert['reason']}"
        case name:
            return str(name)


def _part_of_target(line: Facts) -> str:
    return shortfall_part(line["quantity"], line["basis"])


def _comparable(line: Facts, previous_onset: str | None) -> Facts:
    """Fields of an alert that both know; its ``previous`` by the onset of that alert."""
    before = line.get("previous_onset") if "previous_onset" in line else previous_onset
    is_whole = line["class"] in {"eflow_shortfall", *TAKING}
    kept = tuple(key for key in line if key not in WITHOUT) if is_whole else SAID_OF_ALL
    kept = tuple(key for key in kept if key != "estimate" or line["class"] not in WITHOUT_ESTIMATE)
    return {key: line[key] for key in kept if key in line} | {"previous_onset": before}
