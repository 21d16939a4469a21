"""A station's slots: length, number in a period, lateness; from dated rows, fast where nothing is dated."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from hydro.instants import DAY_MS, MINUTE_MS
from hydro.slots import slot_count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hydro.register import Register, Station

__all__ = ["StationClock"]


class StationClock:
    """Slot arithmetic of one station.

    Args:
        station: Its code.
        register: Master data; the row valid at event time counts.
    """

    def __init__(self, station: str, register: Register) -> None:
        self._rows = register.stations[station]
        self._always = self._rows.always
        self._zone = register.zone_minutes
        self.shift: int = self._zone * MINUTE_MS

    @property
    def is_always(self) -> bool:
        """Whether one row holds at all times."""
        return self._always is not None

    def row(self, event_time: int) -> Station | None:
        """The station's row at an instant."""
        return self._always or self._rows.at(event_time)

    def day(self, event_time: int) -> int:
        """Number of the local day (00:00, 24:00] that holds an instant."""
        return (event_time - 1 + self.shift) // DAY_MS

    def day_end(self, day: int) -> int:
        """24:00 of a local day."""
        return (day + 1) * DAY_MS - self.shift

    def interval_min(self, event_time: int) -> int:
        """Length of the slot that holds an instant, in minutes."""
        row = self._always or self._rows.at(event_time) or self._rows.rows[-1]
        return row.interval_min

    def lateness_ms(self, event_time: int) -> int:
        """Allowed lateness, milliseconds."""
        row = self._always or self._rows.at(event_time) or self._rows.rows[-1]
        return row.lateness_min * MINUTE_MS

    def slot_end(self, event_time: int, length: int) -> int:
        """End of the slot of ``length`` milliseconds that holds an instant."""
        return -(-(event_time + self.shift) // length) * length - self.shift

    def slot_of(self, inside: int) -> int:
        """End of the slot that holds an instant."""
        return self.slot_end(inside, self.interval_min(inside) * MINUTE_MS)

    def slot_start(self, inside: int) -> int:
        """Start of the slot that holds an instant."""
        length = self.interval_min(inside) * MINUTE_MS
        return self.slot_end(inside, length) - length

    def stretches(self, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        """Stretches of (start, end] with one length of slots: start, end, length in milliseconds."""
        if self._always is not None:
            yield start, end, self._always.interval_min * MINUTE_MS
            return
        cuts = {start, end}
        for row in self._rows.rows:
            cuts.update(cut for cut in (row.start_ms, row.end_ms) if start < cut < end)
        for since, until in pairwise(sorted(cuts)):
            here = self._rows.at(until)
            if here is not None:
                yield since, until, here.interval_min * MINUTE_MS

    def expected(self, start: int, end: int) -> int:
        """Slots stamped in (start, end]."""
        if self._always is not None:
            return slot_count(start, end, self._always.interval_min, self._zone)
        return sum(
            slot_count(since, until, length // MINUTE_MS, self._zone)
            for since, until, length in self.stretches(start, end)
        )
