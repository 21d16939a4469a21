"""The store of a running service, asked over its control socket: what :class:`StoreReading` is without one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from hydro.errors import WatermasterError
from hydro.instants import DAY_MS
from storage.buckets import Samples
from storage.packed_samples import unpack_samples

if TYPE_CHECKING:
    from hydro.quantity import Quantity
    from watermaster.ask import Service

__all__ = ["ServiceReading"]

_LONGEST_MS: Final = 366 * DAY_MS
_FAR: Final = 2**60
"""After all event times."""


class ServiceReading:
    """Questions to a service.

    Args:
        service: Which.
    """

    def __init__(self, service: Service) -> None:
        self._service = service

    def samples(self, station: str, quantity: Quantity, start: int, end: int) -> Samples:
        """Values with start < time <= end, in order of time."""
        parts = [
            self._part(station, quantity, since, min(since + _LONGEST_MS, end))
            for since in range(start, end, _LONGEST_MS)
        ]
        return Samples(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))

    def _part(self, station: str, quantity: Quantity, start: int, end: int) -> Samples:
        path = ("store", "values", station, quantity.text, str(start), str(end))
        with self._service.admin_file(*path) as answer:
            pieces = []
            while piece := answer.piece():
                pieces.append(piece)
        return unpack_samples(b"".join(pieces))

    def series_since(self, start: int) -> set[tuple[str, str]]:
        """Series, by station and quantity, that have a value after an instant."""
        return {(station, quantity) for station, quantity in self._known(start)["series"]}

    def kept_since(self) -> int | None:
        """Up to which event time values were summed up, epoch milliseconds; None = nothing was."""
        since: int | None = self._known(_FAR)["kept_since"]
        return since

    def _known(self, start: int) -> dict[str, Any]:
        found = self._service.admin("GET", "store", "series", str(start))
        if found is None:
            raise WatermasterError(f"{self._service} gives no values: it is of another version")
        return dict(found)
