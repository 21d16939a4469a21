"""Takers and what they may: bans that are kept or not, and pumps that take more than the permit says."""

from __future__ import annotations

import numpy as np
import pytest

from hydro.instants import DAY_MS, HOUR_MS
from simulators.basin.step import STEP_S
from simulators.takers.takers import Takers
from simulators.takers.theft import Theft, TheftKind
from simulators.truth import TruthKind
from tests.simulators.takers.village import START, factory, run, town

DAY = DAY_MS // 300_000
BAN = (START + DAY_MS, START + 2 * DAY_MS)


def test_an_honest_taker_keeps_a_ban() -> None:
    columns, truths = run(Takers([town(bans=(BAN,)), town("other")], seed=3), START, [3 * DAY])
    kept, other = columns["through_m3s"][:, 0], columns["through_m3s"][:, 1]
    assert kept[:DAY].any()
    assert not kept[DAY : 2 * DAY].any()
    assert kept[2 * DAY :].any()
    assert other[DAY : 2 * DAY].any()
    assert truths == []


def test_who_ignores_a_ban_is_metered_and_known() -> None:
    """Truth is what went through the meter while it was forbidden, and nothing before or after."""
    theft = Theft(kind=TheftKind.IN_BAN, start=START, end=START + 3 * DAY_MS)
    columns, truths = run(Takers([town(bans=(BAN,), thefts=(theft,))], seed=3), START, [3 * DAY])
    through = columns["through_m3s"][:, 0]
    assert not columns["unmetered_m3s"].any()
    assert {truth.kind for truth in truths} == {TruthKind.OVER_RATE}
    assert {truth.details["theft"] for truth in truths} == {"in_ban"}
    assert all(BAN[0] <= truth.start < truth.end <= BAN[1] for truth in truths)
    volume = sum(float(truth.details["volume_m3"] or 0.0) for truth in truths)
    assert volume == pytest.approx(through[DAY : 2 * DAY].sum() * STEP_S)


def test_a_pump_too_many_is_metered_and_what_exceeds_the_permit_is_known() -> None:
    """From 8 to 14 o'clock 0.3 m3/s more, where 0.2 is permitted."""
    theft = Theft(
        kind=TheftKind.OVER_RATE,
        start=START,
        end=START + DAY_MS,
        rate_m3s=0.3,
        first_hour=8.0,
        last_hour=14.0,
    )
    columns, truths = run(Takers([factory(thefts=(theft,))], seed=3), START, [DAY])
    through, seen = columns["through_m3s"][:, 0], columns["seen_m3s"][:, 0]
    assert np.array_equal(through, seen)
    assert (through[96:168] >= 0.3).all()
    assert columns["pump"][96:168].all()
    assert through[:96].max() <= 0.2
    (truth,) = truths
    assert truth.kind is TruthKind.OVER_RATE
    assert (truth.start, truth.end) == (START + 8 * HOUR_MS, START + 14 * HOUR_MS)
    assert truth.details["volume_m3"] == pytest.approx((through[96:168] - 0.2).sum() * STEP_S)


def test_neither_is_possible_without_what_it_breaks() -> None:
    over = Theft(kind=TheftKind.OVER_RATE, start=START, end=START + DAY_MS, rate_m3s=0.1)
    ignored = Theft(kind=TheftKind.IN_BAN, start=START, end=START + DAY_MS)
    with pytest.raises(ValueError, match=r"over_rate needs a permit\n.*in_ban needs bans"):
        Takers([factory(permit=None, thefts=(over,)), town(thefts=(ignored,))], seed=1)
