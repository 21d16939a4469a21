"""What the automata carry and give: one episode from raising to resolving, and the evidence it shows."""

from __future__ import annotations

from typing import Protocol

import msgspec

from alerting.level import Level  # msgspec reads the annotations at run time

__all__ = ["Evidence", "Judged", "LevelChange", "Open", "Resolved", "Worst", "Yardstick"]


class Yardstick(Protocol):
    """What says how far from its target a value is."""

    @property
    def by_deficit(self) -> bool:
        """Whether the worst is what lies farthest below its target, not what has the least ratio."""

    def level(self, value: int, target: int) -> Level:
        """Of a value while an alert is open; met counts as the mildest."""


class Evidence(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A mean and what it rests on: a period's value, or a 60-minute mean.

    Attributes:
        start: Of the period, or of the first slot used; epoch milliseconds.
        end: Of the period, or of the last slot used.
        value: Millionths.
        target: Effective target, millionths.
        expected: Slots between start and end.
        valid: Slots used.
    """

    start: int
    end: int
    value: int
    target: int
    expected: int
    valid: int

    def band(self, scale: Yardstick) -> Level:
        """Level of this evidence while an alert is open; met counts as yellow."""
        return scale.level(self.value, self.target)


class Judged(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Evidence with the level it had when judged."""

    level: Level
    evidence: Evidence


class LevelChange(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A rise or fall of the level, and what the alert showed from then on."""

    level: Level
    at: int
    evidence: Evidence


class Worst(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Least ratio, or for levels of water the greatest deficit, while firing; the first of equals."""

    value: int
    target: int
    at: int

    def or_worse(self, evidence: Evidence, *, by_deficit: bool) -> Worst:
        """This, or ``evidence`` if it is worse; a target of zero has no ratio."""
        if by_deficit:
            is_worse = evidence.target - evidence.value > self.target - self.value
        elif self.target > 0 and evidence.target > 0:
            is_worse = evidence.value * self.target < self.value * evidence.target
        else:
            is_worse = evidence.target > 0
        return Worst(evidence.value, evidence.target, evidence.end) if is_worse else self


class Open(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A firing alert.

    Attributes:
        onset: Start of the first failed period or low slot.
        raised_at: End of the period or slot that completed the evidence.
        levels: From the first; the last one is the present level.
        worst: See there.
        shown: The evidence whose level is the alert's.
    """

    onset: int
    raised_at: int
    levels: tuple[LevelChange, ...]
    worst: Worst
    shown: Evidence

    @classmethod
    def raised(cls, onset: int, evidence: Evidence, level: Level) -> Open:
        """The alert as ``evidence`` raises it."""
        return cls(
            onset=onset,
            raised_at=evidence.end,
            levels=(LevelChange(level, evidence.end, evidence),),
            worst=Worst(evidence.value, evidence.target, evidence.end),
            shown=evidence,
        )

    def judged(self, recent: tuple[Judged, ...], newest: Evidence | None, *, by_deficit: bool) -> Open:
        """The alert after one more slot or period.

        Args:
            recent: What decides the level, oldest first; empty leaves it as it is.
            newest: Evidence that was added, None if the slot completed no mean.
            by_deficit: How the worst is found.
        """
        if not recent:
            return self
        level = max(judged.level for judged in recent)
        shown = next(judged.evidence for judged in reversed(recent) if judged.level == level)
        levels = self.levels
        if level != levels[-1].level:
            at = newest.end if newest is not None else recent[-1].evidence.end
            levels = (*levels, LevelChange(level, at, shown))
        worst = self.worst if newest is None else self.worst.or_worse(newest, by_deficit=by_deficit)
        return Open(self.onset, self.raised_at, levels, worst, shown)


class Resolved(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An alert that is over."""

    alert: Open
    resolved_at: int
