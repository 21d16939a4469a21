"""`watermaster deadletters`: what could not be read or was refused."""

from __future__ import annotations

import base64
import json
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from hydro.errors import ConfigError
from hydro.instants import format_instant
from ingest.decode import DeadLetterKind
from ingest.reasons import DeadLetterReason, RejectReason
from storage.dead_letters import DeadLetterFile, StoredDeadLetter
from watermaster.ask import asked, find_service
from watermaster.ask_numbers import journal_position
from watermaster.cli.options import Config, Output, load, nothing_there, reading_dir, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from watermaster.ask import Service
    from watermaster.settings import Settings

__all__ = ["command", "letter_json"]

_WHAT: Final = "dead-letter file"
_KIND: Final = max(map(len, DeadLetterKind))
_REASON: Final = max(map(len, (*DeadLetterReason, *RejectReason)))
_MOST: Final = 100_000
_WAIT_S: Final = 60.0
_POLL_S: Final = 0.05
_LONGEST_ID: Final = 18  # SQLite's integers end a little above
_Out = Annotated[Output, typer.Option("--output", help="For people, or one JSON object a line.")]

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


@contextmanager
def _opened(settings: Settings) -> Iterator[DeadLetterFile]:
    path = reading_dir(settings, _WHAT).dead_letters
    if not path.is_file():
        raise nothing_there(_WHAT, settings.data_dir)
    with closing(DeadLetterFile(path)) as file:
        yield file


@command.command("list")
def list_(
    kind: Annotated[DeadLetterKind | None, typer.Option("--kind", help="Only these.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 1000,
    output: _Out = Output.SIMPLE,
    config: Config = Path("config"),
) -> None:
    """The newest first."""
    settings, register = load(config)

    def ask(service: Service) -> list[dict[str, Any]]:
        return service.items("deadletters", most=limit, kind=kind)[0]

    def read() -> list[dict[str, Any]]:
        with _opened(settings) as file:
            return [letter_json(letter, register.zone_minutes) for letter in file.newest(limit, kind=kind)]

    letters = asked(settings.data_dir, ask, read)
    if output is Output.JSON:
        _write_lines(letters)
    else:
        for letter in letters:
            count = f"{letter['readings']} x " if letter["readings"] > 1 else ""
            words = f"{letter['kind']:<{_KIND}}  {letter['reason']:<{_REASON}}  {letter['topic']}"
            sys.stdout.write(f"{letter['id']:>8}  {letter['received_at']}  {words}  {count}{letter['detail']}\n")
    if not letters:
        say("no dead letters")


@command.command("show")
def show(
    number: Annotated[str, typer.Argument(metavar="ID", help="As the list shows it.")],
    output: _Out = Output.SIMPLE,
    config: Config = Path("config"),
) -> None:
    """One message, with its bytes and every reason for which something of it was set aside."""
    if not number.isdecimal():
        raise typer.BadParameter(f"{number!r} is not a number", param_hint="ID")
    settings, register = load(config)

    def ask(service: Service) -> list[dict[str, Any]]:
        found = service.get("deadletters", str(int(number)))
        return [] if found is None else list(found["items"])

    def read() -> list[dict[str, Any]]:
        with _opened(settings) as file:
            return [letter_json(letter, register.zone_minutes) for letter in file.at(int(number))]

    letters = asked(settings.data_dir, ask, read) if len(number) <= _LONGEST_ID else []
    if not letters:
        message = f"dead letter {number} is not known"
        raise ConfigError(message)
    if output is Output.JSON:
        _write_lines(letters)
    else:
        sys.stdout.writelines(f"{line}\n" for line in _described(letters))


def _write_lines(letters: Iterable[dict[str, Any]]) -> None:
    for letter in letters:
        sys.stdout.write(json.dumps(letter, ensure_ascii=False) + "\n")


def _described(letters: Sequence[dict[str, Any]]) -> Iterator[str]:
    """All letters of one message: what is the same for them once, then the reasons, last the bytes."""
    first = letters[0]
    yield f"{first['id']}  {first['topic']}  {first['received_at']}"
    for letter in letters:
        count = f" ({letter['readings']} readings)" if letter["readings"] > 1 else ""
        yield f"  {letter['kind']}  {letter['reason']}{count}: {letter['detail']}"
    text = first.get("payload")
    if text is None:
        coded = first["payload_base64"]
        yield f"  {len(base64.b64decode(coded))} bytes, not text, in base64:"
        yield coded
    else:
        yield f"  {len(text.encode())} bytes:"
        yield from (
            "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in line) for line in text.split("\n")
        )


@command.command("retry")
def retry(
    numbers: Annotated[list[int] | None, typer.Argument(metavar="[ID]…", help="As the list shows them.")] = None,
    *,
    reason: Annotated[
        str | None, typer.Option("--reason", help="All that were refused for this, such as unknown_station.")
    ] = None,
    output: _Out = Output.SIMPLE,
    config: Config = Path("config"),
) -> None:
    """Read messages again, after a station was registered or a gateway put right; the service must run.

    They are read as if they came now, with the arrival that they had. What is refused again is a dead letter again.
    """
    if bool(numbers) == bool(reason):
        raise typer.BadParameter("name dead letters, or --reason", param_hint="ID")
    if reason is not None and reason not in (*DeadLetterReason, *RejectReason):
        raise typer.BadParameter(f"{reason!r} is no reason for a dead letter", param_hint="--reason")
    settings, _ = load(config)
    service = find_service(settings.data_dir)
    if service is None:
        message = f"no service runs on {settings.data_dir}: it reads them again, so start it first"
        raise ConfigError(message)
    chosen = numbers or sorted({letter["id"] for letter in _all_of(service) if letter["reason"] == reason})
    missing = [number for number in numbers or () if service.get("deadletters", str(number)) is None]
    if missing:
        message = f"dead letter {missing[0]} is not known"
        raise ConfigError(message)
    if not chosen:
        say(f"nothing was refused for {reason}")
        return
    done = service.admin("POST", "deadletters", "retry", body=chosen)
    again = _refused_again(service, done["first"], done["last"])
    if output is Output.JSON:
        sys.stdout.write(json.dumps({"messages": done["messages"], "refused_again": again}) + "\n")
    else:
        say(f"{done['messages']} 条重新读取，{again} 条仍被拒。 {done['messages']} read again, {again} refused again.")
    if again:
        raise typer.Exit(1)


def _all_of(service: Service) -> list[dict[str, Any]]:
    found, _ = service.items("deadletters", most=_MOST)
    return found


def _refused_again(service: Service, first: int, last: int) -> int:
    """How many messages of these positions are dead letters, once the reader is past them."""
    deadline = time.monotonic() + _WAIT_S
    while journal_position(service.metrics(), "store") < last:
        if time.monotonic() > deadline:
            message = (
                f"the messages {first} to {last} are in the journal; the reader has not come to them in {_WAIT_S} s"
            )
            raise ConfigError(message)
        time.sleep(_POLL_S)
    return len({letter["id"] for letter in _all_of(service) if first <= letter["id"] <= last})
