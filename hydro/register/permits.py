"""Tables of who may take how much: ``users``, ``key_users``, ``permits`` and what belongs to a permit, ``plans``.

Source: docs/register-tables.md. Where it is taken is in :mod:`hydro.register.intakes`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date  # noqa: TC003  # the annotations are read at run time
from enum import StrEnum
from fractions import Fraction  # noqa: TC003  # the annotations are read at run time
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

from hydro.register.cells import (
    EARLIEST_MS,
    CellError,
    Context,
    MonthDay,
    begin_instant,
    choice,
    day,
    fraction,
    free_text,
    identifier,
    label,
    month_day,
    number,
    switch,
)
from hydro.register.mistake import shown
from hydro.register.seasons import seasons_meet
from hydro.register.table import Contradiction, Reference, Row, optional, required

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "OF_PERMITS",
    "OF_USERS",
    "ChangeReason",
    "Hours",
    "KeyUser",
    "Permit",
    "PermitChange",
    "PermitIntake",
    "PermitState",
    "PermitWindow",
    "Plan",
    "PlanSpan",
    "UserList",
    "WaterSource",
    "WaterUser",
]

OF_USERS: Final = Reference("users", "user", "user")
OF_PERMITS: Final = Reference("permits", "permit", "permit")
_OF_INTAKES: Final = Reference("intakes", "intake", "intake")
_MINUTES_OF_DAY: Final = 1440
_LAST_MONTH: Final = 12
_SPAN: Final = re.compile(r"(\d{4})(?:[-/](\d{1,2}))?", re.ASCII)
_HOURS: Final = re.compile(r"(\d{1,2})(?::(\d\d))?-(\d{1,2})(?::(\d\d))?", re.ASCII)


class WaterSource(StrEnum):
    """Where water is taken from."""

    SURFACE = "surface"
    GROUND = "ground"
    MINE = "mine"
    SPRING = "spring"
    RECLAIMED = "reclaimed"
    TRANSFER = "transfer"


class PermitState(StrEnum):
    """Whether a permit counts; while a timely renewal is undecided it has not expired."""

    VALID = "valid"
    RENEWAL = "renewal"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


class UserList(StrEnum):
    """Lists of key monitored users; a user can be on several."""

    NATIONAL = "national"
    PROVINCE = "province"
    CITY = "city"


class ChangeReason(StrEnum):
    """Why a permit's volume changed."""

    TRADE = "trade"
    ADJUST = "adjust"


class PlanSpan(NamedTuple):
    """The year or month of a plan.

    Attributes:
        year: Of the calendar.
        month: 1 to 12; 0 = the whole year.
    """

    year: int
    month: int


class Hours(NamedTuple):
    """Hours of the day at which may be taken.

    Attributes:
        start: Minute of the day, not itself covered.
        end: Minute of the day, itself covered; not after ``start`` = over midnight.
    """

    start: int
    end: int


def _span(text: str, _context: Context) -> PlanSpan:
    found = _SPAN.fullmatch(text)
    month = int(found[2] or 0) if found else 0
    if not found or (found[2] and not 1 <= month <= _LAST_MONTH):
        raise CellError(f"{shown(text)} is neither a month such as 2026-03 nor a year such as 2026")
    return PlanSpan(int(found[1]), month)


def _hours(text: str, _context: Context) -> tuple[Hours, ...]:
    """``6-8;18:30-22``: ranges of the day, over midnight where the end is not after the start."""
    found = []
    for part in text.replace(";", " ").split():
        match = _HOURS.fullmatch(part)
        if not match:
            raise CellError(f"{shown(part)} is not a range of hours such as 6-8 or 22:00-06:00")
        start, end = (int(match[place]) * 60 + int(match[place + 1] or 0) for place in (1, 3))
        if max(start, end) > _MINUTES_OF_DAY or start == end:
            raise CellError(f"{shown(part)} is not within one day")
        found.append(Hours(start, end))
    return tuple(found)


def _applied(text: str, context: Context) -> date | bool:
    return switch(text, context) if text in ("0", "1") else day(text, context)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaterUser(Row):
    """Somebody who takes water.

    Attributes:
        user: Their code.
        industry: By GB/T 4754.
    """

    user: Annotated[str, required("user", identifier)]
    name: Annotated[str, required("name", label, empty="")]
    credit_code: Annotated[str, optional("credit_code", identifier, empty="")]
    industry: Annotated[str, optional("industry", label, empty="")]
    division: Annotated[str, optional("division", label, empty="")]
    contact: Annotated[str, optional("contact", label, empty="")]
    phone: Annotated[str, optional("phone", label, empty="")]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyUser(Row):
    """A user on a list of key monitored users, from a day on."""

    user: Annotated[str, required("user", identifier, refers=OF_USERS)]
    list_name: Annotated[UserList, required("list", choice(UserList))]
    start_ms: Annotated[int, required("valid_from", begin_instant, empty=EARLIEST_MS)] = EARLIEST_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit(Row):
    """Permission to take water; its row ends when the permit does.

    Attributes:
        permit: Its code in the register.
        holder: Who holds it, as it is written on the permit.
        industry: By GB/T 4754.
        annual: Volume of a year, 1e-6 m3.
        user: The holder in ``users``; empty = not said.
        number: As the authority numbers it.
        renewal_applied: Whether, or since when, a renewal was applied for.
        max_rate: Largest rate, 1e-6 m3/s.
    """

    permit: Annotated[str, required("permit", identifier)]
    holder: Annotated[str, required("holder", label, empty="")]
    division: Annotated[str, required("division", label, empty="")]
    industry: Annotated[str, required("industry", label, empty="")]
    source: Annotated[WaterSource, required("source", choice(WaterSource))]
    annual: Annotated[int, required("annual_m3", number(at_least=0))]
    user: Annotated[str, optional("user", identifier, empty="", refers=OF_USERS)]
    number: Annotated[str, optional("number", label, empty="")]
    issuer: Annotated[str, optional("issuer", label, empty="")]
    state: Annotated[PermitState, optional("state", choice(PermitState), empty=PermitState.VALID)]
    renewal_applied: Annotated[date | bool | None, optional("renewal_applied", _applied)]
    max_rate: Annotated[int | None, optional("max_rate_m3s", number(above=0))]

    def contradictions(self) -> Iterator[Contradiction]:
        """A permit that belongs to nobody."""
        yield from Row.contradictions(self)  # super() without arguments does not survive slots=True
        if not self.holder and not self.user:
            yield "holder", "is empty, and so is user: the permit belongs to nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class PermitIntake(Row):
    """An intake at which a permit is used: n permits to m intakes.

    Attributes:
        share: Of the intake's water that counts for this permit, 0 to 1; None = all of it, or as others leave.
        max_rate: Largest rate at this intake, 1e-6 m3/s.
    """

    permit: Annotated[str, required("permit", identifier, refers=OF_PERMITS)]
    intake: Annotated[str, required("intake", identifier, refers=_OF_INTAKES)]
    start_ms: Annotated[int, required("valid_from", begin_instant, empty=EARLIEST_MS)] = EARLIEST_MS
    share: Annotated[Fraction | None, optional("share", fraction(0, 1, low_open=True))]
    max_rate: Annotated[int | None, optional("max_rate_m3s", number(above=0))]


@dataclass(frozen=True, slots=True, kw_only=True)
class PermitWindow(Row):
    """Days of the year, and hours of the day, at which a permit allows to take; without a row, always.

    Attributes:
        from_day: First day of the year, included.
        to_day: Last day, included; earlier in the year than ``from_day`` = over the new year.
        hours: Ranges of the day; empty = all of it.
        max_rate: Largest rate in this window, 1e-6 m3/s.
        volume: Largest volume of one such window, 1e-6 m3.
    """

    permit: Annotated[str, required("permit", identifier, refers=OF_PERMITS)]
    from_day: Annotated[MonthDay, required("from_day", month_day)]
    to_day: Annotated[MonthDay, required("to_day", month_day)]
    hours: Annotated[tuple[Hours, ...], optional("hours", _hours, empty=())]
    max_rate: Annotated[int | None, optional("max_rate_m3s", number(above=0))]
    volume: Annotated[int | None, optional("volume_m3", number(at_least=0))]

    def meets(self, other: PermitWindow) -> bool:
        """Whether both hold on some day of the year."""
        return seasons_meet(self.from_day, self.to_day, other.from_day, other.to_day)


@dataclass(frozen=True, slots=True, kw_only=True)
class PermitChange(Row):
    """Volume that a permit gains or loses from a day on, for that day's year: a trade, or an adjustment.

    Attributes:
        at: From when, epoch milliseconds.
        delta: Gained, or lost where negative, 1e-6 m3.
        counterpart: The permit traded with; its own row says the reverse.
    """

    permit: Annotated[str, required("permit", identifier, refers=OF_PERMITS)]
    at: Annotated[int, required("from", begin_instant)]
    delta: Annotated[int, required("delta_m3", number())]
    reason: Annotated[ChangeReason, required("reason", choice(ChangeReason))]
    counterpart: Annotated[str, optional("counterpart", identifier, empty="", refers=OF_PERMITS)]
    document: Annotated[str, optional("document", free_text, empty="")]

    def contradictions(self) -> Iterator[Contradiction]:
        """A trade with oneself."""
        yield from Row.contradictions(self)  # super() without arguments does not survive slots=True
        if self.counterpart == self.permit:
            yield "counterpart", "is the permit itself"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan(Row):
    """A year's or month's allotment.

    Attributes:
        span: Which year or month.
        volume: 1e-6 m3.
    """

    permit: Annotated[str, required("permit", identifier, refers=OF_PERMITS)]
    span: Annotated[PlanSpan, required("month", _span)]
    volume: Annotated[int, required("volume_m3", number(at_least=0))]
