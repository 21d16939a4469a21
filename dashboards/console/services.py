"""What the console needs of the rest of the program; the wiring hands it in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from pathlib import Path

    from alerting.ledger import Ledger
    from dashboards.console.live import Board
    from dashboards.console.report_routes import ReportMaker
    from dashboards.console.rtu_routes import FieldLink
    from hydro.register import Register
    from storage.buckets import Bucket
    from storage.store import Point

__all__ = ["Services"]


async def _all_kept(_start: int, _every: str | None) -> str | None:
    """Of a store that sums nothing up."""
    return None


def _nothing_kept(_name: str) -> Path | None:
    """Where no evidence is kept."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Handed to :func:`dashboards.console.app.create_app`.

    Attributes:
        version: Of the program.
        zone_minutes: Zone of the times that are shown, and of times without offset that are asked for.
        clock: Epoch milliseconds.
        ledger: Alerts and cases; its calls block and are made in threads.
        register: Master data as they are now.
        board: What is known of this moment, and what has changed.
        field_link: RTUs that are on line and asking them; None where the collector runs in another process.
        values: Values of (station, quantity, start, end), start < time <= end in epoch milliseconds.
        buckets: The same by buckets; the last argument is their length, such as ``1h``. Both raise
            :class:`~hydro.errors.ConfigError` for what they don't understand and
            :class:`~hydro.errors.StoreError` where the store doesn't answer.
        summed_up: Of (start, length of buckets) what somebody is told who asks for times that the store has summed up
            meanwhile; None where all that is asked for is there.
        reports: Makes reports; None where none are made.
        evidence: Of a name, below the folder of evidence, the file; None where it isn't there. Blocks.
        dead_letters: Of (limit, before, kind) the newest dead letters as objects, only those whose ``id`` is less than
            ``before``, only those of a kind; several may have one ``id``. Blocks.
        health: The object of ``/api/v1/health``.
        metrics: The page that Prometheus scrapes.
    """

    version: str
    zone_minutes: int
    clock: Callable[[], int]
    ledger: Ledger
    register: Callable[[], Register]
    board: Board
    field_link: Callable[[], FieldLink | None] = lambda: None
    values: Callable[[str, str, int, int], Awaitable[Sequence[Point]]]
    buckets: Callable[[str, str, int, int, str], Awaitable[Sequence[Bucket]]]
    dead_letters: Callable[[int, int | None, str | None], Sequence[Mapping[str, Any]]]
    health: Callable[[], Mapping[str, Any]]
    metrics: Callable[[], str]
    summed_up: Callable[[int, str | None], Awaitable[str | None]] = _all_kept
    reports: Callable[[], ReportMaker | None] = lambda: None
    evidence: Callable[[str], Path | None] = _nothing_kept
