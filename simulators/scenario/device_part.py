"""The device of a station: its parts, what is different about its sensors, and its manner of reporting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hydro.quantity import QUANTITIES, Quantity
from simulators.basin import Curve
from simulators.devices import Clock, Counter, CounterKind, Device, Rating, Sensor
from simulators.devices.sensor import COUNTED_FROM, MADE_INSIDE
from simulators.scenario.filling import fill
from simulators.scenario.mistakes import near, shown
from simulators.scenario.signal import Signal, Source

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulators.scenario.entry import Entry
    from simulators.scenario.kit import Kit

__all__ = ["read_device"]


def read_device(entry: Entry | None, kit: Kit, station: str, gateway: str) -> tuple[Device, dict[Quantity, Source]]:
    """A device, honest as its sensors are, and what they show.

    Args:
        entry: ``device`` of the station; None: a usual one.
        kit: What the station is fitted with.
        station: Code.
        gateway: Through which it sends.
    """
    if entry is None:
        sensors = tuple(sensor for part in kit.usual for sensor in kit.parts[part])
        return Device(station=station, gateway=gateway, sensors=sensors), _needed(sensors, kit.sources)
    parts = entry.words("parts") if entry.has("parts") else kit.usual
    entry.ask("parts")
    for part in parts:
        if part not in kit.parts:
            entry.wrong("parts", f"{shown(part)} is no part of such a station{near(part, kit.parts)}")
    found = {sensor.quantity: sensor for part in parts for sensor in kit.parts.get(part, ())}
    sources = dict(kit.sources)
    _changed(entry, found, sources)
    clock = entry.entry("clock")
    made = Clock() if clock is None else fill(clock, Clock)
    if clock is not None:
        clock.done()
    sensors = tuple(found.values())
    device = fill(entry, Device, station=station, gateway=gateway, sensors=sensors, clock=made)
    entry.done()
    return device, _needed(sensors, sources)


def _changed(entry: Entry, found: dict[Quantity, Sensor], sources: dict[Quantity, Source]) -> None:
    """``sensors``: by quantity what is different, ``none`` for one that isn't there, or a further one."""
    listed = entry.entry("sensors")
    if listed is None:
        return
    for name in listed.keys():  # noqa: SIM118  # an entry is no mapping
        quantity = QUANTITIES.get(name)
        if quantity is None:
            listed.wrong(name, f"{shown(name)} is no quantity{near(name, QUANTITIES)}")
            listed.ask(name)
        elif listed.is_none(name):
            found.pop(quantity, None)
        else:
            one = listed.entry(name)
            if one is not None:
                found[quantity] = _sensor(one, found.get(quantity) or Sensor(quantity=quantity))
                _shows(one, quantity, sources)
                one.done()
    listed.done()


def _sensor(entry: Entry, like: Sensor) -> Sensor:
    rating, counter = like.rating, like.counter
    if entry.is_none("rating"):
        rating = None
    elif (changed := entry.entry("rating")) is not None:
        rating = fill(changed, Rating, rating or Rating(mean_m3s=1.0))
        changed.done()
    total = entry.entry("counter")
    if total is not None or (counter is None and like.quantity in COUNTED_FROM):
        counter = counter or Counter()
    if total is not None and counter is not None:
        kind = total.choice("kind", CounterKind, counter.kind) or counter.kind
        counter = fill(total, Counter, counter, kind=kind)
        total.done()
    return fill(entry, Sensor, like, quantity=like.quantity, rating=rating, counter=counter)


def _shows(entry: Entry, quantity: Quantity, sources: dict[Quantity, Source]) -> None:
    """``shows``: which true course the sensor sees."""
    shows = entry.entry("shows")
    if shows is None:
        if quantity not in sources and quantity not in MADE_INSIDE and quantity not in COUNTED_FROM:
            entry.wrong(
                "",
                "needs `shows`: a station of this kind has nothing that such a sensor sees; "
                "for example shows: {signal: sun, offset: 15, factor: 0.6}",
            )
        return
    signal = shows.choice("signal", Signal)
    if signal is None:
        if not shows.has("signal"):
            shows.missing("signal")
        return
    curve = Curve(shows.pairs("curve")) if shows.has("curve") else None
    if curve is not None and (wrong := curve.mistake()):
        shows.wrong("curve", wrong)
        curve = None
    element = shows.text("element", "")
    if (signal is Signal.SUN) != (element == ""):
        shows.wrong("element", "is needed for every signal but sun, which has none")
    sources[quantity] = fill(shows, Source, signal=signal, element=element, curve=curve)
    shows.done()


def _needed(sensors: tuple[Sensor, ...], sources: Mapping[Quantity, Source]) -> dict[Quantity, Source]:
    return {
        sensor.quantity: sources[sensor.quantity]
        for sensor in sensors
        if sensor.quantity in sources and sensor.quantity not in MADE_INSIDE and sensor.quantity not in COUNTED_FROM
    }
