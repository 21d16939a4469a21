"""Which files this process has open, as Linux tells."""

from __future__ import annotations

import contextlib
from pathlib import Path

__all__ = ["open_files"]


def open_files(directory: Path) -> set[str]:
    """Names of open files below a directory."""
    found = set()
    for link in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the descriptor that lists them
            target = link.readlink()
            if target.is_relative_to(directory):
                found.add(target.name)
    return found
