"""The service that judges: rules from journal to ledger, transitions from ledger to store."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from alerting.ledger import Ledger
from alerting.rules_reader import STATE_KIND, STATE_VERSION, RulesReader
from alerting.rules_service import AlertWriter, RulesService
from ingest.follow import Follower
from storage.journal import Gap, JournalReader, set_mark
from storage.state_file import StateFile
from watermaster.aftermath import Aftermath
from watermaster.health import Condition, PartHealth
from watermaster.part import Complaint
from watermaster.reader_mark import ReaderMark

if TYPE_CHECKING:
    from ingest.salvage import Undecodable
    from storage.store import AlertPoint
    from watermaster.part import Surroundings

__all__ = ["AlertingPart"]

_STOP_S: Final = 10.0


class AlertingPart:
    """See the module."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._around = surroundings
        self._complaint = Complaint(surroundings.log, "ledger")
        self._alerts_complaint = Complaint(surroundings.log, "alert_writing")
        self._ledger: Ledger | None = None
        self._state: StateFile | None = None
        self._service: RulesService | None = None
        self._alerts: AlertWriter | None = None
        self._aftermath: Aftermath | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Open ledger and state."""
        around, settings = self._around, self._around.settings
        path = around.data_dir.journal(settings.journal.url)
        path.mkdir(parents=True, exist_ok=True)
        self._ledger = ledger = Ledger.open(
            around.data_dir.ledger_url(settings.ledger.url), zone_minutes=around.register.zone_minutes
        )
        self._state = StateFile(around.data_dir.rules_state, STATE_KIND, STATE_VERSION, sync="NORMAL")
        reader = RulesReader(around.register, around.decoder.index, self._state, settings.time.revise_days)
        set_mark(path, "rules", reader.position)
        follower = Follower(JournalReader.open(path), around.decoder, self._missing, self._broken)
        around.appended.append(follower.wake)
        self._alerts = alerts = AlertWriter(
            ledger, around.store, failed=self._alerts_complaint, refused=self._alert_refused, rng=around.rng
        )
        self._aftermath = aftermath = Aftermath(around, path, ledger, reader, changed=alerts.wake)
        self._service = service = RulesService(
            follower,
            reader,
            ledger,
            clock=around.clock,
            saved=ReaderMark(path, "rules", Complaint(around.log, "rules_mark")),
            changed=aftermath.changed,
            failed=self._complaint,
            rng=around.rng,
        )
        around.metrics.add("rejudging_refused", lambda: service.refused)
        around.metrics.add("observations_beyond_revision", lambda: reader.beyond_horizon)
        around.metrics.add("sources_over_bound", lambda: reader.strangers.waiting)
        around.metrics.add("sources_dropped", lambda: reader.strangers.dropped)
        around.metrics.positions["rules"] = lambda: service.position
        around.health.add("ledger", self._ledger_health)
        self._tasks = [
            asyncio.create_task(service.run(), name="rules"),
            asyncio.create_task(alerts.run(), name="alert writer"),
            *aftermath.start(),
        ]

    def _alert_refused(self, point: AlertPoint, reason: str) -> None:
        self._around.log.error("alert_point_refused", alert=point.alert, time=point.time, reason=reason)

    def _missing(self, gap: Gap) -> None:
        self._around.log.error("journal_gap", what=str(gap))

    def _broken(self, found: Undecodable) -> None:
        self._around.log.error("message_undecodable", position=found.position, topic=found.topic, exc_info=found.error)

    async def run(self) -> None:
        """Judge until stopped."""
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    async def stop(self) -> None:
        """Judge what is in the journal, save; a store that is away is not waited for."""
        if self._service is not None and self._alerts is not None:
            rules, alerts, *_ = self._tasks
            self._service.stop()
            await asyncio.wait({rules}, timeout=_STOP_S)
            if self._aftermath is not None:
                await self._aftermath.stop()
            self._alerts.stop()
            if self._alerts_complaint.failure is None:
                await asyncio.wait({alerts}, timeout=_STOP_S)
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._state is not None:
            self._state.close()
        if self._ledger is not None:
            self._ledger.close()

    def _ledger_health(self) -> PartHealth:
        return self._complaint.health(Condition.FAILED)
