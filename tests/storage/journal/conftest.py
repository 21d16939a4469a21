"""A clock that is set by hand, and journals small enough to be rolled over."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Final, Protocol

import pytest

from storage.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

START: Final = 1_772_323_500_000
"""2026-03-01T08:05:00+08:00."""


class Clock:
    """Tells the time that it was set to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> int:
        """The time."""
        return self.now


class OpenJournal(Protocol):
    """Opens the test's journal, or another one."""

    def __call__(
        self,
        path: Path | None = None,
        *,
        keep_days: float = 14,
        max_gb: float = 50,
        segment_bytes: int = 256 * 1024 * 1024,
        reserve_bytes: int = 4096,
    ) -> Journal:
        """Open it; it is closed at the end of the test if it still is open."""


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@pytest.fixture
def open_journal(directory: Path, clock: Clock) -> Iterator[OpenJournal]:
    with ExitStack() as opened:

        def start(
            path: Path | None = None,
            *,
            keep_days: float = 14,
            max_gb: float = 50,
            segment_bytes: int = 256 * 1024 * 1024,
            reserve_bytes: int = 4096,
        ) -> Journal:
            journal = Journal.open(
                path or directory,
                keep_days=keep_days,
                max_gb=max_gb,
                clock=clock,
                segment_bytes=segment_bytes,
                reserve_bytes=reserve_bytes,
            )
            return opened.enter_context(journal)

        yield start
