"""What the services of one process have in common."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from hydro.register import Register
    from ingest.decode import Decoder
    from watermaster.data_dir import DataDir
    from watermaster.health import Health
    from watermaster.metrics import Metrics
    from watermaster.settings import Settings

__all__ = ["Part", "Surroundings"]


@dataclass(slots=True)
class Surroundings:
    """Handed to each part; the only place where a clock and chance are held.

    Attributes:
        settings: Of the config directory.
        register: Of the same.
        decoder: For this register; it has no state, so all readers share it.
        data_dir: Files.
        metrics: Where a part leaves its numbers.
        health: Where a part leaves its state.
        clock: Epoch milliseconds.
        rng: For waits.
        log: Events.
        appended: Called after each append to the journal in this process.
    """

    settings: Settings
    register: Register
    decoder: Decoder
    data_dir: DataDir
    metrics: Metrics
    health: Health
    clock: Callable[[], int]
    rng: random.Random
    log: Any
    appended: list[Callable[[], None]] = field(default_factory=list)

    def tell_appended(self) -> None:
        """Something was appended to the journal in this process."""
        for wake in self.appended:
            wake()


class Part(Protocol):
    """A service. ``start`` returns when it works, ``run`` goes on until ``stop`` has ended it."""

    def __init__(self, surroundings: Surroundings) -> None:
        """Prepare; opens nothing."""

    async def start(self) -> None:
        """Open what is needed; raises where it can't work at all."""

    async def run(self) -> None:
        """Work until stopped."""

    async def stop(self) -> None:
        """Finish what was begun, save, close."""
