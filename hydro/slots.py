"""Slots: the intervals (start, end] in which a station's readings are counted, stamped with their end.

Slots are counted from 00:00 of the zone. The interval divides 60 minutes, or is a multiple of 60 that divides 1440, so
days always consist of whole slots.
"""

from __future__ import annotations

from typing import Final

from hydro.instants import MINUTE_MS

__all__ = ["DAY_MINUTES", "is_slot_interval", "slot_count", "slot_end"]

DAY_MINUTES: Final = 1_440
_HOUR_MINUTES: Final = 60


def is_slot_interval(minutes: int) -> bool:
    """Whether slots of this length fill an hour or a day exactly.

    >>> [minutes for minutes in range(1, 1441) if is_slot_interval(minutes)][-8:]
    [60, 120, 180, 240, 360, 480, 720, 1440]
    """
    if minutes < 1:
        return False
    if minutes <= _HOUR_MINUTES:
        return _HOUR_MINUTES % minutes == 0
    return minutes % _HOUR_MINUTES == 0 and DAY_MINUTES % minutes == 0


def slot_end(event_time: int, interval_min: int, zone_minutes: int) -> int:
    """End of the slot that holds an instant; an instant on a boundary belongs to the slot that it ends.

    Args:
        event_time: Epoch milliseconds.
        interval_min: Length of a slot in minutes.
        zone_minutes: Zone whose 00:00 begins the count.

    >>> slot_end(0, 5, 480), slot_end(1, 5, 480), slot_end(300_000, 5, 480)
    (0, 300000, 300000)
    """
    length = interval_min * MINUTE_MS
    shift = zone_minutes * MINUTE_MS
    return -(-(event_time + shift) // length) * length - shift


def slot_count(start: int, end: int, interval_min: int, zone_minutes: int) -> int:
    """Number of slots stamped in (start, end]: those whose end lies in it.

    >>> slot_count(0, 3_600_000, 5, 480), slot_count(1, 3_600_000, 5, 480)
    (12, 12)
    """
    length = interval_min * MINUTE_MS
    shift = zone_minutes * MINUTE_MS
    return (end + shift) // length - (start + shift) // length
