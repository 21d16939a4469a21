"""What the services of one process have in common."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from watermaster.health import Condition, PartHealth

if TYPE_CHECKING:
    import random
    from collections.abc import Awaitable, Callable, Sequence

    from hydro.errors import WatermasterError
    from hydro.register import Register
    from ingest.decode import Decoder
    from storage.journal import JournalBatch
    from storage.message import RawMessage
    from storage.store import Store
    from watermaster.data_dir import DataDir
    from watermaster.health import Health
    from watermaster.metrics import Metrics
    from watermaster.settings import Settings
    from watermaster.tcp_part import TcpPart

__all__ = ["Complaint", "Part", "Surroundings"]


@dataclass(slots=True)
class Surroundings:
    """Handed to each part; the only place where a clock and chance are held.

    Attributes:
        settings: Of the config directory.
        register: Of the same.
        decoder: For this register; it has no state, so all readers share it.
        store: Of time series; one for all parts, closed when they have ended. An embedded one belongs to one process.
        data_dir: Files.
        metrics: Where a part leaves its numbers.
        health: Where a part leaves its state.
        clock: Epoch milliseconds.
        rng: For waits.
        log: Events.
        appended: Called after each append to the journal in this process.
        tcp: The field link, once the collector has begun in this process.
        append_again: Puts messages of the past into the journal again, once the collector has begun in this process.
        broker_url: Of the embedded broker once it is there, mqtt://HOST:PORT; empty where there is none.
    """

    settings: Settings
    register: Register
    decoder: Decoder
    store: Store
    data_dir: DataDir
    metrics: Metrics
    health: Health
    clock: Callable[[], int]
    rng: random.Random
    log: Any
    appended: list[Callable[[], None]] = field(default_factory=list)
    tcp: TcpPart | None = None
    append_again: Callable[[Sequence[RawMessage]], Awaitable[JournalBatch]] | None = None
    broker_url: str = ""

    def tell_appended(self) -> None:
        """Something was appended to the journal in this process."""
        for wake in self.appended:
            wake()


class Complaint:
    """What a part is told of failures: kept for its health, logged when it changes.

    Args:
        log: Where to.
        subject: What fails, as part of the event's name.

    Attributes:
        failure: The latest; None while all is well.
    """

    def __init__(self, log: Any, subject: str) -> None:  # noqa: ANN401  # the type is not public
        self.failure: WatermasterError | None = None
        self._log = log
        self._subject = subject

    def __call__(self, error: WatermasterError | None) -> None:
        """Something failed, or with None: works again."""
        before, self.failure = self.failure, error
        if error is None:
            if before is not None:
                self._log.info(f"{self._subject}_works_again")
        elif str(error) != str(before):
            self._log.warning(f"{self._subject}_fails", error=str(error))

    def health(self, condition: Condition) -> PartHealth:
        """Ok, or the condition with what is wrong."""
        return PartHealth(Condition.OK) if self.failure is None else PartHealth(condition, str(self.failure))


class Part(Protocol):
    """A service. ``start`` returns when it works, ``run`` goes on until ``stop`` has ended it.

    ``stop`` is called also where ``start`` has failed half-way.
    """

    def __init__(self, surroundings: Surroundings) -> None:
        """Prepare; opens nothing."""

    async def start(self) -> None:
        """Open what is needed; raises where it can't work at all."""

    async def run(self) -> None:
        """Work until stopped."""

    async def stop(self) -> None:
        """Finish what was begun, save, close."""
