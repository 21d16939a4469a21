"""An embedded broker under test, watched as the service watches it."""

from __future__ import annotations

import asyncio
import random
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pytest

from ingest.broker.embedded import BrokerFacts, EmbeddedBroker
from ingest.broker.program import Program
from tests.ingest.mqtt.running import PREFIX
from tests.servers.process import HOST, require

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from hydro.errors import WatermasterError
    from ingest.broker.access import Access

__all__ = ["BOTH", "Embedded", "embedded", "is_there"]

BOTH: Final = pytest.mark.parametrize("program", list(Program))
"""The laws that hold for either broker."""


@dataclass(slots=True)
class Embedded:
    """A running one.

    Attributes:
        told: Failures and recoveries, in order.
        said: What it printed.
    """

    broker: EmbeddedBroker = field(init=False)
    told: list[WatermasterError | None] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    @property
    def port(self) -> int:
        """Its port."""
        return self.broker.port

    @property
    def facts(self) -> BrokerFacts:
        """What it is."""
        facts = self.broker.facts
        assert facts is not None
        return facts

    @property
    def pid(self) -> int:
        """Of the child."""
        pid = self.facts.pid
        assert pid is not None
        return pid


@asynccontextmanager
async def embedded(
    program: Program | None, folder: Path, *, host: str = HOST, port: int = 0, access: Access | None = None
) -> AsyncIterator[Embedded]:
    """Start a broker, watch it, stop it at the end."""
    if program is not Program.IOTCORE:
        require("mosquitto")
    running = Embedded()
    running.broker = EmbeddedBroker(
        host,
        port,
        folder,
        prefix=PREFIX,
        access=access,
        rng=random.Random(),
        told=running.told.append,
        said=running.said.append,
        program=program,
    )
    await running.broker.start()
    watching = asyncio.create_task(running.broker.run())
    try:
        yield running
    finally:
        await running.broker.stop()
        await watching


def is_there(pid: int) -> bool:
    """Whether a process lives; one that waits to be reaped does not."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:  # noqa: PTH123  # no path of ours
            return file.read().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except OSError:
        return False
