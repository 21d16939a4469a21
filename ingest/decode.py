"""From raw messages to admitted, flagged columns, with every loss accounted for.

Stateless: the same messages and the same register give the same batch, however they were cut. Readers (store, rules)
each add what memory they need.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Final

import numpy as np

from hydro.columns import Observations
from hydro.instants import MINUTE_MS, format_instant
from hydro.quantity import Quantity
from hydro.series import QUANTITY_SLOTS, SeriesIndex
from ingest.addresses import Addresses
from ingest.codecs.channels import sl651_profiles, slt427_devices
from ingest.codecs.framing import Wire
from ingest.codecs.json import decode_json
from ingest.codecs.readings import MessageFault, Readings
from ingest.codecs.sl651 import decode_sl651
from ingest.codecs.slt427.readings import decode_slt427
from ingest.decoded import (
    Attachment,
    ClockReading,
    DeadLetter,
    DeadLetterKind,
    DecodedBatch,
    Heard,
    Stranger,
    Tick,
    TickSource,
)
from ingest.quality.admission import IN_FUTURE, REASONS, Admission
from ingest.quality.gross_range import GrossRange
from ingest.reasons import DeadLetterReason, RejectReason
from ingest.topics import TopicKind, parse_topic

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from hydro.register import Register

__all__ = [
    "Attachment",
    "ClockReading",
    "DeadLetter",
    "DeadLetterKind",
    "DecodedBatch",
    "Decoder",
    "Heard",
    "Stranger",
    "Tick",
    "TickSource",
]

_Strange = dict[tuple[int, str], tuple[int, bool]]
"""Latest event time, and whether water flows, by message and address."""

_STRANGE: Final = (RejectReason.UNKNOWN_STATION, RejectReason.WRONG_GATEWAY)
_FLOWS: Final = (Quantity.DISCHARGE, Quantity.VOLUME)


class Decoder:
    """Decoding, admission and gross range for one register.

    Args:
        register: Master data.
        index: Series numbers of its stations.
        prefix: Topic prefix.
        max_age_days: ``time.max_age_days``.
        ticks: Where ticks come from.
    """

    def __init__(
        self, register: Register, index: SeriesIndex, *, prefix: str, max_age_days: int, ticks: TickSource
    ) -> None:
        self.index = index
        self._zone = register.zone_minutes
        self._prefix = prefix
        self._ticks = ticks
        self._admission = Admission(register, index, max_age_days)
        self._gross_range = GrossRange(register, index)
        addresses = Addresses(register)
        self._sl651 = _station_of(addresses, Wire.SL651)
        self._slt427 = _station_of(addresses, Wire.SLT427)
        self._profiles = sl651_profiles(register, self._sl651)
        self._devices = slt427_devices(register, self._slt427)
        self._numbers = {code: number for number, code in enumerate(index.stations)}

    def decode(
        self, first: int, topics: Sequence[str], payloads: Sequence[bytes], received_at: NDArray[np.int64]
    ) -> DecodedBatch:
        """Decode messages ``first``, ``first`` + 1, … of the journal or of a recorded stream."""
        readings = Readings()
        gateways: list[str] = []
        ticks: list[Tick] = []
        uplinks: list[int] = []
        others = 0
        for number, (topic, payload) in enumerate(zip(topics, payloads, strict=True)):
            kind, gateway, wire = parse_topic(topic, self._prefix)
            gateways.append(gateway)
            if kind is TopicKind.UPLINK:
                uplinks.append(number)
                self._read(wire, number, payload, int(received_at[number]), readings)
            elif kind is TopicKind.BAD:
                readings.undecodable.append(MessageFault(number, DeadLetterReason.BAD_TOPIC, topic[:120]))
            else:
                others += 1
                if kind is TopicKind.HEARTBEAT and self._ticks is TickSource.HEARTBEAT:
                    at = _heartbeat_at(payload, int(received_at[number]))
                    ticks.append(Tick(first + number, at))
        if self._ticks is TickSource.RECEIVED_AT and uplinks:
            ticks = _minutes(first, np.array(uplinks), received_at)
        observations, ahead, refused, strange = self._admit(first, readings, gateways, received_at)
        rejected: Counter[str] = Counter()
        dead_letters: list[DeadLetter] = []
        for number, reason, detail in readings.undecodable:
            dead_letters.append(
                DeadLetter(
                    first + number,
                    DeadLetterKind.MESSAGE,
                    reason,
                    0,
                    topics[number],
                    payloads[number],
                    int(received_at[number]),
                    detail,
                )
            )
        per_message: dict[tuple[int, str], list[str]] = {}
        counts: Counter[tuple[int, str]] = Counter()
        for number, refusal, count, detail in (*readings.faults, *refused):
            rejected[refusal] += count
            counts[number, refusal] += count
            per_message.setdefault((number, refusal), []).append(detail)
        undecodable = {fault.message for fault in readings.undecodable}
        for (number, why), details in per_message.items():
            if number not in undecodable:  # its bytes are kept once, as a message
                dead_letters.append(
                    DeadLetter(
                        first + number,
                        DeadLetterKind.READING,
                        why,
                        counts[number, why],
                        topics[number],
                        payloads[number],
                        int(received_at[number]),
                        details[0],
                    )
                )
        dead_letters.sort()
        return DecodedBatch(
            first=first,
            last=first + len(topics) - 1,
            observations=observations,
            messages=len(topics) - others,
            decoded=len(observations) + rejected.total(),
            dead_lettered=Counter(fault.reason.value for fault in readings.undecodable),
            rejected=rejected,
            dead_letters=dead_letters,
            ticks=ticks,
            sequence=readings.sequence,
            unknown_keys=readings.unknown_keys,
            clocks=[
                ClockReading(station, sent, int(received_at[number]))
                for number, station, sent in readings.clocks
                if station in self._numbers
            ],
            attachments=[
                Attachment(first + number, station, event_time, kind, data)
                for number, station, event_time, kind, data in readings.attached
                if station in self._numbers
            ],
            heard=_heard(first, gateways, received_at),
            ahead=ahead,
            tick_source=self._ticks,
            strangers=[
                Stranger(
                    first + number,
                    int(received_at[number]),
                    gateways[number],
                    parse_topic(topics[number], self._prefix).format,
                    address,
                    event_time,
                    is_flowing,
                )
                for (number, address), (event_time, is_flowing) in strange.items()
            ],
        )

    def _read(self, wire: str, number: int, payload: bytes, received_at: int, readings: Readings) -> None:
        if wire == "json":
            decode_json(number, payload, self._zone, readings)
        elif wire == "sl651":
            decode_sl651(number, payload, self._zone, received_at, self._sl651, readings, self._profiles)
        elif wire == "slt427":
            decode_slt427(number, payload, self._zone, received_at, self._slt427, readings, self._devices)
        else:
            readings.undecodable.append(MessageFault(number, DeadLetterReason.UNSUPPORTED_FORMAT, wire))

    def _admit(
        self, first: int, readings: Readings, gateways: list[str], received_at: NDArray[np.int64]
    ) -> tuple[Observations, Observations, list[tuple[int, RejectReason, int, str]], _Strange]:
        size = len(readings.message)
        if not size:
            return Observations.empty(), Observations.empty(), [], {}
        numbers = self._numbers
        message = np.array(readings.message, np.int64)
        station = np.fromiter((numbers.get(code, -1) for code in readings.station), np.int64, size)
        event_time = np.array(readings.event_time, np.int64)
        value = np.array(readings.value, np.int64)
        missing = np.array(readings.missing, bool)
        arrived = received_at[message]
        codes = self._admission.judge(station, event_time, arrived, gateways, message)
        refused = []
        strange: _Strange = {}
        for row in np.flatnonzero(codes):
            reason = REASONS[codes[row]]
            if reason is not None:
                detail = f"{readings.station[row]} at {_shown_time(readings.event_time[row], self._zone)}"
                refused.append((int(message[row]), reason, 1, detail[:120]))
            if reason in _STRANGE:
                source = readings.message[row], readings.station[row]
                latest, flows = strange.get(source, (readings.event_time[row], False))
                flows = flows or (readings.quantity[row] in _FLOWS and readings.value[row] > 0)
                strange[source] = max(latest, readings.event_time[row]), flows
        series = station * QUANTITY_SLOTS + np.array(readings.quantity, np.int64)
        batch = Observations(series, event_time, value, np.zeros(size, np.uint8), arrived, first + message)
        ahead = Observations.empty()
        if refused:
            ahead = batch.take(codes == IN_FUTURE)
            batch = batch.take(codes == 0)
            missing = missing[codes == 0]
        flags = self._gross_range.flags(batch.series, batch.event_time, batch.value, missing)
        batch.flag[:] = flags
        return batch, ahead, refused, strange


def _station_of(addresses: Addresses, wire: Wire) -> Callable[[str], str]:
    """Code of the station that has an address on the wire; an address that nobody has serves as code."""

    def station(address: str) -> str:
        return addresses.station(wire, address) or address

    return station


def _shown_time(event_time: int, zone_minutes: int) -> str:
    """For people; what no calendar has is shown as it came."""
    try:
        return format_instant(event_time, zone_minutes)
    except OverflowError:
        return f"{event_time} ms"


def _heard(first: int, gateways: list[str], received_at: NDArray[np.int64]) -> list[Heard]:
    """Who spoke, each where it spoke first; topics that name no gateway have an empty one."""
    numbers: dict[str, int] = {}
    for number, name in enumerate(gateways):
        if name not in numbers:
            numbers[name] = number
    return [Heard(first + number, name, int(received_at[number])) for name, number in numbers.items() if name]


def _minutes(first: int, uplinks: NDArray[np.int64], received_at: NDArray[np.int64]) -> list[Tick]:
    """Full minutes of arrival; of uplinks only, since our own heartbeats are no part of what is replayed."""
    minutes = received_at[uplinks] // MINUTE_MS
    fresh = np.flatnonzero(np.diff(minutes, prepend=-1))
    return [Tick(first + int(uplinks[row]), int(minutes[row]) * MINUTE_MS) for row in fresh]


def _heartbeat_at(payload: bytes, received_at: int) -> int:
    """Instant of a heartbeat: when it was sent, never later than it came back."""
    try:
        at = json.loads(payload)["at"]
    except (ValueError, KeyError, TypeError):
        return received_at
    return min(at, received_at) if isinstance(at, int) else received_at
