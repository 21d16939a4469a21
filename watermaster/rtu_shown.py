"""RTUs and what was asked of them, as objects for REST and the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hydro.errors import DecodeError
from hydro.instants import format_instant
from ingest.codecs.framing import Received, Splitter, Wire
from ingest.codecs.sl651 import explain as explain_sl651
from ingest.codecs.sl651.codec import decode_frame as decode_sl651
from ingest.codecs.sl651.packets import join
from ingest.codecs.slt427 import decode_frame as decode_slt427
from ingest.codecs.slt427.explain import explain as explain_slt427
from ingest.codecs.slt427.frame import join as join_slt427
from ingest.codecs.slt427.split import Countdown, is_part

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.codecs.sl651.frame import Frame as Sl651Frame
    from ingest.tcp.sessions import Session
    from storage.command_log import LoggedCommand

__all__ = ["command_json", "session_json"]


def session_json(session: Session, zone_minutes: int) -> dict[str, Any]:
    """An RTU; ``station`` is null for one that the register doesn't know."""
    route = session.route
    since = route.since if route is not None else None
    return {
        "station": session.station,
        "protocol": session.key.wire.value,
        "address": session.key.address,
        "connected": session.is_connected,
        "peer": route.peer if route is not None else None,
        "since": None if since is None else format_instant(since, zone_minutes),
        "heard_at": format_instant(session.heard_at, zone_minutes),
        "frames": session.frames,
        "clock_offset_s": None if session.clock_offset_ms is None else round(session.clock_offset_ms / 1000),
    }


def command_json(entry: LoggedCommand, zone_minutes: int) -> dict[str, Any]:
    """A command with its answer, bytes and meaning."""

    def shown(at: int | None) -> str | None:
        return None if at is None else format_instant(at, zone_minutes)

    return {
        "id": entry.id,
        "station": entry.station,
        "protocol": entry.protocol or None,
        "address": entry.address or None,
        "command": json.loads(entry.command),
        "by": entry.asked_by,
        "comment": entry.comment,
        "asked_at": shown(entry.asked_at),
        "sent_at": shown(entry.sent_at),
        "ended_at": shown(entry.ended_at),
        "tries": entry.tries,
        "outcome": entry.outcome,
        "detail": entry.detail,
        "sent": entry.sent.hex().upper(),
        "answer": entry.answer.hex().upper(),
        "explained": list(_explained(entry)),
    }


def _explained(entry: LoggedCommand) -> Iterator[dict[str, Any]]:
    """Each frame of an answer; packets of one body, and parts of one message, together."""
    splitter = Splitter()
    events = [*splitter.feed(entry.answer), *splitter.closed()] if entry.answer else []
    packets: list[Sl651Frame] = []
    split = Countdown()
    for event in events:
        if not isinstance(event, Received):
            continue
        try:
            if event.wire is Wire.SLT427:
                part = decode_slt427(event.data)
                parts = split.take(part) if is_part(part) else [part]
                if parts:
                    yield explain_slt427(parts[0] if len(parts) == 1 else join_slt427(parts))
                continue
            frame = decode_sl651(event.data)
        except DecodeError as error:
            yield {"error": str(error.reason)}
            continue
        if frame.packet is not None and frame.packet.total > 1:
            packets.append(frame)
        else:
            yield explain_sl651(frame)
    if packets:
        try:
            yield explain_sl651(join(packets))
        except DecodeError as error:  # an answer too long for the log is cut
            yield {"error": str(error.reason)}
