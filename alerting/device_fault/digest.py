"""What of the register the verdicts on a station rest on, as a digest: where it differs, they are judged anew."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hydro.quantity import Quantity
    from hydro.register import Register

__all__ = ["digest_of"]


def digest_of(
    station: str, watched: Iterable[tuple[str, Quantity]], targets: Iterable[tuple[int, int]], register: Register
) -> bytes:
    """Digest.

    Args:
        station: Code.
        watched: Its series.
        targets: From when until when each row of its targets holds.
        register: Master data.
    """
    rows = [
        (
            *(row.start_ms, row.end_ms, row.interval_min, row.cease_stage_m),
            *(row.ice_from, row.ice_to, row.dry_from, row.dry_to),
        )
        for row in register.stations[station]
    ]
    points = [
        (int(series[1]), row.start_ms, row.end_ms, row.minimum, row.zero_below, row.verify_until)
        for series in watched
        for row in register.points.get(series, ())
    ]
    return sha256(repr((rows, points, sorted(targets))).encode()).digest()[:8]
