"""Laws of the reason counter_back: a forward total does not fall.

The meter reports every 5 min, its pumps run from 06:00 to 22:00 with 0.08 of 0.1 m3/s. Times are those of March 2026.
"""

from __future__ import annotations

import pytest

from hydro.fixed import MICRO
from hydro.quantity import Quantity
from tests.alerting.meter_tamper.asking import Seen, found, seen
from tests.alerting.meter_tamper.waterworks import Works, register_with


@pytest.mark.parametrize(
    ("jump", "is_back"),
    [
        pytest.param(-50.0, True, id="fifty"),
        pytest.param(-2.0, True, id="two"),
        pytest.param(-1.0, False, id="a step of the display"),
        pytest.param(500.0, False, id="forward"),
    ],
)
def test_a_forward_total_that_falls_by_more_than_its_display_step_was_set_back(jump: float, is_back: bool) -> None:  # noqa: FBT001
    """In the night, when nothing flows."""
    raised = [Seen("counter_back", "03 02:55", "03 03:00", None)] if is_back else []
    assert found(Works("03 00:00", "04 00:00", jumps={"03 03:00": jump})) == raised


def test_seven_days_without_another_fall_end_it() -> None:
    works = Works("03 00:00", "20 00:00", jumps={"03 03:00": -50.0, "06 03:00": -50.0})
    assert found(works) == [Seen("counter_back", "03 02:55", "03 03:00", "13 03:00")]


def test_a_counter_at_its_end_begins_anew() -> None:
    readings = Works("03 00:00", "04 00:00", begins_at=99_999_000.0).readings()
    total = readings[Quantity.VOLUME_TOTAL]
    total.update({end: value % (100_000_000 * MICRO) for end, value in total.items()})
    assert max(total.values()) > 99_999_900 * MICRO
    assert min(total.values()) < 2_000 * MICRO
    assert seen(register_with(), readings) == []


@pytest.mark.parametrize("kind", ["net", "reverse", ""])
def test_only_of_a_forward_total_a_fall_is_odd(kind: str) -> None:
    points = f"station,quantity,counter_kind,resolution\nQ,volume_total,{kind},1\n"
    assert found(Works("03 00:00", "04 00:00", jumps={"03 03:00": -50.0}), points=points) == []


def test_a_changed_meter_begins_where_it_likes() -> None:
    changes = "station,quantity,at,old_final,new_initial\nQ,volume_total,2026-03-03T02:57,1000,7\n"
    assert found(Works("03 00:00", "04 00:00", jumps={"03 03:00": -900.0}), meter_changes=changes) == []


def test_what_happens_while_people_work_is_theirs() -> None:
    work = "id,scope,code,from,to,kind\nm,{},{},2026-03-03T02:30,2026-03-03T03:20,repair\n"
    works = Works("03 00:00", "04 00:00", jumps={"03 03:00": -900.0})
    assert found(works, maintenance=work.format("station", "Q")) == []
    assert found(works, maintenance=work.format("gateway", "g")) == []
    assert len(found(works, maintenance=work.format("station", "Q").replace("T03:20", "T02:50"))) == 1


def test_a_record_of_a_visit_settles_it() -> None:
    """Somebody was at the meter; work on the gateway is no visit."""
    works = Works("03 00:00", "07 00:00", jumps={"03 03:00": -50.0})
    work = "id,scope,code,from,to,kind\nm,{},{},2026-03-05T09:00,2026-03-05T10:03,repair\n"
    assert [each.resolved for each in found(works, maintenance=work.format("station", "Q"))] == ["05 10:03"]
    assert [each.resolved for each in found(works, maintenance=work.format("gateway", "g"))] == [None]
    changes = "station,quantity,at,old_final,new_initial\nQ,energy_total,2026-03-04T12:00,1000,7\n"
    assert [each.resolved for each in found(works, meter_changes=changes)] == ["04 12:00"]
