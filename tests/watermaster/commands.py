"""Commands in a folder of their own: run to the end, or told to end; with a broker and without a config directory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from io import StringIO
from typing import TYPE_CHECKING, NamedTuple
from unittest.mock import patch

from tests.end_to_end.running import eventually
from watermaster.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

__all__ = ["Ended", "environment", "here", "run", "stopped", "with_broker"]


class Ended(NamedTuple):
    """How a command ended.

    Attributes:
        code: Exit code; negative: the signal.
        out: What it wrote on stdout.
        err: What it wrote on stderr.
    """

    code: int
    out: str
    err: str


def environment(**settings: str) -> dict[str, str]:
    """The environment of a command, with settings of groups: ``mqtt__url="…"``."""
    return {**os.environ, **{f"WATERMASTER_{name.upper()}": value for name, value in settings.items()}}


def with_broker(url: str) -> dict[str, str]:
    """The environment of a command that needs a broker and no config directory."""
    return environment(mqtt__url=url)


def run(*arguments: str | Path, cwd: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """A command in a folder without a config directory."""
    return subprocess.run(
        [sys.executable, "-m", "watermaster", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=cwd,
        env=environment(**settings),
    )


def here(*arguments: str | Path, cwd: Path) -> Ended:
    """The same in this process, for what needs no broker: without the second that a start takes."""
    out, err = StringIO(), StringIO()
    code: object = 0
    with (
        patch.object(sys, "argv", ["watermaster", *map(str, arguments)]),
        redirect_stdout(out),
        redirect_stderr(err),
        chdir(cwd),
    ):
        try:
            main()
        except SystemExit as ended:
            code = ended.code or 0
    assert isinstance(code, int)
    return Ended(code, out.getvalue(), err.getvalue())


def stopped(
    line: Sequence[str | Path],
    when: Callable[[], bool],
    *,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    number: signal.Signals = signal.SIGINT,
) -> Ended:
    """Run a command and send it a signal when something is so."""
    process = subprocess.Popen(
        [sys.executable, "-m", "watermaster", *map(str, line)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env=None if env is None else dict(env),
    )
    try:
        eventually(lambda: process.poll() is not None or when(), 30, "what is waited for")
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    return Ended(process.returncode, out, err)
