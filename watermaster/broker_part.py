"""The embedded broker as the first part of a service: up before anybody connects, down after all have left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hydro.errors import ConfigError
from ingest.broker.access import Access
from ingest.broker.embedded import EmbeddedBroker
from watermaster.health import Condition, PartHealth
from watermaster.part import Complaint
from watermaster.settings import read_secret

if TYPE_CHECKING:
    from watermaster.part import Surroundings

__all__ = ["BrokerPart"]


class BrokerPart:
    """See the module."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._around = surroundings
        self._complaint = Complaint(surroundings.log, "broker")
        mqtt = surroundings.settings.mqtt
        password = read_secret(mqtt.password, mqtt.password_file)
        access = None
        if mqtt.username is not None:
            if password is None:
                raise ConfigError("mqtt.username is set without a password: set mqtt.password_file too")
            access = Access(prefix=mqtt.prefix, collector=mqtt.username, password=password)
        self._broker = EmbeddedBroker(
            mqtt.address.host,
            mqtt.address.port,
            surroundings.data_dir.broker,
            prefix=mqtt.prefix,
            access=access,
            rng=surroundings.rng,
            told=self._complaint,
            said=self._said,
        )

    async def start(self) -> None:
        """Return when it takes connections."""
        await self._broker.start()
        self.serve(self._around)
        facts = self._broker.facts
        told = {"program": facts.program, "version": facts.version} if facts is not None else {}
        self._around.log.info("broker", address=self._broker.url, **told)

    def serve(self, surroundings: Surroundings) -> None:
        """Be the broker of other parts: those that a reload has started."""
        surroundings.broker_url = self._broker.url
        surroundings.health.add("embedded_broker", self._health)
        surroundings.metrics.add("broker_restarts", self._restarts)

    async def run(self) -> None:
        """Watch it."""
        await self._broker.run()

    async def stop(self) -> None:
        """End it; it writes its queue to disk first."""
        await self._broker.stop()

    def _restarts(self) -> int:
        facts = self._broker.facts
        return 0 if facts is None else facts.restarts

    def _said(self, line: str) -> None:
        self._around.log.warning("broker_says", line=line)

    def _health(self) -> PartHealth:
        return self._complaint.health(Condition.DEGRADED)
