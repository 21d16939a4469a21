"""What a centre sends: confirmations rebuilt from their reports byte for byte, queries as in the public frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from ingest.codecs.sl651 import decode_frame, encode_frame, explain
from ingest.codecs.sl651.compose import number, parameter
from ingest.codecs.sl651.control import Coding, Control, Direction, Function
from ingest.codecs.sl651.downlink import (
    Recipient,
    ask,
    awaits_confirmation,
    change_password,
    confirm,
    enable_ic_card,
    history,
    move_gates,
    query_elements,
    read_parameters,
    recipient_of,
    reset,
    set_parameters,
    set_quota,
    switch,
    want_again,
)
from ingest.codecs.sl651.frame import Element, Message
from ingest.codecs.sl651.parameters import ipv4_channel
from ingest.codecs.sl651.wiretime import instant
from tests.ingest.codecs.sl651.vectors import GOOD, PICTURE, Vector, each, frame_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingest.codecs.sl651 import Frame

ZONE = 480
AT = 1_772_323_200_000  # 2026-03-01T08:00:00+08:00
STATION = Recipient("0011223344", 5, "1234")


def at_of(frame: Frame) -> int:
    """The time that a frame was sent, from the frame."""
    assert isinstance(frame.body, Message)
    at = instant(frame.body.sent, ZONE)
    assert at is not None
    return at


@pytest.mark.parametrize(("report", "answer"), [("V047", "V048"), ("V005", "V065"), ("V108", "V107")])
def test_public_confirmations_are_rebuilt_from_their_reports(report: str, answer: str) -> None:
    given = decode_frame(frame_of(answer))
    made = confirm(decode_frame(frame_of(report)), at_of(given), ZONE, end=given.end)
    assert encode_frame(made) == frame_of(answer)


@each([vector for vector in GOOD if vector.expected["direction"] == "down" and vector.expected["end"] == "ENQ"])
def test_public_queries_are_rebuilt(vector: Vector) -> None:
    frame = decode_frame(vector.data)
    to, at = recipient_of(frame), at_of(frame)
    assert isinstance(frame.body, Message)
    match Function(frame.function):
        case Function.PERIOD:
            start, end = (instant(digits, ZONE) for digits in ("24010916", "24010917"))
            assert start is not None
            assert end is not None
            made = history(to, "F4", start, end, 5, at, ZONE)
        case Function.QUERY_ELEMENTS:
            made = query_elements(to, ["F4"], at, ZONE)
        case Function.SET_RUNNING:
            elements = [item for item in frame.body.items if isinstance(item, Element)]
            made = set_parameters(to, Function.SET_RUNNING, elements, at, ZONE)
        case Function.INITIALISE_STORAGE | Function.FACTORY_RESET as function:
            made = reset(to, function, at, ZONE)
        case Function.PASSWORD:
            made = change_password(to, "03E8", at, ZONE)
        case function:
            made = ask(to, function, at, ZONE)
    # Two of the public queries carry the number of an earlier frame; the drafts say 0 for what the centre begins.
    made = msgspec.structs.replace(made, body=msgspec.structs.replace(made.body, serial=frame.body.serial))
    assert encode_frame(made) == vector.data


def test_more_frames_to_come_are_acknowledged_with_ack() -> None:
    report = msgspec.structs.replace(decode_frame(frame_of("V003")), end=Control.ETB)
    assert confirm(report, AT, ZONE).end is Control.ACK
    assert confirm(report, AT, ZONE, end=Control.EOT).end is Control.ACK


def test_a_set_of_packets_is_confirmed_once_with_its_total() -> None:
    packets = [decode_frame(data) for data in PICTURE]
    made = decode_frame(encode_frame(confirm(packets[0], AT, ZONE)))
    assert explain(made) == {
        "direction": "down", "center": 1, "station": "0012345678", "password": "1234", "func": "36", "length": 11,
        "start": "SYN", "end": "ESC", "packets_total": 13, "packet_no": 13, "serial": 5,
        "send_time": "2026-03-01T08:00:00",
    }  # fmt: skip
    assert confirm(packets[-1], AT, ZONE, serial=5) == made
    with pytest.raises(ValueError, match="serial number"):
        confirm(packets[-1], AT, ZONE)


def test_a_packet_is_asked_for_again_by_its_number() -> None:
    packet = decode_frame(PICTURE[0])
    made = explain(want_again(packet, 4, AT, ZONE))
    assert (made["end"], made["packets_total"], made["packet_no"], made["serial"]) == ("NAK", 13, 4, 5)
    with pytest.raises(ValueError, match="single packet"):
        want_again(decode_frame(frame_of("V003")), 1, AT, ZONE)


def test_an_ascii_report_is_confirmed_in_ascii() -> None:
    report = msgspec.structs.replace(decode_frame(frame_of("V003")), coding=Coding.ASCII)
    made = encode_frame(confirm(report, AT, ZONE, end=Control.EOT))
    assert made[:-4] == b"\x01" + b"00112233440503E8328010\x02" + b"0034260301080000\x04"
    assert decode_frame(made).direction is Direction.DOWN


@each([vector for vector in GOOD if vector.expected["func"] in {"2F", "32", "40", "51"}])
def test_reports_are_answered_and_nothing_else(vector: Vector) -> None:
    frame = decode_frame(vector.data)
    assert awaits_confirmation(frame) is (frame.function == 0x32 and frame.direction is Direction.UP)


def arguments(frame: Frame) -> str:
    """What stands behind serial number and time."""
    data = encode_frame(frame)
    assert decode_frame(data) == frame
    assert frame.end is Control.ENQ
    return data[22:-3].hex().upper()


def test_settings_and_commands() -> None:
    basic = [ipv4_channel("04", "10.0.0.1", 8898), number("0C", 2, 0x08)]
    assert arguments(set_parameters(STATION, Function.SET_BASIC, basic, AT, ZONE)) == "0450020100000000010088980C0802"
    running = [parameter("20", 1), parameter("28", -1)]
    assert arguments(set_parameters(STATION, Function.SET_RUNNING, running, AT, ZONE)) == "200801282BFF00001000"
    assert arguments(read_parameters(STATION, Function.READ_BASIC, ["01", "0F"], AT, ZONE)) == "01200F68"
    assert arguments(read_parameters(STATION, Function.READ_RUNNING, ["20", "28"], AT, ZONE)) == "20082823"
    assert arguments(enable_ic_card(STATION, AT, ZONE, enabled=True)) == "452000000200"
    assert arguments(enable_ic_card(STATION, AT, ZONE, enabled=False)) == "452000000000"
    assert arguments(switch(STATION, Function.PUMP_CONTROL, [True, False, True], AT, ZONE)) == "0105"
    assert arguments(switch(STATION, Function.VALVE_CONTROL, [True] * 9, AT, ZONE)) == "02FF01"
    assert arguments(move_gates(STATION, [120, 0], AT, ZONE)) == "020101200000"
    assert arguments(set_quota(STATION, AT, ZONE, in_force=True)) == "FF"
    assert arguments(set_quota(STATION, AT, ZONE, in_force=False)) == "00"
    assert arguments(history(STATION, "39", AT, AT + 7_200_000, 60, AT, ZONE)) == "260301082603011004180001003923"
    assert arguments(ask(STATION, Function.SET_CLOCK, AT, ZONE)) == ""


def test_what_does_not_exist_is_not_asked_for() -> None:
    calls: list[Callable[[], Frame]] = [
        lambda: ask(STATION, Function.SET_BASIC, AT, ZONE),
        lambda: query_elements(STATION, ["76"], AT, ZONE),
        lambda: history(STATION, "F3", AT, AT, 5, AT, ZONE),
        lambda: read_parameters(STATION, Function.READ_RUNNING, ["01"], AT, ZONE),
        lambda: read_parameters(STATION, Function.CLOCK, ["01"], AT, ZONE),
        lambda: set_parameters(STATION, Function.CLOCK, [], AT, ZONE),
        lambda: reset(STATION, Function.CLOCK, AT, ZONE),
        lambda: change_password(STATION, "123", AT, ZONE),
        lambda: change_password(STATION, "123456", AT, ZONE),
        lambda: switch(STATION, Function.CLOCK, [True], AT, ZONE),
        lambda: switch(STATION, Function.PUMP_CONTROL, [], AT, ZONE),
        lambda: move_gates(STATION, [], AT, ZONE),
        lambda: move_gates(STATION, [10_000], AT, ZONE),
    ]
    for make in calls:
        with pytest.raises(ValueError, match=r"."):
            make()


def test_a_query_with_arguments_has_no_ascii_form() -> None:
    to = STATION._replace(coding=Coding.ASCII)
    with pytest.raises(ValueError, match="HEX"):
        encode_frame(query_elements(to, ["39"], AT, ZONE))
    assert decode_frame(encode_frame(ask(to, Function.CURRENT, AT, ZONE))).function == Function.CURRENT
