"""A fleet of stations of every kind, and what the centre should have of it in the end."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from hydro.fixed import MICRO
from hydro.instants import HOUR_MS, MINUTE_MS
from hydro.quantity import Quantity
from simulators.rtu.behaviour import Behaviour, Modem
from simulators.rtu.device import Device
from simulators.rtu.fleet import Fleet, Member, Outage, ScaledClock
from simulators.rtu.recorder import Recorder
from simulators.rtu.sample import Channel
from simulators.rtu.sl651.carriage import carriers
from simulators.rtu.sl651.frame import Coding, Link
from simulators.rtu.sl651.station import Sl651Station, Style
from simulators.rtu.slt427.profile import Profile
from simulators.rtu.slt427.station import Slt427Station
from simulators.rtu.spread import Spread

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from simulators.rtu.speech import Dialect

__all__ = ["HEADER", "PICTURE", "Kind", "Station", "fleet_of", "run_fleet"]

HEADER: Final = "station,name,kind,basin,river,division,gateway,interval_min,sl651_address,slt427_address,confirm\n"
PICTURE: Final = bytes(range(256)) * 20
STAGE: Final = Channel(Quantity.STAGE)
DISCHARGE: Final = Channel(Quantity.DISCHARGE)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of station.

    Attributes:
        name: For messages.
        dialect: Number of the station and last serial number -> its protocol.
        behaviour: How it behaves.
        sl651: Whether its address is one of SL 651.
        sleeps: Whether the centre sends it to sleep.
    """

    name: str
    dialect: Callable[[int, int], Dialect]
    behaviour: Behaviour
    sl651: bool = True
    sleeps: bool = False


@dataclass(slots=True)
class Station:
    """One station of a fleet.

    Attributes:
        code: Of the register.
        member: For the fleet.
        row: Its line of stations.csv.
        has_camera: Whether it sends pictures.
    """

    code: str
    kind: str
    member: Member
    row: str
    has_camera: bool = False
    outages: tuple[Outage, ...] = field(default=())

    def expected(self) -> dict[tuple[str, int], int]:
        """(Quantity, time) to millionths of everything that it has measured."""
        samples = self.member.device.recorder.memory.between(0, 2**62)
        return {
            (channel.quantity.text, sample.observed_at): value
            for sample in samples
            for channel, value in sample.values.items()
            if value is not None
        }


def _sl651(number: int, serial: int, *, coding: Coding = Coding.HEX, style: Style = Style.SCHEDULED) -> Dialect:
    link = Link(f"00{77_000_000 + number}", coding=coding)
    return Sl651Station(link, carriers([STAGE, DISCHARGE]), style=style, serial=serial)


def _slt427(number: int, profile: Profile) -> Dialect:
    return Slt427Station(f"520103{number:02X}01", profile)


def _kinds(base: Behaviour) -> list[Kind]:
    modem = replace(base, modem=Modem(b"866123045678901\r\n", b"\xfe", 10 * MINUTE_MS), announces=True)
    hourly = replace(base, report_min=60, reports_all=True)
    return [
        Kind("hex", _sl651, modem),
        Kind("ascii", lambda number, serial: _sl651(number, serial, coding=Coding.ASCII), base),
        Kind("uniform", lambda number, serial: _sl651(number, serial, style=Style.UNIFORM), hourly),
        Kind("camera", _sl651, replace(base, picture_min=60)),
        Kind("sleeper", _sl651, replace(base, always_online=False), sleeps=True),
        Kind("szy206", lambda number, serial: _slt427(number, Profile.SZY206), modem, sl651=False),  # noqa: ARG005
        Kind("2021", lambda number, serial: _slt427(number, Profile.SLT427_2021), base, sl651=False),  # noqa: ARG005
        Kind(
            "2021-sleeper",
            lambda number, serial: _slt427(number, Profile.SLT427_2021),  # noqa: ARG005
            replace(base, always_online=False),
            sl651=False,
        ),
    ]


def fleet_of(count: int, start: int, speed: float, *, hours: int, answer_wait_s: float) -> list[Station]:
    """Stations of all kinds; every second one loses its network for a while, in one of two ways.

    Args:
        count: Of stations.
        start: When they are switched on.
        speed: Of the clock they will run on; what they wait for is longer by that.
        hours: How long they will run.
        answer_wait_s: Real seconds for which they wait for a confirmation.
    """
    base = Behaviour(
        answer_wait_ms=int(answer_wait_s * 1_000 * speed),
        redial_ms=int(0.2 * 1_000 * speed),
        keep_alive_ms=HOUR_MS,
        idle_ms=4 * HOUR_MS,
    )
    kinds = _kinds(base)
    spread = Spread(seed=651, window_ms=60_000)
    stations = []
    for number in range(1, count + 1):
        kind = kinds[number % len(kinds)]
        behaviour, clock, serial = spread.station(number, kind.behaviour, start)
        recorder = Recorder(behaviour, _river(number), clock, start, start + hours * HOUR_MS)
        has_camera = bool(behaviour.picture_min)
        camera = (lambda at: PICTURE) if has_camera else None  # noqa: ARG005
        device = Device(kind.dialect(number, serial), behaviour, recorder, start, camera)
        outages: tuple[Outage, ...] = ()
        if number // len(kinds) % 2:
            begin = start + hours * HOUR_MS // 4 + number * 7 * MINUTE_MS % HOUR_MS
            outages = (Outage(begin, begin + hours * HOUR_MS // 4, is_silent=bool(number % 3)),)
        code = f"S{number:03d}"
        address = f"00{77_000_000 + number}," if kind.sl651 else f",520103{number:02X}01"
        row = f"{code},{kind.name},section,Wu,Sancha,520103,,5,{address},{'EOT' if kind.sleeps else ''}\n"
        stations.append(Station(code, kind.name, Member(device, outages), row, has_camera, outages))
    return stations


def _river(number: int) -> Callable[[int], Mapping[Channel, int | None]]:
    """Readings drawn from the time and the station; now and then a sensor gives nothing."""

    def measure(at: int) -> Mapping[Channel, int | None]:
        draw = np.random.default_rng([number, at // 1_000])
        stage = int(draw.integers(0, 9_000)) * 1_000
        discharge = None if draw.random() < 0.05 else int(draw.integers(0, 90_000)) * MICRO // 1_000
        return {STAGE: stage, DISCHARGE: discharge}

    return measure


async def run_fleet(
    stations: list[Station], host: str, port: int, start: int, speed: float, *, hours: float, within_s: float
) -> Fleet:
    """Run them for so many hours of theirs, and until nothing is owed any more; switch them off then."""
    clock = ScaledClock(start, speed)
    fleet = Fleet([station.member for station in stations], host, port, clock)
    fleet.start()
    try:
        await asyncio.sleep(clock.wait_s(start + int(hours * HOUR_MS)))
        async with asyncio.timeout(within_s):
            while any(_owes(station) for station in stations):  # noqa: ASYNC110  # they don't tell
                await asyncio.sleep(0.02)
    finally:
        await fleet.stop()
    return fleet


def _owes(station: Station) -> bool:
    recorder = station.member.device.recorder
    return bool(recorder.overdue() or recorder.due()[0] or recorder.picture())
