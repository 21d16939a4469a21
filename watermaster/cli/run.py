"""`watermaster run`: the services."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hydro.errors import ConfigError
from watermaster.cli.options import Config, load

if TYPE_CHECKING:
    from watermaster.settings import Settings

__all__ = ["command"]

_PARTS = ("ingest", "alerting", "console")


def command(
    only: Annotated[
        str | None, typer.Option("--only", help="Some of the services: ingest,alerting,console.", metavar="PARTS")
    ] = None,
    config: Config = Path("config"),
) -> None:
    """Run the services: collect, judge, serve the console.

    SIGTERM drains and ends them; SIGHUP reads the config again, and goes on with it.
    """
    parts = frozenset(_PARTS if only is None else (part.strip() for part in only.split(",")))
    unknown = parts.difference(_PARTS)
    if unknown or not parts:
        raise typer.BadParameter(f"{only!r} is not a list of {', '.join(_PARTS)}", param_hint="--only")
    settings, register = load(config)
    _require_server_store(settings, parts)
    from watermaster.reload import Config as Reloaded  # noqa: PLC0415  # as below
    from watermaster.service import serve  # servers and clients take their time  # noqa: PLC0415  # takes its time, and not every call needs it

    def reload() -> Reloaded:
        found = Reloaded(*load(config))
        _require_server_store(found.settings, parts)
        return found

    serve(settings, register, parts, reload=reload)


def _require_server_store(settings: Settings, parts: frozenset[str]) -> None:
    """An embedded store belongs to one process, which then runs all of it."""
    if parts != frozenset(_PARTS) and settings.store.embedded:
        some = ",".join(sorted(parts))
        raise ConfigError(
            f"--only {some}: store.url {settings.store.url!r} is a file that belongs to one process; "
            "leave out --only, or use a store with a server such as influxdb://HOST:8086/DATABASE"
        )
