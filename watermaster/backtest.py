"""Backtest: the live decoder and the live rules over recorded streams, as fast as the machine can."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from alerting.eflow.attainment import attainment_lines
from alerting.record import SubjectAlerts, as_json
from alerting.rules_reader import STATE_KIND, STATE_VERSION, RulesReader
from hydro.series import SeriesIndex
from ingest.decode import DecodedBatch, Decoder, TickSource
from ingest.salvage import decode_all
from storage.state_file import StateFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from hydro.register import Register
    from storage.message import RawMessage

__all__ = ["BacktestResult", "backtest"]

BATCH: Final = 10_000
_SAVE_EVERY: Final = 20


@dataclass(slots=True)
class BacktestResult:
    """What a backtest gives.

    Attributes:
        alerts: Objects of CONTRACT section 6, sorted by onset, class, subject, target.
        attainment: Lines of CONTRACT section 7.
        messages: Uplink messages read.
        observations: Readings admitted.
        dead_lettered: Messages by reason.
        rejected: Readings by reason.
    """

    alerts: list[dict[str, Any]] = field(default_factory=list)
    attainment: list[dict[str, Any]] = field(default_factory=list)
    messages: int = 0
    observations: int = 0
    dead_lettered: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)


def backtest(
    stream: Iterable[RawMessage],
    register: Register,
    *,
    prefix: str,
    max_age_days: int,
    start: int | None = None,
    end: int | None = None,
    batch: int = BATCH,
    restart_every_batch: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> BacktestResult:
    """Judge a recorded stream.

    Args:
        stream: Messages in the order of the contract.
        register: Master data.
        prefix: Topic prefix.
        max_age_days: ``time.max_age_days``.
        start: Only event times after it, epoch milliseconds.
        end: Only event times up to it; also the final watermark.
        batch: Messages a step; changes nothing but speed.
        restart_every_batch: Snapshot and restore every reader after each batch; changes nothing but speed.
        progress: Called after each step with messages read and the latest ``received_at``.
    """
    result = BacktestResult()
    index = SeriesIndex(register.stations)
    decoder = Decoder(register, index, prefix=prefix, max_age_days=max_age_days, ticks=TickSource.RECEIVED_AT)
    with TemporaryDirectory(prefix="watermaster-backtest-") as folder:
        path = Path(folder) / "rules.state"

        def open_state() -> StateFile:
            return StateFile(path, STATE_KIND, STATE_VERSION, sync="OFF")

        state = open_state()
        try:
            reader = RulesReader(register, index, state, None)
            position = 0
            for number, messages in enumerate(_batches(stream, batch), 1):
                decoded = decode_all(
                    decoder,
                    position + 1,
                    [message.topic for message in messages],
                    [message.payload for message in messages],
                    np.array([message.received_at for message in messages], np.int64),
                    lambda _: None,  # it is counted among the dead letters
                )
                position = decoded.last
                rows = _within(decoded, start, end)
                reader.step(rows)
                result.messages += decoded.messages
                result.observations += len(rows.observations)
                result.dead_lettered.update(decoded.dead_lettered)
                result.rejected.update(decoded.rejected)
                if restart_every_batch or number % _SAVE_EVERY == 0:
                    reader.save()
                if restart_every_batch:
                    state.close()
                    state = open_state()
                    reader = RulesReader(register, index, state, None)
                if progress is not None:
                    progress(position, messages[-1].received_at)
            reader.finish(end)
            result.alerts = in_order(reader.all_alerts(), register.zone_minutes)
            result.attainment = [line.as_json() for line in attainment_lines(reader.engine, start, end)]
        finally:
            state.close()
    return result


def _batches(stream: Iterable[RawMessage], size: int) -> Iterator[list[RawMessage]]:
    messages = iter(stream)
    while chunk := list(islice(messages, size)):
        yield chunk


def _within(decoded: DecodedBatch, start: int | None, end: int | None) -> DecodedBatch:
    """The batch with the readings of start < event time <= end only, and without ticks, which judge arrival alone."""
    rows = decoded.observations
    if start is not None or end is not None:
        keep = np.ones(len(rows), bool)
        if start is not None:
            keep &= rows.event_time > start
        if end is not None:
            keep &= rows.event_time <= end
        rows = rows.take(keep)
    return replace(decoded, observations=rows, dead_letters=[], ticks=[], attachments=[])


def in_order(subjects: Iterable[SubjectAlerts], zone_minutes: int) -> list[dict[str, Any]]:
    """Alerts as objects of the contract, sorted by onset, class, subject and target, each with the one before it."""
    found = []
    for subject in subjects:
        before: str | None = None
        for record in sorted(subject.alerts, key=lambda one: one.raised_at):
            shown = as_json(record, zone_minutes)
            shown["previous"] = before
            before = record.id
            key = (record.onset, record.alert_class, record.subject_kind, record.subject, record.target_id or "")
            found.append((key, shown))
    found.sort(key=lambda pair: pair[0])
    return [shown for _, shown in found]
