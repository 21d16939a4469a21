"""The page on which a report is chosen: which one, of what time, of which stations, as what file.

It is a plain form: without a script it works the same, and its address can be kept.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import parse_qsl, urlencode

from dashboards.console.page.choice import PageError
from dashboards.reports.compose import NAMES, TITLES
from dashboards.reports.division import city_of, province_of
from dashboards.reports.place import Place
from dashboards.reports.wanted import Wanted
from dashboards.reports.written import Format
from hydro.instants import local_date

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dashboards.console.page.words import Words
    from hydro.register import Register

__all__ = ["ADDRESS", "FILE_ADDRESS", "ReportForm", "Selection", "read_form", "report_form"]

ADDRESS: Final = "/reports"
FILE_ADDRESS: Final = "/reports/file"

_FIELDS: Final = ("name", "period", "division", "authority", "river", "station", "format")
_LONGEST: Final = 200
_MOST_PARAMETERS: Final = 20
_MONTHS_OF_A_QUARTER: Final = 3


class Suggestion(NamedTuple):
    """A period that is often asked for."""

    text: str
    period: str
    href: str
    chosen: bool


class Option(NamedTuple):
    """One of a list."""

    value: str
    text: str


class Described(NamedTuple):
    """A report to choose."""

    name: str
    title: str
    about: str


@dataclass(frozen=True, slots=True)
class Selection:
    """What stands in the form; empty = not given."""

    name: str = NAMES[0]
    period: str = ""
    division: str = ""
    authority: str = ""
    river: str = ""
    station: str = ""
    format: str = Format.HTML.value

    @property
    def wanted(self) -> Wanted:
        """As it is asked for."""
        place = Place(*(text or None for text in (self.division, self.authority, self.river, self.station)))
        return Wanted(self.name, self.period, place)

    def address(self, **changes: str) -> str:
        """Of the page with some of it changed."""
        given = {name: getattr(self, name) for name in _FIELDS if name != "format"} | changes
        return f"{ADDRESS}?{urlencode({name: text for name, text in given.items() if text})}"


@dataclass(frozen=True, slots=True)
class ReportForm:
    """See the module.

    Attributes:
        selection: What stands in it.
        reports: To choose from.
        suggestions: Periods.
        divisions: With how many stations, those above first.
        authorities: To choose from.
        rivers: To choose from.
        mistake: Why a report could not be made; None before.
    """

    selection: Selection
    reports: tuple[Described, ...]
    suggestions: tuple[Suggestion, ...]
    divisions: tuple[Option, ...]
    authorities: tuple[Option, ...]
    rivers: tuple[Option, ...]
    mistake: str | None = None
    formats: tuple[Format, ...] = field(default=(Format.HTML, Format.XLSX, Format.CSV))


def read_form(query: str) -> Selection:
    """What an address says.

    Raises:
        PageError: It holds what nobody types.
    """
    try:
        pairs = parse_qsl(query, errors="strict", max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        raise PageError(HTTPStatus.BAD_REQUEST, "bad parameter", name="?", value=query[:_LONGEST]) from None
    found = {name: text.strip() for name, text in pairs if name in _FIELDS}
    for name, text in found.items():
        is_bare = name == "name" and text not in NAMES
        if is_bare or len(text) > _LONGEST or not text.isprintable():
            raise PageError(HTTPStatus.BAD_REQUEST, "bad parameter", name=name, value=text[:_LONGEST])
    if found.get("format", Format.HTML.value) not in {kind.value for kind in Format}:
        raise PageError(HTTPStatus.BAD_REQUEST, "bad parameter", name="format", value=found["format"][:_LONGEST])
    return Selection(**found)


def report_form(
    selection: Selection, register: Register, now: int, words: Words, mistake: str | None = None
) -> ReportForm:
    """The form as it is shown.

    Args:
        selection: What stands in it; without a period that of the last whole month.
        register: What there is to choose from.
        now: Epoch milliseconds.
        words: Of the page's language.
        mistake: Why a report could not be made.
    """
    today = local_date(now, register.zone_minutes)
    periods = _periods(today)
    if not selection.period:
        selection = Selection(**{**_as_dict(selection), "period": periods["last month"]})
    rows = [dated.at(now) or dated.rows[-1] for dated in register.stations.values()]
    return ReportForm(
        selection=selection,
        reports=tuple(
            Described(name, TITLES[name][0 if words.lang == "zh" else 1], words(f"about {name}")) for name in NAMES
        ),
        suggestions=tuple(
            Suggestion(words(phrase), period, selection.address(period=period), period == selection.period)
            for phrase, period in periods.items()
        ),
        divisions=_divisions(row.division for row in rows),
        authorities=_counted(row.authority for row in rows),
        rivers=_counted(row.river for row in rows),
        mistake=mistake,
    )


def _as_dict(selection: Selection) -> dict[str, str]:
    return {name: getattr(selection, name) for name in _FIELDS}


def _periods(today: date) -> dict[str, str]:
    """Periods that are often asked for, by phrase.

    >>> list(_periods(date(2026, 1, 5)).values())
    ['2026-01', '2025-12', '2026-W01', '2025-Q4', '2026', '2025', '2026-01-04']
    """
    last_month = today.replace(day=1) - timedelta(days=1)
    last_week = today - timedelta(days=7)
    week = last_week.isocalendar()
    quarter = (today.month - 1) // _MONTHS_OF_A_QUARTER
    last_quarter = f"{today.year}-Q{quarter}" if quarter else f"{today.year - 1}-Q4"
    return {
        "this month": f"{today:%Y-%m}",
        "last month": f"{last_month:%Y-%m}",
        "last week": f"{week.year}-W{week.week:02d}",
        "last quarter": last_quarter,
        "this year": f"{today.year}",
        "last year": f"{today.year - 1}",
        "yesterday": f"{today - timedelta(days=1):%Y-%m-%d}",
    }


def _divisions(codes: Iterable[str]) -> tuple[Option, ...]:
    """Provinces, cities and counties that have stations, each below the one that it belongs to."""
    counts: Counter[str] = Counter()
    for code in codes:
        if code:
            counts.update({code, city_of(code) or code, province_of(code) or code})
    return tuple(
        Option(code, "\N{IDEOGRAPHIC SPACE}" * _depth(code) + f"{code} ({count})")
        for code, count in sorted(counts.items())
    )


def _depth(code: str) -> int:
    return (province_of(code) not in (code, None)) + (city_of(code) not in (code, None))


def _counted(names: Iterable[str]) -> tuple[Option, ...]:
    counts = Counter(name for name in names if name)
    return tuple(Option(name, f"{name} ({count})") for name, count in sorted(counts.items()))
