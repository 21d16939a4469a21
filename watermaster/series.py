"""A station's series for people: raw values, or buckets; the same for command line and REST."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hydro.errors import ConfigError
from hydro.instants import HOUR_MS, MINUTE_MS, format_instant
from hydro.quantity import QUANTITIES, Quantity
from storage.buckets import Grid

if TYPE_CHECKING:
    from hydro.register import Register
    from storage.buckets import Bucket
    from storage.store import Point, Store

__all__ = ["buckets", "parse_every", "summed_up", "values"]

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
    """Values with start < time <= end; of times that are summed up (see `summed_up`) there are none.

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
    grid = Grid(every_ms, row.interval_min * MINUTE_MS, register.zone_minutes, summed=known is Quantity.VOLUME)
    return await store.buckets(station, known.text, start, end, grid)


async def summed_up(store: Store, zone_minutes: int, start: int, every_ms: int | None) -> str | None:
    """What somebody who asks for times after ``start`` is told where the store has summed some of them up.

    Args:
        store: The store.
        zone_minutes: For the text.
        start: Epoch milliseconds.
        every_ms: Length of the buckets that are asked for; None = single values.

    Returns:
        One line; None where there is nothing to be told.

    Raises:
        StoreError: The store doesn't answer.
    """
    since = await store.kept_since(every_ms)
    if since is None or start >= since:
        return None
    coarser = "--every 1h, 1d" if every_ms is None or every_ms % HOUR_MS else "--every 1d"
    limit = format_instant(since, zone_minutes)
    return f"values up to {limit} are summed up and don't appear here; ask with {coarser} or multiples of it"
