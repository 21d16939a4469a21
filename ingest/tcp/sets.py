"""Bodies in several packets (SL 651, mode M3), put together over frames, connections and time. Pure: time is given.

A packet belongs to the set of its station, centre, function and total; the serial number stands in the first one only.
Once the last packet has come, the first missing one is asked for (NAK), then the next; again after a silence. One that
was asked for twice in vain, a silence that is too long, another first packet, or want of room end a set: it is handed
on as it is, so that nothing is lost, and not confirmed, so that the station sends it again.

The last packet of a set that is safe, sent again, says that our confirmation was lost: it is confirmed again.

Source: SL 651-2014 6.5 and 7.2.3, in the approval drafts: at most two resends, one confirmation for all packets.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from ingest.codecs.sl651.control import Control
from ingest.codecs.sl651.frame import Frame, Message
from ingest.codecs.sl651.packets import Lacking, SetKey, set_key
from ingest.tcp.uplink import Uplink, joined

if TYPE_CHECKING:
    from ingest.tcp.limits import Limits

__all__ = ["Abandoned", "Repeated", "SetEvent", "Sets", "Wanted", "Whole"]

_MOST_REQUESTS: Final = 2
_OVERHEAD: Final = 700
"""Bytes that a packet takes besides its own while it is held, about."""
_REMEMBERED: Final = 10_000
_REMEMBERED_S: Final = 600.0


class Whole(NamedTuple):
    """A set is complete."""

    uplink: Uplink


class Wanted(NamedTuple):
    """A packet is missing.

    Attributes:
        packet: Any packet of the set.
        number: Of the missing one.
        serial: Of the set; None if its first packet is missing.
    """

    packet: Uplink
    number: int
    serial: int | None


class Repeated(NamedTuple):
    """The last packet of a set came again that was complete."""

    uplink: Uplink


class Abandoned(NamedTuple):
    """A set was given up.

    Attributes:
        uplink: Its packets that came.
        lacking: Number of the first that did not.
    """

    uplink: Uplink
    lacking: int


SetEvent = Whole | Wanted | Repeated | Abandoned


@dataclass(slots=True)
class _Set:
    heard_at: float
    lacking: Lacking
    asked_at: float = 0.0
    packets: dict[int, tuple[Uplink, Frame]] = field(default_factory=dict)
    size: int = 0
    has_end: bool = False
    wanted: int | None = None
    requests: int = 0

    @property
    def serial(self) -> int | None:
        first = self.packets.get(1)
        return first[1].body.serial if first is not None and isinstance(first[1].body, Message) else None

    def uplink(self) -> Uplink:
        ordered = [uplink for _, (uplink, _) in sorted(self.packets.items())]
        return joined(ordered, self.serial)


class Sets:
    """The sets that are not complete yet, and which ones were lately.

    Attributes:
        size: Bytes held, what they cost in memory included.
    """

    def __init__(self, limits: Limits) -> None:
        self.size = 0
        self._limits = limits
        self._open: OrderedDict[SetKey, _Set] = OrderedDict()  # the longest silent first
        self._done: OrderedDict[SetKey, tuple[int | None, float]] = OrderedDict()

    def __len__(self) -> int:
        """Count the sets that are not complete."""
        return len(self._open)

    def take(self, uplink: Uplink, at: float) -> list[SetEvent]:
        """Take a packet.

        Args:
            uplink: One for which ``is_packet`` holds.
            at: Seconds of any clock that never goes back.
        """
        frame = uplink.frame
        if not isinstance(frame, Frame) or frame.packet is None:
            raise TypeError("only packets belong to sets")
        key, number = set_key(frame), frame.packet.number
        events: list[SetEvent] = []
        found = self._open.get(key)
        if found is None and self._was_done(key, frame, at):
            serial = self._done[key][0]
            return [Repeated(uplink._replace(serial=serial))] if _is_end(frame) else []
        if found is not None and number == 1 and 1 in found.packets and found.serial != _serial(frame):
            events.append(self._abandon(key))
            found = None
        if found is None:
            found = self._open[key] = _Set(at, Lacking(key.total, frame.coding))
        self._put(found, number, uplink, frame)
        found.heard_at = at
        found.has_end = found.has_end or _is_end(frame)
        self._open.move_to_end(key)
        # While one is wanted, others may come again with it: only that one, or the end, is a reason to ask anew.
        if found.has_end and (found.wanted is None or found.wanted in found.packets or _is_end(frame)):
            events += self._settle(key, found, at)
        return events + self._make_room()

    def due(self, at: float) -> list[SetEvent]:
        """What silence has made due."""
        events: list[SetEvent] = []
        for key, found in list(self._open.items()):
            if at - found.heard_at >= self._limits.set_s:
                events.append(self._abandon(key))
            elif at - max(found.heard_at, found.asked_at) >= self._limits.packet_s:
                events += self._settle(key, found, at)
        while self._done and at - next(iter(self._done.values()))[1] > _REMEMBERED_S:
            self._done.popitem(last=False)
        return events

    def give_up(self) -> list[SetEvent]:
        """End all sets: nothing more will be taken."""
        return [self._abandon(key) for key in list(self._open)]

    def _put(self, found: _Set, number: int, uplink: Uplink, frame: Frame) -> None:
        before = found.packets.get(number)
        grown = len(uplink.data) + _OVERHEAD if before is None else len(uplink.data) - len(before[0].data)
        found.packets[number] = uplink, frame
        found.lacking.add(number)
        found.size += grown
        self.size += grown

    def _settle(self, key: SetKey, found: _Set, at: float) -> list[SetEvent]:
        """Complete, or ask for the first packet that is missing."""
        if found.wanted is not None and found.wanted not in found.packets and found.requests >= _MOST_REQUESTS:
            return [self._abandon(key)]
        lacking = found.lacking.first
        if not lacking:
            self._close(key)
            self._done[key] = found.serial, at
            self._done.move_to_end(key)
            if len(self._done) > _REMEMBERED:
                self._done.popitem(last=False)
            return [Whole(found.uplink())]
        if lacking != found.wanted:
            found.wanted, found.requests = lacking, 0
        found.requests += 1
        found.asked_at = at
        uplink, _ = next(iter(found.packets.values()))
        return [Wanted(uplink, lacking, found.serial)]

    def _was_done(self, key: SetKey, frame: Frame, at: float) -> bool:
        """Whether a packet belongs to a set that was complete; another first packet begins a new one."""
        done = self._done.get(key)
        if done is None or at - done[1] > _REMEMBERED_S:
            return False
        if frame.packet is not None and frame.packet.number == 1:
            del self._done[key]
            return False
        return True

    def _make_room(self) -> list[SetEvent]:
        events: list[SetEvent] = []
        if self._open:
            key, newest = next(reversed(self._open.items()))
            if newest.size > self._limits.set_bytes:
                events.append(self._abandon(key))
        while self.size > self._limits.sets_bytes:
            events.append(self._abandon(next(iter(self._open))))
        return events

    def _abandon(self, key: SetKey) -> Abandoned:
        found = self._close(key)
        return Abandoned(found.uplink(), found.lacking.first)

    def _close(self, key: SetKey) -> _Set:
        found = self._open.pop(key)
        self.size -= found.size
        return found


def _is_end(frame: Frame) -> bool:
    return frame.packet is not None and (frame.packet.number == frame.packet.total or frame.end is Control.ETX)


def _serial(frame: Frame) -> int | None:
    return frame.body.serial if isinstance(frame.body, Message) else None
