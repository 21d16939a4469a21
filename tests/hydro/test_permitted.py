"""What the register permits at an instant: shares, plans, permits that count, and when metering is due."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from hydro.instants import parse_instant
from hydro.permitted import bound_at, counts_at, is_due, shares_at, year_plan
from hydro.register import Context, Register
from hydro.register.intakes import Use
from hydro.register.permits import WaterSource

STATIONS = (
    "station,name,kind,basin,river,division,gateway,interval_min\nW,,intake,,,520103,,60\nV,,intake,,,520103,,60\n"
)
PERMITS = "permit,holder,division,industry,source,annual_m3,valid_from,valid_to,state\n"
INTAKES = "station,permit,reach,design_max_m3s,intake,irrigation_mu,use\nW,,,,I,,\nV,,,,I,,\n"
LINKS = "permit,intake,valid_from,share\n"


def register_of(**tables: str) -> Register:
    """A register of these tables."""
    contents = {"stations.csv": STATIONS.encode(), "intakes.csv": INTAKES.encode()}
    contents |= {f"{name}.csv": text.encode() for name, text in tables.items()}
    result = Register.parse(contents, Context(480, lateness_min=30), {})
    assert result.register is not None, result.mistakes
    return result.register


def at(text: str) -> int:
    """Of a day at 12:00, or of a time."""
    return parse_instant(text if "T" in text else f"{text}T12:00:00", 480)


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        (["", "", ""], ["1/3", "1/3", "1/3"]),
        (["0.5", "", ""], ["1/2", "1/4", "1/4"]),
        (["0.25", "0.75", ""], ["1/4", "3/4", "0"]),
        (["0.2", "0.3", "0.1"], ["1/5", "3/10", "1/10"]),
    ],
)
def test_permits_without_a_share_have_equal_parts_of_what_the_others_leave(
    shares: list[str], expected: list[str]
) -> None:
    links = LINKS + "".join(f"P{place},I,,{share}\n" for place, share in enumerate(shares))
    permits = PERMITS + "".join(f"P{place},水厂,,,surface,1,2020-01-01,2030-12-31,\n" for place in range(3))
    found = shares_at(register_of(permits=permits, permit_intakes=links).taking, "I", at("2026-03-01"))
    assert list(found.values()) == [Fraction(text) for text in expected]


@pytest.mark.parametrize(
    ("day", "state", "counts"),
    [
        ("2024-12-31", "", False),
        ("2025-01-02", "", True),
        ("2025-01-02", "revoked", False),
        ("2025-01-02", "suspended", True),
        ("2026-01-02", "", False),
        ("2026-01-02", "renewal", True),
    ],
)
def test_a_permit_counts_while_it_is_valid_or_its_renewal_is_undecided(day: str, state: str, *, counts: bool) -> None:
    permits = f"{PERMITS}P,水厂,,,surface,1,2025-01-01,2025-12-31,{state}\n"
    assert (counts_at(register_of(permits=permits).taking, "P", at(day)) is not None) is counts


MONTHS = "".join(f"P,2026-{month:02d},10\n" for month in range(1, 13))


@pytest.mark.parametrize(
    ("tables", "when", "expected"),
    [
        ({}, "2026-06-01", 1000),
        ({"plans": "permit,month,volume_m3\nP,2026,600\n"}, "2026-06-01", 600),
        ({"plans": "permit,month,volume_m3\nP,2026,600\n"}, "2027-06-01", 1000),
        ({"plans": "permit,month,volume_m3\nP,2026,2000\n"}, "2026-06-01", 1000),
        ({"plans": f"permit,month,volume_m3\n{MONTHS}"}, "2026-06-01", 120),
        ({"plans": f"permit,month,volume_m3\n{MONTHS.replace('P,2026-07,10', '')}"}, "2026-06-01", 1000),
        ({"permit_changes": "permit,from,delta_m3,reason\nP,2026-05-01,-300,adjust\n"}, "2026-04-30", 1000),
        ({"permit_changes": "permit,from,delta_m3,reason\nP,2026-05-01,-300,adjust\n"}, "2026-05-01", 700),
        ({"permit_changes": "permit,from,delta_m3,reason\nP,2026-05-01,-300,adjust\n"}, "2027-05-01", 1000),
        ({"permit_changes": "permit,from,delta_m3,reason\nP,2026-05-01,900,adjust\n"}, "2026-12-31", 1900),
        ({}, "2019-06-01", None),
    ],
)
def test_the_plan_of_a_year_is_its_own_its_months_or_the_permits_and_moves_with_trades(
    tables: dict[str, str], when: str, expected: int | None
) -> None:
    """A plan beyond the permit counts as the permit; a year that isn't planned in full is the permit's."""
    permits = f"{PERMITS}P,水厂,,,surface,1000,2020-01-01,2030-12-31,\n"
    found = year_plan(register_of(permits=permits, **tables).taking, "P", at(when), 480)
    assert found == (None if expected is None else expected * 1_000_000)


def test_the_first_of_january_0_00_belongs_to_the_year_before() -> None:
    plans = "permit,month,volume_m3\nP,2026,600\nP,2027,700\n"
    permits = f"{PERMITS}P,水厂,,,surface,1000,2020-01-01,2030-12-31,\n"
    taking = register_of(permits=permits, plans=plans).taking
    found = [year_plan(taking, "P", at("2027-01-01T00:00:00") + later, 480) for later in (0, 1)]
    assert found == [600_000_000, 700_000_000]


THRESHOLDS = """division,source,use,valid_from,annual_m3_min
,,,2020-01-01,100
520000,surface,,2020-01-01,200
520100,,,2020-01-01,300
520100,surface,,2020-01-01,400
520100,surface,industry,2020-01-01,500
520103,,,2027-01-01,600
"""


@pytest.mark.parametrize(
    ("division", "source", "use", "expected"),
    [
        ("430000", WaterSource.SURFACE, None, 100),
        ("520203", WaterSource.SURFACE, None, 200),
        ("520203", WaterSource.GROUND, None, 100),
        ("520103", WaterSource.GROUND, None, 300),
        ("520103", WaterSource.SURFACE, Use.DOMESTIC, 400),
        ("520103", WaterSource.SURFACE, Use.INDUSTRY, 500),
    ],
)
def test_the_most_telling_threshold_counts(division: str, source: WaterSource, use: Use | None, expected: int) -> None:
    """First the nearest division, then who names the source, then who names the use; later rows not yet."""
    taking = register_of(thresholds=THRESHOLDS).taking
    assert bound_at(taking, division, source, use, at("2026-03-01")).annual == expected * 1_000_000


@pytest.mark.parametrize(
    ("permits", "area", "due"),
    [
        (["surface,499999"], "", False),
        (["surface,500000"], "", True),
        (["ground,50000"], "", True),
        (["ground,49999", "surface,499999"], "", False),
        (["surface,250000", "surface,250000"], "", True),
        (["mine,9000000"], "", False),
        ([], "49999", False),
        ([], "50000", True),
    ],
)
def test_without_thresholds_of_its_own_those_of_the_state_hold(permits: list[str], area: str, *, due: bool) -> None:
    """Source: 水资管〔2021〕188号: 500,000 m3 of surface water, 50,000 m3 of groundwater, 50,000 mu."""
    rows = {f"P{place}": row for place, row in enumerate(permits)}
    tables: dict[str, Any] = {
        "permits": PERMITS + "".join(f"{name},水厂,,,{row},2020-01-01,2030-12-31,\n" for name, row in rows.items()),
        "permit_intakes": LINKS + "".join(f"{name},I,,\n" for name in rows),
        "intakes": INTAKES.replace("W,,,,I,,", f"W,,,,I,{area},"),
    }
    assert is_due(register_of(**tables), "I", at("2026-03-01")) is due
