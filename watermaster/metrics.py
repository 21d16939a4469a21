"""Every metric of the product, in one place. Labels: none but ``reason``, ``reader`` and ``part``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ingest.codecs.framing import SkipKind, Wire
from ingest.reasons import DeadLetterReason, RejectReason
from ingest.tcp.exchange import Outcome
from ingest.tcp.status import Closed, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from enum import StrEnum

    from ingest.mqtt import Status
    from ingest.store_reader import Totals
    from ingest.tcp import Status as TcpStatus

__all__ = ["Metrics"]

_COUNTERS: Final = {
    "alerts_never_notified": "Alerts over for a week when Alertmanager could have been told, since the start.",
    "alerts_notified": "Alerts that Alertmanager was told of for the first time, since the start.",
    "attachments_kept": "Pictures and texts of devices written since the start.",
    "attachments_dropped": "Those given up for room since the start.",
    "broker_restarts": "Starts of the embedded broker after the first.",
    "dead_letters_dropped": "Dead letters given up for room since the start.",
    "evidence_copied": "Files of evidence written since the start.",
    "evidence_messages": "Raw messages in them.",
    "evidence_left_out": "Messages, or copyings, beyond the bounds since the start.",
    "evidence_dropped": "Files of evidence given up for room since the start.",
    "page_clients_dropped": "Browsers let go since the start, having taken nothing for too long.",
    "page_clients_refused": "Browsers sent away since the start, there being too many.",
    "rejudging_judged": "Series and days that were judged again since the start.",
    "rejudging_impossible": "Those that could not be: the store has summed them up, or they began too long ago.",
    "rejudging_refused": "Those for which there was no room in the ledger since the start.",
    "notices_failed": "Rounds that Alertmanager did not take since the start.",
    "notices_told": "Notices that Alertmanager took since the start, repetitions included.",
    "sources_dropped": "Messages of unknown addresses not followed, for room or their name, since the start.",
    "observations_beyond_revision": "Readings too old to change a verdict since the start, see time.revise_days.",
}
_GAUGES: Final = {
    "alerts_not_yet_notified": "Alerts that nobody was told of yet.",
    "alerts_silenced": "Alerts that Alertmanager silences.",
    "journal_free_bytes": "Room on the disk of the journal.",
    "page_clients": "Browsers that listen to the first page.",
    "evidence_waiting": "Copyings of raw messages that alerts wait for.",
    "rejudging_waiting": "Series and days older than the memory of the rules that wait to be judged again.",
    "sources_over_bound": "Unknown addresses that are no alert because their gateway has 100 already.",
    "stations_clock_skewed": "Stations whose clock can't be believed.",
}


class Metrics(Collector):
    """Asks the parts for their numbers when it is scraped.

    Attributes:
        totals: Counts of CONTRACT section 8, kept with the reader's cursor.
        receiver: Status of the MQTT receiver.
        tcp: Status of the field link.
        positions: Journal position by reader; ``journal`` is the newest message.
        degraded: By part, whether it is not as it should be.
    """

    def __init__(self) -> None:
        self.totals: Callable[[], Totals] | None = None
        self.receiver: Status | None = None
        self.tcp: TcpStatus | None = None
        self.positions: dict[str, Callable[[], int]] = {}
        self.degraded: Callable[[], Mapping[str, bool]] | None = None
        self._single: dict[str, Callable[[], int]] = {}
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def add(self, name: str, ask: Callable[[], int]) -> None:
        """Show a number of which there is one.

        Raises:
            KeyError: It isn't declared in this module.
        """
        if name not in _COUNTERS and name not in _GAUGES:
            raise KeyError(name)
        self._single[name] = ask

    def text(self) -> str:
        """The page that Prometheus scrapes."""
        return generate_latest(self._registry).decode()

    def collect(self) -> Iterator[Metric]:
        """All families, for the registry."""
        if self.totals is not None:
            yield from _of_totals(self.totals())
        if self.receiver is not None:
            yield from _of_receiver(self.receiver)
        if self.tcp is not None:
            yield from _of_tcp(self.tcp)
        position = GaugeMetricFamily(
            "watermaster_journal_position", "Journal position reached, by reader.", labels=["reader"]
        )
        for reader, at in self.positions.items():
            position.add_metric([reader], at())
        yield position
        for name, ask in self._single.items():
            yield _counter(name, _COUNTERS[name], ask()) if name in _COUNTERS else _gauge(name, _GAUGES[name], ask())
        if self.degraded is not None:
            degraded = GaugeMetricFamily("watermaster_part_degraded", "1 where a part needs a look.", labels=["part"])
            for part, is_degraded in self.degraded().items():
                degraded.add_metric([part], float(is_degraded))
            yield degraded


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
    if status.session_present is not None:
        yield GaugeMetricFamily(
            "watermaster_mqtt_session_present",
            "1 where the broker had kept our session at the latest connect.",
            float(status.session_present),
        )
    yield _counter("mqtt_sessions_lost", "Reconnects that found no session.", status.sessions_lost)
    yield _counter("mqtt_acks_dropped", "Acknowledgements whose connection had ended.", status.acks_dropped)
    yield GaugeMetricFamily(
        "watermaster_mqtt_pending_messages", "Received and not durable yet.", status.pending_messages
    )
    yield _counter("mqtt_downlinks_refused", "Answers that the broker refused.", status.downlinks_refused)
    if status.heartbeat_delay_ms is not None:
        yield GaugeMetricFamily(
            "watermaster_mqtt_heartbeat_delay_seconds",
            "How long the last heartbeat took through the broker.",
            status.heartbeat_delay_ms / 1000,
        )


def _of_tcp(status: TcpStatus) -> Iterator[Metric]:
    ended = [outcome for outcome in Outcome if outcome is not Outcome.WAITING]
    yield GaugeMetricFamily("watermaster_tcp_connections", "RTUs and modems connected.", status.connections)
    yield GaugeMetricFamily("watermaster_tcp_pending_bytes", "Received and not durable yet.", status.pending_bytes)
    yield _counter("tcp_accepted", "Connections taken.", status.accepted)
    yield _by_reason("tcp_refused", "Connections and frames that were not taken.", status.refused, Refusal)
    yield _by_reason("tcp_closed", "Connections ended.", status.closed, Closed)
    yield _by_reason("tcp_frames", "Frames with a right check sum, by protocol.", status.frames, Wire)
    yield _by_reason("tcp_skipped_bytes", "Bytes that looked like no frame.", status.skipped_bytes, SkipKind)
    yield _counter("tcp_broken_frames", "Began like a frame and were none.", status.broken_frames)
    yield _counter("tcp_unknown_frames", "From addresses that the register doesn't know.", status.unknown_frames)
    yield _counter("tcp_answers", "Confirmations sent.", status.answers)
    yield _counter("tcp_unanswered", "Confirmations that our clock made impossible.", status.unanswered)
    yield _counter("tcp_sets_complete", "Bodies put together from packets.", status.sets_complete)
    yield _counter("tcp_sets_incomplete", "Sets of packets given up.", status.sets_incomplete)
    yield _counter("tcp_packets_wanted", "Packets asked for again.", status.packets_wanted)
    yield _counter("tcp_throttled", "Times that a connection brought too much at once.", status.throttled)
    yield _counter("tcp_held", "Times that all connections waited for the journal.", status.held)
    yield _counter("gateway_answers", "Confirmations given to the broker.", status.gateway_answers)
    yield _counter("gateway_answers_dropped", "Those that it did not take.", status.gateway_answers_dropped)
    yield _by_reason("rtu_commands", "Commands ended.", status.commands, ended)
    yield GaugeMetricFamily("watermaster_rtu_commands_waiting", "Commands not yet ended.", status.commands_waiting)


def _gauge(name: str, text: str, value: int) -> Metric:
    return GaugeMetricFamily(f"watermaster_{name}", text, value)


def _counter(name: str, text: str, value: int) -> Metric:
    return CounterMetricFamily(f"watermaster_{name}", text, value)


def _by_reason(name: str, text: str, counts: Mapping[Any, int], reasons: Iterable[StrEnum]) -> Metric:
    family = CounterMetricFamily(f"watermaster_{name}", text, labels=["reason"])
    for reason in reasons:
        family.add_metric([reason.value], counts.get(reason.value, 0))
    return family
