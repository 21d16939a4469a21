"""Laws of the intake: slots are what the set of readings makes, whichever way each of them went in."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest

from alerting.slots.intake import SlotIntake
from alerting.slots.watermarks import watermarks_at_reading
from hydro.fixed import divide_half_even
from hydro.instants import DAY_MS, MINUTE_MS, parse_instant
from hydro.quantity import Quantity
from hydro.series import SeriesIndex
from tests.alerting.slots.shelf import MemoryShelf, Reading, columns
from tests.ingest.example_register import make_register

if TYPE_CHECKING:
    from alerting.slots.changes import SlotChanges

START = parse_instant("2026-03-01T00:00:00", 480)
SHIFT = 480 * MINUTE_MS
# B reports every 10 minutes until noon of 3 March, then every hour.
STATIONS = """station,name,kind,basin,river,division,gateway,interval_min,valid_from,valid_to
A,Anshun,section,Wu,Sancha,520103,,5,,
B,Bijie,section,Wu,Sancha,520103,,10,,2026-03-03T12:00:00
B,Bijie,section,Wu,Sancha,520103,,60,2026-03-03T12:00:00,
"""
REGISTER = make_register({"stations": STATIONS})
INDEX = SeriesIndex(REGISTER.stations)
WATCHED = [("A", Quantity.DISCHARGE), ("A", Quantity.VOLUME), ("B", Quantity.DISCHARGE)]
NUMBERS = [INDEX.number(*each) for each in WATCHED]
SWITCH = parse_instant("2026-03-03T12:00:00", 480)
HUGE = 2**46
GOOD, SUSPECT, FAIL, MISSING = 1, 3, 4, 9


class Known(NamedTuple):
    """A slot: its value, and whether a valid value came in time."""

    value: int
    timely: bool


def interval(series: int, event_time: int) -> int:
    """Length of a slot in milliseconds."""
    if WATCHED[series][0] == "A":
        return 5 * MINUTE_MS
    return (60 if event_time > SWITCH else 10) * MINUTE_MS


def slots_of_the_set(readings: list[Reading]) -> dict[tuple[int, int], Known]:
    """Valid slots by series and end, told by the text of the contract from the whole list."""
    keys: dict[tuple[int, int], tuple[int, int, int, bool]] = {}
    for number, event_time, value, flag, received_at in readings:
        series = NUMBERS.index(number)
        length = interval(series, event_time)
        on_time = received_at <= event_time + length + 30 * MINUTE_MS  # reports every interval, lateness 30 min
        known = keys.get((series, event_time))
        if known is None:
            keys[series, event_time] = (value, flag, received_at, on_time)
        elif flag != MISSING:
            if known[1] == MISSING or (value != known[0] and received_at >= known[2]):
                keys[series, event_time] = (value, flag, received_at, known[3])
            elif value == known[0]:
                keys[series, event_time] = (*known[:2], max(received_at, known[2]), known[3])
    values: dict[tuple[int, int], list[tuple[int, bool]]] = {}
    for (series, event_time), (value, flag, _, on_time) in keys.items():
        length = interval(series, event_time)
        end = -(-(event_time + SHIFT) // length) * length - SHIFT
        if flag not in (FAIL, MISSING):
            values.setdefault((series, end), []).append((value, on_time))
    found = {}
    for key, members in values.items():
        total = sum(value for value, _ in members)
        is_volume = WATCHED[key[0]][1] is Quantity.VOLUME
        value = total if is_volume or len(members) == 1 else divide_half_even(total, len(members))
        found[key] = Known(value, any(on_time for _, on_time in members))
    return found


def draw(rng: Random, count: int) -> list[Reading]:
    """Readings of four days: most in order, some late, repeated, corrected, missing, failed, off the slots or huge."""
    readings: list[Reading] = []
    for _ in range(count):
        number = rng.choice(NUMBERS)
        slot = rng.randrange(4 * DAY_MS // (5 * MINUTE_MS))
        at = START + slot * 5 * MINUTE_MS + rng.choice([0, 0, 0, 0, 17_000, 200_000])
        delay = rng.choice([0, 1_000, 1_000, 1_000, 20 * MINUTE_MS, 50 * MINUTE_MS, DAY_MS])
        flag = rng.choice([GOOD] * 12 + [SUSPECT, FAIL, MISSING])
        value = rng.choice([*range(1, 8), HUGE]) if rng.random() < 0.02 else rng.randrange(5_000_000)
        readings.append(Reading(number, at, 0 if flag == MISSING else value, flag, at + delay))
        if rng.random() < 0.1:
            again = rng.choice(readings)
            other = rng.randrange(5_000_000)
            value = rng.choice([again.value, other])
            readings.append(
                again._replace(value=value, flag=GOOD, received_at=again.received_at + rng.choice([-9, 0, 9]))
            )
    return sorted(readings, key=lambda reading: reading.received_at)


def follow(known: dict[tuple[int, int], Known], changes: SlotChanges) -> None:
    """Apply changes to what was known of the slots; each must begin where the one before ended."""
    rows = zip(changes.series.tolist(), changes.end.tolist(), strict=True)
    for row, key in enumerate(rows):
        old = Known(int(changes.old[row]), bool(changes.was_timely[row])) if changes.had[row] else None
        new = Known(int(changes.new[row]), bool(changes.timely[row])) if changes.has[row] else None
        move(known, key, old, new)
    for change in changes.rewritten:
        old = None if change.old is None else Known(change.old, change.was_timely)
        new = None if change.new is None else Known(change.new, change.timely)
        move(known, (change.series, change.end), old, new)


def move(known: dict[tuple[int, int], Known], key: tuple[int, int], old: Known | None, new: Known | None) -> None:
    """One slot becomes another."""
    assert known.get(key) == old
    if new is None:
        known.pop(key, None)
    else:
        known[key] = new


def check(seed: int, count: int) -> None:
    rng = Random(seed)
    readings = draw(rng, count)
    shelf = MemoryShelf()
    at_once = seed % 2 == 0
    intake = SlotIntake(WATCHED, REGISTER, INDEX, shelf, at_once=at_once)
    known: dict[tuple[int, int], Known] = {}
    first = 0
    while first < len(readings):
        size = rng.choice([1, 3, 40, 400])
        for changes in intake.take(columns(readings[first : first + size], first + 1)):
            follow(known, changes)
        first += size
        if rng.random() < 0.3:
            intake.store.put_down([0, 1, 2])
            saved = [intake.pack(series) for series in range(3)]
            if not at_once and rng.random() < 0.5:
                intake = SlotIntake(WATCHED, REGISTER, INDEX, shelf, at_once=False)
                for series, blob in enumerate(saved):
                    intake.unpack(series, blob)
            else:
                intake.store.let_go([0, 1, 2])
    expected = slots_of_the_set(readings)
    assert known == expected
    found = {
        (series, slot.end): Known(slot.value, slot.on_time)
        for series in range(3)
        for slot in intake.slots_after(series, -(2**62))
        if slot.value is not None
    }
    assert found == expected
    latest = [max(reading.event_time for reading in readings if reading.series == number) for number in NUMBERS]
    assert intake.latest.tolist() == latest


@pytest.mark.parametrize("seed", range(12))
def test_slots_are_what_the_set_of_readings_makes(seed: int) -> None:
    """Whatever way each reading went in, however they were cut into batches, saved and taken up again."""
    check(seed, 400)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 300))
def test_slots_are_what_the_set_of_readings_makes_in_many_cases(seed: int) -> None:
    check(seed, 2_000)


def test_a_reading_older_than_the_horizon_changes_nothing_and_is_told_of_once() -> None:
    intake = SlotIntake(WATCHED, REGISTER, INDEX, MemoryShelf(), at_once=False)
    horizon = START + 2 * DAY_MS
    assert intake.forget_before(0, horizon) is None
    old = [Reading(NUMBERS[0], START + minute * MINUTE_MS, 7, GOOD, START + 3 * DAY_MS + minute) for minute in (5, 10)]
    new = Reading(NUMBERS[0], horizon + MINUTE_MS, 7, GOOD, START + 3 * DAY_MS)
    [changes] = intake.take(columns([*old, new], 1))
    assert changes.end.tolist() == [horizon + 5 * MINUTE_MS]
    [day] = intake.too_old()
    assert (day.station, day.quantity, day.received_at, day.readings) == (*WATCHED[0], START + 3 * DAY_MS + 10, 2)
    assert day.day == (START + SHIFT) // DAY_MS
    assert (intake.too_old(), intake.beyond_horizon) == ([], 2)


@pytest.mark.parametrize("seed", range(5))
def test_lateness_is_told_in_the_order_of_reading_whatever_the_batch(seed: int) -> None:
    """A watermark is the greatest event time or tick so far less the lateness; one batch of all tells the same."""
    rng = Random(seed)
    count = 60
    series = np.array([rng.randrange(3) for _ in range(count)])
    times = np.array([rng.randrange(1_000) for _ in range(count)])
    ticks = np.maximum.accumulate([-(2**62), *(rng.choice([-(2**62), rng.randrange(500)]) for _ in range(count - 1))])
    watermark, lateness = np.array([5, 50, -(2**62)]), np.array([10, 20, 30])
    expected = []
    for row in range(count):
        before = [int(times[each]) for each in range(row) if series[each] == series[row]]
        known = [*before, int(ticks[row])]
        late = [each - int(lateness[series[row]]) for each in known if each > -(2**62)]
        expected.append(max([*late, int(watermark[series[row]])]))
    assert watermarks_at_reading(series, times, ticks, watermark, lateness).tolist() == expected
