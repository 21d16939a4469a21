"""Panels of readings that several dashboards show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alerting.level import Level
from dashboards.grafana.influxql import curve, newest, readings
from dashboards.grafana.limits import LEVEL_COLORS, NOTHING_WRONG
from dashboards.grafana.model import Link, Query, Step, both
from dashboards.grafana.panels import bars, column, curves, listing
from dashboards.grafana.units import COUNT, TIME, unit_of
from hydro.flags import Flag

if TYPE_CHECKING:
    from dashboards.grafana.model import Panel, Steps
    from hydro.quantity import Quantity

__all__ = ["PLAIN", "flows", "latest_values", "readings_by_flag"]

PLAIN: Final[Steps] = (Step(None, NOTHING_WRONG),)
"""Thresholds of what has no bound in the register."""

_FLAGS: Final = {
    Flag.GOOD: both("1 合格", "good"),
    Flag.NOT_EVALUATED: both("2 未评", "not evaluated"),
    Flag.SUSPECT: both("3 可疑", "suspect"),
    Flag.FAIL: both("4 不合格", "fail"),
    Flag.MISSING: both("9 缺测", "missing"),
}


def readings_by_flag(where: str, width: int = 24) -> Panel:
    """How many readings arrived, by hour and quality flag."""
    return bars(
        both("每小时读数", "Readings per hour"),
        both(
            "按观测时间，每小时的读数，按质量标志堆叠；没有读数为红色。",
            "Readings by the hour of their measurement and by quality flag; red where there is none.",
        ),
        *(
            Query(readings(f'{where} AND "flag" = {int(flag)}', "time(1h, 1ms) fill(none)"), name=name)
            for flag, name in _FLAGS.items()
        ),
        unit=COUNT,
        steps=(Step(None, LEVEL_COLORS[Level.RED]), Step(1, NOTHING_WRONG)),
        width=width,
        decimals=0,
        stacked=True,
    )


def flows(  # a panel says all of this, by name
    quantity: Quantity,
    where: str,
    title: str,
    description: str,
    *,
    by_station: dict[str, Steps] | None = None,
    steps: Steps = PLAIN,
    width: int = 24,
    height: int = 9,
) -> Panel:
    """Curves of a quantity, one for each station, each with the thresholds of its own."""
    return curves(
        title,
        description,
        Query(curve(quantity, where), name="$tag_station"),
        unit=unit_of(quantity),
        steps=steps,
        by_field=by_station,
        with_bounds=by_station is not None or len(steps) > 1,
        width=width,
        height=height,
    )


def latest_values(where: str, silence: Steps, *by: str, width: int = 12, height: int = 9) -> Panel:
    """The newest valid reading of each group, the oldest first."""
    station = Link(both("测站", "Station"), "/d/wm-station?var-station=${__value.raw}&${__url_time_range}")
    columns = (
        column("station", both("测站", "Station"), width=170, links=(station,)),
        column("quantity", both("要素", "Quantity"), width=170),
        column("value", both("数值", "Value"), decimals=3),
        column("flag", both("标志", "Flag"), width=110),
        column("Time", both("时间", "Time"), unit=TIME, width=190),
    )
    return listing(
        both("最新读数", "Latest readings"),
        both(
            "所看时段内每个序列最新的有效读数，最旧的在前；数值为各要素的标准单位。",
            "The newest valid reading of each series in the time that is looked at, the oldest first; values are in "
            "the canonical unit of their quantity.",
        ),
        Query(newest(where, *by), table=True),
        *(each for each in columns if each.field in (*by, "value", "flag", "Time")),
        unit=COUNT,
        steps=silence,
        order="Time",
        descending=False,
        width=width,
        height=height,
        none=both("无", "none"),
    )
