"""Options that several commands share, and the configuration behind them."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hydro.errors import ConfigError
from hydro.instants import parse_instant
from hydro.register import Register

if TYPE_CHECKING:
    from watermaster.settings import Settings

__all__ = ["Config", "Output", "instant", "load", "say"]


class Output(StrEnum):
    """How results are printed."""

    SIMPLE = "simple"
    JSON = "json"


Config = Annotated[Path, typer.Option("--config", envvar="WATERMASTER_CONFIG", help="Config directory.", metavar="DIR")]


def say(text: str) -> None:
    """A message for people; stdout is for data."""
    sys.stderr.write(f"{text}\n")


def load(directory: Path) -> tuple[Settings, Register]:
    """Settings and register of a config directory that has no mistakes.

    Raises:
        ConfigError: It has; the first ones are named.
    """
    from watermaster.configuration import load_configuration  # pydantic takes its time  # noqa: PLC0415  # takes its time, and not every call needs it

    configuration = load_configuration(directory, os.environ)
    if configuration.settings is None or configuration.register is None:
        mistakes = configuration.mistakes
        more = f" (and {len(mistakes) - 1} more, see watermaster check)" if len(mistakes) > 1 else ""
        message = f"{directory}: {mistakes[0] if mistakes else 'can not be read'}{more}"
        raise ConfigError(message)
    return configuration.settings, configuration.register


def instant(text: str, zone_minutes: int, option: str) -> int:
    """Epoch milliseconds of an option's time.

    Raises:
        typer.BadParameter: Not an ISO 8601 time.
    """
    try:
        return parse_instant(text if len(text) > len("2026-03-01") else f"{text}T00:00:00", zone_minutes)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from None
