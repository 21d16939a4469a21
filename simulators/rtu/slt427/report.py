"""Frames that a station sends by itself: self-reports, its link to the centre, its voltage, manual data."""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import TYPE_CHECKING, Final

from simulators.rtu.slt427.frame import Control, frame, label
from simulators.rtu.slt427.number import unsigned
from simulators.rtu.slt427.record import Record, Type, record_bytes, type_of

if TYPE_CHECKING:
    from simulators.rtu.slt427.profile import Profile

__all__ = [
    "Alarm",
    "Function",
    "LinkState",
    "Status",
    "alarm_frame",
    "link_frame",
    "report_frame",
    "voltage_frame",
    "words",
]


class Function(IntEnum):
    """AFN of what is reported without being asked."""

    LINK = 0x02
    ALARM = 0x81
    MANUAL = 0x82
    VOLTAGE = 0x84
    MEMORY = 0xB2
    REPORT = 0xC0


class LinkState(IntEnum):
    """Data of AFN 02H."""

    LOGIN = 0xF0
    LOGOUT = 0xF1
    KEEP_ALIVE = 0xF2


class Alarm(IntFlag):
    """Alarm word."""

    POWER_LOST = 1 << 0
    BATTERY_LOW = 1 << 1
    STAGE_LIMIT = 1 << 2
    FLOW_LIMIT = 1 << 3
    QUALITY_LIMIT = 1 << 4
    FLOW_METER_FAULT = 1 << 5
    PUMP_SWITCHED = 1 << 6
    STAGE_METER_FAULT = 1 << 7
    PRESSURE_LIMIT = 1 << 8
    TEMPERATURE_LIMIT = 1 << 9
    IC_CARD = 1 << 10
    QUOTA = 1 << 11
    VOLUME_LOW = 1 << 12
    DOOR = 1 << 13


class Status(IntFlag):
    """Status word; its two lowest bits are the mode of work."""

    CONFIRMED = 1 << 0
    IC_CARD_VALID = 1 << 2
    QUOTA_IN_FORCE = 1 << 3
    PUMP_STOPPED = 1 << 4
    DOOR_CLOSED = 1 << 5
    ON_BATTERY = 1 << 6


_VOLTAGE_TYPE: Final = Type.STATE


def words(alarm: int, status: int) -> bytes:
    """The two words, each with its low byte first.

    >>> words(0x1001, 0x0060).hex()
    '01106000'
    """
    return alarm.to_bytes(2, "little") + status.to_bytes(2, "little")


def report_frame(
    address: str,
    record: Record,
    observed_at: int | None,
    profile: Profile,
    *,
    alarm: int = 0,
    status: int = Status.CONFIRMED,
    count: int = 3,
    delay_min: int = 0,
    function: int = Function.REPORT,
) -> bytes:
    """A self-report of one type of data.

    Args:
        address: Ten hex digits.
        record: Values of one type.
        observed_at: Epoch milliseconds of the sampling; None = no time label, as some devices do it.
        profile: Edition of the protocol.
        alarm: Alarm word.
        status: Status word.
        count: Frame count; see `Control`.
        delay_min: See `label`.
        function: C0H, or B2H for one out of the memory.

    Raises:
        ValueError: A value does not fit.
    """
    data = record_bytes(record, profile) + words(alarm, status)
    time_label = b"" if observed_at is None else label(observed_at, profile, delay_min=delay_min)
    return frame(Control(type_of(record), count=count), address, function, data, time_label=time_label)


def alarm_frame(
    address: str, record: Record, observed_at: int, profile: Profile, *, alarm: int, status: int = Status.CONFIRMED
) -> bytes:
    """Function 81H: the alarm word, the values that go with it, the status word."""
    alarm_word, status_word = words(alarm, 0)[:2], words(0, status)[2:]
    data = alarm_word + record_bytes(record, profile) + status_word
    return frame(Control(type_of(record)), address, Function.ALARM, data, time_label=label(observed_at, profile))


def link_frame(address: str, state: LinkState, *, count: int = 3) -> bytes:
    """Login, logout, keep-alive."""
    return frame(Control(Type.CONFIRM, count=count), address, Function.LINK, bytes((state,)))


def voltage_frame(address: str, volt: int | None, observed_at: int, profile: Profile, *, count: int = 3) -> bytes:
    """The terminal's own supply; millionths of a volt."""
    control = Control(_VOLTAGE_TYPE, count=count)
    data, time_label = unsigned(volt, 2, 2), label(observed_at, profile)
    return frame(control, address, Function.VOLTAGE, data, time_label=time_label)
