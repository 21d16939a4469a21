"""Local milliseconds: reading, writing and counting them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

__all__ = ["DAY", "HOUR", "MINUTE", "date_of", "format_time", "midnight", "parse_time", "parse_zone"]

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH = date(1970, 1, 1)


def parse_zone(text: str) -> int:
    """Offset of a fixed zone such as ``+08:00`` in milliseconds."""
    sign = -1 if text.startswith("-") else 1
    hours, minutes = text.lstrip("+-").split(":")
    return sign * (int(hours) * HOUR + int(minutes) * MINUTE)


def parse_time(value: object, zone: int) -> int | None:
    """Local milliseconds of an ISO 8601 text or of epoch milliseconds; None when it is no time.

    A text without offset is in the zone itself. A date alone is no time.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value + zone
    if not isinstance(value, str) or len(value) <= len("2026-03-01"):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return (moment.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1) + zone


def format_time(moment: int, zone: int) -> str:
    """ISO 8601 with the offset of the zone, to the second.

    >>> format_time(parse_time("2026-03-01T00:05:00Z", 8 * HOUR), 8 * HOUR)
    '2026-03-01T08:05:00+08:00'
    """
    wall = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=moment // 1000)
    minutes = abs(zone) // MINUTE
    return f"{wall:%Y-%m-%dT%H:%M:%S}{'-' if zone < 0 else '+'}{minutes // 60:02d}:{minutes % 60:02d}"


def date_of(moment: int) -> date:
    """Find the date D with D 00:00 < moment <= D+1 00:00.

    >>> date_of(parse_time("2026-03-02T00:00:00", 0)).isoformat()
    '2026-03-01'
    """
    return _EPOCH + timedelta(days=(moment - 1) // DAY)


def midnight(day: date) -> int:
    """00:00 at which the date begins."""
    return (day - _EPOCH).days * DAY
