"""The loop that copies evidence: requests of the ledger in, files and summaries out, at leisure.

It works in a thread of its own and rests three times as long as it works, so that judging never waits for it. A crash
at any point costs nothing but doing the pass again: requests leave the ledger in the transaction that names the files.
"""

from __future__ import annotations

import asyncio
import threading
import time
from bisect import bisect_right
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import msgspec

from alerting.evidence.collecting import Collection, Wish
from alerting.evidence.stations import stations_of
from alerting.ledger import EvidencePart, EvidenceSummary, Occasion
from alerting.ledger.evidence import summary_as_json
from alerting.record import as_json
from hydro.errors import WatermasterError
from hydro.instants import DAY_MS, MINUTE_MS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alerting.evidence.collecting import Found
    from alerting.evidence.folder import EvidenceFolder
    from alerting.ledger import EvidenceRequest, Ledger
    from hydro.register import Register
    from ingest.decode import Decoder
    from storage.journal import JournalBatch, JournalReader

__all__ = ["EvidenceCounts", "EvidenceWriter"]

MOST_PARTS: Final = 100
"""Copyings of one alert; who needs more looks at the trace."""

_MOST_REQUESTS: Final = 2_000
_GATHER_S: Final = 2.0
_POLL_S: Final = 60.0
_RETRY_S: Final = 10.0
_WORK_S: Final = 0.01
_REST: Final = 3.0
_AHEAD_MS: Final = 10 * MINUTE_MS  # what is measured later than it is received is rejected beyond that
_SHORT_MS: Final = 2 * DAY_MS
_FORMAT: Final = 1


class EvidenceCounts:
    """What was done since the start.

    Attributes:
        waiting: Requests, when last looked.
        copied: Files written.
        messages: In them.
        left_out: Messages beyond the bounds of one copying, and requests that were refused.
    """

    __slots__ = ("copied", "left_out", "messages", "waiting")

    def __init__(self) -> None:
        self.waiting = self.copied = self.messages = self.left_out = 0


class EvidenceWriter:
    """Copies what the ledger asks for.

    Args:
        ledger: Asks.
        journal: Has the messages; used by nobody else.
        register: Whose messages they are.
        decoder: For the register.
        folder: Where they go.
        prefix: Of topics.
        clock: Epoch milliseconds.
        failed: Told what fails, and with None that it works.

    Attributes:
        counts: See there.
    """

    def __init__(
        self,
        ledger: Ledger,
        journal: JournalReader,
        register: Register,
        decoder: Decoder,
        folder: EvidenceFolder,
        *,
        prefix: str,
        clock: Callable[[], int],
        failed: Callable[[WatermasterError | None], None],
    ) -> None:
        self.counts = EvidenceCounts()
        self._ledger = ledger
        self._journal = journal
        self._register = register
        self._decoder = decoder
        self._folder = folder
        self._prefix = prefix
        self._clock = clock
        self._failed = failed
        self._pace = _Pace()
        self._wake = asyncio.Event()
        self._stopping = asyncio.Event()

    def wake(self) -> None:
        """There may be something to copy."""
        self._wake.set()

    def stop(self) -> None:
        """End :meth:`run` soon; what is begun is done again after the next start."""
        self._pace.stopping.set()
        self._stopping.set()
        self._wake.set()

    async def run(self) -> None:
        """Copy until stopped."""
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                worked = await asyncio.to_thread(self.copy_some)
            except WatermasterError as error:
                self._failed(error)
                await self._rest(_RETRY_S)
                continue
            self._failed(None)
            if not worked:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), _POLL_S)
                await self._rest(_GATHER_S)  # alerts come many at a time; one pass serves them all

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    def copy_some(self) -> bool:
        """One pass over the journal for as many requests as fit; False where there is nothing to do. Blocks.

        Raises:
            WatermasterError: Ledger, journal or disk don't do what they should; may be tried again.
        """
        requests = self._ledger.evidence_requests(_MOST_REQUESTS)
        self.counts.waiting = self._ledger.evidence_waiting() if len(requests) == _MOST_REQUESTS else len(requests)
        if not requests:
            return False
        self._pace.begin()
        kind = _kind(requests[0])
        wishes = [
            Wish(request, stations_of(request.record, self._register)) for request in requests if _kind(request) == kind
        ]
        scan = _Scan([wish for wish in wishes if wish.stations], self._journal)
        collection = Collection(scan.wishes, self._register, self._decoder, self._prefix)
        if scan.wishes and not scan.run(collection, self._pace):
            return False
        self._keep(wishes, collection.found, scan)
        return True

    def _keep(self, wishes: Sequence[Wish], found: dict[int, Found], scan: _Scan) -> None:
        """Write what was found, then tell the ledger."""
        done: list[EvidenceRequest] = []
        summaries: dict[str, EvidenceSummary] = {}
        for request, stations in wishes:
            if stations and request.number not in found:
                continue  # put off
            if self._pace.stopping.is_set():
                return
            record = request.record
            summary = summaries.get(record.id) or request.summary or EvidenceSummary()
            if not summary.folder:
                summary = msgspec.structs.replace(summary, folder=self._folder.home(record.raised_at))
            if len(summary.parts) >= MOST_PARTS:
                summary = msgspec.structs.replace(summary, not_copied=summary.not_copied + 1)
                self.counts.left_out += 1
            else:
                part = self._part(request, found.get(request.number), summary, scan)
                summary = msgspec.structs.replace(summary, parts=(*summary.parts, part))
            summaries[record.id] = summary
            done.append(request)
            self._pace.breathe()
        zone = self._register.zone_minutes
        records = {request.record.id: request.record for request in done}
        for alert_id, summary in summaries.items():
            shown = as_json(records[alert_id], zone)
            del shown["case"], shown["previous"], shown["revised"]  # they stand in the ledger, and go on
            content = {"format": _FORMAT, "alert": shown, **summary_as_json(summary, zone)}
            self._folder.write_manifest(summary.folder, alert_id, content)
            self._pace.breathe()
        self._folder.settle(sorted({summary.folder for summary in summaries.values()}))
        self._ledger.evidence_copied(summaries, done)

    def _part(
        self, request: EvidenceRequest, found: Found | None, summary: EvidenceSummary, scan: _Scan
    ) -> EvidencePart:
        wanted = request.wanted
        part = EvidencePart(why=wanted.why, start=wanted.start, end=wanted.end, copied_at=self._clock())
        if found is None:
            return msgspec.structs.replace(part, reason="subject_unknown")
        part = msgspec.structs.replace(
            part,
            left_out=found.left_out,
            missing=scan.missing(request),
            journal_from=scan.journal_from(request),
        )
        self.counts.left_out += found.left_out
        if not found.messages:
            return msgspec.structs.replace(part, reason="no_message")
        name = f"{wanted.alert_id}-{len(summary.parts) + 1}.ndjson.zst"
        messages = (found.messages[position] for position in sorted(found.messages))
        written = self._folder.write(summary.folder, name, messages)
        self.counts.copied += 1
        self.counts.messages += len(found.messages)
        return msgspec.structs.replace(
            part, file=name, size=written.size, sha256=written.sha256, messages=len(found.messages)
        )


class _Scan:
    """Which part of the journal is looked through, and what of it could not be."""

    def __init__(self, wishes: list[Wish], journal: JournalReader) -> None:
        self.wishes = wishes
        self._journal = journal
        self._oldest: tuple[int, int] | None = None
        self._times: list[int] = []
        self._positions: list[int] = []

    def run(self, collection: Collection, pace: _Pace) -> bool:
        """Look through it; False where it was told to stop."""
        requests = [wish.request for wish in self.wishes]
        since = min(request.wanted.start for request in requests) - _AHEAD_MS
        after = min(request.after or 0 for request in requests)
        upto = max(request.upto for request in requests)
        oldest = next(iter(self._journal.read(0, 1)), None)
        if oldest is not None:
            self._oldest = oldest.first, int(oldest.received_at[0])
        # Up to ever, not up to now: a clock that was set back must not hide what was received before.
        for batch in self._journal.read_received(since, _EVER, after=after):
            if batch.first > upto:
                break
            self._note(batch)
            collection.take(batch)
            if not pace.breathe():
                return False
        return True

    def _note(self, batch: JournalBatch) -> None:
        """Remember which position had been reached when, by the minute."""
        reached = int(batch.received_at.max())
        if not self._times or reached >= self._times[-1] + MINUTE_MS:
            self._times.append(reached)
            self._positions.append(batch.first)

    def missing(self, request: EvidenceRequest) -> int:
        """How many positions could not be read of those that hold what a request asks for, or came right before."""
        place = bisect_right(self._times, request.wanted.start - _AHEAD_MS) - 1
        low = max((request.after or 0) + 1, self._positions[place] if place >= 0 else 1)
        begin = 1 if self._oldest is None else self._oldest[0]
        lost = [gap for gap in self._journal.gaps if gap.messages is not None and gap.first >= begin]
        return sum(max(min(gap.last, request.upto) - max(gap.first, low) + 1, 0) for gap in lost)

    def journal_from(self, request: EvidenceRequest) -> int | None:
        """When the journal begins, where that is after the beginning of what a request asks for."""
        if self._oldest is None or self._oldest[0] <= (request.after or 0) + 1:
            return None
        return self._oldest[1] if self._oldest[1] > request.wanted.start else None


_EVER: Final = 1 << 62


class _Pace:
    """Works a little, rests longer."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self._began = time.monotonic()

    def begin(self) -> None:
        """What was before was no work."""
        self._began = time.monotonic()

    def breathe(self) -> bool:
        """Rest if it is time to; False where it was told to stop."""
        worked = time.monotonic() - self._began
        if worked < _WORK_S:
            return not self.stopping.is_set()
        told = self.stopping.wait(_REST * min(worked, 1.0))
        self._began = time.monotonic()
        return not told


def _kind(request: EvidenceRequest) -> tuple[bool, bool]:
    """What goes into one pass: requests that look at about the same part of the journal."""
    is_long = request.wanted.end - request.wanted.start > _SHORT_MS
    return request.wanted.why is Occasion.REVISED, is_long
