"""A frame with its sender, as the centre handles it: whichever protocol it is. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from hydro.errors import DecodeError
from ingest.codecs.framing import Wire
from ingest.codecs.sl651 import codec as sl651
from ingest.codecs.sl651.content import sent_at
from ingest.codecs.sl651.control import Control, Direction, Function
from ingest.codecs.sl651.frame import Frame as Sl651Frame
from ingest.codecs.slt427 import decode_frame as decode_slt427
from ingest.codecs.slt427.frame import Frame as Slt427Frame
from ingest.codecs.slt427.header import Direction as Slt427Direction

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["RtuKey", "Uplink", "joined", "read_uplink"]

_DOWN: Final = 0x80
_LOGOUT: Final = b"\xf1"
_LINK: Final = 0x02


class RtuKey(NamedTuple):
    """An RTU: its protocol and its address in ten hex digits."""

    wire: Wire
    address: str


class Uplink(NamedTuple):
    """One frame, or all packets of one body.

    Attributes:
        wire: Its protocol.
        address: Ten upper-case hex digits.
        data: As received; several frames for a set of packets.
        frame: What it says, for a set that of its last packet; None where the body can't be read.
        is_up: Whether a station speaks. A modem that echoes sends our own words back.
        serial: Of the first packet of a set; None for a single frame, which has its own.
    """

    wire: Wire
    address: str
    data: bytes
    frame: Sl651Frame | Slt427Frame | None
    is_up: bool
    serial: int | None = None

    @property
    def key(self) -> RtuKey:
        """Its sender."""
        return RtuKey(self.wire, self.address)

    @property
    def function(self) -> int | None:
        """Function code; None where the frame can't be read."""
        return None if self.frame is None else self.frame.function

    @property
    def is_packet(self) -> bool:
        """Whether it is one of several packets of a body (SL 651, mode M3)."""
        frame = self.frame
        return self.is_up and isinstance(frame, Sl651Frame) and frame.packet is not None and frame.packet.total > 1

    @property
    def is_part(self) -> bool:
        """Whether it is a part of a split message (SL/T 427, DIV)."""
        frame = self.frame
        return self.is_up and isinstance(frame, Slt427Frame) and frame.control.parts_left is not None

    @property
    def is_keep_alive(self) -> bool:
        """Whether it only says that the link lives, and is not answered."""
        return self.wire is Wire.SL651 and self.function == Function.KEEP_ALIVE

    @property
    def is_logout(self) -> bool:
        """Whether the station says goodbye."""
        frame = self.frame
        return isinstance(frame, Slt427Frame) and frame.function == _LINK and frame.content.encode()[:1] == _LOGOUT

    @property
    def is_last(self) -> bool:
        """Whether nothing of the same message follows."""
        if isinstance(self.frame, Sl651Frame):
            return self.frame.end is not Control.ETB
        return self.frame is None or self.frame.control.parts_left in (None, 1)

    def clock(self, zone_minutes: int) -> int | None:
        """What its sender's clock showed when sending, epoch milliseconds; None where it doesn't say.

        The label of SL/T 427 is the time of sampling, which may be long ago.
        """
        return sent_at(self.frame, zone_minutes) if isinstance(self.frame, Sl651Frame) else None


def read_uplink(wire: Wire, data: bytes) -> Uplink:
    """Read a frame whose check sum is right; what can't be read in it is None."""
    return _read_sl651(data) if wire is Wire.SL651 else _read_slt427(data)


def _read_sl651(data: bytes) -> Uplink:
    try:
        frame = sl651.parse(data)
    except DecodeError:
        is_hex = data[0] != Control.SOH
        head = data[2:12].hex().upper() if is_hex else data[1:20].decode("latin-1").upper()
        is_up = not data[11] & _DOWN if is_hex else head[18] == "0"
        return Uplink(Wire.SL651, head[2:12] if is_up else head[:10], data, None, is_up)
    return Uplink(Wire.SL651, frame.station, data, frame, frame.direction is Direction.UP)


def _read_slt427(data: bytes) -> Uplink:
    frame = decode_slt427(data)
    return Uplink(Wire.SLT427, frame.address.key, data, frame, frame.control.direction is Slt427Direction.UP)


def joined(packets: Sequence[Uplink], serial: int | None) -> Uplink:
    """All packets of a body as one; ``packets`` in the order of their numbers."""
    return packets[-1]._replace(data=b"".join(packet.data for packet in packets), serial=serial)
