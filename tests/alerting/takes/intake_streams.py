"""Intakes and what they send, slot by slot, in a few words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alerting.takes.engine import TakesEngine
from hydro.instants import MINUTE_MS
from tests.alerting.stream_of_messages import Message, at, judged, register_of, report

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from alerting.record import AlertRecord
    from hydro.register import Register

__all__ = ["INTAKES", "POINTS", "TEN", "alerts_of", "intakes", "intakes_with", "slots", "slots_of"]

TEN: Final = 10 * MINUTE_MS
POINTS: Final = "station,quantity,zero_below,rated_kw,resolution,multiplier,valid_from,valid_to\n"
INTAKES: Final = "station,permit,reach,design_max_m3s,intake,daily_max_m3,method,use,status,valid_from,valid_to\n"


def intakes(
    lines: Sequence[str] = ("A,,,1,,,,,,,",),
    *,
    points: Sequence[str] = ("A,discharge,0.01,,,,,",),
    interval: int = 10,
    **tables: str,
) -> Register:
    """Stations A, B, G of one interval; an intake at A that takes 1 m3/s at most, unless told."""
    stations = [f"{code},,intake,,,,g,{interval}" for code in "ABG"]
    return register_of(
        stations,
        intakes=INTAKES + "".join(f"{line}\n" for line in lines),
        points=POINTS + "".join(f"{point}\n" for point in points),
        **tables,
    )


def intakes_with(lines: Sequence[str], tables: Mapping[str, str]) -> Register:
    """Intakes with tables by name."""
    points = ("A,discharge,0.01,,,,,",)
    return intakes(lines, points=points, interval=10, **tables)


def slots(first: str, last: str, station: str = "A", step: int = TEN, **values: float | None) -> Iterator[Message]:
    """A reading at the end of each slot from the first to the last, received at once."""
    return slots_of(first, last, values, station, step)


def slots_of(
    first: str, last: str, values: Mapping[str, float | None], station: str = "A", step: int = TEN
) -> Iterator[Message]:
    """The same of values by name."""
    for time in range(at(first), at(last) + 1, step):
        yield report(time, station, values)


def alerts_of(
    register: Register, *parts: Iterator[Message] | Sequence[Message], name: str = "unmetered_intake"
) -> list[AlertRecord]:
    """Alerts of one class that a stream gives, by onset."""
    found = judged(TakesEngine, register, [message for part in parts for message in part])
    records = [record for said in found if said.alert_class == name for record in said.alerts]
    return sorted(records, key=lambda record: (record.onset, record.subject, record.raised_at))
