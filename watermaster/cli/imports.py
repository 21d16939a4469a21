"""Ctrl-C while a command is still being imported: the process ends as any other would, without a traceback."""

from __future__ import annotations

import signal
from contextlib import contextmanager

TYPE_CHECKING = False  # as in `typing`, which would take longer to import than everything here
if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["interruptible_imports"]


@contextmanager
def interruptible_imports() -> Iterator[None]:
    """Let Ctrl-C end the process at once.

    Nothing has begun that would have to be put in order, and an exception in the middle of an import is not always what
    comes out of it.
    """
    try:
        usual = signal.signal(signal.SIGINT, signal.SIG_DFL)
    except ValueError:  # not the main thread: signals are somebody else's
        yield
        return
    if usual is not signal.default_int_handler:  # somebody handles or ignores it on purpose
        signal.signal(signal.SIGINT, usual)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
