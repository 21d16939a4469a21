"""What of the register the verdicts on a station rest on, as a digest: where it differs, they are judged anew."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from hydro.rules import changed

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
        (
            *(int(series[1]), row.start_ms, row.end_ms, row.minimum, row.zero_below, row.verify_until),
            *(row.flat_hours, row.multiplier),
        )
        for series in watched
        for row in register.points.get(series, ())
    ]
    designs = [(row.start_ms, row.end_ms, row.design_max) for row in register.taking.intakes.get(station, ())]
    numbers = (*changed(register.rules.device_fault), *changed(register.rules.flow_stopped))
    return sha256(repr((rows, points, designs, sorted(targets), *numbers)).encode()).digest()[:8]
