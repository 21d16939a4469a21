"""What parameters say to people, and the ways in which addresses are written."""

from __future__ import annotations

import pytest

from hydro.register.field_address import normal_address
from ingest.codecs.sl651 import decode_frame
from ingest.codecs.sl651.address import aliases
from ingest.codecs.sl651.frame import Element, Message
from ingest.codecs.sl651.parameters import BASIC, COUNTERS, RUNNING, explain_parameter
from tests.ingest.codecs.sl651.vectors import frame_of


def said(name: str) -> list[str | None]:
    """The parameters of a frame, explained."""
    frame = decode_frame(frame_of(name))
    assert isinstance(frame.body, Message)
    return [explain_parameter(frame.function, item) for item in frame.body.items if isinstance(item, Element)]


def test_the_basic_parameters_of_a_public_frame_are_those_that_its_source_states() -> None:
    assert said("V011") == [
        "centre addresses: 5",
        "station address: 0011223344",
        "main channel of centre 1: IPv4 218.94.153.172:9708",
        "backup channel of centre 1: SMS 13012345678",
        "working mode: self-report with confirm",
        "elements collected: rain, stage 1",
        "communication card: mobile 013112345678",
    ]


def test_the_running_parameters_of_a_public_frame() -> None:
    assert said("V078") == [
        "interval of scheduled reports: 1 h",
        "interval of add-on reports: 5 min",
        "hour at which the day of rain begins: 8 h",
        "sampling interval: 300 s",
        "interval of stored stages: 5 min",
        "resolution of rain: 1.0 mm",
        "resolution of stage: 1.0 cm",
        "rain that makes an add-on report: 2 mm",
        "stage base 1: 10.000 m",
        "stage correction 1: 0.200 m",
        "relative stage of add-on reports 1: 5.00 m",
        "change above it that makes an add-on report: 0.03 m",
        "change below it that makes an add-on report: 0.20 m",
    ]


@pytest.mark.parametrize(
    ("function", "element", "text"),
    [
        (0x40, Element("04", 0x50, bytes(10)), "main channel of centre 1: disabled"),
        (0x40, Element("06", 0x08, b"\xff"), "main channel of centre 2: FF "),
        (0x40, Element("0B", 0x18, bytes.fromhex("030123")), "backup channel of centre 4: Beidou 0123"),
        (0x40, Element("0C", 0x08, b"\x09"), "working mode: 09"),
        (0x40, Element("0E", 0x05, bytes(5)), "relay service addresses: 0000000000"),
        (0x40, Element("0F", 0x00), "communication card:  "),
        (0x40, Element("99", 0x00), None),
        (0x42, Element("20", 0x08, b"\xff"), "interval of scheduled reports"),
        (0x42, Element("FF01", 0x08, b"\x01"), None),
        (0x42, Element("6B", 0x09, b"\x85"), "pH, upper bound: 8.5"),
        (0x42, Element("97", 0x00), "initialise storage"),
    ],
)
def test_a_parameter_is_explained(function: int, element: Element, text: str | None) -> None:
    assert explain_parameter(function, element) == text


def test_the_tables_have_no_holes() -> None:
    assert sorted(BASIC) == [f"{tag:02X}" for tag in (*range(0x01, 0x0D), 0x0D, 0x0E, 0x0F)]
    assert sorted(RUNNING) == [f"{tag:02X}" for tag in range(0x20, 0xA9)]
    assert RUNNING["48"].name == "water temperature threshold"
    assert RUNNING["58"].name == "lower relative stage of intake 8"
    assert RUNNING["68"].name == "lower pressure of intake 8"
    assert RUNNING["A8"].name == "remaining volume that alarms, meter 8"
    assert len(COUNTERS) == 18


@pytest.mark.parametrize(
    ("written", "address", "others"),
    [
        ("0011223344", "0011223344", ("11223344",)),
        ("11223344", "0011223344", ("11223344",)),
        (" 00418d2337 ", "00418D2337", ("418D2337",)),
        ("405902013762", "40590235C2", ("405902013762",)),
        ("1090330853", "1090330853", ("109033002131",)),
        ("A0B0C0D0E0", "A0B0C0D0E0", ()),
    ],
)
def test_an_address_as_people_write_it(written: str, address: str, others: tuple[str, ...]) -> None:
    assert normal_address(written) == address
    assert aliases(address) == others


@pytest.mark.parametrize("written", ["", "1", "123456789", "G012345678", "405902065536", "４０５９０２３５"])
def test_what_is_no_address_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="station address"):
        normal_address(written)
