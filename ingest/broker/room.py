"""How much a broker may keep for a session that is away: by the memory of the machine or of the service's cgroup."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, NamedTuple

__all__ = ["QueueRoom", "memory_bytes", "queue_room"]

_SHARE: Final = 4
"""One part in so many is the queue's."""

_BYTES_A_MESSAGE: Final = 460  # measured: mosquitto 2.0.11, 130 B of payload
_MOST_MESSAGES: Final = 3_000_000
_MOST_BYTES: Final = 1_000_000_000
_UNLIMITED: Final = 2**63


class QueueRoom(NamedTuple):
    """Bounds of the queue of one session; what is reached first holds.

    Attributes:
        messages: So many,
        size: and so many bytes of payload.
    """

    messages: int
    size: int


def queue_room(memory: int) -> QueueRoom:
    """Bounds for a quarter of the memory, and at most those of config/mosquitto.conf.

    Args:
        memory: Bytes.

    >>> queue_room(2 * 2**30)
    QueueRoom(messages=1167110, size=268435456)
    """
    share = memory // _SHARE
    return QueueRoom(min(_MOST_MESSAGES, share // _BYTES_A_MESSAGE), min(_MOST_BYTES, share // 2))


def memory_bytes(root: Path = Path("/")) -> int:
    """Bytes of memory that we may use: the machine's, or less where a cgroup (version 2) above us is bounded.

    Args:
        root: Where ``proc`` and ``sys`` are.
    """
    most = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    cgroups = root / "sys" / "fs" / "cgroup"
    try:
        lines = (root / "proc" / "self" / "cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return most
    for line in lines:
        if line.startswith("0::/"):
            own = cgroups / line.removeprefix("0::/")
            for each in (own, *own.parents):
                most = min(most, _limit(each))
                if each == cgroups:
                    break
    return most


def _limit(cgroup: Path) -> int:
    try:
        text = (cgroup / "memory.max").read_text(encoding="utf-8").strip()
    except OSError:  # the root has none
        return _UNLIMITED
    return int(text) if text.isdigit() else _UNLIMITED
