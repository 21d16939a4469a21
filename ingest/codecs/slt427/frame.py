"""A frame as frozen values, from bytes and back; ``encode_frame(decode_frame(data)) == data`` for every frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hydro.errors import DecodeError
from ingest.codecs.slt427.faults import FrameFault
from ingest.codecs.slt427.framing import USER_DEFINED, header_size, user_data, wrap
from ingest.codecs.slt427.functions import FUNCTIONS, REPORT_ORDERS, Function, read_content
from ingest.codecs.slt427.header import Address, Control, Direction, Profile
from ingest.codecs.slt427.label import LABEL_SIZES, TimeLabel
from ingest.codecs.slt427.reports import Content, read_report

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Frame", "Unread", "decode_frame", "encode_frame", "join", "user_bytes"]

_PASSWORD_SIZE: Final = 2
_ADDRESS_SIZE: Final = 5

# Sizes of password and label in the order in which they are likely. Password with short label and the long label alone
# are of one size: seven bytes rarely happen to be a date.
_PLAIN: Final = ((0, 0), (0, 7), (2, 5), (2, 7), (0, 5))
_SECURED: Final = ((2, 5), (2, 7), (2, 0), (0, 7), (0, 5), (0, 0))


@dataclass(frozen=True, slots=True)
class Unread:
    """Bytes of a data field that no layout fits, a function that isn't known, or one part of a split message."""

    data: bytes

    def encode(self) -> bytes:
        """As they are."""
        return self.data


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame.

    Attributes:
        control: Direction, data type, resends, count-down of parts.
        address: Of the station, in both directions.
        function: AFN; 0xFFxx where user-defined.
        content: Its data field.
        password: Two bytes; None where there is none.
        label: Time label; None where there is none.
        profile: Which sister it was read as.
    """

    control: Control
    address: Address
    function: int
    content: Content | Unread
    password: bytes | None = None
    label: TimeLabel | None = None
    profile: Profile = Profile.SZY206


def decode_frame(data: bytes, profile: Profile | None = None) -> Frame:
    """Read exactly one frame.

    Args:
        data: From the first start byte to the end byte.
        profile: What the device is known to follow; None = tell from the bytes.

    Raises:
        DecodeError: Not a frame, or not only one; reason is a :class:`FrameFault`.
    """
    user = user_data(data)
    head = 1 + (user[0] >> 6 & 1)
    function_at = head + _ADDRESS_SIZE
    body_at = header_size(user, 0)
    control = Control.decode(user)
    address = Address(user[head:function_at])
    function = int.from_bytes(user[function_at:body_at], "big")
    return _with_content(control, address, function, user[body_at:], profile)


def _with_content(control: Control, address: Address, function: int, body: bytes, profile: Profile | None) -> Frame:
    unread = Frame(control, address, function, Unread(body), profile=profile or Profile.SZY206)
    known = FUNCTIONS.get(function)
    if known is None or (control.parts_left is not None and control.direction is Direction.UP):
        return unread
    order = REPORT_ORDERS.get(function)
    if control.direction is Direction.UP and order is not None:
        answer = function == 0xB0  # the query of current values  # noqa: PLR2004  # named in functions.py
        report = read_report(body, control.data_type, order, profile, answer=answer)
        if report is None:
            return unread
        return Frame(control, address, function, report[0], None, report[1], report[2])
    return _with_extras(unread, known, body, profile)


def _with_extras(unread: Frame, known: Function, body: bytes, profile: Profile | None) -> Frame:
    secured = known.secured and unread.control.direction is Direction.DOWN
    fits = [
        frame
        for sizes in (_SECURED if secured else _PLAIN)
        for frame in (_with_sizes(unread, known, body, profile, *sizes),)
        if frame is not None
    ]

    def doubts(frame: Frame) -> tuple[bool, bool]:
        label = frame.label
        if label is None:
            return False, False
        of_other = profile is not None and len(label.raw) != LABEL_SIZES[profile]
        return of_other, len(label.raw) == LABEL_SIZES[Profile.SLT427_2021] and not label.plausible

    return min(fits, key=doubts, default=unread)  # the first of equals


def _with_sizes(
    unread: Frame, known: Function, body: bytes, profile: Profile | None, password_size: int, label_size: int
) -> Frame | None:
    """The frame if it has a password and a label of these sizes; None where it can't."""
    end = len(body) - label_size
    label = TimeLabel(body[end:]) if label_size else None
    if end < password_size or (label is not None and not label.readable):
        return None
    of_label = next((found for found, size in LABEL_SIZES.items() if size == label_size), None)
    tried = profile or of_label or Profile.SZY206
    content = read_content(known, unread.control.direction, body[: end - password_size], tried)
    if content is None:
        return None
    password = body[end - password_size : end]
    return Frame(unread.control, unread.address, unread.function, content, password or None, label, tried)


def encode_frame(frame: Frame) -> bytes:
    """The bytes of a frame.

    Raises:
        ValueError: A value doesn't fit its field, or all of them the length byte.
    """
    return wrap(user_bytes(frame))


def user_bytes(frame: Frame) -> bytes:
    """Bytes C..Tp of a frame; of a joined message as many as it has, whatever one frame holds.

    Raises:
        ValueError: A value doesn't fit its field.
    """
    function = frame.function.to_bytes(2 if frame.function > USER_DEFINED else 1, "big")
    password = b"" if frame.password is None else frame.password
    if len(password) not in (0, _PASSWORD_SIZE):
        raise ValueError(f"a password has two bytes, not {len(password)}")
    label = b"" if frame.label is None else frame.label.raw
    return frame.control.encode() + frame.address.raw + function + frame.content.encode() + password + label


def join(frames: Sequence[Frame], profile: Profile | None = None) -> Frame:
    """One frame from the parts of a split message, in the order of their count-down.

    Raises:
        DecodeError: A part is missing, or they don't belong together.
    """
    first = frames[0]
    expected = list(range(len(frames), 0, -1))
    if [frame.control.parts_left for frame in frames] != expected:
        found = [frame.control.parts_left for frame in frames]
        raise DecodeError(FrameFault.BAD_SEQUENCE, f"parts {found}, expected {expected}")
    if any((frame.address, frame.function) != (first.address, first.function) for frame in frames):
        raise DecodeError(FrameFault.BAD_SEQUENCE, "parts of different stations or functions")
    bodies = b"".join(frame.content.encode() for frame in frames)
    control = Control(first.control.direction, first.control.data_type, first.control.tries_left)
    return _with_content(control, first.address, first.function, bodies, profile)
