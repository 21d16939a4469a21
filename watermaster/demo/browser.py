"""Showing the page: a browser where there is a screen."""

from __future__ import annotations

import os
import sys
import webbrowser
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["has_screen", "show"]


def has_screen(environ: Mapping[str, str]) -> bool:
    """Whether a window can be opened; without one, a browser of the terminal would come up amid the story."""
    return sys.platform in ("darwin", "win32") or bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))


def show(address: str) -> bool:
    """Open a browser and don't wait for it; False where there is no screen."""
    if not has_screen(os.environ):
        return False
    # A daemon: some browsers keep the call until they are closed. That none is found is no failure, since the address
    # has been printed.
    Thread(target=webbrowser.open, args=(address,), daemon=True, name="browser").start()
    return True
