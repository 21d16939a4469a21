"""Times as an engineer writes them: a date, an instant, or so long after the start."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from hydro.instants import DAY_MS, HOUR_MS, MINUTE_MS, day_start, parse_instant

__all__ = ["parse_duration", "parse_time"]

_UNITS: Final = {"w": 7 * DAY_MS, "d": DAY_MS, "h": HOUR_MS, "min": MINUTE_MS, "s": 1000}
_PART: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(w|d|h|min|s)(?![a-z])")
_BARE_DATE: Final = len("2026-03-01")
_LONGEST_MS: Final = 100 * 366 * DAY_MS


def parse_duration(text: str) -> int:
    """Milliseconds of "7d", "1d 6h", "90min".

    Raises:
        ValueError: Not of that form.

    >>> parse_duration("1d 6h") // HOUR_MS, parse_duration("90min") // MINUTE_MS
    (30, 90)
    """
    rest = _PART.sub("", text.strip())
    parts = _PART.findall(text)
    if not parts or rest.strip():
        raise ValueError(f"{text!r} is no duration such as 7d, 1d 6h or 90min")
    total = round(sum(float(number) * _UNITS[unit] for number, unit in parts))
    if total > _LONGEST_MS:
        raise ValueError(f"{text!r} is longer than a hundred years")
    return total


def parse_time(text: str, start: int, zone_minutes: int) -> int:
    """Epoch milliseconds of a date (its 00:00), an instant, or a duration after ``start``, with ``-`` before it.

    Raises:
        ValueError: None of these.

    >>> parse_time("-1d", 2 * DAY_MS, 0) == DAY_MS == parse_time("1970-01-02", 0, 0)
    True
    """
    plain = text.strip()
    try:
        if len(plain) == _BARE_DATE and plain[4] == "-":
            return day_start(date.fromisoformat(plain), zone_minutes)
        if len(plain) > _BARE_DATE and plain[4] == "-":
            return parse_instant(plain, zone_minutes)
        return start - parse_duration(plain[1:]) if plain.startswith("-") else start + parse_duration(plain)
    except (ValueError, OverflowError):
        raise ValueError(
            f"{text!r} is no time: a date (2026-03-01), an instant (2026-03-01T08:00:00+08:00), "
            "or so long after the start (1d 6h)"
        ) from None
