"""Every query of every panel and annotation, asked of a real InfluxDB that the product itself has filled."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest
from jsonschema import Draft202012Validator

from alerting.level import Level
from dashboards.grafana.built import Built, Database, Wanted, build
from dashboards.grafana.influxql import (
    EVERYWHERE,
    VALID,
    daily_change,
    open_alerts,
    open_count,
    pattern,
    per_day,
    readings,
    states,
)
from dashboards.grafana.limits import Limits
from dashboards.grafana.model import INFLUXDB
from dashboards.grafana.places import Places
from hydro.instants import DAY_MS
from hydro.quantity import Quantity
from hydro.register import Context, Register
from simulators.scenario import load
from tests.dashboards.grafana.example import SCHEMA
from tests.dashboards.grafana.filled import DATABASE, END, INTAKE, RIVER, SECTION, START, Filled
from tests.dashboards.grafana.grafana import choices_of, filled_in, queries_of

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMES: Final = ("province", "division", "river", "station", "intake", "quality")
CHOSEN: Final = {
    "basin": ("All", "乌江"),
    "division": ("520123", "520100 全市 · whole city"),
    "river": (f"{RIVER} Yuanshan River",),
    "station": (f"远山村断面 Yuanshan village {SECTION}",),
    "intake": (f"远山村水厂取水口 Yuanshan waterworks {INTAKE}",),
}


@pytest.fixture(scope="module")
def built(filled: Filled) -> Built:
    """Dashboards of the register of that field."""
    database = Database(filled.server.url, DATABASE)
    return build(filled.register, Wanted(at=END, database=database, prometheus="http://127.0.0.1:9090"))


def chosen_in(dashboard: Mapping[str, Any]) -> list[dict[str, str]]:
    """Values of its variables for each of the choices above."""
    [variable] = dashboard["templating"]["list"]
    choices = choices_of(variable)
    return [{variable["name"]: choices[text]} for text in CHOSEN[variable["name"]]]


@pytest.mark.parametrize("name", NAMES)
def test_every_query_of_a_dashboard_finds_something_in_a_field_that_has_everything(
    built: Built, filled: Filled, name: str
) -> None:
    dashboard = built.dashboards[name]
    queries = list(queries_of(dashboard, INFLUXDB.kind))
    assert len(queries) > 5
    empty = [
        f"{title}: {query} for {chosen}"
        for title, query in queries
        for chosen in chosen_in(dashboard)
        if not any(filled.series(filled_in(query, chosen, START, end)) for end in filled.telling())
    ]
    assert "\n".join(empty) == ""


@pytest.mark.parametrize("level", Level, ids=lambda level: level.text)
def test_the_rule_of_a_level_fires_for_the_alerts_that_are_open_at_it_and_for_no_others(
    built: Built, filled: Filled, level: Level
) -> None:
    [rule] = [rule for rule in built.rules if rule["labels"]["severity"] == level.text]
    window = rule["data"][0]["relativeTimeRange"]["from"] * 1_000
    fired = 0
    for end in filled.telling():
        statement = filled_in(rule["data"][0]["model"]["query"], {}, end - window, end)
        series = filled.series(statement)
        firing = {tuple(sorted(one["tags"].items())) for one in series}
        expected = {tuple(sorted(tags)) for tags, at in filled.standing(end).items() if at is level}
        assert firing == expected
        assert [one["columns"] for one in series] == [["time", "level"]] * len(series)
        assert all(values == [[values[0][0], int(level)]] for values in (one["values"] for one in series))
        fired += len(firing)
    assert fired


def test_counts_and_lists_of_open_alerts_are_those_of_the_records(filled: Filled) -> None:
    for end in filled.telling():
        open_now = filled.standing(end)
        listed = filled.series(filled_in(open_alerts(EVERYWHERE), {}, START, end))
        rows = [dict(zip(one["columns"], values, strict=True)) for one in listed for values in one["values"]]
        assert {(row["class"], row["subject"], row["level"]) for row in rows} == {
            (dict(tags)["class"], dict(tags)["subject"], int(level)) for tags, level in open_now.items()
        }
        assert {row["alert"] for row in rows} <= {alert.id for alert in filled.alerts}
        for level in Level:
            found = filled.series(filled_in(open_count(EVERYWHERE, int(level)), {}, START, end))
            number = found[0]["values"][0][1] if found else 0
            assert number == list(open_now.values()).count(level)


def test_a_day_of_a_total_ends_at_midnight_and_midnight_belongs_to_it(filled: Filled) -> None:
    where = f"\"station\" = '{INTAKE}'"
    [totals] = filled.series(filled_in(states(Quantity.VOLUME_TOTAL, where), {}, START + 1, END))
    last: dict[int, float] = {}
    for time, value in totals["values"]:
        last[-(-(time - START) // DAY_MS)] = value  # (00:00, 24:00], numbered by its end
    expected = [last[day] - last[day - 1] for day in (2, 3, 4)]
    [days] = filled.series(filled_in(daily_change(Quantity.VOLUME_TOTAL, where, 480), {}, START + 1, END))
    assert [value for _, value in days["values"]] == expected


def test_completeness_is_what_came_in_percent_of_what_was_due_with_its_fraction(filled: Filled) -> None:
    """Each point of a register of 5-min stations owes 288 readings a day."""
    due = Limits(filled.register, Places.of(filled.register, END), END).readings_a_day()
    assert due == len(filled.register.points) * 288
    days = per_day(480)
    [counted] = filled.series(filled_in(readings(VALID, f"{days} fill(none)"), {}, START + 1, END))
    [percent] = filled.series(filled_in(readings(VALID, f"{days} fill(none)", per=due), {}, START + 1, END))
    assert [value for _, value in percent["values"]] == pytest.approx([n * 100 / due for _, n in counted["values"]])
    assert any(value % 1 for _, value in percent["values"])


@pytest.mark.parametrize(
    "name", ["南明河", "a/b", "x, y : z", "1.5|2", "(甲)", "O'Neil", 'say "hi"', "back\\slash", "ё", "𠮷川"]
)
def test_the_pattern_of_a_name_matches_it_and_nothing_else_in_the_database(filled: Filled, name: str) -> None:
    """By the regular expressions of the database itself, which are not Python's; the names are written as tags."""
    from storage.lineprotocol import escape_tag  # noqa: PLC0415  # of this test alone

    lines = [f"named,name={escape_tag(each)} value=1 1" for each in (name, f"{name}x", "abc")]
    filled.write("\n".join(lines))
    found = filled.series(f'SHOW SERIES FROM "named" WHERE "name" =~ /^({pattern([name])})$/')
    assert [series for one in found for [series] in one["values"]] == [f"named,name={escape_tag(name)}"]


@pytest.mark.slow
def test_the_longest_lists_of_a_province_are_valid_and_the_database_takes_them(filled: Filled) -> None:
    """15,000 stations: the pattern of a city has thousands of codes."""
    scenario = load("province-5000")
    register = Register.parse(scenario.contents(), Context(scenario.zone_minutes, 30), {}).register
    assert register is not None
    database = Database(filled.server.url, DATABASE)
    built = build(register, Wanted(at=scenario.start, database=database, prometheus="http://127.0.0.1:9090"))
    for name, dashboard in built.dashboards.items():
        assert [error.message[:300] for error in Draft202012Validator(SCHEMA).iter_errors(dashboard)] == [], name
        assert len(json.dumps(dashboard, ensure_ascii=False).encode()) < 5_000_000, name
    for name in ("province", "division", "river", "quality"):
        dashboard = built.dashboards[name]
        [variable] = dashboard["templating"]["list"]
        longest = max(choices_of(variable).values(), key=len)
        for _, query in queries_of(dashboard, INFLUXDB.kind):
            filled.ask(filled_in(query, {variable["name"]: longest}, START, END))
        assert (name, longest.count("|") > 100) == (name, True)
