"""The rules in small: one band for each hour of a target in, its alerts out, as ALERTS has it for periods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alerting.level import Level
from alerting.record import AlertRecord, Change, Late, SubjectAlerts, Window, WorstRatio
from hydro.instants import HOUR_MS
from tests.alerting.sample_alerts import DAWN, change, shortfall

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Band", "end_of", "late", "said"]

Band = Level | None
"""What an hour came to; None = the target was met with room to spare."""

_VALUES: Final = {Level.YELLOW: 1_800_000, Level.ORANGE: 1_200_000, Level.RED: 400_000}


def end_of(hour: int) -> int:
    """End of the nth hour, from 0."""
    return DAWN + (hour + 1) * HOUR_MS


def late(hours: int, received_at: int) -> Late:
    """What late data tell the ledger when so many hours were final."""
    return Late(received_at, end_of(hours - 1))


def said(bands: Sequence[Band], because: Late | None = None, *, station: str = "A") -> SubjectAlerts:
    """What the rules say of a target after these hours: fires at once, resolves after two hours that are met."""
    alerts: list[AlertRecord] = []
    start = 0
    while start < len(bands):
        if bands[start] is None:
            start += 1
            continue
        alert, start = _episode(bands, start, station)
        alerts.append(alert)
    return change(*alerts, station=station, target="t")._replace(late=because)


def _episode(bands: Sequence[Band], start: int, station: str) -> tuple[AlertRecord, int]:
    counted = [Level.YELLOW if band is None else band for band in bands]
    levels: list[Change] = []
    shown = start
    hour = start
    worst = start
    for hour in range(start, len(bands)):
        if hour > start and bands[hour] is None and bands[hour - 1] is None:
            break
        level = max(counted[max(hour - 1, start) : hour + 1])
        shown = max(one for one in (hour - 1, hour) if one >= start and counted[one] is level)
        if _value(counted[hour]) < _value(counted[worst]):
            worst = hour
        if not levels or levels[-1].level is not level:
            levels.append(Change(level, end_of(hour), _value(counted[shown]), 2_000_000))
    else:
        hour = len(bands)
    record = shortfall(
        start,
        None if hour == len(bands) else hour + 1,
        station=station,
        target="t",
        onset=end_of(start - 1),
        raised_at=end_of(start),
        levels=(),
    )
    fields = {
        "levels": tuple(levels),
        "value": _value(counted[shown]),
        "window": Window(end_of(shown - 1), end_of(shown), 12, 12),
        "worst": WorstRatio(_value(counted[worst]) / 2_000_000, None, end_of(worst)),
    }
    return AlertRecord(**{**_fields(record), **fields}), hour + 1  # type: ignore[arg-type]  # the fields of the call


def _fields(record: AlertRecord) -> dict[str, object]:
    return {name: getattr(record, name) for name in record.__struct_fields__}


def _value(level: Level) -> int:
    return _VALUES[level]
