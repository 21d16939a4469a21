"""What a centre sends: confirmations, queries, settings and commands, as frames for ``encode_frame``.

A confirmation is built from the frame that it answers: address, centre, password, function and serial number are
copied, the time is the centre's. It ends in ESC for a station that stays on line and in EOT for one that should hang up
and sleep; in ACK where the station said that more frames follow. For a set of packets it carries the total as its
number; NAK names the one packet to be sent again.

In ASCII frames only what has no arguments is defined: confirmations and plain queries.

Source: SL 651-2014 6.4, 7 and annex B, in the approval drafts; twelve public confirmations (V046, V048, V050, V052,
V060, V062, V065, V067, V100, V107, V112, V113) are rebuilt byte for byte from the frames that they answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ingest.codecs.sl651.compose import status_word, time_step
from ingest.codecs.sl651.control import REPORTS, Coding, Control, Direction, Function
from ingest.codecs.sl651.elements import ELEMENTS, SLOT_GROUPS
from ingest.codecs.sl651.frame import (
    Element,
    Frame,
    Gates,
    Item,
    Message,
    Packet,
    Period,
    Quota,
    Slice,
    Switches,
    Wanted,
)
from ingest.codecs.sl651.number import defined, write_bcd
from ingest.codecs.sl651.parameters import RUNNING
from ingest.codecs.sl651.wiretime import digits_of

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "Recipient",
    "ask",
    "awaits_confirmation",
    "change_password",
    "confirm",
    "enable_ic_card",
    "history",
    "move_gates",
    "query_elements",
    "read_parameters",
    "recipient_of",
    "reset",
    "set_parameters",
    "set_quota",
    "switch",
    "want_again",
]

_IC_CARD_BIT: Final = 9
_BASIC_DEFINITIONS: Final = {
    "01": 0x20, "02": 0x28, "03": 0x10, "0C": 0x08, "0D": 0x40,
    **dict.fromkeys(("04", "05", "06", "07", "08", "09", "0A", "0B"), 0x50),
    "0F": 0x68,
}  # fmt: skip


class Recipient(NamedTuple):
    """Whom a frame is for.

    Attributes:
        station: Ten hex digits.
        centre: Our address.
        password: The station's, four hex digits.
        coding: How it speaks.
    """

    station: str
    centre: int
    password: str
    coding: Coding = Coding.HEX


def recipient_of(frame: Frame) -> Recipient:
    """The station that sent a frame, with the centre address and the password that it used."""
    return Recipient(frame.station, frame.centre, frame.password, frame.coding)


def awaits_confirmation(frame: Frame) -> bool:
    """Whether a station sends this on its own and repeats it until it is confirmed; a keep-alive is not answered."""
    return frame.direction is Direction.UP and frame.function in REPORTS


def confirm(
    report: Frame, at: int, zone_minutes: int, *, end: Control = Control.ESC, serial: int | None = None
) -> Frame:
    """The answer to a report, or to the last packet of a set that is complete.

    Args:
        report: What is confirmed.
        at: The centre's clock, epoch milliseconds; some stations set theirs by it.
        zone_minutes: Zone of the wire.
        end: ESC or EOT. ACK stands in its place where more frames follow.
        serial: Of the first packet, if ``report`` is a later one.

    Raises:
        ValueError: A later packet without a serial number.
    """
    packet = Packet(report.packet.total, report.packet.total) if report.packet else None
    if packet is None and report.end is Control.ETB:
        end = Control.ACK
    return _answer(report, at, zone_minutes, packet, end, serial)


def want_again(packet: Frame, number: int, at: int, zone_minutes: int, *, serial: int | None = None) -> Frame:
    """The request to send one packet of a set again.

    Args:
        packet: Any packet of the set.
        number: Of the one that is missing or broken.
        at: The centre's clock, epoch milliseconds.
        zone_minutes: Zone of the wire.
        serial: Of the first packet, if ``packet`` is a later one.

    Raises:
        ValueError: A single packet, or a later one without a serial number.
    """
    if packet.packet is None:
        raise ValueError("a single packet is not asked for again")
    return _answer(packet, at, zone_minutes, Packet(packet.packet.total, number), Control.NAK, serial)


def _answer(
    report: Frame, at: int, zone_minutes: int, packet: Packet | None, end: Control, serial: int | None
) -> Frame:
    if serial is None:
        if isinstance(report.body, Slice):
            raise ValueError("a later packet has no serial number of its own")
        serial = report.body.serial
    body = Message(serial, digits_of(at, zone_minutes))
    return Frame(
        report.coding,
        Direction.DOWN,
        report.centre,
        report.station,
        report.password,
        report.function,
        packet,
        end,
        body,
    )


def _query(to: Recipient, function: int, items: Sequence[Item], at: int, zone_minutes: int) -> Frame:
    body = Message(0, digits_of(at, zone_minutes), tuple(items))
    return Frame(to.coding, Direction.DOWN, to.centre, to.station, to.password, function, None, Control.ENQ, body)


_PLAIN: Final = frozenset(
    {
        Function.PICTURE,
        Function.CURRENT,
        Function.QUERY_MANUAL,
        Function.PUMP_MOTOR,
        Function.SOFTWARE_VERSION,
        Function.STATUS,
        Function.SET_CLOCK,
        Function.EVENT_COUNTERS,
        Function.CLOCK,
    }
)


def ask(to: Recipient, function: Function, at: int, zone_minutes: int) -> Frame:
    """A query or command without arguments.

    Args:
        to: Whom.
        function: Current values, picture, manual data, pump motor, version, status, counters, clock; or ``SET_CLOCK``,
            which sets the station's clock to ``at`` (twice where it is off by more than 5 minutes).
        at: The centre's clock, epoch milliseconds.
        zone_minutes: Zone of the wire.

    Raises:
        ValueError: A function that has arguments, or is no query.
    """
    if function not in _PLAIN:
        raise ValueError(f"{function!r} is no query without arguments")
    return _query(to, function, (), at, zone_minutes)


def history(to: Recipient, tag: str, start: int, end: int, step_minutes: int, at: int, zone_minutes: int) -> Frame:
    """The query for one element over a period (38H).

    Args:
        to: Whom.
        tag: Identifier; ``F4`` for rain in slots.
        start: Epoch milliseconds; the wire carries the hour.
        end: Likewise.
        step_minutes: Time between values; 0 for groups of one hour.
        at: The centre's clock, epoch milliseconds.
        zone_minutes: Zone of the wire.

    Raises:
        ValueError: No such element or step.
    """
    period = Period(digits_of(start, zone_minutes, 8), digits_of(end, zone_minutes, 8))
    items = (period, time_step(step_minutes), _wanted(tag))
    return _query(to, Function.PERIOD, items, at, zone_minutes)


def query_elements(to: Recipient, tags: Sequence[str], at: int, zone_minutes: int) -> Frame:
    """The query for chosen elements (3AH).

    Raises:
        ValueError: No such element.
    """
    return _query(to, Function.QUERY_ELEMENTS, [_wanted(tag) for tag in tags], at, zone_minutes)


def _wanted(tag: str) -> Wanted:
    row = ELEMENTS.get(tag)
    if row is None or not row.digits:
        raise ValueError(f"{tag!r} is no element that can be asked for")
    group = SLOT_GROUPS.get(int(tag, 16))
    return Wanted(tag, group[1] if group else row.definition)


def read_parameters(to: Recipient, function: Function, tags: Sequence[str], at: int, zone_minutes: int) -> Frame:
    """The query for parameters: basic (41H) or running (43H).

    Raises:
        ValueError: Another function, or no such parameter.
    """
    if function is Function.READ_BASIC:
        definitions = _BASIC_DEFINITIONS
    elif function is Function.READ_RUNNING:
        definitions = {tag: row.definition for tag, row in RUNNING.items()}
    else:
        raise ValueError(f"{function!r} reads no parameters")
    unknown = [tag for tag in tags if tag not in definitions]
    if unknown:
        raise ValueError(f"no such parameters: {', '.join(unknown)}")
    return _query(to, function, [Wanted(tag, definitions[tag]) for tag in tags], at, zone_minutes)


def set_parameters(
    to: Recipient, function: Function, parameters: Sequence[Element], at: int, zone_minutes: int
) -> Frame:
    """The command to set parameters: basic (40H) or running (42H).

    Raises:
        ValueError: Another function.
    """
    if function not in {Function.SET_BASIC, Function.SET_RUNNING}:
        raise ValueError(f"{function!r} sets no parameters")
    return _query(to, function, parameters, at, zone_minutes)


def reset(to: Recipient, function: Function, at: int, zone_minutes: int) -> Frame:
    """The command to initialise the storage (47H) or to go back to factory settings (48H).

    Raises:
        ValueError: Another function.
    """
    tags = {Function.INITIALISE_STORAGE: "97", Function.FACTORY_RESET: "98"}
    if function not in tags:
        raise ValueError(f"{function!r} resets nothing")
    return _query(to, function, (Element(tags[function], 0),), at, zone_minutes)


def change_password(to: Recipient, new: str, at: int, zone_minutes: int) -> Frame:
    """The command to change the password (49H), from the recipient's to four other hex digits.

    Raises:
        ValueError: Not four hex digits.
    """
    if len(bytes.fromhex(new)) != 2:  # noqa: PLR2004  # a password's bytes
        raise ValueError(f"password {new!r}")
    items = tuple(Element("03", defined(2, 0), bytes.fromhex(password)) for password in (to.password, new))
    return _query(to, Function.PASSWORD, items, at, zone_minutes)


def enable_ic_card(to: Recipient, at: int, zone_minutes: int, *, enabled: bool) -> Frame:
    """The command to switch the IC card function (4BH); only its bit of the status word matters."""
    word = status_word(_IC_CARD_BIT) if enabled else status_word()
    return _query(to, Function.IC_CARD, (word,), at, zone_minutes)


def switch(to: Recipient, function: Function, states: Sequence[bool], at: int, zone_minutes: int) -> Frame:
    """The command to switch pumps (4CH) or valves (4DH), the first one in the least significant bit of the first byte.

    Raises:
        ValueError: Another function, or none to switch.
    """
    if function not in {Function.PUMP_CONTROL, Function.VALVE_CONTROL} or not states:
        raise ValueError(f"{function!r} switches {len(states)}")
    return _query(to, function, (Switches(_bits(states)),), at, zone_minutes)


def move_gates(to: Recipient, openings_cm: Sequence[int], at: int, zone_minutes: int) -> Frame:
    """The command to move gates (4EH), the first one in the least significant bit; 0 closes.

    Raises:
        ValueError: None to move, or an opening beyond 9999 cm.
    """
    if not openings_cm:
        raise ValueError("no gates to move")
    openings = tuple(write_bcd(opening, 2).hex().upper() for opening in openings_cm)
    gates = Gates(_bits([opening > 0 for opening in openings_cm]), openings)
    return _query(to, Function.GATE_CONTROL, (gates,), at, zone_minutes)


def set_quota(to: Recipient, at: int, zone_minutes: int, *, in_force: bool) -> Frame:
    """The command to put the quota in force or to lift it (4FH)."""
    return _query(to, Function.QUOTA_CONTROL, (Quota(in_force),), at, zone_minutes)


def _bits(states: Sequence[bool]) -> bytes:
    number = sum(1 << bit for bit, state in enumerate(states) if state)
    return number.to_bytes((len(states) + 7) // 8, "little")
