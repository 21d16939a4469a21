"""Instant targets worked out by hand: holds of 60 min, means, gaps. One character of a timeline is one slot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .dead_run import dead_run_case
from .desk import Desk, at, levels, slots, some, span
from .oracle import judge
from .parts import SHORTFALLS
from .stream import make_case, reassign_received

if TYPE_CHECKING:
    from pathlib import Path


def test_raised_by_60_min_of_low_slots(tmp_path: Path) -> None:
    """Six slots of 10 min; a good one in between starts the hold anew.

    ::

        end   00:10                00:50  01:00                     02:00
        flow  1.8 1.8 1.8 1.8 1.8   |    2.0   1.8 1.8 1.8 1.8 1.8 0.6
                                               ^ onset 01:00        ^ raised 02:00, mean (5 x 1.8 + 0.6) / 6 = 1.6
    """
    values = [1.8] * 5 + [2.0] + [1.8] * 5 + [0.6]
    alerts, line = Desk(tmp_path, "instant", interval=10).judge(slots("01 00:10", 10, values))
    assert [span(alert) for alert in alerts] == [["01 01:00", "01 02:00", None]]
    assert some(alerts[0], "level", "value", "target", "ratio") == ("yellow", 1.6, 2.0, 0.8)
    assert alerts[0]["window"] == {"from": at("01 01:00"), "to": at("01 02:00"), "expected": 6, "valid": 6}
    # due: 12 slots in (00:00, 02:10], and the empty one after the last
    assert some(line, "due", "valid", "attained") == (13, 12, 1)


def test_unknown_slots_freeze_a_hold_and_a_long_gap_restarts_it(tmp_path: Path) -> None:
    """Slots of 30 min, so that two in a row are 60 min; '.' is nothing.

    ::

        end    00:30 01:00 01:30 02:00 | 02:30
        flow    1.0    .     .    1.0  |          01:30 - 00:30 = 60 min without: not longer than 60, the hold goes on

        end    00:30 01:00 01:30 02:00 02:30 03:00
        flow    1.0    .     .     .    1.0   1.0    02:00 - 00:30 = 90 min: it begins again at 02:00
    """
    desk = Desk(tmp_path, "instant", interval=30)
    alerts, _ = desk.judge(slots("01 00:30", 30, [1.0, None, None, 1.0]))
    assert [span(alert) for alert in alerts] == [["01 00:00", "01 02:00", None]]
    assert alerts[0]["window"] == {"from": at("01 00:00"), "to": at("01 02:00"), "expected": 4, "valid": 2}

    alerts, _ = desk.judge(slots("01 00:30", 30, [1.0, None, None, None, 1.0, 1.0]))
    assert [span(alert) for alert in alerts] == [["01 02:00", "01 03:00", None]]


def test_exempt_slots_are_as_if_they_were_not_there(tmp_path: Path) -> None:
    """The slots in (00:30, 01:30] are exempt: low, but they do not count, and the good one does not break the hold.

    ::

        end    00:30 01:00 01:30 02:00
        flow    1.0   0.1   9.0   1.4     mean of the two that count = 1.2
    """
    desk = Desk(tmp_path, "instant", interval=30)
    desk.tables.add("exemptions", station="S", **{"from": at("01 00:30"), "to": at("01 01:30")})
    alerts, line = desk.judge(slots("01 00:30", 30, [1.0, 0.1, 9.0, 1.4]))
    assert [span(alert) for alert in alerts] == [["01 00:00", "01 02:00", None]]
    assert some(alerts[0], "value", "ratio", "level") == (1.2, 0.6, "orange")
    # met: the exempt 9.0 alone; (00:00, 02:30] holds five slots
    assert some(line, "due", "valid", "attained", "exempt") == (5, 4, 1, 2)
    assert some(line, "attainment", "attainment_strict", "attainment_valid") == (33.33, 0.0, 0.0)


def test_level_is_the_worst_band_of_the_means_of_the_last_60_min(tmp_path: Path) -> None:
    """Two slots make a mean, and the means of the last two slots make the level.

    ::

        end    00:30 01:00 01:30 02:00 02:30 03:00 03:30 04:00
        flow    1.8   1.8   0.2   1.8   2.0   2.1   2.0   2.1
        mean     -    1.8   1.0   1.0   1.9   2.05  2.05  2.05
        band     -     y     o     o     y     y     y     y
        level          y     o     o     o     y     y     y
    """
    values = [1.8, 1.8, 0.2, 1.8, 2.0, 2.1, 2.0, 2.1]
    alerts, _ = Desk(tmp_path, "instant", interval=30).judge(slots("01 00:30", 30, values))
    assert [levels(alert) for alert in alerts] == [
        [("yellow", "01 01:00"), ("orange", "01 01:30"), ("yellow", "01 03:00")]
    ]
    assert alerts[0]["worst"] == {"ratio": 0.5, "deficit_m": None, "at": at("01 01:30")}
    assert some(alerts[0], "state", "value", "ratio") == ("firing", 2.05, 1.025)
    assert alerts[0]["window"] == {"from": at("01 03:00"), "to": at("01 04:00"), "expected": 2, "valid": 2}


def test_resolved_by_60_min_at_1_05_without_a_long_gap(tmp_path: Path) -> None:
    """After the gap the first good hour counts from anew; its end resolves and changes nothing else.

    ::

        end    00:30 01:00 01:30   (90 min)   03:30 04:00
        flow    1.8   1.8   2.1       .        2.1   2.1
        mean     -    1.8   1.95               -    (2.1)
    """
    values = [1.8, 1.8, 2.1, None, None, None, 2.1, 2.1]
    alerts, _ = Desk(tmp_path, "instant", interval=30).judge(slots("01 00:30", 30, values))
    assert [span(alert) for alert in alerts] == [["01 00:00", "01 01:00", "01 04:00"]]
    assert some(alerts[0], "level", "value", "ratio") == ("yellow", 1.95, 0.975)


@pytest.mark.parametrize("interval", [60, 120, 1440])
def test_one_slot_is_enough_from_60_min_on(tmp_path: Path, interval: int) -> None:
    first = f"{1 + interval // 1440:02d} {interval // 60 % 24:02d}:00"
    alerts, line = Desk(tmp_path, "instant", interval=interval).judge(slots(first, interval, [1.0, 2.05, 2.1, 1.9]))
    assert [(alert["state"], alert["ratio"], levels(alert)[0][0]) for alert in alerts] == [
        ("resolved", 1.025, "orange"),
        ("firing", 0.95, "yellow"),
    ]
    assert [level for level, _ in levels(alerts[0])] == ["orange", "yellow"]
    assert some(line, "due", "valid", "attained") == (5, 4, 2)


def test_a_mean_over_a_switch_is_held_against_the_mean_target(tmp_path: Path) -> None:
    """The slot stamped 00:00 still has the target of 1 March, 2.0; the next has 1.5; their mean is 1.75.

    ::

        end    1 March 23:30   00:00 | 2 March 00:30
        flow        2.0         1.0  |      1.2        mean 1.1 / 1.75 = 0.628571
    """
    desk = Desk(tmp_path, "instant", interval=30, valid_to="2026-03-01")
    cells = {"station": "S", "quantity": "discharge", "basis": "instant", "from_day": "01-01", "to_day": "12-31"}
    desk.tables.add("eflow_targets", **cells, value="1.5", valid_from="2026-03-02")
    alerts, _ = desk.judge(slots("01 23:30", 30, [2.0, 1.0, 1.2]))
    assert [span(alert) for alert in alerts] == [["01 23:30", "02 00:30", None]]
    assert some(alerts[0], "value", "target", "ratio") == (1.1, 1.75, 0.628571)


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_arrival_inside_the_lateness_changes_nothing(tmp_path: Path, seed: int) -> None:
    """The generator's own promise, held by the oracle."""
    case = make_case(seed, corrections=0, late=0, bad=0)
    config = case.write_config(tmp_path)
    expected = judge(case.records, config, parts=SHORTFALLS)
    assert judge(reassign_received(case.records, seed, 30 * 60_000), config, parts=SHORTFALLS) == expected


def test_cases_visit_what_they_are_made_for(tmp_path: Path) -> None:
    """Over six seeds every basis raises, moves its level, resolves, and something is exempt, late and missing."""
    seen: set[tuple[object, ...]] = set()
    for seed in range(6):
        case = make_case(seed)
        alerts, lines = judge(case.records, case.write_config(tmp_path / str(seed)), parts=SHORTFALLS)
        seen |= {(alert["basis"], alert["state"], alert["level"]) for alert in alerts}
        seen |= {(alert["basis"], "moved") for alert in alerts if len(levels(alert)) > 2}
        seen |= {("exempt",) for line in lines if line["exempt"]}
        seen |= {("late",) for line in lines if line["timeliness"] != line["completeness"]}
    wanted: set[tuple[object, ...]] = {
        (basis, "resolved", level) for basis in ("instant", "hour", "day") for level in ("yellow", "orange")
    }
    wanted |= {(basis, "moved") for basis in ("instant", "hour", "day")}
    assert wanted | {("exempt",), ("late",)} <= seen


def test_dead_run_falls_short_and_recovers(tmp_path: Path) -> None:
    """Six real days: the target is the 20 % quantile of the record, so about a fifth of the slots lies below.

    ::

        June       20    21    22    23    24    25
        ratio     .978  5.42  1.03  1.18  2.02  4.18     22 June interrupts the recovery
                 raised                  resolved
    """
    case = dead_run_case()
    alerts, lines = judge(case.records, case.write_config(tmp_path), parts=SHORTFALLS)
    assert [span(alert) for alert in alerts if alert["basis"] == "day"] == [["20 00:00", "21 00:00", "25 00:00"]]
    instant = next(line for line in lines if line["basis"] == "instant")
    assert (instant["due"], instant["valid"]) == (1729, 1728)
    attained = instant["attained"]
    assert isinstance(attained, int)
    assert 0.75 <= attained / 1728 <= 0.85
