"""One station: what it measures, against what it owes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alerting.level import Level
from dashboards.grafana.alert_panels import alerts_open, level_counts, level_strips, marks
from dashboards.grafana.dashboard import Dashboard, Row
from dashboards.grafana.influxql import chosen, is_of, newest, states
from dashboards.grafana.limits import LEVEL_COLORS, NOTHING_WRONG
from dashboards.grafana.model import Query, Step, both
from dashboards.grafana.panels import number, strip
from dashboards.grafana.reading_panels import PLAIN, flows, latest_values, readings_by_flag
from dashboards.grafana.units import COUNT, unit_of
from hydro.quantity import Quantity

if TYPE_CHECKING:
    from dashboards.grafana.around import Around
    from dashboards.grafana.model import Panel

__all__ = ["station"]

_HERE: Final = chosen("station", "station")
_SUBJECT: Final = chosen("subject", "station")
_PLAINLY: Final = both(
    "所看时段内最新的有效值；目标见下面的过程线。",
    "The newest valid value of what is looked at; the curve below shows it against the target.",
)
_BATTERY: Final = both(
    "所看时段内最新的有效值；低于多数测点登记的下限为红色。",
    "The newest valid value of what is looked at; red below the bound that most points of the register have.",
)


def station(around: Around) -> Dashboard:
    """What is looked at when an alert names a station."""
    limits = around.limits
    return Dashboard(
        uid="wm-station",
        title=both("测站", "Station"),
        description=both(
            "一个测站的流量、水位、告警与设备状态。", "Flow, stage, alerts and the state of the device of one station."
        ),
        timezone=around.timezone,
        variables=(around.places.station(),),
        annotations=marks(_SUBJECT),
        rows=(
            Row(
                both("现状", "Now"),
                (
                    *level_counts(_SUBJECT),
                    _newest(Quantity.DISCHARGE, both("最新流量", "Latest discharge"), around),
                    _newest(Quantity.STAGE, both("最新水位", "Latest stage"), around),
                    _newest(Quantity.VOLTAGE, both("电池电压", "Battery"), around),
                ),
            ),
            Row(
                both("过程", "Over time"),
                (
                    flows(
                        Quantity.DISCHARGE,
                        _HERE,
                        both("流量", "Discharge"),
                        both(
                            "有效值的平均。底色与虚线为登记的目标：取当前有效目标中最大的一个，按分级界限分黄、橙、红。",
                            "Means of valid values. Ground and dashed lines are what the register owes: the largest "
                            "target of now, with its bounds of yellow, orange and red.",
                        ),
                        by_station=limits.targets(Quantity.DISCHARGE),
                        height=11,
                    ),
                    flows(
                        Quantity.STAGE,
                        _HERE,
                        both("水位（测尺零点以上）", "Stage"),
                        both(
                            "有效值的平均；登记的断流水位以下为红色。",
                            "Means of valid values; red below the register's cease_stage_m.",
                        ),
                        by_station=limits.cease(),
                        width=12,
                    ),
                    level_strips(_SUBJECT, height=9),
                ),
            ),
            Row(
                both("告警与读数", "Alerts and readings"),
                (
                    alerts_open(_SUBJECT, limits.ratio(), around.console, height=7),
                    latest_values(_HERE, limits.silence_s(), "quantity"),
                    readings_by_flag(_HERE, width=12),
                ),
            ),
            Row(
                both("设备", "Device"),
                (
                    flows(
                        Quantity.VOLTAGE,
                        _HERE,
                        both("电池电压", "Battery"),
                        both(
                            "低于多数测点登记的下限为红色。",
                            "Red below the least value that most of the register's points of this quantity have.",
                        ),
                        steps=limits.lowest(Quantity.VOLTAGE),
                        width=8,
                        height=7,
                    ),
                    flows(
                        Quantity.SIGNAL,
                        _HERE,
                        both("信号强度", "Signal"),
                        both(
                            "低于多数测点登记的下限为红色。",
                            "Red below the least value that most of the register's points of this quantity have.",
                        ),
                        steps=limits.lowest(Quantity.SIGNAL),
                        width=8,
                        height=7,
                    ),
                    _door(),
                ),
            ),
        ),
        links=((both("处置页面", "Console"), f"{around.console}/?station=${{station:raw}}"),) if around.console else (),
    )


def _newest(quantity: Quantity, title: str, around: Around) -> Panel:
    return number(
        title,
        _BATTERY if quantity is Quantity.VOLTAGE else _PLAINLY,
        Query(newest(f"{is_of(quantity)} AND {_HERE}", "station", flagged=False)),
        unit=unit_of(quantity),
        steps=around.limits.lowest(quantity) if quantity is Quantity.VOLTAGE else PLAIN,
        decimals=1 if quantity is Quantity.VOLTAGE else 3,
        none="–",
    )


def _door() -> Panel:
    return strip(
        both("箱门", "Cabinet door"),
        both("0 关、1 开；开为黄色。", "0 closed, 1 open; yellow when open."),
        Query(states(Quantity.DOOR, _HERE), name="$tag_station"),
        unit=COUNT,
        steps=(Step(None, NOTHING_WRONG), Step(1, LEVEL_COLORS[Level.YELLOW])),
        texts={"0": both("关", "closed"), "1": both("开", "open")},
        width=8,
    )
