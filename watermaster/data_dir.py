"""What lies where in the data directory, and who may write there: one service of a kind at a time."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Final

from hydro.errors import AlreadyRunning, ConfigError

__all__ = ["UNFINISHED", "DataDir", "Lock"]

UNFINISHED: Final = "restore.unfinished"
"""Lies in a data directory while `watermaster restore` moves files there."""

_LOCK_MODE: Final = 0o644


class Lock:
    """Holds a kind of service on a data directory until the process ends; a crash can't leave it behind."""

    def __init__(self, path: Path, kind: str) -> None:
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, _LOCK_MODE)
        except OSError as error:
            raise ConfigError(f"{path}: {error.strerror}") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = os.read(self._file, 20).decode(errors="replace").strip() or "?"
            os.close(self._file)
            message = f"{path.parent}: {kind} is running already (pid {owner})"
            raise AlreadyRunning(message) from error
        os.truncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let another one start."""
        os.close(self._file)


class DataDir:
    """Paths below ``data_dir``.

    Args:
        path: The directory; made if it isn't there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            message = f"data_dir {path}: {error.strerror}"
            raise ConfigError(message) from error
        self.broker = path / "broker"
        self.store_state = path / "store.state"
        self.store_rebuild = path / "store.rebuild"
        self.rules_state = path / "rules.state"
        self.dead_letters = path / "dead_letters.sqlite"
        self.evidence = path / "evidence"
        self.attachments = self.evidence / "attachments"
        self.commands = path / "commands.sqlite"

    def journal(self, url: str) -> Path:
        """Directory of the journal; ``journal.url`` names another one."""
        return Path(url.removeprefix("file:")) if url else self.path / "journal"

    def ledger_url(self, url: str) -> str:
        """SQLAlchemy URL of the ledger; ``sqlite:`` lies in the data directory."""
        return f"sqlite:///{self.path / 'ledger.sqlite'}" if url == "sqlite:" else url

    def lock(self, kind: str) -> Lock:
        """Be the only service of a kind here.

        Raises:
            AlreadyRunning: Another process is.
            ConfigError: A restore broke off in the midst of moving files.
        """
        if (self.path / UNFINISHED).exists():
            raise ConfigError(f"{self.path}: a restore broke off here; run it again with --force")
        return Lock(self.path / f"{kind}.lock", kind)
