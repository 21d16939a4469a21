"""The tables of the register that are read, and those whose time has not come.

Source: docs/register-tables.md. A table whose stage comes moves from ``UNREAD`` to ``TABLES``.
"""

from __future__ import annotations

from typing import Any, Final

from hydro.register.channels import ChannelRow
from hydro.register.eflow import Exemption, LevelBound, TargetRow
from hydro.register.intakes import Derivation, Intake, MeterChange, Restriction, Threshold, Well
from hydro.register.maintenance import Maintenance
from hydro.register.permits import KeyUser, Permit, PermitChange, PermitIntake, PermitWindow, Plan, WaterUser
from hydro.register.rivers import River
from hydro.register.stations import PointLimits, Station
from hydro.register.table import Table

__all__ = [
    "CHANNELS",
    "DERIVATIONS",
    "EXEMPTIONS",
    "INTAKES",
    "KEY_USERS",
    "LEVELS",
    "MAINTENANCE",
    "METER_CHANGES",
    "PERMITS",
    "PERMIT_CHANGES",
    "PERMIT_INTAKES",
    "PERMIT_WINDOWS",
    "PLANS",
    "POINTS",
    "RESTRICTIONS",
    "RIVERS",
    "STATIONS",
    "TABLES",
    "TARGETS",
    "THRESHOLDS",
    "UNREAD",
    "USERS",
    "WELLS",
]

STATIONS: Final = Table("stations", Station, key=("code",))
RIVERS: Final = Table("rivers", River, key=("name",))
CHANNELS: Final = Table("channels", ChannelRow, key=("protocol", "address", "element", "channel"))
POINTS: Final = Table("points", PointLimits, key=("station", "quantity"))
TARGETS: Final = Table("eflow_targets", TargetRow, key=("target_id",))
EXEMPTIONS: Final = Table("exemptions", Exemption)
LEVELS: Final = Table("levels", LevelBound, key=("authority", "alert_class", "basis", "level"), superseding=True)
MAINTENANCE: Final = Table("maintenance", Maintenance, key=("id",))
USERS: Final = Table("users", WaterUser, key=("user",))
KEY_USERS: Final = Table("key_users", KeyUser, key=("user", "list_name"))
PERMITS: Final = Table("permits", Permit, key=("permit",))
INTAKES: Final = Table("intakes", Intake, key=("station",))
PERMIT_INTAKES: Final = Table("permit_intakes", PermitIntake, key=("permit", "intake"), superseding=True)
PERMIT_WINDOWS: Final = Table("permit_windows", PermitWindow, key=("permit", "from_day", "to_day"))
PERMIT_CHANGES: Final = Table("permit_changes", PermitChange)
PLANS: Final = Table("plans", Plan, key=("permit", "span"))
WELLS: Final = Table("wells", Well, key=("station",))
METER_CHANGES: Final = Table("meter_changes", MeterChange, key=("station", "quantity", "at"))
DERIVATIONS: Final = Table("derivations", Derivation, key=("station", "quantity"), superseding=True)
RESTRICTIONS: Final = Table("restrictions", Restriction, key=("id",))
THRESHOLDS: Final = Table("thresholds", Threshold, key=("division", "source", "use"), superseding=True)

TABLES: Final[tuple[Table[Any], ...]] = (
    STATIONS,
    RIVERS,
    CHANNELS,
    POINTS,
    TARGETS,
    EXEMPTIONS,
    LEVELS,
    MAINTENANCE,
    USERS,
    KEY_USERS,
    PERMITS,
    INTAKES,
    PERMIT_INTAKES,
    PERMIT_WINDOWS,
    PERMIT_CHANGES,
    PLANS,
    WELLS,
    METER_CHANGES,
    DERIVATIONS,
    RESTRICTIONS,
    THRESHOLDS,
)

UNREAD: Final[dict[str, str]] = {
    "ratings": "quality",
    "rating_shifts": "quality",
    "gaugings": "quality",
    "plants": "eflow",
    "reaches": "balance",
    "reach_members": "balance",
    "storage_curves": "balance",
    "gate_ratings": "balance",
    "orgs": "later",
    "duty": "later",
    "river_chiefs": "later",
    "calendar": "later",
}
"""Tables accepted unread, and the stage that gives each its effect."""
