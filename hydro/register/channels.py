"""The table of channels: what an element of a field device means where the standard's meaning doesn't hold.

A device that measures at several points sends them as further identifiers or instruments; vendors use identifiers of
their own. A row says to which station and quantity such an element belongs; it replaces what the protocol's own table
(docs/protocols) says of that element.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Final

from hydro.quantity import Quantity  # noqa: TC001  # the annotations are read at run time
from hydro.register.cells import CellError, Context, choice, code, fraction, number, quantity, switch, whole
from hydro.register.field_address import normal_address
from hydro.register.mistake import shown
from hydro.register.stations import OF_STATIONS
from hydro.register.table import Contradiction, Row, optional, required

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ANY_ADDRESS", "ChannelRow", "WireProtocol"]

ANY_ADDRESS: Final = "*"
"""Address of rows that hold for every device without a row of its own for the element."""

_MOST_CHANNELS: Final = 255
_LARGEST_SCALE: Final = 10**9
_ELEMENT: Final = re.compile(r"[0-9A-Za-z_]{1,32}", re.ASCII)


class WireProtocol(StrEnum):
    """Protocols whose elements have identifiers instead of names of ours."""

    SL651 = "sl651"
    SLT427 = "slt427"


def _address(text: str, _context: Context) -> str:
    if text == ANY_ADDRESS:
        return text
    try:
        return normal_address(text)
    except ValueError:
        raise CellError(f"{shown(text)} is not a device address of 8, 10 or 12 digits, nor * for all devices") from None


def _element(text: str, _context: Context) -> str:
    if not _ELEMENT.fullmatch(text):
        raise CellError(f"{shown(text)} is not an element: an identifier such as 76 or FF51, or a name such as flow")
    return text


_factor: Final = fraction(0, _LARGEST_SCALE, low_open=True)


def _scale(text: str, context: Context) -> Fraction:
    """A number, or two of them with a slash: 1/3600 of m3/h is m3/s."""
    above, slash, below = text.partition("/")
    return _factor(above, context) / _factor(below, context) if slash else _factor(above, context)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRow(Row):
    """What one channel of a device means.

    Attributes:
        address: Ten hex digits, or ``ANY_ADDRESS``.
        element: SL 651: identifier in hex digits, ``45`` for the status word, ``4C`` for pumps that a device reports.
            SL/T 427: name as in docs/protocols/slt427.md, ``status`` and ``alarm`` for the words.
        channel: Which of several, from 1; for a word the number of the bit, from 0.
        station: Whose reading it is; empty = the station that has the address of the device.
        quantity: None = the channel is left out.
        scale: Canonical units in a unit of the wire; in the file a number such as 0.1, or a quotient such as 1/3600.
        invert: Of 0/1 quantities: 0 means yes.
        offset: Millionths of the canonical unit to add after scaling; for relative stages their base.
    """

    protocol: Annotated[WireProtocol, required("protocol", choice(WireProtocol))]
    address: Annotated[str, required("address", _address)]
    element: Annotated[str, required("element", _element)]
    channel: Annotated[int, required("channel", whole(0, _MOST_CHANNELS), empty=1)]
    station: Annotated[str, required("station", code, empty="", refers=OF_STATIONS)]
    quantity: Annotated[Quantity | None, required("quantity", quantity(), empty=None)]
    scale: Annotated[Fraction, optional("scale", _scale, empty=Fraction(1))]
    invert: Annotated[bool, optional("invert", switch, empty=False)]
    offset: Annotated[int | None, optional("offset", number())]

    def contradictions(self) -> Iterator[Contradiction]:
        """A station without a quantity, or the reverse."""
        yield from Row.contradictions(self)  # super() without arguments does not survive slots=True
        if self.station and self.quantity is None:
            yield "quantity", "is empty while station is given; leave both empty to leave the channel out"
        if self.address == ANY_ADDRESS and self.station:
            yield "station", "is given for all devices; leave it empty: it is the station of the device"
