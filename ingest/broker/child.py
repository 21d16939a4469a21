"""What the child process runs: bind its life to the parent's, then become the broker.

``PARENT_PID mosquitto PROGRAM ARGUMENTS…`` or ``PARENT_PID iotcore HOST PORT CONF V4_PORT V5_PORT``.

The kernel sends SIGTERM to this process when its parent is gone, however it went; exec keeps that. SIGTERM and not
SIGKILL, since mosquitto then writes its queue to disk, which holds what gateways believe to be safe. By "parent" the
kernel means the thread that started us, which is why the broker is started from the thread of the event loop.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from typing import Final

__all__ = ["bind_to", "main"]

_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h
_OPEN_FILES: Final = 65_536


def bind_to(parent: int) -> None:
    """End with the parent.

    Args:
        parent: Its process id, as it told us.
    """
    # Whatever the parent ignores or blocks, and we inherited.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0) != 0:
        sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
    if os.getppid() != parent:  # it went before we asked, so no signal will come
        sys.exit("the parent is gone")


def _allow_many_connections() -> None:
    """Raise the limit of open files, often 1,024, as far as may be: each gateway is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def main(arguments: list[str]) -> None:
    """Never returns while the broker lives."""
    parent, program, *rest = arguments
    bind_to(int(parent))
    _allow_many_connections()
    if program == "mosquitto":
        os.execv(rest[0], rest)  # noqa: S606  # this process becomes the broker
    from ingest.broker.front import serve  # noqa: PLC0415  # mosquitto needs nothing of it

    host, port, conf, v4_port, v5_port = rest
    serve(host, int(port), conf, v4_port=int(v4_port), v5_port=int(v5_port))


if __name__ == "__main__":
    main(sys.argv[1:])
