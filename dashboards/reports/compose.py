"""Rows and head make a document: titles, sums, figures, and what the reader must know to trust a number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dashboards.reports import alerts, attainment, quality
from dashboards.reports.document import Document, Fact, Table
from dashboards.reports.notes import BASES, NOTES, RUNNING
from dashboards.reports.period import PeriodKind, parse_period
from hydro.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dashboards.reports.document import Column, Row
    from dashboards.reports.head import Head

__all__ = ["LATER", "NAMES", "TITLES", "compose", "require_name"]

TITLES: Final = {
    "eflow-attainment": ("生态流量达标评价", "Ecological flow attainment"),
    "data-quality": ("监测数据质量", "Data quality"),
    "alert-ledger": ("告警台账", "Alert ledger"),
}
NAMES: Final = tuple(TITLES)
"""Reports that there are."""

LATER: Final = ("online-metering", "water-use")
"""Reports of the contract that come with later versions."""

_COLUMNS: Final[dict[str, tuple[Column, ...]]] = {
    "eflow-attainment": attainment.COLUMNS,
    "data-quality": quality.COLUMNS,
    "alert-ledger": alerts.COLUMNS,
}
_MAIN: Final = {
    "eflow-attainment": ("逐目标评价", "Target by target"),
    "data-quality": ("逐序列统计", "Series by series"),
    "alert-ledger": ("逐条告警", "Alert by alert"),
}


def require_name(name: str) -> str:
    """A report that was asked for.

    Raises:
        ConfigError: There is none of that name, or not yet.
    """
    if name in LATER:
        raise ConfigError(f"report {name} comes with a later version; there are {', '.join(NAMES)}")
    if name not in NAMES:
        raise ConfigError(f"report {name[:64]!r} is not one of {', '.join(NAMES)}")
    return name


def compose(head: Head, rows: Sequence[Row]) -> Document:
    """The document of a report.

    Args:
        head: What it is of.
        rows: All of them, as the report's module makes them.

    Raises:
        ConfigError: There is no report of that name, or no such period.
    """
    name = require_name(head.name)
    period = parse_period(head.period)
    if name == "eflow-attainment":
        sums = attainment.attainment_sums(rows, is_year=period.kind is PeriodKind.YEAR and head.is_over)
    elif name == "data-quality":
        sums = quality.quality_sums(rows)
    else:
        sums = alerts.alert_sums(rows)
    zh, en = TITLES[name]
    main = Table(name=name, zh=_MAIN[name][0], en=_MAIN[name][1], columns=_COLUMNS[name], rows=tuple(rows))
    return Document(
        name=name,
        zh=zh,
        en=en,
        period=head.period,
        kind=period.kind.value,
        facts=_facts(head),
        figures=_figures(name, rows, sums),
        main=main,
        sums=sums,
        notes=(*([] if head.is_over else [RUNNING]), *NOTES[name]),
        basis=BASES[name],
    )


def _facts(head: Head) -> tuple[Fact, ...]:
    return (
        Fact("统计期", "Period", head.period),
        Fact("统计范围", "Counted", f"({head.start}, {head.end}]"),
        *_place(head),
        Fact("数据来源", "Made from", head.source),
        Fact("登记册哈希", "Register", head.register),
        Fact("制表时间", "Made at", head.made_at),
        Fact("软件版本", "Software", f"Watermaster {head.version}"),
    )


def _place(head: Head) -> Iterator[Fact]:
    """Of which stations; all of them where nothing restricts."""
    found = [
        Fact("行政区划", "Division", head.division or ""),
        Fact("主管部门", "Authority", head.authority or ""),
        Fact("河流", "River", head.river or ""),
        Fact("测站", "Station", head.station or ""),
    ]
    chosen = [fact for fact in found if fact.value]
    yield from chosen or [Fact("范围", "Place", "全部测站 all stations")]


def _figures(name: str, rows: Sequence[Row], sums: Sequence[Table]) -> tuple[Fact, ...]:
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
