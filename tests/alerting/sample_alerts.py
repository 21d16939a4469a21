"""Alerts as the rules would give them, at small round times."""

from __future__ import annotations

from typing import Final

from alerting.level import Level
from alerting.record import AlertRecord, Change, SubjectAlerts, Window, WorstRatio, alert_id
from hydro.instants import HOUR_MS, parse_instant

__all__ = ["CLASS", "DAWN", "change", "shortfall"]

CLASS: Final = "eflow_shortfall"
DAWN: Final = parse_instant("2026-03-01T00:00:00+08:00", 480)
"""Hours of the samples are counted from here."""


def shortfall(
    start: int,
    end: int | None = None,
    *,
    station: str = "52010300A1",
    target: str | None = None,
    levels: tuple[Level, ...] = (Level.YELLOW,),
    **fields: object,
) -> AlertRecord:
    """A shortfall with onset at hour `start`, raised an hour later and resolved at hour `end`.

    Args:
        start: Hours after `DAWN`.
        end: The same; None while firing.
        station: The subject.
        target: The default of the station without it.
        levels: From the raising on, an hour apart.
        fields: Of the record, to be other than that.
    """
    target_id = f"{station}:discharge:hour:base" if target is None else target
    onset = DAWN + start * HOUR_MS
    raised_at = onset + HOUR_MS
    given: dict[str, object] = {
        "id": alert_id(CLASS, f"station:{station}", target_id, onset),
        "alert_class": CLASS,
        "reason": "below_target",
        "subject_kind": "station",
        "subject": station,
        "target_id": target_id,
        "basin": "乌江",
        "division": "520103",
        "river": None,
        "onset": onset,
        "raised_at": raised_at,
        "resolved_at": None if end is None else DAWN + end * HOUR_MS,
        "levels": tuple(
            Change(level, raised_at + number * HOUR_MS, 1_210_000, 2_000_000) for number, level in enumerate(levels)
        ),
        "worst": WorstRatio(0.52, None, raised_at),
        "value": 1_210_000,
        "target": 2_000_000,
        "basis": "hour",
        "window": Window(onset, raised_at, 12, 11),
        "uncertainty_pct": 8.0,
        "within_uncertainty": False,
        "rule": CLASS,
        "config": "0" * 64,
    }
    return AlertRecord(**{**given, **fields})  # type: ignore[arg-type]  # the fields of the call


def change(
    *alerts: AlertRecord, since: int = -1_000, station: str = "52010300A1", target: str | None = None
) -> SubjectAlerts:
    """All alerts of one target that are open or were resolved after hour `since`."""
    target_id = f"{station}:discharge:hour:base" if target is None else target
    return SubjectAlerts(CLASS, station, target_id, DAWN + since * HOUR_MS, alerts)
