"""Rivers: which flows into which."""

from __future__ import annotations

from .tables import STATION, mistakes, register

RIVERS = "river,name_en,into,into_km,length_km\n"


def test_rivers_and_the_places_of_stations_on_them_are_optional() -> None:
    plain = register()
    assert plain.rivers == {}
    assert plain.stations["A1"].rows[0].chainage_km is None
    drawn = register(
        STATION.replace("interval_min\n", "interval_min,name_en,chainage_km,confirm\n").replace(
            ",5\n", ",5,Upper,12.5,EOT\n"
        ),
        rivers=RIVERS + "Nanming,Nanming River,Wu,210,118\nWu,,,,\n",
    )
    row = drawn.stations["A1"].rows[0]
    assert (row.name_en, str(row.chainage_km), str(row.confirm)) == ("Upper", "12.5", "EOT")
    nanming = drawn.rivers["Nanming"].rows[0]
    assert (nanming.into, str(nanming.into_km), str(nanming.length_km)) == ("Wu", "210", "118")


def test_water_flows_down() -> None:
    assert mistakes(rivers=RIVERS + "a,,b,1,\nb,,c,1,\nc,,a,1,\nd,,a,1,\n") == [
        f'registry/rivers.csv:{row}: into: "{name}" flows over others into itself'
        for row, name in ((2, "a"), (3, "b"), (4, "c"))
    ]
    assert mistakes(rivers=RIVERS + "a,,a,1,\n") == ["registry/rivers.csv:2: into: is the river itself"]


def test_a_river_flows_into_one_of_the_table_at_a_place_of_it() -> None:
    assert mistakes(rivers=RIVERS + "a,,b,1,\n") == ['registry/rivers.csv:2: into: unknown river "b"']
    assert mistakes(rivers=RIVERS + "a,,,7,\n") == ["registry/rivers.csv:2: into_km: is given while into is empty"]
