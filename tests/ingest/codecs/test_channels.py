"""Channels of the register: what a device's elements mean where the standard's meaning doesn't hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hydro.instants import parse_instant
from hydro.quantity import Quantity
from ingest.codecs.channels import misnamed, sl651_profiles, slt427_devices
from ingest.codecs.readings import Readings
from ingest.codecs.sl651 import decode_sl651
from ingest.codecs.sl651.control import Control, Function
from ingest.codecs.slt427.framing import wrap
from ingest.codecs.slt427.readings import decode_slt427
from tests.hydro.register.tables import STATIONS, mistakes, register
from tests.ingest.codecs.sl651.vectors import summed

if TYPE_CHECKING:
    from hydro.register import Register

BEIJING = 480
SL651 = "0011223344"
SLT427 = "5201030700"
CODES = {SL651: "RTU", SLT427: "RTU"}
PLACES = STATIONS + "".join(f"{code},,intake,Wu,Nanming,520103,,5\n" for code in ("RTU", "M1", "M2"))
HEADER = "protocol,address,element,channel,station,quantity,scale,invert,offset,valid_from,valid_to\n"
ARRIVED = parse_instant("2026-03-02T08:06:00", BEIJING)


def known(*rows: str) -> Register:
    """A register with these channels."""
    return register(PLACES, channels=HEADER + "".join(f"{row}\n" for row in rows))


def station_of(address: str) -> str:
    """Code of a device's station."""
    return CODES.get(address, address)


def told(out: Readings) -> dict[tuple[str, str], float | None]:
    """Values by station and quantity."""
    assert (out.undecodable, out.faults) == ([], [])
    columns = zip(out.station, out.quantity, out.value, out.missing, strict=True)
    found = {(place, Quantity(code).text): None if gone else value / 1e6 for place, code, value, gone in columns}
    assert len(found) == len(out.value), "one reading for each key"
    return found


def sl651(elements: str, *rows: str, observed: str = "2603020805", function: int = Function.SCHEDULED) -> Readings:
    """Readings of a report with these elements."""
    body = bytes.fromhex(f"0007 260302080500 F1F1 {SL651} 48 F0F0 {observed} {elements}")
    head = bytes.fromhex(f"7E7E 01 {SL651} 1234 {function:02X} {len(body):04X}") + bytes((Control.STX,))
    out = Readings()
    frame = summed(head + body + bytes((Control.ETX,)))
    decode_sl651(0, frame, BEIJING, ARRIVED, station_of, out, sl651_profiles(known(*rows), station_of))
    return out


def slt427(data_type: int, values: str, *rows: str, words: str = "00002000", label: str = "0005080200") -> Readings:
    """Readings of a self-report with these values."""
    head = bytes((0xB0 | data_type,)) + bytes.fromhex(SLT427) + b"\xc0"
    out = Readings()
    devices = slt427_devices(known(*rows), station_of)
    decode_slt427(0, wrap(head + bytes.fromhex(values + words + label)), BEIJING, ARRIVED, station_of, out, devices)
    return out


def test_a_vendors_identifier_is_a_total_for_one_device_and_unknown_for_the_others() -> None:
    elements = "7622 12345678 392300001070"
    plain = sl651(elements)
    assert (told(plain), plain.unknown_keys) == ({("RTU", "stage"): 1.07}, 1)
    mapped = sl651(elements, f"sl651,{SL651},76,1,,volume_total,10,,,,")
    assert told(mapped) == {("RTU", "stage"): 1.07, ("RTU", "volume_total"): 1_234_567.8}
    assert told(sl651(elements, "sl651,0099999999,76,1,,volume_total,10,,,,")) == told(plain)


def test_a_row_for_all_devices_holds_where_a_device_has_none_of_its_own_for_the_element() -> None:
    everybody = "sl651,*,FF51,1,,volume_total,,,,,"
    assert told(sl651("FF5120 00001234", everybody)) == {("RTU", "volume_total"): 1_234.0}
    own = f"sl651,{SL651},FF51,1,M1,energy_total,,,,,"
    assert told(sl651("FF5120 00001234 762000005678", everybody, own, "sl651,*,76,1,,power,,,,,")) == {
        ("M1", "energy_total"): 1_234.0,
        ("RTU", "power"): 5_678.0,
    }


def test_eight_meters_of_one_device_are_eight_stations() -> None:
    two = sl651(
        "282B0000001000 292B0000002000",
        f"sl651,{SL651},28,1,M1,discharge,,,,,",
        f"sl651,{SL651},29,1,M2,discharge,,,,,",
    )
    assert told(two) == {("M1", "discharge"): 1.0, ("M2", "discharge"): 2.0}


def test_meters_under_one_identifier_are_told_by_their_place() -> None:
    rows = [f"sl651,{SL651},27,{place},{code},discharge,,,,," for place, code in ((1, ""), (2, "M1"), (3, "M2"))]
    elements = "272B0000001000 272B0000002000 272BAAAAAAAAAA 272B0000004000"
    out = sl651(elements, *rows)
    assert told(out) == {("RTU", "discharge"): 1.0, ("M1", "discharge"): 2.0, ("M2", "discharge"): None}
    assert out.unknown_keys == 1


def test_scale_and_offset_are_exact() -> None:
    row = f"sl651,{SL651},39,1,,water_level,,,1825.12,,"
    assert told(sl651("392300001070", row)) == {("RTU", "water_level"): 1826.19}
    hourly = f"sl651,{SL651},27,1,,discharge,1/3600,,,,"
    assert told(sl651("272B0003600000", hourly)) == {("RTU", "discharge"): 1.0}


def test_a_quantity_that_a_device_sends_elsewhere_is_taken_from_there() -> None:
    row = f"sl651,{SL651},30,1,,discharge,,,,,"
    both = sl651("272B0000001000 302B0000002000", row)
    assert (told(both), both.unknown_keys) == ({("RTU", "discharge"): 2.0}, 1)
    assert told(sl651("272B0000001000", row)) == {("RTU", "discharge"): 1.0}


def test_bits_of_the_status_word_go_where_the_rows_say_and_nowhere_else() -> None:
    word = "4520 00000280"
    assert told(sl651(word)) == {("RTU", "door"): 0.0, ("RTU", "meter_fault"): 0.0, ("RTU", "pump"): 1.0}
    rows = [
        f"sl651,{SL651},45,7,,door,,0,,,",
        f"sl651,{SL651},45,9,M1,pump,,1,,,",
        f"sl651,{SL651},45,10,M2,pump,,1,,,",
    ]
    assert told(sl651(word, *rows)) == {("RTU", "door"): 1.0, ("M1", "pump"): 0.0, ("M2", "pump"): 1.0}
    assert told(sl651(word, f"sl651,{SL651},45,0,,,,,,,")) == {}


def test_a_group_of_relative_stages_has_the_base_that_the_row_gives() -> None:
    row = f"sl651,{SL651},F6,1,M1,stage,,,5,,"
    out = sl651("F6C0" + "0064" * 12, row, observed="2603020800")
    assert set(out.station) == {"M1"}
    assert set(out.value) == {6_000_000}
    assert len(out.value) == 12


def test_rows_hold_in_event_time_also_in_one_report() -> None:
    old = f"sl651,{SL651},76,1,M1,volume_total,,,,,2026-03-01"
    new = f"sl651,{SL651},76,1,M2,volume_total,,,,2026-03-02,"
    out = sl651(
        "7620 00000001 F0F0 2603020000 7620 00000002 F0F0 2603020005 7620 00000003", old, new, observed="2603012355"
    )
    assert list(zip(out.station, out.value, strict=True)) == [("M1", 1_000_000), ("M1", 2_000_000), ("M2", 3_000_000)]


def test_further_instruments_of_sl_t_427_are_stations() -> None:
    values = "00590000008261100000" + "00180000004523010000"
    plain = slt427(3, values)
    assert {place for place, _ in told(plain)} == {"RTU"}
    rows = [f"slt427,{SLT427},flow,2,M1,discharge,,,,,", f"slt427,{SLT427},volume_m3,2,M1,volume_total,0.1,,,,"]
    found = told(slt427(3, values, *rows))
    assert found[("RTU", "discharge")] == 5.9
    assert (found[("M1", "discharge")], found[("M1", "volume_total")]) == (1.8, 1_234.5)


def test_words_of_sl_t_427_go_where_the_rows_say() -> None:
    rows = [f"slt427,{SLT427},status,5,,door,,1,,,", f"slt427,{SLT427},alarm,0,M1,meter_fault,,,,,"]
    found = told(slt427(13, "", *rows, words="0100" + "0000"))
    assert found == {("RTU", "door"): 1.0, ("M1", "meter_fault"): 1.0}
    assert told(slt427(13, "", f"slt427,{SLT427},status,4,,,,,,,")) == {("RTU", "meter_fault"): 0.0}


def test_what_no_standard_maps_may_be_mapped_for_one_device() -> None:
    assert ("RTU", "rain") not in told(slt427(14, "41125200"))
    assert told(slt427(14, "41125200", f"slt427,{SLT427},rain_hour,1,,rain,,,,,"))[("RTU", "rain")] == 521.2


def test_devices_without_rows_keep_the_short_way() -> None:
    devices = slt427_devices(known("slt427,0000000001,flow,2,M1,discharge,,,,,"), station_of)
    device = devices.constant(SLT427)
    assert device is not None
    assert device.is_plain
    other = devices.constant("0000000001")
    assert other is not None
    assert not other.is_plain


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (
            "sl651,0011,76,1,,power,,,,,",
            'address: "0011" is not a device address of 8, 10 or 12 digits, nor * for all devices',
        ),
        ("modbus,*,76,1,,power,,,,,", 'protocol: "modbus" is not one of sl651, slt427'),
        (
            "sl651,*,7 6,1,,power,,,,,",
            'element: "7 6" is not an element: an identifier such as 76 or FF51, or a name such as flow',
        ),
        ("sl651,11223344,76,1,M9,power,,,,,", 'station: unknown station "M9"'),
        (
            "sl651,11223344,76,1,M1,,,,,,",
            "quantity: is empty while station is given; leave both empty to leave the channel out",
        ),
        (
            "sl651,*,76,1,M1,power,,,,,",
            "station: is given for all devices; leave it empty: it is the station of the device",
        ),
        ("sl651,*,76,1,,power,0,,,,", 'scale: "0" is not above 0 and at most 1000000000'),
    ],
)
def test_a_row_that_says_nothing_is_a_mistake(row: str, reason: str) -> None:
    assert mistakes(PLACES, channels=HEADER + row + "\n") == [f"registry/channels.csv:2: {reason}"]


def test_one_channel_means_one_thing_at_a_time() -> None:
    rows = "sl651,11223344,76,1,M1,power,,,,,\nsl651,0011223344,76,1,M2,power,,,,,\n"
    (found,) = mistakes(PLACES, channels=HEADER + rows)
    assert found.startswith("registry/channels.csv:3: channel: ")


def test_names_that_no_frame_can_carry_are_told() -> None:
    found = misnamed(
        known(
            "sl651,*,flow,1,,discharge,,,,,",
            "sl651,*,F0,1,,discharge,,,,,",
            "sl651,*,F5,1,,stage,2,,,,",
            "slt427,*,76,1,,discharge,,,,,",
            "sl651,*,ff01,1,,power,,,,,",
            "slt427,*,status,5,,door,,,,,",
        )
    )
    assert [(row.element, reason.partition(" is ")[2][:24]) for row, reason in found] == [
        ("flow", "no identifier of SL 651,"),
        ("F0", "no identifier of SL 651,"),
        ("F5", "a group of relative stag"),
        ("76", "no element of SL/T 427 t"),
    ]
