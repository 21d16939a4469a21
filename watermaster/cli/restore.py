"""`watermaster restore`: a backup, put back."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from watermaster.cli.options import Config, Output, say

__all__ = ["command"]


def command(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A file that `watermaster backup` made.")],
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Set aside what is in the data directory; nothing is deleted.")
    ] = False,
    output: Annotated[Output, typer.Option("--output", help="For people, or one JSON object.")] = Output.SIMPLE,
    config: Config = Path("config"),
) -> None:
    """Put a backup back, after every file in it has been verified. No service may be running."""
    from watermaster.backup.restore import restore  # noqa: PLC0415  # pydantic and the database take their time

    done = restore(path, config, os.environ, force=force, at=time.time_ns() // 1_000_000)
    positions = done.manifest.positions
    for line in done.manifest.left_out:
        say(f"not in the backup: {line}")
    for directory in done.set_aside:
        say(f"what was there lies in {directory}")
    if done.config is not None:
        same = done.config.resolve() == config.resolve()
        say(f"config: {done.config}" if same else f"the config of the backup, which is another one: {done.config}")
    if output is Output.JSON:
        shown = {
            "path": str(path),
            "data_dir": str(done.data_dir),
            "config": None if done.config is None else str(done.config),
            "set_aside": [str(directory) for directory in done.set_aside],
            "members": len(done.manifest.members),
            "positions": {name: getattr(positions, name) for name in positions.__struct_fields__},
            "left_out": done.manifest.left_out,
        }
        sys.stdout.write(json.dumps(shown, ensure_ascii=False) + "\n")
    say(
        f"{done.data_dir}: restored, journal to position {positions.journal_last}; `watermaster run` goes on from there"
    )
