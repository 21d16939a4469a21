"""The class ``device_fault``: what a device says of itself, and what its readings say of it.

`fault_bit` ≥ 2 reports; `low_voltage` 1 h; `clock_skew` […] (skew.py); `bad_data` ≥ 50 % FAIL slots in 24 h;
`zero_for_missing`; […] `verification_expired`; `quantities_disagree` (stillness.py) | first evidence / completing
slot | blue; yellow after 24 h | 24 h clean
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .alert import Alert, Spell
from .clock import DAY, HOUR
from .decode import VALID
from .observed import hold, mean, slot_end
from .register import covered_range, micro
from .stillness import disagreements

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from .observed import Observed

__all__ = ["FAULTS", "judge_faults"]

LOW_VOLTAGE = 11_500_000  # of a battery of 12 V
FAULTS = (
    "fault_bit",
    "low_voltage",
    "clock_skew",
    "bad_data",
    "zero_for_missing",
    "verification_expired",
    "quantities_disagree",
)


def judge_faults(
    observed: Observed, station: str, skews: Sequence[Spell], reasons: Collection[str], watermark: int | None
) -> list[Alert]:
    """Every fault of a station, in order: spells of any reason that overlap are one alert, named by the first.

    There is no watermark where nothing was accepted of the whole stream.
    """
    spells = [*skews, *disagreements(observed, station)]
    spells += [*_fault_bits(observed, station), *_low_voltage(observed, station)]
    spells += [*_bad_data(observed, station), *_expired(observed, station)]
    wanted = [spell for spell in spells if spell.reason in reasons]
    wanted.sort(key=lambda spell: (spell.raised_at, FAULTS.index(spell.reason)))
    alerts: list[Alert] = []
    for spell in wanted:
        last = alerts[-1] if alerts else None
        if last is not None and (last.resolved_at is None or spell.raised_at < last.resolved_at):
            if spell.resolved_at is None or last.resolved_at is None:
                last.resolved_at = None
            else:
                last.resolved_at = max(last.resolved_at, spell.resolved_at)
            continue
        alerts.append(
            Alert(
                kind="station",
                code=station,
                name="device_fault",
                reason=spell.reason,
                onset=spell.onset,
                raised_at=spell.raised_at,
                resolved_at=spell.resolved_at,
                levels=[("blue", spell.raised_at)],
            )
        )
    for alert in alerts:
        if _is_open_at(alert, alert.raised_at + DAY, watermark):
            alert.levels.append(("yellow", alert.raised_at + DAY))
    return alerts


def _is_open_at(alert: Alert, moment: int, watermark: int | None) -> bool:
    """Whether an alert is open at an instant that its series has reached."""
    if alert.resolved_at is not None:
        return moment < alert.resolved_at
    return watermark is not None and moment <= watermark


def _clean_after(slots: Sequence[tuple[int, bool]], interval: int, start: int) -> int | None:
    """End of the slot that completes 24 h of clean slots after an instant; a gap of over 60 min begins them anew."""
    clean = 0
    last: int | None = None
    for end, is_bad in slots:
        if end <= start:
            last = end
            continue
        if last is not None and end - interval - last > HOUR:
            clean = 0
        last = end
        clean = 0 if is_bad else clean + 1
        if clean >= hold(24 * 60, interval):
            return end
    return None


def _spells(
    reason: str,
    slots: Sequence[tuple[int, bool]],
    interval: int,
    completes: Callable[[Sequence[tuple[int, bool]]], int | None],
) -> list[Spell]:
    """Spells over slots (end, is bad) in order.

    Args:
        reason: Of the spells.
        slots: Every slot in which anything is known.
        interval: Length of a slot, ms.
        completes: Given the slots since the last spell ended, up to now: the start of the first evidence once there is
            enough of it, else None.
    """
    found: list[Spell] = []
    free_from = 0
    for number, (end, is_bad) in enumerate(slots):
        if not is_bad or (found and (found[-1].resolved_at is None or end <= found[-1].resolved_at)):
            continue
        if found and found[-1].resolved_at is not None:
            free_from = next(place for place, (each, _) in enumerate(slots) if each > (found[-1].resolved_at or 0))
        onset = completes(slots[free_from : number + 1])
        if onset is not None:
            found.append(Spell(reason, onset, end, _clean_after(slots, interval, end)))
    return found


def _in_a_row(needed: int, interval: int) -> Callable[[Sequence[tuple[int, bool]]], int | None]:
    """So many bad slots in a row; the row begins anew after a gap of more than 60 min."""

    def complete(slots: Sequence[tuple[int, bool]]) -> int | None:
        row: list[int] = []
        for end, is_bad in slots:
            if row and end - interval - row[-1] > HOUR:
                row = []
            row = [*row, end] if is_bad else []
        return row[-needed] - interval if len(row) >= needed else None

    return complete


def _fault_bits(observed: Observed, station: str) -> list[Spell]:
    """``fault_bit``: two reports in a row with the bit set."""
    interval = observed.register.interval(station) or HOUR
    reports = sorted(
        (event, each.value != 0)
        for event, each in observed.readings(station, "meter_fault").items()
        if each.flag in VALID and each.value is not None
    )
    bad_slots = {slot_end(event, interval) for event, is_set in reports if is_set}
    slots = [(end, end in bad_slots) for end in observed.slots(station, "meter_fault")]

    def complete(seen: Sequence[tuple[int, bool]]) -> int | None:
        first, last = seen[0][0] - interval, seen[-1][0]
        row: list[int] = []
        for event, is_set in reports:
            if first < event <= last:
                row = [*row, event] if is_set else ([] if len(row) < 2 else row)
        return slot_end(row[0], interval) - interval if len(row) >= 2 else None

    return _spells("fault_bit", slots, interval, complete)


def _low_voltage(observed: Observed, station: str) -> list[Spell]:
    """``low_voltage``: 1 h of slots below the ``min`` of the point, FAIL or not."""
    interval = observed.register.interval(station) or HOUR
    values: dict[int, list[int]] = {}
    for event, each in observed.readings(station, "voltage").items():
        if each.value is not None:
            values.setdefault(slot_end(event, interval), []).append(each.value)
    slots = []
    for end in sorted(values):
        point = observed.register.row_at("points", end, station=station, quantity="voltage")
        limit = micro(point["min"]) if point and point.get("min", "") else LOW_VOLTAGE
        slots.append((end, mean(values[end]) < limit))
    return _spells("low_voltage", slots, interval, _in_a_row(hold(60, interval), interval))


def _bad_data(observed: Observed, station: str) -> list[Spell]:
    """``bad_data``: half of the slots of the last 24 h of a quantity hold nothing but FAIL."""
    interval = observed.register.interval(station) or HOUR
    spells = []
    for quantity in observed.quantities(station):
        failed = observed.failed_slots(station, quantity)
        slots = sorted([(end, True) for end in failed] + [(end, False) for end in observed.slots(station, quantity)])

        def complete(seen: Sequence[tuple[int, bool]]) -> int | None:
            recent = [end for end, is_bad in seen if is_bad and end > seen[-1][0] - DAY]
            return recent[0] - interval if len(recent) * 2 >= DAY // interval else None

        spells += _spells("bad_data", slots, interval, complete)
    return spells


def _expired(observed: Observed, station: str) -> list[Spell]:
    """``verification_expired``: a valid slot after the last day for which the point is verified."""
    register = observed.register
    interval = register.interval(station) or HOUR
    spells = []
    for quantity in observed.quantities(station):
        slots = []
        for end in observed.slots(station, quantity):
            point = register.row_at("points", end, station=station, quantity=quantity) or {}
            until = point.get("verify_until", "")
            slots.append((end, bool(until) and end > covered_range("", until, register.zone)[1]))
        spells += _spells("verification_expired", slots, interval, _in_a_row(1, interval))
    return spells
