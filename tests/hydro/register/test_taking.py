"""Who may take how much where: permits, plans, intakes, and what must hold between them."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

import pytest

from hydro.instants import parse_instant
from hydro.quantity import Quantity
from hydro.register.cells import LATEST_MS
from hydro.register.permits import Hours, PlanSpan

from .tables import STATION, STATIONS, mistakes, register, warnings

TWO: Final = STATIONS + "A1,Upper,intake,Wu,Nanming,520103,,5\nA2,Lower,intake,Wu,Nanming,520103,,5\n"
PERMITS: Final = "permit,holder,division,industry,source,annual_m3,valid_from,valid_to,state\n"
PERMIT: Final = PERMITS + "P1,Waterworks,520103,4610,surface,1000000,2024-01-01,2026-12-31,\n"
OTHER: Final = PERMIT + "P2,Mill,520103,2211,surface,500000,2024-01-01,2028-12-31,\n"
INTAKES: Final = "station,permit,reach,design_max_m3s,intake\n"
PLANS: Final = "permit,month,volume_m3\n"
WINDOWS: Final = "permit,from_day,to_day,hours\n"
RESTRICTIONS: Final = (
    "id,scope,code,action,from,limit_m3s,trigger_station,trigger_quantity,trigger_below,resume_above,except_use\n"
)
AT: Final = parse_instant("2026-03-01T12:00", 480)


def test_several_metering_points_make_one_intake_and_several_permits_may_be_used_there() -> None:
    taking = register(
        TWO,
        permits=OTHER,
        intakes=INTAKES + "A1,P1,,0.5,gate\n" + "A2,,,0.5,gate\n",
        permit_intakes="permit,intake,valid_from,share,max_rate_m3s\nP2,gate,2024-01-01,0.25,0.1\nP2,gate,2025-01-01,0.4,\n",
    ).taking
    assert taking.structures == {"gate": ("A1", "A2")}
    assert [row.station for row in taking.metering_points("gate", AT)] == ["A1", "A2"]
    shares = {share.permit: (share.share, share.max_rate) for share in taking.permits_of("gate", AT)}
    assert shares == {"P1": (None, None), "P2": (Fraction(2, 5), None)}
    before = {share.permit: share.share for share in taking.permits_of("gate", parse_instant("2024-06-01T00:00", 480))}
    assert before == {"P1": None, "P2": Fraction(1, 4)}, "the row valid at event time counts"


def test_an_intake_that_names_no_structure_is_its_own() -> None:
    taking = register(intakes="station,permit,reach,design_max_m3s\nA1,,none,\n").taking
    row = taking.intake_at("A1", AT)
    assert row is not None
    assert (row.intake, row.design_max, row.reach) == ("A1", None, "none")
    assert taking.intake_at("Z9", AT) is None


def test_a_permit_ends_with_its_row() -> None:
    permits = register(permits=PERMIT).taking.permits["P1"]
    assert permits.at(parse_instant("2027-01-01T00:00", 480)) is not None
    assert permits.at(parse_instant("2027-01-01T00:01", 480)) is None


def test_a_permit_belongs_to_somebody() -> None:
    assert mistakes(permits=PERMIT.replace("Waterworks", "")) == [
        "registry/permits.csv:2: holder: is empty, and so is user: the permit belongs to nobody"
    ]
    assert mistakes(intakes=INTAKES + "A1,P9,,,\n") == ['registry/intakes.csv:2: permit: unknown permit "P9"']


def test_months_of_a_plan_make_no_more_than_its_year() -> None:
    fits = PLANS + "P1,2026,200\nP1,2026-01,100\nP1,2026-2,100\n"
    plans = register(permits=PERMIT, plans=fits).taking.plans
    assert {span: rows.rows[0].volume for (_, span), rows in plans.items()} == {
        PlanSpan(2026, 0): 200_000_000,
        PlanSpan(2026, 1): 100_000_000,
        PlanSpan(2026, 2): 100_000_000,
    }
    assert mistakes(permits=PERMIT, plans=fits + "P1,2026-03,0.5\n") == [
        "registry/plans.csv:5: volume_m3: the months of 2026 make 200.5 m3, the plan of the year is 200 m3"
    ]
    assert mistakes(permits=PERMIT, plans=PLANS + "P1,2026-13,1\n") == [
        'registry/plans.csv:2: month: "2026-13" is neither a month such as 2026-03 nor a year such as 2026'
    ]
    assert warnings(permits=PERMIT, plans=PLANS + "P1,2026,1000001\n") == [
        "registry/plans.csv:2: warning: volume_m3: 1000001 m3 is more than the 1000000 m3 of its permit"
    ]


def test_a_plan_may_be_raised_from_a_day_on() -> None:
    text = "permit,month,volume_m3,valid_from,valid_to\nP1,2026,100,,2026-05-31\nP1,2026,150,2026-06-01,\n"
    rows = register(permits=PERMIT, plans=text).taking.plans["P1", PlanSpan(2026, 0)]
    found = [rows.at(parse_instant(text, 480)) for text in ("2026-06-01T00:00", "2026-06-01T00:05")]
    assert [row.volume for row in found if row is not None] == [100_000_000, 150_000_000]


def test_metering_points_of_one_intake_are_on_one_reach() -> None:
    assert mistakes(TWO, intakes=INTAKES + "A1,,R1,,gate\nA2,,R2,,gate\n") == [
        'registry/intakes.csv:3: reach: intake "gate" is on reach "R1" in row 2'
    ]
    assert mistakes(TWO, intakes=INTAKES + "A1,,R1,,gate\nA2,,,,gate\n") == []


def test_shares_of_an_intake_make_at_most_the_whole() -> None:
    shares = "permit,intake,valid_from,share\nP1,A1,2024-01-01,0.7\nP2,A1,2025-01-01,0.4\n"
    assert mistakes(permits=OTHER, intakes=INTAKES + "A1,,,,\n", permit_intakes=shares) == [
        'registry/permit_intakes.csv:3: share: shares of intake "A1" add up to 1.1'
    ]
    later = shares + "P1,A1,2025-01-01,0.6\n"
    assert mistakes(permits=OTHER, intakes=INTAKES + "A1,,,,\n", permit_intakes=later) == []


def test_windows_are_days_and_hours_over_new_year_and_midnight_too() -> None:
    row = register(permits=PERMIT, permit_windows=WINDOWS + "P1,11-01,02-28,22-6;8:30-9\n").taking.permit_windows["P1"][
        0
    ]
    assert (row.from_day, row.to_day, row.hours) == ((11, 1), (2, 28), (Hours(1320, 360), Hours(510, 540)))
    for wrong, reason in (
        ("25-26", '"25-26" is not within one day'),
        ("6-6", '"6-6" is not within one day'),
        ("night", '"night" is not a range of hours such as 6-8 or 22:00-06:00'),
    ):
        assert mistakes(permits=PERMIT, permit_windows=WINDOWS + f"P1,11-01,02-28,{wrong}\n") == [
            f"registry/permit_windows.csv:2: hours: {reason}"
        ]


@pytest.mark.parametrize(
    ("first", "second", "clash"),
    [
        ("03-01,06-30,", "06-30,09-30,", True),
        ("03-01,06-30,", "07-01,09-30,", False),
        ("03-01,06-30,6-12", "04-01,09-30,12-18", False),
        ("03-01,06-30,22-6", "04-01,09-30,5-8", True),
    ],
    ids=["same day", "one after the other", "hours apart", "hours over midnight"],
)
def test_no_two_windows_of_a_permit_hold_at_once(first: str, second: str, clash: bool) -> None:  # noqa: FBT001  # a table
    found = mistakes(permits=PERMIT, permit_windows=WINDOWS + f"P1,{first}\nP1,{second}\n")
    expected = 'registry/permit_windows.csv:3: from_day: permit "P1" has another window on some of these days in row 2'
    assert found == ([expected] if clash else [])


def test_what_one_permit_sells_another_buys() -> None:
    head = "permit,from,delta_m3,reason,counterpart\n"
    both = head + "P1,2026-07-01,-300,trade,P2\nP2,2026-07-01,300,trade,P1\n"
    assert warnings(permits=OTHER, permit_changes=both) == []
    assert warnings(permits=OTHER, permit_changes=both.replace("-300", "-200")) == [
        f'registry/permit_changes.csv:{row}: warning: counterpart: permit "{other}" has no row that moves {volume} m3'
        " from the same day"
        for row, other, volume in ((2, "P2", 200), (3, "P1", -300))
    ]
    assert mistakes(permits=OTHER, permit_changes=head + "P1,2026-07-01,1,trade,P1\n") == [
        "registry/permit_changes.csv:2: counterpart: is the permit itself"
    ]


def test_a_restriction_binds_something_and_its_trigger_is_whole() -> None:
    good = "R1,permit,P1,limit,2026-01-01,0.5,A1,discharge,1.8,2.1,domestic;service\n"
    row = register(permits=PERMIT, restrictions=RESTRICTIONS + good).taking.restrictions[0]
    assert (row.limit, row.trigger_below, row.resume_above, row.hold_min) == (500_000, 1_800_000, 2_100_000, 60)
    assert [str(use) for use in row.except_use] == ["domestic", "service"]
    assert row.trigger_quantity is Quantity.DISCHARGE
    for wrong, reason in (
        (good.replace("limit,2026-01-01,0.5", "limit,2026-01-01,"), "limit_m3s: is empty while action is limit"),
        (good.replace("limit,", "stop,"), "limit_m3s: is given while action is stop"),
        (good.replace("discharge", ""), "trigger_quantity: is empty while other parts of the trigger are given"),
        (good.replace("2.1", "1.7"), "resume_above: is below trigger_below"),
        (good.replace("P1", "P7"), 'code: unknown permit "P7"'),
        (good.replace("2026-01-01", ""), "from: is empty"),
    ):
        found = mistakes(permits=PERMIT, restrictions=RESTRICTIONS + wrong)
        assert found == [f"registry/restrictions.csv:2: {reason}"]
    assert warnings(restrictions=RESTRICTIONS + "R1,river,Wu,stop,2026-01-01,,,,,,\n") == [
        'registry/restrictions.csv:2: warning: code: no station or intake is on river "Wu": it binds nothing'
    ]
    assert warnings(restrictions=RESTRICTIONS + "R1,division,5201,stop,2026-01-01,,,,,,\n") == []


@pytest.mark.parametrize(("most", "factor"), [("1800", "3600"), ("500", "1000"), ("1.8", "3.6")])
def test_a_design_rate_in_another_unit_is_noticed(most: str, factor: str) -> None:
    found = warnings(intakes=INTAKES + "A1,,,0.5,\n", points=f"station,quantity,min,max\nA1,discharge,0,{most}\n")
    sizes = f"0.5 m3/s and the meter's range of {most} m3/s differ by about {factor}"
    assert found == [f"registry/intakes.csv:2: warning: design_max_m3s: {sizes}: is one of them in another unit?"]


def test_a_meter_change_is_an_event_in_time() -> None:
    head = "station,quantity,at,old_final,new_initial\n"
    text = head + "A1,volume_total,2026-05-01T10:00,70,0\nA1,volume_total,2025-05-01T10:00,50,3\n"
    changes = register(meter_changes=text).taking.changes_of("A1", Quantity.VOLUME_TOTAL)
    assert [(change.old_final, change.new_initial) for change in changes] == [(50_000_000, 3_000_000), (70_000_000, 0)]
    assert mistakes(meter_changes=text.replace("A1,volume_total,2025", "A1,discharge,2025")) == [
        'registry/meter_changes.csv:3: quantity: "discharge" is not one of the quantities volume_total, energy_total'
    ]


def test_volume_from_electricity_needs_its_approved_coefficient() -> None:
    head = "station,quantity,valid_from,method,inputs,coefficient\n"
    rows = (
        head + "A1,volume,2025-01-01,electric,A1:energy_total,5.2\nA1,volume,2026-01-01,electric,A1:energy_total,5.0\n"
    )
    found = register(derivations=rows).taking.derivations["A1", Quantity.VOLUME]
    assert [row.coefficient for row in found] == [5_200_000, 5_000_000]
    assert [row.end_ms for row in found] == [parse_instant("2026-01-01T00:00", 480), LATEST_MS], "the next one ends it"
    assert mistakes(derivations=head + "A1,volume,2025-01-01,electric,A1:energy_total,\n") == [
        "registry/derivations.csv:2: coefficient: is empty while method is electric: m3 in a kWh, as approved"
    ]
    assert mistakes(derivations=head + "A1,volume,2025-01-01,sum,A1;A2,\n") == [
        'registry/derivations.csv:2: inputs: "A1" is not station:quantity'
    ]


def test_thresholds_say_from_when_on_they_count() -> None:
    head = "division,source,use,valid_from,annual_m3_min,mu_min\n"
    rows = register(
        thresholds=head + "52,surface,,2021-01-01,500000,\n52,surface,,2024-01-01,200000,\n"
    ).taking.thresholds
    assert [row.annual_min for row in rows] == [500_000_000_000, 200_000_000_000]
    assert rows[0].end_ms == rows[1].start_ms
    assert mistakes(thresholds=head + "52,surface,,2021-01-01,,\n") == [
        "registry/thresholds.csv:2: annual_m3_min: neither annual_m3_min nor mu_min is given"
    ]


def test_users_and_their_lists() -> None:
    text = "user,name,credit_code\nU1,Waterworks,915200\n"
    lists = "user,list,valid_from\nU1,national,2024-01-01\nU1,city,2025-01-01\n"
    taking = register(STATION, users=text, key_users=lists).taking
    assert [(row.user, str(row.list_name)) for row in taking.key_users] == [("U1", "national"), ("U1", "city")]
    assert mistakes(key_users=lists) == [f'registry/key_users.csv:{row}: user: unknown user "U1"' for row in (2, 3)]


def test_permits_that_share_what_is_left_are_named() -> None:
    shares = "permit,intake,valid_from,share\nP1,A1,2024-01-01,\nP2,A1,2025-01-01,\n"
    assert warnings(permits=OTHER, intakes=INTAKES + "A1,,,,\n", permit_intakes=shares) == [
        (
            'registry/permit_intakes.csv:3: warning: share: is empty for P1 and P2 of intake "A1": '
            "what others leave is split evenly"
        )
    ]
    assert (
        warnings(permits=OTHER, intakes=INTAKES + "A1,,,,\n", permit_intakes=shares.replace("01,\nP2", "01,1\nP2"))
        == []
    )


ELECTRIC: Final = "station,permit,reach,design_max_m3s,method\nA1,,,,electric\n"
DERIVED: Final = "station,quantity,valid_from,method,inputs,coefficient\n"


def test_electricity_makes_volume_by_a_meter_of_energy_with_its_multiplier() -> None:
    derived = DERIVED + "A1,volume,2026-01-01,electric,A1:energy_total,4\n"
    points = "station,quantity,multiplier\nA1,energy_total,{}\n"
    assert warnings(intakes=ELECTRIC, derivations=derived, points=points.format(20)) == []
    assert warnings(intakes=ELECTRIC, derivations=derived, points=points.format("")) == [
        (
            'registry/derivations.csv:2: warning: inputs: "A1:energy_total" has no multiplier in points: '
            "its readings are taken as they are"
        )
    ]
    assert warnings(intakes=ELECTRIC) == [
        (
            "registry/intakes.csv:2: warning: method: is electric, and derivations have no approved coefficient: "
            "its volume rests on what else there is"
        )
    ]
    for wrong, reason in (("A1:power", "electric needs an energy_total"), ("Z9:energy_total", "unknown station")):
        assert mistakes(intakes=ELECTRIC, derivations=derived.replace("A1:energy_total", wrong)) == [
            f'registry/derivations.csv:2: inputs: "{wrong}": {reason}'
        ]


def test_a_multiplier_is_no_slip_of_the_pen() -> None:
    points = "station,quantity,multiplier\nA1,energy_total,{}\n"
    assert mistakes(points=points.format("1000000")) == []
    assert mistakes(points=points.format("1000001")) == ["registry/points.csv:2: multiplier: is more than 1,000,000"]
