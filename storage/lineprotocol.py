r"""InfluxDB line protocol from columns.

One line an observation, ``observation,quantity=Q,station=S value=3.21,flag=1i 1772323500000``: tags in the order of
their names, ``value`` the shortest exact decimal of the fixed-point value (absent with flag 9), the event time in
milliseconds (to be sent with ``precision=ms``).

A Python loop over 10,000 rows costs five times as much as what numpy does here: every part of a line has a field of
fixed width in a structured array, unused bytes are NUL, and one `bytes.translate` at the end deletes the NULs. Digits
come in groups of four from tables. Text with control characters is refused, so no NUL is ever part of a tag.

Source: InfluxDB 1.x, "Line protocol reference"; behaviour of backslashes tried on 1.6.7.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from hydro.fixed import MICRO
from hydro.flags import Flag

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hydro.columns import Observations
    from hydro.series import SeriesIndex
    from storage.store import AlertPoint

__all__ = ["LineEncoder", "alert_line", "escape_tag", "quote_field"]

MEASUREMENT: Final = "observation"
ALERT_MEASUREMENT: Final = "alert"

_SPECIAL: Final = str.maketrans({",": "\\,", " ": "\\ ", "=": "\\="})
_QUOTED: Final = str.maketrans({"\\": "\\\\", '"': '\\"'})
_FIRST_PRINTABLE: Final = " "


def escape_tag(text: str) -> str:
    r"""A tag's name or value with its special characters escaped.

    Raises:
        ValueError: The protocol can't express it: empty, with control characters, or ending in a backslash (which would
            escape the separator behind it; a backslash itself can't be escaped).

    >>> escape_tag("Zhang He, 1=2")
    'Zhang\\ He\\,\\ 1\\=2'
    """
    if not text or text.endswith("\\") or min(text) < _FIRST_PRINTABLE:
        raise ValueError(f"{text!r} can't be a tag: empty, a control character, or a backslash at the end")
    return text.translate(_SPECIAL)


def quote_field(text: str) -> str:
    r"""A string field's value, quoted.

    >>> quote_field('a "b" \\')
    '"a \\"b\\" \\\\"'
    """
    return f'"{text.translate(_QUOTED)}"'


def alert_line(point: AlertPoint) -> bytes:
    """Line of one transition of an alert, without line end.

    Raises:
        ValueError: A tag or a number that the protocol can't express.
    """
    tags = "".join(f",{escape_tag(name)}={escape_tag(value or '-')}" for name, value in sorted(point.tags))
    numbers = (("value", point.value), ("target", point.target), ("ratio", point.ratio))
    fields = "".join(f",{name}={_float_text(number)}" for name, number in numbers if number is not None)
    return (
        f"{ALERT_MEASUREMENT}{tags} alert={quote_field(point.alert)},level={point.level}i,state={point.state}i{fields}"
        f" {point.time}"
    ).encode()


def _float_text(number: float) -> str:
    if not math.isfinite(number):
        raise ValueError(f"{number} can't be a field: not finite")
    return repr(number).removesuffix(".0")


_GROUP: Final = 10_000
_Digits = NDArray[np.uint32]


def _digit_tables() -> tuple[_Digits, _Digits, _Digits, _Digits]:
    """Texts of 0 to 9999, NUL-padded: all digits; no leading zeros; the same, but "0" for 0; no trailing zeros."""
    number = np.arange(_GROUP)[:, None]
    place = np.array([1000, 100, 10, 1])
    full = (number // place % 10 + ord("0")).astype(np.uint8)
    leading = np.where(number >= place, full, 0).astype(np.uint8)
    units = leading.copy()
    units[0, 3] = ord("0")
    trailing = np.where(number % (place * 10) > 0, full, 0).astype(np.uint8)
    full_, leading_, units_, trailing_ = (table.view(np.uint32).ravel() for table in (full, leading, units, trailing))
    return full_, leading_, units_, trailing_


_FULL, _LEADING, _UNITS, _TRAILING = _digit_tables()

# Groups of four digits, lowest first: |value| < 2**63 has 13 digits before the point, a time in milliseconds up to 19.
_WHOLE: Final = ("whole0", "whole1", "whole2", "whole3")
_TIME: Final = ("time0", "time1", "time2", "time3", "time4")
_VALUE_FIELDS: Final = ("label", "sign", *_WHOLE, "point", "fraction1", "fraction0")
_LABEL: Final = b"value="
_FLAG_TEXTS: Final = np.array(
    [f"flag={flag}i ".encode() if flag == Flag.MISSING else f",flag={flag}i ".encode() for flag in range(max(Flag) + 1)]
)


def _layout(prefix: np.dtype[np.bytes_]) -> np.dtype[np.void]:
    """A line as a row of fixed-width fields, in their order."""
    four = np.dtype(np.uint32)
    one = np.dtype(np.uint8)
    fields: list[tuple[str, np.dtype[np.generic]]] = [
        ("prefix", prefix),
        ("label", np.dtype(f"S{len(_LABEL)}")),
        ("sign", one),
        *((name, four) for name in reversed(_WHOLE)),
        ("point", one),
        ("fraction1", four),
        ("fraction0", four),
        ("flag", _FLAG_TEXTS.dtype),
        ("time_sign", one),
        *((name, four) for name in reversed(_TIME)),
        ("end", one),
    ]
    return np.dtype(fields)


def _put_sign(lines: NDArray[np.void], field: str, numbers: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Write the minus signs and return the magnitudes; unsigned, since -2**63 has no positive int64."""
    lines[field] = np.where(numbers < 0, ord("-"), 0)
    return np.abs(numbers).view(np.uint64)


def _divide(number: NDArray[np.uint64], divisor: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Quotient and remainder; numpy's divmod takes three times as long."""
    quotient = number // np.uint64(divisor)
    return quotient, number - quotient * np.uint64(divisor)


def _put_integer(lines: NDArray[np.void], groups: Sequence[str], magnitude: NDArray[np.uint64]) -> None:
    """Write integers without leading zeros into groups of four digits, lowest group first."""
    rest, without_zeros = magnitude, _UNITS
    for name in groups:
        rest, group = _divide(rest, _GROUP)
        lines[name] = np.where(rest > 0, _FULL[group], without_zeros[group])
        if not rest.any():
            return
        without_zeros = _LEADING


class LineEncoder:
    """Encodes the rows of one series index; keeps the beginning of a line per series.

    Not for two threads at once: a series met for the first time changes it.
    """

    _UNKNOWN: Final = -1
    _REFUSED: Final = -2

    def __init__(self, names: SeriesIndex) -> None:
        """Start with no series.

        Args:
            names: Names of the series numbers that will come.
        """
        self.names = names
        self._slots = np.full(len(names), self._UNKNOWN, np.int32)
        self._count = 0
        self._prefixes: NDArray[np.bytes_] = np.zeros(1024, "S64")
        self._layout = _layout(self._prefixes.dtype)

    def encodable(self, series: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which series numbers have names that line protocol can express."""
        encodable: NDArray[np.bool_] = self._slots_of(series) != self._REFUSED
        return encodable

    def encode(self, rows: Observations) -> bytes:
        """Lines of ``rows`` in their order, each ended by a line feed.

        Args:
            rows: All of them `encodable`.

        Raises:
            ValueError: A series isn't encodable.
        """
        slots = self._slots_of(rows.series)
        if (slots < 0).any():
            raise ValueError("a series has a name that can't be a tag")
        lines = np.zeros(len(rows), self._layout)
        lines["prefix"] = self._prefixes[slots]
        lines["label"] = _LABEL
        whole, fraction = _divide(_put_sign(lines, "sign", rows.value), MICRO)
        _put_integer(lines, _WHOLE, whole)
        # Six decimals as four and two.
        first, last = _divide(fraction, 100)
        last *= np.uint64(100)
        lines["point"] = np.where(fraction > 0, ord("."), 0)
        lines["fraction1"] = np.where(last > 0, _FULL[first], _TRAILING[first])
        lines["fraction0"] = _TRAILING[last]
        missing = rows.flag == Flag.MISSING
        if missing.any():
            for name in _VALUE_FIELDS:
                lines[name][missing] = 0 if name != "label" else b""
        lines["flag"] = _FLAG_TEXTS[rows.flag]
        _put_integer(lines, _TIME, _put_sign(lines, "time_sign", rows.event_time))
        lines["end"] = ord("\n")
        return lines.tobytes().translate(None, b"\0")

    def _slots_of(self, series: NDArray[np.int64]) -> NDArray[np.int32]:
        slots = self._slots[series]
        if (slots == self._UNKNOWN).any():
            self._add(np.unique(series[slots == self._UNKNOWN]).tolist())
            slots = self._slots[series]
        return slots

    def _add(self, series: Iterable[int]) -> None:
        for number in series:
            try:
                station = escape_tag(self.names.station(number))
                prefix = f"{MEASUREMENT},quantity={self.names.quantity(number).text},station={station} ".encode()
            except ValueError:  # also what encode() raises for a lone surrogate
                self._slots[number] = self._REFUSED
                continue
            self._reserve(len(prefix))
            self._prefixes[self._count] = prefix
            self._slots[number] = self._count
            self._count += 1

    def _reserve(self, width: int) -> None:
        """Make room for one more prefix of ``width`` bytes."""
        if width > self._prefixes.dtype.itemsize:
            self._prefixes = self._prefixes.astype(f"S{width}")
            self._layout = _layout(self._prefixes.dtype)
        if self._count == len(self._prefixes):
            self._prefixes = np.concatenate([self._prefixes, np.zeros_like(self._prefixes)])
