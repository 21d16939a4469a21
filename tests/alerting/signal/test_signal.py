"""Laws of the class signal: what is evidence, how long it lasts, which level it has, and where it is asked.

Readings come every 20 min unless told. Times are those of March 2026, ``DD HH:MM``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alerting.notify.notice import NoticeOf
from alerting.signal.engine import SignalEngine
from hydro.instants import MINUTE_MS
from ingest.decode import TickSource
from tests.alerting.signal.signals import ruled
from tests.alerting.stream_of_messages import Message, Run, at, judged, reading, report

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alerting.record import AlertRecord
    from hydro.register import Register

TWENTY = 20 * MINUTE_MS
STATION = "S,,section,,Wu,520103,g,20"
POINTS = "station,quantity,normal,valid_from,valid_to\n"
TARGETS = "station,quantity,from_day,to_day,value,basis\n"
CLOUDY = "quantity: turbidity, above: {yellow: 200, red: 500}, resolves_at: 150"


def slots(first: str, *values: float | None, quantity: str = "turbidity", station: str = "S") -> list[Message]:
    """A reading at the end of each slot from the first on; None = none comes."""
    times = range(at(first), at(first) + len(values) * TWENTY, TWENTY)
    return [
        report(time, station, {quantity: value}) for time, value in zip(times, values, strict=True) if value is not None
    ]


def alerts(register: Register, messages: Iterable[Message]) -> list[AlertRecord]:
    found = judged(SignalEngine, register, list(messages))
    return sorted((one for said in found for one in said.alerts), key=lambda one: one.onset)


def times(one: AlertRecord) -> tuple[str, str, str | None]:
    """Onset, raised and resolved."""
    shown = [None if each is None else _shown(each) for each in (one.onset, one.raised_at, one.resolved_at)]
    return str(shown[0]), str(shown[1]), shown[2]


def _shown(instant: int) -> str:
    minutes = (instant - at("01 00:00")) // MINUTE_MS
    return f"{minutes // 1440 + 1:02d} {minutes // 60 % 24:02d}:{minutes % 60:02d}"


def test_an_hour_beyond_the_bound_raises_and_an_hour_back_resolves() -> None:
    """200 itself is no evidence; 150 is back, 151 is not: between the two nothing ends. The last mean is shown."""
    register = ruled([STATION], {"cloudy": CLOUDY})
    values = (200, 200, 210, 210, 200, 210, 220, 230, 199, 151, 150, 150, 150)
    [one] = alerts(register, slots("01 00:20", *values))
    assert times(one) == ("01 01:40", "01 02:40", "01 04:20")
    assert (one.reason, one.rule, one.target_id, one.basis) == ("above_bound", "cloudy v1", "cloudy", None)
    assert (one.value, one.target) == (150_333_333, 200_000_000)
    assert one.window is not None
    assert (one.window.expected, one.window.valid) == (3, 3)


def test_the_level_is_that_of_means_of_the_last_hour() -> None:
    """It rises with the mean, and falls when the last hour of means is milder."""
    register = ruled([STATION], {"cloudy": CLOUDY})
    values = (300, 300, 300, 1500, 300, 300, 300, 300, 300)
    [one] = alerts(register, slots("01 00:20", *values))
    assert [(change.level.text, _shown(change.at)) for change in one.levels] == [
        ("yellow", "01 01:00"),
        ("red", "01 01:20"),
        ("yellow", "01 03:00"),
    ]
    assert one.worst is not None
    assert (one.worst.ratio, _shown(one.worst.at)) == (3.5, "01 01:20")


def test_unknown_slots_freeze_and_a_gap_restarts() -> None:
    """Two slots without a value are 40 min; three are 60 and still none too many; four restart the hold."""
    register = ruled([STATION], {"cloudy": CLOUDY})
    [one] = alerts(register, slots("01 00:20", 300, None, None, None, 300, 300))
    assert times(one) == ("01 00:00", "01 02:00", None)
    [two] = alerts(register, slots("01 00:20", 300, 300, None, None, None, None, 300, 300, 300))
    assert times(two) == ("01 02:00", "01 03:00", None)


@pytest.mark.parametrize(
    ("tables", "held_against", "raised"),
    [
        (
            {"eflow_targets": f"{TARGETS}S,discharge,,,4,day\n"},
            "target",
            ["01 01:00"],
        ),
        ({"eflow_targets": f"{TARGETS}S,stage,,,4,day\n"}, "target", []),
        ({"points": f"{POINTS}S,discharge,4,,\n"}, "points.normal", ["01 01:00"]),
        ({"points": f"{POINTS}S,discharge,3.7,,\n"}, "points.normal", []),
        ({"points": f"{POINTS}S,discharge,4,2026-03-02,\n"}, "points.normal", []),
        ({"points": f"{POINTS}S,discharge,4,,2026-03-01\nS,discharge,1,2026-03-02,\n"}, "points.normal", ["01 01:00"]),
    ],
    ids=["a target", "of another quantity", "a column", "a smaller number", "not valid yet", "valid then"],
)
def test_bounds_may_be_shares_of_a_target_or_of_a_dated_column(
    tables: dict[str, str], held_against: str, raised: list[str]
) -> None:
    """0.5 of 4 is 2: the flow of 1.9 is below it."""
    rule = f"quantity: discharge, of: {held_against}, below: {{blue: 0.5}}"
    found = alerts(ruled([STATION], {"low": rule}, **tables), slots("01 00:20", *[1.9] * 4, quantity="discharge"))
    assert [times(one)[1] for one in found] == raised
    assert {one.target for one in found} <= {2_000_000}


@pytest.mark.parametrize(
    ("scope", "codes"),
    [
        ("kind: plant", ["P"]),
        ('division: "5201"', ["S"]),
        ("river: [Wu, Bei]", ["P", "S"]),
        ("river: Wu, kind: well", []),
        ("station: P", ["P"]),
    ],
)
def test_a_signal_holds_in_its_scope_alone(scope: str, codes: list[str]) -> None:
    register = ruled([STATION, "P,,plant,,Bei,520203,g,20"], {"cloudy": f"{CLOUDY}, scope: {{{scope}}}"})
    messages = slots("01 00:20", *[300] * 3) + slots("01 00:20", *[300] * 3, station="P")
    assert sorted(one.subject for one in alerts(register, messages)) == codes


def test_nothing_is_raised_in_the_dry_season() -> None:
    register = ruled([f"{STATION},02-01,03-01"], {"cloudy": CLOUDY}, columns="dry_from,dry_to")
    found = alerts(register, slots("01 23:00", *[300] * 7))
    assert [times(one) for one in found] == [("02 00:00", "02 01:00", None)]


def test_bounds_below_zero_are_distances() -> None:
    """Ice: yellow below 0 degrees, red below −5."""
    rule = "quantity: water_temperature, below: {yellow: 0, red: -5}, resolves_at: 1"
    found = alerts(
        ruled([STATION], {"ice": rule}),
        slots("01 00:20", -0.1, -0.1, -0.1, -15, 1, 1, 0.9, 1, 1, 1, quantity="water_temperature"),
    )
    assert [times(one) for one in found] == [("01 00:00", "01 01:00", "01 03:20")]
    assert [change.level.text for change in found[0].levels] == ["yellow", "red", "yellow"]


def test_two_signals_of_one_quantity_are_two_alerts() -> None:
    register = ruled([STATION], {"cloudy": CLOUDY, "clear": "quantity: turbidity, below: {blue: 400}"})
    found = alerts(register, slots("01 00:20", *[300] * 3))
    assert sorted(one.target_id or "" for one in found) == ["clear", "cloudy"]
    assert len({one.id for one in found}) == 2


def test_a_correction_takes_an_alert_back_and_late_data_move_it() -> None:
    register = ruled([STATION], {"cloudy": CLOUDY})
    messages = slots("01 00:20", *[300] * 3)
    corrected = [reading("01 05:00", "S", "01 00:40", turbidity=100)]
    assert alerts(register, [*messages, *corrected]) == []
    late = [reading("03 05:00", "S", "01 01:20", turbidity=300)]
    found = alerts(register, [*slots("01 00:20", 100, 300, 300, None, 100), *late])
    assert [times(one) for one in found] == [("01 00:20", "01 01:20", None)]


def test_people_are_told_of_a_signal_by_its_title_and_in_its_unit() -> None:
    """Not by the word of the class: nobody knows what a signal is about."""
    register = ruled([STATION], {"cloudy": CLOUDY})
    [one] = alerts(register, slots("01 00:20", *[300] * 3))
    told = NoticeOf(register, "")(one, one.level, suspected=True, at=one.raised_at, ends_at=one.raised_at + 1)
    assert told.annotations["summary_zh"] == "疑似甲（黄）：S，高于界限，300 NTU，界限 200 NTU"
    assert told.annotations["summary_en"] == "Suspected a (yellow): S, above its bound, 300 NTU, bound 200 NTU"


# A change of the rules, at a restart


def restarted(before: Register, after: Register, messages: list[Message], upto: int) -> tuple[Run, list[AlertRecord]]:
    """Judge some of it by one register, save, and go on with another."""
    run = Run(SignalEngine, before, messages, TickSource.HEARTBEAT)
    run.read(upto)
    run.save(1000)
    run.said.clear()
    run.crash(after)
    told = [one for said in run.said for one in said.alerts]
    run.read(len(run))
    return run, told


def test_a_changed_signal_is_judged_anew_over_what_is_kept() -> None:
    """The bound falls to 250 after two days: the hour of 220 is no alert any more, that of 300 stays."""
    messages = slots("01 00:20", *[220] * 3, *[100] * 3, *[300] * 3, *[100] * 3)
    changed = ruled([STATION], {"cloudy": CLOUDY.replace("200", "250")})
    run, told = restarted(ruled([STATION], {"cloudy": CLOUDY}), changed, messages, len(messages))
    assert [times(one) for one in told] == [("01 02:00", "01 03:00", "01 04:00")]
    assert [(said.subject, said.target_id, said.late is not None) for said in run.said] == [("S", "cloudy", True)]
    assert {one.config for one in told} == {changed.hash}


def test_a_signal_that_is_gone_takes_its_alerts_back() -> None:
    messages = slots("01 00:20", *[300] * 6)
    run, told = restarted(ruled([STATION], {"cloudy": CLOUDY}), ruled([STATION], {}), messages, 4)
    assert told == []
    assert [(said.alert_class, said.subject, said.target_id, said.alerts) for said in run.said] == [
        ("signal", "S", "cloudy", ())
    ]
    run.save(1000)
    run.said.clear()
    run.crash()
    assert run.said == []


def test_a_restart_without_a_change_judges_nothing_anew() -> None:
    messages = slots("01 00:20", *[300] * 6)
    register = ruled([STATION], {"cloudy": CLOUDY})
    run, _ = restarted(register, register, messages, len(messages))
    assert run.said == []


def test_a_new_signal_begins_with_what_comes() -> None:
    """Of its series nothing was kept; the hour before is not judged."""
    messages = slots("01 00:20", *[300] * 12)
    run, told = restarted(ruled([STATION], {}), ruled([STATION], {"cloudy": CLOUDY}), messages, 6)
    assert told == []
    found = [one for said in run.finish() for one in said.alerts]
    assert [times(one)[0] for one in found] == ["01 02:00"]
