"""Gateways: when each was last heard, and what its status topic said last.

A gateway that speaks after its will was published is there again, whether or not it said so. After a start nothing is
known of those that have not spoken since: unknown is neither online nor offline.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ingest.topics import TopicKind, parse_topic

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["MOST_STRANGERS", "Gateway", "Gateways"]

MOST_STRANGERS: Final = 1_000
"""Gateways that no station names, of which is kept what they did; names come from whoever can reach the broker."""

_STATUS: Final = {b"online": True, b"offline": False}


@dataclass(slots=True)
class Gateway:
    """What a gateway did.

    Attributes:
        heard_at: When its last uplink was received, epoch milliseconds; None = not since the start.
        status: What it, or its will, said last; None = not known.
        status_at: When that was received; None = not known.
    """

    heard_at: int | None = None
    status: bool | None = None
    status_at: int | None = None

    @property
    def online(self) -> bool | None:
        """Whether it is there; None = not known."""
        if self.status_at is None or self.heard_at is None:
            return self.status
        return self.status or self.heard_at > self.status_at


class Gateways:
    """See the module.

    Args:
        prefix: Of topics.
        known: Names that the register has.

    Attributes:
        unlisted: Messages of strangers beyond the bound.
        newest_at: When the last uplink of any was received; None = none since the start.
    """

    def __init__(self, prefix: str, known: Iterable[str]) -> None:
        self.unlisted = 0
        self.newest_at: int | None = None
        self._prefix = prefix
        self._known = frozenset(known)
        self._found: dict[str, Gateway] = {}
        self._strangers = 0

    @property
    def found(self) -> Mapping[str, Gateway]:
        """Those heard of, by name."""
        return self._found

    def hear(self, topics: Sequence[str], payloads: Sequence[bytes], received_at: NDArray[np.int64]) -> bool:
        """Note who spoke; whether what is known of the presence of any changed."""
        changed = False
        for topic, payload, at in zip(topics, payloads, received_at.tolist(), strict=True):
            kind, name, _ = parse_topic(topic, self._prefix)
            if kind is not TopicKind.UPLINK and kind is not TopicKind.STATUS:
                continue
            gateway = self._gateway(name)
            if gateway is None:
                self.unlisted += 1
                continue
            before = gateway.online
            if kind is TopicKind.UPLINK:
                first, gateway.heard_at = gateway.heard_at is None, max(at, gateway.heard_at or at)
                self.newest_at = max(at, self.newest_at or at)
                changed |= first
            elif payload in _STATUS:
                gateway.status, gateway.status_at = _STATUS[payload], at
            changed |= gateway.online != before
        return changed

    def _gateway(self, name: str) -> Gateway | None:
        """The one of a name; None for a stranger too many."""
        found = self._found.get(name)
        if found is None:
            if name not in self._known:
                if self._strangers >= MOST_STRANGERS:
                    return None
                self._strangers += 1
            found = self._found[name] = Gateway()
        return found
