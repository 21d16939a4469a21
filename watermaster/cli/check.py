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
    """Check the config directory and run the tests of its rules; exit 1 if there is any mistake.

    Every mistake is printed with file, row or line, field and reason.
    """
    configuration = _with_tests(load_configuration(config, os.environ))
    for finding in configuration.findings:
        typer.echo(str(finding) if output is Output.SIMPLE else _object(finding))
    say(_summary(config, configuration))
    if configuration.mistakes:
        raise typer.Exit(1)


def _with_tests(configuration: Configuration) -> Configuration:
    """The same with what the tests of the rules found."""
    if configuration.settings is None or not configuration.rule_files:
        return configuration
    from watermaster.rule_trials import failures  # the rules take their time  # noqa: PLC0415  # takes its time, and not every config has tests

    time = configuration.settings.time
    found = failures(configuration.rule_files, zone_minutes=time.zone_minutes, lateness_min=time.allowed_lateness_min)
    return configuration._replace(findings=(*configuration.findings, *found))


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
    files = configuration.rule_files
    tests = _count(sum(len(file.trials) for file in files), "test")
    rules = (f"{_count(len(files), 'rule')} with {tests}",) if files else ()
    return f"{counts}; {', '.join((*things, *rules))}; register {register.hash[:16]}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


command = check
