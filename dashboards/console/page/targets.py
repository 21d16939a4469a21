"""What a station owes: as lines on its hydrograph, and how far the present period has come.

The running mean is no verdict: it says how the period would end if it went on like this.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from alerting.eflow.bands import is_level
from dashboards.console.draw.model import TargetLine
from dashboards.console.draw.words import quantity_word
from dashboards.console.page.figures import percent_text, value_text, with_unit
from dashboards.console.page.target_steps import target_steps
from hydro.fixed import divide_half_even
from hydro.instants import MINUTE_MS
from hydro.periods import Basis, Period, period_containing
from hydro.quantity import Quantity
from hydro.slots import slot_count
from storage.buckets import Grid, bucketise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboards.console.page.frame import Frame
    from hydro.register import Station, TargetRow
    from storage.store import Point

__all__ = ["Owed", "Progress", "owed_view", "present_period", "progress", "target_lines"]

_KIND_WORDS: Final = {"dispatch": "dispatch_order"}  # the verb of cases has that word already
_PERCENT: Final = 100


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the present period of a target has come.

    Attributes:
        mean: Mean of the valid slots so far, millionths; of a volume what the whole period would come to. None without
            a valid slot.
        valid: Slots with a valid value.
        expected: Slots of the whole period.
    """

    mean: int | None
    valid: int
    expected: int


@dataclass(frozen=True, slots=True)
class Owed:
    """A target as it is shown.

    Attributes:
        label: Kind and basis in words.
        value: What is asked, with its unit.
        so_far: Running mean and its share of the target; None where there is nothing to say.
        share: That share in percent, at most 100, for a bar; None as above.
        slots: How many slots that rests on; None as above.
        met: The running mean meets it; None as above.
    """

    label: str
    value: str
    so_far: str | None = None
    share: int | None = None
    slots: str | None = None
    met: bool | None = None


def target_lines(frame: Frame, station: Station, quantity: Quantity, start: int, end: int) -> tuple[TargetLine, ...]:
    """Targets of one quantity over a time, the strictest now first."""
    register = frame.places.register
    lines: list[tuple[int, TargetLine]] = []
    for target_id in frame.places.targets.get(station.code, ()):
        row = register.targets[target_id][0]
        if row.quantity is not quantity:
            continue
        steps = target_steps(register, target_id, start, end)
        if steps:
            lines.append((-steps[-1].value, TargetLine(label=_label(frame, row), steps=steps)))
    return tuple(line for _, line in sorted(lines, key=lambda pair: pair[0]))


def present_period(frame: Frame, row: TargetRow) -> Period | None:
    """The period of a target that runs now; None for one that is judged by the instant."""
    if row.basis is Basis.INSTANT:
        return None
    return period_containing(frame.now, row.basis, row.day_start_hour, frame.zone)


def progress(
    points: Sequence[Point], period: Period, now: int, station: Station, row: TargetRow, zone: int
) -> Progress:
    """How far a period has come.

    Args:
        points: Of the period so far.
        period: Of the target.
        now: The present instant.
        station: Whose slots are counted.
        row: The target.
        zone: Minutes east of UTC.
    """
    length = station.interval_min * MINUTE_MS
    grid = Grid(length, length, zone, summed=row.quantity is Quantity.VOLUME)
    means = [slot.mean for slot in bucketise(points, period.start, now, grid) if slot.mean is not None]
    expected = slot_count(period.start, period.end, station.interval_min, zone)
    if not means:
        return Progress(None, 0, expected)
    mean = divide_half_even(sum(means), len(means))
    return Progress(mean * expected if grid.summed else mean, len(means), expected)


def owed_view(frame: Frame, row: TargetRow, done: Progress | None) -> Owed:
    """A target in words.

    Args:
        frame: Whose page.
        row: The row in force.
        done: How far its period has come; None where that isn't known.
    """
    words, label, value = frame.words, _label(frame, row), f"≥ {with_unit(row.value, row.quantity)}"
    if done is None:
        return Owed(label, value)
    slots = words("slots", valid=done.valid, expected=done.expected)
    if done.mean is None:
        return Owed(label, value, so_far=words("no slots"), slots=slots)
    shown, met = value_text(done.mean), done.mean >= row.value
    if is_level(row.quantity) or row.value <= 0:
        return Owed(label, value, so_far=shown, slots=slots, met=met)
    ratio = done.mean / row.value
    so_far = words("so far of", value=shown, percent=percent_text(ratio))
    return Owed(label, value, so_far, max(0, min(_PERCENT, int(ratio * _PERCENT))), slots, met)


def _label(frame: Frame, row: TargetRow) -> str:
    kind = frame.words.listed(_KIND_WORDS.get(row.kind.value, row.kind.value))
    quantity = "" if row.quantity is Quantity.DISCHARGE else f"{quantity_word(row.quantity, frame.lang)} · "
    return f"{quantity}{kind} · {frame.words.listed(row.basis.value)}"
