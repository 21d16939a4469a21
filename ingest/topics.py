"""Topics of CONTRACT section 2: who speaks, in which format."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple

__all__ = [
    "PRETENDED",
    "TCP_GATEWAY",
    "Topic",
    "TopicKind",
    "config_topic",
    "heartbeat_topic",
    "parse_topic",
    "subscriptions",
]

TCP_GATEWAY: Final = "_tcp"
"""Stands for the gateway in topics of what came over the TCP listener; it speaks for any station."""

PRETENDED: Final = "!"
"""Put before a topic that only our own listener may write and that came over MQTT: it is a bad topic then."""

_GATEWAY: Final = re.compile(r"[A-Za-z0-9.-][A-Za-z0-9_.-]{0,63}")
_FORMATS: Final = frozenset({"json", "sl651", "slt427"})


class TopicKind(StrEnum):
    """What a message on a topic is."""

    UPLINK = "uplink"
    STATUS = "status"
    HEARTBEAT = "heartbeat"
    CONFIG = "config"
    BAD = "bad"


class Topic(NamedTuple):
    """A topic taken apart; ``gateway`` and ``format`` are empty where they don't apply."""

    kind: TopicKind
    gateway: str = ""
    format: str = ""


_BAD: Final = Topic(TopicKind.BAD)
_LONGEST: Final = 512


def parse_topic(topic: str, prefix: str) -> Topic:
    """Take a topic apart.

    >>> parse_topic("watermaster/v1/g1/up/json", "watermaster/v1")
    Topic(kind=<TopicKind.UPLINK: 'uplink'>, gateway='g1', format='json')
    >>> parse_topic("watermaster/v1/_x/up/json", "watermaster/v1").kind
    <TopicKind.BAD: 'bad'>
    """
    if len(topic) > _LONGEST:  # no gateway's name is so long; and what strangers send must not fill a cache
        return _BAD
    return _parse(topic, prefix)


@lru_cache(maxsize=65_536)
def _parse(topic: str, prefix: str) -> Topic:
    if not topic.startswith(f"{prefix}/"):
        return _BAD
    match topic[len(prefix) + 1 :].split("/"):
        case [gateway, "up", wire] if wire in _FORMATS and (_GATEWAY.fullmatch(gateway) or gateway == TCP_GATEWAY):
            return Topic(TopicKind.UPLINK, gateway, wire)
        case [gateway, "status"] if _GATEWAY.fullmatch(gateway):
            return Topic(TopicKind.STATUS, gateway)
        case ["_", "heartbeat", _]:
            return Topic(TopicKind.HEARTBEAT)
        case ["_", "config"]:
            return Topic(TopicKind.CONFIG)
        case _:
            return _BAD


def heartbeat_topic(prefix: str, client_id: str) -> str:
    """Where a collector publishes, and hears, its own heartbeat."""
    return f"{prefix}/_/heartbeat/{client_id}"


def config_topic(prefix: str) -> str:
    """Under which a change of what judges stands in the journal; nobody publishes it."""
    return f"{prefix}/_/config"


def subscriptions(prefix: str, client_id: str) -> tuple[str, ...]:
    """What a collector subscribes to: uplinks, status, its own heartbeat."""
    return (f"{prefix}/+/up/+", f"{prefix}/+/status", heartbeat_topic(prefix, client_id))
