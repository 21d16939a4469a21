"""Laws of restrictions: whom one binds, and when: in its dates, or while its gauge is low."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.restrictions.scope import intakes_bound, restrictions_of
from alerting.restrictions.trigger import Binding, GaugeSlot, Trigger, bindings, binds, step
from hydro.fixed import MICRO
from hydro.instants import MINUTE_MS
from hydro.register.cells import LATEST_MS
from tests.alerting.stream_of_messages import at, register_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hydro.register import Register
    from hydro.register.intakes import Restriction

STATIONS: Final = (
    "G,,section,Wu,Nanming,520103,g,20",
    "A,,intake,Wu,Nanming,520103,g,20",
    "B,,intake,Wu,Qingshui,520421,g,20",
)
INTAKES: Final = "station,permit,reach,design_max_m3s,intake,use\nA,P,R1,1,upper,industry\nB,,R2,1,,domestic\n"
PERMITS: Final = (
    "permit,holder,division,industry,source,annual_m3,valid_from,valid_to\n"
    "P,W,520103,4610,surface,1000,2024-01-01,2028-12-31\n"
)
HEADER: Final = (
    "id,scope,code,action,from,to,limit_m3s,"
    "trigger_station,trigger_quantity,trigger_below,resume_above,hold_min,except_use\n"
)
DRY: Final = "D,reach,R1,stop,2026-03-01,,,G,discharge,2,3,60,\n"
TWENTY: Final = 20 * MINUTE_MS


def county(rows: str) -> Register:
    """Two intakes on two rivers, and these restrictions."""
    return register_of(STATIONS, intakes=INTAKES, permits=PERMITS, restrictions=HEADER + rows)


def restriction(rows: str = DRY) -> Restriction:
    """The first of them."""
    return county(rows).taking.restrictions[0]


def slots(values: str, *, first: str = "01 00:20", length: int = TWENTY) -> list[GaugeSlot]:
    """A digit each slot; a dot is none."""
    begin = at(first)
    return [
        GaugeSlot(begin + (number - 1) * length, begin + number * length, int(digit) * MICRO)
        for number, digit in enumerate(values)
        if digit != "."
    ]


def times(rows: str, gauge: Sequence[GaugeSlot]) -> list[tuple[int, int]]:
    """When it binds, in slots after 1 March 00:00; -1 = until it is lifted."""

    def number(instant: int) -> int:
        return -1 if instant == LATEST_MS else (instant - at("01 00:00")) // TWENTY

    return [(number(each.after), number(each.until)) for each in bindings(restriction(rows), gauge)]


@pytest.mark.parametrize(
    ("gauge", "expected"),
    [
        pytest.param("5111", [(4, -1)], id="binds after 60 minutes below"),
        pytest.param("51151115", [(7, -1)], id="a slot above begins anew"),
        pytest.param("511.1", [(5, -1)], id="a slot that is missing freezes"),
        pytest.param("51....1111", [(9, -1)], id="more than an hour without one begins anew"),
        pytest.param("111233", [(3, -1)], id="between the bounds it still binds"),
        pytest.param("1113332", [(3, 6)], id="60 minutes at the upper bound free it"),
        pytest.param("111332333", [(3, 9)], id="in a row"),
        pytest.param("111....33.3", [(3, 11)], id="a gap restarts the counting, not the state"),
        pytest.param("111333111", [(3, 6), (9, -1)], id="again"),
        pytest.param("222222", [], id="at the bound it is not below"),
    ],
)
def test_a_low_gauge_binds_and_a_risen_one_frees(gauge: str, expected: list[tuple[int, int]]) -> None:
    assert times(DRY, slots(gauge)) == expected


def test_without_a_second_bound_the_first_frees_and_without_a_hold_one_slot_does() -> None:
    assert times("D,reach,R1,stop,2026-03-01,,,G,discharge,2,,0,\n", slots("5152")) == [(2, 3)]


def test_only_slots_in_its_dates_count_and_it_ends_with_them() -> None:
    dated = "D,reach,R1,stop,2026-03-01T00:40,2026-03-01T02:00,,G,discharge,2,3,60,\n"
    assert times(dated, slots("11111111")) == [(5, 6)]
    assert times("D,reach,R1,limit,2026-03-01,2026-03-01,0.1,,,,,,\n", []) == [(0, 72)]


def test_it_binds_slots_that_end_behind_it_up_to_its_end() -> None:
    found = [Binding(0, TWENTY)]
    assert [binds(found, end) for end in (0, 1, TWENTY, TWENTY + 1)] == [False, True, True, False]


@given(st.text("0123.", max_size=60), st.integers(0, 60))
def test_where_it_is_cut_changes_nothing(gauge: str, cut: int) -> None:
    """The state after some slots is all that the following ones need."""
    rule, found = restriction(), slots(gauge)
    state, told = Trigger(), []
    for part in (found[:cut], found[cut:]):
        state = Trigger(*(getattr(state, name) for name in state.__struct_fields__))
        for slot in part:
            state, over = step(state, slot, rule)
            told += [] if over is None else [over]
    told += [] if state.since is None else [Binding(state.since, LATEST_MS)]
    assert told == bindings(rule, found)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("D,intake,upper,stop,2026-03-01,,,,,,,,\n", ["upper"]),
        ("D,permit,P,stop,2026-03-01,,,,,,,,\n", ["upper"]),
        ("D,reach,R2,stop,2026-03-01,,,,,,,,\n", ["B"]),
        ("D,river,Nanming,stop,2026-03-01,,,,,,,,\n", ["upper"]),
        ("D,division,520100,stop,2026-03-01,,,,,,,,\n", ["upper"]),
        ("D,division,520000,stop,2026-03-01,,,,,,,,\n", ["upper", "B"]),
        ("D,division,520000,stop,2026-03-01,,,,,,,,domestic\n", ["upper"]),
    ],
)
def test_whom_it_binds(row: str, expected: list[str]) -> None:
    register = county(row)
    (one,) = register.taking.restrictions
    when = at("02 00:00")
    assert list(intakes_bound(register, one, when)) == expected
    assert [name for name in ("upper", "B") if restrictions_of(register, name, when)] == expected
    assert intakes_bound(register, one, when).get("upper", ("P",)) == ("P",)
