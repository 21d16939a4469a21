"""A register of one station, and records written by hand: what the worked examples of this package are made of.

The station S sends every 60 min and its target is 2.0 m3/s unless an example says otherwise; times are +08:00.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from .oracle import judge
from .parts import EVERYTHING, SHORTFALLS
from .tables import Tables

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .alert import Line
    from .stream import Record

__all__ = ["YEAR", "Desk", "at", "days", "levels", "reading", "slots", "some", "span"]

YEAR = {"from_day": "01-01", "to_day": "12-31"}


def at(text: str) -> str:
    """Write a time of March 2026 in full: ``02 08:30`` is 2026-03-02T08:30:00+08:00, ``04-01 00:00`` one of April."""
    day, time = text.split()
    return f"2026-{day if '-' in day else f'03-{day}'}T{time}:00+08:00"


def reading(
    time: str, value: float | None, received: str = "", quantity: str = "discharge", station: str = "S"
) -> Record:
    """Make one line with one value, received at its event time unless told."""
    payload = {"station": station, "time": time, "values": {quantity: value}}
    return {"received_at": received or time, "topic": "watermaster/v1/g/up/json", "payload": payload}


def slots(
    first: str,
    minutes: int,
    values: Sequence[float | None],
    quantity: str = "discharge",
    station: str = "S",
) -> list[Record]:
    """Readings at the slot ends ``first``, ``first`` + minutes, …; None = nothing was sent."""
    begin = datetime.fromisoformat(at(first))
    times = [(begin + timedelta(minutes=minutes * number)).isoformat() for number in range(len(values))]
    pairs = zip(times, values, strict=True)
    return [reading(time, value, "", quantity, station) for time, value in pairs if value is not None]


def days(values: Sequence[float | None], first: int = 1, quantity: str = "discharge") -> list[Record]:
    """Hourly readings, the same value through each day from 1 March on: (D 00:00, D+1 00:00]."""
    hourly = [value for value in values for _ in range(24)]
    return slots(f"{first:02d} 01:00", 60, hourly, quantity)


class Desk:
    """A register with one station and, where a basis is named, one target."""

    def __init__(self, path: Path, basis: str = "", interval: int = 60, **target: str) -> None:
        self.path = path
        self.tables = Tables({"zone": "+08:00", "allowed_lateness_min": "30"})
        self.tables.add("stations", station="S", interval_min=str(interval), division="520103")
        if basis and target.get("value") != "":
            cells = {"station": "S", "quantity": "discharge", "basis": basis, "value": "2.0"} | YEAR | target
            self.tables.add("eflow_targets", **cells)

    def station(self, **cells: str) -> None:
        """Change columns of the station S."""
        self.tables.rows["stations"][0] |= cells

    def judge(self, records: list[Record], start: str | None = None, end: str | None = None) -> tuple[list[Line], Line]:
        """Judge shortfalls, and give the alerts and the one attainment line."""
        config = self.tables.write(self.path)
        alerts, lines = judge(records, config, start=start, end=end, parts=SHORTFALLS)
        assert len(lines) == 1
        return alerts, lines[0]

    def alerts(self, records: list[Record], name: str, end: str | None = None) -> list[Line]:
        """Judge everything, and give the alerts of one class."""
        alerts, _ = judge(records, self.tables.write(self.path), end=end, parts=EVERYTHING)
        return [alert for alert in alerts if alert["class"] == name]


def some(alert: Line, *names: str) -> tuple[object, ...]:
    """Pick fields of a line."""
    return tuple(alert[name] for name in names)


def levels(alert: Line) -> list[tuple[str, str]]:
    """List the levels as (level, ``DD HH:MM``)."""
    found = alert["levels"]
    assert isinstance(found, list)
    return [(entry["level"], f"{entry['at'][8:10]} {entry['at'][11:16]}") for entry in found]


def span(alert: Line) -> list[object]:
    """Onset, raised_at, resolved_at as ``DD HH:MM``."""
    times = [alert[name] for name in ("onset", "raised_at", "resolved_at")]
    return [f"{time[8:10]} {time[11:16]}" if isinstance(time, str) else time for time in times]
