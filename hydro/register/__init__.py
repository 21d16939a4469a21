"""Master data: one declarative schema per table, dated rows looked up in event time.

``table`` says how a table is declared, ``stations`` and ``eflow`` declare them, ``schema`` lists them; ``reader`` turns
CSV files into rows, ``checks`` compares rows and tables, ``model`` is what the rest of the program uses.
"""

from __future__ import annotations

from hydro.register.cells import EARLIEST_MS, LATEST_MS, Context, MonthDay
from hydro.register.channels import ANY_ADDRESS, ChannelRow, WireProtocol
from hydro.register.checks import why_unjudged
from hydro.register.dated import DatedRows
from hydro.register.eflow import (
    AlertClass,
    AlertLevel,
    Exemption,
    ExemptionKind,
    ExemptionState,
    InflowRule,
    LevelBound,
    TargetInterval,
    TargetKind,
    TargetRow,
    default_target_id,
    target_intervals,
)
from hydro.register.maintenance import Maintenance, MaintenanceScope
from hydro.register.mistake import Finding, Severity
from hydro.register.model import LoadResult, Register
from hydro.register.rivers import River
from hydro.register.seasons import season_intervals
from hydro.register.stations import (
    Confirmation,
    CounterKind,
    Edition,
    PointLimits,
    SectionRole,
    Station,
    StationKind,
    StationStatus,
)
from hydro.register.table import Row

__all__ = [
    "ANY_ADDRESS",
    "EARLIEST_MS",
    "LATEST_MS",
    "AlertClass",
    "AlertLevel",
    "ChannelRow",
    "Confirmation",
    "Context",
    "CounterKind",
    "DatedRows",
    "Edition",
    "Exemption",
    "ExemptionKind",
    "ExemptionState",
    "Finding",
    "InflowRule",
    "LevelBound",
    "LoadResult",
    "Maintenance",
    "MaintenanceScope",
    "MonthDay",
    "PointLimits",
    "Register",
    "River",
    "Row",
    "SectionRole",
    "Severity",
    "Station",
    "StationKind",
    "StationStatus",
    "TargetInterval",
    "TargetKind",
    "TargetRow",
    "WireProtocol",
    "default_target_id",
    "season_intervals",
    "target_intervals",
    "why_unjudged",
]
