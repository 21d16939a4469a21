"""What the console needs of the rest of the program; the wiring hands it in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from alerting.ledger import Ledger
    from hydro.register import DatedRows, Station
    from storage.buckets import Bucket
    from storage.store import Point

__all__ = ["Services"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Handed to :func:`dashboards.console.app.create_app`.

    Attributes:
        version: Of the program.
        zone_minutes: Zone of the times that are shown, and of times without offset that are asked for.
        clock: Epoch milliseconds.
        ledger: Alerts and cases; its calls block and are made in threads.
        stations: The register's stations by code, as they are now.
        values: Values of (station, quantity, start, end), start < time <= end in epoch milliseconds.
        buckets: The same by buckets; the last argument is their length, such as ``1h``. Both raise
            :class:`~hydro.errors.ConfigError` for what they don't understand and
            :class:`~hydro.errors.StoreError` where the store doesn't answer.
        dead_letters: Of (limit, before, kind) the newest dead letters as objects, only those whose ``id`` is less than
            ``before``, only those of a kind; several may have one ``id``. Blocks.
        health: The object of ``/api/v1/health``.
        metrics: The page that Prometheus scrapes.
    """

    version: str
    zone_minutes: int
    clock: Callable[[], int]
    ledger: Ledger
    stations: Callable[[], Mapping[str, DatedRows[Station]]]
    values: Callable[[str, str, int, int], Awaitable[Sequence[Point]]]
    buckets: Callable[[str, str, int, int, str], Awaitable[Sequence[Bucket]]]
    dead_letters: Callable[[int, int | None, str | None], Sequence[Mapping[str, Any]]]
    health: Callable[[], Mapping[str, Any]]
    metrics: Callable[[], str]
