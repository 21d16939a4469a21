"""The same scenario in any wire format says the same, as far as the format has room for it."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
import pytest

from hydro.flags import Flag
from hydro.instants import HOUR_MS
from hydro.quantity import Quantity
from hydro.register import Context, Register
from hydro.series import SeriesIndex
from ingest.decode import Decoder, TickSource
from simulators.play import Play
from simulators.play.frames import not_carried
from simulators.rtu.sample import STATES
from simulators.rtu.slt427.profile import Profile
from simulators.scenario import Scenario, WireFormat
from tests.simulators.play.stage import small

if TYPE_CHECKING:
    from simulators.play import Arrival

Readings = dict[tuple[str, Quantity, int], tuple[int, int]]
_ROUNDED: Final = {Quantity.DISCHARGE: 500, Quantity.POWER: 500_000}
"""Frames have 0.001 m3/s and 1 kW, devices 0.1 L/s and 0.01 kW: half of it is lost."""

_ZERO: Final = (0, Flag.NOT_EVALUATED)
_MISSING: Final = (0, Flag.MISSING)


@lru_cache
def messages_of(form: WireFormat | None) -> tuple[Scenario, list[Arrival]]:
    scenario = small(days=1)
    scenario = replace(scenario, duration_ms=30 * HOUR_MS, warm_up_ms=0)
    playing = Play(scenario, seed=5, end=scenario.end, format=form)
    return playing.scenario, [arrival for chunk in playing.chunks() for arrival in chunk.messages]


def readings_of(scenario: Scenario, messages: list[Arrival]) -> Readings:
    """By station, quantity and time what the product reads: value and flag; the latest counts."""
    result = Register.parse(scenario.contents(), Context(480, 30), {})
    assert result.register is not None, result.mistakes
    index = SeriesIndex(result.register.stations)
    decoder = Decoder(result.register, index, prefix="watermaster/v1", max_age_days=0, ticks=TickSource.RECEIVED_AT)
    received_at, topics, payloads = zip(*messages, strict=True)
    batch = decoder.decode(1, topics, payloads, np.array(received_at, np.int64))
    assert not batch.dead_lettered
    assert not batch.rejected
    rows = batch.observations
    columns = (rows.series.tolist(), rows.event_time.tolist(), rows.value.tolist(), rows.flag.tolist())
    return {
        (index.station(series), index.quantity(series), at): (value, flag)
        for series, at, value, flag in zip(*columns, strict=True)
    }


@pytest.mark.parametrize("form", [WireFormat.SL651, WireFormat.SLT427, None], ids=["sl651", "slt427", "mix"])
def test_frames_say_what_json_says(form: WireFormat | None) -> None:
    """Outages, gaps, duplicates and failing devices included: the same times, the same values.

    Frames have bits for states, and one type a place for a total, also of devices that have none.
    """
    scenario, in_json = messages_of(WireFormat.JSON)
    expected = readings_of(scenario, in_json)
    found = readings_of(scenario, messages_of(form)[1])
    left_out = set()
    for device in scenario.devices:
        own = form or scenario.wires[device.station].format
        if own is not WireFormat.JSON:
            profile = None if own is WireFormat.SL651 else Profile.SLT427_2021
            left_out |= {(device.station, quantity) for quantity in not_carried(device, profile)}
    carried = {key for key in expected if key[:2] not in left_out}
    assert found.keys() >= carried
    for key in carried:
        assert found[key][1] == expected[key][1], key
        assert abs(found[key][0] - expected[key][0]) <= _ROUNDED.get(key[1], 0), key
    for key in found.keys() - carried:
        assert found[key] == (_MISSING if key[1] is Quantity.VOLUME_TOTAL else _ZERO), key
        assert key[1] in {Quantity.VOLUME_TOTAL, *STATES}, key
    assert {quantity for _, quantity, _ in carried} >= {Quantity.DISCHARGE, Quantity.STAGE, Quantity.VOLTAGE}
