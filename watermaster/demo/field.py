"""The simulated basin as a part of the service: history first, then the story on the scenario's clock, day after day.

Nothing is lost and nothing is late: reports are published with QoS 1 in the order of their arrival, a stretch of ten
minutes at a time, and the next stretch waits until the broker has the one before. No stretch is as long as the
lateness that rules allow, so the gateways, each with a connection of its own, can't overtake each other by more.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from itertools import groupby
from typing import TYPE_CHECKING, Final

from hydro.instants import MINUTE_MS
from simulators.demo.places import GATEWAYS
from simulators.demo.story import OPENING
from simulators.demo.stream import EventKind, stream
from watermaster.demo.gateway import Gateway
from watermaster.part import Complaint

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulators.demo.story import Chapter, Story
    from simulators.demo.stream import Event
    from watermaster.demo.clock import ScenarioClock
    from watermaster.demo.gateway import Broker
    from watermaster.demo.plan import Plan
    from watermaster.part import Surroundings

__all__ = ["Field"]

_STRETCH_MS: Final = 10 * MINUTE_MS
_MOST_EVENTS: Final = 64
_POLL_S: Final = 0.02
_SETTLE_S: Final = 60.0


class Field:
    """A part.

    Args:
        surroundings: Of the service.
        plan: What is played, and when.
        clock: The service's clock; None where that is the real one.
        broker: Where gateways publish.
        told: Gets each chapter with its time, epoch milliseconds.
        live: Called when history is complete and the clock runs.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        *,
        plan: Plan,
        clock: ScenarioClock | None,
        broker: Broker,
        told: Callable[[int, Chapter], None],
        live: Callable[[], None],
    ) -> None:
        self._around = surroundings
        self._plan = plan
        self._clock = clock
        self._gateways = {name: Gateway(name, broker, Complaint(surroundings.log, "gateway")) for name in GATEWAYS}
        self._told = told
        self._live = live
        self._sent = 0
        self._events = stream(plan.story, seed=plan.seed, live_from=plan.live_from)
        self._next = next(self._events)
        self._running: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Connect all gateways."""
        for gateway in self._gateways.values():
            await gateway.connect(self._next.at)

    async def run(self) -> None:
        """Play until the time is over, or for ever."""
        self._running = asyncio.current_task()
        await self._load(self._plan.live_from)
        await self._settle()
        self._live()
        with suppress(TimeoutError):  # the time is over: nothing else that is awaited raises it
            async with asyncio.timeout(self._plan.for_s):
                await self._play()
        await self._settle()

    async def stop(self) -> None:
        """Stop playing, take leave."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait({self._running})
        for gateway in self._gateways.values():
            await gateway.close()

    async def _play(self) -> None:
        story, begin = self._plan.story, self._plan.live_from
        while True:
            if self._clock is not None:
                self._clock.run()
            self._told(begin, OPENING)
            tomorrow = story.next_day()
            await self._until(tomorrow.live_from if self._plan.real else story.live_until, begin, story)
            story, begin = tomorrow, tomorrow.live_from
            if not self._plan.real:
                await self._load(begin)
                await self._settle()

    async def _load(self, until: int) -> None:
        """Publish as fast as the broker takes it what arrives before an instant; then the clock stands there."""
        while self._next.at < until:
            stretch_end = min(self._next.at + _STRETCH_MS, until)
            await self._publish(self._take(stretch_end))
            self._stand(stretch_end)
        self._stand(until)

    async def _until(self, until: int, begin: int, story: Story) -> None:
        """Publish everything when its time comes."""
        chapters = story.chapters(begin, until)
        while True:
            now = self._now()
            while chapters and chapters[0][0] <= now:
                self._told(*chapters.pop(0))
            if self._next.at <= now:
                await self._publish(self._take(min(now + 1, self._next.at + _STRETCH_MS), _MOST_EVENTS))
                continue
            if now >= until:
                return
            coming = min([until, self._next.at, *(at for at, _ in chapters[:1])])
            await asyncio.sleep(max(coming - now, 1) / 1000 / self._plan.speed)

    def _now(self) -> int:
        return self._around.clock()

    def _stand(self, at: int) -> None:
        if self._clock is not None:
            self._clock.stand(at)

    def _take(self, before: int, most: int | None = None) -> list[Event]:
        """Events before an instant, in order."""
        taken: list[Event] = []
        while self._next.at < before and (most is None or len(taken) < most):
            taken.append(self._next)
            self._next = next(self._events)
        return taken

    async def _publish(self, events: list[Event]) -> None:
        for kind, several in groupby(events, key=lambda event: event.kind):
            happening = list(several)
            if kind is EventKind.REPORT:
                await self._report(happening)
                continue
            for event in happening:
                gateway = self._gateways[event.gateway]
                await (gateway.fall() if kind is EventKind.LOST else gateway.connect(event.at))

    async def _report(self, reports: list[Event]) -> None:
        by_gateway: dict[str, list[Event]] = {}
        for event in reports:
            by_gateway.setdefault(event.gateway, []).append(event)
        await asyncio.gather(*(self._gateways[name].publish(several) for name, several in by_gateway.items()))
        self._sent += len(reports)

    async def _settle(self) -> None:
        """Wait until everything that was published is stored and judged."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _SETTLE_S
        while not self._settled():
            if loop.time() > deadline:
                self._around.log.warning("demo_is_behind", sent=self._sent, **self._reached())
                return
            await asyncio.sleep(_POLL_S)

    def _settled(self) -> bool:
        totals = self._around.metrics.totals
        if totals is None or totals().messages_received < self._sent:
            return False
        reached = self._reached()
        return min(reached.values()) >= reached["journal"]

    def _reached(self) -> dict[str, int]:
        return {reader: position() for reader, position in self._around.metrics.positions.items()}
