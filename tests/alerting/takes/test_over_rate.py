"""Laws of the class over_rate: which limit holds when, what is above it, and what ends it.

Slots are 10 minutes long. Times are those of March 2026, ``DD HH:MM``.
"""

from __future__ import annotations

import pytest

from alerting.record import Estimate, Window
from hydro.fixed import MICRO
from tests.alerting.stream_of_messages import at
from tests.alerting.takes.intake_streams import alerts_of, intakes, intakes_with, slots

PERMIT = "permit,holder,division,industry,source,annual_m3,valid_from,valid_to,state,max_rate_m3s\n"
WINDOWS = "permit,from_day,to_day,hours,max_rate_m3s\n"
SHARES = "permit,intake,valid_from,share,max_rate_m3s\n"
RESTRICTIONS = (
    "id,scope,code,action,from,to,limit_m3s,trigger_station,trigger_quantity,trigger_below,resume_above,hold_min\n"
)
WITH_PERMIT = ("A,P,,2,,,,,,,",)


def permits(rate: str = "1", state: str = "valid", dates: str = ",") -> str:
    """One permit P of so many m3/s."""
    return f"{PERMIT}P,p,,,surface,1000000,{dates},{state},{rate}\n"


def test_an_hour_above_the_permit_by_more_than_five_percent_is_too_much() -> None:
    """The first mean of six slots that is above; it ends after two hours of slots within the limit itself."""
    [record] = alerts_of(
        intakes(WITH_PERMIT, permits=permits()),
        slots("01 00:10", "01 02:00", discharge=1.05),
        slots("01 02:10", "01 04:00", discharge=1.3),
        slots("01 04:10", "01 05:00", discharge=1.04),
        slots("01 05:10", "01 09:00", discharge=1.0),
        name="over_rate",
    )
    assert (record.reason, record.subject_kind, record.subject) == ("permit_max", "intake", "A")
    assert (record.onset, record.raised_at, record.resolved_at) == (at("01 01:10"), at("01 02:10"), at("01 07:00"))
    assert [(change.level.text, change.at) for change in record.levels] == [
        ("yellow", at("01 02:10")),
        ("orange", at("01 02:40")),
        ("yellow", at("01 05:20")),
    ]
    assert (record.worst and (record.worst.ratio, record.worst.at)) == (1.3, at("01 03:00"))
    assert record.window == Window(at("01 06:50") - 3_600_000, at("01 06:50"), 6, 6)
    assert (record.value, record.target) == (MICRO, MICRO)


def test_what_was_taken_too_much_is_metered() -> None:
    """0.3 m3/s above 1 for 2 h, in the 4 h from the onset to the end; 5 slots of the first mean count, too."""
    [record] = alerts_of(
        intakes(WITH_PERMIT, permits=permits()),
        slots("01 00:10", "01 02:00", discharge=1.0),
        slots("01 02:10", "01 04:00", discharge=1.3),
        slots("01 04:10", "01 09:00", discharge=0.5),
        name="over_rate",
    )
    assert (record.onset, record.resolved_at) == (at("01 01:20"), at("01 06:00"))
    volume = 12 * 600 * 300_000
    assert record.estimate == Estimate(round(volume / (280 * 60)), None, None, volume, None, "metered")


@pytest.mark.parametrize(
    ("tables", "reason", "target"),
    [
        ({}, "design_max", 2.0),
        ({"permits": permits("2")}, "permit_max", 2.0),
        ({"permits": permits("3")}, "design_max", 2.0),
        ({"permits": permits("")}, "design_max", 2.0),
        ({"permits": permits("1", "renewal")}, "permit_max", 1.0),
        ({"permits": permits("1", "suspended")}, "design_max", 2.0),
        ({"permits": permits("1", dates=",2026-02-28")}, "design_max", 2.0),
        ({"permits": permits("1"), "permit_intakes": SHARES + "P,A,,,0.4\n"}, "permit_max", 0.4),
        ({"permits": permits("1"), "permit_windows": WINDOWS + "P,03-01,03-31,,0.5\n"}, "permit_max", 0.5),
        ({"permits": permits("1"), "permit_windows": WINDOWS + "P,04-01,10-31,,\n"}, "season", 0.0),
        ({"permits": permits("1"), "permit_windows": WINDOWS + "P,01-01,12-31,20-22,\n"}, "hours", 0.0),
        ({"restrictions": RESTRICTIONS + "x,intake,A,limit,2026-03-01,,0.3,,,,,\n"}, "permit_max", 0.3),
        ({"restrictions": RESTRICTIONS + "x,division,520100,stop,2026-03-01,,,,,,,\n"}, "design_max", 2.0),
        ({"restrictions": RESTRICTIONS + "x,intake,A,stop,2026-03-01,,,,,,,\n"}, "ban", 0.0),
        ({"restrictions": RESTRICTIONS + "x,intake,A,limit,2026-03-01,,0,,,,,\n"}, "ban", 0.0),
    ],
    ids=str,
)
def test_the_least_of_all_that_bounds_is_the_limit(tables: dict[str, str], reason: str, target: float) -> None:
    lines = WITH_PERMIT if "permits" in tables else ("A,,,2,,,,,,,",)
    [record] = alerts_of(intakes_with(lines, tables), slots("01 00:10", "01 06:00", discharge=5), name="over_rate")
    assert (record.reason, record.target, record.raised_at) == (reason, round(target * MICRO), at("01 01:00"))
    assert record.level.text == ("yellow" if reason in ("season", "hours") else "red")


def test_no_mean_reaches_over_the_end_of_the_hours() -> None:
    """A pump that stops in time is honest, though the hour behind it flowed; zero_below is nothing."""
    tables = {"permits": permits("1"), "permit_windows": WINDOWS + "P,01-01,12-31,6-8,\n"}
    register = intakes_with(WITH_PERMIT, tables)
    honest = [*slots("01 06:10", "01 08:00", discharge=0.5), *slots("01 08:10", "01 12:00", discharge=0.01)]
    assert alerts_of(register, honest, name="over_rate") == []
    [record] = alerts_of(register, honest, slots("01 12:10", "01 13:00", discharge=0.1), name="over_rate")
    assert (record.reason, record.onset, record.raised_at) == ("hours", at("01 11:10"), at("01 12:10"))
    assert record.worst is None


def test_flow_of_an_intake_is_that_of_all_its_points_and_known_only_where_all_are() -> None:
    lines, points = ("A,,,1,S,,,,,,", "B,,,1,S,,,,,,"), ("A,discharge,,,,,,", "B,discharge,,,,,,")
    register = intakes(lines, points=points)
    one, other = (
        [*slots("01 00:10", "01 03:00", "A", discharge=1.5)],
        [*slots("01 00:10", "01 03:00", "B", discharge=1)],
    )
    [record] = alerts_of(register, one, other, name="over_rate")
    assert (record.subject, record.value, record.target, record.reason) == ("S", 2_500_000, 2 * MICRO, "design_max")
    assert alerts_of(register, one, other[:4], name="over_rate") == []


def test_a_gauge_binds_and_frees() -> None:
    """An hour below 1 m stops, an hour at 1.2 m or above frees; late data of the gauge judge the intake again."""
    restrictions = RESTRICTIONS + "x,intake,A,stop,2026-03-01,,,G,stage,1,1.2,60\n"
    register = intakes(restrictions=restrictions)
    taking = [*slots("01 00:10", "01 12:00", discharge=0.5)]
    low = [*slots("01 00:10", "01 02:00", "G", stage=1.1), *slots("01 02:10", "01 06:00", "G", stage=0.9)]
    high = [*slots("01 06:10", "01 12:00", "G", stage=1.3)]
    [record] = alerts_of(register, taking, low, high, name="over_rate")
    assert (record.reason, record.level.text) == ("ban", "yellow")
    assert (record.onset, record.raised_at, record.resolved_at) == (at("01 03:00"), at("01 04:00"), at("01 09:00"))
    behind = [message._replace(received_at=message.received_at + 20 * 3_600_000) for message in (*low, *high)]
    assert alerts_of(register, taking, behind, name="over_rate") == [record]
