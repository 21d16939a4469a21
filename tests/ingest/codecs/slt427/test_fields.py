"""Numbers, time labels, words and the layouts of reports."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydro.instants import format_instant, parse_instant
from ingest.codecs.slt427 import DataType, Profile, decode_frame
from ingest.codecs.slt427.explain import explain
from ingest.codecs.slt427.framing import wrap
from ingest.codecs.slt427.label import TimeLabel, read_clock
from ingest.codecs.slt427.numbers import Bcd, FlowBcd, Number, Sign, State, Wind, WindBcd
from ingest.codecs.slt427.quality import PARAMETERS
from ingest.codecs.slt427.words import bits_of, clean_words

BEIJING = 480
STAGE = Bcd("stage_m", 4, 3, "m", Sign.HALF_BYTE)
VOLUME = Bcd("volume_m3", 5, 0, "m3", Sign.PADDING)
REMAINING = Bcd("remaining_m3", 5, 0, "m3", Sign.TOP_BIT)
PLAIN = Bcd("rain_mm", 3, 1, "mm")
WORDS = "00000100"
LABEL_5 = "3015141200"
LABEL_7 = "30151412052600"


def report(data_type: DataType, values: str, rest: str, function: int = 0xC0) -> bytes:
    """A report with hexadecimal values, words and label."""
    head = bytes((0xB0 | data_type,)) + b"\x11\x01\x08\x04\x05" + bytes((function,))
    return wrap(head + bytes.fromhex(values + rest))


def values_of(data: bytes, profile: Profile | None = None) -> object:
    """The explained records of a report."""
    return explain(decode_frame(data, profile))["values"]


# Packed decimals, low byte first


@pytest.mark.parametrize(
    ("part", "raw", "text", "state"),
    [
        (STAGE, "34120000", "1.234", State.GOOD),
        (STAGE, "341200F0", "-1.234", State.GOOD),
        (STAGE, "00000000", "0.000", State.GOOD),
        (STAGE, "999999F9", "-9999.999", State.GOOD),
        (STAGE, "AAAAAAAA", None, State.MISSING),
        (STAGE, "FFFFFFFF", None, State.BAD),
        (STAGE, "34120010", None, State.BAD),  # the half byte is neither 0 nor F
        (STAGE, "3A120000", None, State.BAD),
        (PLAIN, "125200", "521.2", State.GOOD),
        (PLAIN, "99999F", None, State.BAD),
        (VOLUME, "8261100000", "106182", State.GOOD),
        (VOLUME, "0000000079", "7900000000", State.GOOD),
        (VOLUME, "01000000F0", "1", State.GOOD),  # a half byte of 8..F is not part of it
        (REMAINING, "7856000080", "-5678", State.GOOD),
        (REMAINING, "7856000000", "5678", State.GOOD),
        (Bcd("base", 3, 2, "m", Sign.TOP_BIT), "500580", "-5.50", State.GOOD),
    ],
)
def test_a_number_is_read_exactly(part: Bcd, raw: str, text: str | None, state: State) -> None:
    number = part.decode(bytes.fromhex(raw))
    assert (number.text, number.state) == (text, state)


@given(st.sampled_from([STAGE, PLAIN, VOLUME, REMAINING]), st.data())
def test_any_bytes_are_written_back(part: Bcd, data: st.DataObject) -> None:
    raw = data.draw(st.binary(min_size=part.size, max_size=part.size))
    assert part.encode(part.decode(raw)) == raw


@given(st.binary(min_size=5, max_size=5))
def test_any_flow_with_unit_is_written_back(raw: bytes) -> None:
    assert FlowBcd().encode(FlowBcd().decode(raw)) == raw


@given(st.binary(min_size=3, max_size=3))
def test_any_wind_is_written_back(raw: bytes) -> None:
    assert WindBcd().encode(WindBcd().decode(raw)) == raw


@pytest.mark.parametrize(
    ("raw", "text", "unit"),
    [
        ("0059000000", "5.900", "m3/s"),
        ("0059000030", "5.900", "m3/h"),
        ("00590000C0", "-5.900", "m3/s"),
        ("00590000F0", "-5.900", "m3/h"),
    ],
)
def test_flow_of_2021_has_its_unit_in_its_last_byte(raw: str, text: str, unit: str) -> None:
    number = FlowBcd().decode(bytes.fromhex(raw))
    assert (number.text, number.unit) == (text, unit)


@pytest.mark.parametrize("half", "124567")
def test_a_unit_or_sign_that_does_not_exist_is_bad(half: str) -> None:
    assert FlowBcd().decode(bytes.fromhex(f"00590000{half}0")).state is State.BAD


@pytest.mark.parametrize(
    ("part", "digits"), [(STAGE, 10_000_000), (PLAIN, 1_000_000), (PLAIN, -1), (VOLUME, 8_000_000_000)]
)
def test_what_does_not_fit_is_refused(part: Bcd, digits: int) -> None:
    with pytest.raises(ValueError, match=part.name):
        part.encode(Number(digits, part.decimals, part.unit))


@pytest.mark.parametrize(("speed", "direction"), [(100_000, 1), (1, 9), (1, None)])
def test_a_wind_that_does_not_fit_is_refused(speed: int, direction: int | None) -> None:
    with pytest.raises(ValueError, match="wind"):
        WindBcd().encode(Wind(Number(speed, 2, "m/s"), direction))


# Beijing time; month and year from the arrival where they are not sent


@pytest.mark.parametrize(
    ("label", "received_at", "expected"),
    [
        ("0045080910", "2026-03-09T08:45:20", "2026-03-09T08:45:00"),
        ("0045080910", "2026-03-01T00:00:00", "2026-02-09T08:45:00"),  # the 9th is to come: last month
        ("0045080910", "2026-01-05T00:00:00", "2025-12-09T08:45:00"),  # and last year
        ("5959232800", "2026-03-01T00:00:02", "2026-02-28T23:59:59"),
        ("5959233100", "2026-03-01T00:00:02", "2026-01-31T23:59:59"),  # February has no 31st
        ("0500000100", "2026-03-31T23:59:58", "2026-04-01T00:00:05"),  # a clock seven seconds fast
        ("0030001500", "2026-03-14T23:40:00", "2026-03-15T00:30:00"),  # fast, still within a day
        ("0000001600", "2026-03-14T23:40:00", "2026-02-16T00:00:00"),  # more than a day ahead: last month
        ("30151412052600", "2026-03-01T00:00:00", "2026-05-12T14:15:30"),  # with month and year: as sent
        ("30151412051900", "2026-03-01T00:00:00", "2019-05-12T14:15:30"),
    ],
)
def test_a_label_names_an_instant(label: str, received_at: str, expected: str) -> None:
    found = TimeLabel(bytes.fromhex(label)).instant(parse_instant(received_at, BEIJING), BEIJING)
    assert found is not None
    assert format_instant(found, BEIJING) == f"{expected}+08:00"


@pytest.mark.parametrize(
    "label",
    ["6015141200", "3060141200", "3015241200", "3015140000", "3015143200", "3A15141200",
     "30151431042600", "30151412132600", "30151412002600", "30151429022500"],
)  # fmt: skip
def test_what_is_no_time_is_told(label: str) -> None:
    assert TimeLabel(bytes.fromhex(label)).instant(1_772_323_500_000, BEIJING) is None


@given(st.integers(946_684_800, 4_102_358_400), st.sampled_from(Profile), st.integers(0, 255))
def test_a_label_made_at_an_instant_names_it(second: int, profile: Profile, delay: int) -> None:
    label = TimeLabel.of(second * 1000, BEIJING, profile, delay)
    assert label.instant(second * 1000 + 60_000, BEIJING) == second * 1000
    assert label.delay_min == delay


@given(st.binary(min_size=5, max_size=5) | st.binary(min_size=7, max_size=7))
def test_any_label_is_a_time_or_none(raw: bytes) -> None:
    label = TimeLabel(raw)
    assert (label.instant(1_772_323_500_000, BEIJING) is None) is not label.readable


@pytest.mark.parametrize(("delay", "year"), [(256, 2026), (-1, 2026), (0, 1999), (0, 2100)])
def test_a_label_that_cannot_be_written_is_refused(delay: int, year: int) -> None:
    with pytest.raises(ValueError, match="can"):
        TimeLabel.of(parse_instant(f"{year}-06-01T00:00:00", BEIJING), BEIJING, Profile.SZY206, delay)


def test_the_clock_has_its_month_below_the_weekday() -> None:
    assert read_clock(bytes.fromhex("301514125226")) == (2026, 12, 12, 14, 15, 30)
    assert read_clock(bytes.fromhex("301514120526")) == (2026, 5, 12, 14, 15, 30)
    assert read_clock(bytes.fromhex("301514121F26")) is None


# Which layout a report has follows from its length, and where two fit, from what they would mean


@pytest.mark.parametrize(
    ("data_type", "values", "label", "expected"),
    [
        (9, "8501", LABEL_5, [{"water_temp_C": "18.5"}]),
        (9, "8501", LABEL_7, [{"water_temp_C": "18.5"}]),
        (9, "85019001", LABEL_5, [{"water_temp_C": "18.5"}, {"water_temp_C": "19.0"}]),
        (11, "34022000", LABEL_7, [{"soil_pct": "23.4", "depth_cm": "20"}]),
        (11, "34022000", "00000812052600", [{"soil_pct": "23.4", "depth_cm": "20"}]),  # at a full hour
        (11, "340235023602", LABEL_5, [{"soil_pct": "23.4"}, {"soil_pct": "23.5"}, {"soil_pct": "23.6"}]),
        (12, "127400", LABEL_5, [{"evaporation_mm": "741.2"}]),
        (8, "5634120078563412", LABEL_7, [{"energy_kWh": "1234.56"}, {"energy_kWh": "123456.78"}]),
        (7, "131000", LABEL_7, [{"pressure_hPa": "1013"}]),  # the short form with the long label
        (7, "1310002503408501", "", [
            {"pressure_hPa": "1013", "wind_m_s": "3.25", "wind_dir_code": 4, "air_temp_C": "18.5"}
        ]),
        (14, "C3125200", LABEL_5, [{"rain_kind": "test", "count": 3, "rain_mm": "521.2"}]),
        (13, "", LABEL_5, []),
    ],
)  # fmt: skip
def test_layouts(data_type: int, values: str, label: str, expected: object) -> None:
    assert values_of(report(DataType(data_type), values, WORDS + label)) == expected


def test_the_profile_follows_the_label() -> None:
    flow = "00590000308261100000"
    assert values_of(report(DataType.FLOW, flow, WORDS + LABEL_7)) == [
        {"flow": "5.900", "flow_unit": "m3/h", "volume_m3": "106182"}
    ]
    # Under SZY206 the half byte is a sign, and 3 is none: never guessed.
    assert values_of(report(DataType.FLOW, flow, WORDS + LABEL_5)) == [{"flow": None, "volume_m3": "106182"}]


def test_a_known_profile_decides() -> None:
    data = report(DataType.WATER_TEMPERATURE, "85019001", WORDS + LABEL_5)
    assert decode_frame(data, Profile.SZY206).profile is Profile.SZY206
    assert len(explain(decode_frame(data, Profile.SZY206))["values"]) == 2  # type: ignore[arg-type]  # a list
    assert len(explain(decode_frame(data, Profile.SLT427_2021))["values"]) == 1  # type: ignore[arg-type]  # a list


def test_a_known_profile_does_not_lose_a_frame_of_the_other() -> None:
    data = report(DataType.STAGE, "34120000", WORDS + LABEL_7)
    assert values_of(data, Profile.SZY206) == [{"stage_m": "1.234"}]


def test_a_report_without_label_is_read() -> None:
    found = explain(decode_frame(report(DataType.STAGE, "34120000", WORDS)))
    assert (found["values"], found["tp"]) == ([{"stage_m": "1.234"}], None)


def test_an_alarm_report_has_its_alarm_word_first() -> None:
    found = explain(decode_frame(report(DataType.STAGE, "0400" + "34120000", "2100" + LABEL_5, function=0x81)))
    assert (found["alarm_word"], found["status_word"]) == ("0004", "0021")
    assert found["values"] == [{"stage_m": "1.234"}]


def test_an_alarm_report_with_its_words_at_the_end_is_told_by_spare_bits() -> None:
    data = report(DataType.STAGE, "78563402", "04002100" + LABEL_5, function=0x81)
    found = explain(decode_frame(data))  # 0x5678 would set a spare bit
    assert (found["alarm_word"], found["values"]) == ("0004", [{"stage_m": "2345.678"}])


def test_quality_parameters_follow_their_bitmap_in_the_order_of_the_profile() -> None:
    values = "0B00000000" + "85010000" + "25070000" + "12060000"  # bits 0, 1, 3
    assert values_of(report(DataType.QUALITY, values, WORDS + LABEL_5)) == [
        {"quality_bitmap": 11, "water_temp_C": "18.5", "ph": "7.25", "permanganate_mg_L": "6.12"}
    ]
    assert values_of(report(DataType.QUALITY, values, WORDS + LABEL_7)) == [
        {"quality_bitmap": 11, "water_temp_C": "18.5", "ph": "7.25", "conductivity_uS_cm": "612"}
    ]


def test_coliform_of_szy206_has_a_byte_more() -> None:
    values = "0000000103" + "9078563412" + "01000000" + "02000000"
    assert values_of(report(DataType.QUALITY, values, WORDS + LABEL_5)) == [
        {
            "quality_bitmap": 0x0301000000,
            "faecal_coliform_L": "1234567890",
            "bhc_mg_L": "0.000001",
            "ddt_mg_L": "0.000002",
        }
    ]


def test_a_quality_bit_without_meaning_is_kept_without_scale() -> None:
    data = report(DataType.QUALITY, "0000000080" + "78563412", WORDS + LABEL_5)
    assert values_of(data) == [{"quality_bitmap": 1 << 39, "parameter_39": "12345678"}]


def test_both_orders_of_quality_parameters_have_names_of_their_own() -> None:
    for profile, size in ((Profile.SZY206, 37), (Profile.SLT427_2021, 32)):
        names = [part.name for part in PARAMETERS[profile]]
        assert len(set(names)) == len(names) == size


def test_a_comprehensive_answer_has_one_record_a_kind() -> None:
    # stage (D6), flow (D5) and rain (D7), the lowest bit first
    data = report(DataType.STATISTICS, "E0" + "0059000000" + "8261100000" + "34120000" + "125200", WORDS, 0xB0)
    assert values_of(data) == [
        {"kinds_bitmap": 0xE0},
        {"flow": "5.900", "volume_m3": "106182"},
        {"stage_m": "1.234"},
        {"rain_mm": "521.2"},
    ]


def test_data_that_fit_no_layout_are_kept_and_told() -> None:
    found = explain(decode_frame(report(DataType.RAIN, "1252", WORDS + LABEL_5)))
    assert found["data"] == "1252" + WORDS + LABEL_5
    assert found["faults"] == [
        {"place": "data", "reason": "bad_layout", "detail": "11 bytes fit no layout of function C0"}
    ]


def test_a_bad_number_is_told_and_the_others_are_kept() -> None:
    found = explain(decode_frame(report(DataType.STAGE, "34120000" + "FFFF0000", WORDS + LABEL_5)))
    assert found["values"] == [{"stage_m": "1.234"}, {"stage_m": None}]
    assert found["faults"] == [{"place": "stage_m 2", "reason": "bad_bcd", "detail": "FFFF0000"}]


def test_a_label_that_is_no_time_is_told() -> None:
    found = explain(decode_frame(report(DataType.STAGE, "34120000", WORDS + "3015143200")))
    assert found["values"] == [{"stage_m": "1.234"}]
    assert found["faults"] == [{"place": "tp", "reason": "bad_time", "detail": "3015143200"}]


# Alarm word and status word


def test_bits_are_counted_from_the_lowest() -> None:
    assert bits_of(0x2020) == [5, 13]


def test_spare_bits_make_a_word_unlikely() -> None:
    assert clean_words(0x3DFF, 0x7F, Profile.SZY206) == 2
    assert clean_words(0x0200, 0x7F, Profile.SZY206) == 1
    assert clean_words(0x0200, 0x7F, Profile.SLT427_2021) == 2
    assert clean_words(0x4000, 0x80, Profile.SLT427_2021) == 0
