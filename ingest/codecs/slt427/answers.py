"""What the centre answers to an uplink.

A report is confirmed with its own function and the mode that the station is in, so that it changes nothing; under
SL/T 427-2021 with a time label, from which the station sets its clock. A link frame is echoed.

Source: SL/T 427-2021 7.5.1 and table B.101; SZY206 as in ``hm1212/szy206-protocol`` (no time label).
"""

from __future__ import annotations

from typing import Final

from ingest.codecs.slt427.frame import Frame, Unread
from ingest.codecs.slt427.functions import LINK_WORDS, LinkPart
from ingest.codecs.slt427.header import Control, DataType, Direction, Profile
from ingest.codecs.slt427.label import TimeLabel
from ingest.codecs.slt427.parts import Binary, Record
from ingest.codecs.slt427.reports import Content

__all__ = ["CONFIRMED", "answer"]

LINK: Final = 0x02
CONFIRMED: Final = frozenset({LINK, 0x81, 0x82, 0x83, 0x84, 0xC0})
"""Functions whose uplinks wait for an answer; a picture that was asked for (61H) does when it comes in parts."""

_PICTURE: Final = 0x61
_COMPATIBLE: Final = 0
_MODE_BITS: Final = 3


def answer(
    frame: Frame, at: int, zone_minutes: int, *, mode: int | None = None, keep_type: bool = False
) -> Frame | None:
    """Confirmation of an uplink; None where the protocol has none.

    Args:
        frame: A frame whose check sum was right.
        at: Time for the label, epoch milliseconds.
        zone_minutes: Zone of the wire.
        mode: Work mode to put the station into: 0 compatible, 1 self-report, 2 query and answer, 3 maintenance; None =
            the one its status word tells, else compatible.
        keep_type: Repeat the data type of the report, as some centres do, rather than 0 as the standard says.
    """
    split_picture = frame.function == _PICTURE and frame.control.parts_left is not None
    if frame.control.direction is Direction.DOWN or not (frame.function in CONFIRMED or split_picture):
        return None
    control = Control(
        Direction.DOWN,
        frame.control.data_type if keep_type else DataType.CONFIRM,
        frame.control.tries_left,
        frame.control.parts_left,
    )
    label = None
    if frame.function == LINK:
        said = frame.content.encode()[:1]
        if said[:1] not in [bytes((word,)) for word in LINK_WORDS]:
            return None
        record = Record((LinkPart(),), (said[0],))
    else:
        record = Record((Binary("work_mode"),), (_mode(frame) if mode is None else mode,))
        if frame.profile is Profile.SLT427_2021:
            label = TimeLabel.of(at, zone_minutes, Profile.SLT427_2021)
    return Frame(control, frame.address, frame.function, Content((record,)), None, label, frame.profile)


def _mode(frame: Frame) -> int:
    """Mode of the status word: its two bits count as the confirmation does."""
    if isinstance(frame.content, Unread) or frame.content.status is None:
        return _COMPATIBLE
    return frame.content.status & _MODE_BITS
