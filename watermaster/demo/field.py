"""The simulated basin as a part of the service: history first, then the story on the scenario's clock, day after day.

Nothing is lost and nothing is late: reports are published with QoS 1 in the order of their arrival, a stretch of ten
minutes at a time, and the next stretch waits until the broker has the one before. No stretch is as long as the
lateness that rules allow, so the gateways, each with a connection of its own, can't overtake each other by more.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Final

from hydro.instants import MINUTE_MS
from watermaster.demo.gateway import Gateway
from watermaster.demo.story import story_of
from watermaster.demo.stream import Stream, played
from watermaster.part import Complaint

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulators.play import Arrival
    from simulators.scenario import Chapter
    from watermaster.demo.clock import ScenarioClock
    from watermaster.demo.gateway import Broker
    from watermaster.demo.plan import Plan
    from watermaster.demo.story import Story
    from watermaster.part import Surroundings

__all__ = ["Field"]

_STRETCH_MS: Final = 10 * MINUTE_MS
_MOST_MESSAGES: Final = 64
_STATUS: Final = "/status"
_OFFLINE: Final = b"offline"
_POLL_S: Final = 0.02
_SETTLE_S: Final = 60.0


class Field:
    """A part.

    Args:
        surroundings: Of the service.
        plan: What is played, and when.
        clock: The service's clock; None where that is the real one.
        broker: Where gateways publish.
        told: Gets each chapter when its time comes.
        live: Called when history is complete and the clock runs.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        *,
        plan: Plan,
        clock: ScenarioClock | None,
        broker: Broker,
        told: Callable[[Chapter], None],
        live: Callable[[], None],
    ) -> None:
        self._around = surroundings
        self._plan = plan
        self._clock = clock
        names = [gateway.name for gateway in plan.scenario.gateways]
        self._gateways = {name: Gateway(name, broker, Complaint(surroundings.log, "gateway")) for name in names}
        self._told = told
        self._live = live
        self._sent = 0
        self._prefix = f"{broker.prefix}/"
        play = played(plan, broker.prefix)
        self._begins = play.start
        self._stream = Stream(play)
        self._running: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Connect all gateways."""
        for gateway in self._gateways.values():
            await gateway.connect(self._begins)

    async def run(self) -> None:
        """Play until the time is over, or the last day of the story."""
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
        story, begin = story_of(self._plan.scenario), self._plan.live_from
        last = max(order.end for order in self._plan.scenario.orders)
        while begin < last:
            if self._clock is not None:
                self._clock.run()
            self._told(replace(story.opening, at=begin))
            tomorrow = story.next_day()
            await self._until(tomorrow.live_from if self._plan.real else story.live_until, begin, story)
            story, begin = tomorrow, tomorrow.live_from
            if not self._plan.real:
                await self._load(begin)
                await self._settle()

    async def _load(self, until: int) -> None:
        """Publish as fast as the broker takes it what arrives before an instant; then the clock stands there."""
        await asyncio.to_thread(self._stream.play_to, until)
        while (following := self._stream.next_at()) < until:
            stretch_end = min(following + _STRETCH_MS, until)
            await self._publish(self._stream.take(stretch_end))
            self._stand(stretch_end)
        self._stand(until)

    async def _until(self, until: int, begin: int, story: Story) -> None:
        """Publish everything when its time comes."""
        chapters = story.told(begin, until)
        while True:
            now = self._now()
            while chapters and chapters[0].at <= now:
                self._told(chapters.pop(0))
            following = self._stream.next_at()
            if following <= now:
                await self._publish(self._stream.take(min(now + 1, following + _STRETCH_MS), _MOST_MESSAGES))
                continue
            if now >= until:
                return
            coming = min([until, following, *(chapter.at for chapter in chapters[:1])])
            await asyncio.sleep(max(coming - now, 1) / 1000 / self._plan.speed)

    def _now(self) -> int:
        return self._around.clock()

    def _stand(self, at: int) -> None:
        if self._clock is not None:
            self._clock.stand(at)

    async def _publish(self, messages: list[Arrival]) -> None:
        for is_status, several in groupby(messages, key=lambda message: message[1].endswith(_STATUS)):
            if not is_status:
                await self._report(list(several))
                continue
            for at, topic, payload in several:
                gateway = self._gateways[self._sender(topic)]
                await (gateway.fall() if payload == _OFFLINE else gateway.connect(at))

    async def _report(self, reports: list[Arrival]) -> None:
        by_gateway: dict[str, list[Arrival]] = {}
        for report in reports:
            by_gateway.setdefault(self._sender(report[1]), []).append(report)
        await asyncio.gather(*(self._gateways[name].publish(several) for name, several in by_gateway.items()))
        self._sent += len(reports)

    def _sender(self, topic: str) -> str:
        return topic.removeprefix(self._prefix).split("/", 1)[0]

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
