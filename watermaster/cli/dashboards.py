"""`watermaster dashboards`: what Grafana shows, as files or sent to a Grafana."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hydro.errors import ConfigError
from watermaster.cli.options import Config, instant, load, say

if TYPE_CHECKING:
    from dashboards.grafana.built import Built
    from watermaster.settings import Settings

__all__ = ["command"]

command = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Grafana: dashboards, data sources, alert rules and whom they tell.",
)

_At = Annotated[
    str | None,
    typer.Option("--at", help="Day or time whose register gives lists and thresholds; else now.", metavar="ISO"),
]


@command.command("build")
def build(
    *,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", help="Where the folders provisioning and dashboards go; else grafana in the config directory."
        ),
    ] = None,
    folder: Annotated[
        str | None,
        typer.Option("--dashboard-folder", help="Where Grafana will see the folder dashboards.", metavar="DIR"),
    ] = None,
    at: _At = None,
    config: Config = Path("config"),
) -> None:
    """Write files that a Grafana reads when it starts."""
    from dashboards.grafana.provisioning import DASHBOARD_FOLDER, files  # noqa: PLC0415  # takes its time, as below

    _, built = _built(config, at)
    target = config / "grafana" if out is None else out
    written = files(built, folder or DASHBOARD_FOLDER)
    for name, text in written.items():
        path = target / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            message = f"{path} can't be written: {error.strerror}"
            raise ConfigError(message) from error
    size = sum(len(text.encode()) for text in written.values())
    say(f"{target}: {len(written)} files, {size / 1_000:.0f} kB; {_counts(built)}")


@command.command("push")
def push(at: _At = None, config: Config = Path("config")) -> None:
    """Send everything to the Grafana of the settings; doing it again changes nothing."""
    from dashboards.grafana.push import push as send  # noqa: PLC0415
    from dashboards.grafana.reachable import OLDEST, reached  # noqa: PLC0415
    from watermaster.grafana import pushed_to  # noqa: PLC0415

    settings, built = _built(config, at)
    server = pushed_to(settings)
    found = reached(server)
    if found.too_old:
        least = ".".join(str(part) for part in OLDEST)
        say(f"Grafana {found.version} is older than {least}: some panels may show nothing")
    send(server, built)
    say(f"Grafana {found.version} at {settings.grafana.url}, organisation {found.organisation}: took {_counts(built)}")


def _built(config: Path, at: str | None) -> tuple[Settings, Built]:
    from dashboards.grafana.built import build as made  # noqa: PLC0415
    from watermaster.grafana import wanted_of  # noqa: PLC0415

    settings, register = load(config)
    now = time.time_ns() // 1_000_000 if at is None else instant(at, register.zone_minutes, "--at")
    return settings, made(register, wanted_of(settings, now))


def _counts(built: Built) -> str:
    contacts = len(built.contacts)
    told = f"{contacts} contact point{'' if contacts == 1 else 's'}"
    return (
        f"{len(built.sources)} data sources, {len(built.dashboards)} dashboards, {len(built.rules)} alert rules, {told}"
    )
