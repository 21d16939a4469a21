"""What the generated cases are worth: they visit every reason of every class, and keep the laws that the text gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .arrival import jostle
from .fault import FAULTS
from .oracle import judge
from .parts import EVERYTHING
from .themes import THEMES, make_themed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .alert import Line

# Both judge arrival itself.
OF_ARRIVAL = frozenset({"data_loss", "set_aside", "device_fault/clock_skew", "unregistered_source"})
WANTED = {
    "slow": {
        "eflow_shortfall": {"day", "ten_day", "month"},
        "eflow_warning": {"running", "unreachable", "band"},
    },
    "fast": {"eflow_shortfall": {"instant", "hour", "day"}},
    "still": {
        "flow_stopped": {"zero_discharge", "below_cease_stage", "flow_state"},
        "device_fault": {"quantities_disagree", "zero_for_missing"},
    },
    "faults": {"device_fault": set(FAULTS) - {"quantities_disagree", "zero_for_missing"}},
    "silence": {"data_loss": {"silent", "invalid", "never_connected", "gateway"}},
    "pumps": {
        "unmetered_intake": {"pump_no_flow", "energy_no_volume"},
        "over_rate": {"permit_max", "design_max", "ban", "season", "hours"},
    },
    "meters": {
        "meter_tamper": {"door_step", "total_frozen", "counter_back", "under_reading"},
    },
    "years": {
        "over_plan": {"over_plan", "forecast"},
        "permit_expired": {"expiring", "expired", "suspended", "missing", "permit", "intake"},
        "unmetered_intake": {"no_meter"},
        "unregistered_source": {"unknown_station", "wrong_gateway"},
    },
}


def visited(alert: Line) -> set[tuple[object, object]]:
    """(class, reason), (class, basis) and (class, kind of subject) of an alert."""
    subject = alert["subject"]
    assert isinstance(subject, dict)
    return {(alert["class"], word) for word in (alert["reason"], alert["basis"], subject["kind"])}


@pytest.mark.parametrize(
    ("theme", "seeds"),
    [
        *(("slow", range(1)), ("fast", range(1)), ("still", range(5)), ("faults", range(6)), ("silence", range(2))),
        *(("pumps", range(6)), ("meters", range(5)), ("years", (0, 1, 6, 12))),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_theme_visits_what_it_is_made_for(theme: str, seeds: Sequence[int], tmp_path: Path) -> None:
    seen: set[tuple[object, object]] = set()
    parts = EVERYTHING if theme == "silence" else EVERYTHING - {"data_loss"}
    for seed in seeds:
        case = make_themed(theme, seed)
        alerts, _ = judge(case.records, case.write_config(tmp_path / str(seed)), parts=parts)
        for alert in alerts:
            seen |= visited(alert)
    wanted = {(name, word) for name, words in WANTED[theme].items() for word in words}
    assert wanted - seen == set()


def test_a_seed_always_gives_the_same_case() -> None:
    for theme in THEMES:
        first, again = make_themed(theme, 1), make_themed(theme, 1)
        assert first == again
        assert first.records != make_themed(theme, 2).records


@pytest.mark.parametrize("theme", ["fast", "still", "faults", "pumps", "meters", "years"])
def test_the_order_of_arrival_inside_the_lateness_changes_nothing(theme: str, tmp_path: Path) -> None:
    """A law of the text, held by the oracle itself."""
    case = make_themed(theme, 0)
    moved = jostle(case.records, 5, 30 * 60_000)
    assert moved != case.records
    config = case.write_config(tmp_path)
    judged, judged_again = (judge(records, config, parts=EVERYTHING - OF_ARRIVAL) for records in (case.records, moved))
    assert judged_again[0] == judged[0]
    assert [_without_timeliness(line) for line in judged_again[1]] == [_without_timeliness(line) for line in judged[1]]


def _without_timeliness(line: Line) -> Line:
    return {name: value for name, value in line.items() if name != "timeliness"}
