"""What is said on a collector's own heartbeat topic.

Heartbeat ``{"at": 1772323200000}``: the running collector says when it sent this; coming back through the same session
it is proof that the session delivers, and the clock tick of the journal.
Ping ``{"ping": "nonce"}``: a collector that is about to start asks whether another one lives under its client id.
Pong ``{"pong": "nonce"}``: the running one's answer.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final

__all__ = ["Beat", "Heartbeat", "Ping", "Pong", "encode_beat", "parse_beat"]


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Sent by a running collector to itself; ``at`` is its clock when sending, epoch milliseconds."""

    at: int


@dataclass(frozen=True, slots=True)
class Ping:
    """Somebody asks whether the client id is in use; ``nonce`` is to be repeated in the answer."""

    nonce: str


@dataclass(frozen=True, slots=True)
class Pong:
    """The answer to the ping of this ``nonce``."""

    nonce: str


Beat = Heartbeat | Ping | Pong

_HEARTBEAT: Final = re.compile(rb'\{"at": ?(\d{1,15})\}')
_PROBE: Final = re.compile(rb'\{"(ping|pong)": ?"([0-9A-Za-z_-]{1,64})"\}')


def encode_beat(beat: Beat) -> bytes:
    """Write the payload of a beat.

    >>> encode_beat(Heartbeat(1772323200000))
    b'{"at": 1772323200000}'
    """
    match beat:
        case Heartbeat(at):
            return json.dumps({"at": at}).encode()
        case Ping(nonce):
            return json.dumps({"ping": nonce}).encode()
        case Pong(nonce):
            return json.dumps({"pong": nonce}).encode()


def parse_beat(payload: bytes) -> Beat | None:
    """Read a payload of the heartbeat topic; None when it is nothing of ours.

    >>> parse_beat(b'{"ping":"a1"}')
    Ping(nonce='a1')
    >>> parse_beat(b'{"at": -1}') is None
    True
    """
    if found := _HEARTBEAT.fullmatch(payload):
        return Heartbeat(int(found[1]))
    if found := _PROBE.fullmatch(payload):
        nonce = found[2].decode()
        return Ping(nonce) if found[1] == b"ping" else Pong(nonce)
    return None
