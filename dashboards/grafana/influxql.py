"""Statements of InfluxQL with Grafana's variables in them.

Grafana puts in: ``$timeFilter`` (once in a statement, both ends included), ``$__interval``, ``${__to}`` (end of what is
looked at, epoch milliseconds) and ``${NAME:raw}``, the value of one of our variables: codes with ``|`` between them.

Our slots and days are (start, end] and InfluxDB's [start, end), so every grouping begins one millisecond later.

Source: InfluxDB 1.x, "InfluxQL reference"; what Grafana puts in: its ``pkg/tsdb/influxdb/models/query.go``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hydro.instants import MINUTE_MS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hydro.quantity import Quantity

__all__ = [
    "ALERT_TAGS",
    "EVERYWHERE",
    "SHOWN_DAYS",
    "VALID",
    "begins",
    "changed_alerts",
    "chosen",
    "curve",
    "daily_change",
    "ends",
    "firing",
    "is_of",
    "levels",
    "newest",
    "open_alerts",
    "open_by",
    "open_count",
    "pattern",
    "per_day",
    "readings",
    "readings_in",
    "reporting",
    "states",
    "weakest",
]

ALERT_TAGS: Final = ("class", "station", "subject", "target_id", "basin", "division", "river")
"""What tells two alerts apart in the store, CONTRACT section 5."""

SHOWN_DAYS: Final = 400
"""An alert is looked for so far back: one that has been open for longer is on the page, and not in Grafana."""

EVERYWHERE: Final = "\"class\" != ''"
"""Condition that every alert meets."""

VALID: Final = '"flag" >= 1 AND "flag" <= 3'
"""Values that count: good, not evaluated, suspect."""

_ALERT: Final = '"alert"'
_OBSERVATION: Final = '"observation"'
_MARKED: Final = '"alert", "class", "subject", "river"'
_BY_ALERT: Final = ", ".join(f'"{tag}"' for tag in ALERT_TAGS)
_COLUMNS: Final = '"alert", "value", "target", "ratio"'
_PLAIN: Final = re.compile(r"[0-9A-Za-z_\u3400-\u9fff-]")


def pattern(texts: Iterable[str]) -> str:
    r"""A regular expression that matches these texts and no other; it holds neither comma nor blank.

    >>> pattern(["52010300A1", "南明河", "a/b, c"])
    '52010300A1|南明河|a\\x2fb\\x2c\\x20c'
    """
    return "|".join("".join(sign if _PLAIN.match(sign) else _escaped(sign) for sign in text) for text in texts)


def _escaped(sign: str) -> str:
    number = ord(sign)
    return f"\\x{number:02x}" if number < 0x80 else f"\\x{{{number:x}}}"  # noqa: PLR2004  # ASCII has two digits


def chosen(tag: str, variable: str) -> str:
    """Condition: the tag is one of what is chosen.

    >>> chosen("river", "river")
    '"river" =~ /^(${river:raw})$/'
    """
    return f'"{tag}" =~ /^(${{{variable}:raw}})$/'


def per_day(zone_minutes: int) -> str:
    """Grouping by days of the zone, (00:00, 24:00].

    >>> per_day(480)
    'time(1d, -28799999ms)'
    """
    return f"time(1d, {1 - zone_minutes * MINUTE_MS}ms)"


def open_alerts(where: str) -> str:
    """Alerts that are open at the end of what is looked at, one a row."""
    tags = ", ".join(f'"{tag}"' for tag in ALERT_TAGS if tag not in ("station", "basin"))
    return _select(f'"level", {tags}, {_COLUMNS}', _standing(where), '"level" > 0')


def open_count(where: str, level: int) -> str:
    """How many alerts are open at a level at the end of what is looked at; no row where there is none."""
    return _select('count("level") AS "open"', _standing(where), f'"level" = {level}')


def open_by(where: str, tag: str) -> str:
    """How many alerts are open, by one of their tags."""
    return _select('count("level") AS "open"', _standing(where), '"level" > 0', by=f'"{tag}"')


def firing(level: int) -> str:
    """For an alert rule: alerts that are open at a level, a series each with its tags as labels."""
    last = _select('last("level") AS "level"', _ALERT, "$timeFilter", by=_BY_ALERT)
    return _select('"level"', f"({last})", f'"level" = {level}', by=_BY_ALERT)


def changed_alerts(where: str, zone_minutes: int) -> str:
    """How many alerts began, changed their level or ended, by day and class."""
    days = f'{per_day(zone_minutes)}, "class" fill(0)'
    return _select('count(distinct("alert"))', _ALERT, where, "$timeFilter", by=days)


def levels(where: str) -> str:
    """Levels over time, a series for each alert."""
    return _select('"level"', _ALERT, where, "$timeFilter", by='"class", "subject", "target_id"')


def begins(where: str, level: int) -> str:
    """When alerts began at a level, or came to it."""
    return _select(_MARKED, _ALERT, where, f'"level" = {level}', "$timeFilter")


def ends(where: str) -> str:
    """When alerts ended."""
    return _select(_MARKED, _ALERT, where, '"state" = 0', "$timeFilter")


def curve(quantity: Quantity, where: str) -> str:
    """Means of what is valid, by station."""
    by = 'time($__interval, 1ms), "station" fill(none)'
    return _select('mean("value")', _OBSERVATION, is_of(quantity), where, VALID, "$timeFilter", by=by)


def daily_change(quantity: Quantity, where: str, zone_minutes: int) -> str:
    """What a total gained each day: from its last value of the day before to its last one of the day."""
    by = f'{per_day(zone_minutes)}, "station"'
    return _select('difference(last("value"))', _OBSERVATION, is_of(quantity), where, VALID, "$timeFilter", by=by)


def newest(where: str, *by: str, flagged: bool = True) -> str:
    """The newest valid reading of each group, with its time.

    Args:
        where: Condition.
        by: Tags that make a group.
        flagged: With its flag.
    """
    what = 'last("value") AS "value"' + (', "flag"' if flagged else "")
    return _select(what, _OBSERVATION, where, VALID, "$timeFilter", by=", ".join(f'"{tag}"' for tag in by))


def readings(where: str, grouping: str, per: int | None = None) -> str:
    """How many readings arrived.

    Args:
        where: Condition.
        grouping: Of time, and tags.
        per: The number is told in percent of this.
    """
    what = 'count("flag")' if per is None else f'count("flag") * 100 / {per}'
    return _select(what, _OBSERVATION, where, "$timeFilter", by=grouping)


def readings_in(where: str, window: str) -> str:
    """How many valid readings were measured in a window that ends with what is looked at."""
    return _select('count("flag") AS "readings"', _OBSERVATION, where, VALID, _last(window))


def reporting(where: str, window: str) -> str:
    """How many stations had a valid value in a window that ends with what is looked at.

    Args:
        where: Condition.
        window: Such as ``1h``.
    """
    last = _select('last("value") AS "value"', _OBSERVATION, where, VALID, _last(window), by='"station"')
    return _select('count("value") AS "stations"', f"({last})")


def states(quantity: Quantity, where: str) -> str:
    """Every valid value of a quantity that has few of them, by station."""
    return _select('"value"', _OBSERVATION, is_of(quantity), where, VALID, "$timeFilter", by='"station"')


def weakest(quantity: Quantity, where: str, count: int) -> str:
    """The stations with the least values, one a row."""
    least = _select(
        'min("value") AS "least"', _OBSERVATION, is_of(quantity), where, VALID, "$timeFilter", by='"station"'
    )
    return _select(f'bottom("least", "station", {count}) AS "least"', f"({least})")


def is_of(quantity: Quantity) -> str:
    """Condition: readings of one quantity."""
    return f"\"quantity\" = '{quantity.text}'"


def _standing(where: str) -> str:
    """What each alert was at the end of what is looked at."""
    what = f'last("level") AS "level", {_COLUMNS}'
    return f"({_select(what, _ALERT, where, _last(f'{SHOWN_DAYS}d'), by=_BY_ALERT)})"


def _last(window: str) -> str:
    return f"time <= ${{__to}}ms AND time > ${{__to}}ms - {window}"


def _select(what: str, source: str, *conditions: str, by: str = "") -> str:
    parts = ["SELECT", what, "FROM", source]
    if conditions:
        parts += ["WHERE", " AND ".join(conditions)]
    if by:
        parts += ["GROUP BY", by]
    return " ".join(parts)
