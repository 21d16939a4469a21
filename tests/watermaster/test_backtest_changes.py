"""Which alert of one backtest is which of another, and what is told of those that differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hydro.columns import Observations
from hydro.flags import Flag
from hydro.instants import format_instant
from hydro.quantity import Quantity
from hydro.series import SeriesIndex
from ingest.decode import DecodedBatch
from tests.dashboards.reports.example import register_of
from watermaster.backtest import TimedBatch
from watermaster.backtest_changes import ChangeKind, compare
from watermaster.backtest_windows import Window, cut_out

if TYPE_CHECKING:
    from collections.abc import Sequence

HOUR = 3_600_000
STATIONS = "station,name,kind,basin,river,division,gateway,interval_min\n"


def alert(
    onset: int,
    resolved: int | None,
    level: str = "yellow",
    station: str = "A",
    **changed: Any,  # noqa: ANN401  # fields
) -> dict[str, Any]:
    """An alert from hour to hour, raised an hour after its onset."""

    def when(hour: int | None) -> str | None:
        return None if hour is None else format_instant(hour * HOUR, 480)

    given: dict[str, Any] = {
        "id": f"{station}{onset}",
        "class": "eflow_shortfall",
        "subject": {"kind": "station", "code": station},
        "target_id": f"{station}:discharge:hour:base",
        "onset": when(onset),
        "raised_at": when(onset + 1),
        "resolved_at": when(resolved),
        "level": level,
        "levels": [{"level": level, "at": when(onset + 1)}],
        "value": 1.0,
        "config": "x",
    }
    return given | changed


def told(before: Sequence[dict[str, Any]], after: Sequence[dict[str, Any]]) -> list[tuple[str, tuple[str, ...]]]:
    """Kinds of changes and what differs."""
    return [(change.kind.value, change.differs) for change in compare(before, after).changes]


def test_an_alert_that_only_shows_another_value_or_config_is_the_same() -> None:
    comparison = compare([alert(1, 5)], [alert(1, 5, value=2.0, config="y", id="other")])
    assert (comparison.changes, comparison.same) == ((), 1)


def test_what_one_of_the_two_alone_has_is_gained_or_lost() -> None:
    assert told([alert(1, 5)], []) == [("lost", ())]
    assert told([], [alert(1, 5)]) == [("gained", ())]
    assert told([alert(1, 5)], [alert(6, 9)]) == [("lost", ()), ("gained", ())]


def test_an_alert_that_was_open_at_a_common_time_has_moved() -> None:
    """They are one alert that is told otherwise.

    ::

        before  |--------|
        after      |--------|
    """
    assert told([alert(1, 5)], [alert(3, 7)]) == [("moved", ("onset", "raised_at", "resolved_at", "levels"))]
    assert told([alert(1, 5)], [alert(1, None)]) == [("moved", ("resolved_at",))]
    assert told([alert(1, 5)], [alert(1, 5, "red")]) == [("moved", ("levels",))]


def test_the_same_onset_goes_before_a_common_time() -> None:
    """The first is the same one, only shorter; the second is new.

    ::

        before  |-------------|
        after   |---|     |---|
    """
    assert told([alert(1, 20)], [alert(1, 5), alert(15, 20)]) == [("moved", ("resolved_at",)), ("gained", ())]
    assert told([alert(15, 20), alert(1, 5)], [alert(1, 20)]) == [("moved", ("resolved_at",)), ("lost", ())]


def test_targets_subjects_and_classes_are_never_mixed() -> None:
    other = alert(1, 5, target_id="A:discharge:day:base")
    assert told([alert(1, 5)], [other]) == [("gained", ()), ("lost", ())]
    assert told([alert(1, 5)], [alert(1, 5, station="B")]) == [("lost", ()), ("gained", ())]


def test_counts_are_by_subject_those_with_most_changes_first() -> None:
    before = [alert(1, 5), alert(1, 5, station="B"), alert(10, 12, station="B")]
    after = [alert(1, 5), alert(1, 6, station="B"), alert(20, 22, station="B")]
    first, second = compare(before, after).subjects
    assert (first.code, first.gained, first.lost, first.moved, first.same) == ("B", 1, 1, 1, 0)
    assert (second.code, second.changed, second.same) == ("A", 0, 1)


SPANS = st.lists(st.tuples(st.integers(0, 4), st.integers(1, 4)), max_size=6)


def in_a_row(gaps: list[tuple[int, int]]) -> list[dict[str, Any]]:
    """Alerts of one target, which follow one another."""
    found, at = [], 0
    for gap, length in gaps:
        found.append(alert(at + gap, at + gap + length))
        at += gap + length + 1
    return found


@given(before=SPANS, after=SPANS)
def test_every_alert_of_both_is_accounted_for_once(before: list[tuple[int, int]], after: list[tuple[int, int]]) -> None:
    first, second = in_a_row(before), in_a_row(after)
    comparison = compare(first, second)
    moved, same = comparison.count(ChangeKind.MOVED), comparison.same
    assert comparison.count(ChangeKind.LOST) + moved + same == len(first)
    assert comparison.count(ChangeKind.GAINED) + moved + same == len(second)
    back = compare(second, first)
    assert (back.count(ChangeKind.LOST), back.count(ChangeKind.MOVED)) == (comparison.count(ChangeKind.GAINED), moved)
    assert compare(first, first).changes == ()


def batch(index: SeriesIndex, rows: Sequence[tuple[str, int, int | None, int]]) -> TimedBatch:
    """Rows of station, event time, value and received_at."""
    columns = Observations(
        np.array([index.number(station, Quantity.DISCHARGE) for station, *_ in rows], np.int64),
        np.array([time for _, time, _, _ in rows], np.int64),
        np.array([value or 0 for *_, value, _ in rows], np.int64),
        np.array([Flag.MISSING if value is None else Flag.GOOD for *_, value, _ in rows], np.uint8),
        np.array([received for *_, received in rows], np.int64),
        np.arange(len(rows)),
    )
    found = DecodedBatch.__new__(DecodedBatch)
    object.__setattr__(found, "observations", columns)
    return TimedBatch(found, 0)


def test_a_window_holds_the_version_of_a_value_that_verdicts_take() -> None:
    """The one received last; a missing one never replaces a value."""
    index = SeriesIndex(
        register_of({"stations": STATIONS + "A,甲,section,,,520382,,60\nB,乙,section,,,520382,,60\n"}).stations
    )
    batches = [
        batch(index, [("A", 1, 10, 5), ("A", 2, 20, 9), ("B", 2, 99, 5), ("A", 3, 30, 5)]),
        batch(index, [("A", 2, 21, 8), ("A", 3, None, 9), ("A", 1, 11, 6), ("A", 4, None, 6), ("A", 5, 50, 6)]),
    ]
    window = Window("A", Quantity.DISCHARGE, 0, 4)
    first, second, third = cut_out(
        batches, index, [window, window._replace(start=1, end=2), window._replace(station="C")]
    )
    assert list(zip(first.time.tolist(), first.value.tolist(), strict=True))[:3] == [(1, 11), (2, 20), (3, 30)]
    assert (first.time.tolist()[3:], first.flag.tolist()[3:]) == ([4], [Flag.MISSING])
    assert (second.time.tolist(), len(third.time)) == ([2], 0)
