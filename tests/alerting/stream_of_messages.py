"""A few messages through the live decoder and the live rules, cut and killed as one likes."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from alerting.device_fault.engine import DeviceFaultEngine
from hydro.instants import format_instant, parse_instant
from hydro.register import Context, Register
from hydro.series import SeriesIndex
from ingest.decode import Decoder, TickSource

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from random import Random

    from alerting.engine import RuleEngine
    from alerting.record import AlertRecord, SubjectAlerts
    from ingest.decode import DecodedBatch

__all__ = [
    "Message",
    "Run",
    "Shelf",
    "Told",
    "at",
    "beat",
    "judged",
    "reading",
    "register_of",
    "report",
    "status",
    "told",
]

ZONE = 480
PREFIX = "w"
STATIONS = "station,name,kind,basin,river,division,gateway,interval_min"


class Message(NamedTuple):
    """One message of a journal."""

    received_at: int
    topic: str
    payload: bytes


class Told(NamedTuple):
    """An alert in short: times as ``DD HH:MM`` of March 2026."""

    subject: str
    reason: str
    onset: str
    raised: str
    resolved: str | None
    level: str
    members: tuple[str, ...] = ()


def at(text: str) -> int:
    """Epoch milliseconds of ``DD HH:MM`` in March 2026."""
    day, time = text.split()
    return parse_instant(f"2026-03-{day}T{time}", ZONE)


def _shown(instant: int) -> str:
    text = format_instant(instant, ZONE)
    return f"{text[8:10]} {text[11:16]}"


def register_of(stations: Sequence[str], *, columns: str = "", **tables: str) -> Register:
    """A register of these lines, without mistakes; ``columns`` are further ones of the stations."""
    text = "\n".join([STATIONS + (f",{columns}" if columns else ""), *stations]) + "\n"
    contents = {"stations.csv": text.encode(), **{f"{name}.csv": table.encode() for name, table in tables.items()}}
    result = Register.parse(contents, Context(ZONE, lateness_min=30), {})
    assert result.register is not None, result.mistakes
    return result.register


def reading(
    received: str | int, station: str, event: str | int | None = None, gateway: str = "g", **values: float | None
) -> Message:
    """One reading; measured when it was received unless told; stage = 1 unless told."""
    return report(received, station, values or {"stage": 1.0}, event, gateway)


def report(
    received: str | int,
    station: str,
    values: Mapping[str, float | None],
    event: str | int | None = None,
    gateway: str = "g",
) -> Message:
    """Readings of several quantities in one message."""
    received_at = at(received) if isinstance(received, str) else received
    time = received_at if event is None else at(event) if isinstance(event, str) else event
    payload = {"station": station, "time": time, "values": values}
    return Message(received_at, f"{PREFIX}/{gateway}/up/json", json.dumps(payload).encode())


def status(received: str, gateway: str) -> Message:
    """A gateway says that it is online, and nothing else."""
    return Message(at(received), f"{PREFIX}/{gateway}/status", b"online")


def beat(received: str) -> Message:
    """Our own heartbeat comes back at once."""
    return Message(at(received), f"{PREFIX}/_/heartbeat/c", json.dumps({"at": at(received)}).encode())


class Shelf:
    """Blobs in memory."""

    def __init__(self) -> None:
        self.blobs: dict[tuple[str, int], bytes] = {}

    def take(self, name: str, number: int) -> bytes | None:
        """A blob, None if there is none."""
        return self.blobs.get((name, number))

    def put(self, name: str, number: int, blob: bytes) -> None:
        """Keep a blob."""
        self.blobs[name, number] = blob

    def drop(self, name: str, number: int) -> None:
        """Drop a blob."""
        self.blobs.pop((name, number), None)

    def numbers(self, name: str) -> list[int]:
        """Numbers of the blobs of a name."""
        return sorted(number for owner, number in self.blobs if owner == name)


class Run:
    """An engine over a journal, with what it saved."""

    def __init__(
        self, kind: Callable[..., RuleEngine], register: Register, messages: Sequence[Message], ticks: TickSource
    ) -> None:
        self._kind = kind
        self._ticks = ticks
        self._use(register)
        self._messages = sorted(messages, key=lambda message: message.received_at)
        self.shelf = Shelf()
        self.entries: dict[str, bytes] = {}
        self.restart = 0
        self.said: list[SubjectAlerts] = []
        self.engine = self._open(None)

    def _use(self, register: Register) -> None:
        self._register = register
        self._index = SeriesIndex(register.stations)
        self._decoder = Decoder(register, self._index, prefix=PREFIX, max_age_days=400, ticks=self._ticks)

    def _open(self, position: int | None) -> RuleEngine:
        engine = self._kind(self._register, self._index, self.shelf)
        if position is not None:
            self.said += engine.unpack(self.entries, position)
        return engine

    def decode(self, first: int, last: int) -> DecodedBatch:
        """Messages first to last of the journal, from 1."""
        part = self._messages[first - 1 : last]
        return self._decoder.decode(
            first,
            [message.topic for message in part],
            [message.payload for message in part],
            np.array([message.received_at for message in part], np.int64),
        )

    def read(self, upto: int) -> None:
        """Judge messages up to a position."""
        batch = self.decode(self.engine.position + 1, upto)
        if isinstance(self.engine, DeviceFaultEngine):
            batch = self.engine.judged(batch)
        self.said += self.engine.step(batch)

    def save(self, most: int, horizon: int | None = None) -> None:
        """Save some of it."""
        packed = self.engine.pack(most, horizon)
        self.entries.update(packed.entries)
        for name in packed.removed:
            self.entries.pop(name, None)
        for name, below in packed.forgotten:
            for number in self.shelf.numbers(name):
                if number < below:
                    self.shelf.drop(name, number)
        self.restart = self.engine.restart_after(packed.keys)
        self.engine.packed(packed.keys)
        if isinstance(self.engine, DeviceFaultEngine):
            self.engine.settle(self.restart)

    def crash(self, register: Register | None = None) -> None:
        """Forget what was not saved; start again, maybe with another register."""
        if register is not None:
            self._use(register)
        self.engine = self._open(self.restart if self.entries else None)

    def finish(self) -> list[SubjectAlerts]:
        """End of the stream; all alerts."""
        if isinstance(self.engine, DeviceFaultEngine):
            rest = self.engine.rest()
            if rest is not None:
                self.engine.step(rest)
        self.engine.finish(None)
        return list(self.engine.all_alerts())

    def __len__(self) -> int:
        """Number of messages."""
        return len(self._messages)


def judged(
    kind: Callable[..., RuleEngine],
    register: Register,
    messages: Sequence[Message],
    *,
    ticks: TickSource = TickSource.RECEIVED_AT,
    cuts: Sequence[int] = (),
    dying: Random | None = None,
) -> list[SubjectAlerts]:
    """All alerts of a stream.

    Args:
        kind: Makes the engine.
        register: Master data.
        messages: In any order; they are read by ``received_at``.
        ticks: Where ticks come from.
        cuts: Positions after which a batch ends.
        dying: Saves and kills the engine at random.
    """
    run = Run(kind, register, messages, ticks)
    if dying is None:
        for _, last in pairwise(sorted({0, *cuts, len(run)})):
            run.read(last)
        return run.finish()
    crashes = 0
    while run.engine.position < len(run):
        run.read(min(run.engine.position + dying.randint(1, 40), len(run)))
        if dying.random() < 0.5:
            run.save(dying.choice([0, 1, 2, 1000]))
        if dying.random() < 0.2 and crashes < 20:
            run.crash()
            crashes += 1
    return run.finish()


def told(alerts: Sequence[SubjectAlerts]) -> list[Told]:
    """Alerts in short, by onset and subject."""
    records = [record for subject in alerts for record in subject.alerts]
    return [_told(record) for record in sorted(records, key=lambda one: (one.onset, one.subject, one.raised_at))]


def _told(record: AlertRecord) -> Told:
    resolved: Any = None if record.resolved_at is None else _shown(record.resolved_at)
    return Told(
        record.subject,
        record.reason,
        _shown(record.onset),
        _shown(record.raised_at),
        resolved,
        record.level.text,
        record.members,
    )
