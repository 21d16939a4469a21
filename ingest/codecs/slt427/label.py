"""Time label Tp and the clock of settings: Beijing time, packed decimal, low units first.

Five bytes (SZY206: second, minute, hour, day, allowed delay) or seven (SL/T 427-2021: month and year before the
delay). In a report it is the time of sampling.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final

from hydro.instants import DAY_MS, MINUTE_MS, day_start, timezone_of
from ingest.codecs.slt427.header import Profile

__all__ = [
    "AHEAD_MS",
    "LABEL_SIZES",
    "TimeLabel",
    "clock_bytes",
    "decimal_byte",
    "label_instants",
    "read_clock",
    "read_decimals",
]

LABEL_SIZES: Final = {Profile.SZY206: 5, Profile.SLT427_2021: 7}

_CENTURY: Final = 2000
_LONGEST_DELAY: Final = 255
_PLAUSIBLE_YEARS: Final = range(2020, 2070)
AHEAD_MS: Final = DAY_MS
"""How far a label without month may lie after the arrival."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def decimal_byte(number: int) -> int:
    """Two decimal digits in a byte.

    >>> hex(decimal_byte(59))
    '0x59'
    """
    return number // 10 << 4 | number % 10


def read_decimals(data: bytes) -> tuple[int, ...] | None:
    """Number of two digits in each byte; None where a half byte is no digit."""
    text = data.hex()
    if not text.isdecimal():
        return None
    return tuple(int(text[at : at + 2]) for at in range(0, len(text), 2))


def _in_day(hour: int, minute: int, second: int) -> bool:
    return hour < 24 and minute < 60 and second < 60  # noqa: PLR2004  # the clock


def _day_exists(year: int, month: int, day: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]  # noqa: PLR2004  # the calendar


@dataclass(frozen=True, slots=True)
class TimeLabel:
    """A time label as it was sent.

    Attributes:
        raw: Five or seven bytes; may be no time at all, see ``readable``.
    """

    raw: bytes

    @classmethod
    def of(cls, instant: int, zone_minutes: int, profile: Profile, delay_min: int = 0) -> TimeLabel:
        """Label of an instant.

        Args:
            instant: Epoch milliseconds; parts of a second are cut off.
            zone_minutes: Zone of the wire.
            profile: Decides about month and year.
            delay_min: How late the frame may arrive, 0..255; 0 = don't judge.

        Raises:
            ValueError: Delay or year can't be written.
        """
        if not 0 <= delay_min <= _LONGEST_DELAY:
            raise ValueError(f"delay of {delay_min} min, 0 to {_LONGEST_DELAY} can be written")
        clock = clock_bytes(instant, zone_minutes)
        return cls(clock[: LABEL_SIZES[profile] - 1] + bytes((delay_min,)))

    @property
    def delay_min(self) -> int:
        """Allowed delay; 0 = timeliness is not judged."""
        return self.raw[-1]

    @property
    def fields(self) -> tuple[int, ...] | None:
        """Second, minute, hour, day and, if there, month and year; None where a half byte is no digit."""
        return read_decimals(self.raw[:-1])

    @property
    def readable(self) -> bool:
        """A time that exists (in some month, where the month is not sent)."""
        fields = self.fields
        if fields is None:
            return False
        second, minute, hour, day, *rest = fields
        if not _in_day(hour, minute, second):
            return False
        if rest:
            return _day_exists(_CENTURY + rest[1], rest[0], day)
        return 1 <= day <= 31  # noqa: PLR2004  # the calendar

    @property
    def plausible(self) -> bool:
        """Readable with month and year, and later than the standard that brought them."""
        fields = self.fields
        return self.readable and fields is not None and len(fields) > 4 and _CENTURY + fields[5] in _PLAUSIBLE_YEARS  # noqa: PLR2004  # fields without month

    def instant(self, received_at: int, zone_minutes: int) -> int | None:
        """Epoch milliseconds of the label; None where it is no time.

        Where month and year are not sent it is the latest such instant that lies at most a day after ``received_at``:
        a clock that is a little fast on the last evening of a month names the first of the next one.

        Args:
            received_at: Epoch milliseconds.
            zone_minutes: Zone of the wire.
        """
        today = (received_at + zone_minutes * MINUTE_MS) // DAY_MS
        latest = received_at + AHEAD_MS
        candidates = label_instants(self.raw, today, zone_minutes)
        if len(self.raw) == LABEL_SIZES[Profile.SLT427_2021]:
            return candidates[0] if candidates else None
        return next((instant for instant in candidates if instant <= latest), None)


@lru_cache(maxsize=65_536)
def label_instants(raw: bytes, today: int, zone_minutes: int) -> tuple[int, ...]:
    """Instants that a label may mean, latest first; none where it is no time.

    Args:
        raw: The label.
        today: Days since 1970-01-01 in the zone, of which the month before the last to the next are tried.
        zone_minutes: Zone of the wire.
    """
    label = TimeLabel(raw)
    if not label.readable:
        return ()
    second, minute, hour, day, *rest = label.fields or ()
    in_day = ((hour * 60 + minute) * 60 + second) * 1000
    if rest:
        return (day_start(date(_CENTURY + rest[1], rest[0], day), zone_minutes) + in_day,)
    found = []
    around = date.fromordinal(date(1970, 1, 1).toordinal() + today)
    months = around.year * 12 + around.month - 1
    for month in range(months + 1, months - 3, -1):
        year, index = divmod(month, 12)
        if day <= monthrange(year, index + 1)[1]:
            found.append(day_start(date(year, index + 1, day), zone_minutes) + in_day)
    return tuple(found)


def clock_bytes(instant: int, zone_minutes: int) -> bytes:
    """Second, minute, hour, day, month, year of an instant.

    Raises:
        ValueError: A year outside 2000..2099.
    """
    moment = (_EPOCH + timedelta(milliseconds=instant)).astimezone(timezone_of(zone_minutes))
    if not _CENTURY <= moment.year < _CENTURY + 100:
        raise ValueError(f"year {moment.year} can't be written with two digits")
    fields = (moment.second, moment.minute, moment.hour, moment.day, moment.month, moment.year - _CENTURY)
    return bytes(decimal_byte(field) for field in fields)


def read_clock(raw: bytes) -> tuple[int, int, int, int, int, int] | None:
    """Year, month, day, hour, minute, second of the six bytes of functions 11H and 51H; None where it is no time.

    The fifth byte has the weekday in D7..D5, the tens of the month in D4 and its units in D3..D0.
    """
    fields = read_decimals(bytes((*raw[:4], raw[4] & 0x1F, raw[5])))
    if fields is None:
        return None
    second, minute, hour, day, month, year = fields
    if not _in_day(hour, minute, second) or not _day_exists(_CENTURY + year, month, day):
        return None
    return _CENTURY + year, month, day, hour, minute, second
