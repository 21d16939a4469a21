"""The class ``over_plan``: what the intakes of a permit took since 1 January, against what it may take in the year.

permit | volume of all its intakes since 1 January against the year's plan (else annual_m3) | crossing | blue ≥ 90 % or
the 28-day rate exceeds it before year end; yellow > 100, orange ≥ 110, red ≥ 130 | raised plan, or year end. Missing
volume is never filled: completeness is shown
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING

from .alert import Alert, Evidence
from .clock import DAY, HOUR, date_of, midnight
from .metering import known_hours, portions_of, source_at, sources_of
from .register import covered_range, micro
from .take import Estimate, covers_day, intakes_of, points_at, shares_at, windows_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .metering import Portion, Source
    from .observed import Observed
    from .register import Register, Row

__all__ = ["judge_over_plan", "limit_of", "share_of", "taken_between"]

BANDS = ("blue", "yellow", "orange", "red")


@dataclass(frozen=True)
class Part:
    """What a portion of a metering point's volume adds to a permit: exact micro m3."""

    start: int
    end: int
    amount: Fraction


@dataclass
class Book:
    """Volumes of a permit: its parts, and by hour how many points there are and how many are known."""

    parts: list[Part] = field(default_factory=list)
    expected: dict[int, int] = field(default_factory=dict)
    known: dict[int, int] = field(default_factory=dict)

    def volume(self, start: int, end: int) -> Fraction:
        """In (start, end]; a long increment over its bounds belongs to neither side."""
        inside = (each for each in self.parts if start < each.end <= end)
        return sum((each.amount for each in inside if each.start >= start or each.end - each.start <= HOUR), Fraction())

    def hours(self, start: int, end: int) -> tuple[int, int]:
        """(all, known) hours of points in (start, end]."""
        ends = range(start // HOUR * HOUR + HOUR, end + 1, HOUR)
        return sum(self.expected.get(each, 0) for each in ends), sum(self.known.get(each, 0) for each in ends)


def share_of(register: Register, intake: str, permit: str, moment: int) -> Fraction:
    """Share of an intake's water that counts for a permit."""
    shares = shares_at(register, intake, moment)
    if permit not in shares:
        return Fraction(0)
    given = {name: row["share"] for name, row in shares.items() if row.get("share", "")}
    if permit in given:
        return Fraction(given[permit])
    left = 1 - sum((Fraction(text) for text in given.values()), Fraction())
    return max(left, Fraction(0)) / (len(shares) - len(given))


def _permit_row(register: Register, permit: str, moment: int) -> Row | None:
    """Row of a permit; of one that has ended the last."""
    ended = []
    for row in register.tables["permits"]:
        if row["permit"] == permit:
            start, end = covered_range(row["valid_from"], row.get("valid_to", ""), register.zone)
            if start < moment <= end:
                return row
            if end < moment:
                ended.append((end, row))
    return max(ended, key=lambda pair: pair[0])[1] if ended else None


def limit_of(register: Register, permit: str, moment: int) -> int | None:
    """What may be taken in the year of an instant, micro m3."""
    row = _permit_row(register, permit, moment)
    if row is None:
        return None
    year = date_of(moment).year
    plans: dict[int, int] = {}
    for plan in register.tables["plans"]:
        if plan["permit"] == permit and register.is_valid(plan, moment):
            said, _, month = plan["month"].replace("/", "-").partition("-")
            if int(said) == year:
                plans[int(month or 0)] = micro(plan["volume_m3"])
    annual = micro(row["annual_m3"])
    months = [plans[month] for month in range(1, 13) if month in plans]
    plan_m3 = plans.get(0, sum(months) if len(months) == 12 else annual)
    traded = 0
    for change in register.tables["permit_changes"]:
        start = covered_range(change["from"], "", register.zone)[0]
        if change["permit"] == permit and start < moment and date_of(start + 1).year == year:
            traded += micro(change["delta_m3"])
    return min(plan_m3, annual) + traded


def _book(observed: Observed, permit: str, first: int, last: int) -> Book:
    register = observed.register
    book = Book()
    intakes = intakes_of(register)
    portions: dict[Source, list[Portion]] = {}
    hours: dict[Source, set[int]] = {}
    for station in dict.fromkeys(code for codes in intakes.values() for code in codes):
        for source in sources_of(register, station):
            portions[source] = portions_of(observed, source)
            hours[source] = known_hours(observed, source, portions[source])
    for intake, stations in intakes.items():
        for station in stations:
            for source in sources_of(register, station):
                book.parts += _parts(register, (permit, intake, station), source, portions[source])
        for end in range(first // HOUR * HOUR + HOUR, last + 1, HOUR):
            if permit not in shares_at(register, intake, end):
                continue
            for point in points_at(register, intake, end):
                used = source_at(register, point["station"], end)
                is_known = bool(used) and all(end in hours[source] for source in used)
                book.expected[end] = book.expected.get(end, 0) + 1
                book.known[end] = book.known.get(end, 0) + is_known
    return book


def _parts(
    register: Register, of: tuple[str | None, str, str], source: Source, portions: Sequence[Portion]
) -> list[Part]:
    permit, intake, station = of
    found = []
    for each in portions:
        hour = -(-each.end // HOUR) * HOUR
        share = Fraction(1) if permit is None else share_of(register, intake, permit, hour)
        is_point = any(row["station"] == station for row in points_at(register, intake, hour))
        if share and is_point and each.amount is not None and source in source_at(register, station, each.end):
            found.append(Part(each.start, each.end, each.amount * source.coefficient * share))
    return found


@dataclass(frozen=True)
class Outlook:
    """What a 00:00 says of the rest of the year: volume so far and of 28 days, exact micro m3, and days to come."""

    volume: Fraction
    month: Fraction
    days: int

    @property
    def year(self) -> Fraction:
        """Volume of the whole year, if it goes on like this."""
        return self.volume + self.month * self.days / 28


@dataclass(frozen=True)
class Hour:
    """How a permit stands at the end of an hour. ``is_raised``: its plan is more than an hour ago."""

    start: int
    end: int
    volume: Fraction
    plan: int
    is_raised: bool
    outlook: Outlook | None

    @property
    def level(self) -> str | None:
        """By the volume, else blue by the outlook."""
        return _band(self.volume, self.plan) or ("blue" if self.will_exceed else None)

    @property
    def will_exceed(self) -> bool:
        """Whether the year's plan will not do."""
        return self.outlook is not None and self.outlook.year > self.plan


def taken_between(
    observed: Observed, intakes: Mapping[str, Sequence[str]], permit: str | None, span: tuple[int, int]
) -> Fraction:
    """Exact micro m3 that intakes took in (start, end]; of a permit its share.

    Args:
        observed: What was.
        intakes: Metering points of each.
        permit: Whose share counts; None = all of it.
        span: Start and end.
    """
    book = Book()
    for intake, stations in intakes.items():
        for station in stations:
            for source in sources_of(observed.register, station):
                portions = portions_of(observed, source)
                book.parts += _parts(observed.register, (permit, intake, station), source, portions)
    return book.volume(*span)


def judge_over_plan(observed: Observed, permit: str, first: int, watermark: Mapping[str, int]) -> list[Alert]:
    """Every time in which a permit's year is used up, or will be.

    Args:
        observed: What was.
        permit: Its code.
        first: First accepted event time of the stream.
        watermark: Of each station.
    """
    last = _last(observed, permit, watermark)
    if last is None:
        return []
    book = _book(observed, permit, _year_start(first), last)
    alerts: list[Alert] = []
    firing: Alert | None = None
    for here in _hours(observed.register, permit, book, first, last):
        by_volume = _band(here.volume, here.plan)
        if firing is None:
            if by_volume or (here.will_exceed and here.end % DAY == 0):
                firing = Alert(
                    "permit", permit, "over_plan", "over_plan" if by_volume else "forecast", here.end, here.end
                )
                alerts.append(firing)
                _change(firing, by_volume or "blue", book, here)
        elif here.is_raised and here.level is None:
            firing.resolved_at = here.end
            firing = None
        else:
            now = firing.levels[-1][0]
            after = here.level if here.is_raised and here.level else max(now, by_volume or "blue", key=BANDS.index)
            if after != now:
                _change(firing, after, book, here)
        if firing is not None and _year_start(here.end + 1) == here.end:
            firing.resolved_at = here.end
            firing = None
    return alerts


def _last(observed: Observed, permit: str, watermark: Mapping[str, int]) -> int | None:
    """Up to when all is known that a permit's volume rests on; None where there is nothing."""
    register = observed.register
    named = {row["intake"] for row in register.tables["permit_intakes"] if row["permit"] == permit}
    short = {row["station"] for row in register.tables["intakes"] if row.get("permit", "") == permit}
    return min(
        (
            watermark[source.station]
            for intake, stations in intakes_of(register).items()
            if intake in named or not short.isdisjoint(stations)
            for station in stations
            for source in sources_of(register, station)
            if observed.readings(source.station, source.quantity)
        ),
        default=None,
    )


def _hours(register: Register, permit: str, book: Book, first: int, last: int) -> Iterator[Hour]:
    outlook: Outlook | None = None
    before: int | None = None
    for end in range(first // HOUR * HOUR + HOUR, last + 1, HOUR):
        start = _year_start(end)
        plan = limit_of(register, permit, end)
        if end - HOUR == start:
            outlook, before = None, None
        if plan is None:
            continue
        volume = book.volume(start, end)
        if end % DAY == 0:
            outlook = _outlook(register, book, permit, end, volume)
        yield Hour(start, end, volume, plan, before is not None and plan > before, outlook)
        before = plan


def _year_start(moment: int) -> int:
    return midnight(date(date_of(moment).year, 1, 1))


def _outlook(register: Register, book: Book, permit: str, hour: int, volume: Fraction) -> Outlook | None:
    """None where too little is known of the last 28 days."""
    expected, known = book.hours(hour - 28 * DAY, hour)
    if not expected or 2 * known < expected:
        return None
    end = midnight(date(date_of(hour).year + 1, 1, 1))
    windows = windows_at(register, permit, hour)
    days = [day for day in range(hour, end, DAY) if not windows or any(covers_day(row, day + 1) for row in windows)]
    return Outlook(volume, book.volume(hour - 28 * DAY, hour), len(days))


def _band(volume: Fraction, plan: int) -> str | None:
    if plan <= 0:
        return "red" if volume > 0 else None
    share = volume / plan
    if share >= Fraction(130, 100):
        return "red"
    if share >= Fraction(110, 100):
        return "orange"
    if share > 1:
        return "yellow"
    return "blue" if share >= Fraction(90, 100) else None


def _change(alert: Alert, level: str, book: Book, here: Hour) -> None:
    """A level from now on, with what there is to show."""
    alert.levels.append((level, here.end))
    expected, known = book.hours(here.start, here.end)
    alert.shown = Evidence(here.start, here.end, expected, known, round(here.volume), here.plan, "")
    alert.estimate = None
    if here.outlook is not None:
        rate = here.outlook.month / (28 * DAY // 1000)
        alert.estimate = Estimate(round(rate), None, None, round(here.outlook.year), None, "rate_28d")
