"""What the centre answers to a frame that is safe. Pure.

SL 651: whatever a station sends is confirmed, but for the keep-alive (2FH). ACK where it says that more follows; else
the character that was chosen for it: ESC (stay on line) or EOT (you may hang up). Answers to our own queries (M4) end
so too. Nothing in a frame tells a station in mode M1, which expects no answer; over TCP there is none known.

SL/T 427: the answer of its function, see :mod:`ingest.codecs.slt427.answers`; none to answers.

Source: SL 651-2014 7, in the approval drafts; SL/T 427-2021 7.5.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.codecs.sl651 import encode_frame as encode_sl651
from ingest.codecs.sl651.control import Control
from ingest.codecs.sl651.downlink import confirm, want_again
from ingest.codecs.sl651.frame import Frame as Sl651Frame
from ingest.codecs.sl651.frame import Message
from ingest.codecs.slt427 import encode_frame as encode_slt427
from ingest.codecs.slt427.answers import answer

if TYPE_CHECKING:
    from ingest.tcp.uplink import Uplink

__all__ = ["confirmation", "request_for"]


def confirmation(uplink: Uplink, at: int, zone_minutes: int, *, end: Control = Control.ESC) -> bytes | None:
    """Bytes of the answer; None where the protocol has none.

    Args:
        uplink: What is confirmed.
        at: The centre's clock, epoch milliseconds.
        zone_minutes: Zone of the wire.
        end: ESC or EOT.

    Raises:
        ValueError: The clock shows a year that can't be written.
    """
    frame = uplink.frame
    if frame is None or not uplink.is_up or uplink.is_keep_alive:
        return None
    if isinstance(frame, Sl651Frame):
        if uplink.serial is None and not isinstance(frame.body, Message):
            return None
        return encode_sl651(confirm(frame, at, zone_minutes, end=end, serial=uplink.serial))
    found = answer(frame, at, zone_minutes)
    return None if found is None else encode_slt427(found)


def request_for(packet: Uplink, number: int, serial: int | None, at: int, zone_minutes: int) -> bytes | None:
    """Bytes of the request to send one packet of a set again; None for what is no packet.

    Args:
        packet: Any packet of the set.
        number: Of the missing one.
        serial: Of the set; None if its first packet is missing, in which case 0 is sent.
        at: The centre's clock, epoch milliseconds.
        zone_minutes: Zone of the wire.

    Raises:
        ValueError: As :func:`confirmation`.
    """
    if not isinstance(packet.frame, Sl651Frame) or packet.frame.packet is None:
        return None
    return encode_sl651(want_again(packet.frame, number, at, zone_minutes, serial=serial or 0))
