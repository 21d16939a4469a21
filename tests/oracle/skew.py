"""Clocks that are off: ``clock_skew``, and the messages that are therefore stored, but not judged.

`clock_skew` > 10 min on 3 live messages (live = newest event time of the series so far; skewed messages are stored
SUSPECT and not judged)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .alert import Spell
from .clock import HOUR, MINUTE

if TYPE_CHECKING:
    from .decode import Stream
    from .register import Register

__all__ = ["find_skews"]

TOLERATED = 10 * MINUTE


@dataclass(frozen=True)
class Message:
    """All that one line says of one station; ``event`` is its newest event time."""

    line: int
    received: int
    event: int
    is_live: bool

    @property
    def behind(self) -> int:
        """How far its clock seems to be behind, ms."""
        return self.received - self.event


def find_skews(register: Register, stream: Stream) -> tuple[dict[str, list[Spell]], set[tuple[int, str]]]:
    """Spells of wrong clocks by station, and the (line, station) that are not judged.

    Three live messages in a row, each off by more than 10 min (behind: by more than the lateness too, since inside it
    any order must give the same), and all by the same within half an interval: a backlog sent oldest first catches up
    with the clock, a wrong clock does not. Received times, since event times are what is wrong.
    """
    spells: dict[str, list[Spell]] = {}
    set_aside: set[tuple[int, str]] = set()
    for station in register.codes():
        interval = register.interval(station) or HOUR
        run: list[Message] = []
        last_skewed = 0
        open_since: int | None = None
        for message in _messages(stream, station):
            row = register.row_at("stations", message.received, station=station) or {}
            tolerated = max(TOLERATED, register.station_lateness(row))
            is_skewed = message.behind > tolerated or message.behind < -TOLERATED
            if message.is_live:
                run = [*run, message] if is_skewed else []
            mine = spells.setdefault(station, [])
            if open_since is not None:
                if is_skewed:
                    set_aside.add((message.line, station))
                    last_skewed = message.received
                elif message.is_live and message.received - last_skewed >= 24 * HOUR:
                    mine[-1] = Spell("clock_skew", mine[-1].onset, mine[-1].raised_at, message.received)
                    open_since = None
                continue
            three = run[-3:]
            offsets = [each.behind for each in three]
            if len(three) == 3 and max(offsets) - min(offsets) <= interval // 2:
                open_since = three[0].received
                last_skewed = message.received
                set_aside |= {(each.line, station) for each in three}
                mine.append(Spell("clock_skew", three[0].received, message.received, None))
                run = []
    return {station: found for station, found in spells.items() if found}, set_aside


def _messages(stream: Stream, station: str) -> list[Message]:
    newest_of_line: dict[int, tuple[int, int]] = {}
    accepted: dict[int, int] = {}
    for each in stream.arrivals:
        if each.station != station or (each.flag == 0 and each.event <= each.received):
            continue  # a time of long ago is no clock that can be told from a typing error
        known = newest_of_line.get(each.line, (each.received, each.event))
        newest_of_line[each.line] = (each.received, max(known[1], each.event))
        if each.flag:
            accepted[each.line] = max(accepted.get(each.line, each.event), each.event)
    found = []
    newest: int | None = None
    for line, (received, event) in newest_of_line.items():
        found.append(Message(line, received, event, newest is None or event > newest))
        if line in accepted:
            newest = accepted[line] if newest is None else max(newest, accepted[line])
    return found
