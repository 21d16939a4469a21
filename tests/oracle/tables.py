"""The register of a generated case: stations of many intervals, targets of three bases, and everything dated."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

__all__ = ["DAY", "MINUTE", "ZONE", "Draft", "Knobs", "Site", "Tables", "fill_register", "local_midnight", "local_text"]

MINUTE = 60_000
DAY = 1440 * MINUTE
ZONE = 480 * MINUTE

COLUMNS = {
    "stations": (
        "station name kind basin river division gateway interval_min report_min lateness_min authority status"
        " ice_from ice_to dry_from dry_to plant section_role cease_stage_m valid_from valid_to"
    ),
    "points": (
        "station quantity min max max_step accuracy_pct counter_kind counter_max resolution multiplier zero_below"
        " rated_kw verified_on verify_until valid_from valid_to"
    ),
    "eflow_targets": (
        "station quantity from_day to_day value basis target kind day_start_hour inflow_rule inflow_station"
        " min_valid_pct pass_rate valid_from valid_to"
    ),
    "exemptions": "station from to reason document target kind state",
    "levels": "authority class basis level valid_from valid_to ratio_below deficit_m",
    "plants": "plant name division river type installed_mw owner regulation inflow_station",
    "maintenance": "id scope code from to kind mute by document",
    "meter_changes": "station quantity at old_final new_initial reason",
    "derivations": "station quantity valid_from method inputs coefficient uncertainty_pct valid_to",
    "intakes": (
        "station permit reach design_max_m3s intake has_pump use irrigation_mu daily_max_m3 method exempt_ground status"
        " valid_from valid_to"
    ),
    "permits": (
        "permit holder division industry source annual_m3 valid_from valid_to state renewal_applied max_rate_m3s"
    ),
    "permit_intakes": "permit intake valid_from share max_rate_m3s valid_to",
    "permit_windows": "permit from_day to_day hours max_rate_m3s volume_m3 valid_from valid_to",
    "permit_changes": "permit from delta_m3 reason counterpart",
    "plans": "permit month volume_m3 valid_from valid_to",
    "restrictions": (
        "id scope code action from to limit_m3s trigger_station trigger_quantity trigger_below resume_above hold_min"
        " except_use"
    ),
    "thresholds": "division source use valid_from annual_m3_min mu_min",
}


@dataclass(frozen=True)
class Knobs:
    """How much of each thing a case holds: counts, or per thousand readings."""

    readings: int = 1500
    stations: int = 3
    missing: int = 25
    gaps: int = 4
    spread: int = 80
    nulls: int = 15
    fails: int = 15
    duplicates: int = 25
    corrections: int = 15
    late: int = 15
    bad: int = 15
    exemptions: int = 5
    lateness_min: int = 30
    ice: int = 1


@dataclass
class Tables:
    """A config directory in memory: ``time.*`` settings, and rows of text by table."""

    settings: dict[str, str]
    rows: dict[str, list[dict[str, str]]] = field(default_factory=lambda: {name: [] for name in COLUMNS})

    def add(self, table: str, **cells: str) -> None:
        """Append a row; columns not named are empty."""
        self.rows[table].append(cells)

    def write(self, directory: Path) -> Path:
        """Write watermaster.yaml and registry/ below a directory, and return it."""
        registry = directory / "registry"
        registry.mkdir(parents=True, exist_ok=True)
        lines = [
            f'  {name}: "{value}"' if name == "zone" else f"  {name}: {value}" for name, value in self.settings.items()
        ]
        (directory / "watermaster.yaml").write_text("\n".join(["time:", *lines, ""]), encoding="utf-8")
        for name, rows in self.rows.items():
            path = registry / f"{name}.csv"
            if not rows and name != "stations":
                path.unlink(missing_ok=True)
                continue
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, COLUMNS[name].split(), restval="")
                writer.writeheader()
                writer.writerows(rows)
        return directory


@dataclass(frozen=True)
class Site:
    """A station of a case: interval in ms, the middle of its targets in m3/s."""

    code: str
    gateway: str
    interval: int
    level: float

    @property
    def topic(self) -> str:
        """Where its gateway publishes."""
        return f"watermaster/v1/{self.gateway}/up/json"


@dataclass(frozen=True)
class Draft:
    """A case in the making."""

    random: Random
    knob: Knobs
    tables: Tables
    first: date
    days: int

    def day(self) -> date:
        """Pick a day of the case."""
        return self.first + timedelta(days=self.random.randrange(self.days))


def local_midnight(day: date) -> int:
    """00:00 of a local day, epoch ms."""
    return (day - date(1970, 1, 1)).days * DAY - ZONE


def local_text(moment: int) -> str:
    wall = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=moment + ZONE)
    return wall.strftime("%Y-%m-%dT%H:%M:%S") + "+08:00"


def fill_register(draft: Draft, sites: list[Site]) -> None:
    """Add the rows of every site, and levels rows for all."""
    random, tables = draft.random, draft.tables
    for site in sites:
        start_hour = random.choice([0, 0, 8] if 480 * MINUTE % site.interval == 0 else [0])
        _add_station(draft, site, has_season=not start_hour)
        _add_points(draft, site)
        for basis in ("instant", "hour", "day"):
            if basis != "hour" or site.interval <= 60 * MINUTE:
                _add_target(draft, site, basis, start_hour if basis == "day" else 0)
        for _ in range(random.randrange(draft.knob.exemptions + 1)):
            _add_exemption(draft, site)
    for basis, level, bound in (("day", "orange", "0.85"), ("instant", "red", "0.45"), ("hour", "yellow", "0.97")):
        if random.random() < 0.4:
            row = {"class": "eflow_shortfall", "basis": basis, "level": level, "ratio_below": bound}
            tables.add("levels", **row, authority=random.choice(["", "A1"]), valid_from="2020-01-01")


def _add_station(draft: Draft, site: Site, *, has_season: bool) -> None:
    random, knob = draft.random, draft.knob
    cells = {
        "station": site.code,
        "name": f"Station {site.code}",
        "kind": "section",
        "basin": random.choice(["", "Wujiang"]),
        "river": "Qingshui",
        "division": random.choice(["", "520103"]),
        "gateway": random.choice(["", site.gateway]),
        "interval_min": str(site.interval // MINUTE),
        "report_min": random.choice(["", "", "60"]),
        "lateness_min": random.choice(["", "", str(knob.lateness_min + 15)]),
        "authority": random.choice(["", "A1", "A2"]),
    }
    if has_season and knob.ice and random.random() < 0.3:
        season, day = random.choice(["ice", "dry"]), draft.day()
        cells |= {f"{season}_from": f"{day:%m-%d}", f"{season}_to": f"{day + timedelta(days=1):%m-%d}"}
    draft.tables.add("stations", **cells)


def _add_points(draft: Draft, site: Site) -> None:
    here = {"station": site.code, "quantity": "discharge", "max": f"{site.level * 20:.3f}"}
    switch = draft.day()
    match draft.random.randrange(4):
        case 0:
            return
        case 1:
            draft.tables.add("points", **here)
        case 2:
            draft.tables.add("points", **here, min="0", accuracy_pct="5")
        case _:
            until = f"{switch - timedelta(days=1):%Y-%m-%d}"
            draft.tables.add("points", **here, min="0", accuracy_pct="8.5", valid_to=until)
            draft.tables.add("points", **here, min="0", accuracy_pct="3", valid_from=f"{switch:%Y-%m-%d}")


def _add_target(draft: Draft, site: Site, basis: str, start_hour: int) -> None:
    random = draft.random
    value = site.level * random.choice([1, 1, 0.9, 1.1])
    own, other = f"{value:.3f}", f"{value * random.choice([0.7, 1.3, 1.02]):.3f}"
    cells = {
        "station": site.code,
        "quantity": "discharge",
        "basis": basis,
        "target": random.choice(["", f"T-{site.code}-{basis}"]),
        "kind": random.choice(["", "base", "sensitive"]),
        "min_valid_pct": random.choice(["", "", "75"]),
        "pass_rate": random.choice(["", "0.6"]),
        "day_start_hour": str(start_hour) if start_hour else "",
    }
    switch = draft.day()
    year = {"from_day": "01-01", "to_day": "12-31", "value": own, "valid_to": f"{switch - timedelta(days=1):%Y-%m-%d}"}
    rows = {
        0: [
            {"from_day": "11-01", "to_day": "03-31", "value": own},
            {"from_day": "04-01", "to_day": "10-31", "value": other},
        ],
        1: [
            {"from_day": "10-31", "to_day": "02-28", "value": own},
            {"from_day": "03-01", "to_day": "10-30", "value": other},
        ],
        2: [year, year | {"value": other, "valid_from": f"{switch:%Y-%m-%d}", "valid_to": ""}],
        3: [year, year | {"valid_from": f"{switch + timedelta(days=1):%Y-%m-%d}", "valid_to": ""}],
    }
    for row in rows.get(random.randrange(6), [year | {"valid_to": ""}]):
        draft.tables.add("eflow_targets", **cells, **row)


def _add_exemption(draft: Draft, site: Site) -> None:
    random = draft.random
    day = draft.day()
    span = {"from": f"{day:%Y-%m-%d}", "to": f"{day + timedelta(days=random.choice([0, 0, 1])):%Y-%m-%d}"}
    if random.random() < 0.5:
        start = local_midnight(draft.first) + random.randrange(draft.days * 144) * 10 * MINUTE
        span = {"from": local_text(start), "to": local_text(start + random.choice([50, 90, 300, 1440, 3000]) * MINUTE)}
    names = [row["target"] for row in draft.tables.rows["eflow_targets"] if row["station"] == site.code]
    draft.tables.add(
        "exemptions",
        **span,
        station=site.code,
        reason="test",
        document="D-1",
        target=random.choice(["", "", *names]),
        kind="repair",
        state=random.choice(["", "approved", "filed", "refused"]),
    )
