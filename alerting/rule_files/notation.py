"""The short notation of series in tests of rules.

::

    2.1x12 1.4x6 _x3 null 0x2d      2.1 in twelve slots, 1.4 in six, three without a message, one missing, two days of 0

Each value is one reading at the end of its slot. ``x12`` counts slots, ``x6h`` and ``x2d`` time.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

__all__ = ["MOST_SLOTS", "Token", "parse_series"]

MOST_SLOTS: Final = 20_000
"""Of one series: two months of slots of five minutes."""

_TOKEN: Final = re.compile(r"(?P<value>_|null|-?\d{1,9}(?:\.\d{1,6})?)(?:x(?P<times>\d{1,5})(?P<unit>[hd]?))?")
_MINUTES: Final = {"h": 60, "d": 1_440}


class Token(NamedTuple):
    """What comes in a slot.

    Attributes:
        is_sent: False = no message holds the series.
        value: None = sent as missing.
    """

    is_sent: bool
    value: float | None


def parse_series(text: str, interval_min: int) -> list[Token]:
    """One token a slot.

    Args:
        text: The notation.
        interval_min: Length of a slot.

    Raises:
        ValueError: With the word that can't be read, and why.

    >>> [token.value for token in parse_series("2.1x2 _ null 0x1h", 30) if token.is_sent]
    [2.1, 2.1, None, 0.0, 0.0]
    """
    found: list[Token] = []
    for word in text.split():
        match = _TOKEN.fullmatch(word)
        if match is None:
            message = f"{word!r} is not VALUE, _ or null, maybe with xN, xNh or xNd"
            raise ValueError(message)
        times, unit = int(match["times"] or 1), match["unit"]
        if unit and times * _MINUTES[unit] % interval_min:
            message = f"{word!r} is not a whole number of slots of {interval_min} min"
            raise ValueError(message)
        count = times * _MINUTES[unit] // interval_min if unit else times
        if len(found) + count > MOST_SLOTS:
            message = f"{word!r} makes more than {MOST_SLOTS} slots"
            raise ValueError(message)
        value = match["value"]
        found += [Token(value != "_", None if value in ("_", "null") else float(value))] * count
    return found
