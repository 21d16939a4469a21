"""A raw message, as it came from the field."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["RawMessage"]


class RawMessage(NamedTuple):
    """What the journal and a recorded stream hold.

    Attributes:
        topic: MQTT topic, or the one that stands for a TCP connection.
        payload: The bytes, unchanged.
        received_at: Epoch milliseconds.
    """

    topic: str
    payload: bytes
    received_at: int
