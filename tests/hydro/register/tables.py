"""Small registers as texts."""

from __future__ import annotations

from hydro.register import Context, LoadResult, Register

ZONE_MINUTES = 480
STATIONS = "station,name,kind,basin,river,division,gateway,interval_min\n"
STATION = STATIONS + "A1,Upper,section,Wu,Nanming,520103,,5\n"
POINTS = "station,quantity,min,max\n"
TARGETS = "station,quantity,from_day,to_day,value,basis\n"
EXEMPTIONS = "station,from,to,reason,document\n"
LEVELS = "authority,class,basis,level,valid_from,ratio_below\n"


def load(stations: str | bytes = STATION, **tables: str | bytes) -> LoadResult:
    """A register of these tables, given as whole files."""
    contents = {"stations": stations, **tables}
    return Register.parse(
        {f"{name}.csv": text.encode() if isinstance(text, str) else text for name, text in contents.items()},
        Context(ZONE_MINUTES, lateness_min=30),
        {"zone": "+08:00", "allowed_lateness_min": 30},
    )


def register(stations: str | bytes = STATION, **tables: str | bytes) -> Register:
    """The same where no mistake is expected."""
    result = load(stations, **tables)
    assert [str(finding) for finding in result.mistakes] == []
    assert result.register is not None
    return result.register


def mistakes(stations: str | bytes = STATION, **tables: str | bytes) -> list[str]:
    """What is found wrong, one line each."""
    result = load(stations, **tables)
    assert (result.register is None) == bool(result.mistakes)
    return [str(finding) for finding in result.mistakes]


def warnings(stations: str | bytes = STATION, **tables: str | bytes) -> list[str]:
    """What is worth knowing, one line each."""
    result = load(stations, **tables)
    assert result.register is not None
    return [str(finding) for finding in result.warnings]
