"""The job that judges old days again: requests of the ledger in, samples of the store in, traces out.

It waits until the store has what made a request, and until the rules have let go of the days; it works on one target
at a time and rests in between. A request leaves the ledger in the transaction that takes over what came of it.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from alerting.ledger import Rejudged
from alerting.rejudge.again import ALERT_CLASS, judged_again, series_of
from alerting.rejudge.memory import judged_series, memory_from
from alerting.rejudge.stretch import MOST_MONTHS, end_of_day, first_stretch, is_whole, settled
from hydro.errors import WatermasterError
from hydro.instants import DAY_MS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alerting.ledger import Ledger, ToRejudge
    from alerting.record import SubjectAlerts
    from alerting.rejudge.stretch import Stretch
    from hydro.quantity import Quantity
    from hydro.register import Register
    from storage.store import Point, Store

__all__ = ["RejudgeCounts", "RejudgingJob"]

_PAGE: Final = 1_000
_POLL_S: Final = 10.0
_SOON_S: Final = 1.0
_RETRY_S: Final = 30.0
_REST_S: Final = 0.05
_AGAIN_MS: Final = DAY_MS
_READ_MS: Final = 31 * DAY_MS
_SLACK_MS: Final = 2 * DAY_MS  # the rules let go of a day up to two days after they may


class RejudgeCounts:
    """What was done since the start.

    Attributes:
        waiting: Series and days in the ledger, when last looked.
        judged: Series and days that were judged again.
        impossible: Those that the store has summed up meanwhile, or whose alert began too long before.
    """

    __slots__ = ("impossible", "judged", "waiting")

    def __init__(self) -> None:
        self.waiting = self.judged = self.impossible = 0


class _Outcome(NamedTuple):
    """What became of one target; None where it can't be judged."""

    again: Rejudged | None
    waits: bool


class RejudgingJob:
    """Judges again what the ledger asks for.

    Args:
        ledger: Asks.
        store: Has the samples.
        register: Master data.
        revise_days: ``time.revise_days``.
        last_event: Greatest event time that the rules have accepted; None before the first.
        stored: Journal position up to which the store has everything.
        clock: Epoch milliseconds.
        changed: Called after alerts were written.
        failed: Told what fails, and with None that it works.

    Attributes:
        counts: See there.
    """

    def __init__(
        self,
        ledger: Ledger,
        store: Store,
        register: Register,
        *,
        revise_days: int,
        last_event: Callable[[], int | None],
        stored: Callable[[], int],
        clock: Callable[[], int],
        changed: Callable[[], None],
        failed: Callable[[WatermasterError | None], None],
    ) -> None:
        self.counts = RejudgeCounts()
        self._ledger = ledger
        self._store = store
        self._register = register
        self._revise_days = revise_days
        self._last_event = last_event
        self._stored = stored
        self._clock = clock
        self._changed = changed
        self._failed = failed
        self._targets = judged_series(register)
        self._put_off: dict[int, int] = {}
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """End :meth:`run` soon; what is begun is done again after the next start."""
        self._stopping.set()

    async def run(self) -> None:
        """Judge until stopped."""
        while not self._stopping.is_set():
            try:
                is_done = await self.judge_some()
            except WatermasterError as error:
                self._failed(error)
                await self._rest(_RETRY_S)
            else:
                self._failed(None)
                await self._rest(_POLL_S if is_done else _SOON_S)

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    async def judge_some(self) -> bool:
        """Look through all that is asked for once, and do what can be done by now.

        Returns:
            False where the store is behind, so that it is worth looking again soon.

        Raises:
            WatermasterError: Ledger or store don't do what they should; may be tried again.
        """
        self.counts.waiting = await asyncio.to_thread(self._ledger.rejudging_size)
        last_event = self._last_event()
        if not self.counts.waiting or last_event is None:
            return True
        until = memory_from(last_event, self._revise_days) - _SLACK_MS
        number, now, stored, is_behind = 0, self._clock(), self._stored(), False
        while page := await asyncio.to_thread(self._ledger.to_rejudge, _PAGE, number):
            number = page[-1].number
            series: defaultdict[tuple[str, str], list[ToRejudge]] = defaultdict(list)
            for one in page:
                if one.upto > stored:
                    is_behind = True
                elif self._put_off.get(one.number, now) <= now:
                    series[one.what.station, one.what.quantity].append(one)
            for requests in series.values():
                if self._stopping.is_set():
                    return True
                await self._judge(requests, until)
                await self._rest(_REST_S)
        self.counts.waiting = await asyncio.to_thread(self._ledger.rejudging_size)
        return not is_behind

    async def _judge(self, requests: Sequence[ToRejudge], until: int) -> None:
        """All targets that one series bears on."""
        what = requests[0].what
        targets = [
            target_id
            for (station, quantity), found in self._targets.items()
            if (station, quantity.text) == (what.station, what.quantity)
            for target_id in sorted(found)
        ]
        outcomes = [await self._target(target_id, requests, until) for target_id in targets]
        again = [outcome.again for outcome in outcomes if outcome.again is not None]
        waits = any(outcome.waits for outcome in outcomes)
        done = [] if waits else requests
        if again or done:
            applied = await asyncio.to_thread(self._ledger.apply_again, again, done, self._clock())
            if any(applied):
                self._changed()
        for one in requests:
            self._put_off.pop(one.number, None)
            if waits:
                self._put_off[one.number] = self._clock() + _AGAIN_MS
        if any(outcome.again is None and not outcome.waits for outcome in outcomes):
            self.counts.impossible += len(done)
        else:
            self.counts.judged += len(done)

    async def _target(self, target_id: str, requests: Sequence[ToRejudge], until: int) -> _Outcome:
        rows = self._register.targets[target_id]
        zone, hour = self._register.zone_minutes, max(row.day_start_hour for row in rows)
        days = [one.what.day for one in requests]
        stretch = first_stretch(days, until, zone, hour)
        if stretch.start >= until:
            return _Outcome(None, waits=True)
        summed_up = await self._store.kept_since(None)
        while stretch.months <= MOST_MONTHS and (summed_up is None or summed_up <= stretch.reading):
            found = await self._found(target_id, stretch)
            said = await asyncio.to_thread(
                self._ledger.alerts_between,
                ALERT_CLASS,
                found.subject_kind,
                found.subject,
                target_id,
                stretch.start,
                until,
            )
            if not is_whole(stretch, said, found.alerts):
                stretch = stretch.earlier(zone, hour)
                continue
            outcome = settled(stretch, said, found.alerts, end_of_day(max(days), zone))
            again = Rejudged(
                ALERT_CLASS,
                found.subject_kind,
                found.subject,
                target_id,
                stretch.start,
                outcome.end,
                outcome.alerts,
                max(one.what.received_at for one in requests),
                min(one.what.after for one in requests),
            )
            return _Outcome(again, outcome.waits)
        return _Outcome(None, waits=False)

    async def _found(self, target_id: str, stretch: Stretch) -> SubjectAlerts:
        samples: dict[tuple[str, Quantity], list[Point]] = {}
        for station, quantity in series_of([target_id], self._register):
            points = samples[station, quantity] = []
            for since in range(stretch.reading, stretch.until, _READ_MS):
                points += await self._store.read(station, quantity.text, since, min(since + _READ_MS, stretch.until))
        [found] = await asyncio.to_thread(judged_again, self._register, [target_id], samples, stretch.until)
        return found
