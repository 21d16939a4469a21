"""Which time is judged again, and what of the outcome counts."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from msgspec.structs import replace

from alerting.rejudge.stretch import Stretch, end_of_day, first_stretch, is_whole, settled
from hydro.instants import HOUR_MS, parse_instant
from tests.alerting.sample_alerts import DAWN, shortfall

if TYPE_CHECKING:
    from alerting.record import AlertRecord


def instant(text: str) -> int:
    return parse_instant(text, 480)


def day(text: str) -> int:
    """Its number, from 1970-01-01."""
    return date.fromisoformat(text).toordinal() - 719_163


def test_it_begins_with_the_month_of_the_first_change_and_reads_one_month_before() -> None:
    until = instant("2026-06-01T00:00")
    found = first_stretch([day("2026-03-09"), day("2026-03-20")], until, 480, 0)
    assert found == Stretch(instant("2026-02-01T00:00"), instant("2026-03-01T00:00"), until, 1)
    assert found.earlier(480, 0) == Stretch(instant("2026-01-01T00:00"), instant("2026-02-01T00:00"), until, 2)


def test_where_days_begin_at_eight_the_first_night_of_a_month_belongs_to_the_month_before() -> None:
    found = first_stretch([day("2026-03-01")], 0, 480, 8)
    assert found[:2] == (instant("2026-01-01T08:00"), instant("2026-02-01T08:00"))
    assert first_stretch([day("2026-03-02")], 0, 480, 8).start == instant("2026-03-01T08:00")


def test_a_day_ends_with_its_24th_hour() -> None:
    assert end_of_day(day("2026-03-01"), 480) == instant("2026-03-02T00:00")


def stretch(start: int, until: int) -> Stretch:
    """By hours."""
    return Stretch(DAWN + (start - 100) * HOUR_MS, DAWN + start * HOUR_MS, DAWN + until * HOUR_MS, 1)


def test_it_does_not_begin_within_an_alert_of_either_side() -> None:
    #        |start
    #   3──────8        5──8 begins right there
    assert not is_whole(stretch(5, 50), [shortfall(3, 8)], [])
    assert not is_whole(stretch(5, 50), [], [shortfall(3)])
    assert is_whole(stretch(5, 50), [shortfall(5, 8)], [shortfall(1, 5)])


def outcome(said: list[AlertRecord], found: list[AlertRecord]) -> tuple[float, list[int], bool]:
    """End in hours, onsets in hours, whether it waits; the stretch is (5, 50], the last change at 30."""
    end, alerts, waits = settled(stretch(5, 50), said, found, DAWN + 30 * HOUR_MS)
    return (end - DAWN) / HOUR_MS, [(one.onset - DAWN) // HOUR_MS for one in alerts], waits


def test_what_lies_before_the_memory_of_the_rules_counts() -> None:
    assert outcome([shortfall(8, 12)], [shortfall(7, 12), shortfall(20, 25)]) == (50, [7, 20], False)


def test_an_alert_that_reaches_into_the_memory_stands_if_both_sides_see_the_same() -> None:
    assert outcome([shortfall(40, 60)], [shortfall(7, 12), shortfall(40)]) == (40, [7], False)


def test_an_alert_that_reaches_into_the_memory_and_differs_is_left_for_later() -> None:
    #   said:       40──────▶60        found: 35─────▶
    assert outcome([shortfall(40, 60)], [shortfall(7, 12), shortfall(35)]) == (35, [7], True)
    assert outcome([shortfall(40, 60)], [shortfall(7, 12)]) == (40, [7], True)
    assert outcome([], [shortfall(7, 12), shortfall(40)]) == (40, [7], True)


def test_a_value_alone_makes_them_differ() -> None:
    """Levels may stay where values move; the ledger is to have the values, too."""
    said = shortfall(40, 60)
    [rise] = said.levels
    moved = replace(said, resolved_at=None, levels=(replace(rise, value=1),))
    assert outcome([said], [moved]) == (40, [], True)


def test_days_that_the_rules_may_still_remember_are_left_for_later() -> None:
    end = DAWN + 51 * HOUR_MS
    assert settled(stretch(5, 50), [], [], end).waits
