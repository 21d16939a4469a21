"""Times on the wire: two-digit years, no zone, Beijing time.

Source: SL 651-2014 6.6.2.2; the base of 2000 is what every frame found shows.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from hydro.instants import MINUTE_MS

__all__ = ["digits_of", "instant", "iso"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_CENTURY: Final = 2000
_SIZES: Final = frozenset({8, 10, 12})


@lru_cache(maxsize=16_384)
def instant(digits: str, zone_minutes: int) -> int | None:
    """Epoch milliseconds of YYMMDDHH, YYMMDDHHmm or YYMMDDHHmmSS; None where no clock shows that.

    Reports cluster on the minute: the same digits come thousands of times.

    >>> instant("260301080500", 480)
    1772323500000
    >>> instant("2613010805", 480) is None
    True
    """
    if len(digits) not in _SIZES or not digits.isdecimal() or not digits.isascii():
        return None
    year, month, day, hour, *finer = (int(digits[at : at + 2]) for at in range(0, len(digits), 2))
    minute, second = (*finer, 0, 0)[:2]
    try:
        moment = datetime(_CENTURY + year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    return (moment - _EPOCH) // timedelta(milliseconds=1) - zone_minutes * MINUTE_MS


def iso(digits: str) -> str | None:
    """ISO 8601 without offset, as fine as the digits; None where no clock shows that.

    >>> iso("1707181005"), iso("170718110014")
    ('2017-07-18T10:05', '2017-07-18T11:00:14')
    """
    if instant(digits, 0) is None:
        return None
    year, month, day, hour, *finer = (digits[at : at + 2] for at in range(0, len(digits), 2))
    return f"{_CENTURY + int(year)}-{month}-{day}T{':'.join((hour, *finer))}"


def digits_of(event_time: int, zone_minutes: int, size: int = 12) -> str:
    """The first ``size`` digits of YYMMDDHHmmSS for an instant.

    Raises:
        ValueError: Outside 2000 to 2099, which two digits can't say.

    >>> digits_of(1772323500000, 480), digits_of(1772323500000, 480, 8)
    ('260301080500', '26030108')
    """
    moment = _EPOCH + timedelta(milliseconds=event_time, minutes=zone_minutes)
    if not _CENTURY <= moment.year < _CENTURY + 100:
        raise ValueError(f"the year {moment.year} does not fit in two digits")
    return moment.strftime("%y%m%d%H%M%S")[:size]
