"""Filling a store from the journal, as far as it reaches: a new file in place of a damaged one, or another store.

The journal is read once more from its first position up to that of the snapshot, by a reader of its own with a state
file of its own, so the totals of CONTRACT section 8, which count the journal once, don't change by it. That file goes
when the end is reached; until then a crash goes on where the file and the store agree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.store_reader import STATE_KIND, STATE_VERSION, StoreReader
from ingest.store_writer import StoreWriter
from storage.state_file import StateFile

if TYPE_CHECKING:
    import random
    from collections.abc import Callable
    from pathlib import Path

    from hydro.errors import WatermasterError
    from hydro.series import SeriesIndex
    from ingest.follow import Follower
    from ingest.quality.clock_skew import ClockScreen
    from storage.store import Store

__all__ = ["StoreRebuild"]


class StoreRebuild:
    """A pass over the journal behind the snapshot.

    Args:
        follower: The journal, decoded; the one of the writer that waits for this.
        store: What is to be filled.
        index: Series numbers.
        path: State file of the pass, beside the one of the store.
        first_position: Asked for the first position that the journal still has.
        clocks: Makes what finds clocks that are wrong; None = none is looked at.
        progressed: Called with the position reached and the one to be reached: at the beginning and after each
            snapshot, the last one included.
        failed: As for :class:`~ingest.store_writer.StoreWriter`.
        unsaved: Likewise.
        rng: For waits.
    """

    def __init__(  # noqa: PLR0913  # the wiring of a loop, by name
        self,
        follower: Follower,
        store: Store,
        index: SeriesIndex,
        path: Path,
        first_position: Callable[[], int],
        *,
        clocks: Callable[[], ClockScreen] | None = None,
        progressed: Callable[[int, int], None],
        failed: Callable[[WatermasterError | None], None],
        unsaved: Callable[[WatermasterError | None], None] | None = None,
        rng: random.Random,
    ) -> None:
        self._follower = follower
        self._store = store
        self._index = index
        self._path = path
        self._first_position = first_position
        self._clocks = clocks
        self._progressed = progressed
        self._failed = failed
        self._unsaved = unsaved
        self._rng = rng

    async def run(self, reached: int, upto: int) -> None:
        """Fill the store.

        Args:
            reached: Journal position of the store.
            upto: The one to be reached.
        """
        state = self._open()
        try:
            if state.position > reached:  # of an earlier pass, into a file that is gone
                state.close()
                self._forget()
                state = self._open()
            if state.get("head", "") is None:
                with state.transaction():
                    state.set_position(max(self._first_position() - 1, 0))
            # What an earlier pass wrote behind its snapshot may come again, as after any crash.
            reader = StoreReader(self._index, state, reached, None if self._clocks is None else self._clocks())
            self._progressed(reader.position, upto)
            writer = StoreWriter(
                self._follower,
                reader,
                self._store,
                self._index,
                None,
                saved=lambda position: self._progressed(position, upto),
                failed=self._failed,
                unsaved=self._unsaved,
                rng=self._rng,
                until=upto,
            )
            writer.stop()  # at that position
            await writer.run()
        finally:
            state.close()
        self._forget()

    def _open(self) -> StateFile:
        return StateFile(self._path, STATE_KIND, STATE_VERSION)

    def _forget(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
