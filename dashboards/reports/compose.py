"""Rows and head make a document: titles, sums, figures, and what the reader must know to trust a number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dashboards.reports import against_field, alerts, attainment, metering, quality, water_use
from dashboards.reports.document import Document, Fact, Row, Table
from dashboards.reports.figures import figures_of
from dashboards.reports.notes import BASES, NOTES, RUNNING
from dashboards.reports.period import PeriodKind, parse_period
from hydro.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dashboards.reports.document import Column
    from dashboards.reports.head import Head

__all__ = ["NAMES", "TITLES", "compose", "require_name"]

TITLES: Final = {
    "eflow-attainment": ("生态流量达标评价", "Ecological flow attainment"),
    "data-quality": ("监测数据质量", "Data quality"),
    "alert-ledger": ("告警台账", "Alert ledger"),
    "online-metering": ("取水在线计量", "Online metering of intakes"),
    "water-use": ("取用水量与计划", "Water use and plans"),
    "register-against-field": ("登记与现场核对", "Register against field"),
}
NAMES: Final = tuple(TITLES)
"""Reports that there are."""

_COLUMNS: Final[dict[str, tuple[Column, ...]]] = {
    "eflow-attainment": attainment.COLUMNS,
    "data-quality": quality.COLUMNS,
    "alert-ledger": alerts.COLUMNS,
    "online-metering": metering.COLUMNS,
    "water-use": water_use.COLUMNS,
    "register-against-field": against_field.COLUMNS,
}
_SUMS: Final[dict[str, Callable[[Sequence[Row]], tuple[Table, ...]]]] = {
    "data-quality": quality.quality_sums,
    "alert-ledger": alerts.alert_sums,
    "online-metering": metering.metering_sums,
    "water-use": water_use.use_sums,
    "register-against-field": against_field.field_sums,
}
_MAIN: Final = {
    "eflow-attainment": ("逐目标评价", "Target by target"),
    "data-quality": ("逐序列统计", "Series by series"),
    "alert-ledger": ("逐条告警", "Alert by alert"),
    "online-metering": ("逐取水口", "Intake by intake"),
    "water-use": ("逐许可证", "Permit by permit"),
    "register-against-field": ("逐项核对", "One by one"),
}


def require_name(name: str) -> str:
    """A report that was asked for.

    Raises:
        ConfigError: There is none of that name.
    """
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
    is_year = period.kind is PeriodKind.YEAR and head.is_over
    sums = attainment.attainment_sums(rows, is_year=is_year) if name == "eflow-attainment" else _SUMS[name](rows)
    zh, en = TITLES[name]
    main = Table(name=name, zh=_MAIN[name][0], en=_MAIN[name][1], columns=_COLUMNS[name], rows=tuple(rows))
    return Document(
        name=name,
        zh=zh,
        en=en,
        period=head.period,
        kind=period.kind.value,
        facts=_facts(head),
        figures=figures_of(name, rows, sums),
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
