"""Why a frame, or a value in it, can't be read: closed lists."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["ElementFault", "FrameFault"]


class FrameFault(StrEnum):
    """Why bytes are not a frame. All but the first two mean that something began like one."""

    EMPTY = "empty"
    NOT_A_START = "not_a_start"
    BAD_START = "bad_start"
    BAD_LENGTH = "bad_length"
    INCOMPLETE = "incomplete"
    TRAILING_BYTES = "trailing_bytes"
    BAD_END = "bad_end"
    BAD_CRC = "bad_crc"
    BAD_SEQUENCE = "bad_sequence"


class ElementFault(StrEnum):
    """What is wrong in a frame whose check sum is right. The rest of such a frame is good."""

    BAD_BCD = "bad_bcd"  # no decimal number, or a sign or unit that doesn't exist
    BAD_TIME = "bad_time"  # a time label that is no time
    BAD_LAYOUT = "bad_layout"  # data of a length that no layout of the function has
    UNKNOWN_FUNCTION = "unknown_function"
    PART = "part"  # one part of a split message says nothing by itself
