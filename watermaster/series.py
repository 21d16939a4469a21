"""A station's series for people: raw values, or buckets; the same for command line and REST."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hydro.errors import ConfigError
from hydro.instants import MINUTE_MS
from hydro.quantity import QUANTITIES, Quantity
from storage.buckets import Bucket, Grid, bucketise

if TYPE_CHECKING:
    from hydro.register import Register
    from storage.store import Point, Store

__all__ = ["buckets", "parse_every", "values"]

_UNITS: Final = {"m": 1, "min": 1, "h": 60, "d": 1440}
_EVERY: Final = re.compile(r"(\d{1,6})(min|m|h|d)")


def parse_every(text: str) -> int:
    """Milliseconds of a length such as ``10m``, ``1h`` or ``1d``.

    Raises:
        ConfigError: Not of that form.

    >>> parse_every("1h"), parse_every("15min")
    (3600000, 900000)
    """
    found = _EVERY.fullmatch(text)
    if found is None or int(found[1]) == 0:
        message = f"every: {text!r} is not a length such as 10m, 1h or 1d"
        raise ConfigError(message)
    return int(found[1]) * _UNITS[found[2]] * MINUTE_MS


def _known(register: Register, station: str, quantity: str) -> Quantity:
    if station not in register.stations:
        message = f"station {station!r} is not in the register"
        raise ConfigError(message)
    found = QUANTITIES.get(quantity)
    if found is None:
        message = f"quantity {quantity!r} is not one of {', '.join(QUANTITIES)}"
        raise ConfigError(message)
    return found


async def values(store: Store, register: Register, station: str, quantity: str, start: int, end: int) -> list[Point]:
    """Values with start < time <= end.

    Raises:
        ConfigError: Unknown station or quantity.
        StoreError: The store doesn't answer.
    """
    return await store.read(station, _known(register, station, quantity).text, start, end)


async def buckets(  # what is asked for, by name
    store: Store, register: Register, station: str, quantity: str, start: int, end: int, every_ms: int
) -> list[Bucket]:
    """Values in buckets (start, end], labelled by their end.

    Raises:
        ConfigError: Unknown station or quantity.
        StoreError: The store doesn't answer.
    """
    known = _known(register, station, quantity)
    row = register.station_at(station, end) or register.stations[station].rows[-1]
    points = await store.read(station, known.text, start, end)
    grid = Grid(every_ms, row.interval_min * MINUTE_MS, register.zone_minutes, summed=known is Quantity.VOLUME)
    return list(bucketise(points, start, end, grid))
