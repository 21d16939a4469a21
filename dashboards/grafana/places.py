"""What can be chosen in a dashboard: lists from the register as it is when the dashboards are built.

In the store a reading knows its station and nothing else, an alert its place too. So the value of a river or a division
is a regular expression: its own name, by which alerts know it, and the codes of its stations, by which readings do.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

from dashboards.grafana.influxql import pattern
from dashboards.grafana.model import Variable, both
from dashboards.reports.division import city_of, covers
from hydro.errors import ConfigError
from hydro.register.stations import StationStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from hydro.register import Register
    from hydro.register.intakes import Intake
    from hydro.register.stations import Station

__all__ = ["Places"]

_NONE: Final = (both("（无）", "none"), "-")
"""The only choice of an empty list; alerts and readings of no place have this tag."""


class Places(NamedTuple):
    """The register at one instant, as far as it can be chosen from.

    Attributes:
        stations: By code, those that are not retired, in the order of the register.
        intakes: Metering points among them.
        rivers: Names of rivers in English, where they have one.
        permits: Codes of the permits of an intake's structure, by metering point.
    """

    stations: Mapping[str, Station]
    intakes: Mapping[str, Intake]
    rivers: Mapping[str, str]
    permits: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, register: Register, at: int) -> Places:
        """What is valid at an instant.

        Args:
            register: Master data.
            at: Epoch milliseconds.

        Raises:
            ConfigError: The code of a station is also that of a division, or the name of a river or basin.
        """
        found = {code: register.station_at(code, at) for code in register.stations}
        stations = {
            code: station
            for code, station in found.items()
            if station is not None and station.status is not StationStatus.RETIRED
        }
        for kind, names in (
            ("division", {station.division for station in stations.values()}),
            ("river", {station.river for station in stations.values()}),
            ("basin", {station.basin for station in stations.values()}),
        ):
            for code in sorted(names & stations.keys()):
                raise ConfigError(f"{code} is a station and a {kind}: in Grafana they can't be told apart")
        points = {code: register.taking.intake_at(code, at) for code in stations}
        intakes = {code: intake for code, intake in points.items() if intake is not None}
        rivers = {name: row.name_en for name, rows in register.rivers.items() if (row := rows.at(at)) is not None}
        permits = {
            code: tuple(share.permit for share in register.taking.permits_of(intake.intake, at))
            for code, intake in intakes.items()
        }
        return cls(stations, intakes, rivers, permits)

    def basin(self) -> Variable:
        """Basins, or all of them."""
        named = self._by(lambda station: station.basin)
        return Variable(
            "basin",
            both("流域", "Basin"),
            both("取自测站表", "From the table of stations."),
            [(name, pattern([name, *codes])) for name, codes in named.items()] or [_NONE],
            all_value=".*",
        )

    def river(self) -> Variable:
        """Rivers."""
        choices = [
            (f"{name} {self.rivers[name]}" if self.rivers.get(name) else name, pattern([name, *codes]))
            for name, codes in self._by(lambda station: station.river).items()
        ]
        return Variable(
            "river", both("河流", "River"), both("取自测站表", "From the table of stations."), choices or [_NONE]
        )

    def division(self) -> Variable:
        """Divisions of stations, and the cities above them."""
        named = self._by(lambda station: station.division)
        cities = {city for code in named if (city := city_of(code)) is not None}
        choices = []
        for code in sorted(cities | named.keys()):
            below = [one for one in named if one == code or (code in cities and covers(code, one))]
            stations = [station for one in below for station in named[one]]
            text = f"{code} {both('全市', 'whole city')}" if code in cities else code
            choices.append((text, pattern([*dict.fromkeys([code, *below]), *stations])))
        return Variable(
            "division",
            both("行政区", "Division"),
            both("GB/T 2260 代码，取自测站表", "Codes of GB/T 2260, from the table of stations."),
            choices or [_NONE],
        )

    def station(self) -> Variable:
        """Stations, those with a duty or a meter like all others."""
        choices = [(_called(station), pattern([code])) for code, station in self.stations.items()]
        return Variable(
            "station", both("测站", "Station"), both("取自测站表", "From the table of stations."), choices or [_NONE]
        )

    def intake(self) -> Variable:
        """Metering points; alerts of the structure and of its permits belong to them too."""
        choices = [
            (_called(self.stations[code]), pattern(dict.fromkeys([code, intake.intake, *self.permits[code]])))
            for code, intake in self.intakes.items()
        ]
        return Variable(
            "intake",
            both("取水口", "Intake"),
            both("取自取水口表", "From the table of intakes."),
            choices or [_NONE],
        )

    def _by(self, key: Callable[[Station], str]) -> dict[str, list[str]]:
        """Codes of stations by a name of theirs; those without one are left out."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for code, station in self.stations.items():
            if key(station):
                found[key(station)].append(code)
        return dict(found)


def _called(station: Station) -> str:
    names: Iterable[str] = (station.name, station.name_en, station.code)
    return " ".join(name for name in names if name)
