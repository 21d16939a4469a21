"""Samples of one place as the table that a judge reads: by slot, or by hour.

Source: docs/alert-classes.md, "Slots and periods"; docs/decisions/0092-taking.md, "All of them".
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from alerting.slots.samples import VALID, Samples
from alerting.slots.slot import LARGEST_IN_COLUMNS, halved_even
from alerting.takes.places import interval_ms
from alerting.takes.slots import COUNTERS, MULTIPLIED, SlotTable
from hydro.fixed import LARGEST, MICRO, divide_half_even
from hydro.instants import HOUR_MS, MINUTE_MS
from hydro.quantity import Quantity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from alerting.slots.clock import StationClock
    from alerting.slots.intake import SlotIntake
    from alerting.takes.slots import Place, Series
    from hydro.register import Register

__all__ = ["Tables"]

_NEVER: Final = -(2**62)


class _Column(NamedTuple):
    """One series by slot or hour, ascending, those without a valid value left out.

    Attributes:
        end: Of the slot or hour.
        value: Millionths.
        at: Event time of the last valid reading.
        last: End of the last valid slot in it.
        valid: How many there are.
    """

    end: NDArray[np.int64]
    value: NDArray[np.int64]
    at: NDArray[np.int64]
    last: NDArray[np.int64]
    valid: NDArray[np.int64]


_NOTHING: Final = _Column(*(np.empty(0, np.int64) for _ in range(5)))


class Tables:
    """Tables of places.

    Args:
        register: Master data, for the factors of points.
        intake: Has the samples.
        number_of: Of each watched series.
    """

    def __init__(self, register: Register, intake: SlotIntake, number_of: Mapping[Series, int]) -> None:
        self._register = register
        self._intake = intake
        self._number_of = number_of

    def newest(self, place: Place) -> int:
        """End of the slot of a place in which its latest reading lies."""
        latest = max(int(self._intake.latest[self._number_of[series]]) for series in place.series)
        shift = self._intake.shift
        return -(-(latest + shift) // place.slot_ms) * place.slot_ms - shift if latest > _NEVER else latest

    def oldest(self, place: Place) -> int:
        """No sample of a place is older."""
        store = self._intake.store
        days = [store.days(self._number_of[series])[:1] for series in place.series]
        return min((store.day_end(day[0] - 1) for day in days if day), default=-_NEVER)

    def slots(self, place: Place, after: int, until: int, look_back: int) -> SlotTable:
        """Slots that end in (after, until], and those that do so up to ``look_back`` milliseconds before."""
        begin = after - look_back if after > _NEVER else _NEVER
        columns = [self._by_slot(series, begin, until, place.slot_ms) for series in place.series]
        return _table(columns, place.slot_ms, begin, after)

    @property
    def latest_watermark(self) -> int:
        """Of all series."""
        return int(self._intake.watermark.max(initial=_NEVER))

    def numbers(self, places: Sequence[Place]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Series of all places, one place after the other, and where each begins."""
        sizes = np.array([len(place.series) for place in places], np.int64)
        numbers = [self._number_of[series] for place in places for series in place.series]
        return np.array(numbers, np.int64), np.cumsum(sizes) - sizes

    def watermarks(self, numbers: NDArray[np.int64], begins: NDArray[np.int64]) -> NDArray[np.int64]:
        """Up to when each place is complete: the least watermark of its series, but for those never heard of."""
        intake = self._intake
        complete = np.where(intake.latest > _NEVER, intake.watermark, -_NEVER)
        found: NDArray[np.int64] = np.minimum.reduceat(complete[numbers], begins)
        return found

    def hours(self, place: Place, after: int, until: int, look_back: int) -> tuple[SlotTable, int | None]:
        """Hours that end in (after, until] and are due, with those before to look back at; and the first not due."""
        begin = after - look_back if after > _NEVER else _NEVER
        clocks = [self._intake.clock(station) for station, _ in place.series]
        whole = begin if begin == _NEVER else begin - HOUR_MS  # of the first hour all slots, too
        slots = [self._by_slot(series, whole, until, interval_ms(self._register, series[0])) for series in place.series]
        columns = [
            _by_hour(each, self._intake.shift, quantity)
            for each, (_, quantity) in zip(slots, place.series, strict=True)
        ]
        table = _table(columns, HOUR_MS, begin, after)
        expected = np.stack([_expected(clock, table.end) for clock in clocks])
        has, value = table.has & (table.valid * 2 >= expected), table.value
        for row, (_, quantity) in enumerate(place.series):
            if quantity in COUNTERS:
                has[row] = np.isin(table.end, columns[row].last)
            elif quantity is Quantity.VOLUME:
                pairs = zip(value[row].tolist(), expected[row].tolist(), strict=True)
                value[row] = [_bounded(mean * slots) for mean, slots in pairs]
        is_due = self._are_due(place, table, expected)
        waiting = table.end[table.first :][~is_due[table.first :]]
        found = replace(table, value=value, expected=expected, has=has).chosen(is_due)
        return found, int(waiting[0]) if len(waiting) else None

    def _are_due(self, place: Place, table: SlotTable, expected: NDArray[np.int64]) -> NDArray[np.bool_]:
        numbers = [self._number_of[series] for series in place.series]
        heard = np.flatnonzero(self._intake.latest[numbers] > _NEVER)
        watermark = min((int(self._intake.watermark[numbers[row]]) for row in heard.tolist()), default=_NEVER)
        is_whole = np.asarray((table.valid[heard] >= expected[heard]).all(axis=0))
        return is_whole | (table.end <= watermark)

    def _by_slot(self, series: Series, begin: int, until: int, length: int) -> _Column:
        """Slots that end after an instant, with some before, up to another."""
        number = self._number_of[series]
        store, shift = self._intake.store, self._intake.shift
        first = store.day(begin + 1) if begin > _NEVER else _NEVER
        last = store.day(until)
        parts = [store.samples(number, day) for day in store.days(number) if first <= day <= last]
        samples = Samples.joined([part for part in parts if len(part)]).between(_NEVER, until)
        valid = samples.mark & VALID != 0
        if not valid.all():
            samples = Samples(*(column[valid] for column in samples))
        slots = _slots_of(samples, length, shift, series[1]) if len(samples) else _NOTHING
        return slots._replace(value=self._multiplied(slots, series))

    def _multiplied(self, slots: _Column, series: Series) -> NDArray[np.int64]:
        """Values with the factor of the row that is valid at the end of their slot."""
        rows = self._register.points.get(series)
        if series[1] not in MULTIPLIED or rows is None or all(row.multiplier in (None, MICRO) for row in rows):
            return slots.value
        found = []
        for number, end in zip(slots.value.tolist(), slots.end.tolist(), strict=True):
            row = rows.at(end)
            factor = MICRO if row is None or row.multiplier is None else row.multiplier
            found.append(_bounded(divide_half_even(number * factor, MICRO)))
        return np.array(found, np.int64)


def _expected(clock: StationClock, hours: NDArray[np.int64]) -> NDArray[np.int64]:
    """Slots of hours."""
    if clock.is_always and len(hours) and HOUR_MS % (clock.interval_min(0) * MINUTE_MS) == 0:
        return np.full(len(hours), HOUR_MS // (clock.interval_min(0) * MINUTE_MS), np.int64)
    return np.array([clock.expected(end - HOUR_MS, end) for end in hours.tolist()], np.int64)


def _slots_of(samples: Samples, length: int, shift: int, quantity: Quantity) -> _Column:
    """Slots of valid samples."""
    ends = -(-(samples.event_time + shift) // length) * length - shift
    firsts = np.flatnonzero(np.diff(ends, prepend=ends[0] - 1))
    lasts = np.append(firsts[1:], len(ends)) - 1
    if quantity in COUNTERS or len(firsts) == len(ends):
        value = samples.value[lasts]
    else:
        value = _summed(samples.value, firsts, is_mean=quantity is not Quantity.VOLUME)
    end = ends[firsts]
    return _Column(end, value, samples.event_time[lasts], end, np.ones(len(firsts), np.int64))


def _summed(value: NDArray[np.int64], firsts: NDArray[np.intp], *, is_mean: bool) -> NDArray[np.int64]:
    """Sum or mean of each group; half even, exact at any size, as far as int64 holds the result."""
    counts = np.diff(np.append(firsts, len(value)))
    if not bool((np.abs(value) >= LARGEST_IN_COLUMNS).any()):
        total = np.add.reduceat(value, firsts)
        return halved_even(total, counts) if is_mean else total
    numbers: list[int] = value.tolist()
    found = []
    for first, count in zip(firsts.tolist(), counts.tolist(), strict=True):
        total_of = sum(numbers[first : first + count])
        found.append(divide_half_even(total_of, count) if is_mean else _bounded(total_of))
    return np.array(found, np.int64)


def _bounded(number: int) -> int:
    """What a column holds; more is no water."""
    return min(max(number, -LARGEST), LARGEST)


def _by_hour(slots: _Column, shift: int, quantity: Quantity) -> _Column:
    """Hours of slots: a slot belongs to that which holds its end."""
    if not len(slots.end):
        return slots
    ends = -(-(slots.end + shift) // HOUR_MS) * HOUR_MS - shift
    firsts = np.flatnonzero(np.diff(ends, prepend=ends[0] - 1))
    lasts = np.append(firsts[1:], len(ends)) - 1
    value = slots.value[lasts] if quantity in COUNTERS else _summed(slots.value, firsts, is_mean=True)
    return _Column(ends[firsts], value, slots.at[lasts], slots.end[lasts], np.diff(np.append(firsts, len(ends))))


def _table(columns: Sequence[_Column], length: int, begin: int, after: int) -> SlotTable:
    """All series side by side, from an instant on."""
    columns = [_Column(*(each[column.end > begin] for each in column)) for column in columns]
    end = np.unique(np.concatenate([column.end for column in columns]))
    shape = len(columns), len(end)
    value, at, valid = np.zeros(shape, np.int64), np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    for row, column in enumerate(columns):
        place = np.searchsorted(end, column.end)
        value[row, place], at[row, place], valid[row, place] = column.value, column.at, column.valid
    first = int(np.searchsorted(end, after, side="right"))
    return SlotTable(end - length, end, value, valid > 0, at, valid, np.ones(shape, np.int64), first)
