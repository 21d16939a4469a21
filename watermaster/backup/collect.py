"""Making a backup. The order of copying is what makes it consistent while a service goes on.

::

    rules.state ─▶ ledger ─▶ store with store.state (one moment) ─▶ dead letters and the like ─▶ evidence ─▶ journal

Each copy shows one moment, later than that of the copy before. The proof that a service can go on from there stands in
docs/backup.md.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, cast

import msgspec
from sqlalchemy import make_url

from hydro.errors import StoreError, WatermasterError
from hydro.instants import format_instant
from storage.journal.directory import sync_directory
from storage.store_url import parse_store_url
from watermaster.ask import find_service
from watermaster.backup import members
from watermaster.backup.archive import SUFFIXES, ArchiveWriter
from watermaster.backup.config_files import config_files
from watermaster.backup.journal_copy import JournalCopy
from watermaster.backup.manifest import FORMAT, Head, Manifest, Positions
from watermaster.backup.snapshots import POSITION
from watermaster.backup.sqlite_snapshot import SqliteSnapshot
from watermaster.data_dir import UNFINISHED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hydro.register import Register
    from watermaster.ask import Service
    from watermaster.data_dir import DataDir
    from watermaster.settings import Settings

__all__ = ["Made", "Origin", "back_up", "store_file", "store_kind"]

_CURSOR: Final = "SELECT position FROM cursors WHERE reader = 'rules'"
_TRIES: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What is copied.

    Attributes:
        settings: Of the config directory.
        register: Of the same.
        config: The config directory.
        environ: Environment variables.
        data_dir: Files.
        version: Of the program.
        at: Now, epoch milliseconds.
        whole_journal: All of the journal, not only what readers still need.
    """

    settings: Settings
    register: Register
    config: Path
    environ: Mapping[str, str]
    data_dir: DataDir
    version: str
    at: int
    whole_journal: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """A backup.

    Attributes:
        path: The file.
        size: Its bytes.
        manifest: What it says of itself.
        asked: Whether a running service copied the store.
    """

    path: Path
    size: int
    manifest: Manifest
    asked: bool


@dataclass(slots=True)
class _Progress:
    """What is known so far."""

    store: int | None = None
    store_file: int | None = None
    rules: int | None = None
    ledger: int | None = None
    left_out: list[str] = field(default_factory=list)
    asked: bool = False


def back_up(target: Path, origin: Origin) -> Made:
    """Make a backup; under its name only when it is whole and on the disk.

    Raises:
        WatermasterError: It can't be made; nothing is left of it.
    """
    if not target.name.endswith(SUFFIXES):
        raise WatermasterError(f"{target}: a backup is called ….tar or ….tar.zst")
    if (origin.data_dir.path / UNFINISHED).exists():
        raise WatermasterError(f"{origin.data_dir.path}: a restore broke off here; there is nothing whole to back up")
    if target.exists() or target.is_symlink():
        raise WatermasterError(f"{target}: is there already, and is not overwritten")
    with _workplace(target) as work:
        growing = work / "archive"
        archive = ArchiveWriter(growing, compressed=target.suffix == ".zst", at=origin.at // 1000)
        try:
            manifest, was_asked = _Collection(origin, archive, work).run()
            archive.finish()
        finally:
            archive.abandon()
        size = growing.stat().st_size
        if target.exists():
            raise WatermasterError(f"{target}: somebody else has just made it, it is not overwritten")
        growing.rename(target)
        sync_directory(target.parent)
    return Made(target, size, manifest, was_asked)


def store_kind(url: str) -> str:
    """Which kind of store an address is of; the transport doesn't matter.

    >>> store_kind("duckdb:"), store_kind("influxdbs://db/water")
    ('duckdb', 'influxdb')
    """
    scheme, plus, version = url.partition(":")[0].partition("+")
    return f"{'influxdb' if scheme == 'influxdbs' else scheme}{plus}{version}"


def store_file(url: str, data_dir: DataDir) -> Path:
    """Where an embedded store lies, or would lie."""
    if store_kind(url) != "duckdb":
        return data_dir.path / members.STORE
    return parse_store_url(url).path(data_dir.path, members.STORE)


@contextmanager
def _workplace(target: Path) -> Iterator[Path]:
    """A directory beside the target, gone afterwards whatever happens."""
    try:
        work = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    except OSError as error:
        raise WatermasterError(f"{target.parent}: {error.strerror}") from error
    try:
        yield work
    except OSError as error:
        raise WatermasterError(f"{target}: {error.strerror or error}; nothing was left there") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


class _Collection:
    """One run."""

    def __init__(self, origin: Origin, archive: ArchiveWriter, work: Path) -> None:
        self._origin = origin
        self._archive = archive
        self._work = work
        self._known = _Progress()

    def run(self) -> tuple[Manifest, bool]:
        """Copy everything in the order that matters; the manifest, and whether a service was asked."""
        origin, known = self._origin, self._known
        settings, data_dir = origin.settings, origin.data_dir
        ledger = make_url(data_dir.ledger_url(settings.ledger.url))
        head = Head(
            format=FORMAT,
            version=origin.version,
            created_at=format_instant(origin.at, origin.register.zone_minutes),
            store=store_kind(settings.store.url),
            ledger=ledger.get_backend_name(),
            config=origin.register.hash,
        )
        self._archive.add_bytes(members.HEADER, msgspec.json.format(msgspec.json.encode(head)) + b"\n")
        self._add_config()
        journal = JournalCopy(data_dir.journal(settings.journal.url))
        known.rules = self._add_sqlite(members.RULES_STATE, data_dir.rules_state, POSITION)
        if head.ledger == "sqlite":
            known.ledger = self._add_sqlite(members.LEDGER, Path(ledger.database or ""), _CURSOR)
        else:
            where = ledger.render_as_string(hide_password=True)
            known.left_out.append(f"ledger {where}: dump it right after this backup: pg_dump --format=custom")
        self._add_store(head.store)
        for path in sorted(data_dir.path.glob("*.sqlite")):
            if path.name != members.LEDGER:
                self._add_sqlite(path.name, path, "SELECT 0")
        self._add_evidence()
        readers = [position for position in (known.rules, known.store, known.store_file) if position is not None]
        span = journal.add(
            self._archive,
            self._work,
            needed_after=0 if origin.whole_journal else min(readers, default=0),
            reached=max([*readers, known.ledger or 0], default=0),
        )
        known.left_out += journal.left_out
        if not any(member.name.startswith(members.JOURNAL) for member in self._archive.members) and not readers:
            raise WatermasterError(f"there is nothing to back up in {data_dir.path}; `watermaster run` makes it")
        positions = Positions(
            *span, store=known.store, store_file=known.store_file, rules=known.rules, ledger=known.ledger
        )
        manifest = Manifest(list(self._archive.members), positions, known.left_out)
        self._archive.add_bytes(members.MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
        self._archive.add_bytes(members.MANIFEST_SHA256, self._archive.members[-1].sha256.encode() + b"\n")
        return manifest, known.asked

    def _add_config(self) -> None:
        found = config_files(self._origin.config, self._origin.settings, self._origin.environ)
        for name, path in found.copied:
            self._add_file(members.CONFIG + name, path)
        self._known.left_out += found.left_out
        if self._origin.data_dir.broker.is_dir():
            self._known.left_out.append(f"{self._origin.data_dir.broker}: passwords and queue of the embedded broker")

    def _add_evidence(self) -> None:
        directory = self._origin.data_dir.path / members.EVIDENCE.rstrip("/")
        for path in sorted(directory.rglob("*")):
            if path.is_file() and not path.is_symlink():
                with suppress(FileNotFoundError):  # the oldest days of attachments go by themselves
                    self._add_file(members.EVIDENCE + path.relative_to(directory).as_posix(), path)

    def _add_file(self, name: str, path: Path) -> None:
        try:
            with path.open("rb") as file:
                self._archive.add(name, file, os.fstat(file.fileno()).st_size)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise WatermasterError(f"{path}: can't be copied: {error.strerror or error}") from error

    def _add_sqlite(self, name: str, path: Path, position: str) -> int | None:
        """Copy one moment of a SQLite file, if there is one; the position that a query finds in it."""
        if not path.is_file():
            return None
        copy = self._work / name
        with SqliteSnapshot(path) as snapshot:
            found = snapshot.number(position)
            snapshot.copy(copy)
        self._add_file(name, copy)
        copy.unlink()
        return found

    def _add_store(self, kind: str) -> None:
        """Copy the state of the store's reader, and of an embedded store the file of the same moment."""
        origin, known = self._origin, self._known
        if kind != "duckdb":
            known.store = self._add_sqlite(members.STORE_STATE, origin.data_dir.store_state, POSITION)
            known.left_out.append(
                f"store {origin.settings.store.url}: back it up right after this: influxd backup -portable"
            )
            return
        store = store_file(origin.settings.store.url, origin.data_dir)
        if not store.is_file():
            known.store = self._add_sqlite(members.STORE_STATE, origin.data_dir.store_state, POSITION)
            known.store_file = None if known.store is None else 0  # it will be filled from the journal
            return
        for _ in range(_TRIES):
            service = find_service(origin.data_dir.path)
            if service is not None:
                self._add_from_service(service)
                return
            if self._add_at_rest(store):
                return
        raise WatermasterError(f"{store}: is being written to by a service that has no console to ask for a copy")

    def _add_from_service(self, service: Service) -> None:
        made = service.admin("POST", "snapshots")
        if made is None:
            raise WatermasterError(f"{service} is of a version that makes no copies")
        try:
            for file in made["files"]:
                with service.admin_file("snapshots", made["id"], file["name"]) as content:
                    if content.is_missing:
                        raise WatermasterError(f"{service} has begun another backup, in place of this one")
                    self._archive.add(file["name"], cast("IO[bytes]", content), file["size"])
        finally:
            with suppress(WatermasterError):  # it is gone, and its copies with it, or goes on and makes room next time
                service.admin("DELETE", "snapshots", made["id"])
        self._known.store, self._known.store_file = int(made["position"]), int(made["store_position"])
        self._known.asked = True

    def _add_at_rest(self, store: Path) -> bool:
        """Copy a store that nobody has open; whether it stayed like that meanwhile."""
        known, copy, state = self._known, self._work / members.STORE, self._work / members.STORE_STATE
        log = store.with_name(f"{store.name}.wal")
        before = _version(store), _version(log)
        shutil.copyfile(store, copy)
        if log.exists():
            shutil.copyfile(log, copy.with_name(f"{copy.name}.wal"))
        known.store = self._copied_state(state)
        if before != (_version(store), _version(log)):
            for path in self._work.glob("store.*"):
                path.unlink()
            return False
        from storage.embedded.moment import complete_copy  # noqa: PLC0415  # only where there is such a store

        try:
            known.store_file = complete_copy(copy)
        except StoreError as error:
            raise WatermasterError(f"{store.parent}: {error}") from error
        for path in (state, copy):
            if path.exists():
                self._add_file(path.name, path)
                path.unlink()
        return True

    def _copied_state(self, target: Path) -> int | None:
        """Copy the state of the store's reader, if there is one; its position."""
        path = self._origin.data_dir.store_state
        if not path.is_file():
            return None
        with SqliteSnapshot(path) as snapshot:
            snapshot.copy(target)
            return snapshot.number(POSITION)


def _version(path: Path) -> tuple[int, int, int] | None:
    """What changes whenever a file is written to; None where there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
