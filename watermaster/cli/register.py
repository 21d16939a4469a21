"""`watermaster register`: rows of the register over time."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from hydro.errors import ConfigError
from hydro.register import Context
from hydro.register.history import TABLE_NAMES, row_history
from watermaster.cli.options import Config, Output, load

__all__ = ["command"]

command = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Rows of the register over time.",
)


@command.callback()
def register() -> None:
    """Rows of the register over time."""


@command.command("show")
def show(
    table: Annotated[str, typer.Argument(help="Name of the file without .csv.", metavar="TABLE")],
    key: Annotated[
        list[str],
        typer.Argument(help="Cells of the key; the first ones alone ask for all that begin so.", metavar="KEY"),
    ],
    output: Annotated[Output, typer.Option("--output", help="For people, or one JSON object a line.")] = Output.SIMPLE,
    config: Config = Path("config"),
) -> None:
    """Every row of one thing, by validity; * marks the one that is valid now, > what differs from the row before."""
    if table not in TABLE_NAMES:
        raise typer.BadParameter(f"{table!r} is not one of {', '.join(TABLE_NAMES)}", param_hint="TABLE")
    _, known = load(config)
    zone = known.zone_minutes
    rows = row_history(known.files, table, key, Context(zone, 0), time.time_ns() // 1_000_000)
    if not rows:
        raise ConfigError(f"table {table} of the register has no {' '.join(key)[:100]!r}")
    for row in rows:
        shown = row.as_json(zone)
        if output is Output.JSON:
            sys.stdout.write(json.dumps(shown, ensure_ascii=False) + "\n")
            continue
        start, end = (shown[name] or "…" for name in ("valid_from", "valid_to"))
        sys.stdout.write(f"{'*' if row.is_current else ' '} {start} – {end}  (row {row.line})\n")
        for name, text in {**dict.fromkeys(row.changed, ""), **row.cells}.items():
            sys.stdout.write(f"  {'>' if name in row.changed else ' '} {name}: {text}\n")
