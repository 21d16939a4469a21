"""What may stand in one cell: each cell type turns non-empty, stripped text into a value or says why it can't.

Dates and times are also read as spreadsheets rewrite them when they save a CSV (``2026/3/1``, ``2026/3/1 8:05``,
``3月1日``): they are unambiguous, and an operator can't see the difference on the screen.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final, NamedTuple, TypeAlias, TypeVar

from hydro.fixed import LARGEST, MICRO, format_micro, parse_decimal
from hydro.instants import DAY_MS, day_start, parse_instant
from hydro.quantity import QUANTITIES, Quantity
from hydro.register.mistake import shown
from hydro.slots import is_slot_interval

__all__ = [
    "EARLIEST_MS",
    "LATEST_MS",
    "Cell",
    "CellError",
    "Context",
    "MonthDay",
    "begin_instant",
    "choice",
    "code",
    "day",
    "decimal",
    "end_instant",
    "fraction",
    "free_text",
    "gateway",
    "identifier",
    "interval",
    "label",
    "moment",
    "month_day",
    "number",
    "quantity",
    "switch",
    "whole",
]

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)


class Context(NamedTuple):
    """Settings that reading a cell needs.

    Attributes:
        zone_minutes: Zone of dates and of times without offset.
        lateness_min: Allowed lateness of stations that name none.
    """

    zone_minutes: int
    lateness_min: int


EARLIEST_MS: Final = -(1 << 62)
"""Start of a row that names none; far from the int64 bound, so that lengths don't overflow."""

LATEST_MS: Final = 1 << 62
"""End of a row that names none."""

Cell: TypeAlias = Callable[[str, Context], T]
MonthDay: TypeAlias = tuple[int, int]
"""(month, day)."""


class CellError(ValueError):
    """The text is not what this column holds; the message is the reason."""


_ANY_LEAP_YEAR: Final = 2000
_LONGEST_CODE: Final = 18  # DOMAIN: 8 characters by SL 502, up to 18 accepted
_LONGEST_IDENTIFIER: Final = 64
_NUMBER: Final = re.compile(r"[+-]?(\d{1,30}(\.\d{0,30})?|\.\d{1,30})([eE][+-]?\d{1,2})?", re.ASCII)
_WHOLE: Final = re.compile(r"[+-]?\d{1,12}", re.ASCII)
_GATEWAY: Final = re.compile(r"[A-Za-z0-9.-][A-Za-z0-9_.-]{0,63}", re.ASCII)
_DAY: Final = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})", re.ASCII)
_MONTH_DAY: Final = re.compile(r"(\d{1,2})(?:[-/](\d{1,2})|月(\d{1,2})日)", re.ASCII)
_SPREADSHEET_TIME: Final = re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2}) (\d{1,2}):(\d\d)(?::(\d\d))?", re.ASCII)


def free_text(text: str, _context: Context) -> str:
    """Any text, line breaks included."""
    return text


def label(text: str, _context: Context) -> str:
    """Text of one line, without invisible characters: it becomes a tag in the store."""
    if not text.isprintable():
        raise CellError(f"{shown(text)} contains a line break or an invisible character")
    return text


def code(text: str, context: Context) -> str:
    """Station code: at most 18 characters, none of them white space; always text, so leading zeros stay."""
    if len(text) > _LONGEST_CODE:
        raise CellError(f"{shown(text)} has {len(text)} characters, a code has at most {_LONGEST_CODE}")
    return identifier(text, context)


def identifier(text: str, _context: Context) -> str:
    """Name given by the authority, such as a target id: one word."""
    if len(text) > _LONGEST_IDENTIFIER:
        raise CellError(f"{shown(text)} has {len(text)} characters, at most {_LONGEST_IDENTIFIER} are possible")
    if not text.isprintable() or any(sign.isspace() for sign in text):
        raise CellError(f"{shown(text)} contains white space or an invisible character")
    return text


def gateway(text: str, _context: Context) -> str:
    """Name of a gateway as it stands in topics (CONTRACT section 2)."""
    if not _GATEWAY.fullmatch(text):
        raise CellError(f"{shown(text)} is not a gateway name: 1 to 64 of A-Z a-z 0-9 _ . -, not beginning with _")
    return text


def number(*, at_least: int | None = None, above: int | None = None) -> Cell[int]:
    """A decimal number, kept in millionths, half even.

    Args:
        at_least: Least number allowed.
        above: Number that must be exceeded.
    """

    def read(text: str, _context: Context) -> int:
        if not _NUMBER.fullmatch(text):
            raise CellError(f"{shown(text)} is not a number")
        try:
            count = parse_decimal(text)
        except ValueError:
            raise CellError(f"{shown(text)} is beyond ±{format_micro(LARGEST)}") from None
        if at_least is not None and count < at_least * MICRO:
            raise CellError(f"{shown(text)} is less than {at_least}")
        if above is not None and count <= above * MICRO:
            raise CellError(f"{shown(text)} is not greater than {above}")
        return count

    return read


def _exact(text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise CellError(f"{shown(text)} is not a number")
    return Decimal(f"{Decimal(text).normalize():f}")  # 5.0 is 5 and 1E+2 is 100, so that equal numbers hash alike


def decimal(low: int, high: int) -> Cell[Decimal]:
    """A decimal number kept as it is written, bounds included."""

    def read(text: str, _context: Context) -> Decimal:
        value = _exact(text)
        if not low <= value <= high:
            raise CellError(f"{shown(text)} is not between {low} and {high}")
        return value

    return read


def fraction(low: int, high: int | None, *, low_open: bool = False) -> Cell[Fraction]:
    """A decimal number as an exact fraction, between its bounds; the lower one may be excluded."""

    def read(text: str, _context: Context) -> Fraction:
        value = Fraction(_exact(text))
        if value < low or (low_open and value == low) or (high is not None and value > high):
            bounds = f"above {low}" if low_open else f"at least {low}"
            raise CellError(f"{shown(text)} is not {bounds}" + ("" if high is None else f" and at most {high}"))
        return value

    return read


def whole(low: int, high: int) -> Cell[int]:
    """A whole number, bounds included."""

    def read(text: str, _context: Context) -> int:
        if not _WHOLE.fullmatch(text):
            raise CellError(f"{shown(text)} is not a whole number")
        if not low <= int(text) <= high:
            raise CellError(f"{shown(text)} is not between {low} and {high}")
        return int(text)

    return read


def interval(text: str, context: Context) -> int:
    """Length of a slot in minutes; see :mod:`hydro.slots`."""
    minutes = whole(1, 1440)(text, context)
    if not is_slot_interval(minutes):
        raise CellError(f"{minutes} minutes neither divide an hour nor are whole hours that divide a day")
    return minutes


def switch(text: str, _context: Context) -> bool:
    """0 or 1."""
    if text not in ("0", "1"):
        raise CellError(f"{shown(text)} is not 0 or 1")
    return text == "1"


def choice(words: type[E]) -> Cell[E]:
    """One of the words of a closed list."""
    known = {str(word): word for word in words}

    def read(text: str, _context: Context) -> E:
        if text not in known:
            raise CellError(f"{shown(text)} is not one of {', '.join(known)}")
        return known[text]

    return read


def quantity(*allowed: Quantity) -> Cell[Quantity]:
    """Name of a quantity; of those given, else of any."""
    known = {each.text: each for each in allowed} or QUANTITIES

    def read(text: str, _context: Context) -> Quantity:
        if text not in known:
            raise CellError(f"{shown(text)} is not one of the quantities {', '.join(known)}")
        return known[text]

    return read


def day(text: str, _context: Context) -> date:
    """A calendar date."""
    found = _DAY.fullmatch(text)
    if not found:
        raise CellError(f"{shown(text)} is not a date such as 2026-03-01")
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        raise CellError(f"{shown(text)} does not exist in the calendar") from None


def month_day(text: str, _context: Context) -> MonthDay:
    """A day of the year; 02-29 is one."""
    found = _MONTH_DAY.fullmatch(text)
    if not found:
        raise CellError(f"{shown(text)} is not a day of the year such as 03-01")
    month, number_in_month = int(found[1]), int(found[2] or found[3])
    try:
        date(_ANY_LEAP_YEAR, month, number_in_month)
    except ValueError:
        raise CellError(f"{shown(text)} does not exist in the calendar") from None
    return month, number_in_month


def moment(text: str, context: Context) -> date | int:
    """A date, or a time as epoch milliseconds; without offset it is read in the zone of the settings."""
    if _DAY.fullmatch(text):
        return day(text, context)
    found = _SPREADSHEET_TIME.fullmatch(text)
    if found:
        year, month, number_in_month, hour, minute, second = (int(part or 0) for part in found.groups())
        text = f"{year:04}-{month:02}-{number_in_month:02}T{hour:02}:{minute:02}:{second:02}"
    try:
        return parse_instant(text, context.zone_minutes)
    except ValueError:
        raise CellError(f"{shown(text)} is neither a date such as 2026-03-01 nor an ISO 8601 time") from None


def begin_instant(text: str, context: Context) -> int:
    """Epoch milliseconds at which a date or time begins, itself not covered: D 00:00 for a date D."""
    value = moment(text, context)
    return day_start(value, context.zone_minutes) if isinstance(value, date) else value


def end_instant(text: str, context: Context) -> int:
    """Epoch milliseconds at which a date or time ends, itself covered: D+1 00:00 for a date D.

    9999-12-31 is how databases write "no end".
    """
    value = moment(text, context)
    if not isinstance(value, date):
        return value
    return LATEST_MS if value == date.max else day_start(value, context.zone_minutes) + DAY_MS
