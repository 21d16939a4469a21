"""What was taken, estimated: in (onset, u], u = ``resolved_at``; while open the last 00:00 that known slots reach."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from .clock import DAY
from .register import micro
from .take import Estimate, design_max, points_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .alert import Alert
    from .over_rate import Taken
    from .register import Register, Row

__all__ = ["by_capacity", "metered", "of_excess", "until"]


def until(raised_at: int, resolved_at: int | None, known: Sequence[int]) -> int:
    """End of what is estimated.

    Args:
        raised_at: Of the alert.
        resolved_at: None while it is open.
        known: Ends of known slots.
    """
    if resolved_at is not None:
        return resolved_at
    last = max(known, default=raised_at) // DAY * DAY
    return max(last, raised_at)


def metered(volume: Fraction, span: tuple[int, int], method: str = "metered") -> Estimate:
    """A volume in (start, end]."""
    seconds = Fraction(span[1] - span[0], 1000)
    return Estimate(round(volume / seconds), None, None, round(volume), None, method)


def of_excess(alert: Alert, slots: Sequence[Taken]) -> Estimate:
    """``over_rate``: what was metered above the limit."""
    span = (alert.onset, until(alert.raised_at, alert.resolved_at, [each.end for each in slots]))
    inside = [each for each in slots if span[0] < each.end <= span[1]]
    volume = sum(
        (Fraction(max(0, each.flow - each.limit) * (each.end - each.start), 1000) for each in inside), Fraction()
    )
    return metered(volume, span)


def by_capacity(
    register: Register, alert: Alert, known: Sequence[int], against: Sequence[tuple[int, int]] | None
) -> Estimate | None:
    """``unmetered_intake``: what the pumps can, for as long as they ran; and what the law charges.

    Args:
        register: Master data.
        alert: By pumps or by energy.
        known: Ends of the slots that answer its question.
        against: Slots (start, end) in which pumps ran and no water flowed; None: all the time.
    """
    start, end = alert.onset, until(alert.raised_at, alert.resolved_at, known)
    points = points_at(register, alert.code, alert.raised_at)
    design = design_max(points)
    days = -(-end // DAY) - start // DAY
    daily = [_daily(point) for point in points]
    known_daily = [each for each in daily if each is not None]
    statutory = sum(known_daily) * days if known_daily and len(known_daily) == len(daily) else None
    if design is None:
        return None if statutory is None else Estimate(0, None, None, None, statutory, "none")
    length = end - start
    if against is not None:
        length = sum(last - first for first, last in against if start < last <= end)
    volume = Fraction(design * length, 1000)
    rate = round(volume / Fraction(end - start, 1000))
    return Estimate(rate, None, design, round(volume), statutory, "design_max")


def _daily(point: Row) -> int | None:
    """Capacity of a day, micro m3."""
    if point.get("daily_max_m3", ""):
        return micro(point["daily_max_m3"])
    return micro(point["design_max_m3s"]) * 86_400 if point.get("design_max_m3s", "") else None
