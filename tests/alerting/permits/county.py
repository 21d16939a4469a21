"""A small county: one waterworks with its permit, and what it may be given besides. Times are those of March 2026."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from alerting.permits.engine import PermitEngine
from hydro.fixed import MICRO, to_number
from hydro.instants import HOUR_MS, format_instant
from ingest.decode import TickSource
from tests.alerting.stream_of_messages import Run, at, judged, register_of, report

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from random import Random

    from alerting.record import AlertRecord, SubjectAlerts
    from hydro.register import Register
    from tests.alerting.stream_of_messages import Message

__all__ = ["INTAKES", "PERMIT", "POINTS", "brief", "county", "engine_run", "hourly", "of_class", "permit_alerts"]

PERMIT = "permit,holder,division,industry,source,annual_m3,valid_from,valid_to,state\n"
POINTS = "station,quantity,resolution,counter_kind,counter_max\n"
INTAKES = "station,permit,reach,design_max_m3s,intake,method\n"


def county(
    *,
    permits: str = "P,Waterworks,520103,4610,surface,1000,2024-01-01,2028-12-31,\n",
    intakes: str = "A,P,none,1,,\n",
    points: str = "A,volume_total,1,,\n",
    stations: Sequence[str] = ("A,,intake,Wu,Nanming,520103,g,60",),
    **tables: str,
) -> Register:
    """A waterworks A with permit P of 1,000 m3 a year, which reports the total of its meter each hour."""
    return register_of(
        list(stations), permits=PERMIT + permits, intakes=INTAKES + intakes, points=POINTS + points, **tables
    )


def hourly(
    first: str, last: str, per_hour: float, *, station: str = "A", begin: float = 0.0, quantity: str = "volume_total"
) -> Iterator[Message]:
    """A reading at each full hour, of a total that gains so much an hour; or of a flow."""
    for number, time in enumerate(range(at(first), at(last) + 1, HOUR_MS)):
        value = begin + per_hour * number if quantity.endswith("total") else per_hour
        yield report(time, station, {quantity: round(value, 6)})


def permit_alerts(
    register: Register,
    messages: Sequence[Message],
    *,
    cuts: Sequence[int] = (),
    dying: Random | None = None,
    is_recorded: bool = False,
) -> list[SubjectAlerts]:
    """All alerts of permits of a stream."""
    kind = partial(PermitEngine, is_recorded=is_recorded)
    ticks = TickSource.RECEIVED_AT if is_recorded else TickSource.HEARTBEAT
    return judged(kind, register, messages, ticks=ticks, cuts=cuts, dying=dying)


def engine_run(register: Register, messages: Sequence[Message]) -> Run:
    """A live engine over a journal."""
    return Run(PermitEngine, register, messages, TickSource.HEARTBEAT)


def of_class(found: Iterable[SubjectAlerts], alert_class: str) -> list[AlertRecord]:
    """Records of a class, by onset."""
    records = [record for one in found if one.alert_class == alert_class for record in one.alerts]
    return sorted(records, key=lambda record: (record.onset, record.raised_at))


def _shown(instant: int | None) -> str | None:
    return None if instant is None else format_instant(instant, 480)[5:16].replace("T", " ")


def brief(records: Iterable[AlertRecord]) -> list[tuple[Any, ...]]:
    """Subject, reason, onset, when it was resolved, and its levels with value and target."""
    return [
        (
            record.subject,
            record.reason,
            _shown(record.onset),
            _shown(record.resolved_at),
            [
                (
                    change.level.text,
                    _shown(change.at),
                    *(
                        (to_number(change.value), change.target // MICRO)
                        if change.value is not None and change.target is not None
                        else ()
                    ),
                )
                for change in record.levels
            ],
        )
        for record in records
    ]
