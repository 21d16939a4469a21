"""A machine to run the commands of docs/small-office.md on: its places in a folder, its ports free ones, nobody root.

What needs root or a running systemd is stood for by small scripts: `sudo` runs the command, `useradd` and `chown` do
nothing, and `systemctl` starts and stops what the unit says, by process id.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from tests.servers.process import free_port

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["DOCUMENT", "ROOT", "SHIPPED_UNIT", "Machine", "blocks"]

ROOT: Final = Path(__file__).parents[2]
DOCUMENT: Final = ROOT / "docs" / "small-office.md"
SHIPPED_UNIT: Final = ROOT / "config" / "systemd" / "watermaster.service"

_SUDO: Final = '[ "$1" = -u ] && shift 2\nexec "$@"\n'
_INSTALL: Final = 'set -- $(printf "%s\\n" "$@" | sed "/^-[og]$/,+1d")\nexec /usr/bin/install "$@"\n'
_NOTHING: Final = "exit 0\n"


def blocks(heading: str) -> list[str]:
    """The blocks of commands below a heading of the document, as they stand there."""
    section = re.search(
        rf"^## {re.escape(heading)}$.*?(?=^## |\Z)", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    assert section is not None, heading
    return re.findall(r"^```sh\n(.*?)^```", section[0], re.MULTILINE | re.DOTALL)


class Machine:
    """One in a folder.

    Attributes:
        root: What stands for ``/``.
        broker_port: In place of 1883.
        console_port: In place of 8080.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.broker_port = free_port()
        self.console_port = free_port()
        self._scripts = root / "scripts"
        self._scripts.mkdir(parents=True)
        for place in ("opt", "etc/systemd/system", "var/lib", "var/backups", "stick"):
            (root / place).mkdir(parents=True)
        scripts = {"sudo": _SUDO, "install": _INSTALL} | dict.fromkeys(("useradd", "chown", "chgrp", "dpkg"), _NOTHING)
        scripts["systemctl"] = (
            f'PYTHONPATH="{ROOT}" exec "{sys.executable}" -m tests.deployment.systemctl "{root}" "$@"\n'
        )
        for name, body in scripts.items():
            (self._scripts / name).write_text(f"#!/bin/sh\n{body}", encoding="utf-8")
            (self._scripts / name).chmod(0o755)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the service if it runs."""
        with suppress(OSError, ValueError):
            os.kill(int((self.root / "main.pid").read_text(encoding="ascii")), signal.SIGKILL)

    @property
    def log(self) -> str:
        """What `journalctl` would show."""
        path = self.root / "service.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def here(self, text: str) -> str:
        """A text with the places and ports of this machine; nothing listens beyond loopback."""
        text = re.sub(r"(?<![\w.}])/(opt|etc|var)/", rf"{self.root}/\1/", text)
        text = text.replace("0.0.0.0", "127.0.0.1")
        return text.replace("1883", str(self.broker_port)).replace("8080", str(self.console_port))

    def run(self, script: str, *, without: Iterable[str] = ()) -> str:
        """Run commands of the document in one shell; the first that fails ends it.

        Args:
            script: The commands.
            without: Commands to leave out, which must be there.

        Returns:
            What they printed.
        """
        for line in without:
            assert f"{line}\n" in script, line
            script = script.replace(f"{line}\n", "")
        done = subprocess.run(
            ["/bin/bash", "-euo", "pipefail", "-c", self.here(script)],
            cwd=self.root / "stick",
            env={**os.environ, "PATH": f"{self._scripts}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )
        assert done.returncode == 0, f"{done.stdout}{done.stderr}{self.log}"
        return done.stdout
