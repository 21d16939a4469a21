"""Many stations in one process, each on a TCP connection of its own.

The shell around `Device`: it dials, sends, hangs up and wakes, on a clock that may run faster than the wall clock. One
timer a station and a `Protocol` without tasks a connection: five thousand of them are no burden.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from simulators.rtu.device import Device, Dial, HangUp, Send

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from simulators.rtu.device import Action

__all__ = ["Fleet", "Member", "Outage", "ScaledClock"]

_DIALS_AT_ONCE: Final = 200
_LEAST_WAIT_S: Final = 0.001


class ScaledClock:
    """Scenario time: epoch milliseconds that begin at ``start`` and pass ``speed`` times as fast as real ones."""

    def __init__(self, start: int, speed: float = 1.0) -> None:
        self._start = start
        self._speed = speed
        self._loop = asyncio.get_running_loop()
        self._began_s = self._loop.time()

    def now(self) -> int:
        """Present scenario time."""
        return self._start + int((self._loop.time() - self._began_s) * 1_000 * self._speed)

    def wait_s(self, until: int) -> float:
        """Real seconds until a scenario time; 0 where it is over."""
        return max(0.0, self._began_s + (until - self._start) / 1_000 / self._speed - self._loop.time())


@dataclass(frozen=True, slots=True)
class Outage:
    """Scenario times between which a station has no network.

    Attributes:
        start: First instant.
        end: First instant after it.
        is_silent: The connection is not lost; what is sent over it, either way, vanishes.
    """

    start: int
    end: int
    is_silent: bool = False


@dataclass(frozen=True, slots=True)
class Member:
    """A station and what is wrong with its network.

    Attributes:
        device: The station.
        outages: When the network fails.
        damage: Sees what is sent and gives what arrives.
    """

    device: Device
    outages: Sequence[Outage] = ()
    damage: Callable[[bytes], bytes] | None = None

    def outage(self, at: int) -> Outage | None:
        """The outage at an instant."""
        return next((outage for outage in self.outages if outage.start <= at < outage.end), None)


class Fleet:
    """Stations that talk to one centre.

    Args:
        members: The stations.
        host: Address of the centre.
        port: Its TCP port.
        clock: Scenario time.

    Attributes:
        refused: Connections that could not be made, by the system's reason; an outage is one of them.
    """

    def __init__(self, members: Sequence[Member], host: str, port: int, clock: ScaledClock) -> None:
        self.refused: Counter[str] = Counter()
        self._lines = [_Line(member, clock, self) for member in members]
        self._host = host
        self._port = port
        self._dialling = asyncio.Semaphore(_DIALS_AT_ONCE)

    def start(self) -> None:
        """Switch the stations on."""
        for line in self._lines:
            line.wake()

    async def stop(self) -> None:
        """Switch them off; connections are aborted, as when the power fails."""
        for line in self._lines:
            line.close()
        await asyncio.gather(*(line.dial for line in self._lines if line.dial), return_exceptions=True)

    @property
    def connected(self) -> int:
        """Stations with a connection."""
        return sum(line.member.device.connected for line in self._lines)

    async def dial(self, line: _Line) -> None:
        """Connect one station."""
        loop = asyncio.get_running_loop()
        try:
            async with self._dialling:
                await loop.create_connection(lambda: _Wire(line), self._host, self._port)
        except OSError as error:
            self.refused[error.__class__.__name__] += 1
            line.failed()


class _Wire(asyncio.Protocol):
    """One connection of a station; what it says when the station has already left it is not heard."""

    def __init__(self, line: _Line) -> None:
        self._line = line
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # what create_connection gives a Protocol
        self.transport = transport
        self._line.opened(self)

    def data_received(self, data: bytes) -> None:
        self._line.heard(self, data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # why makes no difference
        self._line.gone(self)


class _Line:
    """A station, its present connection and its timer."""

    def __init__(self, member: Member, clock: ScaledClock, fleet: Fleet) -> None:
        self.member = member
        self.dial: asyncio.Task[None] | None = None
        self._clock = clock
        self._fleet = fleet
        self._wire: _Wire | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._is_closed = False

    def wake(self) -> None:
        """Let the station do what is due, and set the timer anew."""
        at = self._clock.now()
        outage = self.member.outage(at)
        if self._wire and outage and not outage.is_silent:
            self._leave(abort=True)  # nothing arrives any more, in either direction
            self.member.device.lost(at)
        self._perform(self.member.device.wake(at))
        self._rest()

    def close(self) -> None:
        """No more of it."""
        self._is_closed = True
        if self._timer:
            self._timer.cancel()
        if self.dial:
            self.dial.cancel()
        self._leave(abort=True)

    def failed(self) -> None:
        """The connection could not be made."""
        self.member.device.lost(self._clock.now())
        self._rest()

    def opened(self, wire: _Wire) -> None:
        """The connection is there."""
        self._wire = wire
        if self._is_closed:
            self._leave(abort=True)
            return
        self._perform(self.member.device.dialled(self._clock.now()))
        self._rest()

    def heard(self, wire: _Wire, data: bytes) -> None:
        """Bytes came."""
        if wire is self._wire and not self.member.outage(self._clock.now()):
            self._perform(self.member.device.received(data, self._clock.now()))
            self._rest()

    def gone(self, wire: _Wire) -> None:
        """The centre or the network closed a connection."""
        if wire is self._wire:
            self._wire = None
            self.member.device.lost(self._clock.now())
            self._rest()

    def _leave(self, *, abort: bool) -> None:
        wire, self._wire = self._wire, None
        if wire and wire.transport:
            wire.transport.abort() if abort else wire.transport.close()

    def _perform(self, actions: Sequence[Action]) -> None:
        for action in actions:
            match action:
                case Send(data=data):
                    self._send(data)
                case HangUp():
                    self._leave(abort=False)
                case Dial():
                    self._begin_dial()

    def _send(self, data: bytes) -> None:
        if self._wire and self._wire.transport and not self.member.outage(self._clock.now()):
            damage = self.member.damage
            self._wire.transport.write(damage(data) if damage else data)

    def _begin_dial(self) -> None:
        if self.member.outage(self._clock.now()):
            self._fleet.refused["Outage"] += 1
            self.member.device.lost(self._clock.now())
        else:
            self.dial = asyncio.get_running_loop().create_task(self._fleet.dial(self))

    def _rest(self) -> None:
        """Set the timer to the next time the station or its outages want."""
        if self._timer:
            self._timer.cancel()
        if self._is_closed:
            return
        at = self._clock.now()
        until = min([self.member.device.next_wake(), *(one.start for one in self.member.outages if one.start > at)])
        wait_s = max(_LEAST_WAIT_S, self._clock.wait_s(until))
        self._timer = asyncio.get_running_loop().call_later(wait_s, self.wake)
