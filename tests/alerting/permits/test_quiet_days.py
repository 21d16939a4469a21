"""A day that is taken in one step says what its hours say one by one; and a state is all that the next day needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from alerting.permits.over_plan import Overrun, PlanState, judge
from hydro.instants import DAY_MS, HOUR_MS

if TYPE_CHECKING:
    from collections.abc import Sequence

YEAR_DAYS = 12
Days = list[tuple[list[int], int, int]]


class Calendar:
    """Years of twelve days; each has the volumes of four hours, a plan, and days left. In small numbers."""

    scale = 1

    def __init__(self, days: Days, *, by_hours: bool) -> None:
        self._days = days
        self._by_hours = by_hours

    def day_end(self, day: int) -> int:
        """24:00."""
        return (day + 1) * DAY_MS

    def is_new_year(self, day: int) -> bool:
        """Every twelfth day."""
        return day % YEAR_DAYS == 0

    def is_plain(self, day: int) -> bool:  # noqa: ARG002  # as the protocol has it
        """Never, where each hour is to be looked at."""
        return not self._by_hours

    def _day(self, at: int) -> int:
        return min((at - 1) // DAY_MS, len(self._days) - 1)

    def plan(self, at: int) -> int | None:
        """Of the day of an instant; 0 stands for none."""
        return self._days[self._day(at)][1] or None

    def points(self, at: int) -> int:
        """One."""
        return 1 if at else 0

    def year_start(self, at: int) -> int:
        """Of the year of an instant."""
        return (at - 1) // DAY_MS // YEAR_DAYS * YEAR_DAYS * DAY_MS

    def _volumes(self, day: int) -> Sequence[int]:
        return self._days[day][0] if 0 <= day < len(self._days) else []

    def volume(self, day: int) -> int:
        """Of a day."""
        return sum(self._volumes(day))

    def rising(self, day: int) -> int:
        """Of a day, falls left out."""
        return sum(max(each, 0) for each in self._volumes(day))

    def known(self, day: int) -> int:
        """All hours of a day in which anything passed."""
        return len(self._volumes(day))

    def hours(self, day: int) -> list[tuple[int, int]]:
        """All in the first hours of the day."""
        found = [(each, 1) for each in self._volumes(day)]
        return found + [(0, 0)] * (24 - len(found))

    def recent(self, day: int) -> int | None:
        """Of the 28 days that end with a day; unknown in the first two days."""
        return sum(self.volume(each) for each in range(day - 27, day + 1)) if day > 1 else None

    def days_left(self, midnight: int) -> int:
        """As many as the day says."""
        return self._days[self._day(midnight)][2]


volumes = st.lists(st.integers(-3, 9), max_size=4)
plans = st.sampled_from([0, 40, 60, 60, 60, 100, 100, 150])
calendars = st.lists(st.tuples(volumes, plans, st.integers(0, 12)), min_size=1, max_size=3 * YEAR_DAYS)


def told(days: Days, until: int, *, by_hours: bool, cut: int | None = None) -> list[Overrun]:
    """All alerts, judged at once, or up to a day and on from how it stood then."""
    calendar = Calendar(days, by_hours=by_hours)
    if cut is None:
        now, resolved = judge(PlanState(0), calendar, until)
    else:
        marks = {cut: PlanState(0)}
        _, before = judge(PlanState(0), calendar, min(cut * DAY_MS, until), marks)
        now, after = judge(marks[cut], calendar, until)
        resolved = before + after
    return resolved if now.firing is None else [*resolved, now.firing]


@given(calendars, st.integers(0, 23))
def test_a_quiet_day_says_what_its_hours_say(days: Days, hour: int) -> None:
    until = len(days) * DAY_MS - hour * HOUR_MS
    assert told(days, until, by_hours=False) == told(days, until, by_hours=True)


@given(calendars, st.data())
def test_how_it_stands_at_midnight_is_all_that_is_needed(days: Days, data: st.DataObject) -> None:
    cut, until = data.draw(st.integers(0, len(days) - 1)), len(days) * DAY_MS
    assert told(days, until, by_hours=False, cut=cut) == told(days, until, by_hours=False)


@given(calendars)
def test_levels_only_fall_when_a_plan_rises(days: Days) -> None:
    for alert in told(days, len(days) * DAY_MS, by_hours=True):
        for before, after in zip(alert.levels, alert.levels[1:], strict=False):
            assert after.level > before.level or after.plan > before.plan
