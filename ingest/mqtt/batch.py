"""Messages of one connection on their way into the journal, as columns."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Batch"]


@dataclass(slots=True)
class Batch:
    """What came over one connection since the last batch was closed, in the order of arrival.

    No object per message: ``topics`` and ``payloads`` are columns of equal length. It belongs to whoever holds it: the
    connection fills it, then the sink reads it; never both.

    Attributes:
        generation: Number of the connection on which it came; only there may it be acknowledged.
        topics: Topic of each message.
        payloads: Payload of each message.
        properties: MQTT 5 user properties by index, only of messages that carry any.
        owed: What the broker waits for, in the order of arrival: packet ids as `ingest.mqtt.frames.acknowledgements`
            takes them. QoS 0 messages owe nothing; probes owe, but are no messages.
        size: Bytes on the wire, which is what the byte bound counts.
        duplicates: Messages that the broker marked as sent before.
        salvaged: Messages that broke the rules of MQTT and were read all the same.
    """

    generation: int
    topics: list[str] = field(default_factory=list)
    payloads: list[bytes] = field(default_factory=list)
    properties: dict[int, list[tuple[str, str]]] = field(default_factory=dict)
    owed: list[int] = field(default_factory=list)
    size: int = 0
    duplicates: int = 0
    salvaged: int = 0

    def __len__(self) -> int:
        """Count the messages."""
        return len(self.topics)
