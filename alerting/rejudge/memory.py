"""What the rules remember, and which targets a series bears on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hydro.instants import DAY_MS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alerting.engine import RuleEngine
    from hydro.quantity import Quantity
    from hydro.register import Register

__all__ = ["KEPT_DAYS", "judged_series", "last_event_of", "memory_from"]

KEPT_DAYS: Final = 2
"""Days beyond ``time.revise_days`` that the rules remember."""


def memory_from(last_event: int, revise_days: int) -> int:
    """Event time after which the rules remember everything.

    Args:
        last_event: The greatest that they have accepted.
        revise_days: ``time.revise_days``.
    """
    return last_event - (revise_days + KEPT_DAYS) * DAY_MS


def last_event_of(engines: Iterable[RuleEngine]) -> int | None:
    """Greatest event time that any of them has accepted."""
    known = [engine.last_event for engine in engines if engine.last_event is not None]
    return max(known, default=None)


def judged_series(register: Register) -> dict[tuple[str, Quantity], set[str]]:
    """Targets by the series that bear on them: their own, and that of an inflow that limits them."""
    found: dict[tuple[str, Quantity], set[str]] = {}
    for target_id, rows in register.targets.items():
        for row in rows:
            for station in {row.station, row.inflow_station} - {""}:
                found.setdefault((station, row.quantity), set()).add(target_id)
    return found
