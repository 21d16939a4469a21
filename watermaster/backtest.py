"""Backtest: the live decoder and the live rules over recorded streams, as fast as the machine can."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final, NamedTuple

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

    from alerting.eflow.attainment import Attainment
    from hydro.columns import Observations
    from hydro.register import Register
    from storage.message import RawMessage

__all__ = ["BacktestResult", "TimedBatch", "backtest", "decoded", "judge"]

BATCH: Final = 10_000
_SETTLE_EVERY: Final = 20


class TimedBatch(NamedTuple):
    """A decoded batch.

    Attributes:
        batch: Of messages.
        received_at: Of the last one, epoch milliseconds.
    """

    batch: DecodedBatch
    received_at: int


@dataclass(slots=True)
class BacktestResult:
    """What a backtest gives.

    Attributes:
        alerts: Objects of CONTRACT section 6, sorted by onset, class, subject, target.
        attainment: Lines of CONTRACT section 7.
        counts: What these lines were counted from, in the same order.
        messages: Uplink messages read.
        observations: Readings admitted.
        dead_lettered: Messages by reason.
        rejected: Readings by reason.
    """

    alerts: list[dict[str, Any]] = field(default_factory=list)
    attainment: list[dict[str, Any]] = field(default_factory=list)
    counts: list[Attainment] = field(default_factory=list)
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
    index = SeriesIndex(register.stations)
    batches = decoded(stream, register, index, prefix=prefix, max_age_days=max_age_days, batch=batch)
    return judge(
        batches,
        register,
        index,
        start=start,
        end=end,
        restart_every_batch=restart_every_batch,
        progress=progress,
    )


def decoded(
    stream: Iterable[RawMessage],
    register: Register,
    index: SeriesIndex,
    *,
    prefix: str,
    max_age_days: int,
    batch: int = BATCH,
) -> Iterator[TimedBatch]:
    """A recorded stream through the live decoder; arguments as in :func:`backtest`."""
    decoder = Decoder(register, index, prefix=prefix, max_age_days=max_age_days, ticks=TickSource.RECEIVED_AT)
    position = 0
    for messages in _batches(stream, batch):
        found = decode_all(
            decoder,
            position + 1,
            [message.topic for message in messages],
            [message.payload for message in messages],
            np.array([message.received_at for message in messages], np.int64),
            lambda _: None,  # it is counted among the dead letters
        )
        position = found.last
        yield TimedBatch(found, messages[-1].received_at)


def judge(
    batches: Iterable[TimedBatch],
    register: Register,
    index: SeriesIndex,
    *,
    start: int | None = None,
    end: int | None = None,
    restart_every_batch: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> BacktestResult:
    """Judge what was decoded, wherever it comes from.

    Args:
        batches: In the order of their positions.
        register: Master data.
        index: Series numbers of the batches.
        start: As in :func:`backtest`, and so the rest.
        end: See there.
        restart_every_batch: See there.
        progress: Called after each step with the last position and the latest ``received_at``.
    """
    result = BacktestResult()
    with TemporaryDirectory(prefix="watermaster-backtest-") as folder:
        path = Path(folder) / "rules.state"

        def open_state() -> StateFile:
            return StateFile(path, STATE_KIND, STATE_VERSION, sync="OFF")

        state = open_state()
        try:
            reader = RulesReader(register, index, state, None, is_recorded=True)
            for number, (found, received_at) in enumerate(batches, 1):
                rows = _within(found, start, end)
                reader.step(rows)
                result.messages += found.messages
                result.observations += len(rows.observations)
                result.dead_lettered.update(found.dead_lettered)
                result.rejected.update(found.rejected)
                if number % _SETTLE_EVERY == 0:
                    reader.settle()
                if restart_every_batch:
                    reader.save()
                    state.close()
                    state = open_state()
                    reader = RulesReader(register, index, state, None, is_recorded=True)
                if progress is not None:
                    progress(found.last, received_at)
            reader.finish(end)
            result.alerts = in_order(reader.all_alerts(), register.zone_minutes)
            result.counts = attainment_lines(reader.eflow, start, end)
            result.attainment = [line.as_json() for line in result.counts]
        finally:
            state.close()
    return result


def _batches(stream: Iterable[RawMessage], size: int) -> Iterator[list[RawMessage]]:
    messages = iter(stream)
    while chunk := list(islice(messages, size)):
        yield chunk


def _within(decoded: DecodedBatch, start: int | None, end: int | None) -> DecodedBatch:
    """The batch with the readings of start < event time <= end only."""
    return replace(
        decoded,
        observations=_cut(decoded.observations, start, end),
        ahead=_cut(decoded.ahead, start, end),
        dead_letters=[],
        attachments=[],
        strangers=[
            stranger
            for stranger in decoded.strangers
            if (start is None or stranger.event_time > start) and (end is None or stranger.event_time <= end)
        ],
    )


def _cut(rows: Observations, start: int | None, end: int | None) -> Observations:
    keep = np.ones(len(rows), bool)
    if start is not None:
        keep &= rows.event_time > start
    if end is not None:
        keep &= rows.event_time <= end
    return rows if keep.all() else rows.take(keep)


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
