"""One intake: what it takes, against what it may take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alerting.level import Level
from dashboards.grafana.alert_panels import alerts_open, level_counts, level_strips, marks
from dashboards.grafana.dashboard import Dashboard, Row
from dashboards.grafana.influxql import chosen, daily_change, is_of, newest, states
from dashboards.grafana.limits import LEVEL_COLORS
from dashboards.grafana.model import Query, Step, both
from dashboards.grafana.panels import bars, number, strip
from dashboards.grafana.reading_panels import PLAIN, flows, latest_values
from dashboards.grafana.units import COUNT, unit_of
from hydro.quantity import Quantity

if TYPE_CHECKING:
    from dashboards.grafana.around import Around
    from dashboards.grafana.model import Panel

__all__ = ["intake"]

_HERE: Final = chosen("station", "intake")
_SUBJECT: Final = chosen("subject", "intake")


def intake(around: Around) -> Dashboard:
    """What is looked at when an alert names an intake or a permit."""
    limits = around.limits
    return Dashboard(
        uid="wm-intake",
        title=both("取水口", "Intake"),
        description=both(
            "一个取水口的流量、水量、机泵与告警。", "Flow, volume, pump and alerts of one intake and its permits."
        ),
        timezone=around.timezone,
        variables=(around.places.intake(),),
        annotations=marks(_SUBJECT),
        rows=(
            Row(
                both("现状", "Now"),
                (
                    *level_counts(_SUBJECT),
                    _newest(Quantity.DISCHARGE, both("最新流量", "Latest discharge")),
                    _newest(Quantity.VOLUME_TOTAL, both("累计水量", "Total")),
                    _newest(Quantity.POWER, both("功率", "Power")),
                ),
            ),
            Row(
                both("取水", "Taking"),
                (
                    flows(
                        Quantity.DISCHARGE,
                        _HERE,
                        both("取水流量", "Rate"),
                        both(
                            "有效值的平均。底色与虚线为登记的许可与设计最大流量中较小者的"
                            " 105 %（黄）、120 %（橙）、150 %（红）。",
                            "Means of valid values. Ground and dashed lines are 105 % (yellow), 120 % (orange) and "
                            "150 % (red) of the lesser of the permitted and the design maximum of the register.",
                        ),
                        by_station=limits.rates(),
                        height=10,
                    ),
                    _by_day(around),
                    level_strips(_SUBJECT),
                ),
            ),
            Row(
                both("机泵与表计", "Pump and meter"),
                (
                    _pump(),
                    flows(
                        Quantity.POWER,
                        _HERE,
                        both("功率", "Power"),
                        both(
                            "有效值的平均；没有登记限值。", "Means of valid values; the register has no bound for it."
                        ),
                        width=12,
                        height=7,
                    ),
                ),
            ),
            Row(
                both("告警与读数", "Alerts and readings"),
                (
                    alerts_open(_SUBJECT, limits.ratio(), around.console, height=7),
                    latest_values(_HERE, limits.silence_s(), "station", "quantity", width=24),
                ),
            ),
        ),
        links=((both("处置页面", "Console"), around.console),) if around.console else (),
    )


def _newest(quantity: Quantity, title: str) -> Panel:
    return number(
        title,
        both("所看时段内最新的有效值。", "The newest valid value of what is looked at."),
        Query(newest(f"{is_of(quantity)} AND {_HERE}", "station", flagged=False)),
        unit=unit_of(quantity),
        steps=PLAIN,
        decimals=3 if quantity is Quantity.DISCHARGE else 1,
        none="–",
    )


def _by_day(around: Around) -> Panel:
    return bars(
        both("日取水量（按累计）", "Volume of a day, by the total"),
        both(
            "当日末与前一日末累计水量之差；换表、回零之日不可信。登记的日最大能力的 90 % 为蓝色，100 % 为红色。",
            "Last total of the day less that of the day before; not to be believed for days on which the meter was "
            "changed or rolled over. Blue from 90 %, red from 100 % of daily_max_m3 of the register.",
        ),
        Query(daily_change(Quantity.VOLUME_TOTAL, _HERE, around.zone_minutes), name="$tag_station"),
        unit=unit_of(Quantity.VOLUME),
        steps=PLAIN,
        by_field=around.limits.volumes(),
        with_bounds=True,
        decimals=0,
        interval="1d",
    )


def _pump() -> Panel:
    return strip(
        both("机泵", "Pump"),
        both("0 停、1 开。", "0 off, 1 on."),
        Query(states(Quantity.PUMP, _HERE), name="$tag_station"),
        unit=COUNT,
        steps=(Step(None, "gray"), Step(1, LEVEL_COLORS[Level.BLUE])),
        texts={"0": both("停", "off"), "1": both("开", "on")},
        width=12,
    )
