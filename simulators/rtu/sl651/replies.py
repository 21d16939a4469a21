"""What a station answers to the centre's questions and commands; it stays silent to what it does not understand.

In ASCII coding the present values, pictures and manual data alone are answered: no source says how the other bodies
look.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hydro.instants import HOUR_MS, MINUTE_MS
from simulators.rtu.sl651 import answer as bodies
from simulators.rtu.sl651 import ascii_body, hex_body
from simulators.rtu.sl651.carriage import sample_items, slot_items, status_word
from simulators.rtu.sl651.content import SLOTS, Group, Item, Manual, Number, Step, Uniform, Values, Word
from simulators.rtu.sl651.downlink import Downlink, asked_parameters, asked_tags, period_query
from simulators.rtu.sl651.frame import Coding, Control, Link, frame
from simulators.rtu.speech import Answer, Exchange

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from simulators.rtu.sample import Channel, Memory, Sample
    from simulators.rtu.sl651.carriage import Carrier
    from simulators.rtu.sl651.downlink import PeriodQuery

__all__ = ["VERSION", "Replies"]

VERSION: Final = "WATERMASTER-SIM-1"

_ADDRESS: Final = 0x02
_PASSWORD: Final = 0x03
_WORD: Final = 0x45
_SLOT_TAGS: Final = (0xF4, 0xF5)
_SLOT_MS: Final = 5 * MINUTE_MS
_MOST_VALUES: Final = 500  # a frame; four bytes each stay far below the longest body
_MOST_HOURS: Final = 72  # a frame
_PASSWORD_CHANGE: Final = 8


class Replies:
    """Answers of one station.

    Attributes:
        link: Addresses and password in force; commands change them.
        note: What somebody keyed in at the station; asked for with 39H.
    """

    def __init__(self, link: Link, plan: Mapping[Channel, Carrier], station_class: str, stage_base: int) -> None:
        self.link = link
        self.note = ""
        self._next_link = link
        self._plan = plan
        self._class = station_class
        self._base = stage_base
        self._counts = [0] * bodies.COUNTERS
        self._basic = {0x01: (0x20, bytes((link.centre, 0, 0, 0))), _ADDRESS: (0x28, bytes.fromhex(link.station))}
        self._running: dict[int, tuple[int, bytes]] = {
            0x20: (0x08, b"\x01"),
            0x21: (0x08, b"\x05"),
            0x22: (0x08, b"\x08"),
            0x23: (0x10, b"\x03\x00"),
            0x24: (0x08, b"\x05"),
        }
        self._handlers: dict[int, Callable[[Downlink, Memory, int], Answer]] = {
            0x36: lambda asked, memory, now: Answer(takes_picture=True),  # noqa: ARG005  # one signature for all
            0x37: self._present,
            0x38: self._period,
            0x39: self._manual,
            0x3A: self._elements,
            0x40: self._set_parameters,
            0x41: self._read_parameters,
            0x42: self._set_parameters,
            0x43: self._read_parameters,
            0x45: self._version,
            0x46: self._status,
            0x47: self._initialise,
            0x48: self._initialise,
            0x49: self._change_password,
            0x4A: self._set_clock,
            0x4B: self._echo,
            0x4C: self._echo,
            0x4D: self._echo,
            0x4E: self._echo,
            0x4F: self._echo,
            0x50: self._counters,
            0x51: self._clock,
        }

    def answer(self, asked: Downlink, memory: Memory, now: int) -> Answer:
        """Answer one question; silence where its arguments make no sense or the coding has no answer."""
        handler = self._handlers.get(asked.function)
        if handler is None or (self.link.coding is Coding.ASCII and asked.function not in {0x36, 0x37, 0x39}):
            return Answer()
        try:
            return handler(asked, memory, now)
        except ValueError:  # what stands in the frame is not of the form that the function wants
            return Answer()

    def hung_up(self) -> None:
        """The session is over: what was changed counts from now on."""
        self.link = self._next_link

    def _present(self, asked: Downlink, memory: Memory, now: int) -> Answer:
        if memory.latest is None:
            return Answer()
        group = Group(memory.latest.observed_at, sample_items(memory.latest, self._plan))
        return self._report(asked, now, [[group]])

    def _elements(self, asked: Downlink, memory: Memory, now: int) -> Answer:
        groups: list[Group] = []
        for tag in asked_tags(asked.arguments):
            if tag in _SLOT_TAGS or tag >> 8 in _SLOT_TAGS:
                groups += self._hours(tag, now // HOUR_MS * HOUR_MS - HOUR_MS, now // HOUR_MS * HOUR_MS, memory)
            elif memory.latest:
                groups += [Group(memory.latest.observed_at, [item]) for item in self._items(tag, memory.latest)]
        return self._report(asked, now, [groups]) if groups else Answer()

    def _items(self, tag: int, sample: Sample) -> list[Item]:
        items = sample_items(sample, self._plan)
        return [
            item
            for item in items
            if (isinstance(item, Number) and item.tag == tag) or (isinstance(item, Word) and tag == _WORD)
        ]

    def _period(self, asked: Downlink, memory: Memory, now: int) -> Answer:
        query = period_query(asked.arguments)
        if query.tag in _SLOT_TAGS:
            groups = self._hours(query.tag, query.start, query.end, memory, step=Step(query.step_min))
            frames = [groups[place : place + _MOST_HOURS] for place in range(0, len(groups), _MOST_HOURS)]
            return self._report(asked, now, frames) if groups else Answer()
        channel = next((channel for channel, carrier in self._plan.items() if carrier.tag == query.tag), None)
        if channel is None or not query.step_min or query.end < query.start:
            return Answer()
        return self._report(asked, now, self._values(query, channel, memory))

    def _values(self, query: PeriodQuery, channel: Channel, memory: Memory) -> list[list[Group]]:
        """Frames of values at equal steps from the first hour to the last, both included."""
        kept = {sample.observed_at: sample for sample in memory.between(query.start, query.end)}
        step_ms = query.step_min * MINUTE_MS
        times = range(query.start, query.end + 1, step_ms)
        frames = []
        for place in range(0, len(times), _MOST_VALUES):
            piece = times[place : place + _MOST_VALUES]
            values = [kept[at].values.get(channel) if at in kept else None for at in piece]
            column = Values(query.tag, values, self._plan[channel].definition)
            frames.append([Group(piece[0], [Uniform(query.step_min, [column])])])
        return frames

    def _hours(self, tag: int, start: int, end: int, memory: Memory, *, step: Step | None = None) -> list[Group]:
        """Groups F4 or F5 of the hours that end after ``start`` and not after ``end``."""
        kept = {sample.observed_at: sample for sample in memory.between(start, end)}
        groups: list[Group] = []
        for hour_end in range(start // HOUR_MS * HOUR_MS + HOUR_MS, end + 1, HOUR_MS):
            first = hour_end - (SLOTS - 1) * _SLOT_MS
            item = slot_items(kept, first, _SLOT_MS, self._base, tag)
            if item:
                groups.append(Group(first, [step, item] if step else [item]))
        return groups

    def _manual(self, asked: Downlink, memory: Memory, now: int) -> Answer:  # noqa: ARG002  # one signature for all
        if not self.note:
            return Answer()
        return self._report(asked, now, [[Group(now, [Manual(self.note)])]], addressed=False)

    def _set_parameters(self, asked: Downlink, memory: Memory, now: int) -> Answer:  # noqa: ARG002
        table = self._table(asked.function)
        content = b""
        for identifier, definition, data in asked_parameters(asked.arguments, with_data=True):
            table[identifier] = (definition, data)
            content += bodies.parameter(identifier, data, definition & 7)
            if table is self._basic and identifier == _ADDRESS:
                self._next_link = replace(self._next_link, station=data.hex().upper())
        return self._plain(asked, now, content)

    def _read_parameters(self, asked: Downlink, memory: Memory, now: int) -> Answer:  # noqa: ARG002
        table = self._table(asked.function)
        asked_for = [identifier for identifier, _, _ in asked_parameters(asked.arguments, with_data=False)]
        known = [(identifier, *table[identifier]) for identifier in asked_for if identifier in table]
        content = b"".join(bodies.parameter(identifier, data, place & 7) for identifier, place, data in known)
        return self._plain(asked, now, content)

    def _table(self, function: int) -> dict[int, tuple[int, bytes]]:
        return self._basic if function in {0x40, 0x41} else self._running

    def _version(self, asked: Downlink, memory: Memory, now: int) -> Answer:  # noqa: ARG002
        return self._plain(asked, now, bodies.version(VERSION))

    def _status(self, asked: Downlink, memory: Memory, now: int) -> Answer:
        word = status_word(memory.latest) if memory.latest else None
        return self._plain(asked, now, bodies.status(word or 0))

    def _initialise(self, asked: Downlink, memory: Memory, now: int) -> Answer:  # noqa: ARG002
        self._counts[0] += 1
        return replace(self._plain(asked, now), forgets=True)

    def _change_password(self, asked: Downlink, memory: Memory, now: int) -> Answer:  # noqa: ARG002
        changes = asked_parameters(asked.arguments, with_data=True)
        if [identifier for identifier, _, _ in changes] != [_PASSWORD, _PASSWORD]:
            return Answer()
        old, new = (data.hex().upper() for _, _, data in changes)
        if old != self.link.password:
            return Answer()
        reply = self._plain(asked, now, bodies.password(new))
        self._next_link = replace(self._next_link, password=new)
        return reply

    def _set_clock(self, asked: Downlink, memory: Memory, now: int) -> Answer:  # noqa: ARG002
        if asked.sent_at is None:
            return Answer()
        return replace(self._plain(asked, asked.sent_at), set_clock=asked.sent_at)

    def _clock(self, asked: Downlink, memory: Memory, now: int) -> Answer:  # noqa: ARG002
        return self._plain(asked, now)

    def _echo(self, asked: Downlink, memory: Memory, now: int) -> Answer:  # noqa: ARG002
        """Pumps, valves, gates, quota, IC card: the state after the command is the one commanded."""
        return self._plain(asked, now, asked.arguments)

    def _counters(self, asked: Downlink, memory: Memory, now: int) -> Answer:  # noqa: ARG002
        return self._plain(asked, now, bodies.counters(self._counts))

    def _plain(self, asked: Downlink, now: int, content: bytes = b"") -> Answer:
        body = bodies.answer_body(asked.serial, now, self.link.station, content)
        return Answer(Exchange(asked.function, asked.serial, (frame(self.link, asked.function, body),)))

    def _report(
        self, asked: Downlink, now: int, contents: Sequence[Sequence[Group]], *, addressed: bool = True
    ) -> Answer:
        """An answer in one frame for each of the contents; ETB on all but the last."""
        write = ascii_body.report_body if self.link.coding is Coding.ASCII else hex_body.report_body
        station_class = self._class if addressed else ""
        frames = []
        for place, groups in enumerate(contents, 1):
            body = write(asked.serial, now, self.link.station, station_class, groups, addressed=addressed)
            end = Control.ETX if place == len(contents) else Control.ETB
            frames.append(frame(self.link, asked.function, body, end=end))
        return Answer(Exchange(asked.function, asked.serial, tuple(frames), paced=len(frames) > 1))
