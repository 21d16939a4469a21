"""Control characters, directions and function codes.

Source: SL 651-2014 6.4 (control characters), annex B (function codes), in the approval drafts.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Final

__all__ = ["CLASSED", "ENDS", "REPORTS", "UNIFORM", "Coding", "Control", "Direction", "Function"]


class Control(IntEnum):
    """Bytes that delimit a frame. How a frame ends says what happens next."""

    SOH = 0x01  # an ASCII frame begins
    STX = 0x02  # the text begins; a single packet
    ETX = 0x03  # nothing follows
    EOT = 0x04  # confirmed, the station may hang up
    ENQ = 0x05  # a query or a command
    ACK = 0x06  # confirmed, go on sending
    NAK = 0x15  # send the numbered packet again
    SYN = 0x16  # the text begins with total and number of packets
    ETB = 0x17  # more frames follow
    ESC = 0x1B  # confirmed, the station stays on line


ENDS: Final = frozenset({Control.ETX, Control.ETB, Control.ENQ, Control.ACK, Control.EOT, Control.ESC, Control.NAK})
"""What may stand at the end of a frame."""


class Direction(StrEnum):
    """Who speaks: the station up, the centre down."""

    UP = "up"
    DOWN = "down"


class Coding(StrEnum):
    """How a frame is written; the two are never mixed within one system."""

    HEX = "hex"
    ASCII = "ascii"


class Function(IntEnum):
    """What a frame is about; a station may also send 52H to FFH, of which nothing is defined."""

    KEEP_ALIVE = 0x2F
    TEST = 0x30
    UNIFORM = 0x31
    SCHEDULED = 0x32
    ADD_ON = 0x33
    HOURLY = 0x34
    MANUAL = 0x35
    PICTURE = 0x36
    CURRENT = 0x37
    PERIOD = 0x38
    QUERY_MANUAL = 0x39
    QUERY_ELEMENTS = 0x3A
    SET_BASIC = 0x40
    READ_BASIC = 0x41
    SET_RUNNING = 0x42
    READ_RUNNING = 0x43
    PUMP_MOTOR = 0x44
    SOFTWARE_VERSION = 0x45
    STATUS = 0x46
    INITIALISE_STORAGE = 0x47
    FACTORY_RESET = 0x48
    PASSWORD = 0x49
    SET_CLOCK = 0x4A
    IC_CARD = 0x4B
    PUMP_CONTROL = 0x4C
    VALVE_CONTROL = 0x4D
    GATE_CONTROL = 0x4E
    QUOTA_CONTROL = 0x4F
    EVENT_COUNTERS = 0x50
    CLOCK = 0x51


CLASSED: Final = frozenset(
    {
        Function.TEST,
        Function.UNIFORM,
        Function.SCHEDULED,
        Function.ADD_ON,
        Function.HOURLY,
        Function.PICTURE,
        Function.CURRENT,
        Function.PERIOD,
        Function.QUERY_ELEMENTS,
        Function.PUMP_MOTOR,
    }
)
"""Functions whose uplink carries elements, and the station's class behind its address."""

REPORTS: Final = frozenset(
    {
        Function.TEST,
        Function.UNIFORM,
        Function.SCHEDULED,
        Function.ADD_ON,
        Function.HOURLY,
        Function.MANUAL,
        Function.PICTURE,
    }
)
"""What a station sends on its own and waits to have confirmed (modes M2 and M3)."""

UNIFORM: Final = frozenset({Function.UNIFORM, Function.PERIOD})
"""Functions in which a time step governs the one element behind it."""
