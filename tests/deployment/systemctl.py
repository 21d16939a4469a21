"""Stands for systemctl where no systemd runs: ``ROOT VERB [--now] watermaster``, by what the installed unit says."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

PLACES = re.compile(r"(?<![\w.])/(opt|etc|var)/")


def unit_of(root: Path) -> dict[str, list[str]]:
    """Values by key; places are those below the root."""
    text = (root / "etc/systemd/system/watermaster.service").read_text(encoding="utf-8")
    found: dict[str, list[str]] = {}
    for line in PLACES.sub(rf"{root}/\1/", text).splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


def start(root: Path) -> None:
    """Start the service, as with Type=exec: it has begun, it need not be ready."""
    unit = unit_of(root)
    state = root / "var" / "lib" / unit["StateDirectory"][0]
    state.mkdir(exist_ok=True)
    environ = os.environ | dict(each.split("=", 1) for each in unit["Environment"])
    environ.pop("PYTHONPATH", None)  # ours: the service runs what is installed
    with (root / "service.log").open("ab") as log:
        process = subprocess.Popen(
            unit["ExecStart"][0].split(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=state,
            env=environ,
            start_new_session=True,
        )
    (root / "main.pid").write_text(str(process.pid), encoding="ascii")


def stop(root: Path) -> None:
    """SIGTERM to the main process alone (KillMode=mixed), and wait."""
    unit = unit_of(root)
    pid_file = root / "main.pid"
    if unit["KillMode"] != ["mixed"] or not pid_file.exists():
        sys.exit("not running, or another KillMode than the one known here")
    pid = int(pid_file.read_text(encoding="ascii"))
    deadline = time.monotonic() + float(unit["TimeoutStopSec"][0])
    os.kill(pid, signal.SIGTERM)
    while Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes():
        if time.monotonic() > deadline:
            sys.exit("it does not end")
        time.sleep(0.02)  # a poll with a deadline
    pid_file.unlink()


def main(root: Path, verb: str, *rest: str) -> None:
    """Do what was asked of the service; other services are none of ours."""
    if rest[-1:] != ("watermaster",):
        return
    if verb in {"stop", "restart"}:
        stop(root)
    if verb in {"start", "restart", "enable"}:
        start(root)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
