"""The loop that tells Alertmanager: what changed at once, all of it every half minute."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from alerting.ledger.notices import Silenced
from alerting.muting import muted_by
from alerting.notify.notice import alive, down, muted
from alerting.notify.round import plan_round
from hydro.errors import WatermasterError
from hydro.register import AlertClass

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping

    from alerting.ledger import Ledger
    from alerting.notify.alertmanager import Alertmanager
    from alerting.notify.notice import NoticeOf
    from alerting.record import AlertRecord
    from hydro.register import Register

__all__ = ["Counts", "Notifier"]

_LOOK_S: Final = 0.5
_MISSED: Final = 4
_LONGEST_WAIT_S: Final = 5.0


@dataclass(slots=True)
class Counts:
    """What was told since the start.

    Attributes:
        told: Notices that Alertmanager took, repetitions included.
        begun: Alerts told for the first time.
        failed: Rounds that it didn't take.
        forgotten: Alerts that were over and too old when they could have been told.
        silenced: Alerts that are silenced now.
    """

    told: int = 0
    begun: int = 0
    failed: int = 0
    forgotten: int = 0
    silenced: int = 0


class Notifier:
    """Tells one Alertmanager.

    Args:
        ledger: Has the alerts, and what was told of them.
        alertmanager: Who is told.
        register: Announced work.
        notice_of: Makes notices.
        every_s: Between two rounds that tell everything.
        clock: Epoch milliseconds.
        failed: Told what fails, and with None that it works.
        rng: For waits.

    Attributes:
        counts: For metrics.
    """

    def __init__(
        self,
        ledger: Ledger,
        alertmanager: Alertmanager,
        register: Register,
        notice_of: NoticeOf,
        *,
        every_s: float,
        clock: Callable[[], int],
        failed: Callable[[WatermasterError | None], None],
        rng: random.Random,
    ) -> None:
        self.counts = Counts()
        self._ledger = ledger
        self._alertmanager = alertmanager
        self._register = register
        self._notice_of = notice_of
        self._every_s = every_s
        self._clock = clock
        self._failed = failed
        self._rng = rng
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """End :meth:`run` after the round at hand."""
        self._stopping.set()

    async def run(self) -> None:
        """Tell until stopped. Alertmanager away is waited for; alerts wait in the ledger meanwhile."""
        loop = asyncio.get_running_loop()
        all_told, seen, wait = -self._every_s, -1, _LOOK_S
        while not self._stopping.is_set():
            again = loop.time() - all_told >= self._every_s
            try:
                changes = await asyncio.to_thread(self._ledger.changes)
                if again or changes != seen:
                    started = loop.time()
                    await self._round(again=again)
                    seen, all_told = changes, started if again else all_told
                self._failed(None)
                wait = _LOOK_S
            except WatermasterError as error:
                if not error.retryable:
                    raise
                self.counts.failed += 1
                self._failed(error)
                seen, wait = -1, min(2 * wait, _LONGEST_WAIT_S)
            await self._pause(self._rng.uniform(0.5, 1.0) * wait)

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return

    async def _round(self, *, again: bool) -> None:
        at, every_ms = self._clock(), round(1000 * self._every_s)
        notices = self._ledger.notices
        if again:
            await asyncio.to_thread(notices.begin, at)
        standing = await asyncio.to_thread(notices.standing, changed=not again)
        mute = self._muting(await asyncio.to_thread(notices.stopped))
        plan = plan_round(standing, self._notice_of, mute, muted, at=at, every_ms=every_ms, again=again)
        beat = [alive(at, at + _MISSED * every_ms), down(at)] if again else []
        tell = [*beat, *plan.notices]
        if tell:
            await self._alertmanager.tell(tell)
        self.counts.told += len(plan.notices)
        self.counts.begun += len(plan.begun)
        self.counts.forgotten += plan.forgotten
        if plan.told or plan.done:
            await asyncio.to_thread(notices.remember, plan.told, plan.begun, plan.done, at)
        if again:
            await self._ask_silences()

    async def _ask_silences(self) -> None:
        found = await self._alertmanager.silenced()
        self.counts.silenced = len(found)
        silenced = {one: Silenced(why.until, why.by, why.comment) for one, why in found.items()}
        await asyncio.to_thread(self._ledger.notices.silence, silenced)

    def _muting(self, stopped: Mapping[str, str]) -> Callable[[AlertRecord, int], str | None]:
        """Why nobody is told of an alert: announced work, or the river has stopped, which is told instead."""

        def mute(record: AlertRecord, at: int) -> str | None:
            if record.alert_class == AlertClass.EFLOW_SHORTFALL and record.subject in stopped:
                return stopped[record.subject]
            work = muted_by(record, self._register, at)
            return None if work is None else work.id

        return mute
