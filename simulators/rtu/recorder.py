"""The measuring half of a station: samples at full minutes of its clock, and which of them may be reported by now."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from hydro.instants import MINUTE_MS
from simulators.rtu.behaviour import Mode
from simulators.rtu.sample import Memory, Sample

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from simulators.rtu.behaviour import Behaviour
    from simulators.rtu.clock import DeviceClock
    from simulators.rtu.sample import Channel

__all__ = ["Recorder"]

_BEIJING_MS: Final = 480 * MINUTE_MS
_MOST_PICTURES: Final = 16
_MOST_LATE: Final = 288


class Recorder:
    """Measures, remembers and says what is due.

    Args:
        behaviour: Settings of the station.
        measure: True instant -> what the sensors show; None for a sensor that gives nothing.
        clock: The station's clock, by which samples are taken and labelled.
        start: True instant at which it is switched on; it measures after that.
        end: Device time of the last sample; None = it goes on measuring.

    Attributes:
        memory: Samples and what of them is still to be reported.
        clock: See above.
        pictures: Device times of pictures that are to be sent; the oldest give way.
        taken: Number of samples taken.
    """

    def __init__(
        self,
        behaviour: Behaviour,
        measure: Callable[[int], Mapping[Channel, int | None]],
        clock: DeviceClock,
        start: int,
        end: int | None = None,
    ) -> None:
        self.memory = Memory(behaviour.memory)
        self.clock = clock
        self.pictures: deque[int] = deque(maxlen=_MOST_PICTURES)
        self.taken = 0
        self._behaviour = behaviour
        self._measure = measure
        self._end = end
        self._report_ms = behaviour.report_min * MINUTE_MS
        self._next_sample = 0
        self._released = 0
        self._now = 0
        self._added: set[int] = set()
        self._last_reported: Mapping[Channel, int | None] = {}
        self._begin(clock.reading(start))

    def next_wake(self) -> int:
        """True instant of the next sample or report time."""
        times = [self._released + self._report_ms, *list(self.pictures)[:1]]
        delay_ms = self._behaviour.send_delay_ms
        due = [at + delay_ms for at in times if at + delay_ms > self._now]
        return self.clock.true_time(min(due) if self._has_ended() else min(self._next_sample, *due))

    def measured(self, at: int) -> Sample:
        """What the sensors show now, by the minute of the station's clock."""
        return Sample(self.clock.reading(at) // MINUTE_MS * MINUTE_MS, self._measure(at))

    def recall(self, since: int) -> None:
        """Fill the memory with samples from a device time until it was switched on, all of them reported."""
        observed_at = _next_multiple(since - 1, self._behaviour.sample_min)
        while observed_at < self._next_sample:
            sample = Sample(observed_at, self._measure(self.clock.true_time(observed_at)))
            self.memory.keep(sample, owed=False)
            observed_at += self._behaviour.sample_min * MINUTE_MS

    def set_clock(self, at: int, reading: int) -> None:
        """Set the clock; times that are jumped over are not measured.

        Set back by less than a step, it does not measure the same time again.
        """
        self.clock.set(at, reading)
        planned = self._next_sample
        self._begin(reading)
        if planned - self._next_sample == self._behaviour.sample_min * MINUTE_MS:
            self._next_sample = planned

    def advance(self, at: int) -> None:
        """Take what samples are due, and release what may be reported by now."""
        now = self._now = self.clock.reading(at)
        while self._next_sample <= now and not self._has_ended():
            self._take(self._next_sample)
            self._next_sample += self._behaviour.sample_min * MINUTE_MS
        released = _next_multiple(now - self._behaviour.send_delay_ms, self._behaviour.report_min) - self._report_ms
        if released > self._released:
            self._released = released
            self._added = {observed_at for observed_at in self._added if observed_at > released}

    def due(self) -> tuple[list[Sample], bool]:
        """Samples of the newest report time, and whether they are an added report."""
        recent = self.memory.recent(self._released - self._report_ms, self._next_sample)
        due = [sample for sample in recent if sample.observed_at <= self._released or sample.observed_at in self._added]
        return due, bool(due) and due[0].observed_at > self._released

    def picture(self) -> int | None:
        """Time of the picture that may be sent by now, None where there is none."""
        is_due = self.pictures and self.pictures[0] + self._behaviour.send_delay_ms <= self._now
        return self.pictures[0] if is_due else None

    def overdue(self) -> list[Sample]:
        """The oldest samples of earlier report times."""
        return self.memory.oldest(self._released - self._report_ms, _MOST_LATE)

    def _begin(self, now: int) -> None:
        self._now = now
        self._next_sample = _next_multiple(now, self._behaviour.sample_min)
        self._released = _next_multiple(now, self._behaviour.report_min) - self._report_ms

    def _has_ended(self) -> bool:
        return self._end is not None and self._next_sample > self._end

    def _take(self, observed_at: int) -> None:
        behaviour = self._behaviour
        sample = Sample(observed_at, self._measure(self.clock.true_time(observed_at)))
        self.taken += 1
        is_time = _is_multiple(observed_at, behaviour.report_min)
        is_added = not is_time and self._jumped(sample.values)
        is_owed = behaviour.mode is not Mode.M4_ANSWER and (behaviour.reports_all or is_time or is_added)
        self.memory.keep(sample, owed=is_owed)
        if is_time or is_added:
            self._last_reported = sample.values
        if is_added and is_owed:
            self._added.add(observed_at)
        if behaviour.picture_min and _is_multiple(observed_at, behaviour.picture_min):
            self.pictures.append(observed_at)

    def _jumped(self, values: Mapping[Channel, int | None]) -> bool:
        for channel, value in values.items():
            jump, before = self._behaviour.jumps.get(channel.quantity), self._last_reported.get(channel)
            if jump is not None and value is not None and before is not None and abs(value - before) >= jump:
                return True
        return False


def _next_multiple(now: int, minutes: int) -> int:
    """The first multiple after ``now``, counted from 00:00 in Beijing."""
    length = minutes * MINUTE_MS
    return ((now + _BEIJING_MS) // length + 1) * length - _BEIJING_MS


def _is_multiple(observed_at: int, minutes: int) -> bool:
    return (observed_at + _BEIJING_MS) % (minutes * MINUTE_MS) == 0
