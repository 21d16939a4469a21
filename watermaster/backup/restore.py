"""Putting a backup back. Nothing that is there is touched before every member is known to be whole.

1. Read the archive once: members go to a directory beside their final places, config files beside the config directory.
2. Hold size and SHA-256 of each against the manifest.
3. Leave a note that a restore is under way (no service starts while it lies there), set aside what is in the way, move
   the members to their places, tell the journal's retention what readers need, take the note away.

Until 3 everything can be undone by deleting what was written. A restore that dies within 3 leaves the note.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final

from pydantic import ValidationError

from hydro.errors import ConfigError, WatermasterError
from hydro.register import Severity
from storage.journal import set_mark
from storage.journal.directory import sync_directory
from watermaster.backup import members
from watermaster.backup.archive import ArchiveReader
from watermaster.backup.manifest import Member, decode_head, decode_manifest
from watermaster.backup.places import STAGING, Places, is_inside
from watermaster.backup.restored_config import ConfigPlace
from watermaster.data_dir import UNFINISHED, Lock
from watermaster.settings import Settings
from watermaster.settings.source import SETTINGS_FILE, read_source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from watermaster.backup.manifest import Head, Manifest

__all__ = ["Restored", "restore"]

_KINDS: Final = ("ingest", "alerting", "console")
_NOTE_MODE: Final = 0o644


@dataclass(frozen=True, slots=True)
class Restored:
    """What was done.

    Attributes:
        manifest: Of the backup.
        data_dir: Where it is now.
        config: Where the config of the backup is now; None where it is the one that is there.
        set_aside: Where lies what was in the way.
    """

    manifest: Manifest
    data_dir: Path
    config: Path | None
    set_aside: tuple[Path, ...]


def restore(path: Path, config: Path, environ: Mapping[str, str], *, force: bool, at: int) -> Restored:
    """Put a backup back.

    Args:
        path: The archive.
        config: The config directory; where there is none, or an empty one, the backup's becomes it.
        environ: Environment variables, which override settings.
        force: Set aside what is in the way, instead of refusing.
        at: Now, epoch milliseconds.

    Raises:
        WatermasterError: Nothing was changed, unless the message says so.
    """
    with _told(path), ArchiveReader(path) as archive, ExitStack() as held:
        reading = archive.members()
        head, member = _head(reading, archive)
        place = held.enter_context(ConfigPlace(config))
        found = [member]
        name, content = _take_config(reading, archive, place, found)
        settings = _settings(place, environ)
        places = Places(settings)
        places.verify(head, path)
        for kind in _KINDS:
            held.callback(Lock(places.data_dir.path / f"{kind}.lock", kind).release)
        in_the_way = places.in_the_way((config, path))
        if in_the_way and not force:
            names = ", ".join(one.name for one in in_the_way[:3]) + (" …" if len(in_the_way) > 3 else "")  # noqa: PLR2004  # enough to know it
            raise WatermasterError(f"{places.data_dir.path}: is not empty ({names}); --force sets aside what is there")
        made = [root for root in places.roots() if not root.exists()]
        held.enter_context(_staging(places))
        manifest = _take_data(name, content, reading, archive, places, found)
        _verify(manifest, found, path)
        owner = places.data_dir.path.stat()
        aside = _install(places, found, in_the_way, places.stamp(at), manifest)
        _give(places.belongings(made), owner)
        _end(places)
        return Restored(manifest, places.data_dir.path, place.install(), aside)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise WatermasterError(f"{path}: can't be restored: {where}{error.strerror or error}") from error


def _head(reading: Iterator[tuple[str, IO[bytes]]], archive: ArchiveReader) -> tuple[Head, Member]:
    first = next(reading, None)
    if first is None or first[0] != members.HEADER:
        raise WatermasterError(f"{archive.path}: not a backup of this program")
    text = archive.read(first[1])
    return decode_head(text, str(archive.path)), Member(members.HEADER, len(text), hashlib.sha256(text).hexdigest())


def _take_config(
    reading: Iterator[tuple[str, IO[bytes]]], archive: ArchiveReader, place: ConfigPlace, found: list[Member]
) -> tuple[str, IO[bytes]]:
    """Put the config's members down; the first member behind them."""
    for name, content in reading:
        if not name.startswith(members.CONFIG):
            return name, content
        if not is_inside(name):
            raise WatermasterError(f"{archive.path}: {name!r} is no member of a backup")
        found.append(_put(archive, name, content, place.staged(name.removeprefix(members.CONFIG))))
    raise WatermasterError(f"{archive.path}: cut off behind its config")


def _settings(place: ConfigPlace, environ: Mapping[str, str]) -> Settings:
    """Settings, of which only the places are asked for: files with passwords may still be missing here.

    Raises:
        ConfigError: They have a mistake, or say nothing of the data directory: the default would be anywhere.
    """
    directory = place.directory
    source = read_source(directory, environ)
    mistakes = [finding for finding in source.findings if finding.severity is Severity.MISTAKE]
    if mistakes:
        raise ConfigError(f"{directory}: {mistakes[0]}; see watermaster check")
    if not place.is_free and "data_dir" not in source.tree and not (directory / SETTINGS_FILE).exists():
        raise ConfigError(f"{directory}: is no config directory: there is no {SETTINGS_FILE} in it")
    try:
        return Settings.model_validate(source.tree)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise ConfigError(f"{directory}: {where}: {first['msg']}; see watermaster check") from error


@contextmanager
def _staging(places: Places) -> Iterator[None]:
    """Directories for members that wait; gone afterwards, as what a killed restore left is gone before."""

    def clear() -> None:
        for root in places.roots():
            shutil.rmtree(root / STAGING, ignore_errors=True)

    clear()
    try:
        yield
    finally:
        clear()


def _take_data(
    name: str,
    content: IO[bytes],
    reading: Iterator[tuple[str, IO[bytes]]],
    archive: ArchiveReader,
    places: Places,
    found: list[Member],
) -> Manifest:
    """Put all other members where they wait; the manifest, which is the last one."""
    while name != members.MANIFEST:
        final = places.final(name)
        if final is None:
            raise WatermasterError(f"{archive.path}: {name!r} is no member of a backup")
        found.append(_put(archive, name, content, places.staged(name, final)))
        following = next(reading, None)
        if following is None:
            raise WatermasterError(f"{archive.path}: cut off behind {name}")
        name, content = following
    text = archive.read(content)
    name, content = next(reading, (name, content))
    expected = hashlib.sha256(text).hexdigest().encode()
    if name != members.MANIFEST_SHA256 or archive.read(content).strip() != expected:
        raise WatermasterError(f"{archive.path}: {members.MANIFEST} is damaged, or the archive cut off behind it")
    return decode_manifest(text, str(archive.path))


def _put(archive: ArchiveReader, name: str, content: IO[bytes], target: Path) -> Member:
    """Write a member to the disk."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with target.open("xb") as file:
            size, sha256 = archive.copy(content, file)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:  # a full disk doesn't say which
        raise OSError(error.errno, error.strerror, str(target)) from error
    return Member(name, size, sha256)


def _verify(manifest: Manifest, found: list[Member], path: Path) -> None:
    expected = {member.name: member for member in manifest.members}
    for member in found:
        known = expected.pop(member.name, None)
        if known is None:
            raise WatermasterError(f"{path}: {member.name} does not stand in its manifest")
        if known != member:
            what = "SHA-256" if known.size == member.size else f"{member.size} bytes"
            raise WatermasterError(f"{path}: {member.name} is damaged: {what} differs from its manifest")
    if expected:
        raise WatermasterError(f"{path}: {next(iter(expected))} is missing")


def _install(
    places: Places, found: list[Member], in_the_way: list[Path], stamp: str, manifest: Manifest
) -> tuple[Path, ...]:
    """Leave the note, move everything to its place; where lies what was there before."""
    note = places.data_dir.path / UNFINISHED
    # Root may be doing this for a user who could have made a link of that name.
    os.close(os.open(note, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, _NOTE_MODE))
    sync_directory(places.data_dir.path)
    aside = [(path, places.aside(path, stamp)) for path in in_the_way if path != note]
    for path, target in aside:
        target.parent.mkdir(exist_ok=True)
        path.rename(target)
    changed = set(places.roots())
    for member in found:
        final = places.final(member.name)
        if final is None:  # of the config
            continue
        final.parent.mkdir(parents=True, exist_ok=True)
        places.staged(member.name, final).rename(final)
        changed |= {final.parent, final.parent.parent}
    places.journal.mkdir(parents=True, exist_ok=True)
    positions = manifest.positions
    for reader, position in (("store", positions.store), ("rules", positions.rules)):
        if position is not None:
            set_mark(places.journal, reader, position)
    for directory in (*changed, places.journal):
        sync_directory(directory)
    return tuple(dict.fromkeys(target.parent for _, target in aside))


def _give(paths: Iterable[Path], owner: os.stat_result) -> None:
    """Where root restores for the user of the service, the files are that user's; what a link names is not."""
    if os.geteuid() != 0 or owner.st_uid == 0:
        return
    for path in paths:
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def _end(places: Places) -> None:
    """Take the note away: services may start."""
    (places.data_dir.path / UNFINISHED).unlink()
    sync_directory(places.data_dir.path)
