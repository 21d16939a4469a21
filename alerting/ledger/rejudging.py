"""The ledger's side of judging again what is older than the rules' memory: which days of which series.

A reading that comes when its day has been let go of changes no verdict in passing; its day is written down here, once
however many readings come for it, until it has been judged from the store.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
from sqlalchemy import bindparam, delete, func, insert, or_, select, update

from alerting.record import AlertRecord, AlertState, Late, SubjectAlerts
from storage.ledger_schema import alerts, rejudging

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

__all__ = [
    "MOST_DAYS",
    "Queued",
    "Rejudged",
    "ToRejudge",
    "TooOld",
    "forget_rejudging",
    "in_place",
    "queue_rejudging",
    "rejudging_size",
    "rejudging_waiting",
    "said_between",
]

MOST_DAYS: Final = 200_000
"""Series and days that wait; more are refused and counted."""

_EVER: Final = 1 << 62
_decode_said: Final = msgspec.json.Decoder(AlertRecord | None).decode


class Queued(NamedTuple):
    """What became of what was to be remembered, in series and days.

    Attributes:
        added: New.
        refused: There was no room.
    """

    added: int = 0
    refused: int = 0


class TooOld(NamedTuple):
    """Readings of one series and one day that came when the rules had let go of the day.

    Attributes:
        station: Code.
        quantity: Its text.
        day: Days since 1970-01-01 in the zone of the settings; a day is (00:00, 24:00].
        received_at: Of the last of them, epoch milliseconds.
        readings: How many.
        after: Journal position right before the first of them.
    """

    station: str
    quantity: str
    day: int
    received_at: int
    readings: int
    after: int


class ToRejudge(NamedTuple):
    """A series and a day to be judged again.

    Attributes:
        number: To say later that it is done.
        what: What came.
        upto: Journal position by which all of it had come.
    """

    number: int
    what: TooOld
    upto: int


class Rejudged(NamedTuple):
    """What a stretch of the past of one subject and target comes to, judged again.

    Attributes:
        alert_class: As in docs/alert-classes.md.
        subject_kind: As in :class:`SubjectAlerts`.
        subject: Code.
        target_id: None where the class has no target.
        start: Event time; alerts with an earlier onset stand.
        end: Event time; alerts that are resolved later, or not yet, stand.
        alerts: All others.
        received_at: Of the last reading that made it necessary.
        after: Journal position right before the first of these readings.
    """

    alert_class: str
    subject_kind: str
    subject: str
    target_id: str | None
    start: int
    end: int
    alerts: tuple[AlertRecord, ...]
    received_at: int
    after: int


def queue_rejudging(connection: Connection, found: Sequence[TooOld], upto: int) -> Queued:
    """Add to what is to be judged again.

    Args:
        connection: In a transaction that writes.
        found: What came.
        upto: Journal position by which all of it had come.
    """
    added = refused = 0
    room: int | None = None
    for one in found:
        row = rejudging.c.station == one.station, rejudging.c.quantity == one.quantity, rejudging.c.day == one.day
        known = connection.execute(select(rejudging.c.received_at).where(*row).with_for_update()).scalar()
        if known is not None:
            readings = rejudging.c.readings + one.readings
            values = {"received_at": max(known, one.received_at), "readings": readings, "upto": upto}
            connection.execute(update(rejudging).where(*row).values(values))
            continue
        if room is None:
            room = MOST_DAYS - rejudging_size(connection)
        if added < room:
            connection.execute(insert(rejudging).values(upto=upto, **one._asdict()))
            added += 1
        else:
            refused += 1
    return Queued(added, refused)


def rejudging_size(connection: Connection) -> int:
    """How many series and days wait."""
    return int(connection.execute(select(func.count()).select_from(rejudging)).scalar_one())


def in_place(connection: Connection, again: Rejudged) -> SubjectAlerts:
    """What the rules say of a subject by now, with the stretch that was judged again in its place."""
    said = said_between(
        connection, again.alert_class, again.subject_kind, again.subject, again.target_id, again.start, _EVER
    )
    standing = [
        one for one in said if one.onset < again.start or one.resolved_at is None or one.resolved_at > again.end
    ]
    return SubjectAlerts(
        again.alert_class,
        again.subject,
        again.target_id,
        again.start,
        (*again.alerts, *standing),
        again.subject_kind,
        Late(again.received_at, again.end),
    )


def rejudging_waiting(connection: Connection, limit: int, after: int) -> list[ToRejudge]:
    """Series and days with a greater number, the longest waiting first."""
    query = select(rejudging).where(rejudging.c.id > after).order_by(rejudging.c.id).limit(limit)
    return [
        ToRejudge(
            row.id, TooOld(row.station, row.quantity, row.day, row.received_at, row.readings, row.after), row.upto
        )
        for row in connection.execute(query)
    ]


def forget_rejudging(connection: Connection, done: Sequence[ToRejudge]) -> None:
    """These have been judged; one to which readings have been added meanwhile stays."""
    if done:
        connection.execute(_FORGET, [{"of": one.number, "count": one.what.readings} for one in done])


_FORGET: Final = delete(rejudging).where(rejudging.c.id == bindparam("of"), rejudging.c.readings == bindparam("count"))


def said_between(
    connection: Connection,
    alert_class: str,
    subject_kind: str,
    subject: str,
    target_id: str | None,
    start: int,
    end: int,
) -> list[AlertRecord]:
    """What the rules said last of one subject and target: alerts that touch [start, end], by raising."""
    query = select(alerts.c.doc, alerts.c.said).where(
        alerts.c.alert_class == alert_class,
        alerts.c.subject_kind == subject_kind,
        alerts.c.subject == subject,
        alerts.c.target_id == (target_id or ""),
        alerts.c.state != AlertState.WITHDRAWN.value,
        # What a person's hand keeps may show other times than the rules say.
        or_(
            alerts.c.said.is_not(None),
            (alerts.c.onset <= end) & or_(alerts.c.resolved_at.is_(None), alerts.c.resolved_at >= start),
        ),
    )
    found = []
    for row in connection.execute(query):
        said = _decode_said(row.doc if row.said is None else row.said)
        if said is not None and said.onset <= end and (said.resolved_at is None or said.resolved_at >= start):
            found.append(said)
    return sorted(found, key=lambda one: (one.raised_at, one.id))
