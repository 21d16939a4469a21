"""A server under test: one process, its log, and the four things that a test does to it."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Final, NoReturn, Self

import pytest

HOST: Final = "127.0.0.1"
READY_WITHIN_S: Final = 30.0
STOPPED_WITHIN_S: Final = 30.0
POLL_S: Final = 0.02
LOG_TAIL: Final = 4_000

# Below Linux's range for outgoing connections (from 32,768). A client that keeps trying to reach a stopped server on a
# port of that range is sooner or later given the same port as its own and connects to itself; and a stray connection
# could hold the port when the server comes back.
PORTS: Final = range(20_000, 32_000)


class ServerFailedError(RuntimeError):
    """The server did not come up or did not go down; the message ends with its log."""


def cannot_run(reason: str) -> NoReturn:
    """Give up a test for lack of a server: skip it, or fail it where CI is set, since a missing server must not pass.

    Args:
        reason: What is missing, and how to get it.
    """
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def require(program: str) -> Path:
    """Find a server's program, on PATH or where Debian keeps daemons.

    Args:
        program: Name of the executable.

    Returns:
        Its path; without one the test ends as `cannot_run` says.
    """
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
    found = shutil.which(program, path=path)
    if found is None:
        cannot_run(f"{program} is not installed (tests/install-servers.sh installs it on Debian and Ubuntu)")
    return Path(found)


def free_port() -> int:
    """Choose a loopback port that nobody listens on now."""
    for port in random.sample(PORTS, 200):
        with socket.socket() as probe:
            # As servers do: a port with nothing but dying connections of the server before is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    message = f"no free port among 200 of {PORTS}"
    raise ServerFailedError(message)


class ServerProcess(ABC):
    """One server in one folder. Entering the context starts it, leaving stops it.

    Attributes:
        path: Folder of its configuration, data and log; made when it does not exist.
        port: Port that clients connect to; stays the same over stop, kill and start.
    """

    program: str

    def __init__(self, path: Path) -> None:
        """Prepare a server that is not running yet.

        Args:
            path: Folder of its configuration, data and log.
        """
        self.path = path
        self.port = free_port()
        self._executable = require(self.program)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """Address for clients."""

    @abstractmethod
    def _arguments(self) -> list[str]:
        """Write the configuration and give the arguments of the program."""

    @abstractmethod
    def _answers(self) -> bool:
        """Whether it serves clients."""

    @property
    def log_path(self) -> Path:
        """File of everything that it printed, over all starts."""
        return self.path / f"{self.program}.log"

    @property
    def pid(self) -> int:
        """Process id of the running server."""
        return self._running_process().pid

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    def log(self) -> str:
        """Read what it printed so far, over all starts."""
        return self.log_path.read_text(encoding="utf-8", errors="replace") if self.log_path.exists() else ""

    def start(self) -> Self:
        """Start it and wait until it answers.

        Returns:
            Itself, running.

        Raises:
            ServerFailedError: It ended, or did not answer in time.
        """
        if self.running:
            message = f"{self.program} runs already on port {self.port}"
            raise ServerFailedError(message)
        self.path.mkdir(parents=True, exist_ok=True)
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._executable), *self._arguments()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.path,
            )
        deadline = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise self._failure(f"ended with {self._process.returncode} at its start")
            if self._answers():
                return self
            time.sleep(POLL_S)
        self.kill()
        raise self._failure(f"did not answer within {READY_WITHIN_S:.0f} s")

    def stop(self) -> None:
        """Ask it to end (SIGTERM) and wait until it has; nothing to do when it does not run.

        Raises:
            ServerFailedError: It had to be killed.
        """
        if not self.running:
            return
        process = self._running_process()
        process.terminate()
        try:
            process.wait(STOPPED_WITHIN_S)
        except subprocess.TimeoutExpired as error:
            self.kill()
            raise self._failure(f"did not stop within {STOPPED_WITHIN_S:.0f} s") from error

    def kill(self) -> None:
        """End it as a power cut would (SIGKILL); nothing to do when it does not run."""
        if self.running:
            process = self._running_process()
            process.send_signal(signal.SIGKILL)
            process.wait()

    def restart(self) -> Self:
        """Stop it and start it again on the same port and data."""
        self.stop()
        return self.start()

    def __enter__(self) -> Self:
        """Start it."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        self.stop()

    def _running_process(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            message = f"{self.program} was not started"
            raise ServerFailedError(message)
        return self._process

    def _failure(self, what: str) -> ServerFailedError:
        return ServerFailedError(f"{self.program} on port {self.port} {what}; its log ends:\n{self.log()[-LOG_TAIL:]}")
