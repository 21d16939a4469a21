"""Two dashboards of the same make: a division, and a river."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerting.level import Level
from dashboards.grafana.alert_panels import alerts_changed, alerts_open, level_counts, level_strips, marks
from dashboards.grafana.dashboard import Dashboard, Row
from dashboards.grafana.influxql import chosen, reporting
from dashboards.grafana.limits import LEVEL_COLORS, NOTHING_WRONG
from dashboards.grafana.model import Query, Step, both
from dashboards.grafana.panels import number
from dashboards.grafana.reading_panels import flows, latest_values, readings_by_flag
from dashboards.grafana.units import COUNT
from hydro.quantity import Quantity

if TYPE_CHECKING:
    from dashboards.grafana.around import Around
    from dashboards.grafana.model import Panel, Variable

__all__ = ["division", "river"]


def division(around: Around) -> Dashboard:
    """What an operator of a county or a city looks at."""
    return _area(
        around,
        around.places.division(),
        uid="wm-division",
        title=both("行政区", "Division"),
        description=both(
            "一个县区或地市的告警、流量与到报。", "Alerts, flows and arrival of data of a county or a whole city."
        ),
    )


def river(around: Around) -> Dashboard:
    """What whoever answers for a river looks at."""
    return _area(
        around,
        around.places.river(),
        uid="wm-river",
        title=both("河流", "River"),
        description=both("一条河流的告警、沿程流量与到报。", "Alerts, flows along it and arrival of data of a river."),
    )


def _area(around: Around, variable: Variable, *, uid: str, title: str, description: str) -> Dashboard:
    where = chosen(variable.name, variable.name)
    stations = chosen("station", variable.name)
    return Dashboard(
        uid=uid,
        title=title,
        description=description,
        timezone=around.timezone,
        every_s=around.every_s,
        variables=(variable,),
        annotations=marks(where),
        rows=(
            Row(
                both("告警", "Alerts"),
                (
                    *level_counts(where),
                    _reporting(stations),
                    alerts_open(where, around.limits.ratio(), around.console, height=8),
                    alerts_changed(where, around.zone_minutes),
                    level_strips(where),
                ),
            ),
            Row(
                both("流量与水位", "Flow and stage"),
                (
                    flows(
                        Quantity.DISCHARGE,
                        stations,
                        both("流量", "Discharge"),
                        both(
                            "有效值的平均，每站一条。红色为断流：不高于有目标的测站登记的 zero_below（取最大的一个）。"
                            "各站的目标线见“测站”看板。",
                            "Means of valid values, a curve for each station. Red is no flow: up to the largest "
                            "zero_below of the register's stations with a target. The dashboard of a station shows "
                            "its targets.",
                        ),
                        steps=around.limits.standstill(),
                        height=11,
                    ),
                    flows(
                        Quantity.STAGE,
                        stations,
                        both("水位（测尺零点以上）", "Stage"),
                        both(
                            "有效值的平均，每站一条；各站零点不同，没有共同的限值。",
                            "Means of valid values, a curve for each station; each has its own datum, so there is no "
                            "bound for all of them.",
                        ),
                        width=12,
                    ),
                    latest_values(stations, around.limits.silence_s(), "station", "quantity"),
                ),
            ),
            Row(both("到报", "Arrival of data"), (readings_by_flag(stations),)),
        ),
        links=((both("处置页面", "Console"), around.console),) if around.console else (),
    )


def _reporting(stations: str) -> Panel:
    return number(
        both("一小时内在报测站", "Stations reporting within an hour"),
        both(
            "所看时段最后一小时内有有效值的测站数；一个都没有为红色。",
            "Stations with a valid value in the last hour of what is looked at; red when none has.",
        ),
        Query(reporting(stations, "1h"), table=True),
        unit=COUNT,
        steps=(Step(None, LEVEL_COLORS[Level.RED]), Step(1, NOTHING_WRONG)),
        width=12,
        none="0",
    )
