"""Of which stations a report is: those of a division, an authority or a river, or one alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dashboards.reports.division import covers, parse_division
from hydro.errors import ConfigError

if TYPE_CHECKING:
    from hydro.register import Register, Station

__all__ = ["EVERYWHERE", "Place"]


class Place(NamedTuple):
    """What a station must have, all of it; None does not restrict.

    Attributes:
        division: Code of its division, or of one above.
        authority: As the register spells it.
        river: Likewise.
        station: Its code.
    """

    division: str | None = None
    authority: str | None = None
    river: str | None = None
    station: str | None = None

    def require(self, register: Register) -> None:
        """See that it can be meant.

        Raises:
            ConfigError: The division is no code; or the register knows no such authority, river or station.
        """
        if self.division is not None:
            parse_division(self.division)
        if self.station is not None and self.station not in register.stations:
            raise ConfigError(f"station {self.station[:64]!r} is not in the register")
        for name, wanted in (("authority", self.authority), ("river", self.river)):
            if wanted is None:
                continue
            known = {getattr(row, name) for rows in register.stations.values() for row in rows.rows}
            if wanted not in known:
                raise ConfigError(f"{name}: no station of the register has {wanted[:64]!r}")

    def holds(self, station: Station) -> bool:
        """Whether a row of a station is of the place."""
        return (
            self.station in (None, station.code)
            and self.river in (None, station.river)
            and self.authority in (None, station.authority)
            and (self.division is None or covers(self.division, station.division))
        )

    @property
    def is_of_stations(self) -> bool:
        """Whether what isn't about a station has no place in it."""
        return (self.authority, self.river, self.station) != (None, None, None)


EVERYWHERE = Place()
