"""The collector's MQTT side: a persistent session whose messages are acknowledged when they are safe."""

from __future__ import annotations

from ingest.mqtt.address import BrokerAddress
from ingest.mqtt.batch import Batch
from ingest.mqtt.receiver import Receiver
from ingest.mqtt.status import ReceiverState, Status
from ingest.mqtt.timing import Backoff, Timing

__all__ = ["Backoff", "Batch", "BrokerAddress", "Receiver", "ReceiverState", "Status", "Timing"]
