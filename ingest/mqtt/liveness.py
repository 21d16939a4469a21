"""Whether a connection is alive, and what to say on it next; a pure function of instants.

A connection can be up and deaf: TCP works, the broker answers pings, and no message arrives any more. Hence two
questions with an answer of their own:

* *Silent*: not a byte came, although the broker owes an answer to our PINGREQ. Asked always, except while reading is
  paused.
* *Deaf*: not a message came, although our own heartbeat should come back through the session. Frozen while
  acknowledgements are owed: the broker may have handed out all that the Receive Maximum allows, and a heartbeat waits
  its turn behind the others. Any message proves the same as a heartbeat: behind a long backlog the heartbeat is late
  and the session is well.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Limits", "Pulse", "Verdict", "judge"]

_PINGS_IN_KEEP_ALIVE = 2.0
_SILENT_AFTER_KEEP_ALIVES = 1.5


class Verdict(StrEnum):
    """What is to be done with a connection now."""

    FINE = "fine"
    PING_DUE = "ping_due"
    HEARTBEAT_DUE = "heartbeat_due"
    UNANSWERED = "unanswered"
    REFRESH_DUE = "refresh_due"
    SILENT = "silent"
    DEAF = "deaf"
    OVERFULL = "overfull"


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds that things may take.

    Attributes:
        heartbeat_s: Between two heartbeats.
        deaf_s: Without a message while nothing is owed.
        keep_alive_s: The MQTT keep alive in force; two pings fall into it, one and a half without a byte is the end.
        stuck_s: Without progress of the sink while reading is paused.
        answer_s: Without an answer to our subscriptions and without a byte, while we read.
    """

    heartbeat_s: float
    deaf_s: float
    keep_alive_s: float
    stuck_s: float
    answer_s: float


@dataclass(frozen=True, slots=True)
class Pulse:
    """What is known of a connection. Instants are seconds of one monotonic clock.

    Attributes:
        asked_at: When we sent our subscriptions; None once they are answered.
        bytes_at: When bytes last came, or reading was resumed, or the connection opened.
        delivery_at: When a message last came, or the connection opened.
        released_at: When the last acknowledgements went out, or the connection opened: until then it was frozen.
        ping_at: When the last ping was sent, or the connection opened.
        heartbeat_at: When the last heartbeat was sent; None before the first.
        paused_at: When reading was paused because the byte bound was reached; None while we read.
        owing: Whether messages are held that are not acknowledged.
        blocked: Whether the sink fails.
        backlog_over: Whether a backlog longer than the broker's window has just been worked off.
    """

    asked_at: float | None
    bytes_at: float
    delivery_at: float
    released_at: float
    ping_at: float
    heartbeat_at: float | None
    paused_at: float | None
    owing: bool
    blocked: bool
    backlog_over: bool


def judge(pulse: Pulse, limits: Limits, at: float) -> Verdict:
    """Decide what is to be done at an instant; asked again until nothing is.

    A slow sink pauses reading and nothing else: dropping the connection would throw its acknowledgements away, the
    broker would send everything again, and a sink that is slower than that would never get ahead. A sink that fails
    or is stuck gives the connection up when the byte bound is reached, since a paused socket hides whether it lives.
    """
    if (ending := _ending(pulse, limits, at)) is not None:
        return ending
    if pulse.backlog_over:
        return Verdict.REFRESH_DUE
    # While the sink fails the broker would only pile heartbeats up.
    if not pulse.blocked and (pulse.heartbeat_at is None or at - pulse.heartbeat_at >= limits.heartbeat_s):
        return Verdict.HEARTBEAT_DUE
    if at - pulse.ping_at >= limits.keep_alive_s / _PINGS_IN_KEEP_ALIVE:
        return Verdict.PING_DUE
    return Verdict.FINE


def _ending(pulse: Pulse, limits: Limits, at: float) -> Verdict | None:
    if pulse.paused_at is not None:
        if pulse.blocked or at - max(pulse.paused_at, pulse.released_at) > limits.stuck_s:
            return Verdict.OVERFULL
    elif at - pulse.bytes_at > _SILENT_AFTER_KEEP_ALIVES * limits.keep_alive_s:
        return Verdict.SILENT
    elif pulse.asked_at is not None and at - max(pulse.asked_at, pulse.bytes_at) > limits.answer_s:
        # As long as bytes come the answer may be behind them: a session's backlog is sent before.
        return Verdict.UNANSWERED
    if not pulse.owing and at - max(pulse.delivery_at, pulse.released_at) > limits.deaf_s:
        return Verdict.DEAF
    return None
