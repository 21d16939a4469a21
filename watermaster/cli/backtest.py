"""`watermaster backtest`: recorded streams through the live decoder and rules."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from hydro.errors import ConfigError
from hydro.instants import format_instant
from watermaster.cli.options import Config, instant, load, say

__all__ = ["command"]


def command(
    *,
    files: Annotated[list[Path] | None, typer.Argument(help="Recorded streams.", metavar="FILE...")] = None,
    alerts: Annotated[Path, typer.Option("--alerts", help="Where alerts go, one a line.", metavar="OUT")],
    from_store: Annotated[bool, typer.Option("--from-store", help="Comes with a later version.")] = False,
    attainment: Annotated[
        Path | None, typer.Option("--attainment", help="Where attainment goes.", metavar="OUT")
    ] = None,
    start: Annotated[str | None, typer.Option("--from", help="Event time, not included.", metavar="ISO")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Event time, included.", metavar="ISO")] = None,
    config: Config = Path("config"),
) -> None:
    """Judge recorded streams with the live rules, as fast as the machine can."""
    if from_store:
        raise ConfigError("backtest --from-store comes with a later version")
    if not files:
        raise typer.BadParameter("name at least one recorded stream", param_hint="FILE...")
    settings, register = load(config)
    zone = register.zone_minutes
    since = None if start is None else instant(start, zone, "--from")
    until = None if end is None else instant(end, zone, "--to")
    if since is not None and until is not None and since >= until:
        raise typer.BadParameter("--from is not before --to", param_hint="--from")
    from storage.recorded import read_recorded  # only once it is needed  # noqa: PLC0415  # takes its time, and not every call needs it
    from watermaster.backtest import backtest  # noqa: PLC0415  # takes its time, and not every call needs it

    began = time.monotonic()
    result = backtest(
        read_recorded(files, zone_minutes=zone),
        register,
        prefix=settings.mqtt.prefix,
        max_age_days=settings.time.max_age_days,
        start=since,
        end=until,
        progress=_progress(zone) if sys.stderr.isatty() else None,
    )
    _write(alerts, result.alerts)
    if attainment is not None:
        _write(attainment, result.attainment)
    seconds = max(time.monotonic() - began, 1e-3)
    dead, rejected = result.dead_lettered, result.rejected
    say(
        f"{result.messages} messages, {result.observations} observations in {seconds:.1f} s "
        f"({result.observations / seconds:,.0f}/s): {len(result.alerts)} alerts, {len(result.attainment)} targets"
    )
    say(f"register {register.hash[:16]} from {config}")
    for title, counts in (("dead letters", dead), ("rejected readings", rejected)):
        if counts:
            say(f"{title}: " + ", ".join(f"{reason} {count}" for reason, count in sorted(counts.items())))


def _progress(zone_minutes: int) -> Callable[[int, int], None]:
    def show(messages: int, received_at: int) -> None:
        sys.stderr.write(f"\r{messages} messages, {format_instant(received_at, zone_minutes)} \r")

    return show


def _write(path: Path, objects: Iterable[dict[str, Any]]) -> None:
    try:
        with path.open("w", encoding="utf-8") as file:
            for each in objects:
                file.write(json.dumps(each, ensure_ascii=False) + "\n")
    except OSError as error:
        message = f"{path}: {error.strerror}"
        raise ConfigError(message) from error
