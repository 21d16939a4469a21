"""The demo as a stream: what every gateway publishes, in order of arrival. Same seed, same story: same bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from hydro.instants import DAY_MS, MINUTE_MS
from simulators.demo.chance import Chance
from simulators.demo.devices import Devices, Shown
from simulators.demo.messages import backlog, report
from simulators.demo.places import DARK_GATEWAY, GATEWAYS
from simulators.demo.river import RiverModel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulators.demo.story import Story

__all__ = ["HISTORY_MS", "Event", "EventKind", "stream"]

HISTORY_MS: Final = DAY_MS
"""What is loaded before the clock runs."""

_SLOT_MS: Final = 5 * MINUTE_MS
_WARM_UP_MS: Final = 2 * DAY_MS
_SPREAD_MS: Final = 400
_HAND_IN_MS: Final = 150


class EventKind(StrEnum):
    """What a gateway does."""

    REPORT = "report"
    """Publishes readings."""

    LOST = "lost"
    """Falls off the network, so that the broker publishes its will."""

    BACK = "back"
    """Connects again and says so."""


class Event(NamedTuple):
    """Something that a gateway does.

    Attributes:
        at: When it arrives, epoch milliseconds.
        gateway: Who.
        kind: What.
        payload: Of a report.
    """

    at: int
    gateway: str
    kind: EventKind
    payload: bytes = b""


@dataclass(slots=True)
class _Gateway:
    """A gateway with its memory.

    Attributes:
        name: As in topics.
        sequence: Reports sent so far.
        kept: Reports that could not be sent.
    """

    name: str
    sequence: int = 0
    kept: list[tuple[int, dict[str, Shown]]] = field(default_factory=list)

    def events(self, at: int, shown: dict[str, Shown], chance: Chance, *, dark: bool) -> Iterator[Event]:
        """What it does about one report, which it has a moment after the minute."""
        arrival = at + 1_500 + 900 * GATEWAYS.index(self.name) + chance.below(_SPREAD_MS)
        if dark:
            if not self.kept:
                yield Event(arrival, self.name, EventKind.LOST)
            self.kept.append((at, shown))
            return
        if self.kept:
            yield Event(arrival, self.name, EventKind.BACK)
            for payload in backlog(self.name, self.kept):
                arrival += _HAND_IN_MS
                yield Event(arrival, self.name, EventKind.REPORT, payload)
            self.kept.clear()
        self.sequence += 1
        for payload in report(self.name, at, shown, self.sequence):
            arrival += 20 + chance.below(_SPREAD_MS)
            yield Event(arrival, self.name, EventKind.REPORT, payload)


def stream(story: Story, *, seed: int, live_from: int | None = None) -> Iterator[Event]:
    """Everything that arrives, from a day before the clock runs, without end.

    Args:
        story: What happens.
        seed: Of all chance.
        live_from: Where the clock begins to run, epoch milliseconds; where the story says by default.

    Yields:
        Events in order of arrival.
    """
    begins = _slot_after((story.live_from if live_from is None else live_from) - HISTORY_MS)
    river = RiverModel(story, Chance("river", seed))
    devices = Devices(story, Chance("devices", seed))
    delays = Chance("delays", seed)
    gateways = [_Gateway(name) for name in GATEWAYS]
    at = begins - _WARM_UP_MS
    while at < begins:
        river.step(at)
        at += _SLOT_MS
    while True:
        shown = devices.read(river.step(at))
        events: list[Event] = []
        for gateway in gateways:
            dark = gateway.name == DARK_GATEWAY and story.gateway_is_dark(at)
            events += gateway.events(at, shown, delays, dark=dark)
        # All of a report is there before the next: nobody is as slow as a slot is long.
        yield from sorted(events, key=lambda event: event.at)
        at += _SLOT_MS


def _slot_after(at: int) -> int:
    return -(-at // _SLOT_MS) * _SLOT_MS
