"""The register as screens need it at an instant: by station number, by basin, by gateway."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from hydro.instants import MINUTE_MS, local_date
from hydro.register import StationStatus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from numpy.typing import NDArray

    from hydro.register import Register, Station
    from hydro.series import SeriesIndex

__all__ = ["Basin", "Places"]

_SHORTEST_SILENCE_MIN: Final = 60
_REPORTS_MISSED: Final = 3


@dataclass(frozen=True, slots=True, eq=False)
class Basin:
    """Stations that are shown together.

    Attributes:
        name: As in the register; empty for stations that name none.
        number: Place in the order of the register.
        members: Numbers of its stations, in the order of the register.
    """

    name: str
    number: int
    members: NDArray[np.int64]


class Places:
    """Stations as the register has them at an instant: the row valid then, else the last one.

    Args:
        register: Master data.
        index: Numbers of its stations.
        at: Epoch milliseconds.

    Attributes:
        register: As given.
        index: As given.
        day: Local date of the instant; on another day other rows may be valid.
        stations: By number.
        basins: By name, in the order of the register.
        basin_of: int64 by station, number of its basin.
        gateways: Names of the gateways that the register has for stations, sorted.
        gateway_of: int64 by station, place of its gateway among these; -1 = any may speak for it.
        targets: Ids of the targets of a station, those with a row that is valid then.
        silent_ms: int64 by station: from which age of its newest valid value on it is silent.
        asked: bool by station: it has a target.
        expected: bool by station: it is to report, having not been retired.
    """

    def __init__(self, register: Register, index: SeriesIndex, at: int) -> None:
        self.register = register
        self.index = index
        self.day: date = local_date(at, register.zone_minutes)
        rows = {code: dated.at(at) or dated.rows[-1] for code, dated in register.stations.items()}
        self.stations: Sequence[Station] = [rows[code] for code in index.stations]
        numbers = {code: number for number, code in enumerate(index.stations)}
        basins: defaultdict[str, list[int]] = defaultdict(list)
        for code, row in rows.items():
            basins[row.basin].append(numbers[code])
        self.basins: Mapping[str, Basin] = {
            name: Basin(name, place, np.array(members, np.int64))
            for place, (name, members) in enumerate(basins.items())
        }
        self.basin_of = np.zeros(len(self.stations), np.int64)
        for basin in self.basins.values():
            self.basin_of[basin.members] = basin.number
        self.gateways: Sequence[str] = sorted({row.gateway for row in self.stations if row.gateway})
        number_of = {name: number for number, name in enumerate(self.gateways)}
        self.gateway_of = np.array([number_of.get(row.gateway, -1) for row in self.stations], np.int64)
        targets: defaultdict[str, list[str]] = defaultdict(list)
        for target_id, target in register.targets.items():
            if any(row.start_ms < at <= row.end_ms for row in target):
                targets[target[0].station].append(target_id)
        self.targets: Mapping[str, Sequence[str]] = targets
        self.silent_ms = np.array([_silent_ms(row) for row in self.stations], np.int64)
        self.asked = np.array([row.code in targets for row in self.stations], bool)
        self.expected = np.array([row.status is not StationStatus.RETIRED for row in self.stations], bool)

    def basin(self, station: int) -> Basin:
        """The basin of a station number."""
        return self.basins[self.stations[station].basin]


def _silent_ms(row: Station) -> int:
    """Source: ALERTS, `data_loss`."""
    return (max(_REPORTS_MISSED * row.report_min, _SHORTEST_SILENCE_MIN) + row.lateness_min) * MINUTE_MS
