"""Rows of ``alert-ledger``: one an alert that was open at some time of the period, and how its case was worked.

An alert is open from its onset until it is resolved. Withdrawn ones are none. Of a share of false alarms the whole is
what people have looked into, not what the machine has raised.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from alerting.case import CaseState, is_suspected
from alerting.eflow.attainment import percent
from alerting.level import Level
from dashboards.reports.division import covers
from dashboards.reports.document import Cell, Column, Kind, Row, Table
from hydro.instants import HOUR_MS, parse_instant

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dashboards.reports.place import Place
    from hydro.register import DatedRows, Register, Station

__all__ = ["COLUMNS", "alert_row", "alert_sums", "is_of"]

COLUMNS: Final = (
    Column("id", "编号", "id"),
    Column("class", "类别", "class", Kind.WORD),
    Column("reason", "原因", "reason", Kind.WORD),
    Column("level", "级别", "level", Kind.WORD),
    Column("highest", "最高级别", "highest", Kind.WORD),
    Column("state", "状态", "state", Kind.WORD),
    Column("suspected", "疑似", "suspected", Kind.YES_NO),
    Column("subject_kind", "对象类型", "kind of subject", Kind.WORD, aside=True),
    Column("subject", "对象", "subject"),
    Column("name", "名称", "name"),
    Column("division", "行政区划", "division"),
    Column("target_id", "目标", "target", aside=True),
    Column("basis", "判定口径", "basis", Kind.WORD),
    Column("onset", "开始", "onset", Kind.TIME),
    Column("raised_at", "发出", "raised", Kind.TIME, aside=True),
    Column("resolved_at", "解除", "resolved", Kind.TIME),
    Column("hours", "历时 (小时)", "hours", Kind.NUMBER),
    Column("value", "数值", "value", Kind.NUMBER),
    Column("target", "目标值", "target value", Kind.NUMBER),
    Column("ratio", "比值", "ratio", Kind.NUMBER),
    Column("worst_ratio", "最低比值", "worst ratio", Kind.NUMBER),
    Column("worst_deficit_m", "最大差值 (米)", "worst deficit, m", Kind.NUMBER),
    Column("within_uncertainty", "在不确定度内", "within uncertainty", Kind.YES_NO, aside=True),
    Column("case", "处置状态", "case", Kind.WORD),
    Column("outcome", "核实结果", "found", Kind.WORD),
    Column("assignee", "承办", "assignee"),
    Column("config", "判定依据 (哈希)", "judged by", aside=True),
    Column("river", "河流", "river", aside=True),
    Column("authority", "主管部门", "authority", aside=True),
)

_COUNTS: Final = (
    Column("alerts", "告警数", "alerts", Kind.COUNT),
    Column("firing", "告警中", "firing", Kind.COUNT),
    Column("red", "曾达红色", "were red", Kind.COUNT),
    Column("looked_into", "已核实", "looked into", Kind.COUNT),
    Column("confirmed", "属实", "confirmed", Kind.COUNT, aside=True),
    Column("confirmed_rate", "属实率", "confirmed", Kind.PERCENT, ("confirmed", "looked_into")),
    Column("false_alarms", "误报", "false alarms", Kind.COUNT, aside=True),
    Column("false_alarm_rate", "误报率", "false alarms", Kind.PERCENT, ("false_alarms", "looked_into")),
    Column("closed", "已结案", "closed", Kind.COUNT, aside=True),
    Column("closed_rate", "结案率", "closed", Kind.PERCENT, ("closed", "alerts")),
)


def is_of(alert: Mapping[str, Any], start: int, end: int, place: Place, register: Register) -> bool:
    """Whether an alert belongs into the report.

    Args:
        alert: As the contract has it.
        start: Epoch milliseconds; one that was resolved up to it doesn't.
        end: Epoch milliseconds; one that began later doesn't.
        place: Of an alert about something else than a station only its division is known.
        register: Which authority and river a station has.
    """
    if alert["state"] == "withdrawn" or _at(alert["onset"]) > end:
        return False
    if alert["resolved_at"] is not None and _at(alert["resolved_at"]) <= start:
        return False
    rows = _station(alert, register)
    if rows is not None and place.is_of_stations:
        return place.holds(rows.at(_at(alert["onset"])) or rows.rows[-1])
    if place.is_of_stations:
        return False
    return place.division is None or covers(place.division, alert["division"] or "")


def alert_row(alert: Mapping[str, Any], register: Register) -> Row:
    """One alert; hours end with its resolution and are null before."""
    rows = _station(alert, register)
    row = None if rows is None else rows.rows[-1]
    case, worst, resolved = alert["case"], alert["worst"] or {}, alert["resolved_at"]
    found = [step["outcome"] for step in case["history"] if step["outcome"] is not None]
    lasted = None if resolved is None else _at(resolved) - _at(alert["onset"])
    shown: dict[str, Cell] = {name.name: alert.get(name.name) for name in COLUMNS if name.name in _AS_THEY_ARE}
    return shown | {
        "highest": max((change["level"] for change in alert["levels"]), key=_rank, default=alert["level"]),
        "suspected": is_suspected(CaseState(case["state"])),
        "subject_kind": alert["subject"]["kind"],
        "subject": alert["subject"]["code"],
        "name": None if row is None else row.name or None,
        "river": None if row is None else row.river or None,
        "authority": None if row is None else row.authority or None,
        "hours": None if lasted is None else round(lasted / HOUR_MS, 2),
        "worst_ratio": worst.get("ratio"),
        "worst_deficit_m": worst.get("deficit_m"),
        "case": case["state"],
        "outcome": found[-1] if found else None,
        "assignee": case["assignee"],
    }


def alert_sums(rows: Sequence[Row]) -> tuple[Table, ...]:
    """Numbers of alerts by class and by division."""
    by_class = (Column("class", "类别", "class", Kind.WORD), *_COUNTS)
    by_division = (Column("division", "行政区划", "division"), *_COUNTS)
    return (
        Table(name="classes", zh="类别汇总", en="By class", columns=by_class, rows=_counted(rows, "class")),
        Table(
            name="divisions", zh="行政区汇总", en="By division", columns=by_division, rows=_counted(rows, "division")
        ),
    )


def _station(alert: Mapping[str, Any], register: Register) -> DatedRows[Station] | None:
    """The station that an alert is about; None where it is about something else."""
    subject = alert["subject"]
    return register.stations.get(subject["code"]) if subject["kind"] == "station" else None


_AS_THEY_ARE: Final = frozenset(
    (
        *("id", "class", "reason", "level", "state", "division", "target_id", "basis", "onset", "raised_at"),
        *("resolved_at", "value", "target", "ratio", "within_uncertainty", "config"),
    )
)


def _counted(rows: Sequence[Row], by: str) -> tuple[Row, ...]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(str(row[by] or "-"), []).append(row)
    found: list[Row] = []
    for name, members in sorted(groups.items()):
        looked_into = [row["outcome"] for row in members if row["outcome"] is not None]
        confirmed, false_alarms = looked_into.count("confirmed"), looked_into.count("false_alarm")
        closed = sum(row["case"] == CaseState.CLOSED for row in members)
        found.append(
            {
                by: name,
                "alerts": len(members),
                "firing": sum(row["state"] == "firing" for row in members),
                "red": sum(row["highest"] == "red" for row in members),
                "looked_into": len(looked_into),
                "confirmed": confirmed,
                "confirmed_rate": _share(confirmed, len(looked_into)),
                "false_alarms": false_alarms,
                "false_alarm_rate": _share(false_alarms, len(looked_into)),
                "closed": closed,
                "closed_rate": _share(closed, len(members)),
            }
        )
    return tuple(found)


def _share(part: int, whole: int) -> float | None:
    return percent(Fraction(part, whole)) if whole else None


def _rank(level: str) -> int:
    return Level[level.upper()]


def _at(time: str) -> int:
    return parse_instant(time, 0)
