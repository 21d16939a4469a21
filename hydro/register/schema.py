"""The tables of the register that are read, and those whose time has not come.

Source: docs/register-tables.md. A table whose stage comes moves from ``UNREAD`` to ``TABLES``.
"""

from __future__ import annotations

from typing import Any, Final

from hydro.register.channels import ChannelRow
from hydro.register.eflow import Exemption, LevelBound, TargetRow
from hydro.register.rivers import River
from hydro.register.stations import PointLimits, Station
from hydro.register.table import Table

__all__ = ["CHANNELS", "EXEMPTIONS", "LEVELS", "POINTS", "RIVERS", "STATIONS", "TABLES", "TARGETS", "UNREAD"]

STATIONS: Final = Table("stations", Station, key=("code",))
RIVERS: Final = Table("rivers", River, key=("name",))
CHANNELS: Final = Table("channels", ChannelRow, key=("protocol", "address", "element", "channel"))
POINTS: Final = Table("points", PointLimits, key=("station", "quantity"))
TARGETS: Final = Table("eflow_targets", TargetRow, key=("target_id",))
EXEMPTIONS: Final = Table("exemptions", Exemption)
LEVELS: Final = Table("levels", LevelBound, key=("authority", "alert_class", "basis", "level"), superseding=True)

TABLES: Final[tuple[Table[Any], ...]] = (STATIONS, RIVERS, CHANNELS, POINTS, TARGETS, EXEMPTIONS, LEVELS)

UNREAD: Final[dict[str, str]] = {
    "ratings": "quality",
    "rating_shifts": "quality",
    "gaugings": "quality",
    "derivations": "quality",
    "meter_changes": "evidence",
    "maintenance": "eflow",
    "plants": "eflow",
    "users": "evidence",
    "key_users": "evidence",
    "permits": "evidence",
    "permit_intakes": "evidence",
    "permit_windows": "evidence",
    "permit_changes": "evidence",
    "plans": "evidence",
    "intakes": "evidence",
    "wells": "evidence",
    "reaches": "balance",
    "reach_members": "balance",
    "restrictions": "evidence",
    "thresholds": "evidence",
    "storage_curves": "balance",
    "gate_ratings": "balance",
    "orgs": "later",
    "duty": "later",
    "river_chiefs": "later",
    "calendar": "later",
}
"""Tables accepted unread, and the stage that gives each its effect."""
