"""Rows of ``eflow-attainment``: one a target, and what they say of stations and divisions.

A station meets the mark when each of its judged targets does, so the worst one decides; counts of periods of different
bases are never added up. A share of stations is told for any period; passing is a verdict over a year alone.

Source: CONTRACT section 7; DOMAIN, "Ecological flow": a station passes a year at 80 %, a county when 90 % of stations
pass (Anhui).
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, Final, NamedTuple

from alerting.eflow.attainment import percent
from dashboards.reports.division import city_of, province_of
from dashboards.reports.document import Cell, Column, Kind, Row, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from alerting.eflow.attainment import Attainment
    from hydro.register import Register

__all__ = ["COLUMNS", "MARKS", "Marks", "attainment_row", "attainment_sums"]

NOWHERE: Final = "-"
"""Division of stations whose row names none."""

Region = Callable[[str], str | None]


class Marks(NamedTuple):
    """From which share on a year is passed.

    Attributes:
        station: Attainment of a station's worst target.
        division: Share of a division's judged stations that pass.
    """

    station: Fraction
    division: Fraction


MARKS: Final = Marks(Fraction(4, 5), Fraction(9, 10))
"""[D] The product's default."""

COLUMNS: Final = (
    Column("station", "站码", "station"),
    Column("quantity", "要素", "quantity", Kind.WORD),
    Column("target_id", "目标", "target"),
    Column("basis", "判定口径", "basis", Kind.WORD),
    Column("from", "起", "from", Kind.TIME),
    Column("to", "止", "to", Kind.TIME),
    Column("due", "应评时段", "due", Kind.COUNT),
    Column("valid", "有效时段", "valid", Kind.COUNT),
    Column("attained", "达标时段", "attained", Kind.COUNT),
    Column("exempt", "豁免时段", "exempt", Kind.COUNT),
    Column("attainment", "达标率", "attainment", Kind.PERCENT, ("attained", "owed")),
    Column("attainment_strict", "严格达标率", "strict", Kind.PERCENT, ("attained_not_exempt", "owed")),
    Column("attainment_valid", "有效时段达标率", "of valid", Kind.PERCENT, ("attained_not_exempt", "valid_not_exempt")),
    Column("completeness", "完整率", "completeness", Kind.PERCENT, ("valid_slots", "due_slots")),
    Column("timeliness", "及时率", "timeliness", Kind.PERCENT, ("timely_slots", "due_slots")),
    Column("pass", "合格", "pass", Kind.YES_NO),
    Column("pass_rate", "合格线", "pass mark", Kind.PERCENT),
    Column("owed", "应达标时段", "owed = due − exempt", Kind.COUNT, aside=True),
    Column("attained_not_exempt", "非豁免达标时段", "attained, not exempt", Kind.COUNT, aside=True),
    Column("valid_not_exempt", "非豁免有效时段", "valid, not exempt", Kind.COUNT, aside=True),
    Column("valid_slots", "有效时次", "valid slots", Kind.COUNT, aside=True),
    Column("timely_slots", "及时时次", "timely slots", Kind.COUNT, aside=True),
    Column("due_slots", "应到时次", "due slots", Kind.COUNT, aside=True),
    Column("name", "站名", "name", aside=True),
    Column("river", "河流", "river", aside=True),
    Column("division", "行政区划", "division", aside=True),
    Column("authority", "主管部门", "authority", aside=True),
)
"""Those of the contract, in its order; then what the rates are made of."""

_STATIONS: Final = (
    Column("division", "行政区划", "division"),
    Column("station", "站码", "station"),
    Column("name", "站名", "name"),
    Column("targets", "目标数", "targets", Kind.COUNT),
    Column("judged", "已评目标", "judged", Kind.COUNT),
    Column("worst_target", "最差目标", "worst target"),
    Column("attained", "达标时段", "attained", Kind.COUNT, aside=True),
    Column("owed", "应达标时段", "owed", Kind.COUNT, aside=True),
    Column("attainment", "达标率", "attainment", Kind.PERCENT, ("attained", "owed")),
    Column("mark", "年度线 [D]", "year's mark [D]", Kind.PERCENT),
    Column("meets", "达到年度线", "meets it", Kind.YES_NO),
    Column("year_pass", "年度合格", "passes the year", Kind.YES_NO),
    Column("river", "河流", "river", aside=True),
    Column("authority", "主管部门", "authority", aside=True),
)

_SHARES: Final = (
    Column("targets", "已评目标", "targets judged", Kind.COUNT, aside=True),
    Column("targets_pass", "合格目标", "targets that pass", Kind.COUNT, aside=True),
    Column("targets_rate", "目标合格率", "targets that pass", Kind.PERCENT, ("targets_pass", "targets")),
    Column("stations", "已评站数", "stations judged", Kind.COUNT, aside=True),
    Column("stations_meet", "达线站数", "stations that meet the mark", Kind.COUNT, aside=True),
    Column("stations_rate", "达线站占比", "stations that meet it", Kind.PERCENT, ("stations_meet", "stations")),
    Column("stations_unjudged", "未评站数", "stations not judged", Kind.COUNT),
)
_DIVISIONS: Final = (
    Column("level", "级别", "level", Kind.WORD),
    Column("division", "行政区划", "division"),
    *_SHARES,
    Column("mark", "县级线 [D]", "mark [D]", Kind.PERCENT),
    Column("year_pass", "年度合格", "passes the year", Kind.YES_NO),
    Column("counties", "已评区县", "counties judged", Kind.COUNT, aside=True),
    Column("counties_meet", "达线区县", "counties that meet theirs", Kind.COUNT, aside=True),
    Column("counties_rate", "达线区县占比", "counties that meet theirs", Kind.PERCENT, ("counties_meet", "counties")),
)
_OTHERS: Final = (
    ("authorities", "主管部门汇总", "By authority", Column("authority", "主管部门", "authority")),
    ("rivers", "河流汇总", "By river", Column("river", "河流", "river")),
)


def attainment_row(line: Attainment, register: Register, *, arrival_known: bool) -> Row:
    """One target.

    Args:
        line: What was counted.
        register: For names.
        arrival_known: The readings carry when they first came; else nothing is said about timeliness.
    """
    plan = line.plan
    station = register.station_at(plan.station, line.end) or register.stations[plan.station].rows[-1]
    shown: dict[str, Cell] = dict(line.as_json())
    if not arrival_known:
        shown["timeliness"] = None
    return shown | {
        "pass_rate": percent(line.pass_rate),
        "owed": line.due - line.exempt,
        "attained_not_exempt": line.attained_outside,
        "valid_not_exempt": line.valid_outside,
        "valid_slots": line.valid_slots,
        "timely_slots": line.timely_slots if arrival_known else None,
        "due_slots": line.expected_slots,
        "name": station.name or None,
        "river": station.river or None,
        "division": station.division or None,
        "authority": station.authority or None,
    }


def attainment_sums(rows: Sequence[Row], *, is_year: bool, marks: Marks = MARKS) -> tuple[Table, ...]:
    """What the rows say of divisions, authorities, rivers and stations.

    Args:
        rows: Of all targets.
        is_year: The report is of a calendar year, so stations and divisions pass or don't.
        marks: From where on.
    """
    stations = _stations(rows, is_year=is_year, mark=marks.station)
    divisions = _divisions(rows, stations, is_year=is_year, mark=marks.division)
    return (
        Table(name="divisions", zh="区划汇总", en="By division", columns=_DIVISIONS, rows=tuple(divisions)),
        *(
            Table(name=name, zh=zh, en=en, columns=(column, *_SHARES), rows=tuple(shares))
            for name, zh, en, column in _OTHERS
            if (shares := _shares(rows, stations, column.name))
        ),
        Table(name="stations", zh="测站汇总", en="By station", columns=_STATIONS, rows=tuple(stations)),
    )


def _stations(rows: Sequence[Row], *, is_year: bool, mark: Fraction) -> list[Row]:
    members: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        members.setdefault((str(row["division"] or NOWHERE), str(row["station"])), []).append(row)
    found: list[Row] = []
    for (division, station), targets in sorted(members.items()):
        judged = [row for row in targets if row["owed"]]
        worst = min(judged, key=lambda row: (_rate(row), str(row["target_id"])), default=None)
        meets = None if worst is None else _rate(worst) >= mark
        found.append(
            {
                "division": division,
                "station": station,
                "name": targets[0]["name"],
                "river": targets[0]["river"],
                "authority": targets[0]["authority"],
                "targets": len(targets),
                "judged": len(judged),
                "worst_target": None if worst is None else worst["target_id"],
                "attained": None if worst is None else worst["attained"],
                "owed": None if worst is None else worst["owed"],
                "attainment": None if worst is None else worst["attainment"],
                "mark": percent(mark),
                "meets": meets,
                "year_pass": meets if is_year else None,
            }
        )
    return found


def _divisions(targets: Sequence[Row], stations: Sequence[Row], *, is_year: bool, mark: Fraction) -> list[Row]:
    counties = _grouped(targets, stations, "division", str)
    met = {division: _meets(row, mark) for division, row in counties.items()}
    found: list[Row] = []
    for level, region_of in (("province", province_of), ("city", city_of)):
        for region, row in _grouped(targets, stations, "division", region_of).items():
            below = [meets for county, meets in met.items() if region_of(county) == region and meets is not None]
            share = _share(sum(below), len(below))
            more = {"counties": len(below), "counties_meet": sum(below), "counties_rate": share}
            found.append({"level": level, "division": region, **row, "mark": None, "year_pass": None, **more})
    for county, row in counties.items():
        verdict = met[county] if is_year else None
        no_counties = {"counties": None, "counties_meet": None, "counties_rate": None}
        found.append(
            {"level": "county", "division": county, **row, "mark": percent(mark), "year_pass": verdict, **no_counties}
        )
    return found


def _shares(targets: Sequence[Row], stations: Sequence[Row], column: str) -> list[Row]:
    """Counts by authority or river; nothing where no station has one."""
    if all(row[column] is None for row in stations):
        return []
    return [{column: name, **counts} for name, counts in _grouped(targets, stations, column, str).items()]


def _grouped(
    targets: Iterable[Row], stations: Iterable[Row], column: str, region_of: Region
) -> dict[str, dict[str, Cell]]:
    """Counts over targets and stations by what a column names; those of no region are left to the counties' table."""
    judged: dict[str, list[bool]] = {}
    for row in targets:
        region = region_of(str(row[column] or NOWHERE))
        if region is not None and row["pass"] is not None:
            judged.setdefault(region, []).append(bool(row["pass"]))
    meeting: dict[str, list[bool | None]] = {}
    for row in stations:
        region = region_of(str(row[column] or NOWHERE))
        if region is not None:
            meeting.setdefault(region, []).append(None if row["meets"] is None else bool(row["meets"]))
    found: dict[str, dict[str, Cell]] = {}
    for region in sorted(meeting):
        passing = judged.get(region, [])
        known = [meets for meets in meeting[region] if meets is not None]
        found[region] = {
            "targets": len(passing),
            "targets_pass": sum(passing),
            "targets_rate": _share(sum(passing), len(passing)),
            "stations": len(known),
            "stations_meet": sum(known),
            "stations_rate": _share(sum(known), len(known)),
            "stations_unjudged": len(meeting[region]) - len(known),
        }
    return found


def _meets(row: Row, mark: Fraction) -> bool | None:
    stations, meeting = int(row["stations"] or 0), int(row["stations_meet"] or 0)
    return Fraction(meeting, stations) >= mark if stations else None


def _rate(row: Row) -> Fraction:
    """The published form, exact; of a target that owes something."""
    return min(Fraction(1), Fraction(int(row["attained"] or 0), int(row["owed"] or 1)))


def _share(part: int, whole: int) -> float | None:
    return percent(Fraction(part, whole)) if whole else None
