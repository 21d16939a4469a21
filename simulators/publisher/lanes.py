"""Which connection a message goes over: a gateway always over the same one."""

from __future__ import annotations

import re
import zlib
from typing import Final

__all__ = ["Lanes", "gateway_of"]

_GATEWAY: Final = re.compile(r"(?:.*/)?([^/]+)/(?:up/[^/]*|status)")
_REMEMBERED: Final = 100_000


def gateway_of(topic: str) -> str:
    """Name in a topic of the contract; of any other topic the topic itself.

    >>> gateway_of("watermaster/v1/g1/up/json"), gateway_of("watermaster/v1/g1/status"), gateway_of("a/b")
    ('g1', 'g1', 'a/b')
    """
    found = _GATEWAY.fullmatch(topic)
    return found[1] if found else topic


class Lanes:
    """Deals gateways out to connections, one after the other as they appear, so that all get equally many.

    Memory is bounded: gateways after the first 100,000 are dealt out by a checksum of their name.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._by_gateway: dict[str, int] = {}

    def of(self, topic: str) -> int:
        """Number of the connection, from 0."""
        gateway = gateway_of(topic)
        lane = self._by_gateway.get(gateway)
        if lane is None:
            if len(self._by_gateway) >= _REMEMBERED:
                return zlib.crc32(gateway.encode("utf-8", "surrogatepass")) % self._count
            lane = self._by_gateway[gateway] = len(self._by_gateway) % self._count
        return lane
