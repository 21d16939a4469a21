"""Every metric of the product, in one place. Labels: none but ``reason``, ``reader`` and ``part``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ingest.reasons import DeadLetterReason, RejectReason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ingest.mqtt import Status
    from ingest.store_reader import Totals

__all__ = ["Metrics"]


class Metrics(Collector):
    """Asks the parts for their numbers when it is scraped.

    Attributes:
        totals: Counts of CONTRACT section 8, kept with the reader's cursor.
        receiver: Status of the MQTT receiver.
        positions: Journal position by reader; ``journal`` is the newest message.
        degraded: By part, whether it is not as it should be.
        dead_letters_dropped: Dead letters that the bound pushed out since the start.
        beyond_revision: Readings of judged series older than ``time.revise_days`` since the start.
    """

    def __init__(self) -> None:
        self.totals: Callable[[], Totals] | None = None
        self.receiver: Status | None = None
        self.positions: dict[str, Callable[[], int]] = {}
        self.degraded: Callable[[], Mapping[str, bool]] | None = None
        self.dead_letters_dropped: Callable[[], int] | None = None
        self.beyond_revision: Callable[[], int] | None = None
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def text(self) -> str:
        """The page that Prometheus scrapes."""
        return generate_latest(self._registry).decode()

    def collect(self) -> Iterator[Metric]:
        """All families, for the registry."""
        if self.totals is not None:
            yield from _of_totals(self.totals())
        if self.receiver is not None:
            yield from _of_receiver(self.receiver)
        position = GaugeMetricFamily(
            "watermaster_journal_position", "Journal position reached, by reader.", labels=["reader"]
        )
        for reader, at in self.positions.items():
            position.add_metric([reader], at())
        yield position
        if self.beyond_revision is not None:
            yield _counter(
                "observations_beyond_revision",
                "Readings too old to change a verdict, see time.revise_days.",
                self.beyond_revision(),
            )
        if self.degraded is not None:
            degraded = GaugeMetricFamily("watermaster_part_degraded", "1 where a part needs a look.", labels=["part"])
            for part, is_degraded in self.degraded().items():
                degraded.add_metric([part], float(is_degraded))
            yield degraded
        if self.dead_letters_dropped is not None:
            yield CounterMetricFamily(
                "watermaster_dead_letters_dropped", "Dead letters given up for room.", self.dead_letters_dropped()
            )


def _of_totals(totals: Totals) -> Iterator[Metric]:
    yield _counter("messages_received", "Uplink messages read from the journal.", totals.messages_received)
    yield _counter("messages_decoded", "Messages with a readable element.", totals.messages_decoded)
    yield _by_reason("messages_dead_lettered", "Messages without one.", totals.messages_dead_lettered, DeadLetterReason)
    yield _counter("observations_decoded", "Readings found in messages.", totals.observations_decoded)
    yield _counter("observations_stored", "Readings written, corrections included.", totals.observations_stored)
    yield _counter("observations_duplicate", "Readings that changed nothing.", totals.observations_duplicate)
    yield _counter("observations_corrected", "Readings that replaced another value.", totals.observations_corrected)
    yield _by_reason("observations_rejected", "Readings refused.", totals.observations_rejected, RejectReason)
    yield _counter("unknown_keys", "Keys of payloads that were ignored.", totals.unknown_keys)
    yield _counter("sequence_gaps", "Jumps in the seq of a station.", totals.sequence_gaps)


def _of_receiver(status: Status) -> Iterator[Metric]:
    yield GaugeMetricFamily("watermaster_mqtt_connected", "1 while messages can arrive.", float(status.connected))
    yield _counter("mqtt_reconnects", "Connections made after the first.", status.reconnects)
    yield _counter("mqtt_acks_dropped", "Acknowledgements whose connection had ended.", status.acks_dropped)
    yield GaugeMetricFamily(
        "watermaster_mqtt_pending_messages", "Received and not durable yet.", status.pending_messages
    )
    if status.heartbeat_delay_ms is not None:
        yield GaugeMetricFamily(
            "watermaster_mqtt_heartbeat_delay_seconds",
            "How long the last heartbeat took through the broker.",
            status.heartbeat_delay_ms / 1000,
        )


def _counter(name: str, text: str, value: int) -> Metric:
    return CounterMetricFamily(f"watermaster_{name}", text, value)


def _by_reason(
    name: str, text: str, counts: Mapping[str, int], reasons: type[DeadLetterReason | RejectReason]
) -> Metric:
    family = CounterMetricFamily(f"watermaster_{name}", text, labels=["reason"])
    for reason in reasons:
        family.add_metric([reason.value], counts.get(reason.value, 0))
    return family
