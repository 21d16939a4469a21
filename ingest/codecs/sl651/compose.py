"""Elements from values: the inverse of ``content``, with the usual definition bytes of the table."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, Final

from ingest.codecs.sl651.elements import ELEMENTS, RAIN_SLOTS, SLOT_GROUPS
from ingest.codecs.sl651.frame import Element
from ingest.codecs.sl651.number import decimals_of, defined, width_of, write_bcd
from ingest.codecs.sl651.parameters import RUNNING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["number", "parameter", "slots", "status_word", "time_step", "uniform"]

_SLOTS: Final = 12
_STEP: Final = 0x18
_STATUS: Final = 0x20


def number(tag: str, value: Decimal | int | None, definition: int | None = None) -> Element:
    """One value; without a definition byte with the table's, a byte longer for the sign of a negative value.

    Args:
        tag: Identifier as hex digits.
        value: In the unit of the table, rounded half even to its decimals; None is missing.
        definition: Definition byte, for identifiers that no table has.

    Raises:
        ValueError: Too many digits, or no definition byte for an identifier that isn't in the table.

    >>> cold = number("02", Decimal("-0.5"))
    >>> number("39", Decimal("10.49")).data.hex(), cold.data.hex(), cold.definition == 3 << 3 | 1
    ('00010490', 'ff0005', True)
    """
    if definition is None:
        return _usual(tag, value, _definition(tag))
    return Element(tag, definition, write_bcd(_count(value, decimals_of(definition)), width_of(definition)))


def _usual(tag: str, value: Decimal | int | None, definition: int) -> Element:
    decimals = decimals_of(definition)
    count = _count(value, decimals)
    width = width_of(definition) + (count is not None and count < 0)
    return Element(tag, defined(width, decimals), write_bcd(count, width))


def uniform(tag: str, values: Sequence[Decimal | int | None], definition: int | None = None) -> Element:
    """The values of a uniform-interval report, all of one length.

    Raises:
        ValueError: As :func:`number`.
    """
    usual = _definition(tag) if definition is None else definition
    counts = [_count(value, decimals_of(usual)) for value in values]
    negative = any(count is not None and count < 0 for count in counts)
    width = width_of(usual) + (definition is None and negative)
    data = b"".join(write_bcd(count, width) for count in counts)
    return Element(tag, defined(width, decimals_of(usual)), data)


def parameter(tag: str, value: Decimal | int | None) -> Element:
    """A running parameter.

    Raises:
        ValueError: Not in the table, or too many digits.
    """
    if tag not in RUNNING:
        raise ValueError(f"{tag!r} is no running parameter")
    row = RUNNING[tag]
    return _usual(tag, value, row.definition) if row.digits else Element(tag, 0)


def slots(tag: str, counts: Sequence[int | None]) -> Element:
    """Twelve slots of five minutes.

    Args:
        tag: ``F4`` for rain, ``F5`` to ``FC`` for relative stages.
        counts: Tenths of a millimetre, centimetres; None is missing.

    Raises:
        ValueError: Not twelve, or one doesn't fit.
    """
    size, definition = SLOT_GROUPS[int(tag, 16)]
    width = size // _SLOTS
    missing = 256**width - 1
    if len(counts) != _SLOTS or any(count is not None and not 0 <= count < missing for count in counts):
        raise ValueError(f"{tag}: {list(counts)} are not twelve values of 0 to {missing - 1}")
    data = b"".join((missing if count is None else count).to_bytes(width, "big") for count in counts)
    return Element(tag, definition, data)


def status_word(*bits: int) -> Element:
    """A status word with these bits set; see :data:`ingest.codecs.sl651.parameters.STATUS_BITS`."""
    return Element("45", _STATUS, sum(1 << bit for bit in set(bits)).to_bytes(4, "big"))


def time_step(minutes: int) -> Element:
    """A time step, in the largest of days, hours and minutes that gives a whole number.

    Raises:
        ValueError: Neither less than 60 minutes, nor whole hours below a day, nor 1 to 99 days; 0 is allowed.
    """
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    if minutes < 0 or days > 99 or sum(map(bool, (days, hours, rest))) > 1:  # noqa: PLR2004  # two digits
        raise ValueError(f"{minutes} min is no time step")
    return Element("04", _STEP, bytes.fromhex(f"{days:02d}{hours:02d}{rest:02d}"))


def _definition(tag: str) -> int:
    row = ELEMENTS.get(tag)
    if row is None or not row.digits or int(tag, 16) >= RAIN_SLOTS:
        raise ValueError(f"{tag!r}: no number of the table, it needs a definition byte")
    return row.definition


def _count(value: Decimal | int | None, decimals: int) -> int | None:
    if value is None:
        return None
    return int(Decimal(value).scaleb(decimals).to_integral_value(rounding=ROUND_HALF_EVEN))
