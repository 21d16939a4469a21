"""The register: master data as typed, dated rows, found by key and event time."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from hydro.register.cells import Context
from hydro.register.checks import check_rivers, check_rows, check_targets
from hydro.register.dated import DatedRows, dated_by, ended_by_the_next
from hydro.register.eflow import Exemption, LevelBound, TargetInterval, TargetRow, target_intervals
from hydro.register.history import kept_files
from hydro.register.maintenance import check_maintenance
from hydro.register.mistake import Finding, Severity
from hydro.register.reader import ReadTable, read_files, read_table
from hydro.register.schema import (
    CHANNELS,
    EXEMPTIONS,
    LEVELS,
    MAINTENANCE,
    POINTS,
    RIVERS,
    STATIONS,
    TABLES,
    TARGETS,
)
from hydro.register.take_checks import check_taking
from hydro.register.taking import Taking
from hydro.rules import DEFAULT_RULES, Rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from hydro.quantity import Quantity
    from hydro.register.channels import ChannelRow
    from hydro.register.maintenance import Maintenance
    from hydro.register.rivers import River
    from hydro.register.stations import PointLimits, Station

__all__ = ["LoadResult", "Register"]


@dataclass(frozen=True, slots=True, eq=False)
class Register:
    """Master data of an authority, free of mistakes.

    Attributes:
        stations: By code.
        rivers: By name, as stations name them; those that nobody described are absent.
        channels: What elements of field devices mean, in the order of the file.
        points: By station and quantity.
        targets: Rows of each target, in the order of the file.
        exemptions: In the order of the file, those that don't count included.
        levels: In the order of the file.
        maintenance: In the order of the file.
        taking: Who may take how much where.
        zone_minutes: Zone in which its dates are meant.
        hash: SHA-256, 64 hexadecimal digits, of what judges: the content of the tables that are read, the settings
            ``time.*`` and the rules. The order of rows and columns, line ends and the byte order mark don't change it.
        rules: By which it is judged.
        files: The tables as they are written, for :func:`hydro.register.history.row_history`.
    """

    stations: Mapping[str, DatedRows[Station]]
    rivers: Mapping[str, DatedRows[River]]
    channels: tuple[ChannelRow, ...]
    points: Mapping[tuple[str, Quantity], DatedRows[PointLimits]]
    targets: Mapping[str, tuple[TargetRow, ...]]
    exemptions: tuple[Exemption, ...]
    levels: tuple[LevelBound, ...]
    maintenance: tuple[Maintenance, ...]
    taking: Taking
    zone_minutes: int
    hash: str
    rules: Rules = DEFAULT_RULES
    files: Mapping[str, bytes] = field(default_factory=dict)

    def with_rules(self, rules: Rules) -> Register:
        """The same, judged by other rules than the product's; to be asked of a register that has these."""
        return replace(self, rules=rules, hash=rules.hash_with(self.hash))

    def station_at(self, code: str, event_time: int) -> Station | None:
        """The station's row valid at an instant in epoch milliseconds; None if it is unknown or not valid then."""
        rows = self.stations.get(code)
        return None if rows is None else rows.at(event_time)

    def limits_at(self, station: str, quantity: Quantity, event_time: int) -> PointLimits | None:
        """The point's row valid at an instant in epoch milliseconds; None if there is none."""
        rows = self.points.get((station, quantity))
        return None if rows is None else rows.at(event_time)

    def target_intervals(self, target_id: str, start: int, end: int) -> list[TargetInterval]:
        """When which row of a target holds within (start, end], epoch milliseconds."""
        return target_intervals(self.targets[target_id], start, end, zone_minutes=self.zone_minutes)

    @staticmethod
    def load(
        directory: Path, *, zone_minutes: int, default_lateness_min: int, time_settings: Mapping[str, object]
    ) -> LoadResult:
        """Read and check a registry directory.

        Args:
            directory: The one that holds ``stations.csv``.
            zone_minutes: Zone of dates, and of times without offset.
            default_lateness_min: Allowed lateness of stations that name none.
            time_settings: Settings ``time.*``, for the hash.

        Returns:
            The register, or None with all mistakes. Nothing is raised for what the files contain.
        """
        contents, findings = read_files(directory)
        context = Context(zone_minutes, default_lateness_min)
        return Register.parse(contents, context, time_settings, folder=directory.name, findings=findings)

    @staticmethod
    def parse(
        contents: Mapping[str, bytes],
        context: Context,
        time_settings: Mapping[str, object],
        *,
        folder: str = "registry",
        findings: Iterable[Finding] = (),
    ) -> LoadResult:
        """Check tables given as bytes; pure.

        Args:
            contents: File name to whole content; unknown names are ignored.
            context: Zone and default lateness.
            time_settings: Settings ``time.*``, for the hash.
            folder: What to write before file names in findings.
            findings: Those made before.
        """
        found = list(findings)
        unreadable = {finding.file for finding in found}
        tables: dict[str, ReadTable[Any]] = {}
        for table in TABLES:
            file = f"{table.name}.csv"
            read: ReadTable[Any] = ReadTable(table, f"{folder}/{file}")
            if file in contents:
                read = read_table(table, read.file, contents[file], context)
            elif table is STATIONS and read.file not in unreadable:
                read.mistake("is missing")
            else:
                read.present = read.file not in unreadable  # an absent table is one without rows
            tables[table.name] = read
        check_rows(tables, context.zone_minutes)
        check_rivers(tables[RIVERS.name])
        check_targets(tables[TARGETS.name], tables[EXEMPTIONS.name], tables[STATIONS.name], context.zone_minutes)
        check_maintenance(tables[MAINTENANCE.name], tables[STATIONS.name])
        check_taking(tables)
        everything = [*found, *(finding for read in tables.values() for finding in read.findings)]
        mistakes = tuple(sorted((each for each in everything if each.severity is Severity.MISTAKE), key=_place))
        warnings = tuple(sorted((each for each in everything if each.severity is Severity.WARNING), key=_place))
        register = None if mistakes else _build(tables, context.zone_minutes, time_settings)
        if register is not None:
            register = replace(register, files=kept_files(contents))
        return LoadResult(register, mistakes, warnings)


class LoadResult(NamedTuple):
    """What came of reading a register.

    Attributes:
        register: None if there is any mistake.
        mistakes: By file and row.
        warnings: By file and row.
    """

    register: Register | None
    mistakes: tuple[Finding, ...]
    warnings: tuple[Finding, ...]


def _place(finding: Finding) -> tuple[str, int]:
    return finding.file, finding.row or 0


def _build(tables: Mapping[str, ReadTable[Any]], zone_minutes: int, time_settings: Mapping[str, object]) -> Register:
    stations: Sequence[Station] = tables[STATIONS.name].rows
    points: Sequence[PointLimits] = tables[POINTS.name].rows
    targets: dict[str, list[TargetRow]] = defaultdict(list)
    for row in tables[TARGETS.name].rows:
        targets[row.target_id].append(row)
    return Register(
        stations=dated_by(stations, lambda row: row.code),
        rivers=dated_by(tables[RIVERS.name].rows, lambda row: row.name),
        channels=tuple(tables[CHANNELS.name].rows),
        points=dated_by(points, lambda row: (row.station, row.quantity)),
        targets={target_id: tuple(rows) for target_id, rows in targets.items()},
        exemptions=tuple(tables[EXEMPTIONS.name].rows),
        levels=ended_by_the_next(tables[LEVELS.name].rows, LEVELS.key),
        maintenance=tuple(tables[MAINTENANCE.name].rows),
        taking=Taking.of(tables),
        zone_minutes=zone_minutes,
        hash=_hash(tables, time_settings),
    )


def _hash(tables: Mapping[str, ReadTable[Any]], time_settings: Mapping[str, object]) -> str:
    digest = sha256(json.dumps({name: str(value) for name, value in time_settings.items()}, sort_keys=True).encode())
    for name, read in tables.items():
        digest.update(f"\n{name} {len(read.digests)}\n".encode())
        for row in sorted(read.digests):
            digest.update(row)
    return digest.hexdigest()
