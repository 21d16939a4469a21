"""`watermaster series`: what the store holds of one quantity at one station."""

from __future__ import annotations

import asyncio
import csv
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from hydro.errors import ConfigError, StoreUnavailable
from hydro.fixed import format_micro, parse_decimal
from hydro.flags import Flag
from hydro.instants import DAY_MS, MINUTE_MS, format_instant
from storage.buckets import Grid, bucketise
from storage.store import Point
from storage.store_url import parse_store_url
from watermaster import series
from watermaster.ask import asked
from watermaster.backup.members import STORE
from watermaster.cli.options import Config, Output, instant, load, nothing_there, say

if TYPE_CHECKING:
    from hydro.register import Register
    from watermaster.ask import Service
    from watermaster.settings import Settings

__all__ = ["LONGEST_MS", "command"]

LONGEST_MS: Final = 366 * DAY_MS
"""Longest range that is read at once, as much as the service answers."""

_Range = tuple[int, int]
_Rows = list[tuple[Any, ...]]

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
    every_ms = None if every is None else series.parse_every(every)

    def ask(service: Service) -> _Found:
        found = _Found()
        for part in _parts(since, until, every_ms, zone):
            found.add(*_asked(service, station, quantity, every, part))
        return found

    def read() -> _Found:
        with _embedded(settings):
            parts = _parts(since, until, every_ms, zone)
            return asyncio.run(_read(settings, register, station, quantity, every_ms, parts))

    found = asked(settings.data_dir, ask, read)
    if found.note is not None:
        say(found.note)
    if every_ms is None:
        _write(output, _RAW, chain.from_iterable(found.parts), micro=slice(1, 2))
        return
    parts = found.parts
    if any(parts):  # else nothing was found at all
        ranges = _parts(since, until, every_ms, zone)
        parts = [rows or _empty(register, station, every_ms, part) for part, rows in zip(ranges, parts, strict=True)]
    _write(output, _BUCKETS, chain.from_iterable(parts), micro=slice(1, 4))


@dataclass(slots=True)
class _Found:
    """What there is.

    Attributes:
        parts: Rows of each part.
        note: What is not among them; of the first part, which begins earliest.
    """

    parts: list[_Rows] = field(default_factory=list)
    note: str | None = None

    def add(self, rows: _Rows, note: str | None) -> None:
        """Take the next part in."""
        if not self.parts:
            self.note = note
        self.parts.append(rows)


def _parts(since: int, until: int, every_ms: int | None, zone_minutes: int) -> Iterator[_Range]:
    """Ranges that are read at once; where there are buckets, cut at ends of buckets."""
    if every_ms is None:
        longest, start = LONGEST_MS, since
    else:
        shift = zone_minutes * MINUTE_MS
        longest = max(LONGEST_MS // every_ms, 1) * every_ms
        start = (since + shift) // every_ms * every_ms - shift
    while start < until:
        yield max(start, since), min(start + longest, until)
        start += longest


def _asked(service: Service, station: str, quantity: str, every: str | None, part: _Range) -> tuple[_Rows, str | None]:
    """Rows of a part, from the service, and its note."""
    start, end = part
    path = ("stations", station, "series")
    found, note = service.get_exact(*path, quantity=quantity, from_=start, to=end, every=every)
    if found is None:
        raise ConfigError(f"station {station!r} is not in the register")
    numbers = slice(1, 2) if every is None else slice(1, 4)
    rows = []
    for row in found["points"]:
        row[numbers] = [None if value is None else parse_decimal(str(value)) for value in row[numbers]]
        rows.append(tuple(row))
    return rows, note


@contextmanager
def _embedded(settings: Settings) -> Iterator[None]:
    """Where the store is a file, never make it; and say why it can't be had while a service has it."""
    if not settings.store.url.startswith("duckdb:"):
        yield
        return
    if not parse_store_url(settings.store.url).path(settings.data_dir, STORE).is_file():
        raise nothing_there("store", settings.data_dir)
    try:
        yield
    except StoreUnavailable as error:
        raise StoreUnavailable(f"{error}; no service with a console answers on {settings.data_dir}") from error


async def _read(
    settings: Settings,
    register: Register,
    station: str,
    quantity: str,
    every_ms: int | None,
    parts: Iterable[_Range],
) -> _Found:
    """Rows of all parts, from the store."""
    from watermaster.stores import open_store  # noqa: PLC0415  # aiohttp takes its time

    zone = register.zone_minutes
    store = open_store(settings)
    found = _Found()
    rows: _Rows
    try:
        for start, end in parts:
            if every_ms is None:
                points = await series.values(store, register, station, quantity, start, end)
                rows = [(format_instant(time, zone), value, flag) for time, value, flag in points]
            else:
                buckets = await series.buckets(store, register, station, quantity, start, end, every_ms)
                rows = [(format_instant(bucket.time, zone), *bucket[1:]) for bucket in buckets]
            found.add(rows, None if found.parts else await series.summed_up(store, zone, start, every_ms))
    finally:
        await store.close()
    return found


def _empty(register: Register, station: str, every_ms: int, part: _Range) -> _Rows:
    """Rows of a part in which nothing was found, while there is something in others."""
    start, end = part
    row = register.station_at(station, end) or register.stations[station].rows[-1]
    grid = Grid(every_ms, row.interval_min * MINUTE_MS, register.zone_minutes)
    missing = [Point(end, None, Flag.MISSING)]  # without any point there would be no buckets
    return [(format_instant(one.time, register.zone_minutes), *one[1:]) for one in bucketise(missing, start, end, grid)]


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
