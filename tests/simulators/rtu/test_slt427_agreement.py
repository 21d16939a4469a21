"""Two who read the same standard and not each other's code agree: SL/T 427 of the simulators, read by `ingest`."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydro.fixed import MICRO, divide_half_even, parse_decimal
from hydro.instants import DAY_MS
from hydro.quantity import Quantity
from ingest.codecs.slt427 import Profile as ReadProfile
from ingest.codecs.slt427 import decode_frame, join
from ingest.codecs.slt427.explain import explain
from ingest.codecs.slt427.words import ALARM_BITS, STATUS_BITS
from simulators.rtu.sample import Channel, Sample
from simulators.rtu.slt427.frame import Control, frame
from simulators.rtu.slt427.profile import Profile
from simulators.rtu.slt427.record import (
    Flow,
    FlowUnit,
    Meteorology,
    Quality,
    Record,
    SoilAtDepth,
    StatisticalRain,
    Type,
    Values,
    Wind,
)
from simulators.rtu.slt427.report import Alarm, Status, alarm_frame, report_frame, voltage_frame
from simulators.rtu.slt427.station import Slt427Station
from simulators.rtu.speech import Occasion
from tests.simulators.rtu.agreement import AT, Row, read_slt427, rows_of

ADDRESS = "5201030700"
PROFILES = pytest.mark.parametrize("profile", Profile, ids=lambda profile: profile.value)

_DECIMALS = {
    Quantity.DISCHARGE: 3,
    Quantity.VOLUME_TOTAL: 0,
    Quantity.STAGE: 3,
    Quantity.VELOCITY: 3,
    Quantity.GATE_OPENING: 2,
    Quantity.POWER: 0,
    Quantity.ENERGY_TOTAL: 2,
    Quantity.WATER_TEMPERATURE: 1,
    Quantity.RAIN: 1,
    Quantity.PRESSURE: 2,
    Quantity.PH: 2,
    Quantity.DISSOLVED_OXYGEN: 2,
    Quantity.TURBIDITY: 0,
    Quantity.CONDUCTIVITY: 0,
    Quantity.VOLTAGE: 2,
}
_SIGNED = frozenset({Quantity.DISCHARGE, Quantity.STAGE, Quantity.VELOCITY})
# Fields narrower than the rest; 9.9 degrees, 99 V.
_GREATEST = {Quantity.WATER_TEMPERATURE: 99_900_000, Quantity.VOLTAGE: 99_990_000, Quantity.VELOCITY: 99_999_000}


def _values(record: Record, profile: Profile, **more: Any) -> list[dict[str, Any]]:  # noqa: ANN401  # passed on
    """What `ingest` finds in a report of one record, read as this edition."""
    data = report_frame(ADDRESS, record, AT, profile, **more)
    found: dict[str, Any] = explain(decode_frame(data, ReadProfile(profile.value)))
    assert found["address_hex"] == ADDRESS
    assert "faults" not in found
    values: list[dict[str, Any]] = found["values"]
    return values


def _counts(digits: int, *, signed: bool = False) -> st.SearchStrategy[int | None]:
    greatest = 10**digits - 1
    return st.none() | st.integers(-greatest if signed else 0, greatest)


def _micro(count: int | None, decimals: int) -> int | None:
    return None if count is None else count * MICRO // 10**decimals


def _read(text: str | None) -> int | None:
    return None if text is None else parse_decimal(text)


@pytest.mark.parametrize(
    ("kind", "name", "digits", "decimals", "signed"),
    [
        (Type.RAIN, "rain_mm", 6, 1, False),
        (Type.STAGE, "stage_m", 7, 3, True),
        (Type.VELOCITY, "velocity_m_s", 5, 3, True),
        (Type.GATE, "gate_m", 5, 2, False),
        (Type.POWER, "power_kW", 6, 0, False),
        (Type.WATER_TEMPERATURE, "water_temp_C", 3, 1, False),
        (Type.EVAPORATION, "evaporation_mm", 5, 1, False),
        (Type.WATER_PRESSURE, "water_pressure_kPa", 8, 2, False),
    ],
    ids=lambda value: value.name if isinstance(value, Type) else "",
)
@PROFILES
@given(data=st.data())
def test_sensors_of_one_kind(  # a table
    kind: Type,
    name: str,
    digits: int,
    decimals: int,
    signed: bool,  # noqa: FBT001  # a table
    profile: Profile,
    data: st.DataObject,
) -> None:
    several = kind not in {Type.RAIN, Type.EVAPORATION}
    counts = data.draw(st.lists(_counts(digits, signed=signed), min_size=1, max_size=8 if several else 1))
    values = [_micro(count, decimals) for count in counts]
    assert [_read(one[name]) for one in _values(Values(kind, values), profile)] == values


@PROFILES
@given(
    meters=st.lists(st.tuples(_counts(9, signed=True), _counts(9), st.sampled_from(FlowUnit)), min_size=1, max_size=8)
)
def test_flow_and_total_of_every_meter(profile: Profile, meters: list[tuple[int | None, int | None, FlowUnit]]) -> None:
    record = [
        Flow(
            _micro(flow, 3),
            _micro(volume, 0),
            unit if profile is Profile.SLT427_2021 else FlowUnit.M3_PER_S,
        )
        for flow, volume, unit in meters
    ]
    found = _values(record, profile)
    assert [(_read(one["flow"]), _read(one["volume_m3"])) for one in found] == [
        (one.flow, one.volume) for one in record
    ]
    units = [one.get("flow_unit", "m3/s") for one in found if one["flow"] is not None]
    wanted = {FlowUnit.M3_PER_S: "m3/s", FlowUnit.M3_PER_H: "m3/h"}
    assert units == [wanted[one.unit] for one in record if one.flow is not None]


@given(speed=_counts(5), direction=st.integers(0, 8), pressure=_counts(5), temperature=_counts(3, signed=True))
def test_wind_and_weather(speed: int | None, direction: int, pressure: int | None, temperature: int | None) -> None:
    wind = Wind(_micro(speed, 2), direction)
    (found,) = _values(wind, Profile.SZY206)
    assert _read(found["wind_m_s"]) == wind.speed
    assert speed is None or found["wind_dir_code"] == direction
    weather = Meteorology(_micro(pressure, 0), wind, _micro(temperature, 1))
    (found,) = _values(weather, Profile.SLT427_2021)
    keys = ("pressure_hPa", "wind_m_s", "air_temp_C")
    assert [_read(found[key]) for key in keys] == [weather.pressure, wind.speed, weather.temperature]


@given(layers=st.lists(st.tuples(_counts(3), st.integers(0, 999)), min_size=1, max_size=6), energy=_counts(8))
def test_soil_and_energy_of_2021(layers: list[tuple[int | None, int]], energy: int | None) -> None:
    soil = SoilAtDepth([(_micro(moisture, 1), depth) for moisture, depth in layers])
    found = _values(soil, Profile.SLT427_2021)
    assert [_read(one["soil_pct"]) for one in found] == [moisture for moisture, _ in soil.layers]
    (found_energy,) = _values(Values(Type.WIND_OR_ENERGY, [_micro(energy, 2)]), Profile.SLT427_2021)
    assert _read(found_energy["energy_kWh"]) == _micro(energy, 2)


@PROFILES
@given(kind=st.integers(0, 3), count=st.integers(1, 63), rain=_counts(6))
def test_statistical_rain(profile: Profile, kind: int, count: int, rain: int | None) -> None:
    (found,) = _values(StatisticalRain(kind, count, _micro(rain, 1)), profile)
    assert (found["count"], _read(found["rain_mm"])) == (count, _micro(rain, 1))
    assert found["rain_kind"] == ("period", "hour", "day", "test")[kind]


@given(values=st.dictionaries(st.sampled_from([0, 1, 2, 3, 9, 10, 16, 35]), _counts(8), min_size=1))
def test_parameters_of_water_quality_stand_in_the_order_of_their_bits(values: dict[int, int | None]) -> None:
    decimals = {0: 1, 1: 2, 2: 2, 3: 2, 9: 2, 10: 2, 16: 5, 35: 3}
    record = Quality({bit: (_micro(count, decimals[bit]), decimals[bit], 4) for bit, count in values.items()})
    found = _values(record, Profile.SZY206)
    texts = [text for one in found for text in one.values() if not isinstance(text, int)]
    assert [_read(text) for text in texts] == [record.values[bit][0] for bit in sorted(values)]


@given(alarm=st.integers(0, 0xFFFF), status=st.integers(0, 0xFFFF))
def test_the_words_are_read_bit_by_bit(alarm: int, status: int) -> None:
    data = report_frame(ADDRESS, Values(Type.STAGE, [0]), AT, Profile.SZY206, alarm=alarm, status=status)
    found = explain(decode_frame(data))
    assert (found["alarm_word"], found["status_word"]) == (f"{alarm:04X}", f"{status:04X}")


def test_both_name_the_same_bits() -> None:
    assert sum(1 << bit for bit in (5, 7)) == Alarm.FLOW_METER_FAULT | Alarm.STAGE_METER_FAULT
    assert {bit.bit_length() - 1 for bit in Alarm} <= set(ALARM_BITS)
    assert {bit.bit_length() - 1 for bit in Status if bit is not Status.CONFIRMED} <= set(STATUS_BITS)


@st.composite
def _samples(draw: st.DrawFn, profile: Profile) -> Sample:
    quantities = sorted(set(_DECIMALS) - ({Quantity.ENERGY_TOTAL} if profile is Profile.SZY206 else set()))
    chosen = set(draw(st.lists(st.sampled_from(quantities), unique=True, min_size=1)))
    if chosen & {Quantity.DISCHARGE, Quantity.VOLUME_TOTAL}:  # a meter says both
        chosen |= {Quantity.DISCHARGE, Quantity.VOLUME_TOTAL}
    values: dict[Channel, int | None] = {}
    for quantity in sorted(chosen):
        greatest = _GREATEST.get(quantity, 900_000_000)
        values[Channel(quantity)] = draw(st.none() | st.integers(-greatest if quantity in _SIGNED else 0, greatest))
    for state in (Quantity.DOOR, Quantity.PUMP, Quantity.METER_FAULT):
        values[Channel(state)] = draw(st.integers(0, 1)) * MICRO
    return Sample(AT, values)


@PROFILES
@given(data=st.data(), days=st.integers(0, 27))
def test_readings_arrive_as_they_were_measured(profile: Profile, data: st.DataObject, days: int) -> None:
    """Also days late, though SZY206 writes the day of the month alone."""
    sample = data.draw(_samples(profile))
    station = Slt427Station(ADDRESS, profile)
    exchanges = station.reports([sample], AT + 2_000, Occasion.SCHEDULED, more=False)
    sent = {text for one in exchanges for text in one.frames}
    assert [one.covers for one in exchanges if one.covers] == [(AT,)]
    rows: set[Row] = set()
    for text in sent:  # one after the other: every frame repeats the states
        rows |= read_slt427([text], received_at=AT + 5_000 + days * DAY_MS)
    assert rows == rows_of(ADDRESS, sample, _DECIMALS)


@given(flow=st.integers(0, 999_999_999))
def test_a_flow_in_cubic_metres_an_hour_is_converted(flow: int) -> None:
    data = report_frame(ADDRESS, [Flow(flow * 1_000, 0, FlowUnit.M3_PER_H)], AT, Profile.SLT427_2021)
    discharge = [row for row in read_slt427([data]) if row[1] is Quantity.DISCHARGE]
    assert discharge == [(ADDRESS, Quantity.DISCHARGE, AT, divide_half_even(flow * 1_000, 3_600))]


@given(flow=_counts(9, signed=True), received_at=st.integers(AT, AT + DAY_MS))
def test_without_a_time_label_the_time_of_arrival_counts(flow: int | None, received_at: int) -> None:
    data = report_frame(ADDRESS, [Flow(_micro(flow, 3), 0)], None, Profile.SZY206)
    rows = read_slt427([data], received_at=received_at)
    assert (ADDRESS, Quantity.DISCHARGE, received_at, _micro(flow, 3)) in rows


@PROFILES
@given(stage=_counts(7, signed=True))
def test_an_alarm_is_reported_with_its_value(profile: Profile, stage: int | None) -> None:
    record = Values(Type.STAGE, [_micro(stage, 3)])
    data = alarm_frame(ADDRESS, record, AT, profile, alarm=Alarm.STAGE_LIMIT, status=Status.DOOR_CLOSED)
    found: Any = explain(decode_frame(data, ReadProfile(profile.value)))
    assert (found["alarm_bits"], found["status_bits"]) == ([2], [5])
    assert [_read(one["stage_m"]) for one in found["values"]] == [_micro(stage, 3)]


@PROFILES
@given(counts=st.lists(st.integers(0, 9_999_999), min_size=2, max_size=40), pieces=st.integers(2, 6))
def test_a_message_in_several_frames_is_joined(profile: Profile, counts: list[int], pieces: int) -> None:
    """DIV: the frames count down to 1; words and time label stand at the end of the whole."""
    whole = report_frame(ADDRESS, Values(Type.STAGE, [count * 1_000 for count in counts]), AT, profile)
    data = whole[10:-2]  # behind start, length, start, control byte, address and function
    size = -(-len(data) // pieces)
    slices = [data[place : place + size] for place in range(0, len(data), size)]
    sent = [
        frame(Control(Type.STAGE, left=len(slices) - place), ADDRESS, 0xC0, piece) for place, piece in enumerate(slices)
    ]
    joined: Any = explain(join([decode_frame(text) for text in sent], ReadProfile(profile.value)))
    assert [_read(one["stage_m"]) for one in joined["values"]] == [count * 1_000 for count in counts]


def test_the_supply_voltage_has_a_report_of_its_own() -> None:
    data = voltage_frame(ADDRESS, 12_650_000, AT, Profile.SLT427_2021)
    assert (ADDRESS, Quantity.VOLTAGE, AT, 12_650_000) in read_slt427([data])
