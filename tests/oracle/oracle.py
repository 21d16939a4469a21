"""The oracle: recorded lines and a config directory in, alerts and attainment out, as ``backtest`` must write them."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from .attainment import attain
from .clock import DAY, format_time, parse_time
from .decode import Accepted, read_stream
from .period import Target, list_periods, slot_values
from .register import read_register
from .shortfall import judge_instant, judge_periods

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from .register import Register
    from .shortfall import Shortfall

__all__ = ["judge"]

Line = dict[str, object]


def judge(
    records: Sequence[Mapping[str, object]],
    config: Path,
    *,
    start: str | int | None = None,
    end: str | int | None = None,
) -> tuple[list[Line], list[Line]]:
    """Judge every discharge target with basis instant, hour or day over a whole record.

    Args:
        records: Recorded lines: ``received_at``, ``topic``, ``payload`` (a decoded JSON value, or bytes).
        config: Config directory; ``time.*`` of watermaster.yaml and the tables of registry/.
        start: ``--from``, exclusive; None = one interval before the first accepted event time.
        end: ``--to``, inclusive; None = one interval after the last.

    Returns:
        Alerts as in CONTRACT section 6 without id, rule, config, revised and case, and with ``previous_onset`` for
        ``previous``, sorted by onset, class, subject, target; attainment lines as in section 7, in the order of the
        register.
    """
    register = read_register(config)
    lower = None if start is None else parse_time(start, register.zone)
    upper = None if end is None else parse_time(end, register.zone)
    accepted = read_stream(records, register, lower, upper)
    alerts: list[Line] = []
    attainment: list[Line] = []
    for rows in register.targets():
        station = next((row for row in register.tables["stations"] if row["station"] == rows[0]["station"]), None)
        if station is None:
            continue
        found, line = _judge_target(register, Target.of(rows, station), accepted, (lower, upper))
        alerts += found
        attainment.append(line)
    alerts.sort(key=lambda alert: (str(alert["onset"]), str(alert["class"]), _code(alert), str(alert["target_id"])))
    return alerts, attainment


def _code(alert: Line) -> str:
    subject = alert["subject"]
    return str(subject["code"]) if isinstance(subject, dict) else ""


def _judge_target(
    register: Register, target: Target, accepted: Accepted, limits: tuple[int | None, int | None]
) -> tuple[list[Line], Line]:
    name: Line = {
        "station": target.station,
        "quantity": "discharge",
        "target_id": target.id,
        "basis": target.basis,
        "from": None,
        "to": None,
    }
    lower, upper = limits
    if lower is None and accepted.first is not None:
        lower = accepted.first - target.interval
    if upper is None and accepted.last is not None:
        upper = accepted.last + target.interval
    if lower is None or upper is None:
        return [], name | attain(register, target, [], {}, (0, 0))
    readings = accepted.series.get((target.station, "discharge"), {})
    slots = slot_values(readings, target.interval)
    ends = [lower, upper, *slots]
    periods = list_periods(register, target, slots, min(ends) - DAY, max(ends) + DAY)
    if target.basis == "instant":
        found = judge_instant(register, target, periods)
    else:
        found = judge_periods(register, target, periods, upper)
    alerts = []
    previous = None
    for shortfall in found:
        alerts.append(_line(register, target, shortfall, previous))
        previous = format_time(shortfall.onset, register.zone)
    span: Line = {"from": format_time(lower, register.zone), "to": format_time(upper, register.zone)}
    return alerts, name | span | attain(register, target, periods, readings, (lower, upper))


def _line(register: Register, target: Target, alert: Shortfall, previous: str | None) -> Line:
    shown = alert.shown
    station = register.row_at("stations", shown.end, station=target.station) or {}
    point = register.row_at("points", shown.end, station=target.station, quantity="discharge") or {}
    accuracy = Fraction(point["accuracy_pct"]) if point.get("accuracy_pct", "") else None

    def time(moment: int) -> str:
        return format_time(moment, register.zone)

    return {
        "class": "eflow_shortfall",
        "reason": "below_target",
        "level": alert.levels[-1][0],
        "state": "firing" if alert.resolved_at is None else "resolved",
        "subject": {"kind": "station", "code": target.station},
        "target_id": target.id,
        "basin": station.get("basin", "") or None,
        "division": station.get("division", "") or None,
        "onset": time(alert.onset),
        "raised_at": time(alert.raised_at),
        "resolved_at": None if alert.resolved_at is None else time(alert.resolved_at),
        "levels": [{"level": level, "at": time(moment)} for level, moment in alert.levels],
        "worst": {"ratio": _number(alert.worst.ratio), "deficit_m": None, "at": time(alert.worst.end)},
        "value": _number(Fraction(shown.value, 1_000_000)),
        "target": _number(Fraction(shown.target, 1_000_000)),
        "ratio": _number(shown.ratio),
        "basis": target.basis,
        "window": {
            "from": time(shown.start),
            "to": time(shown.end),
            "expected": shown.expected,
            "valid": shown.valid,
        },
        "uncertainty_pct": _number(accuracy),
        "within_uncertainty": None if accuracy is None else shown.value * (1 + accuracy / 100) >= shown.target,
        "rating": None,
        "estimate": None,
        "previous_onset": previous,
    }


def _number(value: Fraction | None) -> float | None:
    """Round half even to six decimals."""
    return None if value is None else round(value * 1_000_000) / 1_000_000
