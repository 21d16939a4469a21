"""`watermaster decode`: one frame explained, field by field, with what is wrong in it.

An engineer at the river bank calls it again and again, so it has to be there at once. Typer imports pydantic for the
first option it reads, which alone takes half of the time there is: ``main`` calls :func:`run` directly, and ``command``
is there for the list of commands. A protocol is imported for its own frames only.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from hydro.errors import ConfigError, DecodeError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["command", "run"]

_ZONE_MINUTES = 480

command = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


class Protocol(StrEnum):
    """What a frame may be."""

    SL651 = "sl651"
    SLT427 = "slt427"
    JSON = "json"


@command.command(add_help_option=False, context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
def _command(context: typer.Context) -> None:
    """Explain one field frame: every field, and what is wrong in it."""
    run(context.args)


def run(words: list[str]) -> None:
    """Run the command.

    Args:
        words: The command line behind its name.

    Raises:
        ConfigError: The argument is neither a file nor a frame's digits.
        DecodeError: Not a frame; with ``--output json`` that is printed and ends with exit code 1.
    """
    arguments = _arguments(words)
    data = _bytes(arguments.source)
    chosen = Protocol(arguments.protocol) if arguments.protocol else _told(data)
    try:
        found, remarks = _explained(data, chosen)
    except DecodeError as error:
        if arguments.output != "json":
            raise
        sys.stdout.write(json.dumps({"error": str(error.reason)}) + "\n")
        sys.exit(1)
    if arguments.output == "json":
        sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
        return
    for line in (f"protocol: {chosen.value}", *_lines(found, ""), *remarks):
        sys.stdout.write(f"{line}\n")


def _arguments(words: list[str]) -> Namespace:
    parser = ArgumentParser(
        prog="watermaster decode", description="Explain one field frame: every field, and what is wrong in it."
    )
    parser.add_argument("source", metavar="HEX|FILE", help="hexadecimal digits, or a file that holds a frame")
    parser.add_argument(
        "--protocol", choices=[protocol.value for protocol in Protocol], help="told from the first bytes if not given"
    )
    parser.add_argument("--output", choices=["simple", "json"], default="simple", help="for people, or one JSON object")
    return parser.parse_args(words)


def _bytes(source: str) -> bytes:
    """Bytes of an argument: a file's, as they are or as hexadecimal text; else the argument's own digits."""
    path = Path(source)
    try:
        raw = path.read_bytes() if path.is_file() else None
    except OSError as error:
        raise ConfigError(f"{source}: {error.strerror}") from error
    if raw is None:
        raw = source.encode()
        if not raw.lstrip().startswith((b"{", b"[")):
            digits = _digits(raw)
            if digits is None:
                raise ConfigError(f"{source[:40]!r} is neither a file nor hexadecimal digits")
            return digits
    return _digits(raw) or raw


def _digits(raw: bytes) -> bytes | None:
    """Bytes of hexadecimal text, with or without spaces, colons and line ends; None where it is something else."""
    try:
        text = "".join(raw.decode("ascii").split()).replace(":", "").removeprefix("0x")
        return bytes.fromhex(text)
    except ValueError:
        return None


def _told(data: bytes) -> Protocol:
    if data.lstrip()[:1] in (b"{", b"["):
        return Protocol.JSON
    return Protocol.SL651 if data[:1] in (b"~", b"\x01") else Protocol.SLT427


def _explained(data: bytes, protocol: Protocol) -> tuple[dict[str, object], list[str]]:
    """Keys and values of the frame, and what they mean where they don't say so themselves.

    Raises:
        DecodeError: Not a frame.
    """
    # Each protocol's modules are imported only for its frames: the command has to be there at once.
    match protocol:
        case Protocol.SL651:
            from ingest.codecs.sl651.codec import decode_frame as decode_sl651  # noqa: PLC0415  # see above
            from ingest.codecs.sl651.explain import explain as explain_sl651  # noqa: PLC0415  # see above

            return explain_sl651(decode_sl651(data)), []
        case Protocol.SLT427:
            from ingest.codecs.slt427.explain import describe, explain  # noqa: PLC0415  # see above
            from ingest.codecs.slt427.frame import decode_frame  # noqa: PLC0415  # see above

            frame = decode_frame(data)
            return explain(frame), describe(frame)
        case Protocol.JSON:
            return _readings(data), []


def _readings(data: bytes) -> dict[str, object]:
    """Readings of a JSON payload.

    Raises:
        DecodeError: No element of it can be read.
    """
    from hydro.fixed import to_number  # noqa: PLC0415  # only where JSON is decoded
    from hydro.instants import format_instant  # noqa: PLC0415  # only where JSON is decoded
    from hydro.quantity import Quantity, canonical_unit  # noqa: PLC0415  # only where JSON is decoded
    from ingest.codecs.json import decode_json  # noqa: PLC0415  # only where JSON is decoded
    from ingest.codecs.readings import Readings  # noqa: PLC0415  # only where JSON is decoded

    out = Readings()
    decode_json(0, data, _ZONE_MINUTES, out)
    if out.undecodable:
        raise DecodeError(out.undecodable[0].reason, out.undecodable[0].detail)
    rows = zip(out.station, out.quantity, out.event_time, out.value, out.missing, strict=True)
    found: dict[str, object] = {
        "readings": [
            {
                "station": station,
                "quantity": Quantity(code).text,
                "unit": canonical_unit(Quantity(code)),
                "time": format_instant(event_time, _ZONE_MINUTES),
                "value": None if missing else to_number(value),
            }
            for station, code, event_time, value, missing in rows
        ]
    }
    if out.faults:
        found["faults"] = [{"reason": fault.reason.value, "detail": fault.detail} for fault in out.faults]
    return found


def _lines(value: dict[str, object], indent: str) -> Iterator[str]:
    """One line a field; what is nested stands below its name."""
    for name, field in value.items():
        if isinstance(field, dict):
            yield f"{indent}{name}:"
            yield from _lines(field, f"{indent}  ")
        elif isinstance(field, list) and field and isinstance(field[0], dict):
            for at, item in enumerate(field, 1):
                yield f"{indent}{name} {at}:"
                yield from _lines(item, f"{indent}  ")
        elif isinstance(field, list):
            yield f"{indent}{name}: {', '.join(map(_shown, field)) or '-'}"
        else:
            yield f"{indent}{name}: {_shown(field)}"


def _shown(value: object) -> str:
    if value is None:
        return "missing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
