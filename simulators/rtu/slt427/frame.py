"""Frames of SL/T 427: control byte, address, function and data between two start bytes and a checksum.

Source: SL/T 427-2021 and SZY206-2016; CRC-8 of polynomial E5 from the control byte to the byte before the checksum.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from crcmod import mkCrcFun

from simulators.rtu.bcd import packed
from simulators.rtu.beijing import wall
from simulators.rtu.slt427.profile import Profile

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["FRAME_COUNT", "LONGEST_CONTENT", "Control", "checksum", "clock_bytes", "division_address", "frame", "label"]

checksum: Final[Callable[[bytes], int]] = mkCrcFun(0x1E5, initCrc=0, rev=False)

FRAME_COUNT: Final = 3
"""The frame count of a first attempt; each resend has one less, down to 0."""

LONGEST_CONTENT: Final = 255
"""Bytes from the control byte to the time label."""

_UP: Final = 0x80
_SPLIT: Final = 0x40
_ADDRESS_BYTES: Final = 5
_WEEKDAY_SHIFT: Final = 5


@dataclass(frozen=True, slots=True)
class Control:
    """The control byte.

    Attributes:
        kind: Type of data or of command, 0 to 15.
        up: Whether the station sends.
        count: `FRAME_COUNT` less the number of resends.
        left: Of a message in several frames: how many are left with this one; None = a single frame.
    """

    kind: int
    up: bool = True
    count: int = FRAME_COUNT
    left: int | None = None

    def encode(self) -> bytes:
        """One byte, and one more in a message of several frames.

        >>> Control(3).encode().hex(), Control(0, up=False, count=2).encode().hex(), Control(2, left=4).encode().hex()
        ('b3', '20', 'f204')
        """
        first = (_UP if self.up else 0) | self.count << 4 | self.kind
        return bytes((first,)) if self.left is None else bytes((first | _SPLIT, self.left))


def frame(
    control: Control, address: str, function: int, data: bytes, *, password: str = "", time_label: bytes = b""
) -> bytes:
    r"""A complete frame.

    Args:
        control: See `Control`.
        address: Ten hex digits as on the wire.
        function: AFN.
        data: Of the function.
        password: Four digits, in commands that ask for one.
        time_label: See `label`.

    Raises:
        ValueError: The address is none, or the content is too long.

    >>> frame(Control(0), "3201010700", 0x02, b"\xf2").hex().upper()
    '680868B0320101070002F25216'
    """
    sender = bytes.fromhex(address)
    if len(sender) != _ADDRESS_BYTES:
        raise ValueError(f"{address!r} is no address of ten hex digits")
    content = b"".join((control.encode(), sender, bytes((function,)), data, bytes.fromhex(password)[::-1], time_label))
    if len(content) > LONGEST_CONTENT:
        raise ValueError(f"{len(content)} bytes for function {function:02X}H; a frame holds {LONGEST_CONTENT}")
    return b"".join((b"\x68", bytes((len(content),)), b"\x68", content, bytes((checksum(content), 0x16))))


def label(at: int, profile: Profile, *, delay_min: int = 0) -> bytes:
    """The time label: when it was measured, and how late it may arrive.

    Args:
        at: Epoch milliseconds; SZY206 writes neither month nor year.
        profile: Five bytes or seven.
        delay_min: Minutes after which a receiver may throw the frame away; 0 = never.

    >>> label(1778566530000, Profile.SLT427_2021).hex(), label(1778566530000, Profile.SZY206).hex()
    ('30151412052600', '3015141200')
    """
    moment = wall(at)
    text = f"{moment:%S%M%H%d%m%y}" if profile is Profile.SLT427_2021 else f"{moment:%S%M%H%d}"
    return bytes.fromhex(text) + bytes((delay_min,))


def clock_bytes(at: int, *, weekday: int | None = None) -> bytes:
    """The six bytes of functions 11H and 51H: second, minute, hour, day, weekday and month, year.

    Args:
        at: Epoch milliseconds.
        weekday: 1 to 7 from Monday, None = that of the day; 0 where a device leaves it out.

    >>> clock_bytes(1778566530000).hex()
    '301514124526'
    """
    moment = wall(at)
    month = packed(moment.month, 1)[0] | (moment.isoweekday() if weekday is None else weekday) << _WEEKDAY_SHIFT
    return bytes.fromhex(f"{moment:%S%M%H%d}") + bytes((month,)) + bytes.fromhex(f"{moment:%y}")


def division_address(division: str, number: int) -> str:
    """Address of a station by administrative division and number, the low byte of the number first.

    Args:
        division: Six digits.
        number: 1 to 60000 are stations, 60001 to 65534 relays.

    >>> division_address("530381", 13)
    '5303810D00'
    """
    return f"{division}{number.to_bytes(2, 'little').hex().upper()}"
