"""Rows of the register that follow from what a scenario has: points, targets, plants, intakes, permits, plans."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from hydro.fixed import MICRO, format_micro, quantise
from hydro.instants import local_date
from hydro.quantity import Quantity, conversion
from simulators.takers import Use

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulators.basin import Dam
    from simulators.devices import Device, Sensor
    from simulators.scenario.build import Build, Place
    from simulators.takers import Taker

__all__ = ["add_intake", "add_plant", "add_points", "cell"]

_COVERAGE: Final = 2.0
_METER_PCT: Final = "2"
_YEARS_OF_A_PERMIT: Final = 5
_INDUSTRY: Final = {Use.DOMESTIC: "D4610", Use.INDUSTRY: "C2614", Use.IRRIGATION: "A0111"}
"""GB/T 4754: waterworks, chemicals, growing rice. Examples, as good as any."""


def cell(value: float | None) -> str:
    """Shortest text of a number; empty for none."""
    count = None if value is None else quantise(value)
    return "" if count is None else format_micro(count)


def add_points(build: Build, place: Place, device: Device, further: Mapping[str, Mapping[str, str]]) -> None:
    """A row of ``points`` for each sensor that is shown.

    Args:
        build: Where it goes.
        place: Of the station.
        device: As it is before somebody makes it perfect.
        further: Cells by quantity, that go before those that follow from the sensor.
    """
    for sensor in device.sensors:
        if not sensor.shown:
            continue
        cells = {"station": place.code, "quantity": sensor.quantity.text, **_of_sensor(sensor)}
        cells.update(further.get(sensor.quantity.text, {}))
        build.row("points", place.place, cells)


def _of_sensor(sensor: Sensor) -> dict[str, str]:
    found = conversion(sensor.quantity, sensor.unit or None)
    per_unit = 1.0 if found is None else found.numerator / found.denominator / MICRO
    counter = sensor.counter
    return {
        "min": cell(sensor.low),
        "max": cell(sensor.high),
        "accuracy_pct": _accuracy(sensor),
        "counter_kind": "" if counter is None else counter.kind.value,
        "counter_max": "" if counter is None or counter.highest is None else cell(counter.highest * per_unit),
        "resolution": cell(sensor.resolution * per_unit),
        "multiplier": "" if sensor.multiplier == 1.0 else cell(sensor.multiplier),
        "zero_below": cell(sensor.cutoff) if sensor.cutoff else "",
        "rated_kw": cell(_rated(sensor)),
    }


def _rated(sensor: Sensor) -> float | None:
    """Rated power: an electricity meter shows half as much again."""
    return None if sensor.quantity is not Quantity.POWER or sensor.high is None else round(sensor.high / 1.5, 1)


def _accuracy(sensor: Sensor) -> str:
    """Expanded uncertainty, percent of reading: of a rating that of its lasting and slow errors."""
    rating = sensor.rating
    if rating is not None:
        spread = (rating.bias**2 + rating.fast**2 + rating.slow**2) ** 0.5
        return cell(round(100.0 * _COVERAGE * spread, 1))
    return _METER_PCT if sensor.quantity is Quantity.DISCHARGE else ""


def add_plant(build: Build, place: Place, dam: Dam, kw_per_m3s: float | None) -> None:
    """A row of ``plants``, once for each dam with turbines."""
    if dam.outlet is None or any(row["plant"] == dam.name for row in build.tables.get("plants", [])):
        return
    stores = dam.full_m3 > dam.dead_m3
    kind = "diversion" if dam.canal is not None else "dam" if stores else "run_of_river"
    cells = {
        "plant": dam.name,
        "name": place.name.zh,
        "division": place.columns.get("division", ""),
        "river": place.columns.get("river", ""),
        "type": kind,
        "installed_mw": cell(None if kw_per_m3s is None else round(kw_per_m3s * dam.outlet.most_m3s / 1000.0, 3)),
        "owner": place.name.zh,
        "turbine_max_m3s": cell(dam.outlet.most_m3s),
        "regulation": "daily" if stores else "none",
    }
    build.row("plants", place.place, cells)


def add_intake(build: Build, place: Place, taker: Taker) -> None:
    """Rows of ``intakes``, and of ``permits`` and ``plans`` where there is a permit."""
    permit = taker.permit
    number = f"P{place.code}" if permit is not None else ""
    cells = {
        "station": place.code,
        "permit": number,
        "design_max_m3s": cell(taker.design_m3s),
        "has_pump": "0" if taker.house is None else "1",
        "use": taker.use.value,
        "method": "channel" if taker.house is None else "pipe",
    }
    build.row("intakes", place.place, {**cells, "reach": ""})
    if permit is None:
        return
    reading = build.reading
    first = local_date(reading.start, reading.zone_minutes).year
    last = local_date(reading.end, reading.zone_minutes).year
    row = {
        "permit": number,
        "holder": place.name.zh,
        "division": place.columns.get("division", ""),
        "industry": _INDUSTRY[taker.use],
        "source": "surface",
        "annual_m3": cell(permit.annual_m3),
        "valid_from": date(first - 1, 1, 1).isoformat(),
        "valid_to": permit.valid_to or date(first + _YEARS_OF_A_PERMIT, 12, 31).isoformat(),
        "max_rate_m3s": cell(permit.max_m3s),
        "state": permit.state,
    }
    build.row("permits", place.place, row)
    if permit.season is not None:
        (month, day), (last_month, last_day) = permit.season.first, permit.season.last
        window = {
            "permit": number,
            "from_day": f"{month:02d}-{day:02d}",
            "to_day": f"{last_month:02d}-{last_day:02d}",
        }
        build.row("permit_windows", place.place, window)
    for year in range(first, last + 1):
        for month_number, volume in enumerate(permit.plan_m3 or (), start=1):
            plan = {"permit": number, "month": f"{year}-{month_number:02d}", "volume_m3": cell(volume)}
            build.row("plans", place.place, plan)
