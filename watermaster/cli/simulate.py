"""`watermaster simulate`: a scenario published as its gateways would, or written to files."""

from __future__ import annotations

import math
import time
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from hydro.errors import WatermasterError
from hydro.instants import MINUTE_MS, format_instant
from simulators.play import Play, Recorder, TruthFile
from simulators.publisher import Ahead
from simulators.scenario import WireFormat, load, write_config
from simulators.scenario.times import parse_duration
from watermaster.cli.options import Output, instant, say
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

    from simulators.play import Chunk
    from simulators.publisher import Broker, Message

__all__ = ["command"]

_PREFIX: Final = "watermaster/v1"
_SPEED: Final = 1.0
_CLIENTS: Final = 200
_MOST_CLIENTS: Final = 10_000
_STEP_MS: Final = 5 * MINUTE_MS


class Format(StrEnum):
    """What stations write."""

    JSON = "json"
    SL651 = "sl651"
    SLT427 = "slt427"
    MIX = "mix"


def command(  # noqa: PLR0913  # as many as the contract says
    scenario: Annotated[str, typer.Argument(help="Name of a scenario, or path of its .yaml file.")],
    *,
    speed: Annotated[
        float | None,
        typer.Option("--speed", help="Scenario seconds per real second; 0 = as fast as the broker takes it.  [1]"),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of all chance.")] = 1,
    start: Annotated[
        str | None, typer.Option("--start", help="When it begins; else it ends at the present.", metavar="ISO")
    ] = None,
    duration: Annotated[
        str | None, typer.Option("--duration", help="How long, such as 7d or 90min; else as the scenario says.")
    ] = None,
    form: Annotated[
        Format, typer.Option("--format", help="Of the readings; mix: of each station what the scenario says.")
    ] = Format.MIX,
    clients: Annotated[
        int | None,
        typer.Option(
            "--clients", min=1, max=_MOST_CLIENTS, help=f"Connections at most; a gateway keeps to one.  [{_CLIENTS}]"
        ),
    ] = None,
    record: Annotated[
        Path | None,
        typer.Option("--record", help="Write the stream, .ndjson, .gz or .zst, instead of publishing.", metavar="FILE"),
    ] = None,
    truth: Annotated[
        Path | None, typer.Option("--truth", help="Write what really happened, .ndjson.", metavar="FILE")
    ] = None,
    config_out: Annotated[
        Path | None,
        typer.Option("--write-config", help="Write register, targets and settings that belong to it.", metavar="DIR"),
    ] = None,
    output: Annotated[
        Output, typer.Option("--output", help="What came of publishing as one JSON object on stdout.")
    ] = Output.SIMPLE,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            envvar="WATERMASTER_CONFIG",
            help="Config directory that names the broker; without any it is mqtt://127.0.0.1:1883.",
            metavar="DIR",
        ),
    ] = None,
) -> None:
    """Publish a scenario as its gateways would, or write it to a file.

    With --truth or --write-config, and none of --speed, --clients and --record, only these files are written.
    """
    if speed is not None and not (math.isfinite(speed) and speed >= 0):
        raise typer.BadParameter(f"{speed:g} is not 0 or above", param_hint="--speed")
    publishing = record is None and (speed is not None or clients is not None or not (truth or config_out))
    with Interrupt() as interrupt:
        try:
            with interrupt.raising():
                settings = publishing_settings(config) if publishing else None
                prefix = _PREFIX if settings is None else settings.mqtt.prefix
                play = _prepare(scenario, seed, start, duration, form, prefix)
            if config_out is not None:
                _write_config(play, config_out)
            if settings is not None:
                broker = broker_of(settings.mqtt)
                pace = _SPEED if speed is None else speed
                good = _publish(play, truth, broker, clients or _CLIENTS, pace, output, interrupt)
            else:
                good = _write_files(play, record, truth, interrupt)
        except KeyboardInterrupt:
            say("stopped 已中断: nothing was sent or written")
            good = False
    if not good:
        raise typer.Exit(1)


def _prepare(name: str, seed: int, start: str | None, duration: str | None, form: Format, prefix: str) -> Play:

    scenario = load(name)
    try:
        length = scenario.duration_ms if duration is None else parse_duration(duration)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--duration") from None
    if length < _STEP_MS:
        raise typer.BadParameter(f"{duration} is less than five minutes", param_hint="--duration")
    length -= length % _STEP_MS
    zone = scenario.zone_minutes
    if start is None:
        now = time.time_ns() // 1_000_000
        begins = now - now % _STEP_MS - length
    else:
        begins = instant(start, zone, "--start")
    wire = None if form is Format.MIX else WireFormat(form)
    play = Play(scenario, seed=seed, start=begins, end=begins + length, format=wire, prefix=prefix)
    began, ends = (format_instant(at, zone) for at in _span(play))
    say(f"{scenario.name}: {scenario.title.en} · {scenario.title.zh}")
    say(f"{began} to {ends}; the same again: --seed {seed} --start {began}")
    return play


def _publish(
    play: Play, truth: Path | None, broker: Broker, clients: int, speed: float, output: Output, interrupt: Interrupt
) -> bool:
    """Publish; whether everything went well."""
    zone = play.scenario.zone_minutes
    with ExitStack() as stack:
        facts = None if truth is None else stack.enter_context(TruthFile(truth, zone))
        chunks = begun(stack.enter_context(Ahead(play.chunks)), interrupt)
        progress = stack.enter_context(Progress(zone, speed))
        progress.span = _span(play)
        outcome = run_publisher(
            _messages(chunks, facts),
            broker=broker,
            clients=clients,
            speed=speed,
            name="simulate",
            interrupt=interrupt,
            progress=progress,
        )
    report(outcome, zone, json_wanted=output is Output.JSON)
    if facts is not None:
        say(f"{truth}: {facts.lines:,} lines{'' if outcome.finished else ', of what was played so far'}")
    if outcome.error is not None:
        raise outcome.error
    return outcome.is_good


def _messages(chunks: Iterable[Chunk | None], facts: TruthFile | None) -> Iterator[Sequence[Message]]:
    for chunk in chunks:
        if chunk is None:
            yield ()
            continue
        if facts is not None:
            facts.write(chunk.truths)
        yield chunk.messages


def _span(play: Play) -> Span:
    assert play.end is not None  # noqa: S101  # it was given
    return Span(play.start, play.end)


def _write_config(play: Play, folder: Path) -> None:

    try:
        written = write_config(play.scenario, folder)
    except OSError as error:
        raise WatermasterError(f"{error.filename or folder}: {error.strerror or error}") from error
    say(f"{folder}: {len(written)} files; `watermaster check --config {folder}` looks at them")


def _write_files(play: Play, record: Path | None, truth: Path | None, interrupt: Interrupt) -> bool:
    """Write the stream and the truth, those that are wanted; False when stopped before the end."""
    if record is None and truth is None:
        return True
    zone = play.scenario.zone_minutes
    messages, upto, finished = 0, play.start, True
    with ExitStack() as files:
        stream = None if record is None else files.enter_context(Recorder(record))
        facts = None if truth is None else files.enter_context(TruthFile(truth, zone))
        progress = files.enter_context(Progress(zone))
        progress.span = _span(play)
        chunks = play.chunks()
        while True:
            try:
                with interrupt.raising():
                    chunk = next(chunks, None)
            except KeyboardInterrupt:
                finished = False
                break
            if chunk is None:
                break
            if stream is not None:
                stream.write(chunk.messages)
            if facts is not None:
                facts.write(chunk.truths)
            messages, upto = messages + len(chunk.messages), chunk.upto_ms
            progress.show(chunk.at, messages)
    if not finished:
        say(f"stopped 已中断: what is written goes to {format_instant(upto, zone)}")
    if record is not None:
        say(f"{record}: {messages:,} messages")
    if facts is not None:
        say(f"{truth}: {facts.lines:,} lines")
    return finished
