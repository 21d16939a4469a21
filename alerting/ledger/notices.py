"""The ledger's memory of what people were told: one row for each alert of which something is left to tell.

A row comes with the alert, in the same transaction, so an alert that is over before anybody looked is not missed; it
goes when its end was told for long enough. So an alert is told at least once, over any restart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import bindparam, delete, exists, insert, literal, or_, select, update

from alerting.case import CaseState, is_suspected
from alerting.ledger.reading import decode_record
from alerting.level import Level
from alerting.record import AlertState
from alerting.told import Standing, Told
from hydro.register import AlertClass
from storage.ledger_schema import alerts, case_history, cases, notices

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection, Row

    from storage.ledger_database import LedgerDatabase

__all__ = ["Notices", "Silenced", "note_untold"]

TELLER: Final = "alertmanager"
"""Who stands in the history of a case that was notified."""

_NOTIFY: Final = "notify"
_SOME: Final = 500


class Silenced(msgspec.Struct, frozen=True):
    """Why nobody is told of an alert: somebody silenced it.

    Attributes:
        until: ISO 8601.
        by: Who did.
        comment: Why.
    """

    until: str
    by: str
    comment: str


_UNTOLD: Final = insert(notices)
_UNTOLD_AGAIN: Final = insert(notices).from_select(
    ["alert_id", "added"],
    select(bindparam("of", type_=notices.c.alert_id.type), bindparam("at", type_=notices.c.added.type)).where(
        ~exists().where(notices.c.alert_id == bindparam("of", type_=notices.c.alert_id.type))
    ),
)
_TOLD: Final = (
    update(notices)
    .where(notices.c.alert_id == bindparam("of"))
    .values(level=bindparam("now_level"), first_told=bindparam("now_first"), ended_told=bindparam("now_ended"))
)
_SILENCE: Final = update(notices).where(notices.c.alert_id == bindparam("of")).values(silence=bindparam("because"))


def note_untold(connection: Connection, alert_id: str, at: int, *, known: bool) -> None:
    """People are to be told of an alert that is new or true again.

    Args:
        connection: In the transaction that adds it.
        alert_id: Which.
        at: Now, epoch milliseconds.
        known: The ledger had it before.
    """
    if known:
        connection.execute(_UNTOLD_AGAIN, {"of": alert_id, "at": at})
    else:
        connection.execute(_UNTOLD, {"alert_id": alert_id, "added": at})


class Notices:
    """See the module. All calls block."""

    def __init__(self, database: LedgerDatabase) -> None:
        self._database = database

    def begin(self, at: int) -> None:
        """Alerts that fire and are not in the list come into it: those of before, and one whose end was taken back."""
        missing = (
            select(alerts.c.id, literal(at, notices.c.added.type))
            .where(alerts.c.state == AlertState.FIRING.value)
            .where(~exists().where(notices.c.alert_id == alerts.c.id))
        )
        with self._database.writing() as connection:
            connection.execute(insert(notices).from_select(["alert_id", "added"], missing))

    def standing(self, *, changed: bool = False) -> list[Standing]:
        """The list, in the order of raising.

        Args:
            changed: Only alerts that are no longer as they were told.
        """
        query = (
            select(
                *(notices.c[name] for name in ("alert_id", "added", "level", "first_told", "ended_told")),
                *(alerts.c.doc, alerts.c.state, cases.c.state.label("case_state")),
            )
            .join(alerts, alerts.c.id == notices.c.alert_id)
            .join(cases, cases.c.id == alerts.c.case_id)
            .order_by(alerts.c.raised_at, alerts.c.id)
        )
        if changed:
            fires = alerts.c.state == AlertState.FIRING.value
            query = query.where(
                or_(
                    notices.c.first_told.is_(None),
                    notices.c.level != alerts.c.level,
                    fires == notices.c.ended_told.is_not(None),
                )
            )
        with self._database.reading() as connection:
            return [_as_standing(row) for row in connection.execute(query)]

    def stopped(self) -> dict[str, str]:
        """Stations at which the flow has stopped, with the alert that says so."""
        query = select(alerts.c.subject, alerts.c.id).where(
            alerts.c.state == AlertState.FIRING.value, alerts.c.alert_class == AlertClass.FLOW_STOPPED.value
        )
        with self._database.reading() as connection:
            return {station: alert_id for station, alert_id in connection.execute(query)}  # noqa: C416  # a row is no pair to mypy

    def waiting(self) -> int:
        """How many alerts nobody was told of yet."""
        with self._database.reading() as connection:
            return len(connection.execute(select(notices.c.alert_id).where(notices.c.first_told.is_(None))).all())

    def remember(self, told: Sequence[Told], begun: Sequence[str], done: Sequence[str], at: int) -> bool:
        """What a round told, in one transaction; cases nobody has taken on become notified.

        Args:
            told: To be remembered.
            begun: Ids of alerts that were told for the first time.
            done: Ids of alerts of which nothing is left to tell.
            at: Now, epoch milliseconds.

        Returns:
            Whether a case has changed.
        """
        rows = [
            {
                "of": one.alert_id,
                "now_level": None if one.level is None else int(one.level),
                "now_first": one.first,
                "now_ended": one.ended,
            }
            for one in told
        ]
        with self._database.writing() as connection:
            if rows:
                connection.execute(_TOLD, rows)
            for part in _parts(done):
                connection.execute(delete(notices).where(notices.c.alert_id.in_(part)))
            moved = [_notified(connection, part, at) for part in _parts(begun)]
        return any(moved)

    def silence(self, silenced: Mapping[str, Silenced]) -> None:
        """Which alerts are silenced now; those not named no longer are."""
        with self._database.reading() as connection:
            query = select(notices.c.alert_id, notices.c.silence)
            known = {alert_id: before for alert_id, before in connection.execute(query)}  # noqa: C416  # likewise
        rows = [
            {"of": alert_id, "because": now}
            for alert_id, before in known.items()
            if (now := _encoded(silenced.get(alert_id))) != before
        ]
        if rows:
            with self._database.writing() as connection:
                connection.execute(_SILENCE, rows)

    def silenced(self, alert_ids: Sequence[str]) -> dict[str, Silenced]:
        """Those of some alerts that are silenced."""
        found: dict[str, Silenced] = {}
        with self._database.reading() as connection:
            for part in _parts(alert_ids):
                query = select(notices.c.alert_id, notices.c.silence).where(
                    notices.c.alert_id.in_(part), notices.c.silence.is_not(None)
                )
                found |= {one: msgspec.json.decode(text, type=Silenced) for one, text in connection.execute(query)}
        return found


def _as_standing(row: Row[*tuple[Any, ...]]) -> Standing:
    level = None if row.level is None else Level(row.level)
    return Standing(
        Told(row.alert_id, row.added, level, row.first_told, row.ended_told),
        decode_record(row.doc),
        AlertState(row.state),
        is_suspected(CaseState(row.case_state)),
    )


def _encoded(silenced: Silenced | None) -> str | None:
    return None if silenced is None else msgspec.json.encode(silenced).decode()


def _parts(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    for start in range(0, len(ids), _SOME):
        yield ids[start : start + _SOME]


def _notified(connection: Connection, alert_ids: Sequence[str], at: int) -> bool:
    """Move the cases of alerts on from raised, with a line in their history."""
    of_case: dict[int, str] = {}
    query = (
        select(alerts.c.id, alerts.c.case_id)
        .join(cases, cases.c.id == alerts.c.case_id)
        .where(alerts.c.id.in_(alert_ids), cases.c.state == CaseState.RAISED.value)
    )
    for alert_id, case_id in connection.execute(query):
        of_case.setdefault(case_id, alert_id)
    moved = [
        case_id
        for case_id in of_case
        if connection.execute(
            update(cases)
            .where(cases.c.id == case_id, cases.c.state == CaseState.RAISED.value)
            .values(state=CaseState.NOTIFIED.value)
        ).rowcount
    ]
    if moved:
        rows = [
            {
                "case_id": case_id,
                "at": at,
                "by": TELLER,
                "verb": _NOTIFY,
                "from_state": CaseState.RAISED.value,
                "to_state": CaseState.NOTIFIED.value,
                "comment": "",
                "alert_id": of_case[case_id],
            }
            for case_id in moved
        ]
        connection.execute(insert(case_history), rows)
    return bool(moved)
