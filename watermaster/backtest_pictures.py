"""Pictures of alerts in a backtest: the hydrograph around each, its target with the levels below, and the alert above.

Of an alert that is judged otherwise by another config both are drawn: its targets as lines, its verdicts as bars.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from alerting.level import Level
from dashboards.console.draw.columns import BucketColumns
from dashboards.console.draw.columns import Samples as Drawn
from dashboards.console.draw.hydrograph import draw
from dashboards.console.draw.model import AlertSpan, Hydrograph, TargetLine
from dashboards.console.page.target_steps import target_steps
from dashboards.reports.words import word
from hydro.instants import DAY_MS, HOUR_MS, MINUTE_MS, parse_instant
from hydro.quantity import Quantity
from hydro.register import AlertClass
from storage.buckets import Grid, buckets_of, slots_of, valid_values
from watermaster.backtest_changes import AlertChange, ChangeKind
from watermaster.backtest_windows import Window

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hydro.register import Register, Station
    from storage.buckets import Samples

__all__ = ["MOST_PICTURES", "Sides", "picture", "window_of"]

MOST_PICTURES: Final = 600
"""Of more alerts only the first are drawn; a browser shows no more in reasonable time."""

_LEAST_PAD_MS: Final = 6 * HOUR_MS
_MOST_PAD_MS: Final = 4 * DAY_MS
_LONGEST_MS: Final = 45 * DAY_MS
_MOST_VALUES: Final = 700
_MOST_BUCKETS: Final = 260
_BUCKETS_H: Final = (1, 2, 3, 6)
_WIDTH: Final = 540
_HEIGHT: Final = 220
_SIDES: Final = {"before": "原", "after": "新"}


class Sides(NamedTuple):
    """What judged.

    Attributes:
        before: The first config's register.
        after: The second one's; the same where nothing is compared.
    """

    before: Register
    after: Register

    def of(self, change: AlertChange) -> Register:
        """The one that knows the alert, the later first."""
        return self.before if change.kind is ChangeKind.LOST else self.after


def window_of(change: AlertChange, sides: Sides, last: int) -> Window | None:
    """What is shown of an alert: some time before its onset to some time after its end, at most 45 days.

    Args:
        change: The alert.
        sides: What judged it.
        last: Latest event time of the stream, epoch milliseconds; where an alert still fires it ends there.

    Returns:
        None where it is about no station.
    """
    alert = change.alert
    subject = alert["subject"]
    register = sides.of(change)
    if subject["kind"] != "station" or subject["code"] not in register.stations:
        return None
    versions = [one for one in (change.before, change.after) if one is not None]
    onset = min(_at(one["onset"]) for one in versions)
    end = max(_end(one, last) for one in versions)
    pad = min(max((end - onset) // 3, _LEAST_PAD_MS), _MOST_PAD_MS)
    start = onset - pad
    fires = any(one["resolved_at"] is None for one in versions)
    until = end if fires else min(end + pad, max(end, last))
    return Window(subject["code"], _quantity(alert, register), start, min(until, start + _LONGEST_MS))


def picture(change: AlertChange, sides: Sides, window: Window, samples: Samples) -> str:
    """The drawing as ``<svg>``.

    Args:
        change: The alert.
        sides: What judged it.
        window: What is shown, of :func:`window_of`.
        samples: Values of the window.
    """
    register = sides.of(change)
    rows = register.stations[window.station]
    station = rows.at(window.end) or rows.rows[-1]
    buckets = _buckets(window, samples, station, register.zone_minutes)
    return draw(
        Hydrograph(
            name=station.name or station.code,
            quantity=window.quantity,
            start=window.start,
            end=window.end,
            samples=None if buckets is not None else Drawn(samples.time, samples.value, samples.flag),
            buckets=buckets,
            interval_ms=station.interval_min * MINUTE_MS,
            targets=tuple(_targets(change, sides, window)),
            alerts=tuple(_spans(change)),
            zone_minutes=register.zone_minutes,
            width=_WIDTH,
            height=_HEIGHT,
        )
    )


def _buckets(window: Window, samples: Samples, station: Station, zone_minutes: int) -> BucketColumns | None:
    """Means, least and greatest values, where there are more values than such a picture shows; else None."""
    if len(samples.time) <= _MOST_VALUES:
        return None
    length = window.end - window.start
    every = next((hours * HOUR_MS for hours in _BUCKETS_H if length <= hours * HOUR_MS * _MOST_BUCKETS), DAY_MS)
    grid = Grid(every, station.interval_min * MINUTE_MS, zone_minutes, summed=window.quantity is Quantity.VOLUME)
    slots = slots_of(valid_values(samples), grid)
    return BucketColumns.of(buckets_of([slots], window.start, window.end, grid), every)


def _quantity(alert: Mapping[str, Any], register: Register) -> Quantity:
    """What the target or the signal is of; of an alert without one what stations are mostly looked at for."""
    signal = register.rules.signal(alert["target_id"]) if alert["class"] == AlertClass.SIGNAL else None
    if signal is not None:
        return signal.quantity
    rows = register.targets.get(alert["target_id"] or "")
    if rows:
        return rows[0].quantity
    code = alert["subject"]["code"]
    owed = {row.quantity for rows in register.targets.values() for row in rows if row.station == code}
    return Quantity.DISCHARGE if not owed or Quantity.DISCHARGE in owed else min(owed)


def _targets(change: AlertChange, sides: Sides, window: Window) -> Iterator[TargetLine]:
    """The target by the config that counts, with its levels; by the other one where it is another."""
    target_id = change.alert["target_id"]
    if target_id is None:
        return
    found = [
        (side, target_steps(register, target_id, window.start, window.end))
        for side, register in (("after", sides.after), ("before", sides.before))
        if target_id in register.targets
    ]
    if change.kind is ChangeKind.LOST:
        found.reverse()
    shown: list[tuple[int, ...]] = []
    for side, steps in found:
        values = tuple(number for step in steps for number in (step.start, step.end, step.value))
        if steps and values not in shown:
            label = "" if len(found) == 1 or sides.before is sides.after else _SIDES[side]
            yield TargetLine(label=label, steps=steps)
            shown.append(values)


def _spans(change: AlertChange) -> Iterator[AlertSpan]:
    for side, alert in (("before", change.before), ("after", change.after)):
        if alert is None:
            continue
        told = word(alert["class"], "zh")
        yield AlertSpan(
            label=f"{_SIDES[side]} {told}" if change.kind is ChangeKind.MOVED else told,
            start=_at(alert["onset"]),
            end=None if alert["resolved_at"] is None else _at(alert["resolved_at"]),
            levels=tuple(_levels(alert["levels"])),
            suspected=False,  # nobody could have looked into it
        )


def _levels(levels: Sequence[Mapping[str, str]]) -> Iterator[tuple[int, Level]]:
    for change in levels:
        yield _at(change["at"]), Level[change["level"].upper()]


def _end(alert: Mapping[str, Any], last: int) -> int:
    return max(last, _at(alert["raised_at"])) if alert["resolved_at"] is None else _at(alert["resolved_at"])


def _at(time: str) -> int:
    return parse_instant(time, 0)
