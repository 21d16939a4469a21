"""A gateway: how it sends what its stations measured, and how it fails."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Backlog", "Gateway", "Trouble", "mistakes_of"]

_NAME: Final = re.compile(r"[A-Za-z0-9.-][A-Za-z0-9_.-]{0,63}")
_STEP_S: Final = 300.0


class Backlog(StrEnum):
    """How several samples of one station are written."""

    OBJECTS = "objects"
    """An array of readings, each with its time."""
    HISTORY = "history"
    """An array of series: times and values of one quantity each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """How often a gateway fails by chance.

    Attributes:
        calm_per_year: Mean number of outages in fair weather.
        storm_per_hour: The same in an hour of storm.
        mean_min: Mean length, minutes; up to six times as long.
        power_share: Of the outages, how many are power cuts, in which the stations measure nothing.
    """

    calm_per_year: float = 6.0
    storm_per_hour: float = 0.08
    mean_min: float = 50.0
    power_share: float = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """One gateway.

    Attributes:
        name: As in topics.
        delay_ms: From the full minute to the first report.
        spread_ms: Reports go out up to so much later, most of them early in it.
        bundled: All of its stations in one message, an array; else a message a station.
        epoch: Times in epoch milliseconds; else ISO 8601 with offset.
        backlog: How several samples of a station are written.
        backfill_per_s: Messages a second when it hands in what it had kept.
        backfill_samples: Samples of one station in such a message.
        duplicate_share: Of its messages, how many are sent again because the acknowledgement was lost.
        late_share: Of its messages, how many are held up in the network.
        late_s: And for how long at most.
        keep_alive_s: The broker publishes its will after one and a half times of it.
        trouble: How often it fails by chance; None: never.
    """

    name: str
    delay_ms: int = 1_200
    spread_ms: int = 9_000
    bundled: bool = False
    epoch: bool = False
    backlog: Backlog = Backlog.OBJECTS
    backfill_per_s: float = 2.0
    backfill_samples: int = 12
    duplicate_share: float = 0.001
    late_share: float = 0.001
    late_s: float = 900.0
    keep_alive_s: float = 60.0
    trouble: Trouble | None = field(default_factory=Trouble)

    def perfect(self) -> Gateway:
        """The same without delay, without failures; every message arrives once, at the time of its samples."""
        return replace(self, delay_ms=0, spread_ms=0, duplicate_share=0.0, late_share=0.0, trouble=None)


def mistakes_of(gateways: Iterable[Gateway]) -> tuple[str, ...]:
    """All mistakes, each "gateway 'name': what"; empty where there are none."""
    known = tuple(gateways)
    counts = Counter(gateway.name for gateway in known)
    found = [f"gateway {gateway.name!r}: {what}" for gateway in known for what in _own(gateway)]
    return (*found, *(f"gateway {name!r}: is given {count} times" for name, count in counts.items() if count > 1))


def _own(gateway: Gateway) -> Iterator[str]:
    if not _NAME.fullmatch(gateway.name):
        yield "a name has 1 to 64 of A-Z a-z 0-9 _ . - and does not begin with _"
    if gateway.delay_ms < 0 or gateway.spread_ms < 0:
        yield f"it sends {gateway.delay_ms} ms after the minute, spread over {gateway.spread_ms} ms"
    for name in ("duplicate_share", "late_share"):
        if not 0.0 <= getattr(gateway, name) <= 1.0:
            yield f"{name} is {getattr(gateway, name):g}, not within 0 to 1"
    for name in ("backfill_per_s", "backfill_samples", "keep_alive_s"):
        if not getattr(gateway, name) > 0:
            yield f"{name} is {getattr(gateway, name):g}; it must be above 0"
    if gateway.backfill_per_s * _STEP_S < 1.0:
        yield f"backfill_per_s is {gateway.backfill_per_s:g}; it must be at least one message in five minutes"
    if gateway.trouble is not None and not (
        gateway.trouble.calm_per_year >= 0.0
        and gateway.trouble.storm_per_hour >= 0.0
        and gateway.trouble.mean_min > 0.0
        and 0.0 <= gateway.trouble.power_share <= 1.0
    ):
        yield f"its trouble is {gateway.trouble}"
