"""`watermaster backup`: everything that a data directory holds, in one file."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from watermaster.cli.options import Config, Output, load, reading_dir, say

__all__ = ["command"]


def command(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A new .tar or .tar.zst file.")],
    *,
    whole_journal: Annotated[
        bool, typer.Option("--whole-journal", help="All of the journal, not only what readers still need.")
    ] = False,
    output: Annotated[Output, typer.Option("--output", help="For people, or one JSON object.")] = Output.SIMPLE,
    config: Config = Path("config"),
) -> None:
    """Copy all that a service keeps, and its config, to one file; it may be running."""
    began = time.monotonic()
    settings, register = load(config)
    from watermaster.backup.collect import Origin, back_up  # noqa: PLC0415  # the database takes its time

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))  # so that nothing is left behind
    origin = Origin(
        settings=settings,
        register=register,
        config=config,
        environ=os.environ,
        data_dir=reading_dir(settings, "data"),
        version=version("watermaster"),
        at=time.time_ns() // 1_000_000,
        whole_journal=whole_journal,
    )
    made = back_up(path, origin)
    manifest, positions = made.manifest, made.manifest.positions
    for line in manifest.left_out:
        say(f"not copied: {line}")
    if output is Output.JSON:
        shown = {
            "path": str(made.path),
            "bytes": made.size,
            "members": len(manifest.members),
            "positions": {name: getattr(positions, name) for name in positions.__struct_fields__},
            "left_out": manifest.left_out,
            "store_copied_by_service": made.asked,
            "seconds": round(time.monotonic() - began, 3),
        }
        sys.stdout.write(json.dumps(shown, ensure_ascii=False) + "\n")
    say(f"{made.path}: {made.size / 1e6:.1f} MB, journal to position {positions.journal_last}")
