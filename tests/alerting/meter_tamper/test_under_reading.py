"""Laws of the reason under_reading: a kilowatt hour lifts what it used to.

The meter reports every 5 min, its pumps run from 06:00 to 22:00 with 0.08 of 0.1 m3/s. Times are those of March 2026.
"""

from __future__ import annotations

from hydro.instants import DAY_MS
from tests.alerting.meter_tamper.asking import found, seen
from tests.alerting.meter_tamper.waterworks import Works, during, register_with
from tests.alerting.stream_of_messages import at


def test_three_days_of_less_water_for_the_same_electricity() -> None:
    works = Works("01 00:00", "25 00:00", seen=during("16 00:00", "25 00:00", 0.5))
    (one,) = found(works)
    assert (one.reason, one.resolved) == ("under_reading", None)
    assert at("16 00:00") < at(one.raised or "") <= at("16 00:00") + 7 * DAY_MS


def test_four_fifths_are_the_bound() -> None:
    assert found(Works("01 00:00", "28 00:00", seen=during("16 00:00", "28 00:00", 0.82))) == []
    assert found(Works("01 00:00", "28 00:00", seen=during("16 00:00", "28 00:00", 0.77))) != []


def test_a_head_that_rises_slowly_is_learned() -> None:
    """A third more in a month: the ratio falls to three quarters, and never by a fifth within days."""
    works = Works("01 00:00", "31 00:00", head=lambda end: 1.0 + (end - at("01 00:00")) / DAY_MS / 90)
    assert found(works) == []


def test_nothing_is_held_against_a_week_that_was_not_seen() -> None:
    """240 running hours are needed: at 16 a day those of fifteen days."""
    assert found(Works("01 00:00", "14 00:00", seen=during("08 00:00", "14 00:00", 0.5))) == []


def test_after_work_at_the_meter_it_is_learned_anew() -> None:
    work = "id,scope,code,from,to,kind\nm,station,Q,2026-03-15T09:30,2026-03-15T11:15,pump\n"
    works = Works("01 00:00", "30 00:00", head=during("15 10:00", "30 00:00", 1.6))
    assert found(works, maintenance=work) == []
    assert [each.reason for each in found(works)] == ["under_reading"]


def test_a_meter_of_slots_longer_than_an_hour_has_units_of_its_own() -> None:
    works = Works(
        "01 00:00",
        "31 00:00",
        step_min=240,
        flow=lambda _: 0.08,
        seen=during("16 00:00", "31 00:00", 0.5),
    )
    raised = seen(register_with(interval_min=240), works.readings())
    assert [each.reason for each in raised] == ["under_reading"]
