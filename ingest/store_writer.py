"""The loop that feeds the store: read, decode, step, send; in journal order, one request ahead.

The journal holds what the store hasn't got, so a store that is away is waited for as long as it takes, and so is
room on a disk that is full. The cursor is saved only when everything up to it has been answered for.

A store that keeps the journal position with its rows says after a crash itself what it has; what is read again up to
there is counted, not written. Its position is never behind the snapshot: where it is all the same, the file is another
one (a damaged one was set aside, or `store.url` changed), and is filled from the journal first.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, TypeVar

from hydro.columns import Observations
from ingest.decode import DeadLetter, DeadLetterKind, DecodedBatch
from ingest.reasons import RejectReason
from ingest.retry import until_done
from storage.dead_letters import DeadLetterFile, StoredDeadLetter

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from hydro.errors import WatermasterError
    from hydro.series import SeriesIndex
    from ingest.follow import Follower
    from ingest.store_reader import StoreReader
    from ingest.store_rebuild import StoreRebuild
    from storage.store import Store, WriteResult

__all__ = ["StoreWriter"]

T = TypeVar("T")

_LIMIT: Final = 4_000
_SAVE_MESSAGES: Final = 100_000
_SAVE_S: Final = 10.0


class StoreWriter:
    """Keeps a store up to date with the journal.

    Args:
        follower: The journal, decoded.
        reader: Duplicates, corrections, totals.
        store: Where the rows go.
        index: Series numbers.
        dead_letters: Where the refused goes; None where it lies already.
        saved: Called with the position after each snapshot.
        failed: Told what the store complains about, and with None that it answers.
        unsaved: Told why state or dead letters can't be written, and with None that they are; without it ``failed`` is.
        rng: For waits.
        rebuild: Fills a store that is behind the snapshot.
        until: Last journal position that is wanted.
        keep: Given each batch before its position is saved; tried again while it raises that there is no room.
    """

    def __init__(  # noqa: PLR0913  # the wiring of a loop, by name
        self,
        follower: Follower,
        reader: StoreReader,
        store: Store,
        index: SeriesIndex,
        dead_letters: DeadLetterFile | None,
        *,
        saved: Callable[[int], None],
        failed: Callable[[WatermasterError | None], None],
        unsaved: Callable[[WatermasterError | None], None] | None = None,
        rng: random.Random,
        rebuild: StoreRebuild | None = None,
        until: int | None = None,
        keep: Callable[[DecodedBatch], None] | None = None,
    ) -> None:
        self._follower = follower
        self._reader = reader
        self._store = store
        self._index = index
        self._dead_letters = dead_letters
        self._saved = saved
        self._failed = failed
        self._unsaved = unsaved or failed
        self._rng = rng
        self._rebuild = rebuild
        self._until = until
        self._keep = keep
        self._reached: int | None = None
        """Journal position in the store; None where it keeps none."""
        self._sending: asyncio.Task[None] | None = None
        self._handed_over = self._before_sending = reader.position
        self._stopping = False
        self._saved_position = reader.position
        self._saved_at = 0.0

    @property
    def position(self) -> int:
        """Journal position up to which everything is in the store, or set aside."""
        return self._handed_over if self._sending is None or self._sending.done() else self._before_sending

    def stop(self) -> None:
        """End :meth:`run` once the journal is read to its end, or the store doesn't answer."""
        self._stopping = True

    async def run(self) -> None:
        """Follow the journal until stopped."""
        loop = asyncio.get_running_loop()
        self._saved_at = loop.time()
        await until_done(self._store.ensure, self._rng, self._failed)
        await self._meet()
        try:
            while True:
                batch = await self._follower.next(self._reader.position, _LIMIT, until=self._until)
                if batch is not None:
                    await self._take(batch)
                moved = self._reader.position - self._saved_position
                if moved and (moved >= _SAVE_MESSAGES or loop.time() - self._saved_at >= _SAVE_S):
                    await self._save()
                if batch is None and self._stopping:
                    await self._save()
                    return
        finally:
            if self._sending is not None:
                self._sending.cancel()

    async def _meet(self) -> None:
        """Bring the store's position and ours together."""
        reached = await until_done(self._store.position, self._rng, self._failed)
        if reached is not None and reached > self._reader.journal_end:
            # A restored store, or a journal begun anew: its positions mean other messages.
            reached = self._reader.position
            await until_done(lambda: self._store.rewind(self._reader.position), self._rng, self._failed)
        if reached is not None and reached < self._reader.position and self._rebuild is not None:
            await self._rebuild.run(reached, self._reader.position)
            reached = await until_done(self._store.position, self._rng, self._failed)
        self._reached = reached

    async def _take(self, batch: DecodedBatch) -> None:
        asked = self._reader.unknown_keys(batch)
        if asked:
            await self._drained()  # the answer must show what we wrote before
            found = await until_done(lambda: self._store.lookup(asked), self._rng, self._failed)
            await self._written(lambda: self._reader.recall(batch, asked, found))
        rows = self._reader.step(batch)
        await self._put_away(batch.dead_letters)
        keep = self._keep
        if keep is not None:
            await self._written(lambda: keep(batch))
        if not len(rows):
            self._handed_over = batch.last
            return
        send = self._store.prepare(rows, self._index, batch.last)
        await self._drained()

        async def deliver() -> None:
            result = await until_done(send, self._rng, self._failed)
            await self._set_aside(rows, result)
            self._note_reached(batch.last)

        self._before_sending, self._handed_over = self._handed_over, batch.last
        self._sending = asyncio.create_task(deliver())

    async def _drained(self) -> None:
        sending, self._sending = self._sending, None
        if sending is not None:
            try:
                await sending
            except asyncio.CancelledError:
                sending.cancel()
                raise

    def _note_reached(self, position: int) -> None:
        if self._reached is not None:
            self._reached = max(self._reached, position)

    async def _save(self) -> None:
        await self._drained()
        # Nothing of the latest messages may have been for the store.
        if self._reached is not None and self._reached < self._reader.position:
            position = self._reader.position
            await until_done(self._store.prepare(Observations.empty(), self._index, position), self._rng, self._failed)
            self._note_reached(position)
        if await self._written(self._reader.save):
            self._saved_position = self._reader.position
            self._saved(self._saved_position)
        self._saved_at = asyncio.get_running_loop().time()

    async def _put_away(self, letters: list[DeadLetter]) -> None:
        file = self._dead_letters
        if letters and file is not None:
            rows = [StoredDeadLetter(*letter) for letter in letters]
            await self._written(lambda: file.add(rows))

    async def _written(self, write: Callable[[], T]) -> T:
        """Result of writing to the disk, tried until there is room."""
        return await until_done(lambda: _in_thread(write), self._rng, self._unsaved)

    async def _set_aside(self, rows: Observations, result: WriteResult) -> None:
        if not result.rejected:
            return
        self._reader.refused(len(result.rejected))
        letters = []
        for rejection in result.rejected:
            series = int(rows.series[rejection.row])
            event_time = int(rows.event_time[rejection.row])
            place = f"{self._index.station(series)} {self._index.quantity(series).text} at {event_time} ms"
            letters.append(
                DeadLetter(
                    int(rows.position[rejection.row]),
                    DeadLetterKind.READING,
                    RejectReason.STORE_REFUSED,
                    1,
                    "",
                    b"",
                    int(rows.received_at[rejection.row]),
                    f"{place}: {rejection.reason}"[:200],
                )
            )
        await self._put_away(letters)


async def _in_thread(work: Callable[[], T]) -> T:
    """Result of ``work``, done in a thread; whoever is cancelled waits for its end, before files are closed."""
    running = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.gather(running, return_exceptions=True)
        raise
