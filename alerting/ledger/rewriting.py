"""Writing what the rules say into the tables, inside the caller's transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

import msgspec
from sqlalchemy import bindparam, insert, or_, select, update

from alerting.case import CaseState
from alerting.ledger.evidence import Wanted, wanted
from alerting.ledger.notices import note_untold
from alerting.ledger.points import changed_points
from alerting.ledger.reading import decode_record, decode_revised
from alerting.ledger.reconcile import CaseEvent, Held, reconcile
from alerting.record import AlertRecord, AlertState
from storage.ledger_schema import alerts, case_history, cases, outbox

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, Row

    from alerting.ledger.reconcile import Arrival
    from alerting.ledger.revision import Revision
    from alerting.record import SubjectAlerts
    from storage.store import AlertPoint

__all__ = ["MACHINE", "Applied", "Outcome", "apply_change"]

MACHINE: Final = "watermaster"
"""Who stands in the history of a case for what no person did."""


class Applied(NamedTuple):
    """What a change came to, in numbers of alerts and points.

    Attributes:
        arrived: New, or come true again.
        rewritten: Changed under their id.
        withdrawn: Nothing is left of them.
        points: For the store.
        refused: Series and days to be judged again for which there was no room.
    """

    arrived: int = 0
    rewritten: int = 0
    withdrawn: int = 0
    points: int = 0
    refused: int = 0

    def __add__(self, other: tuple[Any, ...]) -> Applied:
        """Both together."""
        return Applied(*(one + two for one, two in zip(self, other, strict=True)))


class Outcome(NamedTuple):
    """What became of a change.

    Attributes:
        applied: In numbers.
        wanted: Evidence that is to be copied.
    """

    applied: Applied
    wanted: list[Wanted]


class _Entry(NamedTuple):
    case_id: int
    state: CaseState
    event: CaseEvent
    alert_id: str
    other: str | None = None


_held = select(
    *(alerts.c.doc, alerts.c.said, alerts.c.revised, alerts.c.state, alerts.c.case_id),
    cases.c.state.label("case_state"),
).join(cases, cases.c.id == alerts.c.case_id)
_of_subject = (
    alerts.c.alert_class == bindparam("alert_class"),
    alerts.c.subject == bindparam("subject"),
    alerts.c.target_id == bindparam("target_id"),
    alerts.c.subject_kind == bindparam("subject_kind"),
)
# The rows are locked where the database has row locks, so that nobody closes a case while an alert joins it.
_IN_SCOPE: Final = _held.where(
    or_(
        (alerts.c.state != AlertState.WITHDRAWN.value)
        & or_(alerts.c.resolved_at.is_(None), alerts.c.resolved_at > bindparam("since"), alerts.c.said.is_not(None)),
        alerts.c.id.in_(bindparam("ids", expanding=True)),
    ),
    *_of_subject,
).with_for_update()
_STANDING: Final = (
    _held.where(
        *_of_subject,
        # Not "== resolved": SQLite would take the index of the state for better than that of the target.
        alerts.c.state != AlertState.WITHDRAWN.value,
        alerts.c.resolved_at <= bindparam("since"),
        alerts.c.id.not_in(bindparam("ids", expanding=True)),
    )
    .order_by(alerts.c.raised_at.desc(), alerts.c.id.desc())
    .limit(1)
    .with_for_update()
)
_ADD: Final = insert(alerts)
_REWRITE: Final = update(alerts).where(alerts.c.id == bindparam("of"))
_WITHDRAW: Final = _REWRITE.values(state=AlertState.WITHDRAWN.value, revised=bindparam("trace"))
_NOTE: Final = insert(case_history)
_PUT_OUT: Final = insert(outbox)
_COMMENTS: Final = {CaseEvent.JOIN: "recurrence of {}", CaseEvent.INHERIT: "takes over from {}"}
_OPEN_CASE: Final = insert(cases).values(state=CaseState.RAISED.value)

_decode_said: Final = msgspec.json.Decoder(AlertRecord | None).decode


def apply_change(connection: Connection, change: SubjectAlerts, at: int, read_at: int) -> Outcome:
    """Make the ledger say of one subject and target what the rules say.

    Args:
        connection: In a transaction that writes.
        change: The alerts now.
        at: Epoch milliseconds, for the history of cases.
        read_at: ``received_at`` of the last message that was judged.
    """
    ids = [record.id for record in change.alerts]
    scope = {
        "alert_class": change.alert_class,
        "subject": change.subject,
        "target_id": change.target_id or "",
        "subject_kind": change.subject_kind,
        "since": change.since,
        "ids": ids,
    }
    held = [_as_held(row) for row in connection.execute(_IN_SCOPE, scope)]
    standing = None
    if set(ids) - {one.record.id for one in held if not one.withdrawn}:
        scope["ids"] = [*ids, *(one.record.id for one in held)]
        row = connection.execute(_STANDING, scope).first()
        standing = None if row is None else _as_held(row)
    todo = reconcile(held, standing, change, read_at)
    for one in todo.withdrawn:
        connection.execute(_WITHDRAW, {"of": one.record.id, "trace": _encoded(one.revised)})
    for rewriting in todo.rewritten:
        columns = _columns(rewriting.record, rewriting.said, rewriting.revised)
        connection.execute(_REWRITE, {"of": rewriting.record.id, **columns})
    case_of = {one.record.id: one.case_id for one in held}
    state_of = {one.case_id: one.case_state for one in held}
    if standing is not None:
        case_of[standing.record.id] = standing.case_id
        state_of[standing.case_id] = standing.case_state
    for arrival in todo.arrived:
        _admit(connection, arrival, case_of, state_of, at)
    for one in todo.abandoned:
        _note(connection, _Entry(one.case_id, one.case_state, CaseEvent.WITHDRAW, one.record.id), at)
    points = changed_points(todo.before, todo.after)
    _put_out(connection, points)
    return Outcome(Applied(len(todo.arrived), len(todo.rewritten), len(todo.withdrawn), len(points)), wanted(todo))


def _as_held(row: Row[str, str, str, str, int, str]) -> Held:
    withdrawn = row.state == AlertState.WITHDRAWN.value
    record = decode_record(row.doc)
    said = None if withdrawn else record if row.said is None else _decode_said(row.said)
    return Held(record, withdrawn, CaseState(row.case_state), row.case_id, said, decode_revised(row.revised))


def _admit(
    connection: Connection,
    arrival: Arrival,
    case_of: dict[str, int],
    state_of: dict[int, CaseState],
    at: int,
) -> None:
    """Write an alert that is new or returns, with its case."""
    record, event = arrival.record, arrival.event
    if event is CaseEvent.RAISE:
        case_id = cast("tuple[int]", connection.execute(_OPEN_CASE).inserted_primary_key)[0]
        state_of[case_id] = CaseState.RAISED
    else:
        case_id = case_of[arrival.other or record.id]
    case_of[record.id] = case_id
    columns = {"case_id": case_id, **_columns(record, record, arrival.revised)}
    if arrival.known:
        connection.execute(_REWRITE, {"of": record.id, **columns})
    else:
        connection.execute(_ADD, {"id": record.id, **columns})
    note_untold(connection, record.id, at, known=arrival.known)
    _note(connection, _Entry(case_id, state_of[case_id], event, record.id, arrival.other), at)


def _note(connection: Connection, entry: _Entry, at: int) -> None:
    """Add to the history of a case what the machine did to it; its state is what it was."""
    row = {
        "case_id": entry.case_id,
        "at": at,
        "by": MACHINE,
        "verb": entry.event.value,
        "from_state": None if entry.event is CaseEvent.RAISE else entry.state.value,
        "to_state": entry.state.value,
        "comment": "" if entry.other is None else _COMMENTS[entry.event].format(entry.other),
        "alert_id": entry.alert_id,
    }
    connection.execute(_NOTE, row)


def _put_out(connection: Connection, points: Sequence[AlertPoint]) -> None:
    """Leave points for the one who writes them into the store."""
    rows = [
        {
            "alert_id": point.alert,
            "time": point.time,
            "level": point.level,
            "state": point.state,
            "value": point.value,
            "target": point.target,
            "ratio": point.ratio,
            "tags": msgspec.json.encode(dict(point.tags)).decode(),
        }
        for point in points
    ]
    for row in rows:  # one by one: their numbers are the order in which they must be written
        connection.execute(_PUT_OUT, row)


def _columns(record: AlertRecord, said: AlertRecord | None, revised: Sequence[Revision]) -> Mapping[str, object]:
    return {
        "alert_class": record.alert_class,
        "subject_kind": record.subject_kind,
        "subject": record.subject,
        "target_id": record.target_id or "",
        "onset": record.onset,
        "raised_at": record.raised_at,
        "resolved_at": record.resolved_at,
        "state": record.state.value,
        "level": int(record.level),
        "doc": msgspec.json.encode(record).decode(),
        "said": None if said == record else msgspec.json.encode(said).decode(),
        "revised": _encoded(revised),
    }


def _encoded(revised: Sequence[Revision]) -> str | None:
    return msgspec.json.encode(revised).decode() if revised else None
