"""What every dashboard is built from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from dashboards.grafana.limits import Limits
from dashboards.grafana.places import Places

if TYPE_CHECKING:
    from hydro.register import Register

__all__ = ["Around", "around", "timezone_of"]

_CHINA_MIN: Final = 480
_LARGE: Final = 2_000
"""Stations. Beyond, questions about all alerts take the database seconds, and they are asked less often."""


class Around(NamedTuple):
    """See the module.

    Attributes:
        places: What can be chosen.
        limits: Thresholds.
        zone_minutes: Zone in which days begin.
        console: Address of the page without a slash at its end; empty where it has none that others can reach.
    """

    places: Places
    limits: Limits
    zone_minutes: int
    console: str

    @property
    def every_s(self) -> int:
        """How often panels and rules ask for all alerts."""
        return 60 if len(self.places.stations) <= _LARGE else 300

    @property
    def timezone(self) -> str:
        """Zone in which times are shown, by a name that browsers know."""
        return timezone_of(self.zone_minutes)


def around(register: Register, at: int, console: str) -> Around:
    """The register at an instant.

    Args:
        register: Master data.
        at: Epoch milliseconds.
        console: Address of the page; empty without.

    Raises:
        ConfigError: Of :meth:`Places.of`.
    """
    places = Places.of(register, at)
    return Around(places, Limits(register, places, at), register.zone_minutes, console.rstrip("/"))


def timezone_of(zone_minutes: int) -> str:
    """Name of a fixed zone; the browser's own where there is none.

    >>> timezone_of(480), timezone_of(0), timezone_of(-180), timezone_of(345)
    ('Asia/Shanghai', 'utc', 'Etc/GMT+3', 'browser')
    """
    if zone_minutes == _CHINA_MIN:
        return "Asia/Shanghai"
    if zone_minutes % 60:
        return "browser"
    hours = zone_minutes // 60
    return f"Etc/GMT{-hours:+d}" if hours else "utc"
