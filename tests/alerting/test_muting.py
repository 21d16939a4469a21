"""Who is told of an alert while somebody works on the device."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alerting.level import Level
from alerting.muting import muted_by
from alerting.record import AlertRecord, Change
from hydro.instants import parse_instant
from hydro.register import Context, Register

if TYPE_CHECKING:
    from collections.abc import Mapping

STATIONS = (
    "station,name,kind,basin,river,division,gateway,interval_min,plant,valid_from,valid_to\n"
    "A1,Dam,plant,Wu,Nanming,520103,gw-1,5,EX01,,2026-03-31\n"
    "A1,Dam,plant,Wu,Nanming,520103,gw-2,5,EX01,2026-04-01,\n"
)
TABLE = "id,scope,code,from,to,kind,mute\n"
WORK: Mapping[str, str] = {
    "station": "M1,station,A1,2026-03-10T08:00,2026-03-10T18:00,,\n",
    "gateway": "M1,gateway,gw-1,2026-03-01,2026-04-30,,\n",
    "plant": "M1,plant,EX01,2026-03-10,2026-03-10,,data_loss\n",
}


def register(work: str) -> Register:
    """One dam, behind another gateway from April on."""
    contents = {"stations.csv": STATIONS.encode(), "maintenance.csv": (TABLE + work).encode()}
    result = Register.parse(contents, Context(480, lateness_min=30), {})
    assert result.register is not None, result.mistakes
    return result.register


def alert(alert_class: str, kind: str, code: str) -> AlertRecord:
    """An alert, whatever it says."""
    nothing: dict[str, None] = dict.fromkeys(
        ("target_id", "basin", "division", "river", "resolved_at", "worst", "value", "target", "basis", "window")
    )
    return AlertRecord(
        id="a",
        alert_class=alert_class,
        reason="silent",
        subject_kind=kind,
        subject=code,
        onset=0,
        raised_at=0,
        levels=(Change(Level.BLUE, 0, None, None),),
        uncertainty_pct=None,
        within_uncertainty=None,
        rule="",
        config="",
        **nothing,  # type: ignore[arg-type]  # None fits each of them
    )


@pytest.mark.parametrize(
    ("scope", "told", "expected"),
    [
        ("station", "2026-03-10T08:00", False),
        ("station", "2026-03-10T08:01", True),
        ("station", "2026-03-10T18:01", False),
        ("gateway", "2026-03-31T12:00", True),
        ("gateway", "2026-04-01T12:00", False),
        ("plant", "2026-03-10T12:00", True),
        ("plant", "2026-03-11T12:00", False),
    ],
)
def test_an_alert_is_told_again_once_the_work_is_over(scope: str, told: str, *, expected: bool) -> None:
    found = muted_by(alert("data_loss", "station", "A1"), register(WORK[scope]), parse_instant(told, 480))
    assert (found is not None and found.id == "M1") == expected


def test_work_mutes_only_the_classes_it_names() -> None:
    at = parse_instant("2026-03-10T12:00", 480)
    assert muted_by(alert("eflow_shortfall", "station", "A1"), register(WORK["plant"]), at) is None
    assert muted_by(alert("eflow_shortfall", "station", "A1"), register(WORK["station"]), at) is not None


def test_work_on_one_station_is_no_excuse_for_a_whole_gateway() -> None:
    at = parse_instant("2026-03-10T12:00", 480)
    assert muted_by(alert("data_loss", "gateway", "gw-1"), register(WORK["station"]), at) is None
    assert muted_by(alert("data_loss", "gateway", "gw-1"), register(WORK["gateway"]), at) is not None
