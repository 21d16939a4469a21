"""`watermaster series`: what the store holds of one quantity at one station."""

from __future__ import annotations

import asyncio
import csv
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from hydro.fixed import format_micro
from hydro.instants import format_instant
from watermaster.cli.options import Config, Output, instant, load

__all__ = ["command"]

_RAW = ("time", "value", "flag")
_BUCKETS = ("time", "mean", "min", "max", "valid", "expected")


def command(
    station: Annotated[str, typer.Argument(help="Station code.")],
    quantity: Annotated[str, typer.Argument(help="Quantity, such as discharge.")],
    start: Annotated[str, typer.Option("--from", help="Time, not included.", metavar="ISO")],
    end: Annotated[str, typer.Option("--to", help="Time, included.", metavar="ISO")],
    every: Annotated[
        str | None, typer.Option("--every", help="Length of buckets, such as 1h.", metavar="LENGTH")
    ] = None,
    output: Annotated[Output, typer.Option("--output", help="CSV, or one JSON object a line.")] = Output.SIMPLE,
    config: Config = Path("config"),
) -> None:
    """Values of a station's quantity, raw or by buckets."""
    settings, register = load(config)
    zone = register.zone_minutes
    since, until = instant(start, zone, "--from"), instant(end, zone, "--to")
    if since >= until:
        raise typer.BadParameter("--from is not before --to", param_hint="--from")
    from watermaster import series  # aiohttp takes its time  # noqa: PLC0415  # takes its time, and not every call needs it
    from watermaster.stores import open_store  # noqa: PLC0415  # takes its time, and not every call needs it

    async def read() -> list[tuple[Any, ...]]:
        store = open_store(settings)
        try:
            if every is None:
                return list(await series.values(store, register, station, quantity, since, until))
            length = series.parse_every(every)
            return list(await series.buckets(store, register, station, quantity, since, until, length))
        finally:
            await store.close()

    rows = asyncio.run(read())
    if every is None:
        shown = [(format_instant(time, zone), value, flag) for time, value, flag in rows]
        _write(output, _RAW, shown, micro=slice(1, 2))
    else:
        shown = [(format_instant(row[0], zone), *row[1:]) for row in rows]
        _write(output, _BUCKETS, shown, micro=slice(1, 4))


def _write(output: Output, names: Sequence[str], rows: Iterable[tuple[Any, ...]], *, micro: slice) -> None:
    numbers = range(len(names))[micro]
    if output is Output.JSON:
        for row in rows:
            fields = {
                name: None if value is None else json.loads(format_micro(value)) if place in numbers else value
                for place, (name, value) in enumerate(zip(names, row, strict=True))
            }
            sys.stdout.write(json.dumps(fields) + "\n")
        return
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(names)
    for row in rows:
        table.writerow(
            "" if value is None else format_micro(value) if place in numbers else value
            for place, value in enumerate(row)
        )
