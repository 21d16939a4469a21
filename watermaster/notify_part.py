"""The service that tells people of alerts: from the ledger to Alertmanager."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from alerting.ledger import Ledger
from alerting.notify import Alertmanager, NoticeOf, Notifier
from hydro.errors import ConfigError
from watermaster.health import Condition
from watermaster.part import Complaint

if TYPE_CHECKING:
    from watermaster.part import Surroundings

__all__ = ["NotifyPart"]

_STOP_S: Final = 5.0


class NotifyPart:
    """See the module. It belongs to the process that judges, and asks nothing of it but the ledger."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._around = surroundings
        self._complaint = Complaint(surroundings.log, "notification")
        self._ledger: Ledger | None = None
        self._alertmanager: Alertmanager | None = None
        self._notifier: Notifier | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Open the ledger. Alertmanager is not waited for: alerts are, until it is there."""
        around, settings = self._around, self._around.settings
        if settings.alertmanager.url is None:
            raise ConfigError("alertmanager.url is not set: nobody to notify")
        self._ledger = Ledger.open(
            around.data_dir.ledger_url(settings.ledger.url), zone_minutes=around.register.zone_minutes
        )
        self._alertmanager = Alertmanager(settings.alertmanager.url)
        self._notifier = notifier = Notifier(
            self._ledger,
            self._alertmanager,
            around.register,
            NoticeOf(around.register, (settings.console.link or "").rstrip("/")),
            every_s=settings.alertmanager.every_s,
            clock=around.clock,
            failed=self._complaint,
            rng=around.rng,
        )
        counts = notifier.counts
        for name, ask in (
            ("notices_told", lambda: counts.told),
            ("notices_failed", lambda: counts.failed),
            ("alerts_notified", lambda: counts.begun),
            ("alerts_never_notified", lambda: counts.forgotten),
            ("alerts_silenced", lambda: counts.silenced),
            ("alerts_not_yet_notified", self._ledger.notices.waiting),
        ):
            around.metrics.add(name, ask)
        around.health.add("notification", lambda: self._complaint.health(Condition.DEGRADED))
        self._task = asyncio.create_task(notifier.run(), name="notifier")
        around.log.info("notifying", alertmanager=self._alertmanager.name)

    async def run(self) -> None:
        """Tell until stopped."""
        if self._task is not None:
            await asyncio.wait({self._task})
            self._task.result()

    async def stop(self) -> None:
        """Finish the round at hand; what was not told is told after the next start."""
        if self._notifier is not None and self._task is not None:
            self._notifier.stop()
            await asyncio.wait({self._task}, timeout=_STOP_S)
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._alertmanager is not None:
            await self._alertmanager.close()
        if self._ledger is not None:
            self._ledger.close()
