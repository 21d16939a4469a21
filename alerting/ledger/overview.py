"""What the ledger's alerts come to, for screens that look every second: whether any changed, which fire, which wait.

Invariants:
    * The number of changes grows with every transaction that changed an alert or a case, and with no other, so a screen
      that has seen a number has seen the alerts. The rules' cursor moves all the time and is no change.
    * It is written last in its transaction: two that change things wait for each other there and nowhere before, so
      they can't wait for each other crosswise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import BigInteger, Text, case, cast, func, insert, or_, select, update

from alerting.case import CaseState, is_suspected
from alerting.ledger.reading import as_objects, select_alerts
from alerting.level import Level
from alerting.record import AlertState
from storage.ledger_schema import alerts, cases, meta

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sqlalchemy import ColumnElement, Connection

__all__ = ["Firing", "Listing", "changes", "firing", "listing", "note_change"]

_CHANGES: Final = "changes"


class Firing(NamedTuple):
    """The worst of what fires for a subject.

    Attributes:
        level: See there.
        suspected: No alert of that level is verified.
    """

    level: Level
    suspected: bool


class Listing(NamedTuple):
    """Some alerts of a list, and how long it is.

    Attributes:
        items: Objects of CONTRACT section 6.
        total: How many alerts the whole list has.
    """

    items: list[dict[str, Any]]
    total: int


def note_change(connection: Connection) -> None:
    """Count one change, at the end of the transaction that made it."""
    count = cast(cast(meta.c.value, BigInteger) + 1, Text)
    moved = connection.execute(update(meta).where(meta.c.name == _CHANGES).values(value=count))
    if moved.rowcount == 0:
        connection.execute(insert(meta).values(name=_CHANGES, value="1"))


def changes(connection: Connection) -> int:
    """How often alerts or cases have changed."""
    found = connection.execute(select(meta.c.value).where(meta.c.name == _CHANGES)).scalar()
    return 0 if found is None else int(found)


def firing(connection: Connection) -> dict[tuple[str, str], Firing]:
    """What fires, by kind and code of the subject."""
    query = (
        select(alerts.c.subject_kind, alerts.c.subject, alerts.c.level, cases.c.state)
        .join(cases, cases.c.id == alerts.c.case_id)
        .where(alerts.c.state == AlertState.FIRING.value)
    )
    found: dict[tuple[str, str], Firing] = {}
    for kind, code, number, state in connection.execute(query):
        level, suspected = Level(number), is_suspected(CaseState(state))
        worst = found.get((kind, code))
        if worst is None or level > worst.level:
            found[kind, code] = Firing(level, suspected)
        elif level == worst.level and not suspected:
            found[kind, code] = Firing(level, suspected=False)
    return found


def listing(
    connection: Connection,
    *,
    only_open: bool,
    subjects: Collection[str] | None,
    offset: int,
    limit: int,
    zone_minutes: int,
) -> Listing:
    """Alerts that are not withdrawn.

    Args:
        connection: In a transaction.
        only_open: Those that fire or whose case is not closed, the most urgent first: firing ones, then by level. Else
            all, the last raised first.
        subjects: Codes of subjects, some thousands at most; None = all.
        offset: How many to leave out.
        limit: How many to give.
        zone_minutes: Zone of the times.
    """
    wanted = list(_wanted(only_open=only_open, subjects=subjects))
    counted = select(func.count()).select_from(alerts).join(cases, cases.c.id == alerts.c.case_id).where(*wanted)
    latest = (alerts.c.raised_at.desc(), alerts.c.id.desc())
    urgent = (case((alerts.c.state == AlertState.FIRING.value, 0), else_=1), alerts.c.level.desc(), *latest)
    query = select_alerts().where(*wanted).order_by(*(urgent if only_open else latest)).offset(offset).limit(limit)
    items = list(as_objects(connection, connection.execute(query).all(), zone_minutes))
    return Listing(items, connection.execute(counted).scalar_one())


def _wanted(*, only_open: bool, subjects: Collection[str] | None) -> Iterator[ColumnElement[bool]]:
    yield alerts.c.state != AlertState.WITHDRAWN.value
    if only_open:
        yield or_(alerts.c.state == AlertState.FIRING.value, cases.c.state != CaseState.CLOSED.value)
    if subjects is not None:
        yield alerts.c.subject.in_(sorted(subjects))
