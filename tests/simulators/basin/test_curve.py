"""Curves: tables of many stations, evaluated together."""

from __future__ import annotations

import numpy as np
import pytest

from simulators.basin import Curve, basin_curve, power_curve
from simulators.basin.curve import Curves


def test_each_station_has_its_own_table_of_any_length() -> None:
    short, long = Curve(((1.0, 0.2), (2.0, 0.4))), Curve(((0.0, 0.0), (1.0, 1.0), (3.0, 2.0), (7.0, 3.0)))
    values = Curves([short, long])(np.array([[0.0, 0.5], [1.5, 2.0], [4.0, 11.0]]))
    assert values.tolist() == [pytest.approx([0.2, 0.5]), pytest.approx([0.3, 1.5]), pytest.approx([0.8, 4.0])]


def test_a_power_curve_keeps_near_its_formula() -> None:
    curve = power_curve(4.0, 1.7, 80.0, 0.25, points=24)
    discharge = np.linspace(1.0, 80.0, 200)
    stages = Curves([curve])(discharge[:, None])[:, 0]
    np.testing.assert_allclose(stages, 0.25 + (discharge / 4.0) ** (1.0 / 1.7), atol=0.02)
    assert (np.diff(stages) > 0.0).all()


def test_a_basin_is_full_at_its_full_level() -> None:
    levels = Curves([basin_curve(1e6, 850.0, 820.0)])
    assert levels(np.array([[0.0], [2.5e5], [1e6]]))[:, 0] == pytest.approx([820.0, 835.0, 850.0], abs=0.5)


@pytest.mark.parametrize(
    ("points", "said"),
    [
        (((0.0, 0.0),), "has 1 points, at least 2 are needed"),
        (((0.0, 0.0), (0.0, 1.0)), "falls from (0, 0) to (0, 1)"),
        (((0.0, 0.0), (1.0, float("nan"))), "holds a number that is not finite"),
    ],
)
def test_a_table_that_is_none_says_why(points: tuple[tuple[float, float], ...], said: str) -> None:
    assert Curve(points).mistake() == said
