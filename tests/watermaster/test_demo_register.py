"""The demo's register passes the same checks as any other."""

from __future__ import annotations

from functools import cache

from hydro.register import Register, SectionRole, StationKind
from tests.watermaster.demo_day import GATEWAYS, loaded, planned
from watermaster.demo.visitor import VISITOR, with_visitor


@cache
def register(*, visitors: bool = False) -> Register:
    """That of a demo."""
    scenario = planned().scenario
    return loaded(with_visitor(scenario) if visitors else scenario)


def test_the_register_has_no_mistake_and_describes_every_station_for_the_map() -> None:
    stations = [rows.rows[0] for rows in register().stations.values()]
    assert len(stations) == 24
    assert all(station.name and station.name_en and station.chainage_km is not None for station in stations)
    assert {station.gateway for station in stations} == set(GATEWAYS)
    rivers = register().rivers
    assert {station.river for station in stations} | {station.basin for station in stations} == set(rivers)
    assert all(dated.rows[0].name_en for dated in rivers.values())
    lengths = {name: rows.rows[0].length_km for name, rows in rivers.items()}
    assert all((station.chainage_km or 0) < (lengths[station.river] or 0) for station in stations)


def test_the_basin_has_a_plant_with_two_sections_and_intakes_of_all_kinds() -> None:
    stations = [rows.rows[0] for rows in register().stations.values()]
    roles = {station.section_role for station in stations if station.plant == "XST"}
    assert roles == {SectionRole.DAM, SectionRole.TAILRACE}
    kinds = [station.kind for station in stations]
    assert (kinds.count(StationKind.INTAKE), kinds.count(StationKind.RESERVOIR)) == (7, 1)


def test_every_point_has_its_resolution() -> None:
    limits = [rows.rows[0] for rows in register().points.values()]
    assert len(limits) > 60
    assert all(point.resolution for point in limits)


def test_a_station_that_nobody_speaks_for_is_there_where_visitors_may_publish_and_only_there() -> None:
    assert set(register(visitors=True).stations) - set(register().stations) == {VISITOR}
    [row] = register(visitors=True).stations[VISITOR].rows
    assert row.gateway == ""
