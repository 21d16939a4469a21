"""Instants: int64 epoch milliseconds inside, ISO 8601 with offset at the edges; a zone is a fixed offset in minutes.

Named zones are not used on purpose: tzdata's Asia/Shanghai had summer time from 1986 to 1991, the wire never had.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from typing import Final

__all__ = [
    "DAY_MS",
    "HOUR_MS",
    "MINUTE_MS",
    "day_start",
    "format_instant",
    "local_date",
    "parse_instant",
    "parse_zone",
    "timezone_of",
]

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 86_400_000

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()
_MILLISECOND: Final = timedelta(milliseconds=1)
_MIDNIGHT: Final = re.compile(r"(\d{4}-?\d\d-?\d\d[T ])24:00(?::00(?:\.0+)?)?(Z|[+-]\d\d:?\d\d)?", re.ASCII)
_ZONE: Final = re.compile(r"([+-])(\d\d):?(\d\d)")


def parse_zone(text: str) -> int:
    """Minutes east of UTC of a fixed offset such as ``+08:00``.

    Raises:
        ValueError: Not of that form, or beyond 14 h.

    >>> parse_zone("+08:00"), parse_zone("-03:30"), parse_zone("Z")
    (480, -210, 0)
    """
    if text == "Z":
        return 0
    found = _ZONE.fullmatch(text)
    minutes = int(found[2]) * 60 + int(found[3]) if found else 0
    if not found or int(found[3]) >= 60 or minutes > 14 * 60:  # minutes of an hour; widest zone on Earth  # noqa: PLR2004  # a plain fact of the calendar
        message = f"zone {text!r} is not a fixed offset such as +08:00"
        raise ValueError(message)
    return -minutes if found[1] == "-" else minutes


@lru_cache(maxsize=64)
def timezone_of(zone_minutes: int) -> timezone:
    """The fixed-offset zone object."""
    return timezone(timedelta(minutes=zone_minutes))


def parse_instant(text: str, zone_minutes: int) -> int:
    """Epoch milliseconds of an ISO 8601 date and time; without offset it is read in the given zone.

    Fractions finer than a millisecond are cut off.

    Raises:
        ValueError: Not an ISO 8601 date *and* time.

    >>> parse_instant("2026-03-01T08:05:00+08:00", 0) == parse_instant("2026-03-01T08:05:00", 480)
    True
    """
    if len(text) < 11:  # a bare date is a day, not an instant  # noqa: PLR2004  # a plain fact of the calendar
        message = f"{text!r} is not an ISO 8601 date and time"
        raise ValueError(message)
    midnight = _MIDNIGHT.fullmatch(text)  # ISO 8601 has it, Python learned it late
    moment = datetime.fromisoformat(f"{midnight[1]}00:00{midnight[2] or ''}" if midnight else text)
    if midnight:
        moment += timedelta(days=1)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone_of(zone_minutes))
    return (moment - _EPOCH) // _MILLISECOND


def format_instant(event_time: int, zone_minutes: int) -> str:
    """ISO 8601 in the zone, to the second (fractions cut off).

    >>> format_instant(1772323500000, 480)
    '2026-03-01T08:05:00+08:00'
    """
    moment = _EPOCH + timedelta(seconds=event_time // 1000, minutes=zone_minutes)
    sign = "-" if zone_minutes < 0 else "+"
    hours, minutes = divmod(abs(zone_minutes), 60)
    return f"{moment:%Y-%m-%dT%H:%M:%S}{sign}{hours:02d}:{minutes:02d}"


def local_date(event_time: int, zone_minutes: int) -> date:
    """Calendar date whose half-open day [00:00, 24:00) holds the instant, in the zone."""
    return date.fromordinal(_EPOCH_ORDINAL + (event_time + zone_minutes * MINUTE_MS) // DAY_MS)


def day_start(day: date, zone_minutes: int) -> int:
    """Epoch milliseconds of 00:00 of a calendar date in the zone.

    >>> day_start(date(1970, 1, 2), 480)
    57600000
    """
    return (day.toordinal() - _EPOCH_ORDINAL) * DAY_MS - zone_minutes * MINUTE_MS
