"""Tables of the ledger: alerts, the cases that people work off, and what the store is still to be told.

Design and invariants:
    * What the rules give and how far they have read (`cursors`) changes in one transaction, so the ledger always tells
      the truth about one journal position.
    * An alert is never deleted: it is firing, resolved or withdrawn. Its `doc` is the whole record; the columns beside
      it repeat what is searched and sorted by.
    * `said` is what the rules say of it where a person's hand keeps it as it is: NULL where that is `doc`, JSON's null
      where nothing is left. `revised` is the trace of rewritten verdicts, and only grows; NULL where there is none.
    * `target_id` is empty where the class has no target, since NULL is equal to nothing, not even in an index.
    * A case outlives its alerts' verdicts; every step on it is a row of `case_history`, which only grows.
    * `evidence_queue` holds the alerts whose raw messages are still to be copied, one row for each reason; `evidence`
      what has been copied of each. `rejudging` holds what must be judged again from the store, by series and day.
    * `notices` holds the alerts of which somebody is still to be told something, and what was told; where nobody is
      told of anything (no `alertmanager.url`) it only fills.
    * `outbox` holds the alert points that the store doesn't have yet, in the order in which they must be written. A row
      goes when the store has it, so an empty table means that the store is up to date.
    * Instants are epoch milliseconds. Text that is compared or sorted has the order of its code points on every
      database, so that exports of the same alerts are equal byte for byte.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
)

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

__all__ = [
    "FORMAT_VERSION",
    "alerts",
    "case_history",
    "cases",
    "cursors",
    "evidence",
    "evidence_queue",
    "meta",
    "metadata",
    "notices",
    "outbox",
    "rejudging",
]

FORMAT_VERSION: Final = 2
"""Kept in `meta`; an older ledger is brought up to it when it is opened, a newer one is not opened."""


def _name(length: int) -> TypeEngine[str]:
    """Text that is compared and sorted by code points; the length binds no database but those that insist on one."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


# SQLite numbers rows by itself only where the type is exactly INTEGER.
_ROW_NUMBER: Final = BigInteger().with_variant(Integer, "sqlite")

metadata: Final = MetaData()

meta: Final = Table(
    "meta",
    metadata,
    Column("name", _name(64), primary_key=True),
    Column("value", Text, nullable=False),
)

cursors: Final = Table(
    "cursors",
    metadata,
    Column("reader", _name(64), primary_key=True),
    Column("position", BigInteger, nullable=False),
)

cases: Final = Table(
    "cases",
    metadata,
    Column("id", _ROW_NUMBER, primary_key=True),
    Column("state", _name(32), nullable=False),
    Column("assignee", Text),
    Column("due", BigInteger),
    Column("outcome", _name(32)),
)

alerts: Final = Table(
    "alerts",
    metadata,
    Column("id", _name(64), primary_key=True),
    Column("class", _name(64), nullable=False, key="alert_class"),
    Column("subject_kind", _name(32), nullable=False),
    Column("subject", _name(128), nullable=False),
    Column("target_id", _name(255), nullable=False),
    Column("onset", BigInteger, nullable=False),
    Column("raised_at", BigInteger, nullable=False),
    Column("resolved_at", BigInteger),
    Column("state", _name(32), nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("case_id", _ROW_NUMBER, ForeignKey("cases.id"), nullable=False),
    Column("doc", Text, nullable=False),
    Column("said", Text),
    Column("revised", Text),
)
Index(
    "alerts_of_subject",
    alerts.c.alert_class,
    alerts.c.subject,
    alerts.c.target_id,
    alerts.c.raised_at,
    alerts.c.id,
)
Index("alerts_by_onset", alerts.c.onset)
Index("alerts_by_raising", alerts.c.raised_at, alerts.c.id)
Index("alerts_by_state", alerts.c.state, alerts.c.raised_at, alerts.c.id)
Index("alerts_of_place", alerts.c.subject, alerts.c.raised_at)
Index("alerts_of_case", alerts.c.case_id)

case_history: Final = Table(
    "case_history",
    metadata,
    Column("id", _ROW_NUMBER, primary_key=True),
    Column("case_id", _ROW_NUMBER, ForeignKey("cases.id"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("verb", _name(32), nullable=False),
    Column("from_state", _name(32)),
    Column("to_state", _name(32), nullable=False),
    Column("comment", Text, nullable=False),
    Column("outcome", _name(32)),
    Column("assignee", Text),
    Column("alert_id", _name(64), nullable=False),
)
Index("history_of_case", case_history.c.case_id, case_history.c.id)

outbox: Final = Table(
    "outbox",
    metadata,
    Column("id", _ROW_NUMBER, primary_key=True),
    Column("alert_id", _name(64), nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("value", Double),
    Column("target", Double),
    Column("ratio", Double),
    Column("tags", Text, nullable=False),
)

evidence_queue: Final = Table(
    "evidence_queue",
    metadata,
    Column("id", _ROW_NUMBER, primary_key=True),
    Column("alert_id", _name(64), nullable=False),
    Column("why", _name(32), nullable=False),
    Column("from_time", BigInteger, nullable=False),
    Column("to_time", BigInteger, nullable=False),
    Column("after", BigInteger),
    Column("upto", BigInteger, nullable=False),
    Column("wanted_at", BigInteger, nullable=False),
)
Index("evidence_wanted", evidence_queue.c.alert_id, evidence_queue.c.why, unique=True)

evidence: Final = Table(
    "evidence",
    metadata,
    Column("alert_id", _name(64), primary_key=True),
    Column("doc", Text, nullable=False),
)

rejudging: Final = Table(
    "rejudging",
    metadata,
    Column("id", _ROW_NUMBER, primary_key=True),
    Column("station", _name(128), nullable=False),
    Column("quantity", _name(64), nullable=False),
    Column("day", Integer, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("readings", BigInteger, nullable=False),
    Column("after", BigInteger, nullable=False),
    Column("upto", BigInteger, nullable=False),
)
Index("rejudging_of_day", rejudging.c.station, rejudging.c.quantity, rejudging.c.day, unique=True)

notices: Final = Table(
    "notices",
    metadata,
    Column("alert_id", _name(64), primary_key=True),
    Column("added", BigInteger, nullable=False),
    Column("level", SmallInteger),
    Column("first_told", BigInteger),
    Column("ended_told", BigInteger),
    Column("silence", Text),
)
