"""Fixed point, units, slots and periods: the arithmetic that verdicts rest on."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydro.fixed import LARGEST, MICRO, divide_half_even, format_micro, parse_decimal, quantise
from hydro.instants import day_start, format_instant, parse_instant, parse_zone
from hydro.periods import Basis, next_period, period_containing
from hydro.quantity import QUANTITIES, Quantity, canonical_unit, conversion
from hydro.series import QUANTITY_SLOTS, SeriesIndex
from hydro.slots import is_slot_interval, slot_count, slot_end

_ZONES = st.sampled_from([0, 480, -210, 330])
_INTERVALS = st.sampled_from([minutes for minutes in range(1, 1441) if is_slot_interval(minutes)])
_TIMES = st.integers(946_684_800_000, 4_102_444_800_000)
_DAY_BASES = st.sampled_from([Basis.HOUR, Basis.DAY, Basis.TEN_DAY, Basis.MONTH])


@given(st.integers(-(10**15), 10**15), st.integers(1, 10**9))
def test_division_is_the_decimal_half_even_quotient(dividend: int, divisor: int) -> None:
    exact = Decimal(dividend) / Decimal(divisor)
    assert divide_half_even(2 * dividend, 2 * divisor) == divide_half_even(dividend, divisor)
    assert abs(divide_half_even(dividend, divisor) - exact) <= Decimal("0.5")


@given(st.integers(-(10**9), 10**9))
def test_a_tie_goes_to_the_even_neighbour(half: int) -> None:
    assert divide_half_even(2 * half + 1, 2) % 2 == 0


@given(st.decimals(-(10**6), 10**6, places=6))
def test_a_value_of_six_decimals_is_stored_exactly(number: Decimal) -> None:
    count = quantise(float(number))
    assert count == parse_decimal(str(number)) == number * MICRO
    assert Decimal(format_micro(count or 0)) == number


@given(
    st.decimals(-(10**5), 10**5, places=4),
    st.sampled_from(["m3/s", "L/s", "m3/min", "m3/h", "m3/d", "1e4m3/d", "Ml/d"]),
)
def test_units_convert_as_exact_fractions_do(number: Decimal, unit: str) -> None:
    factor = conversion(Quantity.DISCHARGE, unit)
    assert factor is not None
    exact = number * factor.numerator / factor.denominator
    count = quantise(float(number), factor.numerator, factor.denominator)
    assert count is not None
    assert abs(count - exact) <= Decimal("0.5") + abs(exact) * Decimal("1e-15")
    if abs(exact - exact.to_integral_value(rounding=ROUND_HALF_EVEN)) < Decimal("0.499"):
        assert count == exact.to_integral_value(rounding=ROUND_HALF_EVEN)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf"), 1e300, LARGEST * 1.1])
def test_what_is_no_number_of_this_world_has_no_count(number: float) -> None:
    assert quantise(number) is None


def test_every_quantity_converts_from_its_canonical_unit_unchanged() -> None:
    for quantity in QUANTITIES.values():
        assert conversion(quantity, None) == conversion(quantity, canonical_unit(quantity)) == (MICRO, 1)


@pytest.mark.parametrize(
    ("quantity", "unit"), [("stage", "L/s"), ("rain", "m"), ("ph", "m"), ("power", "kWh"), ("discharge", "M3/S")]
)
def test_a_unit_of_another_kind_is_unknown(quantity: str, unit: str) -> None:
    assert conversion(QUANTITIES[quantity], unit) is None


def test_quantity_codes_are_for_ever() -> None:
    """They stand in state files: a changed code would give old samples another meaning."""
    assert [quantity.text for quantity in sorted(Quantity)] == [
        "discharge", "stage", "water_level", "velocity", "volume_total", "volume", "pump", "power", "energy_total",
        "pressure", "gate_opening", "rain", "groundwater_depth", "water_temperature", "ph", "dissolved_oxygen",
        "turbidity", "conductivity", "voltage", "signal", "door", "meter_fault", "flow_state",
    ]  # fmt: skip
    assert max(Quantity) < QUANTITY_SLOTS


def test_series_numbers_lead_back_to_station_and_quantity() -> None:
    index = SeriesIndex(["B", "A", "B"])
    number = index.number("B", Quantity.STAGE)
    assert (index.stations, index.station(number), index.quantity(number)) == (("A", "B"), "B", Quantity.STAGE)
    assert index.station_number("C") is None


@given(_TIMES, _INTERVALS, _ZONES)
def test_a_slot_is_closed_at_its_end_and_open_at_its_start(at: int, interval: int, zone: int) -> None:
    """The slot is (start, end].

    ::

        (start ... end]      start belongs to the slot before, end to this one
    """
    end = slot_end(at, interval, zone)
    start = end - interval * 60_000
    assert start < at <= end
    assert slot_end(end, interval, zone) == end
    assert slot_end(start, interval, zone) == start
    assert slot_count(start, end, interval, zone) == 1


@given(_TIMES, _INTERVALS, _ZONES)
def test_a_day_consists_of_whole_slots(at: int, interval: int, zone: int) -> None:
    day = period_containing(at, Basis.DAY, 0, zone)
    assert slot_count(day.start, day.end, interval, zone) == 1440 // interval
    assert slot_end(day.end, interval, zone) == day.end


@given(_TIMES, _DAY_BASES, st.integers(0, 23), _ZONES)
def test_periods_tile_the_time(at: int, basis: Basis, hour: int, zone: int) -> None:
    hour = 0 if basis is Basis.HOUR else hour
    period = period_containing(at, basis, hour, zone)
    assert period.start < at <= period.end
    assert period_containing(period.end, basis, hour, zone) == period
    assert period_containing(period.start + 1, basis, hour, zone) == period
    assert next_period(period, basis, hour, zone).start == period.end


@pytest.mark.parametrize(
    ("time", "basis", "hour", "start", "end", "first", "last"),
    [
        ("2026-03-02T00:00:00", Basis.DAY, 0, "2026-03-01T00:00:00", "2026-03-02T00:00:00", 1, 1),
        ("2026-03-02T00:00:01", Basis.DAY, 0, "2026-03-02T00:00:00", "2026-03-03T00:00:00", 2, 2),
        ("2026-03-02T08:00:00", Basis.DAY, 8, "2026-03-01T08:00:00", "2026-03-02T08:00:00", 1, 1),
        ("2026-03-01T00:00:00", Basis.HOUR, 0, "2026-02-28T23:00:00", "2026-03-01T00:00:00", 28, 28),
        ("2026-02-28T12:00:00", Basis.TEN_DAY, 0, "2026-02-21T00:00:00", "2026-03-01T00:00:00", 21, 28),
        ("2024-02-29T12:00:00", Basis.MONTH, 8, "2024-02-01T08:00:00", "2024-03-01T08:00:00", 1, 29),
        ("2026-03-11T08:00:00", Basis.TEN_DAY, 8, "2026-03-01T08:00:00", "2026-03-11T08:00:00", 1, 10),
    ],
)
def test_the_row_stamped_midnight_belongs_to_the_day_before(
    time: str, basis: Basis, hour: int, start: str, end: str, first: int, last: int
) -> None:
    period = period_containing(parse_instant(time, 480), basis, hour, 480)
    shown = (format_instant(period.start, 480)[:19], format_instant(period.end, 480)[:19])
    assert (shown, period.first_day.day, period.last_day.day) == ((start, end), first, last)


@given(_TIMES, _ZONES)
def test_an_instant_reads_back_from_its_text(at: int, zone: int) -> None:
    assert parse_instant(format_instant(at, zone), 0) == at // 1000 * 1000


@given(st.dates(date(1970, 1, 1), date(2200, 1, 1)), _ZONES)
def test_a_day_is_24_hours_in_a_fixed_zone(day: date, zone: int) -> None:
    """Asia/Shanghai had summer time from 1986 to 1991; +08:00 never had."""
    assert day_start(day + timedelta(days=1), zone) - day_start(day, zone) == 86_400_000


@pytest.mark.parametrize("text", ["Asia/Shanghai", "+8", "08:00", "+08:60", "+15:00", ""])
def test_only_fixed_offsets_are_zones(text: str) -> None:
    with pytest.raises(ValueError, match="not a fixed offset"):
        parse_zone(text)


@pytest.mark.parametrize("text", ["2026-03-01", "yesterday noon", "2026-02-30T00:00:00", "", "1772323500000"])
def test_only_a_date_and_time_is_an_instant(text: str) -> None:
    with pytest.raises(ValueError):  # the words are Python's  # noqa: PT011  # the words are Python's
        parse_instant(text, 480)
