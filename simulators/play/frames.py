"""Reports as frames of SL 651-2014 and SL/T 427-2021, with the encoders of the simulated RTUs.

A frame holds one sample; a message of several holds one frame after the other. Numbers are rounded as the formats have
them (a discharge to 0.001 m3/s), and what a format has no place for is not sent in it; bits of states that a device
does not have say 0. A number that is too long for its field, which only a failing device shows, goes out as missing.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from hydro.fixed import MICRO, divide_half_even
from hydro.quantity import Quantity, conversion
from simulators.devices.samples import MISSING
from simulators.rtu.sample import STATES, Channel, Sample
from simulators.rtu.sl651 import hex_body
from simulators.rtu.sl651.carriage import carriers, sample_items
from simulators.rtu.sl651.content import Group
from simulators.rtu.sl651.frame import Link
from simulators.rtu.sl651.frame import frame as sl651_frame
from simulators.rtu.sl651.station import Function
from simulators.rtu.slt427.profile import Profile
from simulators.rtu.slt427.report import report_frame, voltage_frame
from simulators.rtu.slt427.sensors import records, state_words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from simulators.devices.device import Device
    from simulators.devices.sensor import Sensor

__all__ = ["FrameWriter", "Sl651Writer", "Slt427Writer", "micro_of", "not_carried"]

_LATEST_SERIAL: Final = 65_535
_VOLTAGE: Final = Channel(Quantity.VOLTAGE)
_CLASS: Final = "H"


class FrameWriter(Protocol):
    """Writes the samples of one device."""

    def write(self, event_time: int, sent_at: int, sequence: int, counts: Sequence[int]) -> bytes:
        """One sample.

        Args:
            event_time: By the clock of the device, epoch milliseconds.
            sent_at: By the same clock.
            sequence: Number of the sample, from 1.
            counts: Of its sensors shown, in their order.
        """
        ...


class _Sensor(NamedTuple):
    """Where a count goes, and how many millionths of the canonical unit it is: ``count · up / down``."""

    channel: Channel
    up: int
    down: int


class Sl651Writer:
    """A device that speaks SL 651-2014 in HEX: a report 32H a sample.

    Args:
        device: The device.
        address: Ten hex digits.
    """

    def __init__(self, device: Device, address: str) -> None:
        self._link = Link(address)
        self._sensors = _sensors(device, _carried_by_sl651)
        self._plan = carriers(sensor.channel for sensor in self._sensors if sensor is not None)

    def write(self, event_time: int, sent_at: int, sequence: int, counts: Sequence[int]) -> bytes:
        """See `FrameWriter`."""
        serial = (sequence - 1) % _LATEST_SERIAL + 1

        def written(sample: Sample) -> bytes:
            group = Group(event_time, sample_items(sample, self._plan))
            body = hex_body.report_body(serial, sent_at, self._link.station, _CLASS, [group])
            return sl651_frame(self._link, Function.SCHEDULED, body)

        return _fitting(Sample(event_time, micro_of(self._sensors, counts)), written)


class Slt427Writer:
    """A device that speaks SL/T 427-2021 or SZY206: a frame for each type of data of a sample.

    Args:
        device: The device.
        address: Ten hex digits.
        profile: Edition of the protocol.
    """

    def __init__(self, device: Device, address: str, profile: Profile = Profile.SLT427_2021) -> None:
        self._address = address
        self._profile = profile
        self._sensors = _sensors(device, lambda quantity: _carried_by_slt427(quantity, profile))

    def write(self, event_time: int, sent_at: int, sequence: int, counts: Sequence[int]) -> bytes:  # noqa: ARG002  # neither is on this wire
        """See `FrameWriter`."""
        return _fitting(Sample(event_time, micro_of(self._sensors, counts)), self._written)

    def _written(self, sample: Sample) -> bytes:
        alarm, status = state_words(sample)
        frames = [
            report_frame(self._address, record, sample.observed_at, self._profile, alarm=alarm, status=status)
            for record in records(sample, self._profile)
        ]
        if _VOLTAGE in sample.values:
            volt = sample.values[_VOLTAGE]
            frames.append(voltage_frame(self._address, volt, sample.observed_at, self._profile))
        return b"".join(frames)


def not_carried(device: Device, profile: Profile | None = None) -> frozenset[Quantity]:
    """What of a device a format has no place for.

    Args:
        device: The device.
        profile: Edition of SL/T 427; None: SL 651.
    """
    return frozenset(
        sensor.quantity
        for sensor in device.sensors
        if sensor.shown
        and not (
            _carried_by_sl651(sensor.quantity) if profile is None else _carried_by_slt427(sensor.quantity, profile)
        )
    )


def micro_of(sensors: Sequence[_Sensor | None], counts: Sequence[int]) -> dict[Channel, int | None]:
    """Millionths of the canonical unit, half even; None where the sensor gave nothing."""
    return {
        sensor.channel: None if count == MISSING else divide_half_even(count * sensor.up, sensor.down)
        for sensor, count in zip(sensors, counts, strict=False)
        if sensor is not None
    }


def _sensors(device: Device, carried: Callable[[Quantity], bool]) -> list[_Sensor | None]:
    """Of each sensor shown; None where the format has no place for it."""
    return [_sensor(sensor) if carried(sensor.quantity) else None for sensor in device.sensors if sensor.shown]


def _sensor(sensor: Sensor) -> _Sensor:
    found = conversion(sensor.quantity, sensor.unit or None)
    if found is None:
        raise ValueError(f"{sensor.quantity.text} can't be shown in {sensor.unit!r}")
    scale = sensor.scale
    size = Fraction(scale.multiple, 10**scale.digits) * Fraction(*found)
    return _Sensor(Channel(sensor.quantity), *size.as_integer_ratio())


def _fitting(sample: Sample, write: Callable[[Sample], bytes]) -> bytes:
    """The sample as it is, or without the values that have no room."""
    try:
        return write(sample)
    except ValueError:
        fit: dict[Channel, int | None] = {}
        for channel, value in sample.values.items():
            try:
                write(Sample(sample.observed_at, {channel: value}))
            except ValueError:
                fit[channel] = None
            else:
                fit[channel] = value
        return write(Sample(sample.observed_at, fit))


def _carried_by_sl651(quantity: Quantity) -> bool:
    try:
        return quantity in STATES or bool(carriers([Channel(quantity)]))
    except ValueError:
        return False


def _carried_by_slt427(quantity: Quantity, profile: Profile) -> bool:
    try:
        return quantity in STATES or bool(records(Sample(0, {Channel(quantity): MICRO}), profile))
    except ValueError:
        return False
