"""A device: the RTU of one station, with its sensors, its clock, its cabinet and its manner of reporting."""

from __future__ import annotations

from collections import Counter as Tally
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from hydro.slots import is_slot_interval
from simulators.devices.sensor import COUNTED_FROM, Sensor

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Clock", "Device", "mistakes_of"]

_STEP_MIN: Final = 5
_DAY_MIN: Final = 1440
_CLOCK_MOST_S: Final = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """A device's clock.

    Attributes:
        ahead_s: How far ahead it is set; negative = behind.
        drift_ppm: How much it gains, millionths.
        set_days: It is set right so often.
    """

    ahead_s: float = 0.0
    drift_ppm: float = 0.0
    set_days: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """The device of one station.

    Attributes:
        station: Code.
        gateway: Through which it sends.
        sensors: In the order in which it reports them.
        sample_min: It measures at the multiples of this since midnight, minutes; a multiple of 5.
        report_min: It sends at the multiples of this what it has kept since; None: each sample at once.
        report_at_min: So much later than the multiple.
        clock: Its clock.
        zero_for_missing: Its firmware sends 0 where a sensor gives nothing.
        flood_reports: At flood time it measures every 5 minutes and sends at once.
        memory: Samples it can keep; the oldest go first.
    """

    station: str
    gateway: str
    sensors: tuple[Sensor, ...]
    sample_min: int = 5
    report_min: int | None = None
    report_at_min: int = 0
    clock: Clock = field(default_factory=Clock)
    zero_for_missing: bool = False
    flood_reports: bool = False
    memory: int = 8_928

    @property
    def gathers(self) -> bool:
        """Whether it keeps samples in order to send several at once."""
        return self.report_min is not None and self.report_min != self.sample_min

    def perfect(self) -> Device:
        """The same without noise, without errors, with a right clock and a resolution of 1e-6 of each unit."""
        sensors = tuple(
            replace(sensor, resolution=1e-6, noise=0.0, noise_share=0.0, cutoff=0.0, low=None, high=None, rating=None)
            for sensor in self.sensors
        )
        return replace(self, sensors=sensors, clock=Clock(), zero_for_missing=False)


def mistakes_of(devices: Iterable[Device]) -> tuple[str, ...]:
    """All mistakes, each "device 'station': what"; empty where there are none."""
    known = tuple(devices)
    counts = Tally(device.station for device in known)
    found = [f"device {device.station!r}: {what}" for device in known for what in _own(device)]
    return (*found, *(f"device {code!r}: is given {count} times" for code, count in counts.items() if count > 1))


def _own(device: Device) -> Iterator[str]:
    if not device.station or not device.gateway:
        yield "has no station or no gateway"
    if not any(sensor.shown for sensor in device.sensors):
        yield "reports nothing"
    quantities = Tally(sensor.quantity for sensor in device.sensors)
    for quantity, count in quantities.items():
        if count > 1:
            yield f"has {count} sensors of {quantity.text}"
        source = COUNTED_FROM.get(quantity)
        if source is not None and source not in quantities:
            yield f"counts {quantity.text}, but has no sensor of {source.text}"
    for sensor in device.sensors:
        yield from sensor.mistakes()
    yield from _times(device)


def _times(device: Device) -> Iterator[str]:
    if device.sample_min % _STEP_MIN or not is_slot_interval(device.sample_min):
        yield f"sample_min is {device.sample_min}; it must be a multiple of 5 that fills an hour or a day"
    if device.report_min is not None and (
        not is_slot_interval(device.report_min) or device.report_min % device.sample_min
    ):
        yield f"report_min is {device.report_min}; it must be a multiple of sample_min that fills an hour or a day"
    if not 0 <= device.report_at_min < _DAY_MIN:
        yield f"report_at_min is {device.report_at_min}, not at least 0 and below {_DAY_MIN}"
    if abs(device.clock.ahead_s) > _CLOCK_MOST_S or not device.clock.set_days > 0.0:
        yield f"its clock is {device.clock.ahead_s:g} s ahead and set every {device.clock.set_days:g} days"
    least = (device.report_min or device.sample_min) // max(device.sample_min, 1)
    if device.memory < max(least, 1):
        yield f"its memory keeps {device.memory} samples, from one report to the next it takes {least}"
