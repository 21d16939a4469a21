"""The demo's register passes the same checks as any other."""

from __future__ import annotations

from hydro.register import SectionRole, StationKind
from simulators.demo.places import GATEWAYS, PLACES, VISITOR
from simulators.demo.points import POINTS
from tests.simulators.demo.watching import loaded


def test_the_register_has_no_mistake_and_describes_every_station_for_the_map() -> None:
    register = loaded()
    stations = [rows.rows[0] for rows in register.stations.values()]
    assert len(stations) == 24
    assert all(station.name and station.name_en and station.chainage_km is not None for station in stations)
    assert {station.gateway for station in stations} == set(GATEWAYS)
    assert {station.river for station in stations} | {station.basin for station in stations} == set(register.rivers)
    assert all(dated.rows[0].name_en for dated in register.rivers.values())
    lengths = {name: rows.rows[0].length_km for name, rows in register.rivers.items()}
    assert all((station.chainage_km or 0) < (lengths[station.river] or 0) for station in stations)


def test_the_basin_has_a_plant_with_two_sections_and_intakes_of_all_kinds() -> None:
    stations = [rows.rows[0] for rows in loaded().stations.values()]
    roles = {station.section_role for station in stations if station.plant == "XST"}
    assert roles == {SectionRole.DAM, SectionRole.TAILRACE}
    kinds = [station.kind for station in stations]
    assert (kinds.count(StationKind.INTAKE), kinds.count(StationKind.RESERVOIR)) == (7, 1)


def test_every_station_has_its_points_and_every_point_its_bounds() -> None:
    register = loaded()
    assert set(POINTS) == {place.key for place in PLACES}
    limits = [rows.rows[0] for rows in register.points.values()]
    assert all(point.minimum is not None for point in limits)
    assert all(point.resolution for point in limits)


def test_a_station_that_nobody_speaks_for_is_there_where_visitors_may_publish_and_only_there() -> None:
    assert VISITOR.code not in loaded().stations
    [row] = loaded(visitors=True).stations[VISITOR.code].rows
    assert row.gateway == ""
