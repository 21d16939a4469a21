"""Real records as recorded streams: targets of every basis at the 5 % and 20 % quantiles of what was measured."""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from .stream import Case, Record
from .tables import DAY, Tables, local_midnight

__all__ = ["EXCERPTS", "WHOLE", "RealRecord", "real_case"]

SHORT = Path(__file__).parent.parent / "data"
LONG = Path(__file__).parent / "data"
TOPIC = "watermaster/v1/real/up/json"
DELAY = 40_000
SHARES = {"base": 5, "sensitive": 20}  # per cent of the values that lie below, by kind of target


@dataclass(frozen=True)
class RealRecord:
    """A file: what its columns are, how often it was measured; ``day_start_hour`` of its targets."""

    path: Path
    interval_min: int
    columns: dict[str, tuple[str, str]]
    day_start_hour: int = 0

    @property
    def name(self) -> str:
        """Name of the file without its suffixes."""
        return self.path.name.split(".")[0]


USGS = {"discharge_m3s": "discharge", "stage_m": "stage"}


def _usgs(station: str) -> dict[str, tuple[str, str]]:
    return {column: (station, quantity) for column, quantity in USGS.items()}


GCD = {"total_m3s": ("GLENCANYON", "discharge")}
CANYON = {
    "lees_ferry_rm0_m3s": ("09380000", "discharge"),
    "rm30_m3s": ("09383050", "discharge"),
    "rm61_m3s": ("09383100", "discharge"),
}
LEES_FERRY = {"lees_ferry_rm0_m3s": ("09380000", "discharge")}
PLATTE = {f"gauge_{code}_m3s": (code, "discharge") for code in ("06754000", "06758500", "06759500")}

EXCERPTS = (
    RealRecord(SHORT / "usgs_01589330_dead_run_5min_2018-06-20_2018-06-25.csv", 5, _usgs("01589330")),
    RealRecord(SHORT / "usgs_01581752_plumtree_run_5min_2018-08-07_2018-08-12.csv", 5, _usgs("01581752"), 8),
    RealRecord(SHORT / "colorado_gcd_release_hourly_2024-07-01_2024-07-14.csv", 60, GCD, 8),
    RealRecord(SHORT / "colorado_grand_canyon_15min_2024-07-01_2024-07-14.csv", 15, CANYON),
)
WHOLE = (
    RealRecord(LONG / "southplatte_daily_2000-10_2006-09.csv.gz", 1440, PLATTE),
    RealRecord(LONG / "usgs_01589330_dead_run_5min_2018-06.csv.gz", 5, _usgs("01589330"), 8),
    RealRecord(LONG / "usgs_01581752_plumtree_run_5min_2018-04_2018-09.csv.gz", 5, _usgs("01581752")),
    RealRecord(LONG / "colorado_gcd_release_hourly_2024-05_2025-05.csv.gz", 60, GCD),
    RealRecord(LONG / "colorado_lees_ferry_15min_2024-05_2025-05.csv.gz", 15, LEES_FERRY, 8),
)


def real_case(record: RealRecord) -> Case:
    """Turn a file into a case; a reading is received 40 s after its time, an empty cell of a row is a null."""
    rows = _read(record.path)
    tables = Tables({"zone": "+08:00"})
    for station in dict.fromkeys(station for station, _ in record.columns.values()):
        cells = {"station": station, "name": station, "kind": "section", "river": "R", "gateway": "real"}
        tables.add("stations", **cells, interval_min=str(record.interval_min))
    bases = ["instant", *(["hour"] if record.interval_min <= 60 else []), "day", "ten_day", "month"]
    for column, (station, quantity) in record.columns.items():
        measured = sorted((row[column] for row in rows if row[column]), key=float)
        tables.add("points", station=station, quantity=quantity, min="0", max="9999", accuracy_pct="8")
        for kind, share in SHARES.items():
            value = measured[len(measured) * share // 100]
            cells = {"station": station, "quantity": quantity, "kind": kind, "value": value}
            for basis in bases:
                start_hour = str(record.day_start_hour or "") if basis not in ("instant", "hour") else ""
                year = {"from_day": "01-01", "to_day": "12-31", "day_start_hour": start_hour}
                tables.add("eflow_targets", **cells, **year, basis=basis)
    return Case(tables, [line for row in rows for line in _lines(record, row)])


def _read(path: Path) -> list[dict[str, str]]:
    if path.suffix == ".gz":
        with gzip.open(path, "rt", encoding="utf-8", newline="") as packed:
            return list(csv.DictReader(packed))
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _lines(record: RealRecord, row: dict[str, str]) -> list[Record]:
    """One line a station; a day's mean is stamped with the end of the day."""
    if "date_local" in row:
        event = local_midnight(date.fromisoformat(row["date_local"])) + DAY
    else:
        moment = datetime.fromisoformat(row["timestamp_utc"])
        event = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    values: dict[str, dict[str, float | None]] = {}
    for column, (station, quantity) in record.columns.items():
        values.setdefault(station, {})[quantity] = float(row[column]) if row[column] else None
    return [
        {
            "received_at": event + DELAY,
            "topic": TOPIC,
            "payload": {"station": station, "time": event, "values": measured},
        }
        for station, measured in values.items()
    ]
