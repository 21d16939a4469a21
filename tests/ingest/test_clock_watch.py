"""Clocks of devices against ours."""

from __future__ import annotations

from ingest.decode import ClockReading
from ingest.quality.clock_watch import ClockWatch

MINUTE = 60_000


def watched(*minutes: tuple[float, float]) -> ClockWatch:
    """A watch that saw (sent, received) in minutes."""
    watch = ClockWatch()
    for sent, received in minutes:
        watch.take([ClockReading("A", int(sent * MINUTE), int(received * MINUTE))])
    return watch


def test_three_live_messages_in_a_row_prove_a_skewed_clock() -> None:
    assert watched((0, 20), (5, 25)).skewed == []
    assert watched((0, 20), (5, 25), (10, 30)).skewed == ["A"]
    assert watched((40, 20), (45, 25), (50, 30)).skewed == ["A"]
    assert watched((0, 20), (5, 25), (29, 30), (31, 50)).skewed == []


def test_ten_minutes_are_allowed() -> None:
    assert watched(*((n, n + 10) for n in range(5))).skewed == []
    assert watched(*((n, n + 10.001) for n in range(5))).skewed == ["A"]


def test_messages_that_were_stored_and_sent_later_prove_nothing() -> None:
    live = [(n, n) for n in range(100, 105)]
    back_filled = [(n, 105) for n in range(0, 50, 5)]
    watch = watched(*live, *back_filled)
    assert (watch.skewed, watch.states["A"].offset_ms) == ([], 0)


def test_what_was_stored_in_an_outage_and_comes_from_the_oldest_on_proves_nothing() -> None:
    before = [(n, n) for n in range(0, 30, 5)]
    caught_up = [(n, 330 + n / 100) for n in range(30, 330)]  # one a minute, sent one behind the other
    assert watched(*before, *caught_up[:-10]).skewed == []
    assert watched(*caught_up[:-10]).skewed == []


def test_a_clock_that_is_off_stays_so_when_one_message_is_slow() -> None:
    assert watched((0, 20), (5, 25), (10, 30), (15, 37)).skewed == ["A"]


def test_a_clock_that_was_ahead_and_is_put_right_is_believed_at_once() -> None:
    watch = watched((500, 100), (505, 105), (510, 110), (115, 115))
    assert (watch.skewed, watch.states["A"].offset_ms) == ([], 0)
