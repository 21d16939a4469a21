"""Laws of the reason flat_line: what should move stands still for longer than its point allows, whoever asks when.

Readings come every 20 min; a value may stand for 3 h. Times are those of March 2026, ``DD HH:MM``.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from alerting.device_fault.engine import DeviceFaultEngine
from hydro.instants import DAY_MS, MINUTE_MS
from ingest.decode import TickSource
from tests.alerting.stream_of_messages import Run, Told, at, judged, register_of, report, told

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from alerting.record import SubjectAlerts
    from hydro.register import Register
    from tests.alerting.stream_of_messages import Message

TWENTY = 20 * MINUTE_MS


def gauge(quantity: str = "discharge", flat_hours: str = "3", *, further: str = "") -> Register:
    """One station with one point."""
    points = f"station,quantity,flat_hours,zero_below,valid_from,valid_to\nS,{quantity},{flat_hours},0.02,,\n{further}"
    return register_of(["S,,section,,,,g,20"], points=points)


def readings(first: str, values: Iterable[float | None], quantity: str = "discharge") -> Iterator[Message]:
    """One at the end of each slot from the first on; None: there is none."""
    for number, value in enumerate(values):
        if value is not None:
            time = at(first) + number * TWENTY
            yield report(time, "S", {quantity: value})


def moving(number: int) -> list[float]:
    """Values none of which is that before."""
    return [1.0 + 0.1 * (each % 3) for each in range(number)]


def faults(register: Register, messages: Sequence[Message], cuts: Sequence[int] = ()) -> list[Told]:
    """What is told of a stream."""
    return told(judged(DeviceFaultEngine, register, messages, cuts=cuts))


def test_more_than_flat_hours_is_evidence_from_the_first_reading_on_and_a_day_of_motion_ends_it() -> None:
    """Shown first at 02:00, three hours later it has stood for three hours, and twenty minutes later for more."""
    values = [*moving(5), *[1.5] * 12, *moving(80)]
    whole = list(readings("01 00:20", values))
    assert faults(gauge(), whole[:15]) == []
    assert faults(gauge(), whole[:16]) == [Told("S", "flat_line", "01 02:00", "01 05:20", None, "blue")]
    assert faults(gauge(), whole) == [Told("S", "flat_line", "01 02:00", "01 05:20", "02 05:40", "yellow")]


@pytest.mark.parametrize(
    ("quantity", "value", "flat_hours", "is_odd"),
    [
        pytest.param("discharge", 1.5, "3", True, id="a flow"),
        pytest.param("discharge", 0.0, "3", False, id="no flow"),
        pytest.param("discharge", 0.02, "3", False, id="what is not distinguishable from zero"),
        pytest.param("discharge", 0.021, "3", True, id="a trickle"),
        pytest.param("discharge", 1.5, "", False, id="a fixed orifice, of which nobody asks"),
        pytest.param("stage", 0.7, "3", True, id="a stage"),
        pytest.param("volume_total", 812.0, "3", False, id="a total while nothing flows"),
        pytest.param("pump", 1.0, "3", False, id="a pump that runs"),
        pytest.param("discharge", 1.5, "8", False, id="not for long enough"),
    ],
)
def test_what_stands_honestly(quantity: str, value: float, flat_hours: str, is_odd: bool) -> None:  # noqa: FBT001
    stream = list(readings("01 00:20", [value] * 20, quantity))
    assert [one.reason for one in faults(gauge(quantity, flat_hours), stream)] == (["flat_line"] if is_odd else [])


def test_unknown_slots_are_passed_over_and_more_than_an_hour_begins_anew() -> None:
    short = [1.5] * 5 + [None] * 2 + [1.5] * 5
    assert [one.raised for one in faults(gauge(), list(readings("01 00:20", short)))] == ["01 03:40"]
    long = [1.5] * 5 + [None] * 4 + [1.5] * 9
    assert faults(gauge(), list(readings("01 00:20", long))) == []


def test_the_row_that_is_valid_says_how_long() -> None:
    """Until the end of the first day nobody asks, from then on it is known to have stood."""
    dated = "S,discharge,,0.02,,2026-03-01\nS,discharge,3,0.02,2026-03-02,\n"
    points = f"station,quantity,flat_hours,zero_below,valid_from,valid_to\n{dated}"
    register = register_of(["S,,section,,,,g,20"], points=points)
    assert [one.raised for one in faults(register, list(readings("01 12:00", [1.5] * 60)))] == ["02 00:20"]


def test_a_late_reading_makes_it_so_or_moves_it() -> None:
    stream = list(readings("01 00:20", [1.5] * 8 + [None] * 4 + [1.5] * 8))
    assert faults(gauge(), stream) == []
    late = [report(at("02 00:00"), "S", {"discharge": 1.5}, f"01 0{time}") for time in ("3:20", "3:40", "4:00")]
    assert [one.raised for one in faults(gauge(), [*stream, *late], cuts=[10, 17])] == ["01 03:40"]
    moved = report(at("02 00:00"), "S", {"discharge": 1.6}, "01 02:00")
    found = faults(gauge(), [*stream, *late[:1], moved], cuts=[10, 16, 17])
    assert [(one.onset, one.raised) for one in found] == [("01 02:20", "01 05:40")]


def drawn(rng: Random) -> list[Message]:
    """Days of a gauge that gets stuck now and then, with readings that are late and corrected."""
    messages, value = [], 1.0
    for time in range(at("01 00:20"), at("07 00:00") + 1, TWENTY):
        if rng.random() < (0.03 if (time // DAY_MS) % 2 else 0.6):
            value = rng.choice([0.0, 1.0, 1.1, 1.2])
        if rng.random() < 0.9:
            wrong = rng.random() < 0.03
            delay = DAY_MS if rng.random() < 0.01 else rng.randrange(0, 25) * MINUTE_MS
            messages.append(report(time + delay, "S", {"discharge": value + 5 if wrong else value}, time))
            if wrong:
                messages.append(report(time + DAY_MS, "S", {"discharge": value}, time))
    return messages


@pytest.mark.parametrize("seed", range(5))
def test_cuts_crashes_and_order_change_nothing(seed: int) -> None:
    rng = Random(seed)
    messages, register = drawn(rng), gauge()
    whole = judged(DeviceFaultEngine, register, messages, ticks=TickSource.HEARTBEAT)
    assert judged(DeviceFaultEngine, register, messages, ticks=TickSource.HEARTBEAT, dying=rng) == whole
    one_by_one = judged(DeviceFaultEngine, register, messages, ticks=TickSource.HEARTBEAT, cuts=range(len(messages)))
    assert one_by_one == whole
    assert whole


def test_a_register_that_says_otherwise_is_asked_anew() -> None:
    run = Run(DeviceFaultEngine, gauge(flat_hours="9"), list(readings("01 00:20", [1.5] * 20)), TickSource.HEARTBEAT)
    run.read(len(run))
    run.save(10)
    assert run.said == []
    run.crash(gauge())
    assert shown(run.said) == ["flat_line"]


def shown(found: Iterable[SubjectAlerts]) -> list[str]:
    """Reasons."""
    return [one.reason for one in told(list(found))]
