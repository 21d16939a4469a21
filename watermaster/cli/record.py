"""`watermaster record`: the journal as a recorded stream."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ingest.codecs.json import decode_json
from ingest.codecs.readings import Readings
from ingest.topics import TopicKind, parse_topic
from storage.journal import JournalReader
from storage.message import RawMessage
from storage.recorded import RecordedWriter
from watermaster.cli.options import Config, instant, load, nothing_there, reading_dir, say

__all__ = ["command"]


def command(
    start: Annotated[str, typer.Option("--from", help="Arrival, not included.", metavar="ISO")],
    end: Annotated[str, typer.Option("--to", help="Arrival, included.", metavar="ISO")],
    out: Annotated[Path, typer.Option("--out", help="A .ndjson, .ndjson.gz or .ndjson.zst file.", metavar="FILE")],
    station: Annotated[
        list[str] | None, typer.Option("--station", help="Only messages that hold this station.")
    ] = None,
    config: Config = Path("config"),
) -> None:
    """Write the journal as a recorded stream."""
    settings, register = load(config)
    zone, prefix = register.zone_minutes, settings.mqtt.prefix
    since, until = instant(start, zone, "--from"), instant(end, zone, "--to")
    if since >= until:
        raise typer.BadParameter("--from is not before --to", param_hint="--from")
    wanted = frozenset(station or ())
    written = 0
    path = reading_dir(settings, "journal").journal(settings.journal.url)
    if not path.is_dir():
        raise nothing_there("journal", path.parent)
    with JournalReader.open(path) as journal, RecordedWriter(out) as stream:
        for message in journal.read_range(since, until):
            if not wanted or _speaks_of(message, wanted, prefix, zone):
                stream.write(message)
                written += 1
        for gap in journal.gaps:
            say(f"missing: {gap}")
    say(f"{out}: {written} messages")


def _speaks_of(message: RawMessage, stations: frozenset[str], prefix: str, zone_minutes: int) -> bool:
    topic = parse_topic(message.topic, prefix)
    if topic.kind is not TopicKind.UPLINK or topic.format != "json":
        return False
    readings = Readings()
    decode_json(0, message.payload, zone_minutes, readings)
    return not stations.isdisjoint(readings.station)
