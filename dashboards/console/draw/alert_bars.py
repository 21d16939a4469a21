"""Alerts as bars along an axis of time: one lane where they don't overlap, each rise and fall of the level a field."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from dashboards.console.draw.lettering import shorten, text_width
from dashboards.console.draw.model import State
from dashboards.console.draw.svg import escape, link, number, tag
from dashboards.console.draw.words import letter, say, state_word
from hydro.instants import format_instant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboards.console.draw.model import AlertSpan, Lang
    from dashboards.console.draw.time_axis import TimeAxis

__all__ = ["LANE_PX", "LEAST_BAR_PX", "Lane", "alert_text", "bars", "lanes", "onset_path"]

LANE_PX: Final = 18
_BAR_PX: Final = 14
_LETTER_PX: Final = 10
LEAST_BAR_PX: Final = 3
_PADDING_PX: Final = 4
_DROP_PX: Final = 3.5
_ROOM_FOR_LABEL: Final = 4


class Lane(NamedTuple):
    """Alerts that don't overlap, earliest first."""

    alerts: tuple[AlertSpan, ...]


def lanes(alerts: Sequence[AlertSpan], start: int, end: int, *, least_ms: int, at_most: int) -> tuple[list[Lane], int]:
    """Alerts that overlap a time in lanes: first fit, earliest first, worst first of equals.

    Args:
        alerts: In any order.
        start: Of the time shown.
        end: Of the time shown.
        least_ms: What the shortest bar takes.
        at_most: Lanes.

    Returns:
        The lanes, and how many alerts found no place in them.
    """
    shown = [one for one in alerts if one.start <= end and (one.end is None or one.end > start)]
    shown.sort(key=lambda one: (one.start, -max(level for _, level in one.levels), one.label, one.href))
    free_from: list[int] = []
    rows: list[list[AlertSpan]] = []
    left_out = 0
    for alert in shown:
        lane = next((number for number, free in enumerate(free_from) if free <= alert.start), len(rows))
        if lane == at_most:
            left_out += 1
            continue
        if lane == len(rows):
            rows.append([])
            free_from.append(start)
        rows[lane].append(alert)
        until = end if alert.end is None else alert.end
        free_from[lane] = max(until, max(start, alert.start) + least_ms) + 1
    return [Lane(tuple(row)) for row in rows], left_out


def bars(rows: Sequence[Lane], axis: TimeAxis, top: float, lang: Lang) -> list[str]:
    """Markup of the lanes, the first at ``top``."""
    return [
        _bar(alert, axis, top + number * LANE_PX, lang) for number, lane in enumerate(rows) for alert in lane.alerts
    ]


def _span(alert: AlertSpan, axis: TimeAxis) -> tuple[float, float]:
    left = axis.inside(alert.start)
    right = axis.right if alert.end is None else axis.inside(alert.end)
    return left, min(axis.right, max(right, left + LEAST_BAR_PX))


class _Field(NamedTuple):
    """A stretch of one level."""

    left: float
    right: float
    state: State


def _bar(alert: AlertSpan, axis: TimeAxis, top: float, lang: Lang) -> str:
    fields = _fields(alert, axis)
    rects = [
        tag("rect", x=one.left, y=top, width=one.right - one.left, height=_BAR_PX, class_=f"wm-bar state-{one.state}")
        for one in fields
    ]
    title = tag("title", escape(alert_text(alert, axis.zone_minutes, lang)))
    return link(alert.href, title, *rects, _lettering(alert, fields, top, lang), class_="wm-alert")


def _fields(alert: AlertSpan, axis: TimeAxis) -> list[_Field]:
    """Its levels from left to right; neighbours of one level are one field, and none is without width."""
    left, right = _span(alert, axis)
    found: list[_Field] = []
    edges = [left, *(min(right, max(left, axis.inside(since))) for since, _ in alert.levels[1:]), right]
    for (since, until), (_, level) in zip(pairwise(edges), alert.levels, strict=True):
        state = State.of(level)
        if found and found[-1].state is state:
            found[-1] = found[-1]._replace(right=until)
        elif until > since:
            found.append(_Field(since, until, state))
    return found


def _lettering(alert: AlertSpan, fields: Sequence[_Field], top: float, lang: Lang) -> str:
    """The letter of each field that has room for it, and in the last one the label as well."""
    parts = []
    for place, one in enumerate(fields):
        text = letter(one.state, lang)
        alone = text_width(text, _LETTER_PX)
        room = one.right - one.left - 2 * _PADDING_PX
        if room < alone:
            continue
        if place == len(fields) - 1 and room > alone * _ROOM_FOR_LABEL:
            text = shorten(f"{text} {_named(alert, lang)}", _LETTER_PX, room)
        x, y = one.left + _PADDING_PX, top + _BAR_PX - _DROP_PX
        parts.append(tag("text", escape(text), x=x, y=y, class_=f"wm-tiny state-{one.state}-ink"))
    return "".join(parts)


def _named(alert: AlertSpan, lang: Lang) -> str:
    if not alert.suspected:
        return alert.label
    return say("suspected", lang) + ("" if lang == "zh" else " ") + alert.label


def alert_text(alert: AlertSpan, zone_minutes: int, lang: Lang) -> str:
    """An alert in a sentence, for the pointer and for screen readers."""
    since = _minute(alert.start, zone_minutes)
    until = say("firing", lang) if alert.end is None else _minute(alert.end, zone_minutes)
    worst = State.of(max(level for _, level in alert.levels))
    return f"{_named(alert, lang)} · {state_word(worst, lang)} · {since} – {until}"


def _minute(time: int, zone_minutes: int) -> str:
    return format_instant(time, zone_minutes)[:16].replace("T", " ")


def onset_path(rows: Sequence[Lane], axis: TimeAxis, top: float, bottom: float) -> str:
    """Path data of a hairline down from the onset of each alert that begins in the time shown."""
    return "".join(
        f"M{number(axis.x(alert.start))},{number(top + place * LANE_PX + _BAR_PX)}V{number(bottom)}"
        for place, lane in enumerate(rows)
        for alert in lane.alerts
        if alert.start >= axis.start
    )
