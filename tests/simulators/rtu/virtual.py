"""One station and the centre of `ingest` on a line without a network: time passes from event to event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hydro.instants import MINUTE_MS
from hydro.quantity import Quantity
from ingest.codecs.framing import Received, Splitter, Wire
from ingest.codecs.sl651 import decode_frame as decode_651
from ingest.codecs.sl651 import encode_frame as encode_651
from ingest.codecs.sl651.control import Control
from ingest.codecs.sl651.downlink import awaits_confirmation, confirm
from ingest.codecs.sl651.frame import Message
from ingest.codecs.slt427 import decode_frame as decode_427
from ingest.codecs.slt427 import encode_frame as encode_427
from ingest.codecs.slt427.answers import answer
from simulators.rtu.clock import DeviceClock
from simulators.rtu.device import Device, Dial, HangUp, Send
from simulators.rtu.recorder import Recorder
from simulators.rtu.sample import Channel
from simulators.rtu.sl651.carriage import carriers
from simulators.rtu.sl651.frame import Link
from simulators.rtu.sl651.station import Sl651Station, Style
from simulators.rtu.slt427.profile import Profile
from simulators.rtu.slt427.station import Slt427Station
from tests.simulators.rtu.agreement import AT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ingest.codecs.sl651.frame import Frame
    from simulators.rtu.behaviour import Behaviour
    from simulators.rtu.device import Action
    from simulators.rtu.speech import Dialect

__all__ = ["ADDRESS", "DISCHARGE", "STAGE", "STATION", "Line", "measured", "sl651_device", "slt427_device"]

STATION: Final = "0011223344"
ADDRESS: Final = "5201030700"
STAGE: Final = Channel(Quantity.STAGE)
DISCHARGE: Final = Channel(Quantity.DISCHARGE)


def measured(at: int) -> Mapping[Channel, int | None]:
    """A river that rises by a centimetre a minute, so that every reading tells its minute."""
    minute = at // MINUTE_MS - AT // MINUTE_MS + 10_000
    return {STAGE: minute * 10_000, DISCHARGE: minute * 1_000}


def _device(
    dialect: Dialect, behaviour: Behaviour, clock: DeviceClock | None, camera: Callable[[int], bytes] | None
) -> Device:
    recorder = Recorder(behaviour, measured, clock or DeviceClock(AT), AT)
    return Device(dialect, behaviour, recorder, AT, camera)


def sl651_device(
    behaviour: Behaviour,
    *,
    style: Style = Style.SCHEDULED,
    clock: DeviceClock | None = None,
    camera: Callable[[int], bytes] | None = None,
) -> Device:
    """A station of SL 651, switched on at `AT`."""
    station = Sl651Station(Link(STATION), carriers([STAGE, DISCHARGE]), style=style, step_min=behaviour.sample_min)
    return _device(station, behaviour, clock, camera)


def slt427_device(behaviour: Behaviour, *, profile: Profile = Profile.SLT427_2021) -> Device:
    """A station of SL/T 427, switched on at `AT`."""
    return _device(Slt427Station(ADDRESS, profile), behaviour, None, None)


class Line:
    """Network and centre of one station.

    Attributes:
        sent: (time, bytes) of everything that the station sent.
        heard: Frames that reached the centre.
        dialled: Times at which the station dialled.
        hung_up: Times at which it hung up.
        silent: The centre hears and does not answer.
        down: There is no network.
        end: How reports are confirmed.
        delay_ms: From a frame to its confirmation.
        damage: Sees each frame and says whether it arrives.
    """

    def __init__(self, device: Device) -> None:
        self.device = device
        self.now = AT
        self.sent: list[tuple[int, bytes]] = []
        self.heard: list[tuple[Wire, bytes]] = []
        self.dialled: list[int] = []
        self.hung_up: list[int] = []
        self.silent = self.down = False
        self.end = Control.ESC
        self.delay_ms = 300
        self.damage: Callable[[bytes], bool] = lambda data: True  # noqa: ARG005  # everything arrives
        self.packets: dict[int, Frame] = {}
        self._due: list[tuple[int, bytes]] = []
        self._splitter = Splitter()

    def run(self, until: int) -> None:
        """Let time pass up to ``until``."""
        while True:
            at = min(self.device.next_wake(), self._due[0][0] if self._due else until)
            if at > until:
                self.now = until
                return
            assert at >= self.now or self._due, "a station never wants to be woken in the past"
            self.now = max(self.now, at)
            if self._due and self._due[0][0] <= self.now:
                _, data = self._due.pop(0)
                self._perform(self.device.received(data, self.now))
            else:
                self._perform(self.device.wake(self.now))
            if self.now >= until and not self._due and self.device.next_wake() >= until:
                return

    def cut(self) -> None:
        """The network fails."""
        self.down = True
        self._due.clear()
        if self.device.connected:
            self.device.lost(self.now)

    def say(self, data: bytes) -> None:
        """The centre sends something of its own accord."""
        self._perform(self.device.received(data, self.now))

    def _perform(self, actions: Sequence[Action]) -> None:
        for action in actions:
            match action:
                case Dial():
                    self.dialled.append(self.now)
                    if self.down:
                        self.device.lost(self.now)
                    else:
                        self._splitter = Splitter()
                        self._perform(self.device.dialled(self.now))
                case HangUp():
                    self.hung_up.append(self.now)
                    self._due.clear()
                case Send(data=data):
                    self.sent.append((self.now, data))
                    self._arrive(data)

    def _arrive(self, data: bytes) -> None:
        for event in self._splitter.feed(data):
            if not isinstance(event, Received) or not self.damage(event.data):
                continue
            self.heard.append((event.wire, event.data))
            reply = None if self.silent else self._reply(event)
            if reply:
                self._due.append((self.now + self.delay_ms, reply))

    def _reply(self, event: Received) -> bytes | None:
        if event.wire is Wire.SLT427:
            told = answer(decode_427(event.data), self.now + self.delay_ms, 480)
            return encode_427(told) if told else None
        frame = decode_651(event.data)
        if not awaits_confirmation(frame):
            return None
        if frame.packet:
            self.packets[frame.packet.number] = frame
            if len(self.packets) < frame.packet.total:
                return None
            first = self.packets[1].body
            assert isinstance(first, Message)
            return encode_651(confirm(frame, self.now, 480, end=self.end, serial=first.serial))
        return encode_651(confirm(frame, self.now + self.delay_ms, 480, end=self.end))
