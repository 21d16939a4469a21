"""Panels of alerts, the same in every dashboard but for the condition: whose alerts they show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alerting.level import Level
from alerting.words import ALERT_WORDS, SUSPECTED
from dashboards.grafana.influxql import begins, changed_alerts, ends, levels, open_alerts, open_count
from dashboards.grafana.limits import LEVEL_COLORS, NOTHING_WRONG, level_steps, none_is_good
from dashboards.grafana.model import Annotation, Link, Look, Query, both
from dashboards.grafana.panels import bars, column, listing, number, strip
from dashboards.grafana.units import COUNT, SHARE, TIME
from hydro.register.eflow import AlertClass

if TYPE_CHECKING:
    from dashboards.grafana.model import Override, Panel, Steps

__all__ = ["OPEN_ALERTS", "alerts_changed", "alerts_open", "level_counts", "level_strips", "level_texts", "marks"]

OPEN_ALERTS: Final = both("未结束的告警", "Open alerts")

_RESOLVED: Final = both(*ALERT_WORDS["resolved"])
_NONE: Final = both("无", "none")
_END_ZH: Final = "以所看时段的终点为准，颜色取告警级别。"
_END_EN: Final = "As of the end of the time that is looked at; colours are those of the levels."
_MARKED: Final = ("class", "subject", "river")


def level_texts() -> Look:
    """Words and colours of levels by their numbers."""
    texts = {"0": _RESOLVED} | {str(int(level)): both(*ALERT_WORDS[level.text]) for level in Level}
    colors = {"0": NOTHING_WRONG} | {str(int(level)): color for level, color in LEVEL_COLORS.items()}
    return Look(COUNT, level_steps(), texts=texts, colors=colors)


def level_counts(where: str, width: int = 3) -> tuple[Panel, ...]:
    """How many alerts are open, a number for each level, the worst first."""
    return tuple(
        number(
            both(f"{ALERT_WORDS[level.text][0]}色告警", f"{ALERT_WORDS[level.text][1].capitalize()}"),
            both(f"未结束的{ALERT_WORDS[level.text][0]}色告警数。{_END_ZH}", f"Open alerts at this level. {_END_EN}"),
            Query(open_count(where, int(level)), table=True),
            unit=COUNT,
            steps=none_is_good(color),
            width=width,
            none="0",
            filled=True,
        )
        for level, color in reversed(LEVEL_COLORS.items())
    )


def alerts_open(where: str, ratio: Steps, console: str, *, height: int = 9) -> Panel:
    """The alerts that are open, each with a way to its case and to its station.

    Args:
        where: Condition.
        ratio: Thresholds of the share of the target.
        console: Address of the page; empty = no way to the case.
        height: Rows.
    """
    case = (Link(both("打开处置单", "Open the case"), f"{console}/?alert=${{__value.raw}}#case", blank=True),)
    station = Link(both("测站", "Station"), "/d/wm-station?var-station=${__value.raw}&${__url_time_range}")
    words = Look(COUNT, (), texts={name.value: both(*ALERT_WORDS[name]) for name in AlertClass if name in ALERT_WORDS})
    columns: tuple[Override, ...] = (
        column("level", both("级别", "Level"), width=110, steps=level_steps(), texts=level_texts(), filled=True),
        column("class", both("类型", "Class"), texts=words, width=260),
        column("subject", both("对象", "Subject"), width=170, links=(station,)),
        column("river", both("河流", "River"), width=120),
        column("division", both("行政区", "Division"), width=110),
        column("ratio", both("为目标的", "Of target"), unit=SHARE, decimals=1, width=130, steps=ratio),
        column("value", both("数值", "Value"), width=120, decimals=3),
        column("target", both("目标", "Target"), width=120, decimals=3),
        column("Time", both("级别起自", "Level since"), unit=TIME, width=190),
        column("target_id", both("考核目标", "Target id")),
        column("alert", both("告警", "Alert"), width=220, links=case if console else ()),
    )
    return listing(
        OPEN_ALERTS,
        both(
            f"{_END_ZH}“为目标的”按登记的分级界限着色；数值为各自目标的单位。"
            f"未经核实的告警均为{SUSPECTED[0]}。点击告警编号打开处置单，点击对象查看测站。",
            f"{_END_EN} The share of the target has the register's bounds; values are in the unit of their target. "
            f"Alerts are {SUSPECTED[1]} until their case says otherwise. An alert leads to its case, a subject to its "
            "station.",
        ),
        Query(open_alerts(where), table=True),
        *columns,
        unit=COUNT,
        steps=level_steps(),
        order="level",
        height=height,
        none=_NONE,
    )


def alerts_changed(where: str, zone_minutes: int, width: int = 12) -> Panel:
    """How many alerts began, changed their level or ended, by day and class."""
    return bars(
        both("每日变动的告警", "Alerts changed by day"),
        both(
            "每日发生、变级或解除的告警数，按类型；日界为零时。一条以上为黄色。",
            "Alerts that began, changed their level or ended, by class; days begin at 00:00. Yellow from one on.",
        ),
        Query(changed_alerts(where, zone_minutes), name="$tag_class"),
        unit=COUNT,
        steps=none_is_good(LEVEL_COLORS[Level.YELLOW]),
        width=width,
        decimals=0,
        stacked=True,
        interval="1d",
    )


def level_strips(where: str, width: int = 12, height: int = 8) -> Panel:
    """Levels over time, a strip for each alert's subject and class."""
    texts = level_texts()
    return strip(
        both("告警级别过程", "Levels over time"),
        both(
            "各对象各类告警的级别过程；颜色取级别。",
            "Levels by class and subject; the colours are those of the levels.",
        ),
        Query(levels(where), name="$tag_class $tag_subject"),
        unit=COUNT,
        steps=level_steps(),
        texts=dict(texts.texts),
        width=width,
        height=height,
    )


def marks(where: str) -> tuple[Annotation, ...]:
    """Where alerts began at a level or came to it, and where they ended."""
    began = tuple(
        Annotation(
            both(f"{ALERT_WORDS[level.text][0]}色告警开始", f"{ALERT_WORDS[level.text][1]} begins"),
            color,
            begins(where, int(level)),
            "alert",
            _MARKED,
        )
        for level, color in reversed(LEVEL_COLORS.items())
    )
    return (*began, Annotation(both("告警结束", "ends"), NOTHING_WRONG, ends(where), "alert", _MARKED))
