"""Reports about taking water: shares with what they are of, volumes as they were measured, mismatches by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from dashboards.reports.compose import compose
from dashboards.reports.place import EVERYWHERE, Place
from dashboards.reports.wanted import Wanted
from dashboards.reports.written import Format, written
from hydro.flags import Flag
from hydro.quantity import Quantity
from tests.watermaster.stored_field import StoredField, ended

if TYPE_CHECKING:
    from pathlib import Path

    from dashboards.reports.document import Row
    from watermaster.reports import Reports

STATIONS = [
    "W1,一号泵站,intake,长江,赤水河,520382,g,60",
    "W2,二号泵站,intake,长江,赤水河,520382,g,60",
    "W3,三号井,well,长江,乌江,520304,g,60",
    "W4,四号口,intake,长江,乌江,520304,g,60",
    "W5,五号口,intake,长江,乌江,520304,g,60",
]
TABLES = {
    "users": "user,name,industry\nU1,水厂,4610\n",
    "permits": "permit,holder,division,industry,source,annual_m3,valid_from,valid_to,state\n"
    "P1,水厂,520382,4610,surface,900000,2024-01-01,2030-12-31,\n"
    "P2,酒厂,520304,1512,ground,60000,2024-01-01,2030-12-31,\n"
    "P3,农场,520304,0111,surface,40000,2020-01-01,2025-12-31,\n"
    "P4,空证,520304,0111,surface,1000,2024-01-01,2030-12-31,\n",
    "permit_intakes": "permit,intake,valid_from\nP1,I1,\nP2,W3,\nP3,W4,\n",
    "plans": "permit,month,volume_m3\nP1,2026,600000\n"
    + "".join(f"P1,2026-{month:02d},50000\n" for month in range(1, 13)),
    "intakes": "station,permit,reach,design_max_m3s,intake,has_pump,user,use,method\n"
    "W1,,,1,I1,1,U1,domestic,pipe\nW2,,,1,I1,1,U1,domestic,pipe\n"
    "W3,,,1,W3,1,,industry,pipe\nW4,,,1,W4,0,,irrigation,none\nW5,,,1,W5,0,,irrigation,pipe\n",
    "points": "station,quantity,min,max\nW1,volume_total,0,99999999\nW2,discharge,0,9\nW3,volume_total,0,99999999\n"
    "W5,discharge,0,9\n",
}
MARCH = 31 * 24


def field(folder: Path) -> StoredField:
    """March 2026: W1 counts 20 m3 an hour, W2 lets 0.01 m3/s through for half of it, W3 went silent, W5 never came."""
    made = StoredField(folder, STATIONS, TABLES)
    times = ended("2026-02-28T23:00:00", MARCH + 1, 60)
    made.measured("W1", times, [20.0 * hour for hour in range(MARCH + 1)], quantity=Quantity.VOLUME_TOTAL)
    made.measured("W2", times[1 : MARCH // 2 + 1], [0.01] * (MARCH // 2))
    made.measured("W2", times[MARCH // 2 + 1 :], [99.0] * (MARCH // 2), flag=Flag.FAIL)
    made.measured("W3", times[:100], [5.0 * hour for hour in range(100)], quantity=Quantity.VOLUME_TOTAL)
    made.store()
    return made


STRANGER = {
    "id": "a1",
    "class": "unregistered_source",
    "reason": "unknown_station",
    "level": "yellow",
    "state": "firing",
    "subject": {"kind": "address", "code": "X9"},
    "division": None,
    "onset": "2026-03-05T00:00:00+08:00",
    "resolved_at": None,
    "gateway": "g",
}


def rows_of(reports: Reports, name: str, period: str = "2026-03", place: Place = EVERYWHERE) -> dict[Any, Row]:
    """By their first column; of register-against-field by subject."""
    rows = list(reports.all_rows(Wanted(name, period, place)))
    return {row.get("subject") or next(iter(row.values())): row for row in rows}


def test_water_that_was_measured_is_summed_up_and_what_was_not_is_not_filled(tmp_path: Path) -> None:
    """W1 by its total, W2 by its flow; half of W2's hours are unknown, and so a quarter of the permit's."""
    row = rows_of(field(tmp_path).reports(), "water-use")["P1"]
    taken = 20.0 * MARCH + 36.0 * (MARCH // 2)
    assert (row["taken_m3"], row["taken_year_m3"]) == (taken, taken)
    assert (row["known_h"], row["due_h"], row["completeness"]) == (MARCH + MARCH // 2, 2 * MARCH, 75.0)
    assert (row["period_plan_m3"], row["plan_m3"], row["remaining_m3"]) == (50_000.0, 600_000.0, 600_000.0 - taken)
    assert (row["state"], row["rests_on"], row["intakes"]) == ("normal", "counter flow", 1)
    assert row["due_year_h"] == 2 * 90 * 24


def test_a_permit_of_which_nothing_was_measured_has_taken_nobody_knows_how_much(tmp_path: Path) -> None:
    """Zero would be a lie; a permit that ended before the period is not listed."""
    rows = rows_of(field(tmp_path).reports(), "water-use")
    assert list(rows) == ["P1", "P2", "P4"]
    assert [rows["P4"][name] for name in ("taken_m3", "remaining_m3", "state", "completeness")] == [None] * 4


@pytest.mark.parametrize(("plan", "state"), [(17_000, "over"), (30_000, "near"), (40_000, "normal")])
def test_the_state_is_that_of_the_year_up_to_the_end_of_the_period(tmp_path: Path, plan: int, state: str) -> None:
    """28,272 m3 were taken. Source: docs/reports.md."""
    months = "permit,month,volume_m3\n"
    made = field(tmp_path)
    (made.config / "registry" / "plans.csv").write_text(f"{months}P1,2026,{plan}\n")
    made.reload()
    row = rows_of(made.reports(), "water-use")["P1"]
    assert (row["state"], row["period_plan_m3"]) == (state, None)
    assert row["taken_rate"] == pytest.approx(100 * 28_272 / plan, abs=0.005)


def test_a_trade_moves_volume_from_its_day_on(tmp_path: Path) -> None:
    made = field(tmp_path)
    changes = "permit,from,delta_m3,reason,counterpart\nP1,2026-03-20,-100000,trade,P2\nP2,2026-03-20,100000,trade,P1\n"
    (made.config / "registry" / "permit_changes.csv").write_text(changes)
    made.reload()
    reports = made.reports()
    assert rows_of(reports, "water-use", "2026-02")["P1"]["plan_m3"] == 600_000
    assert rows_of(reports, "water-use", "2026-03")["P1"]["plan_m3"] == 500_000
    assert rows_of(reports, "water-use", "2026-03")["P2"]["plan_m3"] == 160_000


def test_intakes_are_counted_by_number_and_by_permitted_volume(tmp_path: Path) -> None:
    """I1 and W3 are large enough to be metered online; both are metered, only I1 is still heard at the end."""
    reports = field(tmp_path).reports()
    rows = rows_of(reports, "online-metering")
    told = {
        code: (row["above_threshold"], row["metered"], row["connected"], row["online"]) for code, row in rows.items()
    }
    assert told == {
        "I1": (True, True, True, True),
        "W3": (True, True, True, False),
        "W4": (False, False, False, False),
        "W5": (False, True, False, False),
    }
    assert (rows["I1"]["last_time"], rows["I1"]["points_online"]) == ("2026-04-01T00:00:00+08:00", 1)
    head = reports.head(Wanted("online-metering", "2026-03"))
    document = compose(head, list(rows.values()))
    whole = document.sums[0].rows[0]
    assert (whole["online"], whole["above_threshold"], whole["online_rate"]) == (1, 2, 50.0)
    assert (whole["online_m3"], whole["above_threshold_m3"], whole["online_rate_m3"]) == (900_000, 960_000, 93.75)
    industries = {row["industry"]: row["online_rate"] for row in document.sums[2].rows}
    assert industries == {"-": None, "1512": 0.0, "4610": 100.0}


def test_the_volume_of_a_permit_counts_once_however_many_intakes_it_has(tmp_path: Path) -> None:
    made = field(tmp_path)
    (made.config / "registry" / "permit_intakes.csv").write_text("permit,intake,valid_from\nP1,I1,\nP1,W3,\nP1,W4,\n")
    made.reload()
    rows = rows_of(made.reports(), "online-metering")
    assert [row["permitted_m3"] for row in rows.values()] == [300_000.0, 300_000.0, 300_000.0, 0.0]


def test_register_and_field_are_compared_both_ways(tmp_path: Path) -> None:
    reports = field(tmp_path).reports(alerts=[STRANGER])
    rows = rows_of(reports, "register-against-field")
    assert {code: row["all_mismatches"] for code, row in rows.items()} == {
        "I1": None,
        "W3": "not_online",
        "W4": "permit_expired",
        "W5": "no_permit not_connected",
        "P4": "permit_without_intake",
        "X9": "unknown_station",
    }
    assert (rows["X9"]["registered"], rows["X9"]["gateway"], rows["X9"]["alert"]) == (False, "g", "a1")
    document = compose(reports.head(Wanted("register-against-field", "2026-03")), list(rows.values()))
    whole = document.sums[0].rows[0]
    assert (whole["agree"], whole["subjects"], whole["unregistered"]) == (1, 6, 1)
    assert (whole["permitted"], whole["intakes"], whole["permitted_rate"]) == (2, 4, 50.0)


def test_the_state_of_a_permit_and_of_an_intake_is_that_at_the_end_of_the_period(tmp_path: Path) -> None:
    """In 2025 P3 was valid; an intake that is sealed and sends, or has a suspended permit, is told as that."""
    made = field(tmp_path)
    assert rows_of(made.reports(), "register-against-field", "2025-11")["W4"]["mismatch"] is None
    intakes = TABLES["intakes"].replace("domestic,pipe", "domestic,pipe,retired").replace("method", "method,status")
    intakes = intakes.replace("industry,pipe", "industry,pipe,").replace("none\n", "none,\n")
    intakes = intakes.replace("irrigation,pipe", "irrigation,pipe,")
    (made.config / "registry" / "intakes.csv").write_text(intakes)
    suspended = TABLES["permits"].replace(
        "ground,60000,2024-01-01,2030-12-31,", "ground,60000,2024-01-01,2030-12-31,suspended"
    )
    (made.config / "registry" / "permits.csv").write_text(suspended)
    made.reload()
    rows = rows_of(made.reports(), "register-against-field")
    assert rows["I1"]["mismatch"] == "sends_though_sealed"
    assert rows["W3"]["mismatch"] == "permit_suspended"
    assert "I1" not in rows_of(made.reports(), "online-metering")


@pytest.mark.parametrize(
    ("place", "intakes", "permits"),
    [
        (Place(division="520300"), ["I1", "W3", "W4", "W5"], ["P1", "P2", "P4"]),
        (Place(division="520304"), ["W3", "W4", "W5"], ["P2", "P4"]),
        (Place(river="赤水河"), ["I1"], ["P1"]),
        (Place(station="W2"), ["I1"], ["P1"]),
    ],
)
def test_a_report_of_a_place_is_of_its_intakes_and_permits(
    tmp_path: Path, place: Place, intakes: list[str], permits: list[str]
) -> None:
    reports = field(tmp_path).reports()
    assert list(rows_of(reports, "online-metering", place=place)) == intakes
    assert list(rows_of(reports, "water-use", place=place)) == permits


@pytest.mark.parametrize("name", ["online-metering", "water-use", "register-against-field"])
def test_the_pages_of_a_report_are_the_whole_report_and_every_file_has_it(tmp_path: Path, name: str) -> None:
    reports = field(tmp_path).reports(alerts=[STRANGER])
    wanted = Wanted(name, "2026-03")
    whole = list(reports.all_rows(wanted))
    pages, after = [], None
    while True:
        rows, after = reports.rows(wanted, after=after, limit=1)
        pages += rows
        if after is None:
            break
    assert pages == whole
    head = reports.head(wanted)
    for kind in Format:
        content = written(compose(head, whole), head.made_at, kind)
        assert len(content) > 500
    assert "600,000" in written(compose(head, whole), head.made_at, Format.HTML).decode() or name != "water-use"
