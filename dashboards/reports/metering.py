"""Rows of ``online-metering``: one an intake; whether it must be metered online, is metered, is connected, is online.

*Metered*: it has a metering point. *Connected*: a valid value of water, or of the electricity that stands for it, came
from it in the period. *Online*: the newest of them was not older at the end of the period than a station may be silent.
Shares are told by count and by permitted volume, since a hundred large intakes take more than ten thousand small ones.

Source: CONTRACT section 7; 水资管〔2021〕188号.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alerting.silence.places import patience_ms
from dashboards.reports.document import Cell, Column, Kind, Row, Table
from dashboards.reports.grouping import share, sum_tables
from hydro.fixed import to_number
from hydro.instants import format_instant

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dashboards.reports.intakes import IntakeFacts
    from hydro.register import Register

__all__ = ["COLUMNS", "Presence", "is_online", "metering_row", "metering_sums", "presence"]

COLUMNS: Final = (
    Column("intake", "取水口", "intake"),
    Column("name", "名称", "name"),
    Column("division", "行政区划", "division", aside=True),
    Column("user", "用水户", "user"),
    Column("use", "用途", "use", Kind.WORD),
    Column("industry", "行业", "industry"),
    Column("source", "水源", "source", Kind.WORD),
    Column("permits", "许可证", "permits"),
    Column("permitted_m3", "许可水量 (m³)", "permitted, m³", Kind.NUMBER),
    Column("above_threshold", "应在线计量", "above threshold", Kind.YES_NO),
    Column("metered", "已计量", "metered", Kind.YES_NO),
    Column("connected", "已接入", "connected", Kind.YES_NO),
    Column("online", "在线", "online", Kind.YES_NO),
    Column("last_time", "最后数据时间", "last data", Kind.TIME),
    Column("points", "计量点", "metering points", Kind.COUNT),
    Column("points_online", "在线计量点", "of them online", Kind.COUNT),
    Column("river", "河流", "river", aside=True),
    Column("authority", "主管部门", "authority", aside=True),
)

_COUNTS: Final = (
    Column("intakes", "取水口", "intakes", Kind.COUNT),
    Column("above_threshold", "应在线计量", "above threshold", Kind.COUNT),
    Column("metered", "其中已计量", "of them metered", Kind.COUNT, aside=True),
    Column("metered_rate", "计量率", "metered", Kind.PERCENT, ("metered", "above_threshold")),
    Column("connected", "其中已接入", "of them connected", Kind.COUNT, aside=True),
    Column("connected_rate", "接入率", "connected", Kind.PERCENT, ("connected", "above_threshold")),
    Column("online", "其中在线", "of them online", Kind.COUNT, aside=True),
    Column("online_rate", "在线率", "online", Kind.PERCENT, ("online", "above_threshold")),
)


def _of(part: str) -> tuple[str, str]:
    return part, "above_threshold_m3"


_VOLUMES: Final = (
    Column("permitted_m3", "许可水量 (m³)", "permitted, m³", Kind.NUMBER),
    Column("above_threshold_m3", "应在线计量水量", "above threshold, m³", Kind.NUMBER, aside=True),
    Column("metered_m3", "已计量水量", "metered, m³", Kind.NUMBER, aside=True),
    Column(
        "metered_rate_m3", "计量率 (按水量)", "metered, by volume", Kind.PERCENT, ("metered_m3", "above_threshold_m3")
    ),
    Column("connected_m3", "已接入水量", "connected, m³", Kind.NUMBER, aside=True),
    Column("connected_rate_m3", "接入率 (按水量)", "connected, by volume", Kind.PERCENT, _of("connected_m3")),
    Column("online_m3", "在线水量", "online, m³", Kind.NUMBER, aside=True),
    Column("online_rate_m3", "在线率 (按水量)", "online, by volume", Kind.PERCENT, _of("online_m3")),
)
_OTHERS: Final = {
    "industries": ("行业汇总", "By industry", Column("industry", "行业", "industry")),
    "sources": ("水源汇总", "By source", Column("source", "水源", "source", Kind.WORD)),
    "uses": ("用途汇总", "By use", Column("use", "用途", "use", Kind.WORD)),
}
_FOUND: Final = ("metered", "connected", "online")

Presence = dict[str, int | None]
"""When the last valid value of the period came from each metering point; None = none did."""


def presence(points: Mapping[str, int | None]) -> int | None:
    """When the last of them did."""
    return max((at for at in points.values() if at is not None), default=None)


def is_online(register: Register, station: str, last: int | None, at: int) -> bool:
    """Whether a station whose last valid value was measured then is not silent at an instant."""
    row = register.station_at(station, at) or register.stations[station].rows[-1]
    return last is not None and at - last <= patience_ms(row, register.rules.data_loss)


def metering_row(facts: IntakeFacts, came: Presence, register: Register, at: int) -> Row:
    """One intake.

    Args:
        facts: What the register says at the end of the period.
        came: From its metering points.
        register: For who is silent when, and industries.
        at: End of the period, epoch milliseconds.
    """
    last = presence(came)
    online = sum(is_online(register, station, when, at) for station, when in came.items())
    return {
        "intake": facts.code,
        "name": facts.station.name or None,
        "division": facts.station.division or None,
        "user": facts.user or None,
        "use": facts.use,
        "industry": facts.industry(register, at) or None,
        "source": facts.source,
        "permits": " ".join(facts.permits) or None,
        "permitted_m3": to_number(facts.permitted),
        "above_threshold": facts.is_due,
        "metered": facts.is_metered,
        "connected": last is not None,
        "online": online > 0,
        "last_time": None if last is None else format_instant(last, register.zone_minutes),
        "points": len(came),
        "points_online": online,
        "river": facts.station.river or None,
        "authority": facts.station.authority or None,
    }


def metering_sums(rows: Sequence[Row]) -> tuple[Table, ...]:
    """Counts and permitted volumes over the intakes: in all, and by division, industry, source and use."""
    return sum_tables(rows, (*_COUNTS, *_VOLUMES), _summed, _OTHERS)


def _summed(rows: Sequence[Row]) -> dict[str, Cell]:
    due = [row for row in rows if row["above_threshold"]]
    due_volume = _volume(due)
    found: dict[str, Cell] = {
        "intakes": len(rows),
        "above_threshold": len(due),
        "permitted_m3": to_number(_volume(rows)),
        "above_threshold_m3": to_number(due_volume),
    }
    for column in _FOUND:
        those = [row for row in due if row[column]]
        volume = _volume(those)
        found |= {
            column: len(those),
            f"{column}_rate": share(len(those), len(due)),
            f"{column}_m3": to_number(volume),
            f"{column}_rate_m3": share(volume, due_volume),
        }
    return found


def _volume(rows: Sequence[Row]) -> int:
    """Millionths of m3, so that sums add up."""
    return sum(round(float(row["permitted_m3"] or 0) * 1_000_000) for row in rows)
