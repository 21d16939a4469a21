"""Targets as a hydrograph shows them: their effective values over a time, with the levels below each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerting.eflow.bands import BandTable, is_level
from dashboards.console.draw.model import TargetStep
from hydro.register import AlertClass

if TYPE_CHECKING:
    from hydro.register import Register

__all__ = ["target_steps"]


def target_steps(register: Register, target_id: str, start: int, end: int) -> tuple[TargetStep, ...]:
    """Steps of one target over (start, end], epoch milliseconds; none where it isn't owed then.

    Levels are those of the table in force at the end of each step, for the authority of the station then.
    """
    first = register.targets[target_id][0]
    rows = register.stations[first.station]
    station = rows.at(end) or rows.rows[-1]
    by_deficit = is_level(first.quantity)
    bands = BandTable(
        register.levels, AlertClass.EFLOW_SHORTFALL, station.authority, first.basis, by_deficit=by_deficit
    )
    steps = []
    for since, until, row in register.target_intervals(target_id, start, end):
        bounds = bands.at(until).bounds
        if by_deficit:
            deficits = {level: int(deficit) for level, deficit in bounds}
            steps.append(TargetStep.by_deficit(since, until, row.value, deficits))
        else:
            steps.append(TargetStep.by_ratio(since, until, row.value, bounds))
    return tuple(steps)
