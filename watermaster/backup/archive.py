"""A backup as one file: a tar archive, in a zstd frame where its name ends in ``.tar.zst``.

Members are streamed both ways, with their SHA-256 on the way. A file that is cut off anywhere has no manifest, so it is
never taken for whole.
"""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, Final, Self, cast

import zstandard

from hydro.errors import WatermasterError
from watermaster.backup.manifest import Member

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["SUFFIXES", "ArchiveReader", "ArchiveWriter"]

SUFFIXES: Final = (".tar", ".tar.zst")

_LEVEL: Final = 3  # most of what is copied is compressed already
_BUFFER_BYTES: Final = 1024 * 1024
_SMALL_BYTES: Final = 256 * 1024 * 1024  # the manifest of a million files of evidence
_FILE_MODE: Final = 0o600
_MAGIC: Final = b"\x28\xb5\x2f\xfd"


class ArchiveWriter:
    """A new archive, readable by its owner alone.

    Args:
        path: The file, which doesn't exist.
        compressed: Within a zstd frame.
        at: Time of all members, epoch seconds.
    """

    def __init__(self, path: Path, *, compressed: bool, at: int) -> None:
        self.members: list[Member] = []
        self._at = at
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _FILE_MODE)
        self._file = os.fdopen(opened, "wb")
        self._compressed: Any = None
        if compressed:
            compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True)
            self._compressed = compressor.stream_writer(self._file, closefd=False)
        self._way = _Way(self._compressed or self._file)
        stream = cast("IO[bytes]", self._way)
        self._tar = tarfile.open(fileobj=stream, mode="w|", bufsize=_BUFFER_BYTES)  # closed in `finish`  # noqa: SIM115

    def add(self, name: str, source: IO[bytes], size: int) -> None:
        """Copy a member.

        Args:
            name: In the archive.
            source: Its bytes.
            size: How many there are.

        Raises:
            OSError: They can't be read, are fewer, or there is no room.
        """
        info = tarfile.TarInfo(name)
        info.size, info.mtime, info.mode = size, self._at, _FILE_MODE
        hashing = _Hashing(source)
        self._tar.addfile(info, cast("IO[bytes]", hashing))
        self.members.append(Member(name, size, hashing.sha256))

    def add_bytes(self, name: str, content: bytes) -> None:
        """Add a small member."""
        self.add(name, io.BytesIO(content), len(content))

    def finish(self) -> None:
        """End the archive; it is on the disk when this returns.

        Raises:
            OSError: There is no room, or the disk fails.
        """
        self._tar.close()
        if self._compressed is not None:
            self._compressed.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def abandon(self) -> None:
        """Let go of a file that is not wanted any more."""
        self._way.is_open = False
        self._file.close()


class _Way:
    """Where the archive goes. What tarfile still holds when it is given up goes nowhere."""

    def __init__(self, target: Any) -> None:  # noqa: ANN401  # a file, or zstandard's writer
        self._target = target
        self.is_open = True

    def write(self, piece: bytes) -> int:
        return int(self._target.write(piece)) if self.is_open else len(piece)


class _Hashing:
    """Bytes on their way, and their SHA-256."""

    def __init__(self, source: IO[bytes]) -> None:
        self._read: Callable[[int], bytes] = source.read
        self._hash = hashlib.sha256()

    def read(self, size: int) -> bytes:
        piece = self._read(size)
        self._hash.update(piece)
        return piece

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()


class ArchiveReader:
    """An archive, read once from its beginning.

    Args:
        path: The file.

    Raises:
        WatermasterError: It can't be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._at = "its beginning"
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise WatermasterError(f"{path}: {error.strerror}") from error

    def __enter__(self) -> Self:
        """The archive itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self._file.close()

    def members(self) -> Iterator[tuple[str, IO[bytes]]]:
        """Name and bytes of each member in their order; the bytes must be read before going on.

        Raises:
            WatermasterError: It is damaged or cut off; the member is named.
        """
        with self._explained():
            is_compressed = self._file.read(len(_MAGIC)) == _MAGIC
            self._file.seek(0)
            stream: Any = zstandard.ZstdDecompressor().stream_reader(self._file) if is_compressed else self._file
            tar = tarfile.open(fileobj=cast("IO[bytes]", stream), mode="r|", bufsize=_BUFFER_BYTES)  # noqa: SIM115  # it owns nothing
            for info in tar:
                if not info.isreg():
                    raise WatermasterError(f"{self.path}: {info.name!r} is no file")
                self._at = info.name
                content = tar.extractfile(info)
                if content is not None:
                    yield info.name, content

    def read(self, content: IO[bytes]) -> bytes:
        """A small member, whole.

        Raises:
            WatermasterError: It is damaged or cut off, or not small.
        """
        with self._explained():
            found = content.read(_SMALL_BYTES + 1)
        if len(found) > _SMALL_BYTES:
            raise WatermasterError(f"{self.path}: {self._at} has more than {_SMALL_BYTES} bytes")
        return found

    def copy(self, content: IO[bytes], target: IO[bytes]) -> tuple[int, str]:
        """Write a member to a file; its size and SHA-256.

        Raises:
            WatermasterError: It is damaged or cut off.
            OSError: The file can't be written.
        """
        size, sha = 0, hashlib.sha256()
        while True:
            with self._explained():
                piece = content.read(_BUFFER_BYTES)
            if not piece:
                return size, sha.hexdigest()
            target.write(piece)
            sha.update(piece)
            size += len(piece)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (tarfile.TarError, zstandard.ZstdError, EOFError) as error:
            raise WatermasterError(f"{self.path}: damaged or cut off at {self._at}: {error}") from error
        except OSError as error:
            raise WatermasterError(f"{self.path}: {error.strerror or error}") from error
