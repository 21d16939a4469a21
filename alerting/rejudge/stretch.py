"""Which stretch of time to judge again, and what of the outcome counts: pure.

::

      months    |        M − 1        |          M          |
    changed days                             x  x
         judged (reading, ────────────────────────────── until]      until: where the memory of the rules begins
         counts                       (start, ───── end]

Judging from the middle of an alert would give it another beginning. So it starts where no alert is open, neither by
what the rules said nor by what is found now: at the beginning of a month, where every period ends, and one month
earlier it starts reading. It ends where the memory of the rules begins, or before that at the onset of an alert that
reaches into it and that the two sides see differently: the rules would take back at once what was said of it here. Such
an alert is left until they have let go of it.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from alerting.ledger.revision import is_rewritten
from hydro.instants import DAY_MS, HOUR_MS, day_start, local_date

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from alerting.record import AlertRecord

__all__ = ["MOST_MONTHS", "Settled", "Stretch", "first_stretch", "is_whole", "settled"]

MOST_MONTHS: Final = 120
"""How far back an alert is followed to its beginning."""

_LONGEST_DAY_START: Final = 23


class Stretch(NamedTuple):
    """What is judged again. Instants in epoch milliseconds of event time.

    Attributes:
        reading: Samples after it are given to the rules.
        start: What they say counts after it.
        until: Samples and verdicts up to it.
        months: How many months before the first changed day it starts.
    """

    reading: int
    start: int
    until: int
    months: int

    def earlier(self, zone_minutes: int, day_start_hour: int) -> Stretch:
        """The same, one month longer."""
        first = local_date(self.reading - day_start_hour * HOUR_MS, zone_minutes)
        before = (first - timedelta(days=1)).replace(day=1)
        return Stretch(_month(before, zone_minutes, day_start_hour), self.reading, self.until, self.months + 1)


class Settled(NamedTuple):
    """What of an outcome counts.

    Attributes:
        end: Up to which event time.
        alerts: Those that lie before it.
        waits: There is a rest, which can't be told yet.
    """

    end: int
    alerts: tuple[AlertRecord, ...]
    waits: bool


def first_stretch(days: Iterable[int], until: int, zone_minutes: int, day_start_hour: int) -> Stretch:
    """The shortest that may do.

    Args:
        days: That have changed: days since 1970-01-01 in the zone.
        until: Where the memory of the rules begins.
        zone_minutes: The zone.
        day_start_hour: Of the target.
    """
    # The night before its first hour belongs to the day before.
    first = date.fromordinal(date(1970, 1, 1).toordinal() + min(days)) - timedelta(days=1 if day_start_hour else 0)
    month = first.replace(day=1)
    start = _month(month, zone_minutes, day_start_hour)
    before = _month((month - timedelta(days=1)).replace(day=1), zone_minutes, day_start_hour)
    return Stretch(before, start, until, 1)


def is_whole(stretch: Stretch, said: Sequence[AlertRecord], found: Sequence[AlertRecord]) -> bool:
    """Whether no alert is open at its beginning, by either side."""
    return not any(_covers(one, stretch.start) for one in (*said, *found))


def settled(stretch: Stretch, said: Sequence[AlertRecord], found: Sequence[AlertRecord], last_day_end: int) -> Settled:
    """What of the outcome counts.

    Args:
        stretch: What was judged; whole.
        said: Alerts that the rules said last, those that touch it.
        found: Alerts that were found by judging.
        last_day_end: End of the last changed day.
    """
    reaching = {one.id: one for one in said if _covers(one, stretch.until)}
    open_now = {one.id: one for one in found if _covers(one, stretch.until)}
    differing = [
        one
        for name in reaching.keys() | open_now.keys()
        for one in (reaching.get(name), open_now.get(name))
        if one is not None and _differ(reaching.get(name), open_now.get(name), stretch.until)
    ]
    agreed = [*reaching.values(), *open_now.values()]
    limit = min((one.onset for one in differing), default=stretch.until)
    end = min([limit, *(one.onset for one in agreed)])
    alerts = tuple(
        one for one in found if one.onset >= stretch.start and one.resolved_at is not None and one.resolved_at <= end
    )
    return Settled(end, alerts, waits=bool(differing) or last_day_end > stretch.until)


def _differ(said: AlertRecord | None, found: AlertRecord | None, upto: int) -> bool:
    """Whether two records tell the time up to an instant otherwise, down to each value."""
    if is_rewritten(said, found, upto):
        return True
    if said is None or found is None or max(said.raised_at, found.raised_at) > upto:
        return False
    if [one for one in said.levels if one.at <= upto] != [one for one in found.levels if one.at <= upto]:
        return True
    is_worst_known = said.worst is not None and said.worst.at <= upto
    return is_worst_known and said.worst != found.worst


def _covers(one: AlertRecord, at: int) -> bool:
    return one.onset < at and (one.resolved_at is None or one.resolved_at > at)


def _month(first: date, zone_minutes: int, day_start_hour: int) -> int:
    return day_start(first, zone_minutes) + min(day_start_hour, _LONGEST_DAY_START) * HOUR_MS


def end_of_day(day: int, zone_minutes: int) -> int:
    """End of a day that is counted from 1970-01-01 in the zone."""
    return day_start(date(1970, 1, 1), zone_minutes) + (day + 1) * DAY_MS
