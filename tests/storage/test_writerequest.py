"""How a batch becomes requests, and how the server's refusals are read."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydro.quantity import Quantity
from storage.lineprotocol import LineEncoder
from storage.writerequest import MAX_POINTS, Refusal, last_of_each_key, observation_requests
from tests.storage.store_contract import NOON, batch, discharge


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-2, 2)), max_size=40))
def test_the_last_row_of_each_key_stays(keys: list[tuple[int, int]]) -> None:
    last = {key: row for row, key in enumerate(keys)}
    series = np.array([key[0] for key in keys], np.int64)
    times = np.array([key[1] for key in keys], np.int64)
    assert last_of_each_key(series, times).tolist() == sorted(last.values())


def test_keys_that_mix_to_the_same_word_stay_both() -> None:
    odd = 0x9E3779B97F4A7C15 - 2**64  # one step of the series equals this step of the time
    assert last_of_each_key(np.array([0, 1]), np.array([odd, 0])).tolist() == [0, 1]


def test_a_batch_is_cut_into_requests_of_ten_thousand_in_its_order() -> None:
    rows, names = batch(discharge(NOON + n, n) for n in range(2 * MAX_POINTS + 5))
    requests, refused = observation_requests(rows, LineEncoder(names))
    assert refused == []
    assert [len(request.lines()) for request in requests] == [MAX_POINTS, MAX_POINTS, 5]
    assert np.concatenate([request.row for request in requests]).tolist() == list(range(2 * MAX_POINTS + 5))
    assert requests[2].lines()[4].endswith(f" {NOON + 2 * MAX_POINTS + 4}".encode())


def test_the_same_batch_gives_the_same_bytes() -> None:
    rows, names = batch(discharge(NOON + n, n) for n in range(100))
    first, second = (observation_requests(rows, LineEncoder(names))[0][0].body for _ in range(2))
    assert first == second


def test_lines_lie_together_by_time_or_by_series() -> None:
    rows, names = batch([("B", Quantity.PH, 1, 1, 1), ("A", Quantity.PH, 2, 1, 1), ("B", Quantity.PH, 0, 1, 1)])  # type: ignore[list-item]
    (request,), _ = observation_requests(rows, LineEncoder(names))
    assert request.order(Refusal("", 0, concerns_series=False)) == [2, 0, 1]
    assert request.order(Refusal("", 0, concerns_series=True)) == [1, 2, 0]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            "partial write: points beyond retention policy dropped=2",
            Refusal("points beyond retention policy", 2, concerns_series=False),
        ),
        (
            'partial write: max-values-per-tag limit exceeded (15/10): tag="station" dropped=5',
            Refusal('max-values-per-tag limit exceeded (15/10): tag="station"', 5, concerns_series=True),
        ),
        (
            "partial write: unable to parse 'x': missing fields dropped=0",
            Refusal("unable to parse 'x': missing fields", 0, concerns_series=False),
        ),
        (
            "unable to parse 'x': missing fields",
            Refusal("unable to parse 'x': missing fields", 7, concerns_series=False),
        ),
        ("field type conflict: x", Refusal("field type conflict: x", 0, concerns_series=False)),
        ("unexpected EOF", None),
        ("database is required", None),
        ("", None),
    ],
)
def test_what_the_server_says_of_lines(message: str, expected: Refusal | None) -> None:
    assert Refusal.of(message, 7) == expected
