"""Options that several commands share, and the configuration behind them."""

from __future__ import annotations

import os
import re
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from hydro.errors import ConfigError
from hydro.instants import parse_instant
from hydro.register import Register
from watermaster.data_dir import DataDir

if TYPE_CHECKING:
    from watermaster.settings import Settings

__all__ = ["Config", "Output", "instant", "load", "nothing_there", "reading_dir", "say"]

_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")


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


def reading_dir(settings: Settings, what: str) -> DataDir:
    """The data directory for a command that only reads, and so never makes one.

    Args:
        settings: Of the config directory.
        what: What the command looks for, for the message.

    Raises:
        ConfigError: There is no such directory.
    """
    if not settings.data_dir.is_dir():
        raise nothing_there(what, settings.data_dir)
    return DataDir(settings.data_dir)


def nothing_there(what: str, directory: Path) -> ConfigError:
    """What a command that only reads raises where nothing was kept yet."""
    return ConfigError(f"there is no {what} in {directory}; `watermaster run` makes one")


def instant(text: str, zone_minutes: int, option: str) -> int:
    """Epoch milliseconds of an option's time.

    Raises:
        typer.BadParameter: Not an ISO 8601 time.
    """
    try:
        return parse_instant(f"{text}T00:00:00" if _DATE.fullmatch(text) else text, zone_minutes)
    except (ValueError, OverflowError):
        message = f"{text!r} is not a time such as 2026-03-01 or 2026-03-01T08:00:00+08:00"
        raise typer.BadParameter(message, param_hint=option) from None
