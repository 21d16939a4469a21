"""Which broker is embedded: mosquitto where it is installed, else the one in the iotcore wheel."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from enum import StrEnum
from importlib.metadata import version
from typing import Final, NamedTuple

from hydro.errors import BrokerError

__all__ = ["Found", "Program", "find_program"]

_SBIN: Final = ("/usr/sbin", "/usr/local/sbin")
"""Where Debian keeps daemons; often not on the PATH of who is not root."""

_OLDEST_MOSQUITTO: Final = (2, 0)
"""Before, it knew neither ``max_queued_bytes`` beside a listener's settings nor this form of passwords."""

_ASK_S: Final = 5.0


class Program(StrEnum):
    """A broker that can be embedded."""

    MOSQUITTO = "mosquitto"
    IOTCORE = "iotcore"


class Found(NamedTuple):
    """A broker that is here.

    Attributes:
        program: Which.
        version: As it calls itself.
        path: Of the executable; empty for iotcore.
    """

    program: Program
    version: str
    path: str


def find_program(wanted: Program | None = None) -> Found:
    """Look for a broker.

    Args:
        wanted: This one; None takes mosquitto 2.0 or later where there is one, else iotcore.

    Raises:
        BrokerError: mosquitto is wanted and not here, or older.
    """
    if wanted is not Program.IOTCORE:
        mosquitto = _find_mosquitto()
        if mosquitto is not None:
            return mosquitto
        if wanted is Program.MOSQUITTO:
            raise BrokerError("embedded broker: no mosquitto 2.0 or later on PATH or in /usr/sbin")
    return Found(Program.IOTCORE, version("iotcore"), "")


def _find_mosquitto() -> Found | None:
    path = shutil.which("mosquitto", path=os.pathsep.join([os.environ.get("PATH", os.defpath), *_SBIN]))
    if path is None:
        return None
    try:
        # It tells its version in the first line of its help and calls that a failure.
        told = subprocess.run([path, "-h"], capture_output=True, text=True, timeout=_ASK_S, check=False).stdout  # noqa: S603  # a program of the system
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.match(r"mosquitto version (\d+)\.(\d+)(\S*)", told)
    if found is None or (int(found[1]), int(found[2])) < _OLDEST_MOSQUITTO:
        return None
    return Found(Program.MOSQUITTO, f"{found[1]}.{found[2]}{found[3]}", path)
