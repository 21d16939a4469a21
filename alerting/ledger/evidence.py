"""The ledger's side of evidence: which raw messages are still to be copied for which alert, and what has been copied.

A request is made in the transaction that raises, resolves or rewrites the alert, so none is lost by a crash; it goes
when the copy is safe. One alert has at most one open request of a kind, which grows. The queue is bounded; what does
not fit is counted on the alert.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
from sqlalchemy import bindparam, delete, func, insert, select, update

from alerting.record import AlertRecord
from hydro.instants import DAY_MS, HOUR_MS, format_instant
from storage.ledger_schema import alerts, evidence, evidence_queue

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from alerting.ledger.reconcile import Reconciliation, Rewriting

__all__ = [
    "MOST_REQUESTS",
    "EvidencePart",
    "EvidenceRequest",
    "EvidenceSummary",
    "Occasion",
    "Wanted",
    "decode_summary",
    "keep_summaries",
    "queue_evidence",
    "requests",
    "requests_waiting",
    "summary_as_json",
    "wanted",
]

MOST_REQUESTS: Final = 100_000
_IN_ONE_QUERY: Final = 400
_RESOLVING_MS: Final = {
    "instant": 3 * HOUR_MS,
    "hour": 6 * HOUR_MS,
    "day": 3 * DAY_MS,
    "ten_day": 11 * DAY_MS,
    "month": 31 * DAY_MS,
}
"""How far back before a resolution the messages lie that show it, with one period to spare, by basis."""


class Occasion(StrEnum):
    """Why messages are copied."""

    RAISED = "raised"
    RESOLVED = "resolved"
    REVISED = "revised"


class Wanted(NamedTuple):
    """Messages that are to be copied.

    Attributes:
        alert_id: The alert.
        why: See there.
        start: Event time, inclusive.
        end: Event time, inclusive.
    """

    alert_id: str
    why: Occasion
    start: int
    end: int


class EvidenceRequest(NamedTuple):
    """The same, waiting.

    Attributes:
        number: To say later that it is done.
        wanted: What is to be copied.
        after: Journal position of the last message that is not to be looked at; None = to be found by the time.
        upto: Journal position of the last one that is.
        case_id: Number of the alert's case.
        record: The alert as it is shown.
        summary: What has been copied of it.
    """

    number: int
    wanted: Wanted
    after: int | None
    upto: int
    case_id: int
    record: AlertRecord
    summary: EvidenceSummary | None


class EvidencePart(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One copying of messages of an alert. Times in epoch milliseconds.

    Attributes:
        why: See there.
        start: Event time, inclusive.
        end: Event time, inclusive.
        copied_at: When.
        file: Name of the recorded stream; empty where there was nothing to copy.
        messages: How many it holds.
        size: Its bytes.
        sha256: Of the file.
        left_out: Messages beyond the bounds of one copying.
        missing: Journal positions among those looked at that could not be read.
        journal_from: ``received_at`` of the oldest message that the journal had, where it no longer reached back to
            the beginning of the window.
        reason: Why there is nothing, where that is so.
    """

    why: Occasion
    start: int
    end: int
    copied_at: int
    file: str = ""
    messages: int = 0
    size: int = 0
    sha256: str = ""
    left_out: int = 0
    missing: int = 0
    journal_from: int | None = None
    reason: str = ""


class EvidenceSummary(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What has been copied of an alert.

    Attributes:
        folder: Where its files are, below the folder of evidence.
        parts: In the order of copying; none is ever changed.
        not_copied: Requests that found the queue full, or the alert with as many parts as one may have.
    """

    folder: str = ""
    parts: tuple[EvidencePart, ...] = ()
    not_copied: int = 0


decode_summary: Final = msgspec.json.Decoder(EvidenceSummary).decode
_decode_record: Final = msgspec.json.Decoder(AlertRecord).decode


def wanted(todo: Reconciliation) -> list[Wanted]:
    """What must be copied for what became of a change."""
    found: list[Wanted] = []
    for arrival in todo.arrived:
        found.append(_raised(arrival.record))
        found += _resolved(arrival.record)
    for one in todo.rewritten:
        if one.record.resolved_at is not None and one.before.record.resolved_at is None and one.said is not None:
            found += _resolved(one.record)
        if one.revised != one.before.revised or _is_raised_otherwise(one):
            found.append(_revised(one))
    return found


def _is_raised_otherwise(one: Rewriting) -> bool:
    """Whether data within the lateness changed what an alert said when it was raised: that leaves no trace."""
    before, after = one.before.said, one.said
    if before is None or after is None:
        return False
    return (before.onset, before.raised_at, before.levels[0]) != (after.onset, after.raised_at, after.levels[0])


def _raised(record: AlertRecord) -> Wanted:
    return Wanted(record.id, Occasion.RAISED, _start(record), record.raised_at)


def _resolved(record: AlertRecord) -> Iterator[Wanted]:
    if record.resolved_at is not None and record.resolved_at > record.raised_at:
        back = _RESOLVING_MS.get(record.basis or "", _RESOLVING_MS["instant"])
        yield Wanted(
            record.id, Occasion.RESOLVED, max(record.raised_at, record.resolved_at - back) + 1, record.resolved_at
        )


def _revised(one: Rewriting) -> Wanted:
    records = [record for record in (one.before.said, one.said, one.record) if record is not None]
    ends = [record.levels[-1].at for record in records]
    ends += [record.window.end for record in records if record.window is not None]
    ends += [record.resolved_at for record in records if record.resolved_at is not None]
    return Wanted(one.record.id, Occasion.REVISED, min(map(_start, records)), max(ends))


def _start(record: AlertRecord) -> int:
    """What is not judged by a window rests on what was heard last before it."""
    return record.onset - DAY_MS if record.window is None else min(record.onset, record.window.start)


def queue_evidence(connection: Connection, found: Sequence[Wanted], after: int, upto: int, at: int) -> None:
    """Ask for copies.

    Args:
        connection: In a transaction that writes.
        found: What is wanted.
        after: Journal position up to which the rules had read before; what rewrote a verdict lies behind it.
        upto: Up to which they have read now.
        at: Now, epoch milliseconds.
    """
    known: dict[tuple[str, str], Any] = {}
    for first in range(0, len(found), _IN_ONE_QUERY):
        ids = {one.alert_id for one in found[first : first + _IN_ONE_QUERY]}
        rows = connection.execute(select(evidence_queue).where(evidence_queue.c.alert_id.in_(ids)))
        known |= {(row.alert_id, row.why): row for row in rows}
    new: dict[tuple[str, str], dict[str, Any]] = {}
    for one in found:
        name = one.alert_id, one.why.value
        row = known.get(name)
        span = {
            "from_time": one.start,
            "to_time": one.end,
            "after": after if one.why is Occasion.REVISED else None,
            "upto": upto,
        }
        before = new.get(name) or (None if row is None else row._mapping)  # noqa: SLF001  # its public name for that
        if before is not None:
            span |= {
                "from_time": min(one.start, before["from_time"]),
                "to_time": max(one.end, before["to_time"]),
                "after": before["after"],
            }
        if row is not None:
            connection.execute(update(evidence_queue).where(evidence_queue.c.id == row.id).values(span))
        else:
            new[name] = {"alert_id": one.alert_id, "why": one.why.value, "wanted_at": at, **span}
    if not new:
        return
    room = max(MOST_REQUESTS - requests_waiting(connection), 0)
    asked = list(new.values())
    if asked[:room]:
        connection.execute(insert(evidence_queue), asked[:room])
    for refused in asked[room:]:
        _count_refused(connection, refused["alert_id"])


def _count_refused(connection: Connection, alert_id: str) -> None:
    doc = connection.execute(select(evidence.c.doc).where(evidence.c.alert_id == alert_id)).scalar()
    before = EvidenceSummary() if doc is None else decode_summary(doc)
    keep_summaries(connection, {alert_id: msgspec.structs.replace(before, not_copied=before.not_copied + 1)}, [])


def requests_waiting(connection: Connection) -> int:
    """How many."""
    return int(connection.execute(select(func.count()).select_from(evidence_queue)).scalar_one())


def requests(connection: Connection, limit: int) -> list[EvidenceRequest]:
    """What is still to be copied, the oldest first."""
    query = (
        select(evidence_queue, alerts.c.case_id, alerts.c.doc, evidence.c.doc.label("summary"))
        .select_from(
            evidence_queue.join(alerts, alerts.c.id == evidence_queue.c.alert_id).outerjoin(
                evidence, evidence.c.alert_id == evidence_queue.c.alert_id
            )
        )
        .order_by(evidence_queue.c.id)
        .limit(limit)
    )
    return [
        EvidenceRequest(
            row.id,
            Wanted(row.alert_id, Occasion(row.why), row.from_time, row.to_time),
            row.after,
            row.upto,
            row.case_id,
            _decode_record(row.doc),
            None if row.summary is None else decode_summary(row.summary),
        )
        for row in connection.execute(query)
    ]


def keep_summaries(
    connection: Connection, summaries: dict[str, EvidenceSummary], done: Sequence[EvidenceRequest]
) -> None:
    """What has been copied by now, and the requests that are thereby done, as far as they haven't grown meanwhile."""
    for alert_id, summary in summaries.items():
        doc = msgspec.json.encode(summary).decode()
        moved = connection.execute(update(evidence).where(evidence.c.alert_id == alert_id).values(doc=doc))
        if moved.rowcount == 0:
            connection.execute(insert(evidence).values(alert_id=alert_id, doc=doc))
    rows = [
        {"number": one.number, "start": one.wanted.start, "end": one.wanted.end, "position": one.upto} for one in done
    ]
    if rows:
        connection.execute(_DONE, rows)


_DONE: Final = delete(evidence_queue).where(
    evidence_queue.c.id == bindparam("number"),
    evidence_queue.c.from_time == bindparam("start"),
    evidence_queue.c.to_time == bindparam("end"),
    evidence_queue.c.upto == bindparam("position"),
)


def summary_as_json(summary: EvidenceSummary, zone_minutes: int) -> dict[str, Any]:
    """What a case shows of it."""
    return {
        "messages": sum(part.messages for part in summary.parts),
        "bytes": sum(part.size for part in summary.parts),
        "not_copied": summary.not_copied,
        "folder": summary.folder,
        "parts": [_part_as_json(part, zone_minutes) for part in summary.parts],
    }


def _part_as_json(part: EvidencePart, zone_minutes: int) -> dict[str, Any]:
    return {
        "why": part.why.value,
        "from": format_instant(part.start, zone_minutes),
        "to": format_instant(part.end, zone_minutes),
        "file": part.file or None,
        "messages": part.messages,
        "bytes": part.size,
        "sha256": part.sha256 or None,
        "left_out": part.left_out,
        "missing": part.missing,
        "journal_from": None if part.journal_from is None else format_instant(part.journal_from, zone_minutes),
        "reason": part.reason or None,
        "copied_at": format_instant(part.copied_at, zone_minutes),
    }
