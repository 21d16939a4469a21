"""Numbers of series in the file: given when a series is first written, never changed.

The numbers of :class:`hydro.series.SeriesIndex` follow the register and change with it; these follow the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hydro.quantity import QUANTITIES, Quantity
from storage.lineprotocol import escape_tag

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from numpy.typing import NDArray

    from hydro.series import SeriesIndex

__all__ = ["SeriesNames", "refused_stations"]

_UNKNOWN: Final = -1


class SeriesNames:
    """Series of one file, as read from it. Used by the thread that writes; readers ask `number`, which a dict answers.

    Attributes:
        names: Station and quantity by number.
    """

    def __init__(self, connection: DuckDBPyConnection) -> None:
        rows = connection.execute("SELECT station, quantity FROM series ORDER BY number").fetchall()
        self.names: list[tuple[str, str]] = [(str(station), str(quantity)) for station, quantity in rows]
        self._numbers = {name: number for number, name in enumerate(self.names)}
        self._index: SeriesIndex | None = None
        self._table: NDArray[np.int32] = np.empty(0, np.int32)

    def __len__(self) -> int:
        """Number of series."""
        return len(self.names)

    def number(self, station: str, quantity: str) -> int | None:
        """Number of a series; None if the file has none of its points."""
        return self._numbers.get((station, quantity))

    def numbers_of(
        self, connection: DuckDBPyConnection, series: NDArray[np.int64], index: SeriesIndex
    ) -> NDArray[np.int32]:
        """Numbers of the file for those of an index; new series are entered, in the transaction of their first rows."""
        if index is not self._index:
            self._index, self._table = index, np.full(len(index), _UNKNOWN, np.int32)
        numbers = self._table[series]
        if (numbers == _UNKNOWN).any():
            new = []
            for one in np.unique(series[numbers == _UNKNOWN]).tolist():
                name = (index.station(one), index.quantity(one).text)
                number = self._numbers.setdefault(name, len(self.names))
                if number == len(self.names):
                    self.names.append(name)
                    new.append((number, *name))
                self._table[one] = number
            if new:
                numbers_, stations, quantities = (list(column) for column in zip(*new, strict=True))
                connection.execute(
                    "INSERT INTO series SELECT unnest(?), unnest(?), unnest(?)", [numbers_, stations, quantities]
                )
            numbers = self._table[series]
        return numbers

    def summed(self) -> NDArray[np.bool_]:
        """By number, whether the values of a slot are added up, not averaged."""
        return np.array([QUANTITIES.get(quantity) is Quantity.VOLUME for _, quantity in self.names], np.bool_)


def refused_stations(index: SeriesIndex) -> NDArray[np.bool_]:
    """By station number, whether no store takes its code: what InfluxDB can't name is no good code here either."""
    return np.array([not _can_be_named(code) for code in index.stations], np.bool_)


def _can_be_named(code: str) -> bool:
    try:
        escape_tag(code).encode()
    except ValueError:
        return False
    return True
