"""Chance of the simulators: a fair die that falls the same every time."""

from __future__ import annotations

import math
from statistics import fmean, pstdev

import pytest

from simulators.demo.chance import Chance


def test_the_numbers_of_a_seed_are_these_on_every_machine() -> None:
    chance = Chance("river", 1)
    assert [chance.below(1000) for _ in range(5)] == [704, 377, 175, 859, 437]


def test_streams_of_other_subjects_and_seeds_are_others() -> None:
    streams = {Chance(subject, seed).below(10**9) for subject in ("river", "devices") for seed in (1, 2)}
    assert len(streams) == 4


def test_every_side_of_a_die_comes_as_often() -> None:
    chance = Chance("die", 1)
    counts = [0] * 6
    for _ in range(60_000):
        counts[chance.below(6)] += 1
    # Chi square with 5 degrees of freedom: 20.5 is passed once in a thousand fair dice.
    assert sum((count - 10_000) ** 2 / 10_000 for count in counts) < 20.5


def test_noise_has_mean_0_deviation_1_and_the_tails_of_the_normal_distribution() -> None:
    chance = Chance("noise", 1)
    values = [chance.normal() for _ in range(50_000)]
    assert fmean(values) == pytest.approx(0, abs=0.02)
    assert pstdev(values) == pytest.approx(1, abs=0.02)
    beyond = sum(abs(value) > 2 for value in values) / len(values)
    assert beyond == pytest.approx(math.erfc(math.sqrt(2)), abs=0.005)
