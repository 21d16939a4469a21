"""What somebody wants to see, as it stands in the address of the page.

Everything has a default, nothing is guessed: a parameter that means nothing is a mistake, told as a page.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import parse_qsl, quote, urlencode

from hydro.instants import DAY_MS, HOUR_MS
from hydro.quantity import QUANTITIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dashboards.console.draw.model import Lang

__all__ = ["LANGUAGES", "RANGES", "Choice", "PageError", "Range", "language"]


class Range(NamedTuple):
    """A time that a hydrograph shows.

    Attributes:
        length_ms: How long.
        bucket_h: Hours of the buckets it is drawn from; None = from every value.
    """

    length_ms: int
    bucket_h: int | None = None


RANGES: Final[dict[str, Range]] = {
    "6h": Range(6 * HOUR_MS),
    "1d": Range(DAY_MS),
    "7d": Range(7 * DAY_MS),
    "30d": Range(30 * DAY_MS),
    "1y": Range(365 * DAY_MS, bucket_h=6),
}
LANGUAGES: Final[dict[str, Lang]] = {"zh": "zh", "en": "en"}

_LONGEST: Final = 200
_MOST_PARAMETERS: Final = 20
_MOST_PAGES: Final = 1_000_000
_OPTIONS: Final[dict[str, Iterable[str]]] = {
    "lang": LANGUAGES,
    "range": RANGES,
    "quantity": QUANTITIES,
    "show": ("open", "all"),
    "where": ("everywhere", "basin"),
}


class PageError(Exception):
    """An address or a form that can't be followed; answered with a page.

    Attributes:
        status: HTTP status.
        phrase: Name of the phrase that says why.
        values: What stands in its gaps.
    """

    def __init__(self, status: HTTPStatus, phrase: str, **values: object) -> None:
        super().__init__(f"{phrase} {values}")
        self.status = status
        self.phrase = phrase
        self.values: dict[str, Any] = values


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Parameters of an address; None where it says nothing.

    Attributes:
        lang: Language.
        basin: Which basin is drawn; a station that is given has its own.
        station: Code of the station whose hydrograph is shown.
        quantity: What the hydrograph shows.
        range: How much of it.
        alert: Id of the alert that is unfolded.
        show: Alerts that need somebody, or all.
        where: Alerts of all basins, or of the one that is shown.
        page: Page of the alerts.
        q: What the station table is searched for.
        stations: Page of the station table.
    """

    lang: str | None = None
    basin: str | None = None
    station: str | None = None
    quantity: str | None = None
    range: str = "1d"
    alert: str | None = None
    show: str = "open"
    where: str = "everywhere"
    page: int = 1
    q: str = ""
    stations: int = 1

    @classmethod
    def read(cls, query: str) -> Choice:
        """The choice that a query string makes; parameters of others are ignored.

        Raises:
            PageError: A value that can't be.

        >>> Choice.read("station=A&range=7d").address(range="1d")
        '/?station=A'
        """
        try:
            pairs = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS)
        except ValueError:
            raise PageError(HTTPStatus.BAD_REQUEST, "bad parameter", name="?", value=query[:_LONGEST]) from None
        return cls.of(dict(pairs))

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Choice:
        """The choice of parameters by name.

        Raises:
            PageError: A value that can't be.
        """
        found: dict[str, Any] = {}
        for name in _NAMES & given.keys():
            value = given[name]
            if not value and name != "basin":  # the basin without a name is one
                continue
            if (name in _OPTIONS and value not in _OPTIONS[name]) or len(value) > _LONGEST or not value.isprintable():
                raise PageError(HTTPStatus.BAD_REQUEST, "bad parameter", name=name, value=value[:_LONGEST])
            found[name] = _number(name, value) if name in ("page", "stations") else value
        return cls(**found)

    def address(self, anchor: str = "", **changes: object) -> str:
        """Where a link leads that changes some parameters.

        Args:
            anchor: Element of the page to go to.
            changes: Parameters by name; None or the default leaves one out.
        """
        query = replace(self, **changes).query()  # type: ignore[arg-type]  # a name that isn't one raises
        return f"/{'?' if query else ''}{query}{'#' if anchor else ''}{anchor}"

    def query(self) -> str:
        """The parameters as they stand in an address."""
        return urlencode(self.parameters(), quote_via=quote)

    def parameters(self) -> list[tuple[str, str]]:
        """Those that are not at their default."""
        pairs = [(one.name, getattr(self, one.name), one.default) for one in fields(self)]
        return [(name, str(value)) for name, value, default in pairs if value != default]

    def only(self, *names: str) -> Choice:
        """With other parameters at their default."""
        return Choice(**{name: getattr(self, name) for name in names})


_NAMES: Final = frozenset(one.name for one in fields(Choice))


def _number(name: str, value: str) -> int:
    number = int(value) if value.isascii() and value.isdecimal() else 0
    if not 1 <= number <= _MOST_PAGES:
        raise PageError(HTTPStatus.BAD_REQUEST, "bad parameter", name=name, value=value)
    return number


def language(choice: Choice, cookie: str | None, accepted: str) -> Lang:
    """The language of a page: as the address says, as the browser remembers, as it prefers; else Chinese.

    Args:
        choice: The address.
        cookie: What the browser remembers.
        accepted: Header Accept-Language.

    >>> language(Choice(), None, "en-GB,en;q=0.9,zh;q=0.8"), language(Choice(), None, "fr,zh;q=0.5,en;q=0.1")
    ('en', 'zh')
    """
    for said in (choice.lang, cookie):
        if said in LANGUAGES:
            return LANGUAGES[said]
    weights = {"zh": 0.0, "en": 0.0}
    for entry in accepted[:_LONGEST].split(","):
        tag, _, weight = entry.partition(";q=")
        lang = tag.strip().lower()[:2]
        if lang in weights:
            weights[lang] = max(weights[lang], _weight(weight))
    return "en" if weights["en"] > weights["zh"] else "zh"


def _weight(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0
