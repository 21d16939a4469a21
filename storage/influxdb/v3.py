"""A store in InfluxDB 3: written to and not read from, experimental.

What is missing, and why it is experimental: the server doesn't promise that a point written again replaces the one
before (a correction may stand beside what it corrects). So values older than the reader's memory are taken for new, and
whatever asks the store (series, reports, the page) is told that it can't be read.

Source: InfluxDB 3 Core, "Use compatibility APIs to write data", `/api/v2/write`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from hydro.errors import StoreError
from storage.influxdb.v2 import InfluxDB2

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storage.buckets import Bucket, Grid
    from storage.store import Key, Point

__all__ = ["InfluxDB3"]


class InfluxDB3(InfluxDB2):
    """Client of one database; the writing half of a :class:`storage.store.Store`."""

    async def read(self, station: str, quantity: str, start: int, end: int) -> list[Point]:  # noqa: ARG002  # never read
        """Refused."""
        self._refuse()

    async def buckets(self, station: str, quantity: str, start: int, end: int, grid: Grid) -> list[Bucket]:  # noqa: ARG002  # never read
        """Refused."""
        self._refuse()

    async def lookup(self, keys: Sequence[tuple[str, str, Sequence[int]]]) -> dict[Key, Point]:  # noqa: ARG002  # never read
        """Nothing is known."""
        return {}

    async def latest(self, since: int) -> dict[tuple[str, str], Point]:  # noqa: ARG002  # never read
        """Nothing is known."""
        return {}

    def _refuse(self) -> NoReturn:
        raise StoreError(
            f"{self._connection.server} is written to and not read from: InfluxDB 3 is experimental here;"
            " 1.x, 2.x and the embedded store show values"
        )
