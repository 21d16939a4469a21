"""The real record of Dead Run as a recorded stream: one station, targets of three bases at its 20 % quantile."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

from .stream import Case, Record
from .tables import Tables

__all__ = ["EXCERPT", "STATION", "dead_run_case"]

EXCERPT = Path(__file__).parent.parent / "data" / "usgs_01589330_dead_run_5min_2018-06-20_2018-06-25.csv"
STATION = "01589330"
GATEWAY = "deadrun"


def dead_run_case(path: Path = EXCERPT, target: str = "") -> Case:
    """Turn the file into a case; each reading is received 40 s after its time, an empty cell is a null.

    Args:
        path: CSV with timestamp_utc, discharge_m3s, stage_m.
        target: Value of the three targets, m3/s; empty = the 20 % quantile of the file.

    """
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    flows = sorted(float(row["discharge_m3s"]) for row in rows if row["discharge_m3s"])
    low_flow = target or str(flows[len(flows) // 5])
    records: list[Record] = []
    for row in rows:
        event = datetime.fromisoformat(row["timestamp_utc"])
        values = {
            "discharge": float(row["discharge_m3s"]) if row["discharge_m3s"] else None,
            "stage": float(row["stage_m"]) if row["stage_m"] else None,
        }
        since = event + timedelta(seconds=40) - datetime(1970, 1, 1, tzinfo=UTC)
        records.append(
            {
                "received_at": since // timedelta(milliseconds=1),
                "topic": f"watermaster/v1/{GATEWAY}/up/json",
                "payload": {"station": STATION, "time": row["timestamp_utc"], "values": values},
            }
        )
    tables = Tables(settings={"zone": "+08:00"})
    tables.add(
        "stations",
        station=STATION,
        name="Dead Run at Franklintown",
        kind="section",
        basin="Patapsco",
        river="Dead Run",
        division="520103",
        gateway=GATEWAY,
        interval_min="5",
    )
    tables.add("points", station=STATION, quantity="discharge", min="0", max="200", accuracy_pct="8")
    for basis in ("instant", "hour", "day"):
        tables.add(
            "eflow_targets",
            station=STATION,
            quantity="discharge",
            from_day="01-01",
            to_day="12-31",
            value=low_flow,
            basis=basis,
        )
    return Case(tables, records)
