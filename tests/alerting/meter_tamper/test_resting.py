"""However rows are cut into portions, and whichever a judge sleeps through, it finds the same.

Judges are shown streams of a meter that is honest, held, frozen, set back, opened and lost at random; while a judge
rests, it is shown nothing but what it marks.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from alerting.takes.tamper import tamper_judges
from hydro.fixed import MICRO
from hydro.instants import MINUTE_MS
from hydro.quantity import Quantity
from tests.alerting.meter_tamper.asking import findings, seen
from tests.alerting.meter_tamper.waterworks import Works, register_with
from tests.alerting.stream_of_messages import at

if TYPE_CHECKING:
    from hydro.register import Register
    from tests.alerting.meter_tamper.waterworks import Readings

MAINTENANCE = (
    "id,scope,code,from,to,kind\n"
    "m1,station,Q,2026-03-09T10:00,2026-03-09T11:10,repair\n"
    "m2,gateway,g,2026-03-12T10:05,2026-03-12T10:20,repair\n"
)
CHANGES = "station,quantity,at,old_final,new_initial\nQ,volume_total,2026-03-15T09:02,1000,0\n"


def drawn(rng: Random, days: int) -> Readings:
    """Days of a meter to which everything happens."""
    first, last = at("01 00:00"), at(f"{days + 1:02} 00:00")
    spans = [
        (kind, start, start + rng.randint(1, 60) * 10 * MINUTE_MS)
        for kind in (
            "stuck",
            "stuck",
            "still",
            "still",
            "magnet",
            "magnet",
            "silent",
            "silent",
            "flow_lost",
            "power_lost",
        )
        for start in [rng.randrange(first, last, 5 * MINUTE_MS)]
    ]
    # A magnet is put on while the door is open.
    spans += [("door", start - 10 * MINUTE_MS, start + 5 * MINUTE_MS) for kind, start, _ in spans if kind == "magnet"]

    def now(kind: str, end: int) -> bool:
        return any(kind == each and start < end <= until for each, start, until in spans)

    works = Works(
        "01 00:00",
        f"{days + 1:02} 00:00",
        seen=lambda end: 0.5 if now("magnet", end) else 1.0,
        counted=lambda end: 0.0 if now("stuck", end) else 1.0,
        door=lambda end: now("door", end),
        jumps={f"{rng.randint(1, days):02} 1{rng.randint(0, 9)}:00": rng.choice([-900.0, -2.0, 80.0, 5000.0])},
        shows=lambda quantity, end: (
            not (
                now("silent", end)
                or (quantity is Quantity.DISCHARGE and now("flow_lost", end))
                or (quantity in (Quantity.POWER, Quantity.PUMP) and now("power_lost", end))
                or rng.random() < 0.01
            )
        ),
    )
    readings = works.readings()
    flow = readings[Quantity.DISCHARGE]
    flow.update({end: rng.choice([0, MICRO // 1000]) for end in flow if now("still", end)})  # its total goes on
    return readings


def registers() -> list[Register]:
    """A plain one, and one in which people come and the design changes."""
    dated = "station,permit,reach,design_max_m3s,valid_from,valid_to\nQ,,,0.1,,2026-03-10\nQ,,,0.2,2026-03-11,\n"
    coarse = (
        "station,quantity,counter_kind,counter_max,resolution,max_step,rated_kw\n"
        "Q,volume_total,forward,,40,60,\nQ,power,,,,,44\n"
    )
    return [
        register_with(),
        register_with(maintenance=MAINTENANCE, meter_changes=CHANGES, intakes=dated),
        register_with(points=coarse),
    ]


@pytest.mark.parametrize("seed", range(2))
def test_portions_and_rest_change_nothing(seed: int) -> None:
    check(Random(seed), days=10)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 160))
def test_portions_and_rest_change_nothing_on_many_streams(seed: int) -> None:
    check(Random(seed), days=30)


def check(rng: Random, days: int) -> None:
    """All judges by all registers over one stream."""
    readings = drawn(rng, days)
    for register in registers():
        for judge in tamper_judges(register, ["Q"]):
            assert findings(judge, readings, Random(rng.random())) == findings(judge, readings), judge.name


def test_the_streams_hold_evidence_of_every_reason_that_does_not_need_weeks() -> None:
    found = {each.reason for seed in range(3) for each in seen(registers()[0], drawn(Random(seed), 12))}
    assert found >= {"door_step", "total_frozen", "counter_back"}
