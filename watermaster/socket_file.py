"""The control socket's file in a data directory, whose path may be longer than a socket's name may be.

The system takes some 100 bytes. Where it can (Linux), the socket is therefore named by way of an open directory.
"""

from __future__ import annotations

import os
import socket
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["NAME", "connect", "listen"]

NAME: Final = "control.sock"

_MODE: Final = 0o600
_OPEN_FILES: Final = Path("/proc/self/fd")


def listen(directory: Path) -> socket.socket:
    """A socket that listens in a directory, for its owner alone; one that lies there already is replaced.

    Raises:
        OSError: The file system has no sockets, or we may not write there.
    """
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    path = directory / NAME
    try:
        path.unlink(missing_ok=True)
        with _short(directory) as name:
            listening.bind(name)
        path.chmod(_MODE)  # before anybody can connect
        listening.listen()
    except BaseException:
        listening.close()
        raise
    return listening


def connect(directory: Path, timeout_s: float) -> socket.socket:
    """A connection to the socket in a directory.

    Raises:
        OSError: There is none, nobody listens, or it isn't for us.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(timeout_s)
    try:
        with _short(directory) as name:
            connection.connect(name)
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def _short(directory: Path) -> Iterator[str]:
    """A name of the socket that is short enough."""
    if not _OPEN_FILES.is_dir():
        yield str(directory / NAME)
        return
    opened = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield str(_OPEN_FILES / str(opened) / NAME)
    finally:
        os.close(opened)
