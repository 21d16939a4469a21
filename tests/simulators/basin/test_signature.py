"""Signatures of hydrographs, and a default brook that lies within those of real ones."""

from __future__ import annotations

from dataclasses import astuple, fields
from pathlib import Path

import numpy as np
import pytest

from hydro.instants import DAY_MS, parse_instant
from simulators.basin import Catchment, Climate, Network, Node, Reach, River, read_record
from simulators.basin.signature import Signature, hourly_means, signature_of
from tests.simulators.basin.networks import DAY

DATA = Path(__file__).parents[2] / "data"
REAL = {
    "flashiness": (0.134, 0.541),
    "autocorrelation": (0.448, 0.892),
    "recession_h": (7.4, 477.0),
    "fast_recession_h": (4.7, 19.3),
    "swing": (0.047, 0.155),
    "day_swing": (0.050, 0.796),
}
"""Least and most of seven windows of 30 days: Dead Run, June 2018, and Plumtree Run, April to September 2018 (USGS
01589330 and 01581752), as printed by bench/river_realism.py."""


def test_a_pure_recession_has_its_own_constant() -> None:
    hours = np.arange(30 * 24)
    found = signature_of(np.exp(-hours / 100.0))
    assert found.recession_h == pytest.approx(100.0)
    assert found.fast_recession_h == pytest.approx(100.0)
    assert found.autocorrelation == pytest.approx(1.0)
    assert found.flashiness == pytest.approx(np.exp(0.01) - 1.0)


def test_a_daily_wave_has_its_own_swing() -> None:
    hours = np.arange(20 * 24)
    found = signature_of(2.0 + 0.2 * np.cos(2.0 * np.pi * hours / 24.0))
    assert found.swing == pytest.approx(0.2)
    assert found.day_swing == pytest.approx(0.2)
    assert np.isnan(found.recession_h)


def test_storms_count_for_all_days_and_not_for_calm_ones() -> None:
    hours = np.ones(10 * 24)
    hours[30:33] = 5.0
    found = signature_of(hours)
    assert found.swing == 0.0
    assert found.day_swing == 0.0
    assert found.flashiness == pytest.approx(8.0 / (239.0 + 12.0))


def test_an_hour_with_too_few_values_is_missing() -> None:
    flow = np.ones(36)
    flow[:3] = np.nan
    flow[12:16] = np.nan
    assert hourly_means(flow, 12).tolist() == pytest.approx([1.0, np.nan, 1.0], nan_ok=True)


def test_missing_hours_are_left_out() -> None:
    hours = np.exp(-np.arange(400) / 50.0)
    hours[200] = np.nan
    found = signature_of(hours)
    assert found.recession_h == pytest.approx(50.0)
    assert found.flashiness == pytest.approx(np.exp(0.02) - 1.0)


def test_a_real_stream_has_the_signature_that_its_record_has() -> None:
    """Dead Run, 20 to 25 June 2018: a flashy urban stream."""
    record = read_record(DATA / "usgs_01589330_dead_run_5min_2018-06-20_2018-06-25.csv", "discharge_m3s")
    at = -(-int(record.times[0]) // DAY_MS) * DAY_MS
    natural = record.on_steps(at, 5 * DAY)
    found = signature_of(hourly_means(np.where(natural.known, natural.flow, np.nan), 12))
    low, high = REAL["flashiness"]
    assert low < found.flashiness < high
    assert found.autocorrelation < REAL["autocorrelation"][1]


def test_a_default_brook_is_like_real_ones() -> None:
    """Medians of windows of 30 days of two summers lie within the range of the real windows."""
    network = Network(
        nodes=(Node(name="head"), Node(name="mouth", outlet=True)),
        reaches=(Reach(name="r", start="head", end="mouth", travel_min=40.0, reference_m3s=0.2),),
        catchments=(Catchment(name="k", area_km2=10.0, into="head"),),
    )
    windows = []
    for seed in (1, 2):
        river = River(network, seed=seed, climate=Climate())
        state = river.initial(parse_instant("2025-04-01T00:00:00+08:00", 0))
        _, flows = river.advance(state, 181 * DAY)
        hours = hourly_means(flows.river[DAY:, 1], 12)
        windows += [astuple(signature_of(month)) for month in hours.reshape(6, -1)]
    medians = dict(zip((field.name for field in fields(Signature)), np.nanmedian(windows, axis=0), strict=True))
    outside = {name: medians[name] for name, (low, high) in REAL.items() if not low <= medians[name] <= high}
    assert outside == {}
