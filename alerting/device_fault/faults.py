"""From spells of all reasons to the alerts of a station: one at a time, named by what began it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from alerting.device_fault.reason import Reason
from alerting.level import Level
from alerting.record import plain_record
from hydro.instants import HOUR_MS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from alerting.record import AlertRecord
    from alerting.spell.spell import Spell
    from hydro.register import Register
    from hydro.rules import FaultNumbers

__all__ = ["ALERT_CLASS", "Fault", "faults_of", "record"]

ALERT_CLASS: Final = "device_fault"


class Fault(NamedTuple):
    """An alert.

    Attributes:
        reason: Of the spell that began it.
        onset: Of the same.
        number: How many alerts of this onset there were before.
        raised_at: Of the same.
        resolved_at: When the last of its spells was over; None while one is not.
        rises_at: When its level rises from blue to yellow, if it still fires.
        is_risen: It has.
    """

    reason: Reason
    onset: int
    number: int
    raised_at: int
    resolved_at: int | None
    rises_at: int
    is_risen: bool


def faults_of(spells: Iterable[Spell], watermark: int, numbers: FaultNumbers) -> list[Fault]:
    """Alerts by raising: spells that overlap are one.

    Args:
        spells: Of all reasons of a station, in any order.
        watermark: Time has come as far as this, epoch milliseconds.
        numbers: Of the class.
    """
    found: list[Fault] = []
    for spell in sorted(spells, key=lambda each: (each.raised_at, Reason(each.reason).rank)):
        last = found[-1] if found else None
        if last is not None and (last.resolved_at is None or spell.raised_at < last.resolved_at):
            ends = (last.resolved_at, spell.resolved_at)
            found[-1] = last._replace(resolved_at=None if None in ends else max(end for end in ends if end is not None))
            continue
        number = sum(each.onset == spell.onset for each in found)
        rises_at = spell.raised_at + numbers.yellow_h * HOUR_MS
        found.append(
            Fault(
                Reason(spell.reason), spell.onset, number, spell.raised_at, spell.resolved_at, rises_at, is_risen=False
            )
        )
    return [
        each._replace(is_risen=each.rises_at < (watermark + 1 if each.resolved_at is None else each.resolved_at))
        for each in found
    ]


def record(fault: Fault, station: str, register: Register) -> AlertRecord:
    """What the ledger gets."""
    levels = [(Level.BLUE, fault.raised_at)]
    if fault.is_risen:
        levels.append((Level.YELLOW, fault.rises_at))
    return plain_record(
        ALERT_CLASS,
        fault.reason.value,
        ("station", station),
        register,
        onset=fault.onset,
        raised_at=fault.raised_at,
        resolved_at=fault.resolved_at,
        levels=levels,
        number=fault.number,
    )


def settled(faults: Sequence[Fault], horizon: int) -> list[Fault]:
    """Those that were over before an instant: they stand."""
    return [each for each in faults if each.resolved_at is not None and each.resolved_at <= horizon]
