"""What one peer, and all of them together, may use of us."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]

_MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of the field link. Only those of connections depend on the place; the others have one good value.

    Attributes:
        connections: At most so many at a time; the part that starts us keeps it below the limit of open files.
        per_address: Of these from one IP address. RTUs on a mobile network come from few addresses of its gateways.
        silent_s: A connection that has not brought one good frame for so long since it was made is closed. A modem may
            dial in at once while its RTU speaks at the next full hour.
        idle_s: The same after a good frame. The longest interval of scheduled reports is a day.
        frame_s: For a frame that has begun to be whole.
        stalls: So many frames in a row that were begun and not finished end a connection.
        junk_bytes: So many bytes in a row that are no frame do.
        link_bytes: A connection is not read while so much of it is not yet safe.
        frames_per_s: Nor in a second in which it has brought so many frames.
        pending_bytes: No connection is read while so much of all is not yet safe.
        write_bytes: A connection is not read while so much waits for its peer to take it.
        linger_s: The journal waits so long for company before each sync: what came meanwhile shares it.
        keep_alive_idle_s: Silence after which the kernel asks whether the peer still lives,
        keep_alive_every_s: between two questions,
        keep_alive_count: questions without an answer that end the connection.
        unacknowledged_s: Bytes that we sent and nobody acknowledged for so long end it, too.
        packet_s: Silence of a set of packets after which the missing one is asked for.
        set_s: Silence after which an incomplete set is written as it is.
        set_bytes: Most bytes of one set, what it costs in memory included,
        sets_bytes: and of all incomplete sets; of all unfinished split messages, too.
        parts_after_s: So long after the start no split message begins: its beginning may have come before.
        refused_frames: So many frames of strangers, where they are refused and no known station was heard on it, end a
            connection. A relay may begin with a station that nobody has entered.
        strangers: So many addresses that the register doesn't know are remembered, for people.
    """

    connections: int = 20_000
    per_address: int = 1_000
    silent_s: float = 3_900.0
    idle_s: float = 93_600.0
    frame_s: float = 20.0
    stalls: int = 2
    junk_bytes: int = 64 * 1024
    link_bytes: int = 32 * 1024
    frames_per_s: int = 1_000
    pending_bytes: int = 16 * _MEGABYTE
    write_bytes: int = 16 * 1024
    linger_s: float = 0.02
    keep_alive_idle_s: int = 300
    keep_alive_every_s: int = 60
    keep_alive_count: int = 5
    unacknowledged_s: int = 120
    packet_s: float = 15.0
    set_s: float = 120.0
    set_bytes: int = 4 * _MEGABYTE
    sets_bytes: int = 16 * _MEGABYTE
    parts_after_s: float = 120.0
    refused_frames: int = 32
    strangers: int = 1_000
