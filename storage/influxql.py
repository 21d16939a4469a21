"""InfluxQL statements and their answers, as pure functions.

Nothing that comes from outside enters a statement but through `quote_identifier` and `quote_string`. A statement costs
InfluxDB 1.6 some 70 us and a row about 1 us (measured), hence `key_ranges`: one statement per run of keys of a
series, bridging gaps that hold fewer rows than a statement costs, many statements per request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from hydro.errors import StoreError
from hydro.fixed import LARGEST, MICRO, parse_decimal
from hydro.flags import Flag
from hydro.instants import HOUR_MS
from storage.lineprotocol import MEASUREMENT
from storage.store import Point

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = [
    "Answer",
    "KeyRange",
    "Result",
    "Series",
    "batches",
    "key_ranges",
    "latest_statement",
    "newest_of",
    "points_of",
    "quote_identifier",
    "quote_string",
    "range_statement",
]

BRIDGED_GAP_MS: Final = 6 * HOUR_MS
"""72 rows at the usual 5 min, about as dear as a statement of their own."""

MAX_QUERY_CHARACTERS: Final = 128 * 1024
"""Of the statements in one request; some 800 of them."""

EARLIEST_MS: Final = -9_223_372_036_854
LATEST_MS: Final = 9_223_372_036_854
"""Times that InfluxDB can hold: int64 nanoseconds."""

_EXACT_BELOW: Final = 2.0**31
_ESCAPED: Final = {"\\": "\\\\", "\n": "\\n"}
_IN_STRING: Final = str.maketrans(_ESCAPED | {"'": "\\'"})
_IN_IDENTIFIER: Final = str.maketrans(_ESCAPED | {'"': '\\"'})


def quote_identifier(name: str) -> str:
    r"""A name as it stands in a statement.

    >>> quote_identifier('water "1"')
    '"water \\"1\\""'
    """
    return f'"{name.translate(_IN_IDENTIFIER)}"'


def quote_string(text: str) -> str:
    r"""A string literal.

    >>> quote_string("x' OR '1'='1"), quote_string("back\\slash'")
    ("'x\\' OR \\'1\\'=\\'1'", "'back\\\\slash\\''")
    """
    return f"'{text.translate(_IN_STRING)}'"


def range_statement(station: str, quantity: str, after: int, end: int) -> str:
    """Statement for the points of one series with after < time <= end (epoch milliseconds)."""
    low, high = (min(max(time, EARLIEST_MS), LATEST_MS) for time in (after, end))
    return (
        f"SELECT value, flag FROM {MEASUREMENT} WHERE station = {quote_string(station)}"  # noqa: S608  # quoted
        f" AND quantity = {quote_string(quantity)} AND time > {low}ms AND time <= {high}ms"
    )


def latest_statement(since: int) -> str:
    """Statement for the newest value of each series with time > since (epoch milliseconds)."""
    low = min(max(since, EARLIEST_MS), LATEST_MS)
    return f"SELECT last(value), flag FROM {MEASUREMENT} WHERE time > {low}ms GROUP BY station, quantity"  # noqa: S608  # a number


class KeyRange(NamedTuple):
    """Times of one series that one statement asks for: after < time <= end."""

    station: str
    quantity: str
    after: int
    end: int

    def statement(self) -> str:
        """The statement."""
        return range_statement(self.station, self.quantity, self.after, self.end)


def key_ranges(station: str, quantity: str, times: Iterable[int]) -> Iterator[KeyRange]:
    """Ranges that hold all ``times`` (epoch milliseconds, any order) of a series and bridge only short gaps.

    >>> [(part.after, part.end) for part in key_ranges("A", "stage", [HOUR_MS, 0, 48 * HOUR_MS])]
    [(-1, 3600000), (172799999, 172800000)]
    """
    first: int | None = None
    last = 0
    for time in sorted(times):
        if first is not None and time - last > BRIDGED_GAP_MS:
            yield KeyRange(station, quantity, first - 1, last)
            first = None
        if first is None:
            first = time
        last = time
    if first is not None:
        yield KeyRange(station, quantity, first - 1, last)


def batches(ranges: Iterable[KeyRange]) -> Iterator[tuple[str, list[KeyRange]]]:
    """Queries of bounded length, each with the ranges that its statements ask for, in their order."""
    statements: list[str] = []
    part: list[KeyRange] = []
    length = 0
    for key_range in ranges:
        statement = key_range.statement()
        if part and length + len(statement) > MAX_QUERY_CHARACTERS:
            yield ";".join(statements), part
            statements, part, length = [], [], 0
        statements.append(statement)
        part.append(key_range)
        length += len(statement) + 1
    if part:
        yield ";".join(statements), part


class Series(msgspec.Struct):
    """Rows of one series: time (epoch milliseconds), value, flag; its tags where the statement groups by them."""

    values: list[tuple[int, float | None, int | None]] = []
    tags: dict[str, str] = {}


class Result(msgspec.Struct):
    """Rows of one statement, or some of them.

    Attributes:
        statement_id: Number of the statement in its request, from 0.
        series: The rows.
        partial: More rows of this statement follow.
        error: What went wrong, empty if nothing did.
    """

    statement_id: int = 0
    series: list[Series] = []
    partial: bool = False
    error: str = ""


class Answer(msgspec.Struct):
    """One line of a chunked answer."""

    results: list[Result] = []
    error: str = ""


def points_of(result: Result) -> Iterator[Point]:
    """Points of a result, their values as millionths again.

    A point that somebody else wrote without a flag counts as not evaluated.

    Raises:
        StoreError: A value that the product can't hold.
    """
    missing = int(Flag.MISSING)
    for series in result.series:
        for time, value, flag in series.values:
            if value is None or flag == missing:
                yield Point(time, None, missing)
            else:
                yield Point(time, _micro(value), Flag.NOT_EVALUATED if flag is None else flag)


def newest_of(result: Result) -> Iterator[tuple[tuple[str, str], Point]]:
    """Station, quantity and point of each series of an answer to `latest_statement`.

    Raises:
        StoreError: A value that the product can't hold.
    """
    for series in result.series:
        for point in points_of(Result(series=[series])):
            if point.value is not None:
                yield (series.tags.get("station", ""), series.tags.get("quantity", "")), point


def _micro(value: float) -> int:
    """Millionths for the float nearest to them.

    Below 2**31 a float is off by at most 2**-23, so value * 1e6 is less than 0.25 away from the integer, its own
    rounding included. Above that the shortest decimal text is exact as far as floats tell millionths apart (2**33).
    """
    if -_EXACT_BELOW < value < _EXACT_BELOW:
        return round(value * MICRO)
    if abs(value) > LARGEST / MICRO:
        raise StoreError(f"the store holds the value {value}, which is larger than any that can be observed")
    return parse_decimal(repr(value))
