"""Targets over the year: seasons, overlaps, gaps, and what belongs together."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydro.instants import DAY_MS, day_start, format_instant, parse_instant
from hydro.register import MonthDay, season_intervals
from hydro.register.seasons import seasons_meet

from .tables import STATION, STATIONS, TARGETS, mistakes, register, warnings

DATED = TARGETS.replace("\n", ",valid_from,valid_to\n")
NAMED = TARGETS.replace("\n", ",target\n")
FULL = "A1,discharge,01-01,12-31,2,day"
DAYS = [(day.month, day.day) for day in (date(2024, 1, 1) + timedelta(n) for n in range(366))]
month_days = st.sampled_from(DAYS)


def at(text: str) -> int:
    return parse_instant(text, 480)


def in_season(day: date, first: MonthDay, last: MonthDay) -> bool:
    """The rule in plain words, one day at a time."""
    here = (day.month, day.day)
    last = (2, 29) if last == (2, 28) else last
    return first <= here <= last if first <= last else here >= first or here <= last


@given(month_days, month_days, st.integers(0, 3_000), st.integers(1, 1_500))
def test_seasons_cover_exactly_their_days(first: MonthDay, last: MonthDay, offset: int, days: int) -> None:
    begin = date(2019, 1, 1) + timedelta(offset)
    start, end = day_start(begin, 480), day_start(begin + timedelta(days), 480)
    found = season_intervals(first, last, start, end, zone_minutes=480)
    covered = {start + n * DAY_MS for a, b in found for n in range((a - start) // DAY_MS, (b - start) // DAY_MS)}
    expected = {start + n * DAY_MS for n in range(days) if in_season(begin + timedelta(n), first, last)}
    assert covered == expected
    assert all(before[1] < after[0] for before, after in pairwise(found))


@given(month_days, month_days, month_days, month_days)
def test_seasons_meet_when_they_share_a_day_of_a_leap_year(a: MonthDay, b: MonthDay, c: MonthDay, d: MonthDay) -> None:
    year = [date(2024, 1, 1) + timedelta(n) for n in range(366)]
    assert seasons_meet(a, b, c, d) == any(in_season(day, a, b) and in_season(day, c, d) for day in year)


def test_no_season_covers_nothing() -> None:
    assert season_intervals(None, None, 0, DAY_MS, zone_minutes=480) == []


def test_intervals_of_a_target_follow_its_seasons_clipped_to_their_validity() -> None:
    """A wet and a dry season over the new year, the wet one raised in the middle of 2025."""
    rows = (
        "A1,discharge,11-01,03-31,1,day,,\n"
        "A1,discharge,04-01,10-31,2,day,,2025-06-30\n"
        "A1,discharge,04-01,10-31,3,day,2025-07-01,\n"
    )
    found = register(eflow_targets=DATED + rows).target_intervals(
        "A1:discharge:day:base", at("2024-12-31T06:00"), at("2026-04-02T00:00")
    )
    assert [(format_instant(a, 480)[:16], format_instant(b, 480)[:16], row.value // 10**6) for a, b, row in found] == [
        ("2024-12-31T06:00", "2025-04-01T00:00", 1),
        ("2025-04-01T00:00", "2025-07-01T00:00", 2),
        ("2025-07-01T00:00", "2025-11-01T00:00", 3),
        ("2025-11-01T00:00", "2026-04-01T00:00", 1),
        ("2026-04-01T00:00", "2026-04-02T00:00", 3),
    ]


def test_a_whole_year_has_no_seam_at_new_year() -> None:
    found = register(eflow_targets=TARGETS + FULL + "\n").target_intervals(
        "A1:discharge:day:base", at("2024-06-01T00:00"), at("2026-06-01T00:00")
    )
    assert [(a, b) for a, b, _ in found] == [(at("2024-06-01T00:00"), at("2026-06-01T00:00"))]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param(
            "A1,discharge,11-01,03-31,1,day,,\nA1,discharge,03-01,10-31,2,day,,\n",
            "from_day: {} in row 2, and both hold on 03-01 to 03-31",
            id="a month",
        ),
        pytest.param(
            "A1,discharge,11-01,03-31,1,day,,\nA1,discharge,03-31,11-01,2,day,,\n",
            "from_day: {} in row 2, and both hold on 03-31 and 11-01",
            id="two single days",
        ),
        pytest.param(
            "A1,discharge,10-01,02-28,1,day,,\nA1,discharge,12-01,06-30,2,day,,\n",
            "from_day: {} in row 2, and both hold on 12-01 to 02-29",
            id="over the new year, leap day included",
        ),
        pytest.param(
            "A1,discharge,01-01,06-30,1,day,,\nA1,discharge,,,2,day,,\n",
            "from_day: {} in row 2, and both hold on 01-01 to 06-30",
            id="half and whole",
        ),
        pytest.param(
            "A1,discharge,,,1,day,,\nA1,discharge,,,2,day,,\n",
            "target: {} in row 2, and neither has valid_from or valid_to",
            id="all year, for ever",
        ),
        pytest.param(
            "A1,discharge,11-01,03-31,1,day,,2026-06-30\nA1,discharge,03-01,10-31,2,day,2026-01-01,\n",
            "valid_from: {} in row 2, and both hold on 2026-03-01 to 2026-03-31",
            id="once",
        ),
        pytest.param(
            "A1,discharge,,,1,day,,2026-06-30\nA1,discharge,,,2,day,2026-01-01,\n",
            "valid_from: {} in row 2, and both are valid at the same time",
            id="all year, for a while",
        ),
    ],
)
def test_an_overlap_says_on_which_days(rows: str, expected: str) -> None:
    reason = expected.format('"A1:discharge:day:base" is also')
    assert mistakes(eflow_targets=DATED + rows) == [f"registry/eflow_targets.csv:3: {reason}"]


@given(month_days, month_days, month_days, month_days)
def test_the_days_of_an_overlap_are_those_that_both_seasons_have(
    a: MonthDay, b: MonthDay, c: MonthDay, d: MonthDay
) -> None:
    rows = "".join(
        f"A1,discharge,{first[0]:02d}-{first[1]:02d},{last[0]:02d}-{last[1]:02d},1,day\n"
        for first, last in ((a, b), (c, d))
    )
    year = [date(2024, 1, 1) + timedelta(n) for n in range(366)]
    common = {day for day in year if in_season(day, a, b) and in_season(day, c, d)}
    found = mistakes(eflow_targets=TARGETS + rows)
    if "both hold on " not in "".join(found):
        assert (found == []) == (not common) or (a, b) == (c, d) or len(common) == 366
        return
    told: set[date] = set()
    for part in found[0].partition("both hold on ")[2].split(" and "):
        first, _, last = part.partition(" to ")
        ends = [tuple(map(int, word.split("-"))) for word in (first, last or first)]
        told |= {day for day in year if in_days(day, *ends)}
    assert told == common


def in_days(day: date, first: tuple[int, ...], last: tuple[int, ...]) -> bool:
    """As `in_season`, without its rule for 28 February."""
    here = (day.month, day.day)
    return first <= here <= last if first <= last else here >= first or here <= last


def overlap(rows: str) -> list[int]:
    """Row numbers at which an overlap is reported."""
    found = mistakes(eflow_targets=DATED + rows)
    assert all("and both are valid at the same time" in line or "is also in row" in line for line in found)
    return [int(line.split(":")[1]) for line in found]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param(
            "A1,discharge,01-01,06-30,1,day,,\nA1,discharge,07-01,12-31,2,day,,\n", [], id="halves of the year"
        ),
        pytest.param(
            "A1,discharge,01-01,07-01,1,day,,\nA1,discharge,07-01,12-31,2,day,,\n", [3], id="one day in common"
        ),
        pytest.param(
            "A1,discharge,11-01,03-31,1,day,,\nA1,discharge,04-01,10-31,2,day,,\n", [], id="over the new year"
        ),
        pytest.param(
            "A1,discharge,11-01,03-31,1,day,,\nA1,discharge,12-15,12-20,2,day,,\n", [3], id="inside the winter"
        ),
        pytest.param(
            "A1,discharge,11-01,03-31,1,day,,\nA1,discharge,03-31,10-31,2,day,,\n", [3], id="last day of winter"
        ),
        pytest.param("A1,discharge,03-01,02-28,1,day,,\nA1,discharge,02-29,02-29,2,day,,\n", [3], id="leap day"),
        pytest.param(
            "A1,discharge,01-01,12-31,1,day,,2025-12-31\nA1,discharge,01-01,12-31,2,day,2026-01-01,\n", [], id="by year"
        ),
        pytest.param(
            "A1,discharge,01-01,12-31,1,day,,2026-01-01\nA1,discharge,01-01,12-31,2,day,2026-01-01,\n", [3], id="dates"
        ),
        pytest.param(
            "A1,discharge,01-01,06-30,1,day,,2026-12-31\nA1,discharge,06-01,12-31,2,day,2026-07-01,\n",
            [],
            id="the common days come only after one has ended",
        ),
        pytest.param(
            "A1,discharge,01-01,06-30,1,day,,2027-06-01\nA1,discharge,06-01,12-31,2,day,2026-07-01,\n",
            [3],
            id="one common day next year",
        ),
        pytest.param("A1,discharge,01-01,12-31,1,day,,\nA1,discharge,01-01,12-31,2,hour,,\n", [], id="another target"),
    ],
)
def test_rows_of_a_target_overlap_only_where_days_and_validity_both_do(rows: str, expected: list[int]) -> None:
    assert overlap(rows) == expected


@given(st.lists(st.tuples(month_days, month_days, st.integers(0, 900), st.integers(0, 900)), min_size=2, max_size=3))
def test_overlaps_are_what_a_look_at_every_day_finds(rows: list[tuple[MonthDay, MonthDay, int, int]]) -> None:
    epoch = date(2023, 6, 1)
    spans = [(first, last, epoch + timedelta(a), epoch + timedelta(a + n)) for first, last, a, n in rows]
    text = "".join(
        f"A1,discharge,{f[0]:02}-{f[1]:02},{t[0]:02}-{t[1]:02},{number + 1},day,{since},{until}\n"
        for number, (f, t, since, until) in enumerate(spans)
    )
    days = [epoch + timedelta(n) for n in range(1_801)]
    owed = [sum(since <= day <= until and in_season(day, f, t) for f, t, since, until in spans) for day in days]
    assert bool(overlap(text)) == (max(owed) > 1)


def test_one_target_id_is_one_thing() -> None:
    rows = "A1,discharge,01-01,06-30,1,day,T\nA1,stage,07-01,09-30,1,day,T\nB1,discharge,10-01,12-31,1,hour,T\n"
    assert mistakes(STATION + "B1,,section,,,,,5\n", eflow_targets=NAMED + rows) == [
        'registry/eflow_targets.csv:3: quantity: target "T" has another quantity in row 2',
        'registry/eflow_targets.csv:4: station: target "T" has another station in row 2',
        'registry/eflow_targets.csv:4: basis: target "T" has another basis in row 2',
    ]


def test_an_inflow_rule_needs_its_station() -> None:
    header = TARGETS.replace("\n", ",inflow_rule,inflow_station\n")
    rows = f"{FULL},min_inflow,\nA1,discharge,01-01,12-31,2,hour,min_inflow,Z9\n"
    assert mistakes(eflow_targets=header + rows) == [
        "registry/eflow_targets.csv:2: inflow_station: is empty while inflow_rule is min_inflow",
        'registry/eflow_targets.csv:3: inflow_station: unknown station "Z9"',
    ]


def test_a_target_of_zero_is_one_that_every_honest_value_meets() -> None:
    found = register(eflow_targets=TARGETS + "A1,discharge,01-01,12-31,0,day\n")
    assert found.targets["A1:discharge:day:base"][0].value == 0


def test_stage_targets_may_be_below_zero() -> None:
    found = register(eflow_targets=TARGETS + "A1,water_level,01-01,12-31,-2.5,day\n")
    assert found.targets["A1:water_level:day:base"][0].value == -2_500_000


@pytest.mark.parametrize(
    ("rows", "gap"),
    [
        pytest.param(FULL + ",,\n", None, id="whole year"),
        pytest.param("A1,discharge,11-01,03-31,1,day,,\nA1,discharge,04-01,10-31,1,day,,\n", None, id="two seasons"),
        pytest.param("A1,discharge,03-01,02-28,1,day,,\n", None, id="02-28 includes the leap day"),
        pytest.param("A1,discharge,11-01,03-31,1,day,,\n", "2022-04-01 to 2022-10-31", id="winter only"),
        pytest.param("A1,discharge,11-01,03-31,1,day,,9999-12-31\n", "2022-04-01 to 2022-10-31", id="no end"),
        pytest.param(
            "A1,discharge,01-01,12-31,1,day,,2025-12-31\nA1,discharge,04-01,12-31,1,day,2026-01-01,2099-12-31\n",
            "2026-01-01 to 2026-03-31",
            id="after a change",
        ),
        pytest.param(
            "A1,discharge,01-01,12-31,1,day,2020-01-01,2025-12-31\nA1,discharge,01-01,12-31,2,day,2026-01-01,2099-12-31\n",
            None,
            id="year after year",
        ),
        pytest.param(
            "A1,discharge,11-01,03-31,1,day,,\nA1,discharge,05-01,10-31,1,day,,\n",
            "2022-04-01 to 2022-04-30",
            id="April",
        ),
        pytest.param(
            "A1,discharge,01-01,12-31,1,day,,2024-12-31\nA1,discharge,01-01,12-31,1,day,2025-02-01,\n",
            "2025-01-01 to 2025-01-31",
            id="between two validities",
        ),
        pytest.param(
            "A1,discharge,06-01,08-31,1,day,2026-01-01,2026-12-31\n", "2026-01-01 to 2026-05-31", id="one year only"
        ),
        pytest.param(
            "A1,discharge,01-01,08-31,1,day,2026-01-01,2026-12-31\n", "2026-09-01 to 2026-12-31", id="end of that year"
        ),
    ],
)
def test_a_gap_in_the_year_of_a_base_target_is_named(rows: str, gap: str | None) -> None:
    text = f'base target "A1:discharge:day:base" has no row for some days, for example {gap}'
    expected = [] if gap is None else [f"registry/eflow_targets.csv:2: warning: from_day: {text}"]
    assert warnings(eflow_targets=DATED + rows) == expected


def test_a_sensitive_season_is_no_gap() -> None:
    header = TARGETS.replace("\n", ",kind\n")
    assert warnings(eflow_targets=header + "A1,discharge,04-01,06-30,1,day,sensitive\n") == []


def test_targets_that_cannot_be_judged_are_named_once_for_each_reason() -> None:
    header = TARGETS.replace("\n", ",inflow_rule,inflow_station\n")
    rows = (
        f"{FULL},,\nA1,discharge,01-01,12-31,2,hour,min_inflow,B1\nA1,stage,01-01,12-31,2,day,min_inflow,B1\n"
        "A1,stage,01-01,12-31,2,month,min_inflow,B1\n"
    )
    reason = "an inflow is no stage: targets of it with inflow_rule are not judged: A1:stage:day:base and 1 more"
    assert warnings(STATION + "B1,,section,,,,,5\n", eflow_targets=header + rows) == [
        f"registry/eflow_targets.csv:4: warning: inflow_rule: {reason}"
    ]


def test_an_hour_without_a_slot_is_named() -> None:
    assert warnings(STATIONS + "A1,,section,,,,,120\n", eflow_targets=TARGETS + FULL.replace("day", "hour") + "\n") == [
        "registry/eflow_targets.csv:2: warning: basis: no hour can be judged while A1 reports every 120 min"
    ]


def test_an_exemption_that_counts_without_a_document_is_named() -> None:
    """What was only filed or refused excuses nothing, so nobody asks for its document."""
    exemptions = (
        "station,from,to,reason,document,state\nA1,2026-01-01,2026-01-02,repair,no. 5,\n"
        "A1,2026-02-01,2026-02-02,flood,,approved\nA1,2026-03-01,2026-03-02,flood,,filed\n"
    )
    assert warnings(exemptions=exemptions) == [
        "registry/exemptions.csv:3: warning: document: an exemption that counts has no document"
    ]
