"""One alert of lost data as it grows, and the record that the ledger gets of it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from alerting.level import Level
from alerting.record import plain_record
from hydro.instants import HOUR_MS

if TYPE_CHECKING:
    from alerting.record import AlertRecord
    from hydro.register import Register
    from hydro.rules import LossNumbers

__all__ = ["ALERT_CLASS", "Loss", "Reason", "Subject", "next_rise", "record", "risen"]

ALERT_CLASS: Final = "data_loss"


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


def _rises(numbers: LossNumbers) -> tuple[tuple[Level, int], ...]:
    """From when since raising which level holds at least. Source: docs/alert-classes.md, data_loss."""
    hours = ((Level.YELLOW, numbers.yellow_h), (Level.ORANGE, numbers.orange_h), (Level.RED, numbers.red_h))
    return tuple((level, hour * HOUR_MS) for level, hour in hours)


def next_rise(loss: Loss, numbers: LossNumbers) -> int | None:
    """From when on its level is higher; None for the highest."""
    level = loss.levels[-1][0]
    return next((loss.raised_at + age for rise, age in _rises(numbers) if rise > level), None)


def risen(loss: Loss, at: int, numbers: LossNumbers) -> Loss:
    """The alert at a tick."""
    level = max((rise for rise, age in _rises(numbers) if at - loss.raised_at >= age), default=Level.BLUE)
    if level <= loss.levels[-1][0]:
        return loss
    return msgspec.structs.replace(loss, levels=(*loss.levels, (int(level), at)))


def record(loss: Loss, subject: Subject, register: Register) -> AlertRecord:
    """What the ledger gets."""
    return plain_record(
        ALERT_CLASS,
        loss.reason.value,
        subject,
        register,
        onset=loss.onset,
        raised_at=loss.raised_at,
        resolved_at=loss.resolved_at,
        levels=((Level(level), at) for level, at in loss.levels),
        number=loss.number,
        config=loss.config,
        members=loss.members,
    )
