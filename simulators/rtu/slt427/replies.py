"""What a station answers to the centre's questions and commands; it stays silent to what it does not understand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hydro.instants import HOUR_MS, MINUTE_MS
from simulators.rtu.sample import Sample
from simulators.rtu.slt427 import answer as bodies
from simulators.rtu.slt427.downlink import Downlink, clock, report_intervals, stored_query
from simulators.rtu.slt427.frame import Control, clock_bytes, frame
from simulators.rtu.slt427.number import MISSING
from simulators.rtu.slt427.profile import Profile
from simulators.rtu.slt427.record import Type, record_bytes, type_of
from simulators.rtu.slt427.report import Function, report_frame, words
from simulators.rtu.slt427.sensors import records, state_words
from simulators.rtu.speech import Answer, Exchange

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulators.rtu.sample import Memory

__all__ = ["DONE", "Replies"]

DONE: Final = b"\x5a"
"""The data with which commands such as a reset are answered."""

_PASSWORD_BYTES: Final = 2
_STEP_MS: Final = 5 * MINUTE_MS
_MOST_DATA: Final = 200
_SLOTS: Final = 12
_INTERVALS: Final = {Profile.SZY206: 14, Profile.SLT427_2021: 15}
# Bits of a comprehensive answer, the lowest first. The sources give two orders, of which each edition gets one.
_COMPREHENSIVE: Final = {
    Profile.SZY206: (
        Type.QUALITY, Type.SOIL, Type.POWER, Type.WIND_OR_ENERGY, Type.GATE, Type.FLOW, Type.STAGE, Type.RAIN,
    ),
    Profile.SLT427_2021: (
        Type.WATER_PRESSURE, Type.SOIL, Type.POWER, Type.WEATHER, Type.GATE, Type.FLOW, Type.STAGE, Type.RAIN,
    ),
}  # fmt: skip
_COMMANDS: Final = {0x10: 5, 0x11: 6, 0x12: 1, 0x90: 1, 0x91: 1, 0x96: 2}  # and the bytes of their data


class Replies:
    """Answers of one station.

    Attributes:
        address: In force; 10H changes it from the next session on.
    """

    def __init__(self, address: str, profile: Profile, password: str) -> None:
        self.address = address
        self._next_address = address
        self._profile = profile
        self._password = self._next_password = password
        self._mode = 1
        self._intervals: dict[int, int] = {1: 5, 2: 5}
        self._counts = [0] * bodies.COUNTERS
        self._commands: dict[int, Callable[[int, bytes], Answer]] = {
            0x10: self._set_address,
            0x11: self._set_clock,
            0x12: self._set_mode,
            0x90: self._reset,
            0x91: self._clear,
            0x96: self._set_password,
            0xA1: self._set_intervals,
        }
        self._questions: dict[int, Callable[[Downlink, Memory, int], bytes | None]] = {
            0x50: lambda asked, memory, now: bytes.fromhex(self.address),  # noqa: ARG005  # one signature for all
            0x51: lambda asked, memory, now: clock_bytes(now),  # noqa: ARG005
            0x52: lambda asked, memory, now: bytes((self._mode,)),  # noqa: ARG005
            0x53: lambda asked, memory, now: bodies.kinds(self._intervals, _INTERVALS[profile]),  # noqa: ARG005
            0x5D: lambda asked, memory, now: bodies.counters(self._counts),  # noqa: ARG005
            0x5E: self._states,
            0xB0: self._present,
        }

    def answer(self, asked: Downlink, memory: Memory, now: int) -> Answer:
        """Answer one question; a command with a wrong password gets none."""
        try:
            if asked.function == 0xB1:  # noqa: PLR2004  # stored values
                return self._stored(asked, memory)
            if asked.function == Function.MEMORY:
                return self._from_memory(memory)
            if asked.function in self._commands:
                return self._command(asked)
            question = self._questions.get(asked.function)
            data = question(asked, memory, now) if question else None
        except ValueError:  # what stands in the frame is not of the form that the function wants
            return Answer()
        return Answer() if data is None else self._reply(asked.function, data, kind=asked.kind)

    def hung_up(self) -> None:
        """The session is over: what was changed counts from now on."""
        self.address, self._password = self._next_address, self._next_password

    def _command(self, asked: Downlink) -> Answer:
        size = _COMMANDS.get(asked.function, 2 + 2 * _INTERVALS[self._profile])
        data, password = asked.data[:size], asked.data[size : size + _PASSWORD_BYTES]
        if len(data) < size or password[::-1].hex() != self._password:
            return Answer()
        return self._commands[asked.function](asked.function, data)

    def _set_address(self, function: int, data: bytes) -> Answer:
        self._next_address = data.hex().upper()
        return self._reply(function, data)

    def _set_clock(self, function: int, data: bytes) -> Answer:
        return replace(self._reply(function, data), set_clock=clock(data))

    def _set_mode(self, function: int, data: bytes) -> Answer:
        self._mode = data[0]
        return self._reply(function, data)

    def _reset(self, function: int, data: bytes) -> Answer:  # noqa: ARG002  # one signature for all
        return self._reply(function, DONE)

    def _clear(self, function: int, data: bytes) -> Answer:
        self._counts[0] += 1
        return replace(self._reply(function, data), forgets=True)

    def _set_password(self, function: int, data: bytes) -> Answer:
        self._next_password = data[::-1].hex()
        return self._reply(function, data)

    def _set_intervals(self, function: int, data: bytes) -> Answer:
        self._intervals = report_intervals(data, _INTERVALS[self._profile])
        return self._reply(function, data)

    def _states(self, asked: Downlink, memory: Memory, now: int) -> bytes | None:  # noqa: ARG002
        return words(*state_words(memory.latest)) if memory.latest else None

    def _present(self, asked: Downlink, memory: Memory, now: int) -> bytes | None:  # noqa: ARG002
        """The newest values of one type, or of all that a comprehensive answer has a bit for; None without a sensor."""
        if memory.latest is None:
            return None
        sample = memory.latest
        if asked.kind == Type.STATISTICAL_RAIN:  # the first sensor of each kind
            sample = Sample(sample.observed_at, {one: value for one, value in sample.values.items() if one.number == 1})
        by_type = {type_of(one): record_bytes(one, self._profile) for one in records(sample, self._profile)}
        found = by_type.get(Type(asked.kind))
        if asked.kind == Type.STATISTICAL_RAIN:  # asked for, this type means everything
            kinds = _COMPREHENSIVE[self._profile]
            bits = sum(1 << bit for bit, kind in enumerate(kinds) if kind in by_type)
            found = bytes((bits,)) + b"".join(by_type[kind] for kind in kinds if kind in by_type)
        return None if found is None else found + words(*state_words(memory.latest))

    def _stored(self, asked: Downlink, memory: Memory) -> Answer:
        """Values of every 5 minutes after the first hour up to the last, in frames that each name their own hours."""
        query = stored_query(asked.data)
        if memory.latest is None:
            return Answer()
        sensor = next((one for one in records(memory.latest, self._profile) if type_of(one) == query.kind), None)
        if sensor is None:
            return Answer()
        missing = bytes((MISSING,)) * len(record_bytes(sensor, self._profile))
        kept = {sample.observed_at: sample for sample in memory.between(query.start, query.end)}
        hours = max(1, _MOST_DATA // (len(missing) * _SLOTS))
        frames = []
        for start in range(query.start, query.end, hours * HOUR_MS):
            end = min(start + hours * HOUR_MS, query.end)
            values = b"".join(
                self._value(kept.get(at), query.kind) or missing for at in range(start + _STEP_MS, end + 1, _STEP_MS)
            )
            data = bytes((query.code,)) + bodies.hour_bytes(start) + bodies.hour_bytes(end) + values
            frames.append(frame(Control(asked.kind), self.address, asked.function, data))
        return Answer(Exchange(asked.function, None, tuple(frames))) if frames else Answer()

    def _from_memory(self, memory: Memory) -> Answer:
        """The newest sample as a report of its own function, one frame for each type of data."""
        if memory.latest is None:
            return Answer()
        alarm, status = state_words(memory.latest)
        frames = [
            report_frame(
                self.address,
                record,
                memory.latest.observed_at,
                self._profile,
                alarm=alarm,
                status=status,
                function=Function.MEMORY,
            )
            for record in records(memory.latest, self._profile)
        ]
        return Answer(Exchange(Function.MEMORY, None, tuple(frames)))

    def _value(self, sample: Sample | None, kind: int) -> bytes | None:
        if sample is None:
            return None
        found = [one for one in records(sample, self._profile) if type_of(one) == kind]
        return record_bytes(found[0], self._profile) if found else None

    def _reply(self, function: int, data: bytes, *, kind: int = Type.CONFIRM) -> Answer:
        return Answer(Exchange(function, None, (frame(Control(kind), self.address, function, data),)))
