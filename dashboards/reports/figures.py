"""Figures that the page of a report shows large: shares, each with what it is of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards.reports.document import Fact

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboards.reports.document import Cell, Row, Table

__all__ = ["figures_of"]


def figures_of(name: str, rows: Sequence[Row], sums: Sequence[Table]) -> tuple[Fact, ...]:
    """Those of a report.

    Args:
        name: Of the contract.
        rows: All of them.
        sums: Over them.
    """
    if name in ("online-metering", "water-use", "register-against-field"):
        return _of_taking(name, sums[0].rows[0]) if sums[0].rows else ()
    if name == "eflow-attainment":
        judged = [row["pass"] for row in rows if row["pass"] is not None]
        meets = [row["meets"] for row in sums[-1].rows if row["meets"] is not None]
        return (
            Fact("合格目标", "targets that pass", _of(sum(map(bool, judged)), len(judged))),
            Fact(
                "达到年度线的测站 [D]", "stations that meet the year's mark [D]", _of(sum(map(bool, meets)), len(meets))
            ),
            Fact("未能评价的目标", "targets not judged", _of(len(rows) - len(judged), len(rows))),
            Fact("完整率", "completeness", _of(_sum(rows, "valid_slots"), _sum(rows, "due_slots"))),
        )
    if name == "data-quality":
        due = [row for row in rows if row["due"] is not None]
        return (
            Fact("到报率", "arrival", _of(_sum(due, "arrived"), _sum(due, "due"))),
            Fact("完整率", "completeness", _of(_sum(due, "valid"), _sum(due, "due"))),
            Fact("有效率", "validity", _of(_sum(rows, "values_valid"), _sum(rows, "values"))),
            Fact("全无数据的序列", "series without any value", _of(sum(not row["values"] for row in due), len(due))),
        )
    firing = sum(row["state"] == "firing" for row in rows)
    closed = sum(row["case"] == "closed" for row in rows)
    return (
        Fact("告警", "alerts", str(len(rows))),
        Fact("告警中", "firing", _of(firing, len(rows))),
        Fact("曾达红色", "were red", _of(sum(row["highest"] == "red" for row in rows), len(rows))),
        Fact("已结案", "closed", _of(closed, len(rows))),
    )


def _sum(rows: Sequence[Row], column: str) -> int:
    return sum(int(row[column] or 0) for row in rows)


def _of(part: int, whole: int) -> str:
    """A share as people read it, never without what it is of."""
    return f"{100 * part / whole:.1f} % ({part}/{whole})" if whole else "– (0/0)"


def _of_taking(name: str, sums: Row) -> tuple[Fact, ...]:
    def figure(zh: str, en: str, part: str, whole: str) -> Fact:
        return Fact(zh, en, _of_amounts(sums[part], sums[whole]))

    if name == "online-metering":
        return (
            figure("在线计量率（按个数）", "metered online, by count", "metered", "above_threshold"),
            figure("在线计量率（按许可水量）", "metered online, by permitted m³", "metered_m3", "above_threshold_m3"),
            figure("在线率（按个数）", "online, by count", "online", "above_threshold"),
            figure("在线率（按许可水量）", "online, by permitted m³", "online_m3", "above_threshold_m3"),
        )
    if name == "water-use":
        return (
            figure("计划使用率", "of the plans of the year", "taken_year_m3", "plan_m3"),
            figure("超计划", "permits over plan", "over", "judged"),
            figure("水量完整率", "of the hours known", "known_year_h", "due_year_h"),
            Fact("本期取水 (m³)", "taken in the period, m³", f"{float(sums['taken_m3'] or 0):,.1f}"),
        )
    return (
        figure("一致", "agree", "agree", "subjects"),
        figure("有许可", "intakes permitted", "permitted", "intakes"),
        figure("在线", "intakes online", "online", "intakes"),
        Fact("未登记地址", "addresses not registered", str(sums["unregistered"])),
    )


def _of_amounts(part: Cell, whole: Cell) -> str:
    """A share of counts or volumes, never without what it is of."""
    share, of = float(part or 0), float(whole or 0)
    return f"{100 * share / of:.1f} % ({share:,.0f}/{of:,.0f})" if of > 0 else "– (0/0)"
