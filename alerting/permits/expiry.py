"""Permits that end, have ended or are suspended, and takes without one: judged at each 00:00. Pure.

A run of days of one reason is one alert; its level says whether water was taken in the day before.

Source: docs/alert-classes.md, permit_expired; docs/decisions/0092-taking.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import msgspec

from alerting.level import Level
from alerting.permits.standing import ExpiryReason

if TYPE_CHECKING:
    from alerting.permits.standing import Standing

__all__ = ["ALERT_CLASS", "DutyCalendar", "ExpiryState", "Lapse", "judge_duty"]

ALERT_CLASS: Final = "permit_expired"
_TAKING: Final = {
    ExpiryReason.EXPIRED: Level.ORANGE,
    ExpiryReason.MISSING: Level.ORANGE,
    ExpiryReason.SUSPENDED: Level.RED,
    ExpiryReason.EXPIRING: Level.BLUE,
}


class Lapse(msgspec.Struct, frozen=True, array_like=True):
    """An alert.

    Attributes:
        reason: See :class:`ExpiryReason`.
        onset: Epoch milliseconds.
        levels: Each with the 00:00 from which on it holds.
        volume: Taken since the onset, in parts of ``scale``.
        until: The latest 00:00 that counts to it.
        scale: See ``volume``.
        resolved_at: None while it fires.
    """

    reason: str
    onset: int
    levels: tuple[tuple[Level, int], ...]
    volume: int
    until: int
    scale: int = 1
    resolved_at: int | None = None


class ExpiryState(msgspec.Struct, frozen=True, array_like=True):
    """Where it stands at the beginning of a day.

    Attributes:
        day: Number of the day that begins.
        scale: Volumes are in parts of it.
        firing: The open alert.
    """

    day: int
    scale: int = 1
    firing: Lapse | None = None


class DutyCalendar(Protocol):
    """What was taken by a permit or an intake, and what the register says of it, by day."""

    @property
    def scale(self) -> int:
        """Volumes are in parts of it."""

    def day_end(self, day: int) -> int:
        """24:00 of a day, epoch milliseconds."""

    def day_of(self, at: int) -> int:
        """Day of an instant."""

    def standing(self, midnight: int) -> Standing:
        """What the register says of the day that begins at a 00:00."""

    def taken(self, day: int) -> int | None:
        """Since when water was taken in a day; None if it was not."""

    def taken_since(self, onset: int, day: int) -> int:
        """Volume from an instant to the end of a day, as far as its days are known."""


def judge_duty(
    state: ExpiryState, calendar: DutyCalendar, since: int, until: int, marks: dict[int, ExpiryState] | None = None
) -> tuple[ExpiryState, list[Lapse]]:
    """Go on to an instant; how it stands then, and alerts resolved on the way.

    Args:
        state: At the beginning of some day.
        calendar: Of the permit or intake.
        since: No 00:00 before this instant is judged.
        until: Nor one after this one.
        marks: Days at the beginning of which how it stands is wanted; filled.
    """
    firing = state.firing
    factor = calendar.scale // state.scale
    if firing is not None and factor != 1:
        firing = msgspec.structs.replace(firing, volume=firing.volume * factor, scale=calendar.scale)
    resolved: list[Lapse] = []
    day = state.day
    while True:
        if marks is not None and day in marks:
            marks[day] = ExpiryState(day, calendar.scale, firing)
        midnight = calendar.day_end(day)
        if midnight > until:
            break
        if midnight >= since:
            firing, over = _step(firing, calendar, day, midnight)
            if over is not None:
                resolved.append(over)
        day += 1
    return ExpiryState(day, calendar.scale, firing), resolved


def _step(firing: Lapse | None, calendar: DutyCalendar, day: int, midnight: int) -> tuple[Lapse | None, Lapse | None]:
    """Judge the 00:00 at the end of a day: what fires then, and what ended."""
    standing = calendar.standing(midnight)
    over = None
    if firing is not None:
        volume = firing.volume + calendar.taken_since(calendar.day_end(day - 1), day)
        firing = msgspec.structs.replace(firing, volume=volume, until=midnight)
        if standing.reason != firing.reason:
            over, firing = msgspec.structs.replace(firing, resolved_at=midnight), None
    if standing.reason is None:
        return None, over
    taken = calendar.taken(day)
    level = Level.BLUE if taken is None else _TAKING[standing.reason]
    if firing is not None:
        if level is not firing.levels[-1][0]:
            firing = msgspec.structs.replace(firing, levels=(*firing.levels, (level, midnight)))
        return firing, over
    onset = taken if standing.reason is ExpiryReason.MISSING else standing.onset
    if onset is None:
        return None, over
    volume = calendar.taken_since(onset, day)
    return Lapse(standing.reason, onset, ((level, midnight),), volume, midnight, calendar.scale), over
