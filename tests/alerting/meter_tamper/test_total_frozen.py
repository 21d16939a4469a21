"""Laws of the reason total_frozen: flow and total of a meter tell of the same water.

The meter reports every 5 min, its pumps run from 06:00 to 22:00 with 0.08 of 0.1 m3/s. Times are those of March 2026.
"""

from __future__ import annotations

import pytest

from hydro.quantity import Quantity
from tests.alerting.meter_tamper.asking import Seen, found, seen
from tests.alerting.meter_tamper.waterworks import Works, during, register_with
from tests.alerting.stream_of_messages import at


def test_two_hours_of_flow_that_the_total_does_not_count() -> None:
    """Raised as soon as the total has gained less than a tenth in two hours; what it gained before 07:00 is in them."""
    frozen = Works("05 00:00", "06 00:00", counted=during("05 07:00", "05 12:00", 0.0))
    assert found(frozen) == [Seen("total_frozen", "05 06:45", "05 08:45", None)]
    short = Works("05 00:00", "06 00:00", counted=during("05 07:00", "05 08:30", 0.0))
    assert found(short) == []


@pytest.mark.parametrize(("counted", "is_frozen"), [(0.09, True), (0.12, False)])
def test_a_tenth_of_the_integral_is_the_bound(counted: float, is_frozen: bool) -> None:  # noqa: FBT001
    works = Works("05 00:00", "06 00:00", counted=during("05 06:00", "05 22:00", counted))
    assert bool(found(works)) == is_frozen


def test_a_coarse_total_is_given_time_for_ten_of_its_steps() -> None:
    """0.006 m3/s make 43 m3 in 2 h: of a display of 10 m3 that says nothing, 100 m3 do."""
    points = "station,quantity,counter_kind,resolution\nQ,volume_total,forward,{}\n"
    works = Works("05 00:00", "05 22:00", flow=during("05 06:00", "05 22:00", 0.006, 0.0), counted=lambda _: 0.0)
    assert [each.raised for each in found(works, points=points.format(1))] == ["05 08:00"]
    assert [each.raised for each in found(works, points=points.format(10))] == ["05 10:45"]
    assert found(works, points=points.format(100)) == []


def test_a_total_that_counts_without_flow_is_the_reverse() -> None:
    readings = Works("05 00:00", "06 00:00").readings()
    flow = readings[Quantity.DISCHARGE]
    flow.update({end: 0 for end in flow if at("05 10:00") < end})
    assert seen(register_with(), readings) == [Seen("total_frozen", "05 10:45", "05 12:45", None)]


def test_a_display_that_stands_while_the_pump_does_not_run_is_no_frozen_total() -> None:
    """A stuck display of the flow is a fault."""
    readings = Works("05 00:00", "06 00:00").readings()
    flow = readings[Quantity.DISCHARGE]
    flow.update({end: 80_000 for end in flow if at("05 21:00") < end})
    assert seen(register_with(), readings) == []
