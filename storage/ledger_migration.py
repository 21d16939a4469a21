"""From one format of the ledger to the next, within one transaction.

Only additions so far, so a program of the version before that has the ledger open goes on unharmed. Written by hand:
a step is a few statements that every database understands, and what makes a new table is the schema itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import update
from sqlalchemy.schema import CreateColumn

from storage.ledger_schema import FORMAT_VERSION, alerts, evidence, evidence_queue, meta, metadata, notices, rejudging

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Connection, Table

__all__ = ["FORMAT", "migrate"]

FORMAT: Final = "format_version"
"""Name in `meta`."""


def migrate(connection: Connection, found: str) -> bool:
    """Bring a ledger up to the present format; whether there is a way from where it is.

    Args:
        connection: In a transaction that writes.
        found: Its format.
    """
    while found != str(FORMAT_VERSION):
        step = _STEPS.get(found)
        if step is None:
            return False
        step(connection)
        found = str(int(found) + 1)
        connection.execute(update(meta).where(meta.c.name == FORMAT).values(value=found))
    return True


def _from_1(connection: Connection) -> None:
    """Traces of rewritten verdicts, evidence, the queue of what is to be judged again, and what people were told."""
    _add_columns(connection, alerts, "said", "revised")
    metadata.create_all(connection, tables=[evidence_queue, evidence, rejudging, notices], checkfirst=False)


def _add_columns(connection: Connection, table: Table, *names: str) -> None:
    for name in names:
        column = CreateColumn(table.c[name]).compile(dialect=connection.dialect)
        connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {column}")


_STEPS: Final[Mapping[str, Callable[[Connection], None]]] = {"1": _from_1}
