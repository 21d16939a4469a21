"""Beijing time as it stands on the wire: UTC+8 without a zone field, two digits for a year of 2000 to 2099."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from hydro.instants import MINUTE_MS
from simulators.rtu.bcd import packed

__all__ = ["day_hour_minute", "instant", "to_minute", "to_second", "wall"]

_EPOCH: Final = datetime(1970, 1, 1, 8)  # noqa: DTZ001  # the wall clock of Beijing at the epoch; the wire has no zone
_MILLISECOND: Final = timedelta(milliseconds=1)
_CENTURY: Final = 2000


def wall(at: int) -> datetime:
    """Beijing's wall clock at an instant.

    Args:
        at: Epoch milliseconds.

    Raises:
        ValueError: The year is outside 2000 to 2099, which two digits cannot say.
    """
    moment = _EPOCH + timedelta(milliseconds=at)
    if moment.year // 100 * 100 != _CENTURY:
        raise ValueError(f"year {moment.year} cannot be written with two digits")
    return moment


@lru_cache(maxsize=4096)
def _minute(number: int) -> bytes:
    return bytes.fromhex(f"{wall(number * MINUTE_MS):%y%m%d%H%M}")


def to_minute(at: int) -> bytes:
    """YY MM DD HH mm of an instant as BCD; seconds are cut off.

    >>> to_minute(1772323500000).hex()
    '2603010805'
    """
    return _minute(at // MINUTE_MS)


def to_second(at: int) -> bytes:
    """YY MM DD HH mm SS of an instant as BCD; milliseconds are cut off."""
    return _minute(at // MINUTE_MS) + packed(at % MINUTE_MS // 1000, 1)


def instant(data: bytes) -> int:
    """Epoch milliseconds of BCD fields YY MM DD and, as far as there are bytes for them, HH, mm, SS.

    Raises:
        ValueError: Not BCD, or no date and time of the calendar.

    >>> instant(bytes.fromhex("2603010805")) == instant(bytes.fromhex("260301080500")) == 1772323500000
    True
    """
    text = data.hex()
    if not text.isdecimal():
        raise ValueError(f"{text} is not BCD")
    year, month, day, *rest = (int(text[place : place + 2]) for place in range(0, len(text), 2))
    hour, minute, second = (*rest, 0, 0, 0)[:3]
    moment = datetime(_CENTURY + year, month, day, hour, minute, second)  # noqa: DTZ001  # the wall clock of Beijing
    return (moment - _EPOCH) // _MILLISECOND


def day_hour_minute(minutes: int) -> tuple[int, int, int]:
    """A time step as day, hour, minute, of which one is not zero, as both formats want it.

    Raises:
        ValueError: Not a whole number of days below 100, of hours below 24 or of minutes below 60.

    >>> day_hour_minute(5), day_hour_minute(360), day_hour_minute(2880), day_hour_minute(0)
    ((0, 0, 5), (0, 6, 0), (2, 0, 0), (0, 0, 0))
    """
    for unit, bound, place in ((1440, 100, 0), (60, 24, 1), (1, 60, 2)):
        count, rest = divmod(minutes, unit)
        if not rest and 0 <= count < bound:
            step = [0, 0, 0]
            step[place] = count
            return step[0], step[1], step[2]
    raise ValueError(f"{minutes} min is neither minutes below 60 nor hours below 24 nor days below 100")
