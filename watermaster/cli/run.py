"""`watermaster run`: the services."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hydro.errors import ConfigError
from watermaster.cli.options import Config, load

__all__ = ["command"]

_PARTS = ("ingest", "alerting", "console")


def command(
    only: Annotated[
        str | None, typer.Option("--only", help="Some of the services: ingest,alerting,console.", metavar="PARTS")
    ] = None,
    config: Config = Path("config"),
) -> None:
    """Run the services: collect, judge, serve the console. SIGTERM drains and ends them."""
    parts = frozenset(_PARTS if only is None else (part.strip() for part in only.split(",")))
    unknown = parts.difference(_PARTS)
    if unknown or not parts:
        raise typer.BadParameter(f"{only!r} is not a list of {', '.join(_PARTS)}", param_hint="--only")
    settings, register = load(config)
    if parts != frozenset(_PARTS) and settings.store.embedded:
        raise ConfigError(
            f"--only {only}: store.url {settings.store.url!r} is a file that belongs to one process; "
            "leave out --only, or use a store with a server such as influxdb://HOST:8086/DATABASE"
        )
    from watermaster.service import serve  # servers and clients take their time  # noqa: PLC0415  # takes its time, and not every call needs it

    serve(settings, register, parts)
