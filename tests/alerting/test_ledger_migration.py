"""A ledger of the first format, as its program made it, goes on as one of the present format."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from sqlalchemy import create_engine, inspect, text

from alerting.ledger import Ledger
from alerting.record import Late
from hydro.errors import LedgerError
from storage.ledger_schema import FORMAT_VERSION
from tests.alerting.sample_alerts import DAWN, change, shortfall

if TYPE_CHECKING:
    from sqlalchemy import Engine

FORMATS: Final = Path(__file__).parent / "ledger_formats"
ORDER: Final = ("cases", "cursors", "meta", "outbox", "alerts", "case_history")
"""Of the tables: what others refer to comes first."""


def lines(name: str) -> Any:  # noqa: ANN401  # whatever JSON has
    return json.loads((FORMATS / "1" / f"{name}.json").read_text())


def make_old(url: str) -> None:
    """Write a ledger of format 1: an alert, one that is being worked, a withdrawn one, and an outbox."""
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in (FORMATS / "1" / f"{engine.dialect.name}.sql").read_text().split(";\n"):
            if statement.strip():
                connection.execute(text(statement))
        rows = lines("rows")
        assert set(rows) == set(ORDER)
        for table in ORDER:
            for row in rows[table]:
                columns = ", ".join(f'"{name}"' for name in row)
                places = ", ".join(f":{name}" for name in row)
                connection.execute(text(f'INSERT INTO "{table}" ({columns}) VALUES ({places})'), row)  # noqa: S608  # our own names
            if engine.dialect.name == "postgresql" and rows[table] and "id" in rows[table][0] and table != "alerts":
                latest = f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"  # noqa: S608  # as above
                connection.execute(text(latest))
    engine.dispose()


def shape(engine: Engine) -> dict[str, tuple[set[str], set[str | None]]]:
    """Columns and indexes of all tables."""
    found = inspect(engine)
    return {
        table: (
            {f"{column['name']} {column['type']} {column['nullable']}" for column in found.get_columns(table)},
            {index["name"] for index in found.get_indexes(table)},
        )
        for table in found.get_table_names()
    }


def shape_of(url: str) -> dict[str, tuple[set[str], set[str | None]]]:
    engine = create_engine(url)
    try:
        return shape(engine)
    finally:
        engine.dispose()


def test_everything_that_people_and_rules_wrote_is_there(ledger_url: str) -> None:
    make_old(ledger_url)
    with Ledger.open(ledger_url, zone_minutes=480) as ledger:
        assert list(ledger.export()) == lines("shown")
        assert ledger.cursor() == 18
        assert ledger.outbox_size() == len(lines("rows")["outbox"])
    with Ledger.open(ledger_url, zone_minutes=480) as ledger:
        assert list(ledger.export()) == lines("shown")


def test_it_has_the_shape_of_a_new_one(ledger_url: str) -> None:
    make_old(ledger_url)
    Ledger.open(ledger_url, zone_minutes=480).close()
    migrated = shape_of(ledger_url)
    engine = create_engine(ledger_url)
    with engine.begin() as connection:
        for table in ("case_history", "alerts", *(name for name in migrated if name not in ("alerts", "case_history"))):
            connection.execute(text(f"DROP TABLE {table}"))
    engine.dispose()
    Ledger.open(ledger_url, zone_minutes=480).close()
    assert shape_of(ledger_url) == migrated


def test_it_goes_on_by_the_present_rules(ledger_url: str) -> None:
    """The case that was being worked keeps its alert; the other one is rewritten, and both have a trace."""
    make_old(ledger_url)
    with Ledger.open(ledger_url, zone_minutes=480) as ledger:
        late = Late(DAWN + 5_000, DAWN + 86_400_000)
        gone = change(station="52010300A2")._replace(late=late)
        ledger.apply([change(shortfall(1, 4))._replace(late=late), gone], 19, DAWN + 6_000)
        first, second = ledger.export()
        assert (first["state"], len(first["revised"])) == ("resolved", 1)
        assert (second["state"], second["resolved_at"]) == ("resolved", second["raised_at"])
        assert second["revised"][0]["now"] is None
        assert ledger.evidence_waiting() == 2


def test_two_that_open_it_at_once_both_find_it_new(ledger_url: str) -> None:
    make_old(ledger_url)

    def opened(_: int) -> int:
        with Ledger.open(ledger_url, zone_minutes=480) as ledger:
            return len(list(ledger.export()))

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(opened, range(8))) == {2}


def test_what_fails_on_the_way_leaves_the_old_one(ledger_url: str) -> None:
    make_old(ledger_url)
    engine = create_engine(ledger_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE rejudging (something INTEGER)"))
    before = shape(engine)
    with pytest.raises(LedgerError, match="rejudging"):
        Ledger.open(ledger_url, zone_minutes=480)
    assert shape_of(ledger_url) == before
    with engine.begin() as connection:
        assert connection.execute(text("SELECT value FROM meta WHERE name = 'format_version'")).scalar() == "1"
        connection.execute(text("DROP TABLE rejudging"))
    engine.dispose()
    with Ledger.open(ledger_url, zone_minutes=480) as ledger:
        assert list(ledger.export()) == lines("shown")


def test_there_is_a_way_from_each_format_there_was() -> None:
    assert {int(path.name) for path in FORMATS.iterdir()} == set(range(1, FORMAT_VERSION))
