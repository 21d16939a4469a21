"""From payloads to columns: which elements become readings, at which time, and what happens to the others."""

from __future__ import annotations

from hashlib import sha256
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hydro.errors import DecodeError
from hydro.fixed import MICRO
from hydro.instants import MINUTE_MS, format_instant
from hydro.quantity import QUANTITIES, Quantity
from hydro.register import EARLIEST_MS, LATEST_MS
from ingest.codecs.over_time import OverTime, Span
from ingest.codecs.readings import Readings
from ingest.codecs.sl651 import STANDARD, Frame, Profile, decode_frame, decode_sl651, encode_frame, to_readings
from ingest.codecs.sl651.columns import _is_one_plain, _read_plain
from ingest.codecs.sl651.elements import ELEMENTS
from ingest.codecs.sl651.mapping import NO_PROFILES, Profiles, Rule, Sentinel, StatusRule
from tests.ingest.codecs.sl651.generated import hex_frames, mutated, reports
from tests.ingest.codecs.sl651.vectors import BROKEN, GOOD, Vector, each, frame_of, summed

ZONE = 480
ADDRESS = "0012345678"


class Row(NamedTuple):
    """A reading, as one reads it."""

    quantity: str
    time: str
    value: float | None


def always(profiles: dict[str, Profile] | None) -> Profiles:
    """The same profiles at all times."""
    given = profiles or {}
    return OverTime(STANDARD, {address: [Span(EARLIEST_MS, LATEST_MS, each)] for address, each in given.items()})


def decode(payload: bytes, profiles: dict[str, Profile] | None = None) -> Readings:
    """Readings of one payload; the test station is called S1."""
    out = Readings()
    decode_sl651(0, payload, ZONE, 0, {ADDRESS: "S1"}, out, always(profiles))
    return out


def typed(payload: bytes, profiles: dict[str, Profile] | None = None) -> Readings:
    """The same of one frame, by way of its items."""
    out = Readings()
    station_of: dict[str, str] = {ADDRESS: "S1"}
    to_readings(0, decode_frame(payload), ZONE, station_of.get, out, always(profiles))
    return out


def rows(out: Readings, station: str = "S1") -> list[Row]:
    """Readings of a station, in order."""
    names = {int(code): name for name, code in QUANTITIES.items()}
    return [
        Row(names[quantity], format_instant(time, ZONE)[:16], None if missing else value / MICRO)
        for code, quantity, time, value, missing in zip(
            out.station, out.quantity, out.event_time, out.value, out.missing, strict=True
        )
        if code == station
    ]


def report(
    elements: str,
    *,
    function: int = 0x32,
    observed: str = "2603010800",
    sent: str = "260301080010",
    serial: int = 7,
    up: bool = True,
) -> bytes:
    """A report with elements in hex digits."""
    mark = f"F1F1{ADDRESS}48F0F0{observed}"
    body = serial.to_bytes(2, "big") + bytes.fromhex(sent + mark + elements)
    length = len(body) | (0 if up else 0x8000)
    head = bytes.fromhex(f"7E7E01{ADDRESS}1234{function:02X}") + length.to_bytes(2, "big")
    return summed(head + b"\x02" + body + b"\x03")


def values(elements: str) -> dict[str, float | None]:
    """Value by quantity of one report."""
    return {row.quantity: row.value for row in rows(decode(report(elements)))}


EIGHT = "2026-03-01T08:00"


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ("272B0000012000", {"discharge": 12.0}),
        ("2736000000785520", {"discharge": 0.78552}),
        ("392300010490", {"stage": 10.49}),
        ("391A002730", {"stage": 27.3}),
        ("392BFF00000127", {"stage": -0.127}),
        ("3923FFFFFFFF", {"stage": None}),
        ("3923AAAAAAAA", {"stage": None}),
        ("3B2300016000", {"stage": 16.0}),
        ("3C2300000345", {"stage": 0.345}),
        ("361B001234", {"velocity": 1.234}),
        ("371B000030", {"velocity": 0.03}),
        ("2219000005", {"rain": 0.5}),
        ("091A000123", {"gate_opening": 1.23}),
        ("0E1A001250", {"groundwater_depth": 12.5}),
        ("0E1A000000", {"groundwater_depth": 0.0}),
        ("581A001013", {"pressure": 10.13}),
        ("0311" + "0254", {"water_temperature": 25.4}),
        ("0319FF0005", {"water_temperature": -0.5}),
        ("46120723", {"ph": 7.23}),
        ("47110079", {"dissolved_oxygen": 7.9}),
        ("4818000345", {"conductivity": 345.0}),
        ("49100012", {"turbidity": 12.0}),
        ("38121260", {"voltage": 12.6}),
        ("682A0000012345", {"volume": 123.45}),
        ("452000000400", {"door": 1.0, "meter_fault": 0.0, "pump": 0.0}),
        ("4520000000A0", {"door": 0.0, "meter_fault": 1.0, "pump": 1.0}),
        ("452000600481", {"door": 0.0, "meter_fault": 0.0, "pump": 0.0}),
        ("452000000040", {"door": 1.0, "meter_fault": 1.0, "pump": 1.0}),
    ],
)
def test_an_element_becomes_its_quantity(elements: str, expected: dict[str, float | None]) -> None:
    assert rows(decode(report(elements))) == [Row(name, EIGHT, value) for name, value in expected.items()]
    assert decode(report(elements)) == typed(report(elements))


def test_every_rule_is_for_an_element_of_the_standard() -> None:
    assert STANDARD.rules.keys() <= ELEMENTS.keys()


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ("392309999999", {"stage": None}),
        ("391A999999", {"stage": None}),
        ("392309999998", {"stage": 9999.998}),
        ("3B2309999999", {"stage": None}),
        ("091A044400", {"gate_opening": 0.0}),
        ("091A055500", {"gate_opening": None}),
        ("091A088800", {"gate_opening": None}),
        ("091A099900", {"gate_opening": None}),
        ("0E1A044400", {"groundwater_depth": None}),
    ],
)
def test_values_that_are_none_are_missing(elements: str, expected: dict[str, float | None]) -> None:
    assert values(elements) == expected
    assert decode(report(elements)) == typed(report(elements))


@pytest.mark.parametrize(
    ("elements", "expected", "ignored"),
    [
        ("282B0000000420 272B0000000786", {"discharge": 0.786}, 1),
        ("282B0000000420 302B0000043000", {"discharge": 43.0}, 1),
        ("302B0000043000 272BFFFFFFFFFF", {"discharge": None}, 1),
        ("3B2300016000 392300010490", {"stage": 10.49}, 1),
        ("371B000600 361B000304", {"velocity": 0.304}, 1),
        ("371B000600 371B000700", {"velocity": 0.6}, 1),
    ],
)
def test_of_several_elements_for_one_quantity_the_lowest_rank_counts(
    elements: str, expected: dict[str, float | None], ignored: int
) -> None:
    assert values(elements) == expected
    assert decode(report(elements)).unknown_keys == ignored
    assert decode(report(elements)) == typed(report(elements))


def test_the_hours_volume_is_taken_at_the_full_hour_only() -> None:
    elements = "682A0000012345"
    assert rows(decode(report(elements, observed="2603010800"))) == [Row("volume", EIGHT, 123.45)]
    between = decode(report(elements, observed="2603010820"))
    assert (between.value, between.unknown_keys) == ([], 1)


def test_unknown_and_unmapped_elements_are_skipped_and_counted() -> None:
    out = decode(report("762000000000 FF091020FF 021101F5 79200000000A 38121203"))
    assert rows(out) == [Row("voltage", EIGHT, 12.03)]
    assert (out.unknown_keys, out.faults) == (4, [])


def test_a_bad_element_is_counted_and_the_others_are_kept() -> None:
    out = decode(report("39230001049A 38121203 2600"))
    assert rows(out) == [Row("voltage", EIGHT, 12.03)]
    assert [(fault.reason, fault.readings, fault.detail) for fault in out.faults] == [
        ("not_a_number", 1, "S1 39: bad_bcd")
    ]
    assert out.unknown_keys == 1


def test_a_number_that_can_not_be_stored_is_refused() -> None:
    profile = Profile({"27": Rule(Quantity.DISCHARGE, numerator=-MICRO)})
    for profiles in (None, {ADDRESS: profile}):
        for elements in ("2738" + "99" * 7, "2758" + "99" * 11):
            assert [fault.reason for fault in decode(report(elements), profiles).faults] == ["not_a_number"]


def test_an_element_without_a_time_is_refused() -> None:
    out = decode(report("39230001 0490 45200000000038121203", observed="2613010800"))
    assert [(fault.reason, fault.readings) for fault in out.faults] == [
        ("bad_time", 1),
        ("bad_time", 3),
        ("bad_time", 1),
    ]
    assert out.value == []


def test_what_is_cut_off_is_counted() -> None:
    out = decode(report("38121203 392300"))
    assert rows(out) == [Row("voltage", EIGHT, 12.03)]
    assert [(fault.reason, fault.detail) for fault in out.faults] == [("bad_element", "0012345678: cut off at 392300")]


RAIN = "F460" + "05FF" + "00" * 10


def minutes(start: str, count: int = 12) -> list[str]:
    """Times five minutes apart."""
    hour, minute = int(start[:2]), int(start[3:])
    ends = range(hour * 60 + minute, hour * 60 + minute + 5 * count, 5)
    return [f"2026-03-01T{end // 60:02d}:{end % 60:02d}" for end in ends]


@pytest.mark.parametrize(
    ("observed", "sent", "first"),
    [
        ("2603010705", "260301080014", "07:05"),  # (a) the standard
        ("2603010720", "260301081525", "07:20"),  # (a) at another minute
        ("2603010705", "260301075500", "07:05"),  # 50 minutes
        ("2603010700", "260301080000", "07:00"),  # 60 minutes
        ("2603010800", "260301080010", "07:05"),  # (b) the full hour is the last slot
        ("2603010800", "260301080400", "07:05"),
        ("2603010800", "260301110000", "07:05"),  # (b), back-filled
        ("2603010705", "260301110000", "07:05"),  # (a), back-filled
        ("2603010830", "260301083001", None),  # (c) now, within the hour
        ("2603010715", "260301110000", None),  # late, and not where the standard's hour begins
        ("2603010805", "260301080000", None),  # in the future
    ],
)
def test_when_the_slots_of_an_hour_end(observed: str, sent: str, first: str | None) -> None:
    payload = report(RAIN, function=0x34, observed=observed, sent=sent)
    out = decode(payload)
    if first is None:
        assert (out.value, out.unknown_keys, out.faults) == ([], 1, [])
    else:
        assert [row.time for row in rows(out)] == minutes(first)
        assert [row.value for row in rows(out)] == [0.5, None, *[0.0] * 10]
    assert out == typed(payload)


def stages(first: int, last: int) -> str:
    """Twelve relative stages."""
    return "F5C0" + f"{first:04X}" * 11 + f"{last:04X}"


def test_relative_stages_stand_on_the_stage_of_the_same_time() -> None:
    payload = report(stages(12, 49) + "F0F02603010800 392300010493", function=0x34, observed="2603010705")
    assert rows(decode(payload)) == [
        Row("stage", EIGHT, 10.493),
        *(Row("stage", time, 10.123) for time in minutes("07:05", 11)),
    ]
    assert decode(payload) == typed(payload)


def test_relative_stages_without_a_stage_are_not_read() -> None:
    for stage in ("", "F0F02603010755 392300010493", "F0F02603010800 3923FFFFFFFF", "F0F02603010803 392300010493"):
        payload = report(stages(12, 0xFFFF) + stage, function=0x34, observed="2603010705")
        expected = 1 if "55" in stage else 0
        out = decode(payload)
        assert [row.value for row in rows(out) if row.time < "2026-03-01T07:55"] == [10.493] * 10 * expected
        assert [row.value for row in rows(out)].count(None) == 1
        assert out.unknown_keys == 1 - expected
        assert out == typed(payload)


def test_relative_stages_stand_on_the_base_that_a_profile_knows() -> None:
    profile = Profile({"F5": Rule(Quantity.STAGE)}, stage_base={"F5": 1_825_120_000})
    payload = report(stages(12, 0xFFFF), function=0x34, observed="2603010705")
    out = decode(payload, {ADDRESS: profile})
    assert [row.value for row in rows(out)] == [1825.24] * 11 + [None]
    assert out == typed(payload, {ADDRESS: profile})


def test_the_stages_of_other_sensors_wait_for_a_profile() -> None:
    out = decode(report("F6C0" + "0001" * 12, function=0x34))
    assert (out.value, out.unknown_keys) == ([], 1)


def test_rain_slots_stand_before_the_rain_of_five_minutes() -> None:
    payload = report("2219000007 F0F02603010705" + RAIN, function=0x34)
    assert [row.value for row in rows(decode(payload))] == [0.5, None, *[0.0] * 10]
    assert decode(payload) == typed(payload)


def test_a_uniform_report_has_a_value_each_step() -> None:
    out = decode(frame_of("V109"))
    found = rows(out, "1090330853")
    assert [row.value for row in found] == [None] * 11 + [0.17]
    assert (found[0].time, found[-1].time) == ("2026-02-02T08:05", "2026-02-02T09:00")


@pytest.mark.parametrize(("step", "times"), [("000100", ["08:00", "09:00"]), ("010000", ["08:00", "08:00"])])
def test_a_step_is_days_hours_or_minutes(step: str, times: list[str]) -> None:
    out = decode(report(f"0418{step} 272B 0000001000 0000002000", function=0x31))
    assert [row.time[11:] for row in rows(out)] == times
    assert out.event_time[1] - out.event_time[0] == (60 if step == "000100" else 1440) * MINUTE_MS


def test_several_values_without_a_step_have_no_time() -> None:
    out = decode(report("0418000000 272B 0000001000 0000002000", function=0x38))
    assert [(fault.reason, fault.readings) for fault in out.faults] == [("bad_time", 2)]


def test_history_in_slots_begins_at_its_own_time_however_late_it_is_sent() -> None:
    out = decode(report("0418000005 F460" + "05" * 24, function=0x38, observed="2602200705"))
    assert len(out.value) == 24
    assert rows(out)[0] == Row("rain", "2026-02-20T07:05", 0.5)
    assert rows(out)[-1].time == "2026-02-20T09:00"


@pytest.mark.parametrize("function", [0x46, 0x4B])
def test_a_status_report_holds_when_it_is_sent(function: int) -> None:
    body = bytes.fromhex(f"0007260301081530F1F1{ADDRESS}452000000400")
    payload = summed(
        bytes.fromhex(f"7E7E01{ADDRESS}1234{function:02X}") + len(body).to_bytes(2, "big") + b"\x02" + body + b"\x03"
    )
    assert rows(decode(payload)) == [
        Row("door", "2026-03-01T08:15", 1.0), Row("meter_fault", "2026-03-01T08:15", 0.0),
        Row("pump", "2026-03-01T08:15", 0.0),
    ]  # fmt: skip


@pytest.mark.parametrize(("bits", "value"), [("0100", 0.0), ("0104", 1.0), ("020001", 1.0)])
def test_a_pump_report_says_whether_any_runs(bits: str, value: float) -> None:
    body = bytes.fromhex(f"0007260301081530F1F1{ADDRESS}{bits}")
    payload = summed(bytes.fromhex(f"7E7E01{ADDRESS}12344C") + len(body).to_bytes(2, "big") + b"\x02" + body + b"\x03")
    assert rows(decode(payload)) == [Row("pump", "2026-03-01T08:15", value)]


def test_a_pump_report_without_a_time_is_refused() -> None:
    body = bytes.fromhex(f"0007261301081530F1F1{ADDRESS}0101")
    payload = summed(bytes.fromhex(f"7E7E01{ADDRESS}12344C") + len(body).to_bytes(2, "big") + b"\x02" + body + b"\x03")
    assert [fault.reason for fault in decode(payload).faults] == ["bad_time"]


def test_the_hours_volumes_of_a_uniform_report_are_taken_at_full_hours_only() -> None:
    out = decode(report("0418000030 682A 0000000100 0000000200 0000000300", function=0x31))
    assert [(row.time[11:], row.value) for row in rows(out)] == [("08:00", 1.0), ("09:00", 3.0)]
    assert out.unknown_keys == 1


def test_a_test_report_is_not_data() -> None:
    out = decode(report("392300010490 38121203", function=0x30))
    assert (out.value, out.unknown_keys, out.undecodable) == ([], 2, [])


def test_a_second_station_in_a_report_has_its_own_readings() -> None:
    out = decode(report("38121203 F1F1001234567950F0F02603010805 2219000006"))
    assert rows(out) == [Row("voltage", EIGHT, 12.03)]
    assert rows(out, "0012345679") == [Row("rain", "2026-03-01T08:05", 0.6)]


def test_a_downlink_is_no_reading_and_no_fault() -> None:
    out = decode(frame_of("V107"))
    assert out == Readings()


@pytest.mark.parametrize("number", ["V001", "V011", "V016", "V148"])
def test_a_frame_without_elements_is_decoded_and_gives_none(number: str) -> None:
    out = decode(frame_of(number))
    assert (out.value, out.undecodable, out.faults) == ([], [], [])


def test_serial_numbers_of_reports_count_gaps() -> None:
    assert decode(report("38121203")).sequence == [("S1", 7)]
    assert decode(report("38121203", serial=0)).sequence == []
    assert decode(report("38121203", function=0x37)).sequence == []


def test_a_payload_may_hold_several_frames_and_junk() -> None:
    good = report("38121203")
    out = decode(b"\xfe" + good + good + b"\x7e" + frame_of("V047") + report("38121203", function=0x30))
    assert [row.value for row in rows(out)] == [12.03, 12.03]
    assert len(rows(out, "0000000022")) == 1
    assert out.faults == []


@each(BROKEN)
def test_a_broken_frame_is_a_dead_letter_with_its_header(vector: Vector) -> None:
    out = decode(vector.data)
    assert [(fault.message, fault.reason) for fault in out.undecodable] == [(0, "bad_frame")]
    assert "function" in out.undecodable[0].detail
    assert (out.value, out.faults) == ([], [])


def test_a_broken_frame_does_not_spoil_the_others() -> None:
    out = decode(frame_of("V059") + report("38121203") + frame_of("V003")[:-1])
    assert [row.value for row in rows(out)] == [12.03]
    assert out.undecodable == []
    assert [(fault.reason, fault.readings) for fault in out.faults] == [("bad_element", 2)]
    assert out.faults[0].detail.startswith("bad_crc: up station 1122334455 centre 1")


@pytest.mark.parametrize("payload", [b"", b"REG:0001", b"{}", b"\x7e", b"\x00" * 100])
def test_a_payload_without_a_frame_is_a_dead_letter(payload: bytes) -> None:
    assert [fault.reason for fault in decode(payload).undecodable] == ["bad_frame"]


def test_a_callable_may_name_the_station_and_the_address_serves_where_it_does_not() -> None:
    out = Readings()
    decode_sl651(5, report("38121203"), ZONE, 0, lambda address: f"<{address}>", out)
    decode_sl651(6, report("38121203"), ZONE, 0, lambda _: None, out)
    assert (out.message, out.station) == ([5, 6], ["<0012345678>", "0012345678"])


VENDOR = Profile(
    {
        "76": Rule(Quantity.VOLUME_TOTAL),
        "FF09": Rule(Quantity.SIGNAL, numerator=-MICRO),
        "27": Rule(Quantity.DISCHARGE, numerator=MICRO, denominator=3600),
        "28": Rule(Quantity.DISCHARGE, station="M1"),
        "29": Rule(Quantity.DISCHARGE, station="M2"),
        "F6": Rule(Quantity.STAGE, station="M2"),
        "38": Rule(Quantity.VOLTAGE, sentinels=(Sentinel(0, 0, None),)),
        "39": Rule(Quantity.STAGE, offset=1_500_000),
        "F4": Rule(Quantity.RAIN, station="M1"),
        "FF12": Rule(Quantity.DOOR, switch=True, inverted=True),
        "36": Rule(Quantity.VELOCITY),
    },
    further={("36", 2): Rule(Quantity.VELOCITY, station="M1"), ("4C", 2): Rule(Quantity.PUMP, station="M2")},
    status=(StatusRule(Quantity.DOOR, 1 << 7, inverted=True), StatusRule(Quantity.PUMP, 1 << 9, station="M1")),
    stage_base={"F6": 5_000_000},
)


def test_two_elements_for_one_quantity_of_another_station_are_one_reading() -> None:
    out = decode(report("282B0000001000 282B0000002000"), {ADDRESS: VENDOR})
    assert ([row.value for row in rows(out, "M1")], out.unknown_keys) == ([1.0], 1)


def test_a_profile_maps_what_a_vendor_or_several_meters_send() -> None:
    elements = "7620 00123456 FF0908 20 272B 0000003600 282B 0000001000 292B 0000002000 38120000 F6C0" + "0064" * 12
    payload = report(elements, observed="2603010705")
    out = decode(payload, {ADDRESS: VENDOR})
    assert [(row.quantity, row.value) for row in rows(out)] == [
        ("volume_total", 123_456.0), ("signal", -20.0), ("discharge", 0.001), ("voltage", None),
    ]  # fmt: skip
    assert [(row.quantity, row.value) for row in rows(out, "M1")] == [("discharge", 1.0)]
    assert [(row.quantity, row.value) for row in rows(out, "M2")] == [("discharge", 2.0), *[("stage", 6.0)] * 12]
    assert out == typed(payload, {ADDRESS: VENDOR})


@each([vector for vector in GOOD if not vector.sequence])
def test_both_ways_read_the_vectors_alike(vector: Vector) -> None:
    assert decode(vector.data) == typed(vector.data)


PROFILES = st.sampled_from([None, dict.fromkeys(("0011223344", "40590235C2", ADDRESS), VENDOR)])


@given(reports(), PROFILES)
@settings(max_examples=300, deadline=None)
def test_both_ways_read_any_report_alike(frame: Frame, profiles: dict[str, Profile] | None) -> None:
    payload = encode_frame(frame)
    assert decode(payload, profiles) == typed(payload, profiles)


@given(mutated() | hex_frames(), PROFILES)
@settings(max_examples=300, deadline=None)
def test_both_ways_read_whatever_has_a_right_check_sum_alike(
    payload: bytes, profiles: dict[str, Profile] | None
) -> None:
    found = decode(payload, profiles)
    try:
        expected = typed(payload, profiles)
    except DecodeError:
        assert [fault.reason for fault in found.undecodable] == ["bad_frame"]
        return
    if not decode_frame(payload).packet:
        assert found == expected


@each([vector for vector in GOOD if vector.expected["func"] in {"32", "33", "34"} and vector.data[11] < 0x10])
def test_real_reports_take_the_fast_way(vector: Vector) -> None:
    out = Readings()
    assert _is_one_plain(vector.data)
    assert _read_plain(0, vector.data, ZONE, lambda _: None, out, NO_PROFILES)


@given(st.binary(max_size=300))
def test_any_payload_is_read(payload: bytes) -> None:
    out = decode(payload)
    assert len(out.undecodable) == 1
    assert out.value == []


def test_a_picture_is_put_together_from_its_packets() -> None:
    packets = [vector for vector in GOOD if vector.sequence and vector.sequence["id"] == "yu-36H"]
    out = decode(b"".join(vector.data for vector in packets))
    ((message, station, time, kind, data),) = out.attached
    assert (message, station, kind) == (0, "S1", "jpg")
    assert format_instant(time, ZONE) == "2059-10-11T16:11:00+08:00"
    assert packets[0].sequence is not None
    assert sha256(data).hexdigest() == packets[0].sequence["jpeg_sha256"]


def test_a_text_report_is_attached_as_it_came_at_its_send_time() -> None:
    out = decode(frame_of("V164"))
    ((_, station, time, kind, data),) = out.attached
    assert (station, kind, data) == ("S1", "txt", b"yanyu1988:YCZ-2A-101!!!")
    assert format_instant(time, ZONE) == "2013-03-25T09:58:04+08:00"
    assert (out.unknown_keys, out.faults) == (0, [])


def test_a_frame_tells_what_the_clock_of_its_device_showed() -> None:
    out = decode(report("38121203"))
    assert [(station, format_instant(sent, ZONE)) for _, station, sent in out.clocks] == [
        ("S1", "2026-03-01T08:00:10+08:00")
    ]
    assert out.clocks == typed(report("38121203")).clocks
