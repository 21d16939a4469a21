"""Sums of rows by what a column names, and by the divisions above the one that it names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Final

from alerting.eflow.attainment import percent
from dashboards.reports.division import city_of, province_of
from dashboards.reports.document import Cell, Column, Kind, Row, Table

__all__ = ["grouped", "share", "sum_tables"]

_NOWHERE: Final = "-"
_REGIONS: Final[tuple[tuple[str, Callable[[str], str | None]], ...]] = (
    ("province", province_of),
    ("city", city_of),
    ("county", str),
)
_DIVISION: Final = (Column("level", "级别", "level", Kind.WORD), Column("division", "行政区划", "division"))

Summed = Callable[[Sequence[Row]], dict[str, Cell]]


def share(part: int, whole: int) -> float | None:
    """Percent, two decimals; None of nothing."""
    return percent(Fraction(part, whole)) if whole > 0 else None


def grouped(rows: Sequence[Row], column: str) -> dict[str, list[Row]]:
    """Rows by what a column has, sorted; ``-`` where it has nothing."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(str(row[column] or _NOWHERE), []).append(row)
    return dict(sorted(groups.items()))


def sum_tables(
    rows: Sequence[Row], columns: tuple[Column, ...], summed: Summed, others: Mapping[str, tuple[str, str, Column]]
) -> tuple[Table, ...]:
    """Tables over rows: in all, by province, city and county, and by other columns.

    Args:
        rows: With a column ``division``.
        columns: Of the sums.
        summed: Makes them.
        others: Name of each further table, its titles and the column by which it groups.
    """
    regions: list[Row] = []
    for level, region_of in _REGIONS:
        members: dict[str, list[Row]] = {}
        for division, found in grouped(rows, "division").items():
            region = region_of(division)
            if region is not None:
                members.setdefault(region, []).extend(found)
        regions += [{"level": level, "division": region, **summed(part)} for region, part in sorted(members.items())]
    return (
        Table(name="all", zh="合计", en="In all", columns=columns, rows=(summed(rows),) if rows else ()),
        Table(name="divisions", zh="区划汇总", en="By division", columns=(*_DIVISION, *columns), rows=tuple(regions)),
        *(
            Table(
                name=name,
                zh=zh,
                en=en,
                columns=(column, *columns),
                rows=tuple({column.name: key, **summed(part)} for key, part in grouped(rows, column.name).items()),
            )
            for name, (zh, en, column) in others.items()
        ),
    )
