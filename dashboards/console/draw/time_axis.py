"""The axis of time: round instants in the zone, in one row, and what they belong to in a second one.

The first row says 08:00, a day or a month; the second names the day, the month or the year once, where it begins.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final, NamedTuple

from dashboards.console.draw.lettering import text_width
from hydro.instants import DAY_MS, MINUTE_MS, day_start, local_date

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from dashboards.console.draw.model import Lang

    # Of a tick's date and instant: label, context, whether a day, month or year begins.
    Labels = Callable[[date, int], tuple[str, str, bool]]

__all__ = ["TimeAxis", "TimeTick", "clock_text"]

LETTER_PX: Final = 11
"""Font size of the labels."""

_BETWEEN_PX: Final = 18
_CLOCK_STEPS_MIN: Final = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360)
_DAYS_OF_MONTH: Final = (
    tuple(range(1, 32)),
    (1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29),
    (1, 6, 11, 16, 21, 26),
    (1, 11, 21),
)
_DAYS_APART: Final = (1, 2, 5, 10)
_MONTHS_APART: Final = (1, 2, 3, 6)
_YEARS_APART: Final = (1, 2, 5, 10, 20, 50, 100)
_MONTH_DAYS: Final = 30
_YEAR_DAYS: Final = 365
_ENGLISH_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class TimeTick(NamedTuple):
    """An instant with its place.

    Attributes:
        time: Epoch milliseconds.
        at: Pixel.
        label: First row.
        context: Second row, where something begins there and there is room for its name; else empty.
        begins: A day, month or year begins there.
    """

    time: int
    at: float
    label: str
    context: str
    begins: bool


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """Epoch milliseconds to pixels.

    Attributes:
        start: At the left end.
        end: At the right end; later than ``start``.
        left: Pixel.
        right: Pixel.
        zone_minutes: Zone of days and hours.
        lang: Of the labels.
    """

    start: int
    end: int
    left: float
    right: float
    zone_minutes: int
    lang: Lang

    def x(self, time: int) -> float:
        """Pixel of an instant, which may lie outside."""
        return self.left + (time - self.start) / (self.end - self.start) * (self.right - self.left)

    def xs(self, times: NDArray[np.int64]) -> NDArray[np.float64]:
        """Pixels of many instants."""
        return self.left + (times - self.start) / (self.end - self.start) * (self.right - self.left)

    def inside(self, time: int) -> float:
        """Pixel of an instant, cut off at the ends of the axis."""
        return min(self.right, max(self.left, self.x(time)))

    def ticks(self) -> list[TimeTick]:
        """Round instants from left to right, far enough apart for their labels."""
        px_per_ms = (self.right - self.left) / (self.end - self.start)
        for minutes in _CLOCK_STEPS_MIN:
            if minutes * MINUTE_MS * px_per_ms >= text_width("00:00", LETTER_PX) + _BETWEEN_PX:
                return self._labelled(self._clock(minutes), self._clock_labels)
        for days, apart in zip(_DAYS_OF_MONTH, _DAYS_APART, strict=True):
            if apart * DAY_MS * px_per_ms >= text_width(_day_word(30, self.lang), LETTER_PX) + _BETWEEN_PX:
                return self._labelled(self._days(days), self._day_labels)
        for months in _MONTHS_APART:
            if months * _MONTH_DAYS * DAY_MS * px_per_ms >= text_width("12月", LETTER_PX) + _BETWEEN_PX:
                return self._labelled(self._months(months), self._month_labels)
        for years in _YEARS_APART:
            if years * _YEAR_DAYS * DAY_MS * px_per_ms >= text_width("2026", LETTER_PX) + _BETWEEN_PX:
                break
        return self._labelled(self._months(12 * years), lambda day, _: (str(day.year), "", False))

    def _clock(self, minutes: int) -> Iterator[int]:
        step = minutes * MINUTE_MS
        shift = self.zone_minutes * MINUTE_MS
        first = -(-(self.start + shift) // step) * step - shift
        yield from range(first, self.end + 1, step)

    def _days(self, of_month: tuple[int, ...]) -> Iterator[int]:
        ordinal = local_date(self.start, self.zone_minutes).toordinal()
        last = local_date(self.end, self.zone_minutes).toordinal()
        for number in range(ordinal, last + 1):
            day = date.fromordinal(number)
            if day.day in of_month:
                yield day_start(day, self.zone_minutes)

    def _months(self, apart: int) -> Iterator[int]:
        first = local_date(self.start, self.zone_minutes)
        last = local_date(self.end, self.zone_minutes)
        for number in range(first.year * 12 + first.month - 1, last.year * 12 + last.month):
            year, month = divmod(number, 12)
            if number % apart == 0 and year > 0:
                yield day_start(date(year, month + 1, 1), self.zone_minutes)

    def _labelled(self, times: Iterator[int], words: Labels) -> list[TimeTick]:
        found: list[TimeTick] = []
        named_until = float("-inf")
        for time in times:
            if not self.start <= time <= self.end:
                continue
            label, context, begins = words(local_date(time, self.zone_minutes), time)
            at = self.x(time)
            if context and not begins and found:
                context = ""
            if context:
                width = text_width(context, LETTER_PX)
                if at < named_until or at + width > self.right + _BETWEEN_PX:
                    context = ""
                else:
                    named_until = at + width + _BETWEEN_PX / 2
            found.append(TimeTick(time, at, label, context, begins))
        return found

    def _clock_labels(self, day: date, time: int) -> tuple[str, str, bool]:
        return clock_text(time, self.zone_minutes), _date_word(day, self.lang), _is_midnight(time, self.zone_minutes)

    def _day_labels(self, day: date, _: int) -> tuple[str, str, bool]:
        return _day_word(day.day, self.lang), _month_word(day, self.lang), day.day == 1

    def _month_labels(self, day: date, _: int) -> tuple[str, str, bool]:
        month = f"{day.month}月" if self.lang == "zh" else _ENGLISH_MONTHS[day.month - 1]
        return month, f"{day.year}年" if self.lang == "zh" else str(day.year), day.month == 1


def clock_text(time: int, zone_minutes: int) -> str:
    """Hours and minutes in the zone.

    >>> clock_text(0, 480), clock_text(-60_000, 0)
    ('08:00', '23:59')
    """
    minutes = (time // MINUTE_MS + zone_minutes) % (DAY_MS // MINUTE_MS)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _is_midnight(time: int, zone_minutes: int) -> bool:
    return (time + zone_minutes * MINUTE_MS) % DAY_MS == 0


def _date_word(day: date, lang: Lang) -> str:
    return f"{day.month}月{day.day}日" if lang == "zh" else f"{day.day} {_ENGLISH_MONTHS[day.month - 1]}"


def _day_word(number: int, lang: Lang) -> str:
    return f"{number}日" if lang == "zh" else str(number)


def _month_word(day: date, lang: Lang) -> str:
    return f"{day.year}年{day.month}月" if lang == "zh" else f"{_ENGLISH_MONTHS[day.month - 1]} {day.year}"
