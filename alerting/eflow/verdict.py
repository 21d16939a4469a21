"""What a judgement of one target gives to the outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from alerting.eflow.episode import Open, Resolved

__all__ = ["TargetVerdicts"]


class TargetVerdicts(NamedTuple):
    """All alerts of a target that are open or were resolved after ``since``; they replace what was known of that time.

    Attributes:
        target_id: The target.
        since: Epoch milliseconds; alerts resolved at or before it stand as they are.
        resolved: By time of resolving.
        open: The firing alert, if any.
    """

    target_id: str
    since: int
    resolved: tuple[Resolved, ...]
    open: Open | None
