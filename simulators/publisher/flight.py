"""One connection's messages between being handed over and being acknowledged: flow control as a value; no network.

Messages are numbered from 0 in the order of handing over; the packet id is the number modulo `PACKET_IDS`, plus one. It
stays theirs over reconnections, so their packets are built once.

* At most ``window`` are under way, the broker's Receive Maximum (MQTT 5, 4.9).
* Brokers acknowledge in order (MQTT 5, 4.6), and runs in order are the fast way; one out of order is acknowledged where
  it stands and keeps its place, empty, until all before it are. The places, too, are at most `PACKET_IDS`, so no packet
  id is used twice at a time.
* After a loss of the connection exactly those that were sent and not acknowledged come again, first and in order.
"""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

from simulators.publisher.packets import HEARD, PACKET_IDS, UNHEARD, Runs, again, was_sent

__all__ = ["Acknowledged", "Flight"]

_DONE: Final = b""


class Acknowledged(NamedTuple):
    """Messages that were sent together and acknowledged together.

    Attributes:
        messages: How many.
        waited_s: From sending to acknowledgement.
    """

    messages: int
    waited_s: float


class _Sending:
    """Messages that were sent together: number after the last, instant, how many are not acknowledged."""

    __slots__ = ("at", "end", "owed")

    def __init__(self, end: int, at: float, owed: int) -> None:
        self.end, self.at, self.owed = end, at, owed


class Flight:
    """See the module.

    Attributes:
        under_way: Sent and not acknowledged.
    """

    def __init__(self) -> None:
        self.under_way = 0
        self._owed = 0
        # Packets in the order of their numbers, those sent on this connection first; `_DONE` where one was acknowledged
        # out of turn.
        self._sent: deque[bytes] = deque()
        self._waiting: deque[bytes] = deque()
        self._first = 0  # number of the first in them
        self._next = 0  # number after the last in them
        self._sendings: deque[_Sending] = deque()

    @property
    def waiting(self) -> int:
        """Places of those that are not sent on this connection."""
        return len(self._waiting)

    @property
    def unsent(self) -> int:
        """Messages that are not sent on this connection."""
        return self._owed - self.under_way

    @property
    def never_sent(self) -> int:
        """Messages that were not sent on any connection."""
        return sum(1 for packet in self._waiting if packet and not was_sent(packet))

    @property
    def next_id(self) -> int:
        """Packet id of the message that `add` takes next."""
        return self._next % PACKET_IDS + 1

    def add(self, packet: bytes) -> None:
        """Take a PUBLISH with the packet id `next_id`."""
        self._waiting.append(packet)
        self._next += 1
        self._owed += 1

    def room(self, window: int) -> int:
        """Messages that may be sent now.

        Args:
            window: The broker's Receive Maximum.
        """
        return min(len(self._waiting), window - self.under_way, PACKET_IDS - len(self._sent))

    def take(self, count: int, at: float) -> bytes:
        """Packets to be sent now.

        Args:
            count: How many, at most `room`.
            at: The instant, seconds.
        """
        waiting = self._waiting
        taken = [waiting.popleft() for _ in range(count)]
        self._sent.extend(taken)
        count -= taken.count(_DONE)
        self.under_way += count
        if count:
            self._sendings.append(_Sending(self._first + len(self._sent), at, count))
        self._let_go()
        return b"".join(taken)

    def run_of(self, data: bytes) -> tuple[int, Runs]:
        """How many PUBACKs of one kind, next in turn, the data is: all whole packets of it, or 0.

        Args:
            data: Beginning with a packet.
        """
        kind = UNHEARD if data[1:2] == UNHEARD.text[1:2] else HEARD
        count, start = len(data) // kind.each, self._first % PACKET_IDS
        if not count or len(self._sent) != self.under_way or count > min(self.under_way, PACKET_IDS - start):
            return 0, kind
        is_run = data.startswith(kind.text[start * kind.each : (start + count) * kind.each])
        return (count if is_run else 0), kind

    def acknowledge_run(self, count: int, at: float) -> list[Acknowledged]:
        """Take PUBACKs of success that are next in turn.

        Args:
            count: How many, at most `under_way`.
            at: When they came, seconds.
        """
        sent = self._sent
        for _ in range(count):
            sent.popleft()
        self._first += count
        self.under_way -= count
        self._owed -= count
        found = []
        while count:
            sending = self._sendings[0]
            part = min(count, sending.owed)
            found.append(Acknowledged(part, at - sending.at))
            count -= part
            self._settle(sending, part)
        return found

    def acknowledge(self, packet_id: int, at: float) -> Acknowledged | None:
        """Take one PUBACK, whatever it says, in turn or not.

        Args:
            packet_id: Of what it acknowledges.
            at: When it came, seconds.

        Returns:
            None where no message with this packet id is under way.
        """
        if not self.packet(packet_id):
            return None
        sent = self._sent
        place = (packet_id - 1 - self._first) % PACKET_IDS
        number = self._first + place
        sending = next(each for each in self._sendings if number < each.end)
        self._settle(sending, 1)
        sent[place] = _DONE
        self._let_go()
        self.under_way -= 1
        self._owed -= 1
        return Acknowledged(1, at - sending.at)

    @property
    def head(self) -> bytes:
        """The first PUBLISH that is not acknowledged; empty without one."""
        return next(filter(None, (*self._sent, *self._waiting)), b"")

    def packet(self, packet_id: int) -> bytes:
        """The PUBLISH under way with this packet id; empty where there is none."""
        place = (packet_id - 1 - self._first) % PACKET_IDS
        return self._sent[place] if place < len(self._sent) else b""

    def rewind(self) -> int:
        """The connection is gone: what it has not acknowledged will be sent again, marked as sent before.

        Returns:
            How many these are.
        """
        count = self.under_way
        self._waiting.extendleft(packet and again(packet) for packet in reversed(self._sent))
        self._sent.clear()
        self._sendings.clear()
        self.under_way = 0
        return count

    def _settle(self, sending: _Sending, count: int) -> None:
        sending.owed -= count
        while self._sendings and not self._sendings[0].owed:
            self._sendings.popleft()

    def _let_go(self) -> None:
        """Forget those at the beginning that are acknowledged."""
        while self._sent and not self._sent[0]:
            self._sent.popleft()
            self._first += 1
