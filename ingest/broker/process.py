"""One life of the child process: started, listened to, ended."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import deque
from typing import TYPE_CHECKING, Final

from hydro.errors import BrokerError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Child", "exit_words"]

_KEPT_LINES: Final = 5
_LONGEST_LINE: Final = 500
_CHUNK: Final = 65_536


class Child:
    """A process of `ingest.broker.child`.

    It has a session of its own, so that the Ctrl-C of a terminal does not end it before the collector has
    acknowledged what it holds.

    Attributes:
        pid: Its process id.
        last_words: What it said last, a few lines.
    """

    def __init__(self, process: asyncio.subprocess.Process, said: Callable[[str], None]) -> None:
        self.pid = process.pid
        self.last_words: deque[str] = deque(maxlen=_KEPT_LINES)
        self._process = process
        self._said = said
        self._listening = asyncio.create_task(self._listen(), name="embedded broker's words")

    @classmethod
    async def start(cls, arguments: Sequence[str], said: Callable[[str], None]) -> Child:
        """Start it, bound to this process.

        Args:
            arguments: Of `ingest.broker.child`, behind the parent.
            said: Gets each line that it prints.

        Raises:
            BrokerError: The system starts no process.
        """
        # -P: a directory in which somebody happens to be brings no module of the same name.
        line = [sys.executable, "-P", "-m", "ingest.broker.child", str(os.getpid()), *arguments]
        try:
            process = await asyncio.create_subprocess_exec(
                *line,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise BrokerError(f"embedded broker: can't be started: {error.strerror}", retryable=True) from error
        return cls(process, said)

    @property
    def exit_code(self) -> int | None:
        """Its exit code, negative for a signal; None while it lives."""
        return self._process.returncode

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, if it still lives."""
        if self._process.returncode is None:
            self._process.send_signal(number)

    async def wait(self) -> int:
        """Wait until it has ended and everything that it said was heard; its exit code."""
        code = await self._process.wait()
        await asyncio.wait({self._listening})
        return code

    async def end(self, grace_s: float) -> bool:
        """Ask it to end, and after the grace end it.

        Args:
            grace_s: Seconds to write its queue to disk.

        Returns:
            Whether it ended by itself.
        """
        self.signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(grace_s):
                await self.wait()
        except TimeoutError:
            await self.kill()
            return False
        return True

    async def kill(self) -> None:
        """End it at once."""
        self.signal(signal.SIGKILL)
        await self.wait()

    async def _listen(self) -> None:
        stream = self._process.stdout
        rest = b""
        while stream is not None and (chunk := await stream.read(_CHUNK)):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                self._hear(line)
            rest = rest[-_LONGEST_LINE:]
        self._hear(rest)

    def _hear(self, line: bytes) -> None:
        text = line.decode(errors="replace").strip()[:_LONGEST_LINE]
        if text:
            self.last_words.append(text)
            self._said(text)


def exit_words(code: int) -> str:
    """How a process ended, in words.

    >>> exit_words(-9), exit_words(1)
    ('was ended by SIGKILL', 'ended with 1')
    """
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with {code}"
