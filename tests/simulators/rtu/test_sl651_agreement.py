"""Two who read the same standard and not each other's code agree: SL 651 frames of the simulators, read by `ingest`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydro.fixed import MICRO, format_micro, parse_decimal
from hydro.instants import HOUR_MS, MINUTE_MS, format_instant
from hydro.quantity import Quantity
from ingest.codecs.readings import Readings
from ingest.codecs.sl651 import decode_sl651, explain_bytes
from ingest.codecs.sl651.elements import ELEMENTS as READ_ELEMENTS
from simulators.rtu.sample import Channel, Sample
from simulators.rtu.sl651 import ascii_body, hex_body
from simulators.rtu.sl651.carriage import carriers
from simulators.rtu.sl651.content import (
    Duration,
    Group,
    Item,
    Manual,
    Number,
    Picture,
    RainSlots,
    StageSlots,
    Uniform,
    Values,
    Word,
)
from simulators.rtu.sl651.frame import Coding, Link, frame, packets
from simulators.rtu.sl651.station import Sl651Station, Style
from simulators.rtu.sl651.table import DURATION, ELEMENTS
from simulators.rtu.speech import Occasion
from tests.simulators.rtu.agreement import AT, read_sl651, rows_of

if TYPE_CHECKING:
    from collections.abc import Sequence

CODINGS = pytest.mark.parametrize("coding", Coding, ids=lambda coding: coding.value)
STATION = "00418D2337"

_DECIMALS = {
    Quantity.DISCHARGE: 3,
    Quantity.STAGE: 3,
    Quantity.VELOCITY: 3,
    Quantity.RAIN: 1,
    Quantity.PRESSURE: 2,
    Quantity.GATE_OPENING: 2,
    Quantity.GROUNDWATER_DEPTH: 2,
    Quantity.WATER_TEMPERATURE: 1,
    Quantity.PH: 2,
    Quantity.DISSOLVED_OXYGEN: 1,
    Quantity.TURBIDITY: 0,
    Quantity.CONDUCTIVITY: 0,
    Quantity.VOLTAGE: 2,
}
_STATES = (Quantity.DOOR, Quantity.PUMP, Quantity.METER_FAULT)


def _body(coding: Coding, items: Sequence[Item], *, serial: int = 7) -> bytes:
    write = ascii_body.report_body if coding is Coding.ASCII else hex_body.report_body
    return write(serial, AT + 2_000, STATION, "H", [Group(AT, items)])


def _elements(coding: Coding, items: Sequence[Item], function: int = 0x32) -> list[dict[str, Any]]:
    """What `ingest` finds in a report of these items."""
    data = frame(Link(STATION, coding=coding), function, _body(coding, items))
    (group,) = explain_bytes(data)["groups"]
    assert (group["station"], group["class"]) == (STATION, "H")
    assert group["obs_time"] == format_instant(AT, 480)[:16]
    elements: list[dict[str, Any]] = group["elements"]
    return elements


@st.composite
def _numbers(draw: st.DrawFn) -> tuple[Number, str | None]:
    """Any number of table C.1 and how it reads."""
    tag = draw(st.sampled_from(sorted(set(ELEMENTS) - {DURATION})))
    element = ELEMENTS[tag]
    count = draw(st.none() | st.integers(-(10**element.digits) + 1, 10**element.digits - 1))
    if count is None:
        return Number(tag, None), None
    value = count * MICRO // 10**element.decimals
    text = f"{abs(count):0{element.decimals + 1}d}"
    whole, rest = text[: len(text) - element.decimals], text[len(text) - element.decimals :]
    return Number(tag, value), ("-" if count < 0 else "") + (f"{whole}.{rest}" if rest else whole)


def test_both_have_the_same_table() -> None:
    """Every row of table C.1 with its code, unit, digits and definition byte."""
    numbers = {int(tag, 16): row for tag, row in READ_ELEMENTS.items() if row.digits and tag not in {"04", "45"}}
    read = {tag: row for tag, row in numbers.items() if tag < 0xF0}
    assert set(read) == set(ELEMENTS)
    for tag, element in ELEMENTS.items():
        row = read[tag]
        assert (row.code, row.unit or "-", row.definition) == (element.code, element.unit, element.definition), row


@CODINGS
@given(numbers=st.lists(_numbers(), min_size=1, max_size=12))
def test_every_number_reads_as_it_was_written(coding: Coding, numbers: list[tuple[Number, str | None]]) -> None:
    found = _elements(coding, [number for number, _ in numbers])
    assert [(int(one["tag"], 16), one["value"]) for one in found] == [(number.tag, text) for number, text in numbers]


@CODINGS
@given(bits=st.integers(0, 2**32 - 1), minutes=st.integers(0, 99 * 60 + 59))
def test_status_words_and_durations_read_as_they_were_written(coding: Coding, bits: int, minutes: int) -> None:
    word, duration = _elements(coding, [Word(bits), Duration(minutes)])
    assert word["value"] == f"{bits:08X}"
    assert word["bits_set"] == [bit for bit in range(32) if bits >> bit & 1]
    assert duration["value"] == f"{minutes // 60}.{minutes % 60:02d}"


@CODINGS
@given(
    rain=st.lists(st.none() | st.integers(0, 254), min_size=12, max_size=12),
    stages=st.lists(st.none() | st.integers(0, 65_534), min_size=12, max_size=12),
)
def test_groups_of_an_hour_read_as_they_were_written(
    coding: Coding, rain: list[int | None], stages: list[int | None]
) -> None:
    drops = RainSlots([None if count is None else count * 100_000 for count in rain])
    heights = StageSlots([None if count is None else count * 10_000 for count in stages])
    found = _elements(coding, [drops, heights], 0x34)
    assert [one["tag"] for one in found] == ["F4", "F5"]
    assert _micros(found[0]["values"]) == list(drops.values)
    assert _micros(found[1]["values"]) == list(heights.values)


def _micros(values: list[str | None]) -> list[int | None]:
    return [None if value is None else parse_decimal(value) for value in values]


@CODINGS
@given(
    values=st.lists(st.none() | st.integers(-9_999_999, 9_999_999), min_size=1, max_size=40),
    step=st.sampled_from([1, 5, 59, 60, 1_380, 1_440, 7_200]),
)
def test_values_at_equal_steps_read_as_they_were_written(coding: Coding, values: list[int | None], step: int) -> None:
    micros = [None if value is None else value * 1_000 for value in values]
    rows = read_sl651(
        [frame(Link(STATION, coding=coding), 0x31, _body(coding, [Uniform(step, [Values(0x39, micros)])]))]
    )
    sentinel = 9_999_999_000  # of Z: no sensor
    assert rows == {
        (STATION, Quantity.STAGE, AT + place * step * MINUTE_MS, None if value == sentinel else value)
        for place, value in enumerate(micros)
    }


@given(values=st.lists(st.tuples(*[st.none() | st.integers(0, 9_999_999)] * 2), min_size=1, max_size=20))
def test_rows_of_several_elements_in_ascii(values: list[tuple[int | None, int | None]]) -> None:
    columns = [[None if value is None else value * 1_000 for value in column] for column in zip(*values, strict=True)]
    uniform = Uniform(60, [Values(0x3B, columns[0]), Values(0x27, columns[1])])
    rows = read_sl651([frame(Link(STATION, coding=Coding.ASCII), 0x31, _body(Coding.ASCII, [uniform]))])
    sentinel = 9_999_999_000
    assert rows == {
        (STATION, quantity, AT + place * HOUR_MS, None if quantity is Quantity.STAGE and value == sentinel else value)
        for quantity, column in zip((Quantity.STAGE, Quantity.DISCHARGE), columns, strict=True)
        for place, value in enumerate(column)
    }


@CODINGS
@given(data=st.binary(min_size=1, max_size=5_000), size=st.integers(40, 1_000))
def test_a_picture_in_packets_is_put_together_again(coding: Coding, data: bytes, size: int) -> None:
    body = _body(coding, [Picture(data)])
    sent = packets(Link(STATION, coding=coding), 0x36, body, first=len(body) - len(data) + size, following=size)
    out = Readings()
    decode_sl651(0, b"".join(sent), 480, AT, {}, out)
    assert [(one.station, one.event_time, one.data) for one in out.attached] == [(STATION, AT, data)]


def test_manual_text_keeps_its_characters() -> None:
    text = "水位 12.34 Q"
    writer = hex_body.report_body(7, AT, STATION, "", [Group(AT, [Manual(text)])], addressed=False)
    (group,) = explain_bytes(frame(Link(STATION), 0x35, writer))["groups"]
    assert group["elements"][0]["value"] == text


@st.composite
def _samples(draw: st.DrawFn) -> Sample:
    """Readings of full resolution; bounds keep clear of the sentinels that the standard gives to some elements."""
    values: dict[Channel, int | None] = {}
    for quantity in draw(st.lists(st.sampled_from(sorted(_DECIMALS)), unique=True, min_size=1)):
        lowest = -90_000_000 if quantity in {Quantity.STAGE, Quantity.DISCHARGE, Quantity.VELOCITY} else 0
        values[Channel(quantity)] = draw(st.none() | st.integers(lowest, 90_000_000))
    if draw(st.booleans()):
        for state in _STATES:
            values[Channel(state)] = draw(st.integers(0, 1)) * MICRO
    return Sample(AT, values)


@CODINGS
@given(sample=_samples(), late=st.booleans())
def test_readings_arrive_as_they_were_measured(coding: Coding, sample: Sample, late: bool) -> None:  # noqa: FBT001  # hypothesis
    """Value, missing and time of each sensor, as far as the element's decimals go."""
    station = Sl651Station(Link(STATION, coding=coding), carriers(sample.values))
    occasion = Occasion.LATE if late else Occasion.SCHEDULED
    sent = [text for one in station.reports([sample], AT + 2_000, occasion, more=late) for text in one.frames]
    assert read_sl651(sent) == rows_of(STATION, sample, _DECIMALS)


@CODINGS
@given(
    values=st.lists(
        st.tuples(st.none() | st.integers(0, 65_534), st.none() | st.integers(0, 254)), min_size=12, max_size=12
    ),
    late=st.booleans(),
)
def test_an_hourly_report_carries_stage_and_rain_of_every_five_minutes(
    coding: Coding,
    values: list[tuple[int | None, int | None]],
    late: bool,  # noqa: FBT001  # hypothesis
) -> None:
    """Also one that is sent hours later; the stage of the full hour tells what the slots stand on."""
    end = AT + 55 * MINUTE_MS
    stage, rain = Channel(Quantity.STAGE), Channel(Quantity.RAIN)
    samples = [
        Sample(
            AT + place * 5 * MINUTE_MS,
            {
                stage: None if centimetres is None else centimetres * 10_000,
                rain: None if tenths is None else tenths * 100_000,
            },
        )
        for place, (centimetres, tenths) in enumerate(values)
    ]
    samples[-1].values[stage] = 5_000_000  # type: ignore[index]  # a dict, made above
    plan = {stage: carriers([stage])[stage]}
    station = Sl651Station(Link(STATION, coding=coding), plan, style=Style.HOURLY)
    now = end + (5 * HOUR_MS if late else 2_000)
    occasion = Occasion.LATE if late else Occasion.SCHEDULED
    (exchange,) = station.reports(samples, now, occasion, more=False)
    expected = {
        (STATION, channel.quantity, sample.observed_at, value)
        for sample in samples
        for channel, value in sample.values.items()
    }
    assert exchange.covers == tuple(sample.observed_at for sample in samples)
    assert read_sl651(exchange.frames, received_at=now) == expected


def test_values_are_rounded_half_to_even() -> None:
    (found,) = _elements(Coding.HEX, [Number(0x38, 12_345_000)])
    assert found["value"] == "12.34" == format_micro(12_340_000)
