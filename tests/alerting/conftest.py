"""Ledgers to test with."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from alerting.ledger import Ledger
from tests.alerting.postgresql import PostgreSQL, missing_for_postgresql
from tests.servers.process import cannot_run

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """One server for the whole run; skips where there can be none."""
    missing = missing_for_postgresql()
    if missing is not None:
        cannot_run(missing)
    # Not below pytest's own folder, which the server's account may not enter.
    path = Path(tempfile.mkdtemp(prefix="watermaster-postgresql-"))
    try:
        with PostgreSQL(path) as server:
            yield server
    finally:
        shutil.rmtree(path)


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty ledger on each database that we test."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return server.emptied()


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    """The same, open."""
    with Ledger.open(ledger_url, zone_minutes=480) as ledger:
        yield ledger
