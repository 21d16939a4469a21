"""A station on its line: it reports, sends again, catches up and answers. Sans-I/O.

The shell tells what happens and when (`wake`, `dialled`, `lost`, `received`) and does what it is told: `Dial`, `Send`,
`HangUp`. `next_wake` says when the station wants to be woken. Times are true epoch milliseconds; the station sees them
through its own clock. The same calls give the same actions.

One exchange is open at a time. While it waits for its confirmation nothing else is reported, but questions are
answered. What is reported is chosen when the line is free: answers, then the newest report time, then a picture, then
what is left of older report times, the oldest first. A sample counts as reported when the last exchange that carries it
is confirmed.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, assert_never

from simulators.rtu.behaviour import Mode
from simulators.rtu.speech import After, Asked, Confirmed, Occasion, PacketWanted
from simulators.rtu.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulators.rtu.behaviour import Behaviour
    from simulators.rtu.recorder import Recorder
    from simulators.rtu.speech import Dialect, Exchange, Heard

__all__ = ["Action", "Device", "Dial", "HangUp", "Send"]

_MOST_WAITING: Final = 32


@dataclass(frozen=True, slots=True)
class Dial:
    """Connect to the centre."""


@dataclass(frozen=True, slots=True)
class Send:
    """Send these bytes."""

    data: bytes


@dataclass(frozen=True, slots=True)
class HangUp:
    """Close the connection."""


Action = Dial | Send | HangUp


@dataclass(slots=True)
class _Open:
    """The exchange that waits for its confirmation.

    Attributes:
        attempt: Resends so far.
        place: Of a paced exchange: which frame was sent last.
    """

    exchange: Exchange
    sent_at: int
    is_late: bool
    attempt: int = 0
    place: int = 0

    def is_meant(self, heard: Confirmed | PacketWanted) -> bool:
        """Whether the centre speaks of this exchange; the serial number stands in a first packet that it may lack."""
        serials = (self.exchange.serial, 0) if isinstance(heard, PacketWanted) else (self.exchange.serial,)
        return heard.function == self.exchange.function and heard.serial in serials


class Device:
    """One station.

    Args:
        dialect: The protocol it speaks, with its address and what it carries of each sensor.
        behaviour: Its settings.
        recorder: Its measuring half.
        start: True instant at which it is switched on.
        camera: True instant -> picture.

    Attributes:
        tally: Counts.
        recorder: See above.
        connected: Whether there is a connection.
    """

    def __init__(
        self,
        dialect: Dialect,
        behaviour: Behaviour,
        recorder: Recorder,
        start: int,
        camera: Callable[[int], bytes] | None = None,
    ) -> None:
        self.tally = Tally()
        self.recorder = recorder
        self.connected = False
        self._dialect = dialect
        self._behaviour = behaviour
        self._camera = camera
        self._waiting: deque[tuple[Exchange, bool]] = deque()
        self._open: _Open | None = None
        self._is_dialling = False
        self._has_announced = not behaviour.announces
        self._redial_at = start
        self._sent_at = self._beat_at = self._heard_at = start

    def next_wake(self) -> int:
        """True instant at which `wake` is to be called, if nothing happens before."""
        behaviour = self._behaviour
        times = [self.recorder.next_wake()]
        if not self.connected:
            return min(*times, self._redial_at) if not self._is_dialling and self._wants_line() else times[0]
        if self._open:
            times.append(self._open.sent_at + behaviour.answer_wait_ms)
        elif behaviour.keep_alive_ms:
            times.append(self._sent_at + behaviour.keep_alive_ms)
        if behaviour.modem.beat:
            times.append(self._beat_at + behaviour.modem.beat_ms)
        if not behaviour.always_online and not self._open:
            times.append(self._heard_at + behaviour.idle_ms)
        return min(times)

    def wake(self, at: int) -> list[Action]:
        """Time has come to ``at``, which is never less than before."""
        self.recorder.advance(at)
        if self.connected:
            return self._on_line(at)
        if self._is_dialling or at < self._redial_at or not self._wants_line():
            return []
        self._is_dialling = True
        return [Dial()]

    def dialled(self, at: int) -> list[Action]:
        """The connection is there."""
        self.connected, self._is_dialling = True, False
        self._sent_at = self._beat_at = self._heard_at = at
        registration = self._behaviour.modem.registration
        actions: list[Action] = [Send(registration)] if registration else []
        greeting = self._dialect.greeting()
        if greeting:
            self._waiting.append((greeting, False))
        if not self._has_announced:
            self._has_announced = True
            now = self.recorder.clock.reading(at)
            tests = self._dialect.reports([self.recorder.measured(at)], now, Occasion.TEST, more=True)
            self._waiting += ((test, False) for test in tests)
        return actions + self._next(at)

    def lost(self, at: int) -> None:
        """The connection was lost, closed by the centre, or could not be made."""
        self._forget_line()
        self._redial_at = at + self._behaviour.redial_ms

    def received(self, data: bytes, at: int) -> list[Action]:
        """Bytes came from the centre."""
        actions: list[Action] = []
        for heard in self._dialect.hear(data):
            if not self.connected:
                break
            self._heard_at = at
            actions += self._hear(heard, at)
        return actions

    def _on_line(self, at: int) -> list[Action]:
        actions = self._overdue(at)
        if self.connected and not self._open:
            actions += self._next(at)
        return actions + self._signs_of_life(at) if self.connected else actions

    def _hear(self, heard: Heard, at: int) -> list[Action]:
        match heard:
            case Confirmed():
                return self._confirmed(heard, at)
            case PacketWanted():
                return self._packet_again(heard, at)
            case Asked():
                return self._asked(heard, at)
            case _:
                assert_never(heard)

    def _confirmed(self, heard: Confirmed, at: int) -> list[Action]:
        current = self._open
        if current is None or not current.is_meant(heard):
            return []  # of a resend that was confirmed twice, or of a keep-alive
        if current.exchange.paced:
            return self._next_frame(current, at)
        self._open = None
        self.tally.confirmed += 1
        self.tally.late += current.is_late
        if not current.attempt:
            self.tally.waited_ms.append(at - current.sent_at)
        self._arrived(current.exchange)
        if self._behaviour.follows_centre and heard.sent_at is not None:
            self.recorder.set_clock(at, heard.sent_at)
        return self._next(at, after=heard.after)

    def _next_frame(self, current: _Open, at: int) -> list[Action]:
        current.place += 1
        current.sent_at, current.attempt = at, 0
        actions = self._send(current.exchange.frames[current.place], at)
        if current.place < len(current.exchange.frames) - 1:
            return actions
        self._open = None
        return actions + self._next(at)

    def _packet_again(self, heard: PacketWanted, at: int) -> list[Action]:
        current = self._open
        if current is None or not current.is_meant(heard):
            return []
        packet = self._dialect.packet_again(current.exchange, heard.number)
        if packet is None:
            return []
        if current.attempt >= self._dialect.resends:
            return self._give_up(at)
        current.attempt += 1
        current.sent_at = at
        self.tally.packets_again += 1
        return self._send(packet, at)

    def _asked(self, heard: Asked, at: int) -> list[Action]:
        self.tally.asked += 1
        answer = heard.reply(self.recorder.memory, self.recorder.clock.reading(at))
        if answer.set_clock is not None:
            self.recorder.set_clock(at, answer.set_clock)
        if answer.forgets:
            self.recorder.memory.clear()
        if answer.takes_picture and self._camera:
            self.recorder.pictures.append(self.recorder.measured(at).observed_at)
            return [] if self._open else self._next(at)
        if answer.exchange is None:
            self.tally.unanswered += 1
            return []
        if not answer.exchange.paced:
            return self._send(b"".join(answer.exchange.frames), at)
        if len(self._waiting) >= _MOST_WAITING:
            self.tally.dropped += 1
            return []
        self._waiting.append((answer.exchange, False))
        return [] if self._open else self._next(at)

    def _next(self, at: int, after: After = After.GO_ON) -> list[Action]:
        """Begin what is to be sent next; hang up where nothing is left and the station may sleep."""
        actions: list[Action] = []
        while not self._open:
            if not self._waiting:
                self._choose(self.recorder.clock.reading(at))
            if not self._waiting:
                break
            exchange, is_late = self._waiting.popleft()
            actions += self._begin(exchange, at, is_late=is_late)
        may_sleep = after is After.HANG_UP or (bool(actions) and self._behaviour.mode is Mode.M1_SEND)
        if may_sleep and not self._open and not self._behaviour.always_online:
            actions += self._hang_up(at)
        return actions

    def _choose(self, now: int) -> None:
        """Put the next report into the queue."""
        recorder = self.recorder
        due, is_added = recorder.due()
        overdue = recorder.overdue()
        if due:
            occasion = Occasion.ADDED if is_added else Occasion.SCHEDULED
            exchanges = self._dialect.reports(due, now, occasion, more=bool(overdue or recorder.picture()))
        elif (taken_at := recorder.picture()) is not None:
            exchanges = self._picture(taken_at, now)
        elif overdue:
            exchanges = self._dialect.reports(overdue, now, Occasion.LATE, more=False)
        else:
            return
        self._waiting += ((exchange, not due and bool(exchange.covers)) for exchange in exchanges)

    def _picture(self, taken_at: int, now: int) -> list[Exchange]:
        picture = None
        if self._camera:
            data = self._camera(self.recorder.clock.true_time(taken_at))
            picture = self._dialect.picture(taken_at, data, now)
        if picture is None:  # no camera, or a protocol without pictures
            self.recorder.pictures.clear()
            return []
        return [picture]

    def _arrived(self, exchange: Exchange) -> None:
        self.recorder.memory.confirmed(exchange.covers)
        if exchange.picture_at is not None and exchange.picture_at in self.recorder.pictures:
            self.recorder.pictures.remove(exchange.picture_at)

    def _begin(self, exchange: Exchange, at: int, *, is_late: bool) -> list[Action]:
        self.tally.sent += 1
        if self._behaviour.mode is Mode.M1_SEND and not exchange.paced:
            self._arrived(exchange)
        else:
            self._open = _Open(exchange, at, is_late)
        return self._send(exchange.frames[0] if exchange.paced else b"".join(exchange.frames), at)

    def _overdue(self, at: int) -> list[Action]:
        """Send again what was not confirmed in time; give up after the last attempt."""
        current = self._open
        if current is None or at < current.sent_at + self._behaviour.answer_wait_ms:
            return []
        if current.attempt >= self._dialect.resends:
            return self._give_up(at)
        current.attempt += 1
        current.sent_at = at
        self.tally.resent += 1
        frames = self._dialect.again(current.exchange, current.attempt)
        return self._send(frames[current.place] if current.exchange.paced else b"".join(frames), at)

    def _signs_of_life(self, at: int) -> list[Action]:
        behaviour = self._behaviour
        actions: list[Action] = []
        if not behaviour.always_online and not self._open and at >= self._heard_at + behaviour.idle_ms:
            return self._hang_up(at)
        if behaviour.modem.beat and at >= self._beat_at + behaviour.modem.beat_ms:
            self._beat_at = at
            actions.append(Send(behaviour.modem.beat))
        if behaviour.keep_alive_ms and not self._open and at >= self._sent_at + behaviour.keep_alive_ms:
            actions += self._send(self._dialect.keep_alive(self.recorder.clock.reading(at)), at)
        return actions

    def _give_up(self, at: int) -> list[Action]:
        """Nothing more in this session; the samples stay owed."""
        self.tally.gave_up += 1
        actions = self._hang_up(at)
        self._redial_at = at + self._behaviour.redial_ms
        return actions

    def _hang_up(self, at: int) -> list[Action]:
        self._forget_line()
        self._redial_at = at
        return [HangUp()]

    def _forget_line(self) -> None:
        self.connected = self._is_dialling = False
        self._open = None
        self._waiting.clear()
        self._dialect.hung_up()

    def _send(self, data: bytes, at: int) -> list[Action]:
        self._sent_at = at
        return [Send(data)]

    def _wants_line(self) -> bool:
        recorder = self.recorder
        return self._behaviour.always_online or bool(recorder.due()[0] or recorder.picture() or recorder.overdue())
