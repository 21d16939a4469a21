"""References between tables, exemptions, levels, and the hash."""

from __future__ import annotations

import random
import time
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

from hydro.instants import parse_instant
from hydro.register import AlertClass, AlertLevel, Context, ExemptionKind, LevelBound, Register

from .tables import EXEMPTIONS, LEVELS, POINTS, STATION, STATIONS, TARGETS, load, mistakes, register

if TYPE_CHECKING:
    from pathlib import Path

TARGET = TARGETS + "A1,discharge,01-01,12-31,2,day\n"


def at(text: str) -> int:
    return parse_instant(text, 480)


def test_stations_of_other_tables_must_be_known() -> None:
    assert mistakes(
        points=POINTS + "B9,stage,,\n",
        eflow_targets=TARGETS + "B8,discharge,01-01,12-31,2,day\n",
        exemptions=EXEMPTIONS + "B7,2026-01-01,2026-01-02,,\n",
    ) == [
        'registry/eflow_targets.csv:2: station: unknown station "B8"',
        'registry/exemptions.csv:2: station: unknown station "B7"',
        'registry/points.csv:2: station: unknown station "B9"',
    ]


@pytest.mark.parametrize(
    "row",
    [
        pytest.param("B1,,lake,,,,,5", id="a bad cell"),
        pytest.param("B1,,section,,,,,5,6", id="a cell too many"),
        pytest.param("B1,,section", id="cells too few"),
    ],
)
def test_a_station_whose_row_is_wrong_is_not_unknown_elsewhere(row: str) -> None:
    found = mistakes(STATION + row + "\n", points=POINTS + "B1,stage,,\nC9,stage,,\n")
    assert [line for line in found if "points" in line] == ['registry/points.csv:3: station: unknown station "C9"']


def test_without_readable_stations_nothing_is_called_unknown() -> None:
    assert mistakes("station,name\n", points=POINTS + "A1,stage,,\n") == [
        f'registry/stations.csv:1: {name}: required column "{name}" is missing'
        for name in ("kind", "basin", "river", "division", "gateway", "interval_min")
    ]


def test_an_exemption_is_for_a_target_of_its_station() -> None:
    header = EXEMPTIONS.replace("\n", ",target\n")
    rows = (
        "A1,2026-01-01,2026-01-02,,,A1:discharge:day:base\n"
        "A1,2026-01-01,2026-01-02,,,A1:discharge:hour:base\n"
        "B1,2026-01-01,2026-01-02,,,A1:discharge:day:base\n"
    )
    assert mistakes(STATION + "B1,,section,,,,,5\n", eflow_targets=TARGET, exemptions=header + rows) == [
        'registry/exemptions.csv:3: target: unknown target "A1:discharge:hour:base"',
        'registry/exemptions.csv:4: target: target "A1:discharge:day:base" belongs to station "A1"',
    ]


@pytest.mark.parametrize(
    ("first", "last", "reason"),
    [
        ("", "2026-01-01", "from: is empty"),
        ("2026-01-02", "2026-01-01", "to: from is later than to"),
        ("2026-01-01T08:00", "2026-01-01T08:00", "to: from is not earlier than to"),
        ("2026-01-01", "2026-01-01T08:00", "to: from and to are not both dates or both times"),
        ("yesterday", "2026-01-01", 'from: "yesterday" is neither a date such as 2026-03-01 nor an ISO 8601 time'),
    ],
)
def test_an_exemption_over_impossible_time(first: str, last: str, reason: str) -> None:
    table = EXEMPTIONS + f"A1,{first},{last},,\n"
    assert mistakes(exemptions=table) == [f"registry/exemptions.csv:2: {reason}"]


def test_exemptions_may_overlap() -> None:
    rows = "A1,2026-01-01,2026-01-05,ice,\nA1,2026-01-03,2026-01-09,ice,\nA1,2026-01-01,2026-01-05,ice,\n"
    assert len(register(exemptions=EXEMPTIONS + rows).exemptions) == 3


def test_only_approved_exemptions_count() -> None:
    rows = "".join(
        f"A1,2026-01-0{n},2026-01-0{n},,,{state}\n" for n, state in enumerate(("", "approved", "filed", "refused"), 1)
    )
    found = register(exemptions=EXEMPTIONS.replace("\n", ",state\n") + rows).exemptions
    assert [row.counts for row in found] == [True, True, False, False]


def test_dates_exempt_what_they_name_and_times_what_lies_wholly_inside() -> None:
    """A day that begins at 8:00 is named by its date, though it ends on the next."""
    rows = "A1,2026-01-01,2026-01-02,,,ice\nA1,2026-01-01T08:00,2026-01-02T08:00,,,\n"
    dates, times = register(exemptions=EXEMPTIONS.replace("\n", ",kind\n") + rows).exemptions
    assert dates.kind is ExemptionKind.ICE
    first, second, third = date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 3)
    day = at("2026-01-02T08:00"), at("2026-01-03T08:00")
    assert dates.covers(*day, second, second)
    assert not dates.covers(*day, second, third)
    assert times.covers(at("2026-01-01T08:00"), at("2026-01-02T08:00"), first, first)
    assert not times.covers(at("2026-01-01T07:00"), at("2026-01-01T08:05"), first, first)


def test_a_later_level_row_ends_the_earlier_one() -> None:
    rows = ",eflow_shortfall,day,orange,2026-01-01,0.7\n,eflow_shortfall,day,orange,2025-01-01,0.75\n"
    newer, older = register(levels=LEVELS + rows).levels
    assert (newer.alert_class, newer.level, newer.ratio_below) == (
        AlertClass.EFLOW_SHORTFALL,
        AlertLevel.ORANGE,
        Fraction(7, 10),
    )
    assert (older.start_ms, older.end_ms) == (at("2025-01-01T00:00"), at("2026-01-01T00:00"))
    assert newer.start_ms == older.end_ms < newer.end_ms


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",eflow_shortfall,day,orange,,0.7,,", "valid_from: is empty"),
        (",eflow,day,orange,2026-01-01,0.7,,", f'class: "eflow" is not one of {", ".join(AlertClass)}'),
        (",eflow_shortfall,day,purple,2026-01-01,0.7,,", 'level: "purple" is not one of blue, yellow, orange, red'),
        (",eflow_shortfall,day,red,2026-01-01,0,,", 'ratio_below: "0" is not above 0'),
        (",eflow_shortfall,day,red,2026-01-01,,,", "ratio_below: neither ratio_below nor deficit_m is given"),
        (
            ",eflow_shortfall,day,red,2026-01-01,0.4,,\n,eflow_shortfall,day,red,2026-01-01,0.5,,",
            'valid_from: "eflow_shortfall day red" is also in row 2, and both are valid at the same time',
        ),
        (
            ",eflow_shortfall,day,red,2026-01-01,0.4,,2026-06-30\n,eflow_shortfall,day,red,2026-06-30,0.5,,",
            'valid_from: "eflow_shortfall day red" is also in row 2, and both are valid at the same time',
        ),
    ],
)
def test_a_level_row_that_says_nothing_sensible(row: str, reason: str) -> None:
    header = LEVELS.replace("\n", ",deficit_m,valid_to\n")
    line = 2 + row.count("\n")
    assert mistakes(levels=header + row + "\n") == [f"registry/levels.csv:{line}: {reason}"]


TABLES = {
    "stations": STATION + "B1,Lower,plant,Wu,Nanming,520103,G1,15\n",
    "points": POINTS + "A1,discharge,0,80\nA1,stage,0,5.5\n",
    "eflow_targets": TARGETS + "A1,discharge,11-01,03-31,1.50,day\nA1,discharge,04-01,10-31,2,day\n",
    "exemptions": EXEMPTIONS + "A1,2026-01-01,2026-01-02,repair,no. 5\n",
    "levels": LEVELS + ",eflow_shortfall,day,orange,2026-01-01,0.7\n",
}


def shuffled_columns(text: str) -> str:
    rows = [line.split(",") for line in text.splitlines()]
    order = list(range(len(rows[0])))
    random.Random(7).shuffle(order)
    return "".join(",".join(row[index] for index in order) + "\n" for row in rows)


@pytest.mark.parametrize(
    "rewritten",
    [
        pytest.param({name: shuffled_columns(text) for name, text in TABLES.items()}, id="columns shuffled"),
        pytest.param(
            {
                name: "\n".join([text.splitlines()[0], *reversed(text.splitlines()[1:])])
                for name, text in TABLES.items()
            },
            id="rows reversed",
        ),
        pytest.param(
            {name: "\ufeff" + text.replace("\n", "\r\n") for name, text in TABLES.items()}, id="saved by Excel"
        ),
        pytest.param(
            {
                **TABLES,
                "eflow_targets": TABLES["eflow_targets"].replace("11-01,03-31,1.50", "11月1日,3/31,1.5"),
                "exemptions": TABLES["exemptions"].replace("2026-01-01", "2026/1/1"),
            },
            id="cells rewritten by a spreadsheet",
        ),
        pytest.param(
            {
                **TABLES,
                "points": TABLES["points"]
                .replace("\n", ",zero_below\n", 1)
                .replace("80\n", "80,0\n")
                .replace("5.5\n", "5.5,\n"),
            },
            id="a default written out",
        ),
    ],
)
def test_the_hash_is_of_the_content(rewritten: dict[str, str]) -> None:
    assert load(**rewritten).mistakes == ()
    assert register(**rewritten).hash == register(**TABLES).hash


@pytest.mark.parametrize(
    ("table", "old", "new"),
    [
        ("stations", "Lower", "Bottom"),
        ("points", "5.5", "5.6"),
        ("eflow_targets", "1.50", "1.51"),
        ("exemptions", "2026-01-02", "2026-01-03"),
        ("levels", "0.7", "0.6"),
    ],
)
def test_another_content_gives_another_hash(table: str, old: str, new: str) -> None:
    changed = {**TABLES, table: TABLES[table].replace(old, new)}
    assert register(**changed).hash != register(**TABLES).hash


def test_the_hash_holds_the_settings_of_time() -> None:
    def hash_with(**settings: object) -> str:
        result = Register.parse({"stations.csv": STATION.encode()}, Context(480, 30), settings)
        assert result.register is not None
        return result.register.hash

    assert hash_with(zone="+08:00", revise_days=35) == hash_with(revise_days=35, zone="+08:00")
    assert hash_with(zone="+08:00", revise_days=35) != hash_with(zone="+08:00", revise_days=36)
    assert len(hash_with()) == 64


def test_rows_can_be_made_without_a_file() -> None:
    """Rules are tested with rows of their own."""
    row = LevelBound(
        start_ms=0,
        authority="",
        alert_class=AlertClass.EFLOW_SHORTFALL,
        basis=register(**TABLES).levels[0].basis,
        level=AlertLevel.RED,
        ratio_below=Fraction(1, 2),
        deficit=None,
    )
    assert hash(row) == hash(row)


@pytest.mark.slow
def test_a_province_is_read_in_three_seconds(tmp_path: Path) -> None:
    """10,000 stations, 30,000 points, 10,000 target rows; processor time, so that a busy machine does not matter."""
    seeded = random.Random(1)
    codes = [f"5201{number:06d}" for number in range(10_000)]
    (tmp_path / "stations.csv").write_text(
        STATIONS + "".join(f"{code},站点{code},section,乌江,南明河,520103,gw{code[-2:]},5\n" for code in codes),
        encoding="utf-8",
    )
    (tmp_path / "points.csv").write_text(
        POINTS
        + "".join(
            f"{code},{quantity},0,{seeded.uniform(1, 100):.3f}\n"
            for code in codes
            for quantity in ("discharge", "stage", "voltage")
        ),
        encoding="utf-8",
    )
    (tmp_path / "eflow_targets.csv").write_text(
        TARGETS
        + "".join(
            f"{code},discharge,{days},{seeded.uniform(0.1, 9):.3f},day\n"
            for code in codes[:5_000]
            for days in ("11-01,03-31", "04-01,10-31")
        ),
        encoding="utf-8",
    )
    before = time.process_time()
    result = Register.load(tmp_path, zone_minutes=480, default_lateness_min=30, time_settings={})
    spent = time.process_time() - before
    assert result.mistakes == ()
    assert spent <= 3


def test_mistakes_by_the_thousand_take_no_longer_than_their_number() -> None:
    """One target id on 5,000 rows: nothing is compared with everything."""
    rows = "".join(f"A1,discharge,01-01,12-31,{number + 1},day\n" for number in range(5_000))
    before = time.process_time()
    assert len(mistakes(eflow_targets=TARGETS + rows)) == 4_999
    assert time.process_time() - before < 5
