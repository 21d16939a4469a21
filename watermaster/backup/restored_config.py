"""Where the config of a backup goes: to the config directory if there is none yet, else beside it."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Self

from hydro.errors import WatermasterError

__all__ = ["ConfigPlace"]


class ConfigPlace:
    """Entered, it holds the files of the backup until they are installed or given up.

    Args:
        target: The config directory.

    Attributes:
        is_free: There is none, or an empty one: the backup's becomes it.
    """

    def __init__(self, target: Path) -> None:
        self._target = target
        self._staging = Path()
        self.is_free = not target.exists() or (target.is_dir() and not any(target.iterdir()))

    def __enter__(self) -> Self:
        """Make room."""
        if self._target.exists() and not self._target.is_dir():
            raise WatermasterError(f"{self._target}: is no directory")
        parent = self._target.absolute().parent
        try:
            parent.mkdir(parents=True, exist_ok=True)
            self._staging = Path(tempfile.mkdtemp(prefix=f".{self._target.name}.", dir=parent))
        except OSError as error:
            raise WatermasterError(f"{parent}: {error.strerror}; the config of the backup is put there") from error
        return self

    def __exit__(self, *_: object) -> None:
        """Delete what was not installed."""
        shutil.rmtree(self._staging, ignore_errors=True)

    @property
    def directory(self) -> Path:
        """The config that the service will use: the backup's only where there is no other."""
        return self._files if self.is_free else self._target

    @property
    def _files(self) -> Path:
        return self._staging / "config"

    def staged(self, name: str) -> Path:
        """Where a file of the backup waits."""
        return self._files / name

    def install(self) -> Path | None:
        """Put the files where they belong; where that is, None where the same are there already."""
        if not self._files.is_dir() or (not self.is_free and self._is_the_same()):
            return None
        if self.is_free:
            # Into the directory, not in its stead: it may be a mount.
            shutil.copytree(self._files, self._target, dirs_exist_ok=True)
            return self._target
        beside = self._target.with_name(f"{self._target.name}.restored")
        number = 1
        while beside.exists():
            number += 1
            beside = self._target.with_name(f"{self._target.name}.restored{number}")
        self._files.rename(beside)
        return beside

    def _is_the_same(self) -> bool:
        """Whether every file of the backup stands in the config directory, byte for byte."""
        for path in self._files.rglob("*"):
            other = self._target / path.relative_to(self._files)
            if path.is_file() and not (other.is_file() and other.read_bytes() == path.read_bytes()):
                return False
        return True
