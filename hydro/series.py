"""Series index: (station, quantity) as one integer, so that columns need no strings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hydro.quantity import Quantity

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["QUANTITY_SLOTS", "SeriesIndex"]

QUANTITY_SLOTS: Final = 32
"""Series numbers per station; :class:`~hydro.quantity.Quantity` codes stay below it."""


class SeriesIndex:
    """Numbers for the series of a fixed list of stations.

    ``number = station number * 32 + quantity code``. Station numbers follow the sorted codes, so two processes with the
    same register agree; state files keep the codes themselves, since a register changes.
    """

    __slots__ = ("_numbers", "stations")

    def __init__(self, stations: Iterable[str]) -> None:
        self.stations: tuple[str, ...] = tuple(sorted(set(stations)))
        self._numbers: dict[str, int] = {code: number for number, code in enumerate(self.stations)}

    def __len__(self) -> int:
        """Upper bound of series numbers."""
        return len(self.stations) * QUANTITY_SLOTS

    def station_number(self, station: str) -> int | None:
        """Number of a station, None if the register doesn't know it."""
        return self._numbers.get(station)

    def number(self, station: str, quantity: Quantity) -> int:
        """Number of a series.

        Raises:
            KeyError: ``station`` is unknown.
        """
        return self._numbers[station] * QUANTITY_SLOTS + quantity

    def station(self, number: int) -> str:
        """Code of the station of a series number."""
        return self.stations[number // QUANTITY_SLOTS]

    def quantity(self, number: int) -> Quantity:
        """Quantity of a series number."""
        return Quantity(number % QUANTITY_SLOTS)
