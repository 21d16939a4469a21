"""Where the members of a backup go, and what is in their way."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from sqlalchemy import make_url

from hydro.errors import WatermasterError
from watermaster.backup import members
from watermaster.backup.collect import store_file, store_kind
from watermaster.data_dir import DataDir

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from watermaster.backup.manifest import Head
    from watermaster.settings import Settings

__all__ = ["STAGING", "Places"]

STAGING: Final = "restore.partial"
"""Directory beside the final places, on the same file system, in which members wait until all are known to be whole."""

_ASIDE: Final = "before-restore-"
# The queue and the passwords of an embedded broker are in no backup, and what it holds back is wanted after a restore.
_KEPT: Final = re.compile(rf"lock|.*\.lock|lost\+found|broker|{re.escape(STAGING)}|{_ASIDE}.*")
_SEGMENT: Final = re.compile(r"\d{16}\.sqlite")
_SQLITE: Final = re.compile(r"[a-z][a-z0-9_]{0,63}\.sqlite")


class Places:
    """Final places of members, as the settings say.

    Args:
        settings: Of the config directory that the service will use.

    Attributes:
        data_dir: Where most of it goes; made if it isn't there.
        journal: Directory of the journal.
    """

    def __init__(self, settings: Settings) -> None:
        self.data_dir = DataDir(settings.data_dir)
        self.journal = self.data_dir.journal(settings.journal.url)
        ledger = make_url(self.data_dir.ledger_url(settings.ledger.url))
        self._ledger_kind = ledger.get_backend_name()
        self._ledger = Path(ledger.database or "")
        self._store_kind = store_kind(settings.store.url)
        self._store = store_file(settings.store.url, self.data_dir)

    def verify(self, head: Head, archive: Path) -> None:
        """Make sure that what the backup holds is what the settings ask for.

        Raises:
            WatermasterError: Store or ledger are of another kind: readers would go on from where that one was.
        """
        for what, found, wanted in (
            ("store", head.store, self._store_kind),
            ("ledger", head.ledger, self._ledger_kind),
        ):
            if found != wanted:
                raise WatermasterError(
                    f"{archive}: of a service with {what}.url {found}:…, the settings say {wanted}:…"
                )

    def final(self, name: str) -> Path | None:
        """Where a member goes; None if no backup of ours has such a member."""
        data = self.data_dir.path
        segment = name.removeprefix(members.JOURNAL)
        if name == members.LEDGER:
            return self._ledger if self._ledger_kind == "sqlite" else None
        if name == members.STORE:
            return self._store
        if segment != name and _SEGMENT.fullmatch(segment):
            return self.journal / segment
        is_data = name in (members.RULES_STATE, members.STORE_STATE) or _SQLITE.fullmatch(name)
        return data / name if is_data or (name.startswith(members.EVIDENCE) and is_inside(name)) else None

    def staged(self, name: str, final: Path) -> Path:
        """Where a member waits: on the file system of its final place."""
        return self._root(final) / STAGING / name

    def roots(self) -> list[Path]:
        """Directories that hold final places, each once."""
        return list(dict.fromkeys(map(self._root, (self.data_dir.path, *self._outside()))))

    def in_the_way(self, spared: Iterable[Path]) -> list[Path]:
        """What lies where members go, or would be taken for a part of them.

        Args:
            spared: Not counted, nor what holds them: the config directory, the archive.
        """
        kept = {parent for path in spared for parent in (path.resolve(), *path.resolve().parents)}
        found = [*_entries(self.data_dir.path)]
        for outside in self._outside():
            found += _entries(outside) if outside == self.journal else _with_sides(outside)
        return [path for path in found if path.resolve() not in kept]

    def stamp(self, at: int) -> str:
        """A word for the time of a restore, under which nothing was set aside yet.

        Args:
            at: Epoch milliseconds.
        """
        second = datetime.fromtimestamp(at // 1000, UTC).strftime("%Y%m%dT%H%M%SZ")
        stamp, number = second, 1
        while any((root / f"{_ASIDE}{stamp}").exists() for root in self.roots()):
            number += 1
            stamp = f"{second}-{number}"
        return stamp

    def belongings(self, made: Iterable[Path]) -> Iterator[Path]:
        """Everything that is the service's: what lies in its directories, and its files elsewhere, without neighbours.

        Args:
            made: Directories that were made for it.
        """
        own = (self.data_dir.path, self.journal, *made)
        for root in own:
            for directory, _, files in os.walk(root):
                yield Path(directory)
                yield from (Path(directory) / name for name in files)
        yield from (path for path in self._outside() if path not in own and path.exists())

    def aside(self, path: Path, stamp: str) -> Path:
        """Where something in the way is put."""
        return self._root(path) / f"{_ASIDE}{stamp}" / path.name

    def _outside(self) -> list[Path]:
        """Journal, ledger and store where they are not in the data directory."""
        own = [self.journal]
        if self._ledger_kind == "sqlite":
            own.append(self._ledger)
        if self._store_kind == "duckdb":
            own.append(self._store)
        inside = self.data_dir.path.resolve()
        return [path for path in own if inside not in path.resolve().parents]

    def _root(self, path: Path) -> Path:
        inside = self.data_dir.path.resolve()
        if path.resolve() == inside or inside in path.resolve().parents:
            return self.data_dir.path
        return self.journal if path in (self.journal, *(self.journal / path.name,)) else path.parent


def is_inside(name: str) -> bool:
    """Whether a relative name leads nowhere else.

    >>> is_inside("config/registry/stations.csv"), is_inside("config/../../etc/passwd"), is_inside("/etc/passwd")
    (True, False, False)
    """
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\0" not in name and os.sep in name


def _entries(directory: Path) -> Iterator[Path]:
    if directory.is_dir():
        yield from (path for path in sorted(directory.iterdir()) if not _KEPT.fullmatch(path.name))


def _with_sides(file: Path) -> Iterator[Path]:
    for side in ("", "-wal", "-shm", ".wal"):
        path = file.with_name(file.name + side)
        if path.exists():
            yield path
