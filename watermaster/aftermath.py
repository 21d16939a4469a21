"""What comes after a verdict, at leisure: evidence is copied, and old days are judged again."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from alerting.evidence import EvidenceFolder, EvidenceWriter
from alerting.rejudge import RejudgingJob
from alerting.rejudge.memory import last_event_of
from storage.journal import JournalReader, marks
from watermaster.health import Condition, PartHealth
from watermaster.part import Complaint

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from alerting.ledger import Ledger
    from alerting.rules_reader import RulesReader
    from watermaster.part import Surroundings

__all__ = ["Aftermath"]

_STOP_S: Final = 10.0


class Aftermath:
    """The loops behind the one that judges.

    Args:
        surroundings: Of the service.
        journal: Directory of the journal.
        ledger: Open.
        reader: The rules.
        changed: Called after alerts were written here.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        journal: Path,
        ledger: Ledger,
        reader: RulesReader,
        *,
        changed: Callable[[], None],
    ) -> None:
        around, settings = surroundings, surroundings.settings
        self._tell = changed
        self._copying = Complaint(around.log, "evidence")
        self._rejudging = Complaint(around.log, "rejudging")
        self._tasks: list[asyncio.Task[None]] = []
        self._records = JournalReader.open(journal)
        folder = EvidenceFolder(around.data_dir.evidence, around.register.zone_minutes)
        self._writer = writer = EvidenceWriter(
            ledger,
            self._records,
            around.register,
            around.decoder,
            folder,
            prefix=settings.mqtt.prefix,
            clock=around.clock,
            failed=self._copying,
        )
        self._job = job = RejudgingJob(
            ledger,
            around.store,
            around.register,
            revise_days=settings.time.revise_days,
            last_event=lambda: last_event_of(reader.engines),
            stored=lambda: marks(journal).get("store", 0),
            clock=around.clock,
            changed=self.changed,
            failed=self._rejudging,
        )
        around.metrics.add("evidence_waiting", lambda: writer.counts.waiting)
        around.metrics.add("evidence_copied", lambda: writer.counts.copied)
        around.metrics.add("evidence_messages", lambda: writer.counts.messages)
        around.metrics.add("evidence_left_out", lambda: writer.counts.left_out)
        around.metrics.add("evidence_dropped", lambda: folder.dropped)
        around.metrics.add("rejudging_waiting", lambda: job.counts.waiting)
        around.metrics.add("rejudging_judged", lambda: job.counts.judged)
        around.metrics.add("rejudging_impossible", lambda: job.counts.impossible)
        around.health.add("evidence", self._health)

    def changed(self) -> None:
        """Alerts were written: there are points for the store, and messages to be copied."""
        self._tell()
        self._writer.wake()

    def start(self) -> list[asyncio.Task[None]]:
        """Begin; neither task ends by itself."""
        self._tasks = [
            asyncio.create_task(self._writer.run(), name="evidence"),
            asyncio.create_task(self._job.run(), name="rejudging"),
        ]
        return self._tasks

    async def stop(self) -> None:
        """Leave what is begun: it is done again after the next start."""
        self._writer.stop()
        self._job.stop()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_STOP_S)
        self._records.close()

    def _health(self) -> PartHealth:
        failing = self._copying if self._rejudging.failure is None else self._rejudging
        return failing.health(Condition.DEGRADED)
