"""The oracle: recorded lines and a config directory in, alerts and attainment out, as ``backtest`` must write them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .alert import Alert, write_line
from .attainment import attain
from .clock import DAY, format_time, parse_time
from .decode import accept, read_stream
from .fault import FAULTS, judge_faults
from .loss import judge_losses
from .observed import Observed
from .parts import COMPARED, shortfall_part
from .period import Target, list_periods
from .register import read_register
from .shortfall import judge_shortfall
from .skew import find_skews
from .stillness import judge_stopped
from .strangers import judge_strangers
from .taking import judge_taking
from .warning import judge_warnings

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from .alert import Line
    from .register import Register
    from .shortfall import Shortfall

__all__ = ["judge"]


@dataclass(frozen=True)
class Limits:
    """The range that is judged: ``--from`` and ``--to``, else what the stream spans."""

    start: int | None
    end: int | None

    def span(self, observed: Observed, interval: int) -> tuple[int, int] | None:
        """(from, to] for a station; None where nothing says."""
        accepted = observed.accepted
        lower = self.start if self.start is not None or accepted.first is None else accepted.first - interval
        upper = self.end if self.end is not None or accepted.last is None else accepted.last + interval
        return None if lower is None or upper is None else (lower, upper)

    def days(self, observed: Observed) -> tuple[int, int] | None:
        """First and last instant at which what is judged daily can be; None where nothing was accepted."""
        first, last = observed.accepted.first, observed.accepted.last
        return None if first is None or last is None else (first, last if self.end is None else self.end)


def judge(
    records: Sequence[Mapping[str, object]],
    config: Path,
    *,
    start: str | int | None = None,
    end: str | int | None = None,
    parts: Collection[str] = COMPARED,
) -> tuple[list[Line], list[Line]]:
    """Judge a whole record.

    Args:
        records: Recorded lines: ``received_at``, ``topic``, ``payload`` (a decoded JSON value, or bytes).
        config: Config directory; ``time.*`` of watermaster.yaml and the tables of registry/.
        start: ``--from``, exclusive; None = one interval before the first accepted event time.
        end: ``--to``, inclusive; None = one interval after the last.
        parts: What is judged (parts.py); by default what the product judges too.

    Returns:
        Alerts as in CONTRACT section 6 without id, rule, config, revised and case, and with ``previous_onset`` for
        ``previous``, sorted by onset, class, subject, target; attainment lines as in section 7, in the order of the
        register.
    """
    register = read_register(config)
    limits = Limits(*(None if each is None else parse_time(each, register.zone) for each in (start, end)))
    stream = read_stream(records, register, limits.start, limits.end)
    skews, set_aside = find_skews(register, stream)
    observed = Observed(register, accept(stream, set_aside if "set_aside" in parts else ()))
    alerts: list[Alert] = []
    attainment: list[Line] = []
    for target in _targets(register, parts):
        found, line = _judge_target(observed, target, limits, parts)
        alerts += found
        attainment.append(line)
    reasons = {reason for reason in FAULTS if f"device_fault/{reason}" in parts}
    for code in register.codes():
        span = limits.span(observed, register.interval(code) or 0)
        watermark = None if span is None else span[1]
        alerts += judge_stopped(observed, code) if "flow_stopped" in parts else []
        alerts += judge_faults(observed, code, skews.get(code, ()), reasons, watermark) if reasons else []
    alerts += judge_losses(register, stream) if "data_loss" in parts else []
    alerts += judge_strangers(register, stream) if "unregistered_source" in parts else []
    spans = {code: limits.span(observed, register.interval(code) or 0) for code in register.codes()}
    watermarks = {code: span[1] for code, span in spans.items() if span is not None}
    alerts += judge_taking(observed, limits.days(observed), watermarks, parts)
    return _write(register, alerts), attainment


def _targets(register: Register, parts: Collection[str]) -> list[Target]:
    """Targets that are to be judged, of stations that exist."""
    found = []
    for rows in register.targets():
        interval = register.interval(rows[0]["station"])
        if interval is None or shortfall_part(rows[0]["quantity"], rows[0]["basis"]) not in parts:
            continue
        if "min_inflow" in parts or not any(row.get("inflow_rule", "") for row in rows):
            found.append(Target.of(rows, interval))
    return found


def _write(register: Register, alerts: list[Alert]) -> list[Line]:
    """Lines in their order, each with the onset of the one before of its class, subject and target."""
    lines = []
    before: dict[tuple[str, str, str | None], str] = {}
    for alert in sorted(alerts, key=lambda each: each.raised_at):
        key = (alert.name, f"{alert.kind} {alert.code}", alert.target_id)
        lines.append(write_line(register, alert, before.get(key)))
        before[key] = format_time(alert.onset, register.zone)
    lines.sort(key=lambda line: (str(line["onset"]), str(line["class"]), _subject(line), str(line["target_id"] or "")))
    return lines


def _subject(line: Line) -> tuple[str, str]:
    subject = line["subject"]
    return (str(subject["kind"]), str(subject["code"])) if isinstance(subject, dict) else ("", "")


def _judge_target(
    observed: Observed, target: Target, limits: Limits, parts: Collection[str]
) -> tuple[list[Alert], Line]:
    register = observed.register
    name: Line = {
        "station": target.station,
        "quantity": target.quantity,
        "target_id": target.id,
        "basis": target.basis,
        "from": None,
        "to": None,
    }
    span = limits.span(observed, target.interval)
    if span is None:
        return [], name | attain(register, target, [], {}, (0, 0))
    ends = [*span, *observed.slots(target.station, target.quantity)]
    periods = list_periods(observed, target, min(ends) - DAY, max(ends) + DAY)
    shortfalls = judge_shortfall(register, target, periods, span[1])
    alerts = [_shortfall(target, shortfall) for shortfall in shortfalls]
    if "eflow_warning" in parts:
        alerts += judge_warnings(observed, target, periods, shortfalls, span[1])
    readings = observed.readings(target.station, target.quantity)
    shown: Line = {"from": format_time(span[0], register.zone), "to": format_time(span[1], register.zone)}
    return alerts, name | shown | attain(register, target, periods, readings, span)


def _shortfall(target: Target, found: Shortfall) -> Alert:
    return Alert(
        kind="station",
        code=target.station,
        name="eflow_shortfall",
        reason="below_target",
        onset=found.onset,
        raised_at=found.raised_at,
        resolved_at=found.resolved_at,
        target_id=target.id,
        quantity=target.quantity,
        basis=target.basis,
        levels=found.levels,
        shown=found.shown,
        worst=found.worst,
    )
