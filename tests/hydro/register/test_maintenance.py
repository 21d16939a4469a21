"""Announced work: on what, when, and of which classes nobody is told meanwhile."""

from __future__ import annotations

import pytest

from hydro.instants import parse_instant
from hydro.register import AlertClass, MaintenanceScope

from .tables import STATIONS, mistakes, register

TABLE = "id,scope,code,from,to,kind,mute\n"
PLACES = (
    "station,name,kind,basin,river,division,gateway,interval_min,plant\n"
    "A1,Upper,plant,Wu,Nanming,520103,gw-1,5,EX01\n"
    "A2,Lower,plant,Wu,Nanming,520103,gw-1,5,EX01\n"
)


def at(text: str) -> int:
    """Epoch milliseconds of a local time."""
    return parse_instant(text, 480)


def test_work_covers_what_slots_cover() -> None:
    """A date D is (D 00:00, D+1 00:00]; times are open at their start and closed at their end."""
    rows = register(
        PLACES,
        maintenance=TABLE
        + "M1,station,A1,2026-03-10,2026-03-11,repair,\n"
        + "M2,gateway,gw-1,2026-03-10T08:00,2026/3/10 12:00,battery,data_loss; device_fault\n",
    ).maintenance
    days, hours = rows
    assert [days.lasts_at(at(text)) for text in ("2026-03-10T00:00", "2026-03-10T00:01", "2026-03-12T00:00")] == [
        False,
        True,
        True,
    ]
    assert [hours.lasts_at(at(text)) for text in ("2026-03-10T08:00", "2026-03-10T12:00", "2026-03-10T12:01")] == [
        False,
        True,
        False,
    ]
    assert hours.scope is MaintenanceScope.GATEWAY
    assert [days.mutes(AlertClass.DATA_LOSS), days.mutes(AlertClass.OVER_RATE)] == [True, True], "empty means all"
    assert [hours.mutes(AlertClass.DATA_LOSS), hours.mutes(AlertClass.OVER_RATE)] == [True, False]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("M1,station,Z9,2026-03-10,2026-03-11,,", ':2: code: unknown station "Z9"'),
        ("M1,gateway,gw-9,2026-03-10,2026-03-11,,", ':2: code: no station names the gateway "gw-9"'),
        ("M1,plant,EX09,2026-03-10,2026-03-11,,", ':2: code: no station names the plant "EX09"'),
        ("M1,plant,,2026-03-10,2026-03-11,,", ":2: code: is empty"),
        ("M1,river,Nanming,2026-03-10,2026-03-11,,", ':2: scope: "river" is not one of station, gateway, plant'),
        ("M1,station,A1,2026-03-10,2026-03-09,,", ":2: to: from is not earlier than to"),
        ("M1,station,A1,2026-03-10T09:00,2026-03-10T09:00,,", ":2: to: from is not earlier than to"),
        ("M1,station,A1,2026-03-10,,,", ":2: to: is empty"),
        ("M1,station,A1,2026-03-10,tomorrow,,", ':2: to: "tomorrow" is neither a date'),
    ],
)
def test_a_row_that_announces_nothing_is_a_mistake(row: str, reason: str) -> None:
    found = mistakes(PLACES, maintenance=TABLE + row + "\n")
    assert len(found) == 1
    assert found[0].startswith(f"registry/maintenance.csv{reason}")


def test_classes_that_nobody_knows_are_a_mistake() -> None:
    found = mistakes(PLACES, maintenance=TABLE + "M1,station,A1,2026-03-10,2026-03-11,,data_loss;floods\n")
    assert found[0].startswith('registry/maintenance.csv:2: mute: "floods" is not one of eflow_shortfall, ')


def test_one_id_names_one_piece_of_work() -> None:
    row = "M1,station,A1,2026-03-10,2026-03-11,,\n"
    other = row.replace("A1", "A2")
    assert mistakes(PLACES, maintenance=TABLE + row + other) == [
        'registry/maintenance.csv:3: id: "M1" is also in row 2, and neither has valid_from or valid_to'
    ]


def test_places_are_not_missed_while_the_stations_cannot_be_read() -> None:
    found = mistakes(
        STATIONS + "A1,,section,,,,,seven\n", maintenance=TABLE + "M1,station,A1,2026-03-10,2026-03-11,,\n"
    )
    assert [line.partition(":")[0] for line in found] == ["registry/stations.csv"]
