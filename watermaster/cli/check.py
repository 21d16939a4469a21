"""`watermaster check`: every mistake of a config directory at once."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from hydro.register import Severity
from watermaster.cli.options import Config, Output, say
from watermaster.configuration import load_configuration

if TYPE_CHECKING:
    from hydro.register import Finding
    from watermaster.configuration import Configuration

__all__ = ["check", "command"]

_KEYS: Final = ("severity", "file", "row", "column", "reason", "value")


def check(
    config: Config = Path("config"),
    output: Annotated[Output, typer.Option("--output", help="For people, or one JSON object a line.")] = Output.SIMPLE,
) -> None:
    """Check the config directory: print every mistake with file, row or line, field and reason; exit 1 if any."""
    configuration = load_configuration(config, os.environ)
    for finding in configuration.findings:
        typer.echo(str(finding) if output is Output.SIMPLE else _object(finding))
    say(_summary(config, configuration))
    if configuration.mistakes:
        raise typer.Exit(1)


def _object(finding: Finding) -> str:
    return json.dumps({key: getattr(finding, key) for key in _KEYS}, ensure_ascii=False)


def _summary(directory: Path, configuration: Configuration) -> str:
    warnings = sum(finding.severity is Severity.WARNING for finding in configuration.findings)
    counts = f"{directory}: {_count(len(configuration.mistakes), 'mistake')}, {_count(warnings, 'warning')}"
    register = configuration.register
    if register is None:
        return counts
    things = (
        _count(len(register.stations), "station"),
        _count(len(register.points), "point"),
        _count(len(register.targets), "target"),
    )
    return f"{counts}; {', '.join(things)}; register {register.hash[:16]}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


command = check
