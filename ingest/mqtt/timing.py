"""How long things take, may take, and wait for each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

__all__ = ["Backoff", "Timing"]


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits that double from ``first_s`` to ``longest_s``, each shortened by chance by up to a half.

    The jitter keeps collectors that lost one broker together from coming back together.
    """

    first_s: float
    longest_s: float

    def wait_s(self, failures: int, rng: random.Random) -> float:
        """Choose the wait in seconds after so many failures in a row (from 1)."""
        # 2**30 s is longer than any sensible longest wait: the bound keeps the power from overflowing.
        whole = min(self.longest_s, self.first_s * 2.0 ** min(failures - 1, 30))
        return whole * (1.0 - 0.5 * rng.random())


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds that things take or may take.

    Attributes:
        heartbeat_s: Between two heartbeats.
        deaf_s: Without a message, while nothing is held, until the connection is given up.
        keep_alive_s: The MQTT keep alive to ask for; the broker may set another.
        connect_s: For connecting and subscribing.
        probe_s: To wait for another collector's answer.
        drain_s: For making safe what was received when stopping.
        leave_s: For the broker to close the connection after our DISCONNECT.
        stuck_s: For one sink call while the byte bound is exceeded.
        stable_s: After which a connection counts as good and the next failure as the first.
        look_s: Between two looks at a connection.
        reconnect: Waits between attempts to connect.
        retry: Waits between calls of a sink that fails.
    """

    heartbeat_s: float = 10.0
    deaf_s: float = 30.0
    keep_alive_s: float = 16.0
    connect_s: float = 10.0
    probe_s: float = 0.5
    drain_s: float = 20.0
    leave_s: float = 2.0
    stuck_s: float = 30.0
    stable_s: float = 5.0
    look_s: float = 0.5
    reconnect: Backoff = field(default=Backoff(0.2, 15.0))
    retry: Backoff = field(default=Backoff(0.5, 5.0))
