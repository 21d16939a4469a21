"""Lists and thresholds are what the register says at the instant at which dashboards are built."""

from __future__ import annotations

import re
from typing import Final

import pytest

from dashboards.grafana.limits import Limits
from dashboards.grafana.model import Step
from dashboards.grafana.places import Places
from hydro.errors import ConfigError
from hydro.instants import parse_instant
from hydro.quantity import Quantity
from tests.dashboards.grafana.example import example, register_of, shipped_tables
from tests.dashboards.grafana.grafana import choices_of

SUMMER: Final = "2026-07-01"
WINTER: Final = "2026-12-01"


def at(day: str) -> int:
    """Noon of a day in +08:00."""
    return parse_instant(f"{day}T12:00:00+08:00", 0)


def built(day: str, **tables: str) -> tuple[Places, Limits]:
    """Places and limits of the shipped register, with some tables replaced."""
    contents = shipped_tables() | {f"{name}.csv": text.encode() for name, text in tables.items()}
    register = register_of(contents)
    places = Places.of(register, at(day))
    return places, Limits(register, places, at(day))


def starts(steps: tuple[Step, ...]) -> list[tuple[float | None, str]]:
    """Thresholds as pairs."""
    return [(step.start, step.color) for step in steps]


def test_a_station_has_the_largest_target_of_the_day_with_the_bounds_of_levels() -> None:
    """3.70 and 4.60 m3/s in June, 3.70 in July, 1.85 in winter: half, 0.8 and all of it."""
    for day, target in (("2026-06-01", 4.6), (SUMMER, 3.7), (WINTER, 1.85)):
        steps = built(day)[1].targets(Quantity.DISCHARGE)["52010300A1"]
        assert starts(steps) == [
            (None, "red"),
            (round(target * 0.5, 6), "orange"),
            (round(target * 0.8, 6), "yellow"),
            (target, "green"),
        ]


def test_bounds_that_an_authority_has_set_are_those_of_its_stations() -> None:
    levels = "authority,class,basis,level,valid_from,ratio_below\n贵阳市水务局,eflow_shortfall,day,red,2026-01-01,0.6\n"
    targets = built(SUMMER, levels=levels)[1].targets(Quantity.DISCHARGE)
    assert targets["52010300A1"][1] == Step(2.22, "orange")
    assert targets["52038200B1"][1] == Step(0.45, "orange")
    assert built(SUMMER, levels=levels)[1].ratio()[1] == Step(0.5, "orange")


def test_an_intake_is_held_against_the_least_of_what_is_allowed_and_what_is_possible() -> None:
    """Permit 0.9, design 1.0 m3/s."""
    places, limits = built("2025-07-01")
    assert starts(limits.rates()["52260100C1"]) == [
        (None, "green"),
        (0.945, "yellow"),
        (1.08, "orange"),
        (1.35, "red"),
    ]
    assert starts(limits.volumes()["52260100C1"]) == [(None, "green"), (72_000, "blue"), (80_000, "red")]
    assert list(places.intakes) == ["52260100C1"]


def test_completeness_is_green_at_the_pass_rate_of_the_register() -> None:
    assert starts(built(SUMMER)[1].completeness()) == [(None, "red"), (90.0, "green")]
    tables = shipped_tables()["eflow_targets.csv"].decode().replace(",50,0.9,Q90", ",50,0.95,Q90")
    assert starts(built(SUMMER, eflow_targets=tables)[1].completeness()) == [
        (None, "red"),
        (90.0, "yellow"),
        (95.0, "green"),
    ]


def test_what_is_due_is_what_most_stations_do() -> None:
    """One station every 5 min, two every 15, a meter once a day: a quarter of an hour, and three that are as quick."""
    assert built(SUMMER)[1].usual_report_min() == (15, 3)


def test_silence_turns_yellow_where_the_first_station_would_be_lost_and_red_at_the_last() -> None:
    """5 and 15 min: 60 min + 30 and + 60 lateness; the meter reports once a day: 3 days + 30 min."""
    assert starts(built(SUMMER)[1].silence_s()) == [(None, "green"), (90 * 60, "yellow"), (4_350 * 60, "red")]


def test_a_station_that_is_retired_or_not_yet_valid_is_in_no_list() -> None:
    tables = shipped_tables()["stations.csv"].decode()
    places, _ = built(SUMMER, stations=tables.replace("river,active", "river,retired"))
    assert "52010300A1" not in places.stations
    assert "52260100C1" not in built("2024-12-31")[0].stations
    assert "52260100C1" in built("2025-01-02")[0].stations


def test_a_choice_matches_the_codes_below_it_and_no_others() -> None:
    places, _ = built(SUMMER)
    rivers = choices_of(places.river().as_json())
    assert list(rivers) == ["南明河 Nanming River", "赤水河 Chishui River", "清水江 Qingshui River"]
    assert re.fullmatch(rivers["赤水河 Chishui River"], "52038200B2")
    assert not re.fullmatch(rivers["赤水河 Chishui River"], "52010300A1")
    divisions = choices_of(places.division().as_json())
    assert divisions["520382"] == "520382|52038200B1|52038200B2"
    assert divisions["520300 全市 · whole city"] == "520300|520382|52038200B1|52038200B2"
    assert choices_of(places.station().as_json())["南明河示例断面 52010300A1"] == "52010300A1"
    assert choices_of(places.intake().as_json())["清水江示例取水口 52260100C1"] == "52260100C1|P-0001"
    assert choices_of(places.basin().as_json())["All"] == ".*"


def test_a_large_register_is_asked_about_less_often() -> None:
    """Questions about all alerts cost the database about 0.05 ms for each that there ever was in 400 days."""
    head = "station,name,kind,basin,river,division,gateway,interval_min\n"
    tables = {name: text.splitlines()[0] for name, text in shipped_tables().items()}
    for stations, every_s, refresh in ((2_000, 60, "1m"), (2_001, 300, "5m")):
        lines = "".join(f"S{number},,section,b,r,520103,,5\n" for number in range(stations))
        built = example(register_of({**tables, "stations.csv": (head + lines).encode()}))
        assert built.every_s == every_s
        assert {name: dashboard["refresh"] for name, dashboard in built.dashboards.items() if name != "health"} == {
            "province": refresh,
            "division": refresh,
            "river": refresh,
            "station": "1m",
            "intake": "1m",
            "quality": refresh,
        }


def test_a_name_with_commas_and_colons_is_read_by_grafana_as_it_is_meant() -> None:
    tables = shipped_tables()["stations.csv"].decode().replace("南明河示例断面", '"甲, 乙 : 丙"')
    choices = choices_of(built(SUMMER, stations=tables)[0].station().as_json())
    assert choices["甲, 乙: 丙 52010300A1"] == "52010300A1"
    assert len(choices) == 4


@pytest.mark.parametrize(("column", "kind"), [("520103", "division"), ("南明河", "river"), ("乌江", "basin")])
def test_a_station_whose_code_is_the_name_of_its_place_is_refused(column: str, kind: str) -> None:
    """In Grafana one pattern stands for both: its readings would be shown for the whole place."""
    stations = shipped_tables()["stations.csv"].decode().replace(f",{column},", ",52010300A1,", 1)
    with pytest.raises(ConfigError, match=f"52010300A1 is a station and a {kind}"):
        built(SUMMER, stations=stations)
