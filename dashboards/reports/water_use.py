"""Rows of ``water-use``: one a permit; what it may take, has taken, has left, and how much of that is known.

The state is of the year up to the end of the period: plans are of years. Volumes say what they rest on and how much of
the time they cover; nothing is filled in, so what was taken is at least that.

Source: CONTRACT section 7; docs/alert-classes.md, ``over_plan``.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final

from dashboards.reports.document import Cell, Column, Kind, Row, Table
from dashboards.reports.grouping import share, sum_tables
from hydro.fixed import MICRO, to_number
from hydro.instants import format_instant
from hydro.register import LATEST_MS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboards.reports.taken import Taken
    from hydro.register import Register
    from hydro.register.permits import Permit

__all__ = ["COLUMNS", "use_row", "use_state", "use_sums"]

COLUMNS: Final = (
    Column("permit", "许可证", "permit"),
    Column("number", "证号", "number"),
    Column("holder", "取水权人", "holder"),
    Column("division", "行政区划", "division", aside=True),
    Column("industry", "行业", "industry"),
    Column("source", "水源", "source", Kind.WORD),
    Column("permit_state", "许可状态", "state of the permit", Kind.WORD),
    Column("annual_m3", "年许可水量 (m³)", "permitted a year, m³", Kind.NUMBER, aside=True),
    Column("period_plan_m3", "本期计划 (m³)", "plan of the period, m³", Kind.NUMBER),
    Column("taken_m3", "本期取水 (m³)", "taken in the period, m³", Kind.NUMBER),
    Column("plan_m3", "年度计划 (m³)", "plan of the year, m³", Kind.NUMBER),
    Column("taken_year_m3", "年初以来取水 (m³)", "taken since 1 January, m³", Kind.NUMBER),
    Column("remaining_m3", "剩余 (m³)", "remaining, m³", Kind.NUMBER),
    Column("taken_rate", "计划使用率", "of the plan", Kind.PERCENT, ("taken_year_m3", "plan_m3")),
    Column("state", "取水状态", "state", Kind.WORD),
    Column("completeness", "完整率", "completeness", Kind.PERCENT, ("known_h", "due_h")),
    Column("completeness_year", "年初以来完整率", "since 1 January", Kind.PERCENT, ("known_year_h", "due_year_h")),
    Column("rests_on", "水量依据", "volumes rest on"),
    Column("doubts", "存疑", "doubts"),
    Column("intakes", "取水口", "intakes", Kind.COUNT),
    Column("known_h", "已知时长", "known hours", Kind.COUNT, aside=True),
    Column("due_h", "应知时长", "due hours", Kind.COUNT, aside=True),
    Column("known_year_h", "年初以来已知", "known since 1 January", Kind.COUNT, aside=True),
    Column("due_year_h", "年初以来应知", "due since 1 January", Kind.COUNT, aside=True),
    Column("valid_to", "有效期至", "valid until", Kind.TIME),
)

_SHARES: Final = (
    Column("permits", "许可证", "permits", Kind.COUNT),
    Column("taken_m3", "本期取水 (m³)", "taken in the period, m³", Kind.NUMBER),
    Column("plan_m3", "年度计划 (m³)", "plan of the year, m³", Kind.NUMBER, aside=True),
    Column("taken_year_m3", "年初以来取水 (m³)", "taken since 1 January, m³", Kind.NUMBER, aside=True),
    Column("remaining_m3", "剩余 (m³)", "remaining, m³", Kind.NUMBER),
    Column("taken_rate", "计划使用率", "of the plan", Kind.PERCENT, ("taken_year_m3", "plan_m3")),
    Column("over", "超计划", "over plan", Kind.COUNT, aside=True),
    Column("near", "接近计划", "near plan", Kind.COUNT),
    Column("judged", "有计划", "with a plan", Kind.COUNT, aside=True),
    Column("over_rate", "超计划占比", "over plan", Kind.PERCENT, ("over", "judged")),
    Column("known_year_h", "年初以来已知", "known since 1 January", Kind.COUNT, aside=True),
    Column("due_year_h", "年初以来应知", "due since 1 January", Kind.COUNT, aside=True),
    Column("completeness_year", "年初以来完整率", "since 1 January", Kind.PERCENT, ("known_year_h", "due_year_h")),
)
_NEAR: Final = Fraction(9, 10)
_OTHERS: Final = {
    "industries": ("行业汇总", "By industry", Column("industry", "行业", "industry")),
    "sources": ("水源汇总", "By source", Column("source", "水源", "source", Kind.WORD)),
}


def use_state(taken: int, plan: int | None) -> str | None:
    """Normal, near the plan from 90 % on, or over it; None without one. Any take is over a plan of nothing.

    >>> [use_state(taken, 100) for taken in (0, 89, 90, 100, 101)], use_state(1, 0), use_state(1, None)
    (['normal', 'normal', 'near', 'near', 'over'], 'over', None)
    """
    if plan is None:
        return None
    if taken > max(plan, 0):
        return "over"
    return "near" if plan > 0 and taken >= _NEAR * plan else "normal"


def use_row(
    permit: Permit,
    register: Register,
    *,
    taken: Taken,
    since_january: Taken,
    period_plan: int | None,
    plan: int | None,
    doubts: Sequence[str],
    intakes: int,
) -> Row:
    """One permit.

    Args:
        permit: Its row at the end of the period, or its last.
        register: For the zone.
        taken: In the period.
        since_january: In the year up to the end of the period.
        period_plan: Of exactly the period, 1e-6 m3; None where the register has none.
        plan: Of the year.
        doubts: What the volumes take for granted.
        intakes: At how many it was used.
    """
    rests = sorted(taken.rests | since_january.rests)
    return {
        "permit": permit.permit,
        "number": permit.number or None,
        "holder": permit.holder or permit.user or None,
        "division": permit.division or None,
        "industry": permit.industry or None,
        "source": permit.source.value,
        "permit_state": permit.state.value,
        "annual_m3": to_number(permit.annual),
        "period_plan_m3": None if period_plan is None else to_number(period_plan),
        "taken_m3": _known(taken),
        "plan_m3": None if plan is None else to_number(plan),
        "taken_year_m3": _known(since_january),
        "remaining_m3": None if plan is None or not since_january.rests else to_number(plan - since_january.volume),
        "taken_rate": share(since_january.volume, plan or 0) if since_january.rests else None,
        "state": use_state(since_january.volume, plan) if since_january.rests else None,
        "completeness": share(taken.known, taken.due),
        "completeness_year": share(since_january.known, since_january.due),
        "rests_on": " ".join(kind.text for kind in rests) or None,
        "doubts": " ".join(doubts) or None,
        "intakes": intakes,
        "known_h": taken.known,
        "due_h": taken.due,
        "known_year_h": since_january.known,
        "due_year_h": since_january.due,
        "valid_to": None if permit.end_ms == LATEST_MS else format_instant(permit.end_ms, register.zone_minutes),
    }


def _known(taken: Taken) -> float | None:
    """A volume; None where nothing at all is known, which is not zero."""
    return to_number(taken.volume) if taken.rests else None


def use_sums(rows: Sequence[Row]) -> tuple[Table, ...]:
    """Volumes added up: in all, and by division, industry and source."""
    return sum_tables(rows, _SHARES, _summed, _OTHERS)


def _summed(rows: Sequence[Row]) -> dict[str, Cell]:
    """A share of plans is told of permits alone that have a plan, and of whose take something is known."""
    judged = [row for row in rows if row["state"] is not None]
    taken, plan = _volume(judged, "taken_year_m3"), _volume(judged, "plan_m3")
    states = [row["state"] for row in judged]
    known, due = (sum(int(row[column] or 0) for row in rows) for column in ("known_year_h", "due_year_h"))
    return {
        "permits": len(rows),
        "taken_m3": to_number(_volume(rows, "taken_m3")),
        "plan_m3": to_number(plan),
        "taken_year_m3": to_number(taken),
        "remaining_m3": to_number(plan - taken) if judged else None,
        "taken_rate": share(taken, plan),
        "over": states.count("over"),
        "near": states.count("near"),
        "judged": len(judged),
        "over_rate": share(states.count("over"), len(judged)),
        "known_year_h": known,
        "due_year_h": due,
        "completeness_year": share(known, due),
    }


def _volume(rows: Sequence[Row], column: str) -> int:
    return sum(round(float(row[column] or 0) * MICRO) for row in rows)
