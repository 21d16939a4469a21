"""What people may ask of an RTU, as frames of its protocol. Pure.

Reading, the clock and thresholds. What moves water or can take an RTU off line (pumps, valves, gates, quotas and
recharges, addresses, channels, passwords, resets) is not offered, although the codecs can write it: nobody logs in here
yet.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from hydro.errors import ConfigError
from hydro.instants import DAY_MS, HOUR_MS
from ingest.codecs.framing import Wire
from ingest.codecs.sl651 import downlink
from ingest.codecs.sl651 import encode_frame as encode_sl651
from ingest.codecs.sl651.compose import parameter
from ingest.codecs.sl651.control import Coding, Function
from ingest.codecs.sl651.parameters import BASIC
from ingest.codecs.slt427 import Address, DataType, commands
from ingest.codecs.slt427 import encode_frame as encode_slt427

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ingest.codecs.sl651.frame import Element
    from ingest.codecs.sl651.frame import Frame as Sl651Frame
    from ingest.codecs.slt427.frame import Frame as Slt427Frame
    from ingest.tcp.sessions import Session

__all__ = ["LONGEST_HISTORY_MS", "TRIES", "Command", "Request", "Verb", "request"]

LONGEST_HISTORY_MS: Final = 31 * DAY_MS
TRIES: Final = 3
"""How often a command is sent before it has failed."""

_NOT_OFFERED_651: Final = range(0x8E, 0x99)
"""Running parameters: recharges of meters, quota, storage to be emptied, factory reset."""
_SETTABLE: Final = frozenset({0x12, 0x16, 0x17, 0x18, 0x19, 0x1A, 0x1B, 0x1F, 0x20, 0xA0, 0xA1})
_READABLE: Final = range(0x50, 0x66)
_MOST_ELEMENTS: Final = 64
_PASSWORD_DIGITS: Final = 4


class Verb(StrEnum):
    """What is asked."""

    NOW = "now"
    HISTORY = "history"
    CLOCK = "clock"
    SET_CLOCK = "set-clock"
    READ = "read"
    SET = "set"
    VERSION = "version"
    STATUS = "status"
    COUNTERS = "counters"


_ELEMENT_OF: Final = {
    "discharge": "27", "stage": "39", "velocity": "36", "rain": "F4", "gate_opening": "09", "groundwater_depth": "0E",
    "pressure": "58", "water_temperature": "03", "voltage": "38", "volume": "68", "ph": "46", "dissolved_oxygen": "47",
    "conductivity": "48", "turbidity": "49",
}  # fmt: skip
_TYPE_OF: Final = {
    "rain": DataType.RAIN, "stage": DataType.STAGE, "discharge": DataType.FLOW, "volume_total": DataType.FLOW,
    "velocity": DataType.VELOCITY, "gate_opening": DataType.GATE, "power": DataType.POWER,
    "water_temperature": DataType.WATER_TEMPERATURE, "pressure": DataType.WATER_PRESSURE, "all": DataType.STATISTICS,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command.

    Attributes:
        verb: What is asked.
        elements: Of ``now`` and ``history``: names of our quantities; over SL 651 also identifiers such as ``39``, over
            SL/T 427 also ``all``. None = what the station gives by itself; ``history`` needs one.
        start: Of ``history``, epoch milliseconds; the wire has full hours, so it is rounded down.
        end: Likewise, rounded up.
        step_min: Of ``history`` over SL 651: minutes between values; 0 asks for groups of an hour.
        parameters: Of ``read``: identifiers of SL 651, all basic (01 to 0F) or all running; one function of SL/T 427.
        values: Of ``set``: running parameters of SL 651 with numbers; one function of SL/T 427 with its data in hex.
        password: Of settings over SL/T 427: key 1, one digit, and key 2, three.
    """

    verb: Verb
    elements: tuple[str, ...] = ()
    start: int | None = None
    end: int | None = None
    step_min: int = 5
    parameters: tuple[str, ...] = ()
    values: Mapping[str, str] | None = None
    password: str = "0000"  # as the protocol has it where none was agreed  # noqa: S105

    @property
    def said(self) -> frozenset[str]:
        """Which attributes say something, for the log; never the password."""
        names = {"verb", *(name for name in ("elements", "parameters", "values") if getattr(self, name))}
        return frozenset(names | ({"start", "end", "step_min"} if self.verb is Verb.HISTORY else set()))


class Request(NamedTuple):
    """A command as bytes.

    Attributes:
        data: The frame.
        function: Of the answer.
    """

    data: bytes
    function: int


def request(command: Command, session: Session, at: int, zone_minutes: int, *, attempt: int = 0) -> Request:
    """The frame of a command to one RTU.

    Args:
        command: What is asked.
        session: Whom; over SL 651 one that was heard, since its password comes from its frames.
        at: The centre's clock, epoch milliseconds.
        zone_minutes: Zone of the wire.
        attempt: Sent so often before.

    Raises:
        ConfigError: The command can't be written in the RTU's protocol.
    """
    try:
        if session.key.wire is Wire.SL651:
            frame = _sl651(command, session, at, zone_minutes)
            return Request(encode_sl651(frame), frame.function)
        asked = _slt427(command, session, at, zone_minutes)
        control = replace(asked.control, tries_left=max(0, asked.control.tries_left - attempt))
        return Request(encode_slt427(replace(asked, control=control)), asked.function)
    except (ValueError, ArithmeticError) as error:  # also of a decimal that is none, or endless
        raise ConfigError(f"{command.verb}: {error}") from error


_PLAIN: Final = {
    Verb.CLOCK: Function.CLOCK,
    Verb.SET_CLOCK: Function.SET_CLOCK,
    Verb.VERSION: Function.SOFTWARE_VERSION,
    Verb.STATUS: Function.STATUS,
    Verb.COUNTERS: Function.EVENT_COUNTERS,
}


_WITH_ARGUMENTS: Final = frozenset({Verb.HISTORY, Verb.READ, Verb.SET})


def _sl651(command: Command, session: Session, at: int, zone_minutes: int) -> Sl651Frame:
    to = session.recipient or downlink.Recipient(session.key.address, 1, "0000")
    if to.coding is Coding.ASCII and (command.elements or command.verb in _WITH_ARGUMENTS):
        raise ValueError("in ASCII, which this station speaks, no question with arguments is defined")
    match command.verb:
        case Verb.NOW if not command.elements:
            return downlink.ask(to, Function.CURRENT, at, zone_minutes)
        case Verb.NOW:
            return downlink.query_elements(to, _tags(command.elements), at, zone_minutes)
        case Verb.HISTORY:
            start, end = _hours(command)
            (tag,) = _tags(_one(command.elements, "element"))
            return downlink.history(to, tag, start, end, command.step_min, at, zone_minutes)
        case Verb.READ:
            tags = [tag.upper() for tag in command.parameters]
            if not tags or len(tags) > _MOST_ELEMENTS:
                raise ValueError(f"1 to {_MOST_ELEMENTS} parameters can be read at a time")
            basic = [tag in BASIC for tag in tags]
            if any(basic) != all(basic):
                raise ValueError("basic parameters (01 to 0F) and running ones are read by different queries")
            function = Function.READ_BASIC if basic[0] else Function.READ_RUNNING
            return downlink.read_parameters(to, function, tags, at, zone_minutes)
        case Verb.SET:
            if not command.values:
                raise ValueError("no parameter is given")
            elements = [_running(tag.upper(), value) for tag, value in command.values.items()]
            return downlink.set_parameters(to, Function.SET_RUNNING, elements, at, zone_minutes)
        case _:
            return downlink.ask(to, _PLAIN[command.verb], at, zone_minutes)


def _running(tag: str, value: str) -> Element:
    element = parameter(tag, Decimal(value))
    if int(tag, 16) in _NOT_OFFERED_651:
        raise ValueError(f"parameter {tag} (recharges, quota, resets) is not offered")
    return element


_QUERIES_427: Final = {Verb.CLOCK: 0x51, Verb.STATUS: 0x5E, Verb.COUNTERS: 0x5D}


def _slt427(command: Command, session: Session, at: int, zone_minutes: int) -> Slt427Frame:
    address = Address.parse(session.key.address)
    match command.verb:
        case Verb.NOW:
            return commands.query_current(address, _type(command.elements[0] if command.elements else "all"))
        case Verb.HISTORY:
            start, end = _hours(command)
            data_type = _type(_one(command.elements, "element")[0])
            return commands.query_history(address, data_type, start, end, zone_minutes)
        case Verb.READ:
            function = int(_one(command.parameters, "function")[0], 16)
            if function not in _READABLE:
                raise ValueError(f"function {function:02X} is no query of settings (50 to 65)")
            return commands.query(address, function)
        case Verb.SET | Verb.SET_CLOCK:
            return _setting_427(command, address, _security(command, session, at, zone_minutes))
        case _ if command.verb in _QUERIES_427:
            return commands.query(address, _QUERIES_427[command.verb])
        case _:
            raise ValueError(f"SL/T 427 has no query of the {command.verb}")


def _security(command: Command, session: Session, at: int, zone_minutes: int) -> commands.Security:
    text = command.password
    if len(text) != _PASSWORD_DIGITS or not text.isdecimal() or not text.isascii():
        raise ValueError("a password has four digits")
    password = commands.password_of(int(text[0]), int(text[1:]))
    return commands.Security(password, at, zone_minutes, session.profile)


def _setting_427(command: Command, address: Address, security: commands.Security) -> Slt427Frame:
    if command.verb is Verb.SET_CLOCK:
        return commands.set_clock(address, security.at, security.zone_minutes, security)
    values = command.values or {}
    function = int(_one(tuple(values), "function")[0], 16)
    if function not in _SETTABLE:
        allowed = " ".join(f"{each:02X}" for each in sorted(_SETTABLE))
        raise ValueError(f"function {function:02X} is not one of {allowed}")
    return commands.command(address, function, bytes.fromhex(next(iter(values.values()))), security)


def _one(texts: tuple[str, ...], what: str) -> tuple[str]:
    if len(texts) != 1:
        raise ValueError(f"exactly one {what} is needed, {len(texts)} given")
    return (texts[0],)


def _tags(elements: tuple[str, ...]) -> list[str]:
    if len(elements) > _MOST_ELEMENTS:
        raise ValueError(f"at most {_MOST_ELEMENTS} elements can be asked for at a time")
    return [_ELEMENT_OF.get(element, element.upper()) for element in elements]


def _type(element: str) -> DataType:
    if element not in _TYPE_OF:
        raise ValueError(f"{element!r} is not one of {', '.join(_TYPE_OF)}")
    return _TYPE_OF[element]


def _hours(command: Command) -> tuple[int, int]:
    """The period in full hours around what is asked; hours are whole in every zone that RTUs have."""
    if command.start is None or command.end is None:
        raise ValueError("from and to are needed")
    start, end = command.start // HOUR_MS * HOUR_MS, -(-command.end // HOUR_MS) * HOUR_MS
    if not 0 < end - start <= LONGEST_HISTORY_MS:
        raise ValueError(f"from is not before to, or more than {LONGEST_HISTORY_MS // DAY_MS} days before it")
    return start, end
