"""Tests of rule files, run: the same decoder and rules as live and backtest, over a register made for the test."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

from alerting.rule_files.timeline import timeline
from alerting.rule_files.trial import STATION, Expected
from hydro.instants import MINUTE_MS, parse_instant
from hydro.register import Context, Finding, Register, Severity
from storage.message import RawMessage
from watermaster.backtest import backtest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from alerting.rule_files import RuleFile, Trial

__all__ = ["failures"]

_PREFIX = "watermaster/v1"
_GATEWAY = "g"
_STATION = {"kind": "section", "basin": "", "river": "", "division": "", "gateway": _GATEWAY}


def failures(files: Sequence[RuleFile], *, zone_minutes: int, lateness_min: int) -> Iterator[Finding]:
    """Tests that do not come to what they expect: one finding each, with a small drawing.

    Args:
        files: Without mistakes of their own; the tests of those that are off are run, too.
        zone_minutes: Zone of the settings.
        lateness_min: Allowed lateness of the settings.
    """
    for file in files:
        for trial in file.trials:
            reason = _run(file, trial, zone_minutes, lateness_min)
            if reason is not None:
                yield Finding(Severity.MISTAKE, file.file, f'"{trial.name}" {reason}', trial.line, trial.path)


def _run(file: RuleFile, trial: Trial, zone_minutes: int, lateness_min: int) -> str | None:
    """What is wrong; None where all is as expected."""
    loaded = Register.parse(_tables(trial), Context(zone_minutes, lateness_min), {})
    if loaded.register is None:
        return f"can't be run: {loaded.mistakes[0]}"
    register = loaded.register.with_rules(file.alone())
    found = backtest(_messages(trial), register, prefix=_PREFIX, max_age_days=0)
    refused = found.dead_lettered + found.rejected
    if refused:
        return f"can't be run: {', '.join(f'{count} {reason}' for reason, count in sorted(refused.items()))}"
    came = [_seen(alert, zone_minutes) for alert in found.alerts if _is_of(alert, file)]
    if len(came) == len(trial.expected) and all(
        _fits(wanted, one) for wanted, one in zip(_sorted(trial.expected), _sorted(came), strict=True)
    ):
        return None
    return f"fails\n{timeline(trial, came, zone_minutes)}"


def _is_of(alert: Mapping[str, Any], file: RuleFile) -> bool:
    name = file.name if file.signal is not None else alert["target_id"]
    return (alert["class"], alert["target_id"]) == (file.alert_class, name)


def _seen(alert: Mapping[str, Any], zone_minutes: int) -> Expected:
    """An alert as a test says it."""
    resolved = alert["resolved_at"]
    return Expected(
        line=0,
        subject=alert["subject"]["code"],
        onset=parse_instant(alert["onset"], zone_minutes),
        raised=parse_instant(alert["raised_at"], zone_minutes),
        resolved=None if resolved is None else parse_instant(resolved, zone_minutes),
        reason=str(alert["reason"]),
        target=alert["target_id"],
        levels=tuple(change["level"] for change in alert["levels"]),
    )


def _sorted(alerts: Sequence[Expected]) -> list[Expected]:
    return sorted(alerts, key=lambda one: (one.onset, one.raised, one.subject, one.target or ""))


def _fits(wanted: Expected, came: Expected) -> bool:
    is_there = (wanted.subject, wanted.onset, wanted.raised, wanted.resolved) == (
        came.subject,
        came.onset,
        came.raised,
        came.resolved,
    )
    details = ((wanted.reason, came.reason), (wanted.target, came.target), (wanted.levels, came.levels))
    return is_there and all(one is None or one == other for one, other in details)


def _tables(trial: Trial) -> dict[str, bytes]:
    """Its register."""
    codes = sorted({STATION, *(station for station, _ in trial.series)})
    common = {**_STATION, "interval_min": str(trial.interval_min), **trial.station}
    points = [
        {"station": station, "quantity": quantity, **trial.points[quantity]}
        for station, quantity in trial.series
        if quantity in trial.points
    ]
    targets = [{"station": STATION, "from_day": "01-01", "to_day": "12-31", **row} for row in trial.targets]
    return {
        "stations.csv": _csv([{"station": code, "name": code, **common} for code in codes]),
        **({"points.csv": _csv(points)} if points else {}),
        **({"eflow_targets.csv": _csv(targets)} if targets else {}),
    }


def _csv(rows: Sequence[Mapping[str, str]]) -> bytes:
    columns = list(dict.fromkeys(column for row in rows for column in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _messages(trial: Trial) -> Iterator[RawMessage]:
    """One message for each station and slot that has anything, received when it is measured."""
    for slot in range(max(map(len, trial.series.values()), default=0)):
        time = trial.start + (slot + 1) * trial.interval_min * MINUTE_MS
        values: dict[str, dict[str, float | None]] = {}
        for (station, quantity), tokens in trial.series.items():
            if slot < len(tokens) and tokens[slot].is_sent:
                values.setdefault(station, {})[quantity] = tokens[slot].value
        for station, its in sorted(values.items()):
            payload = json.dumps({"station": station, "time": time, "values": its}).encode()
            yield RawMessage(f"{_PREFIX}/{_GATEWAY}/up/json", payload, time)
