"""`watermaster deadletters`: what could not be read or was refused."""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from hydro.errors import ConfigError
from hydro.instants import format_instant
from storage.dead_letters import DeadLetterFile, StoredDeadLetter
from watermaster.cli.options import Config, Output, load, say
from watermaster.data_dir import DataDir

__all__ = ["command", "letter_json"]

command = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    help="What could not be read or was refused, with bytes and reason.",
)


def letter_json(letter: StoredDeadLetter, zone_minutes: int) -> dict[str, Any]:
    """A dead letter as an object; ``payload`` where the bytes are text, else ``payload_base64``."""
    shown: dict[str, Any] = {
        "id": letter.position,
        "kind": letter.kind,
        "reason": letter.reason,
        "readings": letter.readings,
        "topic": letter.topic,
        "received_at": format_instant(letter.received_at, zone_minutes),
        "detail": letter.detail,
    }
    try:
        shown["payload"] = letter.payload.decode()
    except UnicodeDecodeError:
        shown["payload_base64"] = base64.b64encode(letter.payload).decode()
    return shown


def _open(config: Path) -> tuple[DeadLetterFile, int]:
    settings, register = load(config)
    return DeadLetterFile(DataDir(settings.data_dir).dead_letters), register.zone_minutes


@command.command("list")
def list_(
    kind: Annotated[str | None, typer.Option("--kind", help="Only 'message' or 'reading'.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 1000,
    output: Annotated[Output, typer.Option("--output", help="For people, or one JSON object a line.")] = Output.SIMPLE,
    config: Config = Path("config"),
) -> None:
    """The newest first."""
    file, zone = _open(config)
    letters = file.newest(limit, kind=kind)
    file.close()
    for letter in letters:
        if output is Output.JSON:
            sys.stdout.write(json.dumps(letter_json(letter, zone), ensure_ascii=False) + "\n")
        else:
            when = format_instant(letter.received_at, zone)
            count = f"{letter.readings} x " if letter.readings > 1 else ""
            what = f"{letter.kind:<7}  {letter.reason:<17} {letter.topic}  {count}{letter.detail}"
            sys.stdout.write(f"{letter.position:>8}  {when}  {what}\n")
    if not letters:
        say("no dead letters")


@command.command("show")
def show(
    number: Annotated[int, typer.Argument(metavar="ID", help="As the list shows it.")],
    config: Config = Path("config"),
) -> None:
    """One message, with its bytes."""
    file, zone = _open(config)
    letters = file.at(number)
    file.close()
    if not letters:
        message = f"dead letter {number} is not known"
        raise ConfigError(message)
    for letter in letters:
        sys.stdout.write(json.dumps(letter_json(letter, zone), ensure_ascii=False) + "\n")


@command.command("retry")
def retry() -> None:
    """Comes with a later version."""
    message = "deadletters retry comes with a later version"
    raise ConfigError(message)
