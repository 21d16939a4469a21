"""The ledger: alerts as the rules have them now, and the cases that people work off.

The rules' reader and operators write at the same time, from several processes. A change by the rules is one
transaction with the reader's cursor; a verb is one transaction that holds the case, so of two people only one can take
the same step. All calls block; a caller in an event loop runs them in a thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self
from unicodedata import category

import msgspec
from sqlalchemy import delete, func, insert, select, update

from alerting.case import Case, CaseState, Outcome, Step, worked
from alerting.ledger.evidence import (
    EvidenceRequest,
    EvidenceSummary,
    Wanted,
    keep_summaries,
    queue_evidence,
    requests,
    requests_waiting,
)
from alerting.ledger.notices import Notices
from alerting.ledger.overview import Firing, Listing, changes, firing, listing, note_change
from alerting.ledger.reading import AlertFilter, AlertPage, export, one_alert, page
from alerting.ledger.rejudging import (
    Rejudged,
    TooOld,
    ToRejudge,
    forget_rejudging,
    in_place,
    queue_rejudging,
    rejudging_size,
    rejudging_waiting,
    said_between,
)
from alerting.ledger.rewriting import Applied, apply_change
from alerting.record import AlertState
from hydro.errors import ConfigError, LedgerError, TransitionError
from storage.ledger_database import LedgerDatabase
from storage.ledger_schema import alerts, case_history, cases, cursors, outbox
from storage.store import AlertPoint

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from sqlalchemy import Connection, Row

    from alerting.record import AlertRecord, SubjectAlerts

__all__ = ["LONGEST_COMMENT", "LONGEST_NAME", "RULES", "Ledger", "OutboxEntry", "Signature"]

RULES: Final = "rules"
"""Name of the cursor of the reader that judges."""

LONGEST_NAME: Final = 200
LONGEST_COMMENT: Final = 10_000
_NOT_TEXT: Final = ("Cc", "Cs")  # no database keeps NUL and lone surrogates, and an escape rules a terminal
_ANY: Final = AlertFilter()


class Signature(NamedTuple):
    """Who takes a step, when and why.

    Attributes:
        by: The person.
        at: Epoch milliseconds.
        comment: Why; may be empty.
    """

    by: str
    at: int
    comment: str = ""


class OutboxEntry(NamedTuple):
    """A point that the store doesn't have yet.

    Attributes:
        number: To say later that the store has it.
        point: What to write.
    """

    number: int
    point: AlertPoint


class Ledger:
    """An open ledger, for any number of threads.

    Attributes:
        name: Where it is, for messages.
        notices: What people were told.
    """

    def __init__(self, database: LedgerDatabase, zone_minutes: int) -> None:
        self.name = database.name
        self.notices = Notices(database)
        self._database = database
        self._zone_minutes = zone_minutes

    @classmethod
    def open(cls, url: str, *, zone_minutes: int, create: bool = True) -> Self:
        """Open the ledger at an SQLAlchemy URL.

        Args:
            url: ``sqlite:///PATH`` or the URL of a server.
            zone_minutes: Zone of the times in what is read.
            create: Make it where there is none.

        Raises:
            LedgerError: It can't be opened, or isn't there and is not to be made.
            FormatVersionError: It was written in another format.
        """
        return cls(LedgerDatabase.open(url, create=create), zone_minutes)

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def __enter__(self) -> Self:
        """The ledger itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def apply(
        self,
        changes: Sequence[SubjectAlerts],
        cursor: int,
        at: int,
        read_at: int | None = None,
        too_old: Sequence[TooOld] = (),
    ) -> Applied:
        """Take over what the rules say, and how far they have read, in one transaction.

        Applying the same again changes nothing, but the number of readings that were too old.

        Args:
            changes: In the order in which the rules gave them.
            cursor: Journal position up to which they have read.
            at: Now, epoch milliseconds; stands in the history of cases.
            read_at: ``received_at`` of the last message that was judged; stands in the trace of an alert that a person
                has touched, where data rewrote it that were not late.
            too_old: What they read and could not judge, to be judged again from the store.

        Raises:
            LedgerError: Nothing was written.
        """
        with self._database.writing() as connection:
            before = _move_cursor(connection, RULES, cursor)
            done = Applied()
            found: list[Wanted] = []
            for change in changes:
                outcome = apply_change(connection, change, at, at if read_at is None else read_at)
                done += outcome.applied
                found += outcome.wanted
            if found:
                queue_evidence(connection, found, before, cursor, at)
            queued = queue_rejudging(connection, too_old, cursor)
            if any(done):
                note_change(connection)
        return done._replace(refused=queued.refused)

    def apply_again(self, again: Sequence[Rejudged], done: Sequence[ToRejudge], at: int) -> Applied:
        """Take over what was judged again from the store, and forget that it was to be, in one transaction.

        Args:
            again: What it came to.
            done: What was judged; that to which readings have been added meanwhile stays.
            at: Now, epoch milliseconds; stands in the history of cases.

        Raises:
            LedgerError: Nothing was written.
        """
        with self._database.writing() as connection:
            # As the judge does, so that what it says does not change in between.
            position = _cursor(connection, RULES, alone=True)
            applied = Applied()
            for one in again:
                outcome = apply_change(connection, in_place(connection, one), at, one.received_at)
                applied += outcome.applied
                if outcome.wanted:
                    queue_evidence(connection, outcome.wanted, one.after, position, at)
            forget_rejudging(connection, done)
            if any(applied):
                note_change(connection)
        return applied

    def to_rejudge(self, limit: int = 1_000, after: int = 0) -> list[ToRejudge]:
        """Series and days to be judged again, the longest waiting first.

        Args:
            limit: At most so many.
            after: Number of the last one that is known.
        """
        with self._database.reading() as connection:
            return rejudging_waiting(connection, limit, after)

    def rejudging_size(self) -> int:
        """How many series and days are to be judged again."""
        with self._database.reading() as connection:
            return rejudging_size(connection)

    def alerts_between(
        self, alert_class: str, subject_kind: str, subject: str, target_id: str | None, start: int, end: int
    ) -> list[AlertRecord]:
        """What the rules said last of one subject and target: alerts that touch a stretch of event time, by raising.

        Args:
            alert_class: As in docs/alert-classes.md.
            subject_kind: As in :class:`SubjectAlerts`.
            subject: Code.
            target_id: None where the class has no target.
            start: Inclusive.
            end: Inclusive.
        """
        with self._database.reading() as connection:
            return said_between(connection, alert_class, subject_kind, subject, target_id, start, end)

    def evidence_requests(self, limit: int = 10_000) -> list[EvidenceRequest]:
        """Alerts whose raw messages are still to be copied, the oldest request first."""
        with self._database.reading() as connection:
            return requests(connection, limit)

    def evidence_waiting(self) -> int:
        """How many requests wait."""
        with self._database.reading() as connection:
            return requests_waiting(connection)

    def evidence_copied(self, summaries: dict[str, EvidenceSummary], done: Sequence[EvidenceRequest]) -> None:
        """Messages of alerts have been copied and are safe.

        Args:
            summaries: What there is now, by alert.
            done: The requests; one that has grown meanwhile stays.
        """
        with self._database.writing() as connection:
            keep_summaries(connection, summaries, done)
            note_change(connection)

    def cursor(self, reader: str = RULES) -> int:
        """Journal position whose effect the ledger has; 0 at first."""
        with self._database.reading() as connection:
            return _cursor(connection, reader)

    def alerts(self, where: AlertFilter = _ANY, *, limit: int = 100, cursor: str | None = None) -> AlertPage:
        """Alerts as objects of CONTRACT section 6, the last raised first; withdrawn ones only if asked for.

        Args:
            where: Which.
            limit: At most so many.
            cursor: ``next`` of the page before.

        Raises:
            ConfigError: ``cursor`` is none that a page gave.
        """
        with self._database.reading() as connection:
            return page(connection, where, limit, cursor, self._zone_minutes)

    def alert(self, alert_id: str) -> dict[str, Any] | None:
        """One alert, withdrawn or not; None if the ledger doesn't know it."""
        with self._database.reading() as connection:
            return one_alert(connection, alert_id, self._zone_minutes)

    def listing(
        self, *, only_open: bool, subjects: Collection[str] | None = None, offset: int = 0, limit: int = 100
    ) -> Listing:
        """A screenful of alerts, and how many there are; withdrawn ones are left out.

        Args:
            only_open: Those that fire or whose case is not closed, the most urgent first; else all, the last raised
                first.
            subjects: Codes of subjects, some thousands at most; None = all.
            offset: How many to leave out.
            limit: How many to give.
        """
        with self._database.reading() as connection:
            return listing(
                connection,
                only_open=only_open,
                subjects=subjects,
                offset=offset,
                limit=limit,
                zone_minutes=self._zone_minutes,
            )

    def firing(self) -> dict[tuple[str, str], Firing]:
        """The worst of what fires, by kind and code of the subject."""
        with self._database.reading() as connection:
            return firing(connection)

    def changes(self) -> int:
        """How often alerts or cases have changed; cheap enough to be asked every second."""
        with self._database.reading() as connection:
            return changes(connection)

    def export(self) -> Iterator[dict[str, Any]]:
        """All alerts that are not withdrawn, as they are at one moment, by onset, class, subject, target."""
        with self._database.reading() as connection:
            yield from export(connection, self._zone_minutes)

    def transition(self, alert_id: str, step: Step, signature: Signature) -> dict[str, Any]:
        """Work the case of an alert.

        Args:
            alert_id: Any alert of the case, a withdrawn one too.
            step: What is done.
            signature: By whom, when and why.

        Returns:
            The alert as it is then.

        Raises:
            TransitionError: The step doesn't apply to the case in its present state.
            ConfigError: A text is empty, too long or not storable.
            LedgerError: The ledger doesn't know the alert.
        """
        by = _text("by", signature.by, LONGEST_NAME)
        to = None if step.to is None else _text("to", step.to, LONGEST_NAME)
        comment = _text("comment", signature.comment, LONGEST_COMMENT, may_be_empty=True)
        with self._database.writing() as connection:
            case_id = connection.execute(select(alerts.c.case_id).where(alerts.c.id == alert_id)).scalar()
            if case_id is None:
                raise LedgerError(f"{self.name}: has no alert {alert_id!r}")
            case = _as_case(connection.execute(select(cases).where(cases.c.id == case_id).with_for_update()).one())
            try:
                after = worked(case, step._replace(to=to), firing=_is_firing(connection, case_id))
            except TransitionError as error:
                raise TransitionError(f"alert {alert_id}: {error}") from None
            changed = connection.execute(
                update(cases)
                .where(cases.c.id == case_id, cases.c.state == case.state.value)
                .values(state=after.state.value, assignee=after.assignee, due=after.due, outcome=after.outcome)
            )
            if changed.rowcount != 1:
                raise TransitionError(f"alert {alert_id}: somebody else has just worked its case; look again")
            connection.execute(
                insert(case_history).values(
                    case_id=case_id,
                    at=signature.at,
                    by=by,
                    verb=step.verb.value,
                    from_state=case.state.value,
                    to_state=after.state.value,
                    comment=comment,
                    outcome=step.outcome,
                    assignee=to,
                    alert_id=alert_id,
                )
            )
            note_change(connection)
            shown = one_alert(connection, alert_id, self._zone_minutes)
        if shown is None:
            raise LedgerError(f"{self.name}: has no alert {alert_id!r}")
        return shown

    def outbox(self, limit: int = 1_000) -> list[OutboxEntry]:
        """Points that the store doesn't have yet, in the order in which they must be written."""
        with self._database.reading() as connection:
            rows = connection.execute(select(outbox).order_by(outbox.c.id).limit(limit)).all()
        return [_as_entry(row) for row in rows]

    def outbox_written(self, entries: Sequence[OutboxEntry]) -> None:
        """The store has these points, or will never take them."""
        if not entries:
            return
        with self._database.writing() as connection:
            connection.execute(delete(outbox).where(outbox.c.id.in_([entry.number for entry in entries])))

    def outbox_size(self) -> int:
        """How many points the store doesn't have yet."""
        with self._database.reading() as connection:
            return int(connection.execute(select(func.count()).select_from(outbox)).scalar_one())


def _cursor(connection: Connection, reader: str, *, alone: bool = False) -> int:
    query = select(cursors.c.position).where(cursors.c.reader == reader)
    found = connection.execute(query.with_for_update() if alone else query).scalar()
    return 0 if found is None else int(found)


def _move_cursor(connection: Connection, reader: str, position: int) -> int:
    """Where it was."""
    # First of all, so that on a server the row lock makes two judges of one ledger wait for each other.
    before = _cursor(connection, reader, alone=True)
    moved = connection.execute(update(cursors).where(cursors.c.reader == reader).values(position=position))
    if moved.rowcount == 0:
        connection.execute(insert(cursors).values(reader=reader, position=position))
    return before


def _is_firing(connection: Connection, case_id: int) -> bool:
    firing = select(alerts.c.id).where(alerts.c.case_id == case_id, alerts.c.state == AlertState.FIRING.value)
    return connection.execute(firing.limit(1)).first() is not None


def _as_case(row: Row[Any]) -> Case:
    outcome = None if row.outcome is None else Outcome(row.outcome)
    return Case(CaseState(row.state), row.assignee, row.due, outcome)


def _as_entry(row: Row[Any]) -> OutboxEntry:
    tags = tuple(msgspec.json.decode(row.tags, type=dict[str, str]).items())
    point = AlertPoint(row.time, tags, row.alert_id, row.level, row.state, row.value, row.target, row.ratio)
    return OutboxEntry(row.id, point)


def _text(name: str, text: str, longest: int, *, may_be_empty: bool = False) -> str:
    """What a person wrote, without blanks around it.

    Raises:
        ConfigError: No database keeps it, or nothing is there.
    """
    text = text.strip()
    if not text and not may_be_empty:
        raise ConfigError(f"{name} is empty")
    if len(text) > longest:
        raise ConfigError(f"{name} has {len(text)} characters, more than {longest}")
    if any(category(sign) in _NOT_TEXT and (name != "comment" or sign not in "\n\t") for sign in text):
        raise ConfigError(f"{name} holds control characters or halves of characters")
    return text
