"""Province overview: how many alerts, of what kind, where; and whether data arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alerting.level import Level
from dashboards.grafana.alert_panels import alerts_changed, alerts_open, level_counts, level_strips, marks
from dashboards.grafana.dashboard import Dashboard, Row
from dashboards.grafana.influxql import chosen, open_by, readings_in, reporting
from dashboards.grafana.limits import LEVEL_COLORS, NOTHING_WRONG, none_is_good
from dashboards.grafana.model import Query, Step, both
from dashboards.grafana.panels import number, ranking
from dashboards.grafana.reading_panels import readings_by_flag
from dashboards.grafana.units import COUNT

if TYPE_CHECKING:
    from dashboards.grafana.around import Around
    from dashboards.grafana.model import Panel

__all__ = ["province"]

_STATION: Final = chosen("station", "basin")
_LEAST_WINDOW_MIN: Final = 60
_REPORTS_MISSED: Final = 3


def province(around: Around) -> Dashboard:
    """The first thing that an operator of the province looks at."""
    where = chosen("basin", "basin")
    return Dashboard(
        uid="wm-province",
        title=both("全省总览", "Province overview"),
        description=both(
            "各级告警、分布与数据到报；可按流域筛选。", "Alerts by level and place, and arrival of data; by basin."
        ),
        timezone=around.timezone,
        every_s=around.every_s,
        variables=(around.places.basin(),),
        annotations=marks(where),
        rows=(
            Row(
                both("告警", "Alerts"),
                (
                    *level_counts(where),
                    *_arrival(around),
                    alerts_open(where, around.limits.ratio(), around.console, height=10),
                ),
            ),
            Row(
                both("分布", "Where"),
                (
                    _by(where, "division", both("按行政区", "By division")),
                    _by(where, "river", both("按河流", "By river")),
                    _by(where, "class", both("按类型", "By class")),
                ),
            ),
            Row(
                both("过程", "Over time"),
                (alerts_changed(where, around.zone_minutes), level_strips(where), readings_by_flag(_STATION)),
            ),
        ),
        links=((both("处置页面", "Console"), around.console),) if around.console else (),
    )


def _arrival(around: Around) -> tuple[Panel, ...]:
    usual, due = around.limits.usual_report_min()
    window = max(_LEAST_WINDOW_MIN, _REPORTS_MISSED * usual)
    return (
        number(
            both("在报测站", "Stations reporting"),
            both(
                f"近 {window} 分钟内有有效值的测站数，时段为最常见报送间隔（{usual} 分钟）的三倍。"
                f"登记的测站中报送不慢于此的共 {due} 个（所有流域），达到此数为绿色，一个都没有为红色。",
                f"Stations with a valid value in the last {window} min, three times the most common report_min of the "
                f"register, {usual} min. It has {due} stations in all basins that report no slower: green from that "
                "number on, red when none reports.",
            ),
            Query(reporting(_STATION, f"{window}m"), table=True),
            unit=COUNT,
            steps=(
                Step(None, LEVEL_COLORS[Level.RED]),
                Step(1, LEVEL_COLORS[Level.YELLOW]),
                Step(max(due, 2), NOTHING_WRONG),
            ),
            width=6,
            none="0",
        ),
        number(
            both("近一日有效读数", "Valid readings of a day"),
            both(
                "所看时段最后一日的有效读数；登记的测点按间隔每日应报的条数为绿色的起点。",
                "Valid readings of the last day that is looked at; green from as many on as the register's points owe.",
            ),
            Query(readings_in(_STATION, "1d"), table=True),
            unit=COUNT,
            steps=(
                Step(None, LEVEL_COLORS[Level.YELLOW]),
                Step(max(around.limits.readings_a_day(), 1), NOTHING_WRONG),
            ),
            width=6,
            none="0",
        ),
    )


def _by(where: str, tag: str, title: str) -> Panel:
    return ranking(
        title,
        both(
            "未结束的告警数，以所看时段的终点为准；一条以上为黄色。",
            "Open alerts as of the end of the time that is looked at; yellow from one on.",
        ),
        Query(open_by(where, tag), name=f"$tag_{tag}"),
        unit=COUNT,
        steps=none_is_good(LEVEL_COLORS[Level.YELLOW]),
        width=8,
        decimals=0,
        none=both("无", "none"),
    )
