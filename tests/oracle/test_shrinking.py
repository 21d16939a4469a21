"""A difference becomes a case that a person can read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .oracle import judge
from .parts import SHORTFALLS
from .shrinking import shrink, tell
from .stream import make_case

if TYPE_CHECKING:
    from pathlib import Path

    from .case import Case


def test_a_case_shrinks_to_what_is_needed_and_still_shows_it(tmp_path: Path) -> None:
    """An orange shortfall of an hour takes one failed hour, one station, one row of one target."""
    judged: list[int] = []

    def has_orange_hour(case: Case) -> bool:
        folder = tmp_path / str(len(judged))
        judged.append(len(case.records))
        alerts, _ = judge(case.records, case.write_config(folder), parts=SHORTFALLS)
        return any(alert["basis"] == "hour" and alert["level"] == "orange" for alert in alerts)

    whole = make_case(2, readings=400)
    assert has_orange_hour(whole)
    small = shrink(whole, has_orange_hour, tries=400)
    assert has_orange_hour(small)
    assert {name: len(rows) for name, rows in small.tables.rows.items() if rows} == {"stations": 1, "eflow_targets": 1}
    assert len(small.records) <= 6 < len(whole.records)
    told = tell(small)
    assert len(told) == 3 + len(small.records)
    assert told[1].startswith("stations: station=")


def test_what_does_not_show_anywhere_leaves_the_case_as_it_is() -> None:
    whole = make_case(2, readings=200)
    assert shrink(whole, lambda case: case is whole, tries=50) is whole
