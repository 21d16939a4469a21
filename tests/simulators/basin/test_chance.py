"""Chance by address: the published generator, and numbers that don't depend on who else draws."""

from __future__ import annotations

import numpy as np
import pytest

from simulators.basin.chance import Purpose, philox, subject_keys, uniforms


@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [
        pytest.param((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8), id="zeros"),
        pytest.param(
            (0xFFFFFFFF,) * 4,
            (0xFFFFFFFF,) * 2,
            (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD),
            id="ones",
        ),
        pytest.param(
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
            id="pi",
        ),
    ],
)
def test_the_known_answers_of_philox(
    counter: tuple[int, int, int, int], key: tuple[int, int], words: tuple[int, int, int, int]
) -> None:
    """Source: Random123, kat_vectors, philox4x32 with 10 rounds."""
    first, second, third, fourth = (np.array([word], np.uint64) for word in counter)
    found = philox((first, second, third, fourth), key)
    assert tuple(int(word[0]) for word in found) == words


def test_a_number_does_not_depend_on_the_other_subjects() -> None:
    alone = uniforms(5, Purpose.LOCAL, subject_keys(["b"]), 20_000)
    among = uniforms(5, Purpose.LOCAL, subject_keys(["a", "b", "c"]), 20_000)
    np.testing.assert_array_equal(alone[:, 0], among[:, 1])


def test_seed_purpose_subject_day_and_draw_each_give_other_numbers() -> None:
    keys = subject_keys(["a", "b"])
    drawn = [
        uniforms(1, Purpose.LOCAL, keys, 1),
        uniforms(2**40 + 1, Purpose.LOCAL, keys, 1),
        uniforms(1, Purpose.PULSE, keys, 1),
        uniforms(1, Purpose.LOCAL, keys, -1),
        uniforms(1, Purpose.LOCAL, keys, 1, 1),
    ]
    assert len({float(number) for found in drawn for number in found.ravel()}) == 5 * 8


def test_the_numbers_are_even_over_their_range() -> None:
    drawn = uniforms(9, Purpose.LOCAL, np.arange(50_000, dtype=np.uint64), 3).ravel()
    assert 0.0 < drawn.min() < drawn.max() < 1.0
    counts, _ = np.histogram(drawn, bins=20, range=(0.0, 1.0))
    assert np.abs(counts - 10_000).max() < 500  # five standard deviations
