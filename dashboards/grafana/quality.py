"""Data quality: what arrives, how good it is, who is silent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alerting.level import Level
from dashboards.grafana.alert_panels import alerts_open, level_counts, marks
from dashboards.grafana.dashboard import Dashboard, Row
from dashboards.grafana.influxql import VALID, chosen, per_day, readings, weakest
from dashboards.grafana.limits import LEVEL_COLORS
from dashboards.grafana.model import Query, Step, both
from dashboards.grafana.panels import bars, ranking
from dashboards.grafana.reading_panels import latest_values, readings_by_flag
from dashboards.grafana.units import COUNT, PERCENT, unit_of
from hydro.quantity import Quantity

if TYPE_CHECKING:
    from dashboards.grafana.around import Around
    from dashboards.grafana.model import Panel

__all__ = ["quality"]

_STATION: Final = chosen("station", "basin")
_DATA: Final = "(\"class\" = 'data_loss' OR \"class\" = 'device_fault')"


def quality(around: Around) -> Dashboard:
    """What whoever keeps devices and links alive looks at."""
    return Dashboard(
        uid="wm-quality",
        title=both("数据质量", "Data quality"),
        description=both(
            "到报率、质量标志、中断与设备故障。", "Completeness, quality flags, outages and faults of devices."
        ),
        timezone=around.timezone,
        every_s=around.every_s,
        variables=(around.places.basin(),),
        annotations=marks(_DATA),
        rows=(
            Row(
                both("中断与故障", "Outages and faults"),
                (
                    *level_counts(_DATA, width=6),
                    alerts_open(_DATA, around.limits.ratio(), around.console, height=8),
                ),
            ),
            Row(
                both("完整性", "Completeness"),
                (_completeness(around), _not_valid(around), readings_by_flag(_STATION)),
            ),
            Row(
                both("测站与设备", "Stations and devices"),
                (
                    latest_values(_STATION, around.limits.silence_s(), "station", height=11),
                    _batteries(around),
                ),
            ),
        ),
    )


def _completeness(around: Around) -> Panel:
    due = around.limits.readings_a_day()
    return bars(
        both("完整率", "Completeness"),
        both(
            f"所有流域每日有效读数占应有读数的百分比；应有 = 登记的测点每个时段一条，每日 {due} 条。"
            "绿色自登记的达标率（pass_rate）起。考核用的完整率见报表。",
            f"Valid readings of all basins in percent of those due: one for each point of the register and slot, {due} "
            "a day. Green from the register's pass_rate on. Reports have the completeness that verdicts go by.",
        ),
        Query(readings(VALID, f"{per_day(around.zone_minutes)} fill(none)", per=max(due, 1)), name="%"),
        unit=PERCENT,
        steps=around.limits.completeness(),
        with_bounds=True,
        greatest=100,
        decimals=1,
        interval="1d",
    )


def _not_valid(around: Around) -> Panel:
    return bars(
        both("不可用读数", "Readings that don't count"),
        both(
            "每日不合格（4）与缺测（9）的读数；一条以上为黄色。",
            "Readings flagged fail (4) or missing (9), by day; yellow from one on.",
        ),
        Query(
            readings(f'{_STATION} AND "flag" >= 4', f'{per_day(around.zone_minutes)}, "quantity" fill(none)'),
            name="$tag_quantity",
        ),
        unit=COUNT,
        steps=(Step(None, "green"), Step(1, LEVEL_COLORS[Level.YELLOW])),
        decimals=0,
        stacked=True,
        interval="1d",
    )


def _batteries(around: Around) -> Panel:
    return ranking(
        both("电压最低的 20 站", "The 20 lowest batteries"),
        both(
            "所看时段内的最低电压；低于多数测点登记的下限为红色。",
            "Least voltage of what is looked at; red below the bound that most points of the register have.",
        ),
        Query(weakest(Quantity.VOLTAGE, _STATION, 20), table=True),
        unit=unit_of(Quantity.VOLTAGE),
        steps=around.limits.lowest(Quantity.VOLTAGE),
        height=11,
        decimals=1,
        none=both("无", "none"),
    )
