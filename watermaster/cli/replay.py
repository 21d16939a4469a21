"""`watermaster replay`: recorded messages published again, bytes unchanged, each with its arrival."""

from __future__ import annotations

import math
from contextlib import ExitStack
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

import typer

from simulators.publisher import Ahead
from storage.recorded import read_recorded
from watermaster.cli.options import Config, Output, say
from watermaster.publishing import (
    Interrupt,
    Progress,
    Span,
    begun,
    broker_of,
    publishing_settings,
    report,
    run_publisher,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from simulators.publisher import Message

__all__ = ["command"]

_CLIENTS: Final = 200
_AT_ONCE: Final = 8_192


def command(
    files: Annotated[list[Path], typer.Argument(help="Recorded streams: .ndjson, .ndjson.gz, .ndjson.zst.")],
    *,
    speed: Annotated[
        float, typer.Option("--speed", help="Recorded seconds per real second; 0 = as fast as the broker takes it.")
    ] = 1.0,
    output: Annotated[
        Output, typer.Option("--output", help="What came of it as one JSON object on stdout.")
    ] = Output.SIMPLE,
    config: Config = Path("config"),
) -> None:
    """Publish recorded messages again, bytes unchanged.

    In the order of arrival over all files, each with its arrival as the user property received_at.
    """
    if not (math.isfinite(speed) and speed >= 0):
        raise typer.BadParameter(f"{speed:g} is not 0 or above", param_hint="--speed")
    settings = publishing_settings(config)
    zone = settings.time.zone_minutes
    own = f"{settings.mqtt.prefix}/_/"
    reader = _Reader()
    try:
        with ExitStack() as stack:
            interrupt = stack.enter_context(Interrupt())
            ahead = stack.enter_context(Ahead(partial(_pieces, files, zone, own)))
            pieces = begun(ahead, interrupt)  # what can't be read is known before a broker is asked for
            progress = stack.enter_context(Progress(zone, speed))
            outcome = run_publisher(
                reader.messages(pieces, progress),
                broker=broker_of(settings.mqtt),
                clients=_CLIENTS,
                speed=speed,
                name="replay",
                interrupt=interrupt,
                progress=progress,
            )
    except KeyboardInterrupt:
        say("stopped 已中断: nothing was sent")
        raise typer.Exit(1) from None
    report(outcome, zone, json_wanted=output is Output.JSON)
    if reader.left_out:
        say(f"left out: {reader.left_out:,} messages below {own}, which a collector wrote itself")
    if outcome.error is not None:
        raise outcome.error
    if not outcome.is_good:
        raise typer.Exit(1)


class _Piece(NamedTuple):
    """Some messages.

    Attributes:
        span: Of all files.
        messages: In the order of arrival.
        left_out: That a collector wrote itself: heartbeats, changes of its config.
    """

    span: Span
    messages: list[Message]
    left_out: int


def _pieces(files: Sequence[Path], zone_minutes: int, own: str) -> Iterator[_Piece]:
    spans: list[Span] = []
    stream = read_recorded(
        files, zone_minutes=zone_minutes, scanned=lambda first, last: spans.append(Span(first, last))
    )
    while recorded := list(islice(stream, _AT_ONCE)):
        messages = [(one.received_at, one.topic, one.payload) for one in recorded if not one.topic.startswith(own)]
        yield _Piece(spans[0], messages, len(recorded) - len(messages))


class _Reader:
    """Takes pieces as they come.

    Attributes:
        left_out: Messages so far that a collector wrote itself.
    """

    def __init__(self) -> None:
        self.left_out = 0

    def messages(self, pieces: Iterable[_Piece | None], progress: Progress) -> Iterator[Sequence[Message]]:
        """Their messages; nothing where there is no piece yet."""
        for piece in pieces:
            if piece is None:
                yield ()
                continue
            progress.span = piece.span
            self.left_out += piece.left_out
            yield piece.messages
