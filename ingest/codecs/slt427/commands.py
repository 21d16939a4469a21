"""What the centre asks a station and tells it to do.

Queries carry nothing but what they ask for. Settings and controls carry the password that was agreed and a time label,
so that a recorded command is not obeyed twice; the station refuses what is older than the label allows.

Source: SL/T 427-2021 7.2 to 7.4; layouts in functions.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hydro.instants import HOUR_MS
from ingest.codecs.slt427.frame import Frame
from ingest.codecs.slt427.functions import FUNCTIONS, history_type, read_content
from ingest.codecs.slt427.header import Address, Control, DataType, Direction, Profile
from ingest.codecs.slt427.label import TimeLabel, clock_bytes, decimal_byte
from ingest.codecs.slt427.parts import clock_of
from ingest.codecs.slt427.reports import Content

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "Security",
    "command",
    "password_of",
    "query",
    "query_current",
    "query_history",
    "set_address",
    "set_clock",
    "set_mode",
    "set_report_intervals",
]

_READ_CURRENT: Final = 0xB0
_READ_HISTORY: Final = 0xB1
_SET_ADDRESS: Final = 0x10
_SET_CLOCK: Final = 0x11
_SET_MODE: Final = 0x12
_SET_INTERVALS: Final = 0xA1
_INTERVAL_COUNT: Final = {Profile.SZY206: 14, Profile.SLT427_2021: 15}
_LONGEST_INTERVAL: Final = 9999
_DAY_OFFSET: Final = 3  # 1970-01-01 was a Thursday
_DAY_MS: Final = 24 * HOUR_MS


@dataclass(frozen=True, slots=True)
class Security:
    """What settings and controls carry.

    Attributes:
        password: Two bytes as on the wire; see ``password_of``.
        at: Time for the label, epoch milliseconds.
        zone_minutes: Zone of the wire.
        profile: Decides about the size of the label.
        delay_min: How late the command may arrive; 0 = any time.
    """

    password: bytes
    at: int
    zone_minutes: int
    profile: Profile = Profile.SZY206
    delay_min: int = 0


def password_of(key: int, number: int) -> bytes:
    """Password field of key 1 (0..9) and key 2 (0..999), the low byte first like every number of this family.

    Raises:
        ValueError: Out of range.

    Source: the firmware of ``Flyctt123/XSJ-1800R-V`` compares it in that order.

    >>> password_of(1, 234).hex()
    '3412'
    """
    if not 0 <= key <= 9 or not 0 <= number <= 999:  # one digit and three  # noqa: PLR2004  # said here
        raise ValueError(f"password keys {key} and {number}: 0..9 and 0..999 expected")
    return bytes((decimal_byte(number % 100), key << 4 | number // 100))


def query(address: Address, function: int, data: bytes = b"") -> Frame:
    """Ask for what a function reads.

    Raises:
        ValueError: Not a function of the standard, or data that it can't have.
    """
    return _down(address, function, data, DataType.CONFIRM)


def command(address: Address, function: int, data: bytes, security: Security) -> Frame:
    """Set something or control something.

    Raises:
        ValueError: Not a setting or control of the standard, or data that it can't have.
    """
    known = FUNCTIONS.get(function)
    if known is None or not known.secured:
        raise ValueError(f"function {function:02X} sets nothing")
    frame = _down(address, function, data, DataType.CONFIRM, security.profile)
    label = TimeLabel.of(security.at, security.zone_minutes, security.profile, security.delay_min)
    return Frame(frame.control, address, function, frame.content, security.password, label, security.profile)


def _down(
    address: Address, function: int, data: bytes, data_type: DataType, profile: Profile = Profile.SZY206
) -> Frame:
    known = FUNCTIONS.get(function)
    content = None if known is None else read_content(known, Direction.DOWN, data, profile)
    if content is None:
        raise ValueError(f"function {function:02X} has no command with {len(data)} bytes of data")
    return Frame(Control(Direction.DOWN, data_type), address, function, content, profile=profile)


def query_current(address: Address, data_type: DataType) -> Frame:
    """Ask for the current values of a data type; STATISTICS asks for all kinds at once."""
    return Frame(Control(Direction.DOWN, data_type), address, _READ_CURRENT, Content())


def query_history(
    address: Address, data_type: DataType, start: int, end: int, zone_minutes: int, instrument: int = 0
) -> Frame:
    """Ask for stored values, one each five minutes.

    Args:
        address: Whom.
        data_type: Rain, stage, flow or velocity.
        start: Epoch milliseconds, a full hour; the first value is that of five minutes later.
        end: Epoch milliseconds, a full hour, not before ``start``.
        zone_minutes: Zone of the wire.
        instrument: 0 = the first.

    Raises:
        ValueError: Another data type, or times that are no full hours or in the wrong order.
    """
    parameter = data_type - 1 << 4 | instrument
    if history_type(parameter) is not data_type or not 0 <= instrument < 16:  # half a byte  # noqa: PLR2004  # said here
        raise ValueError(f"no stored values of {data_type.name.lower()}, instrument {instrument}")
    if start % HOUR_MS or end % HOUR_MS or end < start:
        raise ValueError(f"{start} to {end} are not full hours in order")
    hours = b"".join(clock_bytes(instant, zone_minutes)[2:] for instant in (start, end))
    return query(address, _READ_HISTORY, bytes((parameter,)) + hours)


def set_clock(address: Address, instant: int, zone_minutes: int, security: Security) -> Frame:
    """Set the clock to an instant in epoch milliseconds, weekday included."""
    weekday = ((instant + zone_minutes * 60_000) // _DAY_MS + _DAY_OFFSET) % 7 + 1
    return command(address, _SET_CLOCK, clock_of(instant, zone_minutes, weekday), security)


def set_address(address: Address, new: Address, security: Security) -> Frame:
    """Give a station another address."""
    return command(address, _SET_ADDRESS, new.raw, security)


def set_mode(address: Address, mode: int, security: Security) -> Frame:
    """Set the work mode: 0 compatible, 1 self-report, 2 query and answer, 3 maintenance.

    Raises:
        ValueError: Another mode.
    """
    if not 0 <= mode <= 3:  # the four modes  # noqa: PLR2004  # said here
        raise ValueError(f"work mode {mode}, 0..3 expected")
    return command(address, _SET_MODE, bytes((mode,)), security)


def set_report_intervals(address: Address, minutes: Mapping[int, int], security: Security) -> Frame:
    """Set which kinds are reported and how often.

    Args:
        address: Whom.
        minutes: Interval of each kind that is to be reported, by its bit: 0 rain, 1 stage, 2 flow, 3 velocity, 4 gate,
            5 power, 6 pressure, 7 wind, 8 temperature, 9 quality, 10 soil, 11 evaporation, 12 alarm, 13 water pressure.
        security: Password and label.

    Raises:
        ValueError: A kind or an interval that can't be written.
    """
    count = _INTERVAL_COUNT[security.profile]
    if not all(0 <= kind < count and 0 < interval <= _LONGEST_INTERVAL for kind, interval in minutes.items()):
        raise ValueError(f"intervals {dict(minutes)}: kinds below {count} and 1..{_LONGEST_INTERVAL} min expected")
    mask = sum(1 << kind for kind in minutes)
    intervals = b"".join(bytes.fromhex(f"{minutes.get(kind, 0):04d}")[::-1] for kind in range(count))
    return command(address, _SET_INTERVALS, mask.to_bytes(2, "little") + intervals, security)
