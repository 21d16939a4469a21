"""`watermaster doctor`: every part of an installation looked at, and what to do, in plain words."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from watermaster.cli.options import Config, Output, say
from watermaster.doctor import State, examine
from watermaster.doctor.finding import PART_WORDS

if TYPE_CHECKING:
    from watermaster.doctor import Finding

__all__ = ["command"]

_SIGNS: Final = {State.OK: "✓", State.LOOK: "!", State.FAILED: "✗", State.OFF: "–", State.UNKNOWN: "?"}
_COLOURS: Final = {State.OK: typer.colors.GREEN, State.LOOK: typer.colors.YELLOW, State.FAILED: typer.colors.RED}
_INDENT: Final = " " * 4


def command(
    config: Config = Path("config"),
    output: Annotated[Output, typer.Option("--output", help="For people, or one JSON object a line.")] = Output.SIMPLE,
) -> None:
    """Look at every part of an installation and say what to do.

    Config, disk, service, broker, session, certificate, database, ledger, notification, clocks and field; exit code 1
    if anything failed. Nothing is changed, and the running service is not disturbed.
    """
    states = asyncio.run(_look(config, output))
    looks, failures = states.count(State.LOOK), states.count(State.FAILED)
    if not looks and not failures:
        say("一切正常。 Nothing is wrong.")
    else:
        say(f"失败 {failures} 项，需留意 {looks} 项。 {failures} failed, {looks} need a look.")
    if failures:
        raise typer.Exit(1)


async def _look(config: Path, output: Output) -> list[State]:
    states = []
    async for finding in examine(config, os.environ, lambda: time.time_ns() // 1_000_000):
        states.append(finding.state)
        sys.stdout.write(_object(finding) if output is Output.JSON else _lines(finding))
        sys.stdout.flush()
    return states


def _object(finding: Finding) -> str:
    advice = None if finding.advice is None else finding.advice._asdict()
    shown = {"part": finding.part, "state": finding.state, "found": finding.found, "advice": advice}
    return json.dumps(shown, ensure_ascii=False) + "\n"


def _lines(finding: Finding) -> str:
    sign = _SIGNS[finding.state]
    if sys.stdout.isatty():
        sign = typer.style(sign, fg=_COLOURS.get(finding.state), bold=True)
    name = (
        finding.part
        if PART_WORDS[finding.part].lower() == finding.part
        else f"{PART_WORDS[finding.part]} {finding.part}"
    )
    lines = [f"{sign} {name}: {finding.found}"]
    if finding.advice is not None and finding.state is not State.OK:
        lines += [f"{_INDENT}{finding.advice.zh}", f"{_INDENT}{finding.advice.en}"]
    return "\n".join(lines) + "\n"
