"""One alert of lost data as it grows, and the record that the ledger gets of it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from alerting.level import Level
from alerting.record import AlertRecord, Change, alert_id
from hydro.instants import HOUR_MS

if TYPE_CHECKING:
    from hydro.register import Register

__all__ = ["ALERT_CLASS", "Loss", "Reason", "Subject", "next_rise", "record", "risen"]

ALERT_CLASS: Final = "data_loss"
_RISES: Final = ((Level.YELLOW, 6 * HOUR_MS), (Level.ORANGE, 24 * HOUR_MS), (Level.RED, 72 * HOUR_MS))
"""Since raising. Source: docs/alert-classes.md, data_loss."""


class Reason(StrEnum):
    """Why data count as lost."""

    SILENT = "silent"
    INVALID = "invalid"
    NEVER_CONNECTED = "never_connected"


class Subject(NamedTuple):
    """A station or a gateway."""

    kind: str
    code: str


class Loss(msgspec.Struct, frozen=True, array_like=True):
    """An alert.

    Attributes:
        reason: Why it was raised.
        onset: Epoch milliseconds.
        number: How many alerts of this onset there were before.
        raised_at: The tick.
        config: Hash of what judged it.
        levels: (level, since), first to last.
        members: Codes of stations that it stands for, sorted.
        resolved_at: None while it fires.
    """

    reason: Reason
    onset: int
    number: int
    raised_at: int
    config: str
    levels: tuple[tuple[int, int], ...]
    members: tuple[str, ...] = ()
    resolved_at: int | None = None


def next_rise(loss: Loss) -> int | None:
    """From when on its level is higher; None for the highest."""
    level = loss.levels[-1][0]
    return next((loss.raised_at + age for rise, age in _RISES if rise > level), None)


def risen(loss: Loss, at: int) -> Loss:
    """The alert at a tick."""
    level = max((rise for rise, age in _RISES if at - loss.raised_at >= age), default=Level.BLUE)
    if level <= loss.levels[-1][0]:
        return loss
    return msgspec.structs.replace(loss, levels=(*loss.levels, (int(level), at)))


def record(loss: Loss, subject: Subject, register: Register) -> AlertRecord:
    """What the ledger gets."""
    rows = register.stations.get(subject.code) if subject.kind == "station" else None
    row = None if rows is None else rows.at(loss.raised_at) or rows.rows[-1]
    return AlertRecord(
        id=alert_id(ALERT_CLASS, f"{subject.kind}:{subject.code}", None, loss.onset, loss.number),
        alert_class=ALERT_CLASS,
        reason=loss.reason.value,
        subject_kind=subject.kind,
        subject=subject.code,
        target_id=None,
        basin=None if row is None else row.basin or None,
        division=None if row is None else row.division or None,
        river=None if row is None else row.river or None,
        onset=loss.onset,
        raised_at=loss.raised_at,
        resolved_at=loss.resolved_at,
        levels=tuple(Change(Level(level), at, None, None) for level, at in loss.levels),
        worst=None,
        value=None,
        target=None,
        basis=None,
        window=None,
        uncertainty_pct=None,
        within_uncertainty=None,
        rule=ALERT_CLASS,
        config=loss.config,
        members=loss.members,
    )
