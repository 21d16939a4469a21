"""`watermaster demo`: everything embedded in one command, and a river to watch."""

from __future__ import annotations

import math
from typing import Annotated

import typer

__all__ = ["command"]

_LARGEST_SPEED = 3600.0


def command(
    port: Annotated[
        int, typer.Option("--port", min=0, max=65_535, help="TCP port of the page; 0 takes any free one.")
    ] = 8080,
    *,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Open no browser.")] = False,
    speed: Annotated[
        float,
        typer.Option(
            "--speed",
            help="Scenario seconds per real second, up to 3600. At 1 the story is lived at the time of the real clock"
            " and outside gateways are accepted.",
        ),
    ] = 60.0,
    seed: Annotated[int, typer.Option("--seed", help="Of all chance in the basin.")] = 1,
    for_s: Annotated[
        float | None,
        typer.Option(
            "--for", help="End after so many real seconds on the running clock, with a summary.", metavar="SECONDS"
        ),
    ] = None,
) -> None:
    """Show the product on a simulated river: everything embedded, nothing to set up, nothing left behind.

    A day of history is loaded first, then a morning is lived at 60 times its speed, day after day.
    """
    if not (math.isfinite(speed) and 0 < speed <= _LARGEST_SPEED):
        raise typer.BadParameter(f"{speed:g} is not above 0 and at most {_LARGEST_SPEED:g}", param_hint="--speed")
    if for_s is not None and not (math.isfinite(for_s) and for_s > 0):
        raise typer.BadParameter(f"{for_s:g} is not above 0", param_hint="--for")
    from watermaster.demo.run import run_demo  # noqa: PLC0415  # servers and clients take their time

    run_demo(port=port, browser=not no_browser, speed=speed, seed=seed, for_s=for_s)
