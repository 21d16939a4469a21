"""Numbers: digits, signs and fills, read, written and scaled without rounding."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.codecs.sl651.compose import number, parameter, slots, status_word, time_step, uniform
from ingest.codecs.sl651.elements import BY_CODE, ELEMENTS
from ingest.codecs.sl651.faults import ElementFault
from ingest.codecs.sl651.number import decimals_of, defined, read_bcd, read_text, to_micro, width_of, write_bcd, written
from ingest.codecs.sl651.wiretime import digits_of, instant, iso

BAD, NO_DATA = ElementFault.BAD_BCD, ElementFault.NO_DATA


@pytest.mark.parametrize(
    ("digits", "value"),
    [
        ("00010490", 10490),
        ("00", 0),
        ("99", 99),
        ("FF00000172", -172),
        ("FF0021", -21),
        ("FF12", -12),
        ("FF00", 0),
        ("FF", None),
        ("FFFFFFFF", None),
        ("AA", None),
        ("AAAAAAAA", None),
        ("", NO_DATA),
        ("1A", BAD),
        ("A0", BAD),
        ("FFFF12", BAD),
        ("FFAA", BAD),
        ("12FF", BAD),
        ("AAAAFF", BAD),
        ("9" * 62, int("9" * 62)),
    ],
)
def test_digits_signs_and_fills(digits: str, value: object) -> None:
    assert read_bcd(bytes.fromhex(digits)) == value


@given(st.integers(0, 31), st.integers())
def test_what_fits_is_read_back_and_what_does_not_is_refused(width: int, count: int) -> None:
    room = 10 ** max(0, 2 * width - 2 * (count < 0))
    if abs(count) < room and width > (count < 0):
        data = write_bcd(count, width)
        assert (len(data), read_bcd(data)) == (width, count)
    else:
        with pytest.raises(ValueError, match="does not fit"):
            write_bcd(count, width)


@given(st.integers(0, 31), st.integers(0, 7))
def test_a_definition_byte_is_width_and_decimals(width: int, decimals: int) -> None:
    byte = defined(width, decimals)
    assert (width_of(byte), decimals_of(byte)) == (width, decimals)
    assert 0 <= byte <= 0xFF


@pytest.mark.parametrize(("width", "decimals"), [(32, 0), (0, 8), (-1, 0)])
def test_no_definition_byte_says_more(width: int, decimals: int) -> None:
    with pytest.raises(ValueError, match="no definition byte"):
        defined(width, decimals)


@given(st.integers(-(10**12), 10**12), st.integers(0, 7))
def test_text_and_counts_are_the_same_number(count: int, decimals: int) -> None:
    text = written(count, decimals)
    assert Decimal(text) == Decimal(count).scaleb(-decimals)
    assert read_text(text) == (count, decimals)


@pytest.mark.parametrize(("text", "value"), [("M", None), ("+1.5", 15), ("-0.50", -50), ("007", 7)])
def test_text_of_ascii_frames(text: str, value: int | None) -> None:
    assert read_text(text)[0] == value


@pytest.mark.parametrize("text", ["", "1.", ".5", "1e5", "--1", "m", "MM", "1 2", "٣", "1_0", "NaN"])
def test_what_is_no_number_is_flagged(text: str) -> None:
    assert read_text(text) == (ElementFault.BAD_NUMBER, 0)


@given(st.integers(-(10**11), 10**11), st.integers(0, 6))
def test_up_to_six_decimals_nothing_is_rounded(count: int, decimals: int) -> None:
    assert to_micro(count, decimals) == count * 10 ** (6 - decimals)


def test_a_seventh_decimal_is_rounded_half_even() -> None:
    assert [to_micro(count, 7) for count in (15, 25, -15, -5)] == [2, 2, -2, 0]


def test_the_table_is_that_of_the_digest() -> None:
    rows = {tag: f"{row.definition:02X}" for tag, row in ELEMENTS.items() if tag < "F0" and tag not in {"04", "45"}}
    assert len(rows) == 115
    assert [rows[tag] for tag in ("01", "05", "09", "0E", "19", "22", "27", "32", "38", "39", "52", "68", "75")] == [
        "22", "12", "1A", "1A", "08", "19", "2B", "33", "12", "23", "25", "2A", "11",
    ]  # fmt: skip
    assert len(BY_CODE) == len(ELEMENTS)


@given(st.sampled_from([row for tag, row in ELEMENTS.items() if tag < "F0" and tag not in {"04", "45"}]), st.data())
def test_an_element_is_made_of_a_value_and_its_digits_are_that_value(row: object, data: st.DataObject) -> None:
    tag, digits, decimals = row.tag, row.digits, row.decimals  # type: ignore[attr-defined]  # an ElementRow
    count = data.draw(st.none() | st.integers(-(10**digits) + 1, 10**digits - 1))
    made = number(tag, None if count is None else Decimal(count).scaleb(-decimals))
    assert (read_bcd(made.data), decimals_of(made.definition)) == (count, decimals)
    assert len(made.data) == width_of(made.definition)


def test_elements_of_several_values() -> None:
    assert uniform("39", [Decimal("1.5"), None]).data.hex() == "00001500ffffffff"
    assert uniform("39", [Decimal("-1.5"), 2]) == uniform("39", [Decimal("-1.5"), 2], None)
    assert uniform("39", [Decimal("-1.5"), 2]).data.hex() == "ff000015000000002000"
    assert slots("F4", [5, None, *[0] * 10]).data.hex() == "05ff" + "00" * 10
    assert slots("F5", [428] * 12).data.hex() == "01ac" * 12
    assert status_word(10).data.hex() == "00000400"
    assert [time_step(minutes).data.hex() for minutes in (0, 5, 60, 1440)] == ["000000", "000005", "000100", "010000"]
    assert parameter("28", 10).data.hex() == "00010000"
    assert parameter("97", None).data == b""


@pytest.mark.parametrize(
    "make",
    [
        lambda: number("76", 1),
        lambda: number("F4", 1),
        lambda: number("39", 100_000),
        lambda: slots("F4", [255] * 12),
        lambda: slots("F4", [0] * 11),
        lambda: slots("F5", [65_535] * 12),
        lambda: time_step(61),
        lambda: time_step(-5),
        lambda: parameter("00", 1),
    ],
)
def test_what_can_not_be_written_is_refused(make: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        make()  # type: ignore[operator]  # one of the calls above


@pytest.mark.parametrize(
    ("digits", "text"),
    [
        ("2602281200", "2026-02-28T12:00"),
        ("260228120005", "2026-02-28T12:00:05"),
        ("26022812", "2026-02-28T12"),
        ("2602291200", None),
        ("2602282400", None),
        ("260228120060", None),
        ("2602AA1200", None),
        ("", None),
        ("260228", None),
        ("26022812000000", None),
        ("٢٦٠٢٢٨١٢٠٠", None),
    ],
)
def test_times_that_no_clock_shows_are_none(digits: str, text: str | None) -> None:
    assert iso(digits) == text


@given(st.integers(946_684_800_000, 4_102_444_799_999), st.sampled_from([480, 0, -210]))
def test_a_time_is_written_to_the_second_and_read_back(event_time: int, zone: int) -> None:
    inside = min(max(event_time, 946_684_800_000 + 14 * 3_600_000), 4_102_444_800_000 - 14 * 3_600_000)
    assert instant(digits_of(inside, zone), zone) == inside // 1000 * 1000


def test_two_digits_say_no_other_century() -> None:
    with pytest.raises(ValueError, match="1999"):
        digits_of(946_684_799_000, 0)
