"""Numbers and times as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dashboards.console.draw.words import age_text, unit_text
from hydro.fixed import format_micro, to_number
from hydro.instants import format_instant, local_date

if TYPE_CHECKING:
    from dashboards.console.draw.model import Lang
    from hydro.quantity import Quantity

__all__ = ["ago_text", "percent_text", "span_text", "time_text", "value_text", "with_unit"]

_DIGITS: Final = 4
_THOUSANDTH: Final = 1_000


def value_text(micro: int) -> str:
    """A value to four digits or a thousandth; below that as it is, since only zero is zero.

    >>> value_text(1_210_000), value_text(123_456_700_000), value_text(0), value_text(-4_560), value_text(40)
    ('1.21', '123457', '0', '-0.005', '0.00004')
    """
    if abs(micro) < _THOUSANDTH:
        return format_micro(micro)
    number = to_number(micro)
    whole = len(str(int(abs(number))))
    text = f"{number:.{max(0, min(3, _DIGITS - whole))}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def with_unit(micro: int, quantity: Quantity) -> str:
    """A value with its unit."""
    return f"{value_text(micro)} {unit_text(quantity)}".rstrip()


def percent_text(ratio: float) -> str:
    """A share of a target; cut off, since 99.96 % is not the whole.

    >>> percent_text(0.605), percent_text(0.99996), percent_text(1.0), percent_text(0)
    ('60.5 %', '99.9 %', '100 %', '0 %')
    """
    tenths = int(ratio * 1_000 + 1e-9)
    return f"{tenths / 10:.1f}".removesuffix(".0") + " %"


def time_text(at: int, now: int, zone_minutes: int) -> str:
    """An instant: the time of day, with its date unless that is today's, with its year unless that is this one.

    >>> from hydro.instants import parse_instant
    >>> now = parse_instant("2026-03-01T12:00:00+08:00", 480)
    >>> [time_text(now - hours * 3_600_000, now, 480) for hours in (1, 13, 2_000)]
    ['11:00', '02-28 23:00', '2025-12-08 04:00']
    """
    text = format_instant(at, zone_minutes)
    day, today = local_date(at, zone_minutes), local_date(now, zone_minutes)
    if day == today:
        return text[11:16]
    return f"{text[:10] if day.year != today.year else text[5:10]} {text[11:16]}"


def span_text(length_ms: int, lang: Lang) -> str:
    """A length of time in its largest whole unit."""
    return age_text(max(0, length_ms) // 1_000, lang)


def ago_text(at: int, now: int, lang: Lang) -> str:
    """How long ago an instant was.

    >>> ago_text(0, 120_000, "zh"), ago_text(0, 120_000, "en")
    ('2 分钟前', '2 min ago')
    """
    span = span_text(now - at, lang)
    return f"{span}前" if lang == "zh" else f"{span} ago"
