"""The loops that judge live: journal to ledger, and from the ledger's outbox to the store."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from alerting.ledger import TooOld
from alerting.record import Late
from alerting.rejudge.memory import last_event_of
from ingest.retry import until_done

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

    from alerting.ledger import Applied, Ledger, OutboxEntry
    from alerting.record import SubjectAlerts
    from alerting.rules_reader import RulesReader
    from hydro.errors import WatermasterError
    from ingest.decode import DecodedBatch
    from ingest.follow import Follower
    from storage.store import AlertPoint, Store

__all__ = ["AlertWriter", "RulesService"]

_LIMIT: Final = 4_000
_SLICE_S: Final = 0.2
_SLICE_SERIES: Final = 50
_SLICES: Final = 25
_MARK_S: Final = 5.0
_CURSOR_S: Final = 2.0
_OUTBOX_LIMIT: Final = 1_000
_OUTBOX_POLL_S: Final = 1.0


class RulesService:
    """Keeps the ledger up to date with the journal.

    Args:
        follower: The journal, decoded.
        reader: The rules.
        ledger: Alerts and the committed cursor.
        clock: Epoch milliseconds, for the ledger's own history.
        saved: Called with the position after each snapshot.
        changed: Called after alerts were written.
        failed: Told what the ledger complains about, and with None that it works.
        rng: For waits.

    Attributes:
        refused: Series and days to be judged again for which there was no room, since the start.
    """

    def __init__(
        self,
        follower: Follower,
        reader: RulesReader,
        ledger: Ledger,
        *,
        clock: Callable[[], int],
        saved: Callable[[int], None],
        changed: Callable[[], None],
        failed: Callable[[WatermasterError | None], None],
        rng: random.Random,
    ) -> None:
        self.refused = 0
        self._follower = follower
        self._reader = reader
        self._ledger = ledger
        self._clock = clock
        self._saved = saved
        self._changed = changed
        self._failed = failed
        self._rng = rng
        self._stopping = False
        self._saved_at = self._committed_at = self._marked_at = 0.0
        self._read_at: int | None = None
        self._old: list[TooOld] = []

    @property
    def position(self) -> int:
        """Journal position up to which everything was judged."""
        return self._reader.position

    def stop(self) -> None:
        """End :meth:`run` once the journal is read to its end."""
        self._stopping = True

    async def run(self) -> None:
        """Follow the journal until stopped."""
        loop = asyncio.get_running_loop()
        self._saved_at = self._committed_at = self._marked_at = loop.time()
        committed = await asyncio.to_thread(self._ledger.cursor, "rules")
        await self._catch_up(committed)
        committed = self._reader.position
        changes = self._rebuilt()
        while True:
            batch = await self._follower.next(self._reader.position, _LIMIT)
            if batch is not None:
                changes += self._reader.step(batch)
                self._note(batch)
            position = self._reader.position
            if changes or (position > committed and loop.time() - self._committed_at >= _CURSOR_S):
                await self._commit(changes, position)
                committed, self._committed_at = position, loop.time()
                changes = []
            stopping = batch is None and self._stopping
            if stopping or loop.time() - self._saved_at >= _SLICE_S:
                if position > committed:  # what is saved must not be ahead of the ledger
                    await self._commit([], position)
                    committed, self._committed_at = position, loop.time()
                await self._save(all_of_it=stopping)
            if stopping:
                return

    async def _save(self, *, all_of_it: bool) -> None:
        """Put down a slice of what changed; all of it within some seconds, without a pause that anybody feels."""
        loop = asyncio.get_running_loop()
        most = None if all_of_it else max(_SLICE_SERIES, self._reader.unsaved // _SLICES)
        due = all_of_it or loop.time() - self._marked_at >= _MARK_S  # the position moves even where nothing is judged
        if self._reader.unsaved or due:
            position = await until_done(lambda: asyncio.to_thread(self._reader.save, most), self._rng, self._failed)
            if due:
                self._saved(position)
                self._marked_at = loop.time()
        self._saved_at = loop.time()

    def _rebuilt(self) -> list[SubjectAlerts]:
        """What a register that has changed since the last start makes of what was judged.

        It leaves a trace at any age: what was said by another register was final, however late data may be.
        """
        now, known = self._clock(), last_event_of(self._reader.engines)
        late = Late(now, now if known is None else known)
        return [one._replace(late=late) for one in self._reader.rebuilt()]

    def _note(self, batch: DecodedBatch) -> None:
        """What the ledger must know of a batch beside the verdicts."""
        if len(batch.observations):
            self._read_at = int(batch.observations.received_at[-1])
        for found in self._reader.too_old():
            one = TooOld(
                found.station, found.quantity.text, found.day, found.received_at, found.readings, batch.first - 1
            )
            self._old.append(one)

    async def _commit(self, changes: list[SubjectAlerts], position: int) -> None:
        old, self._old = self._old, []

        async def apply() -> Applied:
            return await asyncio.to_thread(self._ledger.apply, changes, position, self._clock(), self._read_at, old)

        applied = await until_done(apply, self._rng, self._failed)
        self.refused += applied.refused
        if changes:
            self._changed()

    async def _catch_up(self, committed: int) -> None:
        """Read again what the ledger has; the output, alerts on their way to what they are by now, is held back."""
        while self._reader.position < committed:
            batch = await self._follower.next(self._reader.position, _LIMIT, until=committed)
            if batch is None:
                return  # the journal was lost behind the ledger's back; go on from what there is
            self._reader.step(batch)
            self._reader.too_old()  # that the ledger has, too


class AlertWriter:
    """Carries alert transitions from the ledger's outbox to the store.

    Args:
        ledger: Has the outbox.
        store: Where they go.
        failed: Told what the store complains about, and with None that it answers.
        refused: Told of each point that the store will never take, and why.
        rng: For waits.
    """

    def __init__(
        self,
        ledger: Ledger,
        store: Store,
        *,
        failed: Callable[[WatermasterError | None], None],
        refused: Callable[[AlertPoint, str], None],
        rng: random.Random,
    ) -> None:
        self._refused = refused
        self._failed = failed
        self._ledger = ledger
        self._store = store
        self._rng = rng
        self._wake = asyncio.Event()
        self._stopping = False

    def wake(self) -> None:
        """There is something in the outbox."""
        self._wake.set()

    def stop(self) -> None:
        """End :meth:`run` once the outbox is empty."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Empty the outbox, again and again, until stopped."""
        await until_done(self._store.ensure, self._rng, self._failed)
        while True:
            self._wake.clear()
            entries = await asyncio.to_thread(self._ledger.outbox, _OUTBOX_LIMIT)
            if entries:
                await self._carry(entries)
                continue
            if self._stopping:
                return
            try:
                await asyncio.wait_for(self._wake.wait(), _OUTBOX_POLL_S)
            except TimeoutError:
                continue

    async def _carry(self, entries: Sequence[OutboxEntry]) -> None:
        points = [entry.point for entry in entries]
        result = await until_done(lambda: self._store.write_alerts(points), self._rng, self._failed)
        for rejection in result.rejected:
            self._refused(points[rejection.row], rejection.reason)
        await asyncio.to_thread(self._ledger.outbox_written, entries)
