"""Opening a ledger: what is made, what is refused, and that nothing is taken for what it isn't."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, text

from alerting.ledger import Ledger
from hydro.errors import FormatVersionError, LedgerError

if TYPE_CHECKING:
    from pathlib import Path


def open_ledger(url: str, *, create: bool = True) -> None:
    Ledger.open(url, zone_minutes=480, create=create).close()


def test_another_format_version_is_refused(ledger_url: str) -> None:
    open_ledger(ledger_url)
    engine = create_engine(ledger_url)
    with engine.begin() as connection:
        assert connection.execute(text("SELECT value FROM meta WHERE name = 'format_version'")).scalar() == "2"
        connection.execute(text("UPDATE meta SET value = '3'"))
    engine.dispose()
    with pytest.raises(FormatVersionError, match="format version '3', this program reads '2'"):
        open_ledger(ledger_url)


def test_opening_again_finds_what_was_written(ledger_url: str) -> None:
    with Ledger.open(ledger_url, zone_minutes=480) as ledger:
        ledger.apply([], 5, 0)
    with Ledger.open(ledger_url, zone_minutes=480) as ledger:
        assert ledger.cursor() == 5


def test_a_database_with_other_tables_of_these_names_is_no_ledger(ledger_url: str) -> None:
    engine = create_engine(ledger_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE alerts (id INTEGER)"))
    engine.dispose()
    with pytest.raises(LedgerError, match="tables named alerts, but is no ledger"):
        open_ledger(ledger_url)


def test_nothing_is_made_where_nothing_is_to_be_made(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with pytest.raises(LedgerError, match="there is no ledger"):
        open_ledger(f"sqlite:///{path}", create=False)
    assert not path.exists()


def test_a_file_that_is_no_database_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(b"once upon a time there was a river " * 100)
    with pytest.raises(LedgerError, match=r"^\S*ledger\.sqlite: file is not a database$"):
        open_ledger(f"sqlite:///{path}")


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="unable to open database file"):
        open_ledger(f"sqlite:///{tmp_path / 'nowhere' / 'ledger.sqlite'}")


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_ledger_in_memory_is_refused(url: str) -> None:
    with pytest.raises(LedgerError, match="in memory"):
        open_ledger(url)


@pytest.mark.parametrize("url", ["ledger", "post gres://x:secret@y/z", "nosuchdatabase://x:secret@y/z"])
def test_an_address_that_is_none_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(LedgerError) as caught:
        open_ledger(url)
    assert "secret" not in str(caught.value)


def test_commits_are_synced_and_readers_do_not_wait(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    open_ledger(f"sqlite:///{path}")
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()
    with Ledger.open(f"sqlite:///{path}", zone_minutes=480) as ledger, ledger._database.writing() as used:  # noqa: SLF001  # of each connection
        assert used.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert used.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        assert ledger.cursor() == 0


def test_a_full_disk_is_said_to_pass(tmp_path: Path) -> None:
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}", zone_minutes=480) as ledger:
        writing = ledger._database.writing  # noqa: SLF001  # to make it full
        with pytest.raises(LedgerError, match="full") as caught, writing() as connection:  # noqa: PT012  # it is one
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
            connection.exec_driver_sql("CREATE TABLE more AS SELECT randomblob(100000) AS x")
        assert caught.value.retryable
