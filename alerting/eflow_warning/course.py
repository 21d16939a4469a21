"""How a warning is raised and ends, moment by moment: one at a time, ended by the reason that raised it. Pure.

Source: docs/alert-classes.md, eflow_warning.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from alerting.eflow.episode import Evidence, Worst
from hydro.instants import HOUR_MS

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Course", "Look", "Moment", "Reason", "Warned", "step"]

_NEVER: Final = -(2**62)
_CLEAN_PERIODS: Final = 2
_ONSETS: Final = 16


class Reason(StrEnum):
    """Why; of several at one moment the first in this order."""

    RUNNING = "running"
    UNREACHABLE = "unreachable"
    BAND = "band"

    @property
    def is_of_slots(self) -> bool:
        """Whether it is looked at at each slot, not at each period."""
        return self is not Reason.BAND


class Look(NamedTuple):
    """What is seen of one reason at one moment.

    Attributes:
        reason: Which.
        since: Start of the slot, or of the first of two periods.
        truth: None where unknown: then it is as if it had not been looked at.
        is_clean: It counts towards the end.
        may_raise: Something is left to warn of.
        evidence: What there was to see.
        until: End of the period that ends the warning by itself.
    """

    reason: Reason
    since: int
    truth: bool | None
    is_clean: bool
    may_raise: bool
    evidence: Evidence
    until: int | None


class Moment(NamedTuple):
    """All that happens at one instant.

    Attributes:
        at: Epoch milliseconds.
        looks: In the order of their reasons.
        is_end: A period that has been judged ends here.
        is_raised: A shortfall of the target is raised here.
        is_short: A shortfall is open.
    """

    at: int
    looks: Sequence[Look]
    is_end: bool
    is_raised: bool
    is_short: bool


class _Run(msgspec.Struct, frozen=True, array_like=True):
    since: int | None = None
    clean: int = 0
    last: int = _NEVER


class Warned(msgspec.Struct, frozen=True, array_like=True):
    """A warning.

    Attributes:
        reason: That raised it.
        onset: Since when that was true without a break.
        raised_at: End of the slot or period that completed it.
        until: End of the period that ends it by itself.
        shown: What was seen last while it was true.
        worst: The worst of that.
        number: How many warnings of the same onset there were before.
        resolved_at: None while it is open.
    """

    reason: Reason
    onset: int
    raised_at: int
    until: int | None
    shown: Evidence
    worst: Worst
    number: int = 0
    resolved_at: int | None = None


class Course(msgspec.Struct, frozen=True, array_like=True):
    """How a target stands after a moment: since when each reason has been true, what fires, and the latest onsets."""

    running: _Run = _Run()
    unreachable: _Run = _Run()
    band: _Run = _Run()
    firing: Warned | None = None
    onsets: tuple[int, ...] = ()

    def run(self, reason: Reason) -> _Run:
        """Of one reason."""
        return {Reason.RUNNING: self.running, Reason.UNREACHABLE: self.unreachable, Reason.BAND: self.band}[reason]

    @property
    def is_resting(self) -> bool:
        """Nothing fires and no reason is true."""
        return self.firing is None and self.running.since is self.unreachable.since is self.band.since is None


def step(course: Course, moment: Moment, clean_slots: int) -> tuple[Course, Warned | None]:
    """The course after one more moment, and the warning that it ends.

    Args:
        course: Before it.
        moment: Later than all before.
        clean_slots: So many in a row end a warning whose reason is looked at at each slot.
    """
    runs = {reason: course.run(reason) for reason in Reason}
    for look in moment.looks:
        runs[look.reason] = _extended(runs[look.reason], look, moment.at)
    firing, over = course.firing, None
    if firing is not None:
        needed = clean_slots if firing.reason.is_of_slots else _CLEAN_PERIODS
        is_over = moment.is_end and moment.at == firing.until
        if is_over or moment.is_raised or runs[firing.reason].clean >= needed:
            over = msgspec.structs.replace(firing, resolved_at=moment.at)
            firing = None
        else:
            firing = _shown(firing, moment.looks)
    if moment.is_end:
        runs |= {reason: _Run() for reason in Reason if reason.is_of_slots}
    if firing is None and not moment.is_short:
        found = next((look for look in moment.looks if look.truth and look.may_raise), None)
        firing = None if found is None else _raised(found, runs[found.reason].since, moment.at)
    onsets = course.onsets
    if firing is not None and (course.firing is None or over is not None):
        firing = msgspec.structs.replace(firing, number=onsets.count(firing.onset))
        onsets = (*onsets, firing.onset)[-_ONSETS:]
    return Course(runs[Reason.RUNNING], runs[Reason.UNREACHABLE], runs[Reason.BAND], firing, onsets), over


def _extended(run: _Run, look: Look, at: int) -> _Run:
    if look.truth is None:
        return run
    since, clean = run.since, run.clean
    if look.reason.is_of_slots and look.since - run.last > HOUR_MS:
        since, clean = None, 0
    clean = clean + 1 if look.is_clean else 0
    if not look.truth:
        return _Run(None, clean, at)
    return _Run(look.since if since is None else since, clean, at)


def _raised(look: Look, since: int | None, at: int) -> Warned:
    evidence = look.evidence
    worst = Worst(evidence.value, evidence.target, evidence.end)
    return Warned(look.reason, look.since if since is None else since, at, look.until, evidence, worst)


def _shown(firing: Warned, looks: Sequence[Look]) -> Warned:
    for look in looks:
        if look.reason is firing.reason and look.truth:
            worst = firing.worst.or_worse(look.evidence, by_deficit=False)
            return msgspec.structs.replace(firing, shown=look.evidence, worst=worst)
    return firing
