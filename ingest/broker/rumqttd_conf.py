"""Configuration of rumqttd, the broker in the iotcore wheel.

It keeps messages in a ring for each subscription, in memory: of a session that is away or slow the *oldest* are
overwritten, silently, and all are gone when it ends.
"""

from __future__ import annotations

import json
from typing import Final

__all__ = ["rumqttd_conf"]

_CONNECTIONS: Final = 10_010
_PAYLOAD: Final = 268_435_455  # what MQTT allows. The default of 20 kB would close the connection of whoever sends more
_SEGMENTS: Final = 8
_UPLINK_SEGMENT: Final = 4 * 1024 * 1024
_OTHER_SEGMENT: Final = 128 * 1024  # status and heartbeats; the ring fills up in time, however little comes

_ROUTER: Final = """\
id = 0

[router]
id = 0
max_connections = {connections}
max_outgoing_packet_count = 200
max_segment_size = {other}
max_segment_count = {segments}

[router.custom_segment.{uplink_filter}]
max_segment_size = {uplink}
max_segment_count = {segments}
"""
_LISTENER: Final = """
[{version}.1]
name = "{version}"
listen = "127.0.0.1:{port}"
next_connection_delay_ms = 0

[{version}.1.connections]
connection_timeout_ms = 10000
max_payload_size = {payload}
max_inflight_count = 65535
dynamic_filters = true
"""


def rumqttd_conf(*, prefix: str, v4_port: int, v5_port: int) -> str:
    """Text of its configuration file.

    Args:
        prefix: First levels of all topics.
        v4_port: Loopback port for MQTT 3.1.1.
        v5_port: Loopback port for MQTT 5.
    """
    router = _ROUTER.format(
        connections=_CONNECTIONS,
        other=_OTHER_SEGMENT,
        uplink=_UPLINK_SEGMENT,
        segments=_SEGMENTS,
        # A text of JSON is one of TOML, too.
        uplink_filter=json.dumps(f"{prefix}/+/up/+", ensure_ascii=False),
    )
    listeners = [
        _LISTENER.format(version=version, port=port, payload=_PAYLOAD)
        for version, port in (("v4", v4_port), ("v5", v5_port))
    ]
    return "".join((router, *listeners))
