"""Rows of ``register-against-field``: what the register says beside what the field shows, and where they disagree.

One row an intake, a permit that names no intake in service, or an address that sends and is not expected. What agrees
is listed, too: a list of mismatches alone doesn't say of how many.

Source: CONTRACT section 7; docs/reports.md.
"""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from dashboards.reports.document import Cell, Column, Kind, Row, Table
from dashboards.reports.grouping import grouped, share
from dashboards.reports.metering import is_online, presence
from hydro.instants import format_instant
from hydro.permitted import latest_row
from hydro.register.permits import PermitState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dashboards.reports.intakes import IntakeFacts
    from dashboards.reports.metering import Presence
    from hydro.register import Register
    from hydro.register.permits import Permit

__all__ = ["COLUMNS", "Mismatch", "address_row", "field_row", "field_sums", "permit_row"]


class Mismatch(StrEnum):
    """Where register and field disagree; those that concern the law first."""

    NO_PERMIT = "no_permit"
    PERMIT_SUSPENDED = "permit_suspended"
    PERMIT_EXPIRED = "permit_expired"
    SENDS_THOUGH_SEALED = "sends_though_sealed"
    NO_METER = "no_meter"
    NOT_CONNECTED = "not_connected"
    NOT_ONLINE = "not_online"
    PERMIT_WITHOUT_INTAKE = "permit_without_intake"
    UNKNOWN_STATION = "unknown_station"
    WRONG_GATEWAY = "wrong_gateway"


COLUMNS: Final = (
    Column("kind", "对象类型", "kind", Kind.WORD),
    Column("subject", "对象", "subject"),
    Column("name", "名称", "name"),
    Column("division", "行政区划", "division", aside=True),
    Column("registered", "已登记", "registered", Kind.YES_NO),
    Column("permitted", "有许可", "permitted", Kind.YES_NO),
    Column("above_threshold", "应在线计量", "above threshold", Kind.YES_NO),
    Column("metered", "已计量", "metered", Kind.YES_NO),
    Column("online", "在线", "online", Kind.YES_NO),
    Column("mismatches", "不符项数", "mismatches", Kind.COUNT),
    Column("mismatch", "主要不符", "first mismatch", Kind.WORD),
    Column("all_mismatches", "全部不符", "all of them"),
    Column("last_time", "最后数据时间", "last data", Kind.TIME),
    Column("permits", "许可证", "permits"),
    Column("user", "用水户", "user"),
    Column("gateway", "网关", "gateway"),
    Column("alert", "告警", "alert", aside=True),
    Column("river", "河流", "river", aside=True),
    Column("authority", "主管部门", "authority", aside=True),
)

_COUNTS: Final = (
    Column("subjects", "对象数", "subjects", Kind.COUNT),
    Column("agree", "一致", "agree", Kind.COUNT, aside=True),
    Column("agree_rate", "一致率", "agree", Kind.PERCENT, ("agree", "subjects")),
    Column("intakes", "取水口", "intakes", Kind.COUNT),
    Column("permitted", "有许可", "permitted", Kind.COUNT, aside=True),
    Column("permitted_rate", "有许可占比", "permitted", Kind.PERCENT, ("permitted", "intakes")),
    Column("metered", "已计量", "metered", Kind.COUNT, aside=True),
    Column("metered_rate", "已计量占比", "metered", Kind.PERCENT, ("metered", "intakes")),
    Column("online", "在线", "online", Kind.COUNT, aside=True),
    Column("online_rate", "在线占比", "online", Kind.PERCENT, ("online", "intakes")),
    Column("unregistered", "未登记地址", "addresses not registered", Kind.COUNT),
)
_KINDS: Final = (
    Column("mismatch", "不符项", "mismatch", Kind.WORD),
    Column("subjects", "对象数", "subjects", Kind.COUNT, aside=True),
    Column("whole", "全部对象", "of all", Kind.COUNT, aside=True),
    Column("rate", "占比", "share", Kind.PERCENT, ("subjects", "whole")),
)


def field_row(facts: IntakeFacts, came: Presence, register: Register, at: int) -> Row:
    """One intake.

    Args:
        facts: What the register says at the end of the period.
        came: From its metering points, in the period.
        register: Who is silent when.
        at: End of the period, epoch milliseconds.
    """
    last = presence(came)
    online = any(is_online(register, station, when, at) for station, when in came.items())
    found = list(_of_intake(facts, register, at, last=last, online=online))
    return {
        "kind": "intake",
        "subject": facts.code,
        "name": facts.station.name or None,
        "division": facts.station.division or None,
        "registered": True,
        "permitted": bool(facts.permits) or bool(facts.exempt_ground),
        "above_threshold": facts.is_due,
        "metered": facts.is_metered,
        "online": online,
        **_told(found),
        "last_time": None if last is None else format_instant(last, register.zone_minutes),
        "permits": " ".join(facts.permits or facts.linked) or None,
        "user": facts.user or None,
        "gateway": facts.station.gateway or None,
        "alert": None,
        "river": facts.station.river or None,
        "authority": facts.station.authority or None,
    }


def _of_intake(
    facts: IntakeFacts, register: Register, at: int, *, last: int | None, online: bool
) -> Iterator[Mismatch]:
    if facts.is_sealed:
        if last is not None:
            yield Mismatch.SENDS_THOUGH_SEALED
        return
    in_force = [row for row in facts.permits.values() if row.state is not PermitState.SUSPENDED]
    if not in_force and not facts.exempt_ground:
        rows = [latest_row(register.taking, permit, at) for permit in facts.linked]
        if facts.permits:
            yield Mismatch.PERMIT_SUSPENDED
        else:
            yield Mismatch.PERMIT_EXPIRED if any(row is not None for row in rows) else Mismatch.NO_PERMIT
    if facts.is_due and not facts.is_metered:
        yield Mismatch.NO_METER
    if facts.is_metered and last is None:
        yield Mismatch.NOT_CONNECTED
    elif facts.is_metered and not online:
        yield Mismatch.NOT_ONLINE


def permit_row(permit: Permit) -> Row:
    """A permit that counts and names no intake in service."""
    return {
        **_nothing("permit", permit.permit),
        "name": permit.holder or permit.user or None,
        "division": permit.division or None,
        "registered": True,
        "permitted": True,
        **_told([Mismatch.PERMIT_WITHOUT_INTAKE]),
        "permits": permit.permit,
        "user": permit.user or None,
    }


def address_row(alert: Mapping[str, Any]) -> Row:
    """An address that sends and is not expected, as the alert of class ``unregistered_source`` has it."""
    return {
        **_nothing("address", alert["subject"]["code"]),
        "division": alert["division"],
        "registered": alert["reason"] == Mismatch.WRONG_GATEWAY,
        "online": alert["state"] == "firing",
        **_told([Mismatch(alert["reason"])]),
        "gateway": alert.get("gateway"),
        "alert": alert["id"],
    }


def _nothing(kind: str, subject: str) -> dict[str, Cell]:
    return {**dict.fromkeys(column.name for column in COLUMNS), "kind": kind, "subject": subject}


def _told(found: Sequence[Mismatch]) -> dict[str, Cell]:
    return {
        "mismatches": len(found),
        "mismatch": found[0].value if found else None,
        "all_mismatches": " ".join(one.value for one in found) or None,
    }


def field_sums(rows: Sequence[Row]) -> tuple[Table, ...]:
    """How many agree, by division; and how many disagree in what."""
    counts = Counter(one for row in rows for one in str(row["all_mismatches"] or "").split())
    kinds = tuple(
        {"mismatch": kind.value, "subjects": counts[kind], "whole": len(rows), "rate": share(counts[kind], len(rows))}
        for kind in Mismatch
        if counts[kind]
    )
    division = Column("division", "行政区划", "division")
    return (
        Table(name="all", zh="合计", en="In all", columns=_COUNTS, rows=(_summed(rows),) if rows else ()),
        Table(name="mismatches", zh="不符项", en="Mismatches", columns=_KINDS, rows=kinds),
        Table(
            name="divisions",
            zh="区划汇总",
            en="By division",
            columns=(division, *_COUNTS),
            rows=tuple({"division": name, **_summed(members)} for name, members in grouped(rows, "division").items()),
        ),
    )


def _summed(rows: Sequence[Row]) -> dict[str, Cell]:
    intakes = [row for row in rows if row["kind"] == "intake"]
    agree = sum(not row["mismatches"] for row in rows)
    found: dict[str, Cell] = {
        "subjects": len(rows),
        "agree": agree,
        "agree_rate": share(agree, len(rows)),
        "intakes": len(intakes),
        "unregistered": sum(row["mismatch"] == Mismatch.UNKNOWN_STATION for row in rows),
    }
    for column in ("permitted", "metered", "online"):
        count = sum(bool(row[column]) for row in intakes)
        found |= {column: count, f"{column}_rate": share(count, len(intakes))}
    return found
