"""Still water worked out by hand: discharge, stage and state of flow, alone, in agreement and in contradiction.

zero_below is 0.02 m3/s, cease_stage_m 0.30 m.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .desk import Desk, at, levels, slots, some, span

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .stream import Record

STOPPED = "flow_stopped"
FAULT = "device_fault"


class Still(Desk):
    """A station whose zero and whose ceasing stage are known."""

    def __init__(self, path: Path, interval: int = 30) -> None:
        super().__init__(path, "day", interval, value="0.5")
        self.station(cease_stage_m="0.30")
        self.tables.add("points", station="S", quantity="discharge", zero_below="0.02")


def both(discharge: Sequence[float | None], stage: Sequence[float | None], first: str = "01 00:30") -> list[Record]:
    """Slots of 30 min of discharge and stage."""
    return slots(first, 30, discharge) + slots(first, 30, stage, "stage")


def test_stopped_by_60_min_and_ended_by_60_min_above_twice_zero(tmp_path: Path) -> None:
    """0.04 is not above 2 x 0.02, and not at most 0.02 either: it neither raises nor ends.

    ::

        end    00:30 01:00 01:30 02:00 02:30 03:00 03:30 04:00
        flow    0.02  0.04  0.02  0.0   0.05  0.04  0.05  0.041
    """
    alerts = Still(tmp_path).alerts(slots("01 00:30", 30, [0.02, 0.04, 0.02, 0.0, 0.05, 0.04, 0.05, 0.041]), STOPPED)
    assert [span(alert) for alert in alerts] == [["01 01:00", "01 02:00", "01 04:00"]]
    assert levels(alerts[0]) == [("red", "01 02:00")]
    assert some(alerts[0], "reason", "target_id", "basis") == ("zero_discharge", None, None)


@pytest.mark.parametrize(("interval", "count"), [(10, 6), (20, 3), (60, 2), (240, 2)])
def test_it_takes_60_min_and_at_least_two_slots(tmp_path: Path, interval: int, count: int) -> None:
    first = f"01 {interval // 60:02d}:{interval % 60:02d}"
    desk = Still(tmp_path, interval)
    assert desk.alerts(slots(first, interval, [0.0] * (count - 1)), STOPPED) == []
    assert len(desk.alerts(slots(first, interval, [0.0] * count), STOPPED)) == 1


@pytest.mark.parametrize(
    ("quantity", "value", "reason"),
    [("stage", 0.3, "below_cease_stage"), ("flow_state", 1, "flow_state"), ("flow_state", 2, "flow_state")],
)
def test_one_quantity_alone_is_enough(tmp_path: Path, quantity: str, value: float, reason: str) -> None:
    alerts = Still(tmp_path).alerts(
        slots("01 00:30", 30, [value] * 2 + [0.31 if value < 1 else 0] * 2, quantity), STOPPED
    )
    assert [[alert["reason"], *span(alert)] for alert in alerts] == [[reason, "01 00:00", "01 01:00", "01 02:00"]]


def test_the_first_reason_of_the_completing_slot_names_it(tmp_path: Path) -> None:
    alerts = Still(tmp_path).alerts(both([None, 0.0], [0.2, 0.2]), STOPPED)
    assert [[alert["reason"], *span(alert)] for alert in alerts] == [["zero_discharge", "01 00:00", "01 01:00", None]]


def test_both_must_agree_else_the_device_is_at_fault(tmp_path: Path) -> None:
    """The meter says 0.01, the stage 0.9: not stopped. 24 h of agreement end the fault: 48 slots from 01:30 on."""
    desk = Still(tmp_path)
    records = both([0.01] * 2 + [2.0] * 48, [0.9] * 50)
    assert desk.alerts(records, STOPPED) == []
    faults = desk.alerts(records, FAULT)
    assert [[each["reason"], *span(each)] for each in faults] == [
        ["quantities_disagree", "01 00:00", "01 01:00", "02 01:00"]
    ]
    assert levels(faults[0]) == [("blue", "01 01:00")]
    later = desk.alerts(both([0.01] * 2 + [2.0] * 47, [0.9] * 49), FAULT)
    assert [alert["resolved_at"] for alert in later] == [None]


def test_zeros_sent_for_missing_are_named_as_such(tmp_path: Path) -> None:
    """Exactly 0 in all slots that completed it; one of 0.01 among them, and the quantities merely disagree."""
    desk = Still(tmp_path)
    assert [each["reason"] for each in desk.alerts(both([0.0] * 2, [0.9] * 2), FAULT)] == ["zero_for_missing"]
    assert [each["reason"] for each in desk.alerts(both([0.01, 0.0], [0.9] * 2), FAULT)] == ["quantities_disagree"]


def test_slots_that_disagree_are_as_if_they_were_not_there(tmp_path: Path) -> None:
    """Still at 00:30, two slots in contradiction, still at 02:00: the gap of 60 min is not longer than 60."""
    desk = Still(tmp_path)
    alerts = desk.alerts(both([0.0, 0.0, 0.0, 0.0], [0.1, 0.9, 0.9, 0.1]), STOPPED)
    assert [span(alert) for alert in alerts] == [["01 00:00", "01 02:00", None]]
    assert desk.alerts(both([0.0, 0.0, 0.0, 0.0, 0.0], [0.1, 0.9, 0.9, 0.9, 0.1]), STOPPED) == []


def test_a_state_of_normal_is_no_witness_against_the_others(tmp_path: Path) -> None:
    """A device that always sends 0 for its state of flow contradicts nobody; one that sends 2 does."""
    desk = Still(tmp_path)
    still = slots("01 00:30", 30, [0.0] * 2)
    assert len(desk.alerts(still + slots("01 00:30", 30, [0] * 2, "flow_state"), STOPPED)) == 1
    flowing = slots("01 00:30", 30, [2.0] * 2) + slots("01 00:30", 30, [2] * 2, "flow_state")
    assert desk.alerts(flowing, STOPPED) == []
    assert [each["reason"] for each in desk.alerts(flowing, FAULT)] == ["quantities_disagree"]


def test_only_stations_with_a_target_and_never_in_the_dry_season(tmp_path: Path) -> None:
    desk = Still(tmp_path)
    records = slots("01 00:30", 30, [0.0] * 4)
    assert len(desk.alerts(records, STOPPED)) == 1
    desk.station(dry_from="03-01", dry_to="03-01")
    assert desk.alerts(records, STOPPED) == []
    desk.station(dry_from="", dry_to="")
    desk.tables.rows["eflow_targets"][0] |= {"valid_from": "2026-03-02"}
    assert desk.alerts(records, STOPPED) == []


def test_the_shortfall_stays_on_record(tmp_path: Path) -> None:
    """A stop mutes the notification of the shortfall, nothing else; an exemption excuses a duty, not the river."""
    desk = Still(tmp_path)
    records = slots("01 00:30", 30, [0.0] * 48)
    assert [span(alert) for alert in desk.alerts(records, "eflow_shortfall")] == [["01 00:00", "02 00:00", None]]
    desk.tables.add("exemptions", station="S", **{"from": at("01 00:00"), "to": at("03 00:00")})
    assert desk.alerts(records, "eflow_shortfall") == []
    assert [span(alert) for alert in desk.alerts(records, STOPPED)] == [["01 00:00", "01 01:00", None]]
