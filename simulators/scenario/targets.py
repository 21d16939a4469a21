"""What is demanded of stations: ecological flow targets, exemptions, maintenance windows, as rows of the register."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hydro.instants import format_instant, local_date
from hydro.quantity import Quantity
from simulators.scenario.mistakes import shown

if TYPE_CHECKING:
    from simulators.scenario.build import Build
    from simulators.scenario.entry import Entry

__all__ = ["read_exemptions", "read_maintenance", "read_targets"]

_DAY: Final = "2026-03-01"
_TARGET: Final = (
    "day_start_hour", "inflow_rule", "inflow_station", "min_valid_pct", "pass_rate", "max_ramp_pct_h", "method",
    "document",
)  # fmt: skip
_EXEMPTION: Final = ("reason", "document", "target", "kind", "filed_at", "state", "decided_by", "decided_at")
_SCOPES: Final = ("station", "gateway", "plant")


def read_targets(entry: Entry, build: Build, station: str) -> None:
    """``targets`` of a station.

    Args:
        entry: Of the station.
        build: Where they go.
        station: Its code.
    """
    for one in entry.listed("targets"):
        days = one.text("days", "01-01..12-31")
        first, _, last = days.partition("..")
        if not last:
            one.wrong("days", f"{shown(days)} is no part of a year such as 04-01..09-30")
        cells = {
            "station": station,
            "quantity": one.text("quantity", Quantity.DISCHARGE.text),
            "from_day": first.strip(),
            "to_day": last.strip(),
            "value": one.text("value"),
            "basis": one.text("basis", "day"),
            "target": one.text("target", ""),
            "kind": one.text("kind", "base"),
            **{column: one.text(column, "") for column in _TARGET},
        }
        build.row("eflow_targets", one.place, cells)
        one.done()


def read_exemptions(root: Entry, build: Build) -> None:
    """``exemptions``: rows in dates where both ends are dates, else in times.

    Args:
        root: The scenario.
        build: Where they go; the stations are there.
    """
    for one in root.listed("exemptions"):
        station = one.known("station", build.devices, "station")
        cells = {
            "station": station,
            "from": _when(one, "from", build.reading.start),
            "to": _when(one, "to", build.reading.end),
            **{column: one.text(column, "") for column in _EXEMPTION},
        }
        build.row("exemptions", one.place, cells)
        one.done()


def read_maintenance(root: Entry, build: Build) -> None:
    """``maintenance``: windows in which alerts of these classes are not told.

    Args:
        root: The scenario.
        build: Where they go; stations, gateways and dams are there.
    """
    for number, one in enumerate(root.listed("maintenance"), start=1):
        scope = one.text("scope", "station")
        known = {
            "station": set(build.devices),
            "gateway": set(build.gateways),
            "plant": {dam.name for dam in build.dams},
        }
        if scope not in known:
            one.wrong("scope", f"{shown(scope)} is not one of {', '.join(_SCOPES)}")
        cells = {
            "id": one.text("id", f"M{number:03d}"),
            "scope": scope,
            "code": one.known("code", known.get(scope, set()), scope),
            "from": format_instant(one.time("from"), build.reading.zone_minutes),
            "to": format_instant(one.time("to"), build.reading.zone_minutes),
            "kind": one.text("kind", "repair"),
            "mute": " ".join(one.words("mute")),
            "by": one.text("by", ""),
            "document": one.text("document", ""),
        }
        build.row("maintenance", one.place, cells)
        one.done()


def _when(entry: Entry, key: str, default: int) -> str:
    """An end of an exemption: a date stays one, a full day after the start becomes one, the rest is a time."""
    zone = entry.reading.zone_minutes
    at = entry.time(key, default)
    if len(entry.text(key, "")) == len(_DAY):
        return local_date(at, zone).isoformat()
    return format_instant(at, zone)
