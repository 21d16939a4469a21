"""What the receiver is doing, for metrics, health and doctor."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["ReceiverState", "Status"]


class ReceiverState(StrEnum):
    """Where the receiver is in its life."""

    IDLE = "idle"
    CONNECTING = "connecting"
    RECEIVING = "receiving"
    WAITING = "waiting"
    HELD_BACK = "held_back"
    STOPPING = "stopping"
    STOPPED = "stopped"


@dataclass(slots=True)
class Status:
    """Numbers of one receiver since its start; read by anybody, written by the receiver.

    Attributes:
        state: ``waiting`` = for the next attempt; ``held_back`` = for the sink, the byte bound being reached.
        generation: Number of the latest connection, from 1; 0 before the first attempt.
        session_present: Whether the broker had kept our session at the latest connect; None before the first.
        session_expiry_s: Seconds that the broker keeps the session while we are away, as it granted them.
        reconnects: Connections made after the first.
        sessions_lost: Reconnects that found no session: what the broker held for us is gone.
        messages: Handed to the sink and taken by it, redeliveries and heartbeats included.
        duplicates: Of all that came, marked by the broker as sent before.
        salvaged: Of all that came, against the rules of MQTT and read all the same.
        pending_messages: Came and are not safe yet.
        pending_bytes: Bytes of these on the wire.
        acks_sent: Messages acknowledged.
        acks_dropped: Messages that became safe after their connection had ended: never acknowledged, sent again.
        blocked_reason: Why the sink fails at present; None while it works.
        refreshes: Connections made anew on purpose, after a backlog longer than the Receive Maximum.
        downlinks_refused: Publications to gateways that the broker refused.
        overfull: Connections given up because the byte bound was reached while the sink failed or was stuck.
        heartbeats_sent: Own heartbeats published.
        last_heartbeat_at: When one last came back, epoch milliseconds; None before the first.
        heartbeat_delay_ms: How long that one took through the broker's queue: how far behind we are.
        last_error: Why the latest connection ended or did not come about; None before the first time.
    """

    state: ReceiverState = ReceiverState.IDLE
    generation: int = 0
    session_present: bool | None = None
    session_expiry_s: int | None = None
    reconnects: int = 0
    sessions_lost: int = 0
    messages: int = 0
    duplicates: int = 0
    salvaged: int = 0
    pending_messages: int = 0
    pending_bytes: int = 0
    acks_sent: int = 0
    acks_dropped: int = 0
    blocked_reason: str | None = None
    refreshes: int = 0
    downlinks_refused: int = 0
    overfull: int = 0
    heartbeats_sent: int = 0
    last_heartbeat_at: int | None = None
    heartbeat_delay_ms: int | None = None
    last_error: str | None = None

    @property
    def connected(self) -> bool:
        """Whether messages can arrive now."""
        return self.state is ReceiverState.RECEIVING
