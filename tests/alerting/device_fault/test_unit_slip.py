"""Laws of the reason unit_slip: a flow beyond its design by the factor between two units is a wrong unit.

An intake of 0.1 m3/s reports every 20 min. Times are those of March 2026, ``DD HH:MM``.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from alerting.device_fault.engine import DeviceFaultEngine
from hydro.instants import MINUTE_MS
from ingest.decode import TickSource
from tests.alerting.stream_of_messages import Told, at, judged, register_of, report, told

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hydro.register import Register
    from tests.alerting.stream_of_messages import Message

TWENTY = 20 * MINUTE_MS


def intake(design: str = "0.1", points: str = "") -> Register:
    """One metering point."""
    rows = f"station,permit,reach,design_max_m3s\nQ,,,{design}\n"
    return register_of(
        ["Q,,intake,,,,g,20"],
        intakes=rows,
        points=f"station,quantity,min,max,multiplier\n{points}",
    )


def flows(values: Sequence[float]) -> Iterator[Message]:
    """One at the end of each slot of the first day of March."""
    for number, value in enumerate(values):
        yield report(at("01 00:20") + number * TWENTY, "Q", {"discharge": value})


def reasons(register: Register, values: Sequence[float]) -> list[str]:
    """Of the alerts."""
    return [one.reason for one in told(judged(DeviceFaultEngine, register, list(flows(values))))]


@pytest.mark.parametrize(
    ("value", "is_slip"),
    [
        pytest.param(0.09, False, id="honest"),
        pytest.param(0.15, False, id="half as much again"),
        pytest.param(0.26, False, id="far too much, but by no unit"),
        pytest.param(0.27, True, id="at three quarters of its design, as m3/h for L/s"),
        pytest.param(0.36, True, id="at its design"),
        pytest.param(0.46, False, id="between"),
        pytest.param(6.0, True, id="m3/min"),
        pytest.param(90.0, True, id="L/s"),
        pytest.param(360.0, True, id="m3/h"),
        pytest.param(900.0, False, id="beyond all units"),
    ],
)
def test_a_quarter_around_the_factors_is_near(value: float, is_slip: bool) -> None:  # noqa: FBT001
    assert reasons(intake(), [0.05] * 6 + [value] * 6) == (["unit_slip"] if is_slip else [])


def test_an_hour_of_it_raises_and_a_day_of_honest_flow_ends_it() -> None:
    stream = list(flows([0.09] * 3 + [0.32] * 6 + [0.09] * 80))
    found = told(judged(DeviceFaultEngine, intake(), stream))
    assert found == [Told("Q", "unit_slip", "01 01:00", "01 02:00", "02 03:00", "yellow")]
    assert reasons(intake(), [0.09] * 3 + [0.32] * 2 + [0.09] * 9) == []


def test_what_the_gross_range_fails_counts_as_well() -> None:
    """A bound at the design is just what a wrong unit exceeds."""
    bounded = intake(points="Q,discharge,0,0.125,\n")
    assert "unit_slip" in reasons(bounded, [0.09] * 3 + [0.32] * 6)


def test_a_factor_in_the_register_is_no_slip() -> None:
    """The meter shows litres, and the register says so."""
    in_litres = intake(points="Q,discharge,,,0.001\n")
    assert reasons(in_litres, [90.0] * 6) == []
    assert reasons(in_litres, [90_000.0] * 6) == ["unit_slip"]


def test_without_a_design_nobody_asks() -> None:
    assert reasons(intake(design=""), [90.0] * 6) == []


@pytest.mark.parametrize("seed", range(3))
def test_cuts_and_crashes_change_nothing(seed: int) -> None:
    rng = Random(seed)
    stream = list(flows([rng.choice([0.05, 0.09, 0.34, 0.35, 0.36, 95.0]) for _ in range(300)]))
    whole = judged(DeviceFaultEngine, intake(), stream, ticks=TickSource.HEARTBEAT)
    assert judged(DeviceFaultEngine, intake(), stream, ticks=TickSource.HEARTBEAT, dying=rng) == whole
    assert whole
