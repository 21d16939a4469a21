"""Restrictions: when one binds, and whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .clock import HOUR, MINUTE
from .register import covered_range, micro
from .take import points_at, shares_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .observed import Observed
    from .register import Register, Row

__all__ = ["binding", "spans_of"]


def spans_of(observed: Observed, row: Row) -> list[tuple[int, int]]:
    """(from, to] in which a restriction binds: all of its dates, or what its gauge makes of them."""
    first, last = covered_range(row["from"], row.get("to", ""), observed.register.zone)
    station = row.get("trigger_station", "")
    if not station:
        return [(first, last)]
    interval = observed.register.interval(station) or HOUR
    hold = max(1, -(-int(row.get("hold_min", "") or "60") * MINUTE // interval))
    below = micro(row["trigger_below"])
    above = micro(row["resume_above"]) if row.get("resume_above", "") else below
    found: list[tuple[int, int]] = []
    low = high = 0
    bound: int | None = None
    seen: int | None = None
    for end, value in sorted(observed.slots(station, row["trigger_quantity"]).items()):
        if not first < end <= last:
            continue
        if seen is not None and end - interval - seen > HOUR:
            low = high = 0
        seen = end
        low = low + 1 if value < below else 0
        high = high + 1 if value >= above else 0
        if bound is None and low >= hold:
            bound = end
        elif bound is not None and high >= hold:
            found.append((bound, end))
            bound = None
    return found if bound is None else [*found, (bound, last)]


def binding(
    register: Register, restrictions: Sequence[tuple[Row, Sequence[tuple[int, int]]]], intake: str, moment: int
) -> list[Row]:
    """Restrictions that bind an intake in a slot that ends at an instant."""
    return [
        row
        for row, spans in restrictions
        if any(start < moment <= end for start, end in spans) and _concerns(register, row, intake, moment)
    ]


def _concerns(register: Register, row: Row, intake: str, moment: int) -> bool:
    points = points_at(register, intake, moment)
    spared = row.get("except_use", "").replace(";", " ").split()
    if points and all(point.get("use", "") in spared for point in points):
        return False
    code = row["code"]
    stations = [register.row_at("stations", moment, station=point["station"]) or {} for point in points]
    match row["scope"]:
        case "intake":
            return intake == code
        case "permit":
            return code in shares_at(register, intake, moment)
        case "reach":
            return any(point.get("reach", "") == code for point in points)
        case "river":
            return any(station.get("river", "") == code for station in stations)
        case _:
            while len(code) > 2 and code.endswith("00"):
                code = code[:-2]
            return any(station.get("division", "").startswith(code) for station in stations)
