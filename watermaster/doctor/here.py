"""What lies on this machine: the data directory, its disk, the ledger, the passwords of gateways."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Final

import sqlalchemy

from hydro.errors import ConfigError
from hydro.instants import DAY_MS
from storage.journal.directory import list_directory, segment_path, wal_size
from watermaster.doctor.advice import ADVICE
from watermaster.doctor.finding import Finding, Part, State
from watermaster.password_file import password_file_of

if TYPE_CHECKING:
    from pathlib import Path

    from hydro.register import Register
    from watermaster.data_dir import DataDir
    from watermaster.settings import Settings

__all__ = ["disk", "gateways", "journal_at", "ledger"]

_GB: Final = 1_000_000_000
_LEAST_FREE: Final = 1 * _GB
_SHOWN: Final = 5


def _segments(journal: Path) -> list[tuple[int, int]]:
    """When each file of the journal was last written, epoch milliseconds, and its bytes."""
    if not journal.is_dir():
        return []
    found = []
    for first in list_directory(journal).segments:
        path = segment_path(journal, first)
        try:
            stat = path.stat()
        except FileNotFoundError:  # went while we looked
            continue
        found.append((stat.st_mtime_ns // 1_000_000, stat.st_size + wal_size(path)))
    return found


def journal_at(journal: Path) -> int | None:
    """When the journal was last written, epoch milliseconds; heartbeats are in it."""
    return max((at for at, _ in _segments(journal)), default=None)


def disk(settings: Settings, data_dir: DataDir, now: int) -> list[Finding]:
    """Whether the data directory can be written and its disk has room for what the journal is to keep."""
    path = data_dir.path
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        return [Finding(Part.DISK, State.FAILED, f"{path} can't be written by this user", ADVICE["data_dir"])]
    journal = data_dir.journal(settings.journal.url)
    segments = _segments(journal)
    held = sum(size for _, size in segments)
    free = shutil.disk_usage(journal if journal.is_dir() else path).free
    a_day = sum(size for at, size in segments if at > now - DAY_MS)
    wanted = min(settings.journal.keep_days * a_day, int(settings.journal.max_gb * _GB))
    found = (
        f"{path}: {free / _GB:.1f} GB free; the journal holds {held / _GB:.2f} GB, took {a_day / _GB:.2f} GB in the "
        f"last 24 h and is to keep {settings.journal.keep_days} d, {settings.journal.max_gb:g} GB at most"
    )
    if free < _LEAST_FREE:
        return [Finding(Part.DISK, State.FAILED, found, ADVICE["disk"])]
    if free < wanted - held:
        lasts = f"{free / max(a_day, 1):.1f} d"
        return [Finding(Part.DISK, State.LOOK, f"{found}: at this rate the disk is full in {lasts}", ADVICE["disk"])]
    return [Finding(Part.DISK, State.OK, found)]


def ledger(settings: Settings, data_dir: DataDir) -> list[Finding]:
    """Whether alerts and cases can be read."""
    url = sqlalchemy.make_url(data_dir.ledger_url(settings.ledger.url))
    shown = url.render_as_string(hide_password=True)
    file = data_dir.path / "ledger.sqlite"
    if settings.ledger.url == "sqlite:":
        shown = str(file)
        if not file.exists():
            return [Finding(Part.LEDGER, State.UNKNOWN, f"{file} isn't there yet: `watermaster run` makes it")]
    engine = sqlalchemy.create_engine(url)
    try:
        with engine.connect() as connection:
            connection.execute(sqlalchemy.text("SELECT count(*) FROM alerts WHERE 0 = 1"))
    except sqlalchemy.exc.SQLAlchemyError as error:
        why = " ".join(str(error.__cause__ or error).split())[:300]
        return [Finding(Part.LEDGER, State.FAILED, f"{shown}: {why}", ADVICE["ledger"])]
    finally:
        engine.dispose()
    return [Finding(Part.LEDGER, State.OK, shown)]


def gateways(settings: Settings, register: Register) -> list[Finding]:
    """Which gateways of the register could not log in at the broker."""
    try:
        known = set(password_file_of(settings, None).users())
    except ConfigError:  # the broker's passwords aren't known here
        return []
    wanted = {row.gateway for rows in register.stations.values() for row in rows if row.gateway}
    missing = sorted(wanted - known)
    if not missing:
        return [Finding(Part.FIELD, State.OK, f"{len(wanted)} gateways of the register have a password")]
    named = ", ".join(missing[:_SHOWN]) + (f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else "")
    return [Finding(Part.FIELD, State.LOOK, f"gateways without a password: {named}", ADVICE["gateways"])]
