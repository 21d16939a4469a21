"""Why a frame, or a part of one, can't be read: closed lists."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["ElementFault", "FrameFault"]


class FrameFault(StrEnum):
    """Why bytes are not a frame. All but the first three mean that something began like one."""

    EMPTY = "empty"
    NOT_A_START = "not_a_start"
    BAD_HEADER = "bad_header"
    BAD_LENGTH = "bad_length"
    INCOMPLETE = "incomplete"
    TRAILING_BYTES = "trailing_bytes"
    BAD_END = "bad_end"
    BAD_CRC = "bad_crc"
    BAD_PACKET = "bad_packet"
    SHORT_BODY = "short_body"
    BAD_BODY = "bad_body"


class ElementFault(StrEnum):
    """What is wrong in a frame whose check sum is right. The rest of such a frame is good."""

    BAD_BCD = "bad_bcd"
    BAD_NUMBER = "bad_number"
    BAD_TIME = "bad_time"
    NO_TIME = "no_time"
    NO_DATA = "no_data"
    CUT_OFF = "cut_off"
