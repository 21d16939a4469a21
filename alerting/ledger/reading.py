"""Reading the ledger: alerts as the objects of CONTRACT section 6, in pages or as a whole.

`previous` is derived here and stored nowhere, since a rewritten alert would change that of others. A page goes on
where the one before ended, by the sort key of its last alert, so what is raised in between neither shifts nor repeats
anything.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
from sqlalchemy import and_, or_, select

from alerting.ledger.evidence import decode_summary, summary_as_json
from alerting.ledger.revision import Revision, revisions_as_json
from alerting.record import AlertRecord, AlertState, as_json
from hydro.errors import ConfigError
from hydro.instants import format_instant
from storage.ledger_schema import alerts, case_history, cases, evidence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy import ColumnElement, Connection, Row, Select

    from alerting.case import CaseState
    from alerting.level import Level

__all__ = [
    "AlertFilter",
    "AlertPage",
    "as_objects",
    "decode_record",
    "decode_revised",
    "export",
    "one_alert",
    "page",
    "select_alerts",
]

_CHUNK: Final = 500
_CURSOR: Final = re.compile(r"(-?\d{1,18})\.([!-~]{1,64})")

decode_record: Final = msgspec.json.Decoder(AlertRecord).decode
_decode_revisions: Final = msgspec.json.Decoder(tuple[Revision, ...]).decode


class AlertFilter(NamedTuple):
    """Which alerts are wanted; None does not restrict.

    Attributes:
        state: Firing, resolved or withdrawn; None = all but withdrawn.
        alert_class: As in docs/alert-classes.md.
        station: Code of a station that is the subject.
        level: The present level, exactly.
        case_state: Of its case.
        subject: Code of the subject, of whatever kind.
        target_id: Empty = without a target.
    """

    state: AlertState | None = None
    alert_class: str | None = None
    station: str | None = None
    level: Level | None = None
    case_state: CaseState | None = None
    subject: str | None = None
    target_id: str | None = None


class AlertPage(NamedTuple):
    """Some alerts, newest first.

    Attributes:
        items: Objects of the contract.
        next: What to ask for the following page with; None at the end.
    """

    items: list[dict[str, Any]]
    next: str | None


def page(connection: Connection, where: AlertFilter, limit: int, cursor: str | None, zone_minutes: int) -> AlertPage:
    """Alerts by time of raising, newest first.

    Raises:
        ConfigError: ``cursor`` is none that a page gave.
    """
    query = select_alerts().where(*_conditions(where))
    if cursor is not None:
        raised_at, alert_id = _decode_cursor(cursor)
        query = query.where(
            or_(alerts.c.raised_at < raised_at, and_(alerts.c.raised_at == raised_at, alerts.c.id < alert_id))
        )
    query = query.order_by(alerts.c.raised_at.desc(), alerts.c.id.desc()).limit(limit + 1)
    rows = connection.execute(query).all()
    shown = rows[:limit]
    more = None
    if len(rows) > limit:
        more = _encode_cursor(shown[-1].raised_at, shown[-1].id)
    return AlertPage(list(as_objects(connection, shown, zone_minutes)), more)


def export(connection: Connection, zone_minutes: int) -> Iterator[dict[str, Any]]:
    """All alerts that are not withdrawn, by onset, class, subject, target."""
    columns = alerts.c
    query = (
        select_alerts()
        .where(columns.state != AlertState.WITHDRAWN.value)
        .order_by(
            columns.onset,
            columns.alert_class,
            columns.subject_kind,
            columns.subject,
            columns.target_id,
            columns.raised_at,
        )
    )
    with connection.execution_options(yield_per=_CHUNK).execute(query) as found:
        for rows in found.partitions():
            yield from as_objects(connection, rows, zone_minutes)


def one_alert(connection: Connection, alert_id: str, zone_minutes: int) -> dict[str, Any] | None:
    """An alert, withdrawn or not; None if the ledger doesn't know it."""
    row = connection.execute(select_alerts().where(alerts.c.id == alert_id)).first()
    return None if row is None else next(as_objects(connection, [row], zone_minutes))


def select_alerts() -> Select[Any]:
    """Rows that :func:`as_objects` makes objects of."""
    before = alerts.alias("before")
    previous = (
        select(before.c.id)
        .where(
            before.c.alert_class == alerts.c.alert_class,
            before.c.subject == alerts.c.subject,
            before.c.target_id == alerts.c.target_id,
            before.c.subject_kind == alerts.c.subject_kind,
            before.c.state != AlertState.WITHDRAWN.value,
            before.c.raised_at < alerts.c.raised_at,
        )
        .order_by(before.c.raised_at.desc(), before.c.id.desc())
        .limit(1)
        .correlate(alerts)
        .scalar_subquery()
    )
    return select(
        alerts.c.id,
        alerts.c.raised_at,
        alerts.c.state,
        alerts.c.case_id,
        alerts.c.doc,
        alerts.c.revised,
        evidence.c.doc.label("evidence"),
        cases.c.state.label("case_state"),
        cases.c.assignee,
        cases.c.due,
        previous.label("previous"),
    ).select_from(
        alerts.join(cases, cases.c.id == alerts.c.case_id).outerjoin(evidence, evidence.c.alert_id == alerts.c.id)
    )


def _conditions(where: AlertFilter) -> Iterator[ColumnElement[bool]]:
    if where.state is None:
        yield alerts.c.state != AlertState.WITHDRAWN.value
    else:
        yield alerts.c.state == where.state.value
    if where.alert_class is not None:
        yield alerts.c.alert_class == where.alert_class
    if where.station is not None:
        yield alerts.c.subject == where.station
        yield alerts.c.subject_kind == "station"
    if where.level is not None:
        yield alerts.c.level == int(where.level)
    if where.case_state is not None:
        yield cases.c.state == where.case_state.value
    if where.subject is not None:
        yield alerts.c.subject == where.subject
    if where.target_id is not None:
        yield alerts.c.target_id == where.target_id


def as_objects(connection: Connection, rows: Sequence[Row[Any]], zone_minutes: int) -> Iterator[dict[str, Any]]:
    """Alerts as objects of the contract, with their cases."""
    histories = _histories(connection, {row.case_id for row in rows}, zone_minutes)
    for row in rows:
        shown = as_json(decode_record(row.doc), zone_minutes)
        shown["state"] = row.state
        shown["previous"] = row.previous
        shown["revised"] = revisions_as_json(decode_revised(row.revised), zone_minutes)
        shown["case"] = {
            "state": row.case_state,
            "assignee": row.assignee,
            "due": None if row.due is None else format_instant(row.due, zone_minutes),
            "history": histories[row.case_id],
        }
        if row.evidence is not None:
            shown["case"]["evidence"] = summary_as_json(decode_summary(row.evidence), zone_minutes)
        yield shown


def decode_revised(text: str | None) -> tuple[Revision, ...]:
    """The trace of an alert."""
    return () if text is None else _decode_revisions(text)


def _histories(connection: Connection, case_ids: Iterable[int], zone_minutes: int) -> dict[int, list[dict[str, Any]]]:
    query = (
        select(case_history)
        .where(case_history.c.case_id.in_(sorted(case_ids)))
        .order_by(case_history.c.case_id, case_history.c.id)
    )
    found: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in connection.execute(query):
        entry = {
            "at": format_instant(row.at, zone_minutes),
            "by": row.by,
            "verb": row.verb,
            "from": row.from_state,
            "to": row.to_state,
            "comment": row.comment,
            "outcome": row.outcome,
            "assignee": row.assignee,
            "alert": row.alert_id,
        }
        found[row.case_id].append(entry)
    return found


def _encode_cursor(raised_at: int, alert_id: str) -> str:
    return urlsafe_b64encode(f"{raised_at}.{alert_id}".encode()).decode().rstrip("=")


def _decode_cursor(cursor: str) -> tuple[int, str]:
    try:
        text = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)).decode("ascii")
    except ValueError:
        text = ""
    found = _CURSOR.fullmatch(text)
    if found is None:
        raise ConfigError(f"cursor {cursor[:100]!r} is none that a page ended with")
    return int(found[1]), found[2]
