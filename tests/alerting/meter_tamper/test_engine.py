"""Laws of the class meter_tamper in its engine: one alert of a meter, the same for any cuts, order and crash."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from alerting.takes.engine import TakesEngine
from hydro.fixed import MICRO
from hydro.instants import DAY_MS, MINUTE_MS
from ingest.decode import TickSource
from tests.alerting.meter_tamper.test_resting import drawn, registers
from tests.alerting.meter_tamper.waterworks import Works, register_with, shown
from tests.alerting.stream_of_messages import Message, Run, at, judged, report

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from alerting.record import AlertRecord, SubjectAlerts
    from hydro.register import Register
    from tests.alerting.meter_tamper.waterworks import Readings


def messages(readings: Readings, rng: Random | None = None) -> list[Message]:
    """One message a slot; with chance, its readings come apart, up to 25 min late, and one in a hundred a day late."""
    found = []
    for end in sorted({end for series in readings.values() for end in series}):
        values = {quantity.text: series[end] / MICRO for quantity, series in readings.items() if end in series}
        if rng is None:
            found.append(report(end, "Q", values))
            continue
        for names in (set(list(values)[::2]), set(list(values)[1::2])):
            late = DAY_MS if rng.random() < 0.01 else rng.randrange(0, 25) * MINUTE_MS
            found.append(report(end + late, "Q", {name: values[name] for name in values if name in names}, end))
    return found


def alerts(found: Iterable[SubjectAlerts]) -> list[AlertRecord]:
    """Of this class."""
    return [record for one in found if one.alert_class == "meter_tamper" for record in one.alerts]


def test_two_reasons_at_one_time_are_one_orange_alert_of_the_station() -> None:
    works = Works(
        "01 00:00",
        "21 00:00",
        counted=lambda end: 0.0 if at("05 07:00") < end <= at("05 12:00") else 1.0,
        jumps={"08 03:00": -50.0},
    )
    (record,) = alerts(judged(TakesEngine, register_with(), messages(works.readings())))
    assert (record.reason, record.subject_kind, record.subject) == ("total_frozen", "station", "Q")
    assert [(change.level.text, shown(change.at)) for change in record.levels] == [
        ("yellow", "05 08:45"),
        ("orange", "08 03:00"),
    ]
    assert shown(record.resolved_at) == "15 03:00"
    assert (record.value, record.window, record.worst, record.estimate) == (None, None, None, None)


def test_one_reason_twice_is_no_second_reason() -> None:
    works = Works("01 00:00", "20 00:00", jumps={"03 03:00": -50.0, "05 03:00": -50.0})
    (record,) = alerts(judged(TakesEngine, register_with(), messages(works.readings())))
    assert [change.level.text for change in record.levels] == ["yellow"]
    assert shown(record.resolved_at) == "12 03:00"


def test_what_was_not_seen_is_estimated_at_midnights() -> None:
    """Half of 0.08 m3/s is not seen for 16 hours a day."""
    works = Works("01 00:00", "25 12:00", seen=lambda end: 0.5 if end > at("16 00:00") else 1.0)
    (record,) = alerts(judged(TakesEngine, register_with(), messages(works.readings())))
    assert record.reason == "under_reading"
    assert record.estimate is not None
    assert record.estimate.volume is not None
    missing = 0.04 * 16 * 3600 * 9
    assert abs(record.estimate.volume / MICRO - missing) < 0.01 * missing
    lasted = (at("25 00:00") - record.onset) / 1000
    assert abs(record.estimate.rate - record.estimate.volume / lasted) < 1
    assert (record.estimate.method, record.estimate.statutory) == ("own_ratio", None)


def same(register: Register, stream: Sequence[Message], seed: int) -> None:
    """Cuts, and crashes at any step, change nothing."""
    rng = Random(seed)
    cuts = sorted(rng.sample(range(len(stream)), 25))
    whole = judged(TakesEngine, register, stream, ticks=TickSource.HEARTBEAT)
    assert judged(TakesEngine, register, stream, ticks=TickSource.HEARTBEAT, cuts=cuts) == whole
    assert judged(TakesEngine, register, stream, ticks=TickSource.HEARTBEAT, dying=rng) == whole


@pytest.mark.parametrize("seed", [3])
def test_cuts_and_crashes_change_nothing(seed: int) -> None:
    rng = Random(seed)
    same(registers()[1], messages(drawn(rng, 5), rng), seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(200, 230))
def test_cuts_and_crashes_change_nothing_of_many_streams(seed: int) -> None:
    rng = Random(seed)
    same(rng.choice(registers()), messages(drawn(rng, 14), rng), seed)


@pytest.mark.parametrize("seed", [7])
def test_the_order_in_which_readings_come_changes_nothing(seed: int) -> None:
    """Be they late, or a day late: the same set of readings gives the same alerts."""
    readings, register = drawn(Random(seed), 8), register_with()
    in_order = judged(TakesEngine, register, messages(readings))
    mixed = judged(TakesEngine, register, messages(readings, Random(seed)), cuts=range(0, 4000, 97))
    assert [one._replace(late=None) for one in mixed] == [one._replace(late=None) for one in in_order]
    assert alerts(in_order)


def test_a_visit_that_is_entered_later_ends_the_alert() -> None:
    """A register that knows of the visit is asked anew: the alert ends when the people left."""
    works = Works("01 00:00", "06 00:00", jumps={"03 03:00": -50.0})
    run = Run(TakesEngine, register_with(), messages(works.readings()), TickSource.HEARTBEAT)
    run.read(len(run))
    run.save(10)
    assert alerts(run.said)[-1].resolved_at is None
    visit = "id,scope,code,from,to,kind\nm1,station,Q,2026-03-04T10:00,2026-03-04T11:00,repair\n"
    run.crash(register_with(maintenance=visit))
    assert shown(alerts(run.said)[-1].resolved_at) == "04 11:00"
