"""Columns become lines exactly; golden cases stand in golden_lineprotocol/NAME/{input.csv,expected.lp}."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydro.columns import Observations
from hydro.fixed import format_micro
from hydro.flags import Flag
from hydro.quantity import QUANTITIES, Quantity
from hydro.series import SeriesIndex
from storage.lineprotocol import LineEncoder, alert_line, escape_tag, quote_field
from storage.store import AlertPoint

GOLDEN: Final = Path(__file__).with_name("golden_lineprotocol")
CASES: Final = sorted(path.name for path in GOLDEN.iterdir())

INT64: Final = st.integers(-(2**63), 2**63 - 1)
ROW: Final = st.tuples(st.integers(0, 2), st.sampled_from(Quantity), INT64, INT64, st.sampled_from(Flag))


def columns(names: SeriesIndex, rows: list[tuple[str, Quantity, int, int, int]]) -> Observations:
    """Columns for rows of station, quantity, event time, millionths, flag."""
    zeros = np.zeros(len(rows), np.int64)
    return Observations(
        series=np.array([names.number(station, quantity) for station, quantity, *_ in rows], np.int64),
        event_time=np.array([row[2] for row in rows], np.int64),
        value=np.array([row[3] for row in rows], np.int64),
        flag=np.array([row[4] for row in rows], np.uint8),
        received_at=zeros,
        position=zeros,
    )


@pytest.mark.parametrize("case", CASES)
def test_golden(case: str) -> None:
    with (GOLDEN / case / "input.csv").open(encoding="utf-8", newline="") as file:
        rows = [
            (row["station"], QUANTITIES[row["quantity"]], int(row["event_time"]), int(row["micro"]), int(row["flag"]))
            for row in csv.DictReader(file)
        ]
    names = SeriesIndex(row[0] for row in rows)
    expected = (GOLDEN / case / "expected.lp").read_bytes()
    encoder = LineEncoder(names)
    assert encoder.encode(columns(names, rows)) == expected
    one_by_one = [encoder.encode(columns(names, [row])) for row in rows]
    assert b"".join(one_by_one) == expected


@given(st.lists(ROW, max_size=30))
def test_any_columns_give_the_lines_that_plain_formatting_gives(
    rows: list[tuple[int, Quantity, int, int, Flag]],
) -> None:
    stations = ["A", "B 1", "河"]
    names = SeriesIndex(stations)
    expected = "".join(
        f"observation,quantity={quantity.text},station={escape_tag(stations[station])} "
        + ("" if flag == Flag.MISSING else f"value={format_micro(value)},")
        + f"flag={int(flag)}i {time}\n"
        for station, quantity, time, value, flag in rows
    )
    table = [(stations[station], *rest) for station, *rest in rows]
    assert LineEncoder(names).encode(columns(names, table)).decode() == expected  # type: ignore[arg-type]


def test_the_encoder_grows_with_the_number_and_the_length_of_names() -> None:
    stations = [f"{n:05d}" + "x" * (n // 50) for n in range(3_000)]
    names = SeriesIndex(stations)
    encoder = LineEncoder(names)
    rows = [(station, Quantity.PH, n, 7_000_000, 1) for n, station in enumerate(stations)]
    lines = b"".join(encoder.encode(columns(names, rows[start : start + 100])) for start in range(0, 3_000, 100))
    assert lines == encoder.encode(columns(names, rows))
    assert lines.decode().splitlines() == [
        f"observation,quantity=ph,station={station} value=7,flag=1i {n}" for n, station in enumerate(stations)
    ]


def test_a_station_whose_code_cannot_be_a_tag_is_told_and_never_encoded() -> None:
    names = SeriesIndex(["good", "", "line\nfeed", "nul\0", "backslash\\", "\ud800"])
    rows = columns(names, [(station, Quantity.STAGE, 1, 1, 1) for station in names.stations])
    encoder = LineEncoder(names)
    assert encoder.encodable(rows.series).tolist() == [station == "good" for station in names.stations]
    with pytest.raises(ValueError, match="can't be a tag"):
        encoder.encode(rows)


def test_no_rows_give_no_lines() -> None:
    assert LineEncoder(SeriesIndex([])).encode(Observations.empty()) == b""


def alert(**changes: object) -> bytes:
    """Line of an alert's transition with some attributes changed."""
    tags = (("subject", "A 1"), ("class", "eflow_shortfall"), ("river", ""))
    return alert_line(AlertPoint(1772323500000, tags, "5f1c", 3, 1, 1.21, 2.0, 0.605)._replace(**changes))  # type: ignore[arg-type]


def test_a_transition_has_sorted_tags_and_a_dash_for_what_is_not_known() -> None:
    assert alert() == (
        rb'alert,class=eflow_shortfall,river=-,subject=A\ 1 alert="5f1c",level=3i,state=1i,value=1.21,target=2,'
        rb"ratio=0.605 1772323500000"
    )


def test_a_transition_leaves_out_numbers_that_do_not_apply() -> None:
    assert alert(value=None, target=None, ratio=None, level=0, state=0, alert='q"\\').endswith(
        rb' alert="q\"\\",level=0i,state=0i 1772323500000'
    )


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_none_is_no_field(number: float) -> None:
    with pytest.raises(ValueError, match="not finite"):
        alert(ratio=number)


def test_quotes_and_backslashes_in_a_field_are_escaped() -> None:
    assert quote_field('a"b\\c') == '"a\\"b\\\\c"'
