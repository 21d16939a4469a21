"""A console to ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.dashboards.console_server import Console

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Console]:
    """One that serves, with an empty ledger."""
    with Console(tmp_path) as serving:
        yield serving
