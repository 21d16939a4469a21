"""True flow of all sections, hour by hour: what a truth file says of every one of them, in trouble or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from hydro.fixed import MICRO
from hydro.quantity import Quantity
from hydro.slots import slot_end
from simulators.basin.step import STEP_MS
from simulators.play.witness.means import quotients
from simulators.scenario.signal import Signal
from simulators.truth import Truth, TruthKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulators.basin import Flows, Network
    from simulators.basin.step import Integers
    from simulators.scenario.signal import Source

__all__ = ["FlowHour", "SectionFlows"]

_HOUR_MIN: Final = 60


@dataclass(frozen=True, slots=True, eq=False)
class FlowHour:
    """An hour (start, end], or the part of it that was played; a place a section.

    Attributes:
        start: Epoch milliseconds.
        end: Epoch milliseconds.
        total: Sum over its steps, millionths of m3/s.
        least: Of its steps.
        most: Of its steps.
    """

    start: int
    end: int
    total: Integers
    least: Integers
    most: Integers

    def joined(self, later: FlowHour) -> FlowHour:
        """With what followed in the same hour."""
        return FlowHour(
            start=self.start,
            end=later.end,
            total=self.total + later.total,
            least=np.minimum(self.least, later.least),
            most=np.maximum(self.most, later.most),
        )


class SectionFlows:
    """Sections of a scenario.

    Args:
        network: The basin.
        sources: What is true of the stations' quantities, see `simulators.play.reality`.
        zone_minutes: Whose hours these are.

    Attributes:
        stations: Those of which the flow is known, in the order of the register.
    """

    def __init__(self, network: Network, sources: Mapping[tuple[str, Quantity], Source], zone_minutes: int) -> None:
        seen = {
            station: network.gauge[source.element]
            for (station, quantity), source in sources.items()
            if quantity is Quantity.DISCHARGE and source.signal is Signal.GAUGE_DISCHARGE
        }
        self.stations = tuple(seen)
        self._columns = np.array(list(seen.values()), np.intp)
        self._zone = zone_minutes

    def go_on(self, begun: FlowHour | None, flows: Flows) -> tuple[FlowHour | None, list[FlowHour]]:
        """A chunk: the hour that has begun after it, and those that have ended.

        Args:
            begun: The hour that has begun before it.
            flows: Of the chunk.
        """
        ended: list[FlowHour] = []
        ends = flows.at
        first = 0
        while first < len(ends):
            hour_end = slot_end(int(ends[first]), _HOUR_MIN, self._zone)
            last = int(np.searchsorted(ends, hour_end, side="right"))
            value = flows.gauge_discharge[first:last, self._columns]
            part = FlowHour(
                start=int(ends[first]) - STEP_MS,
                end=int(ends[last - 1]),
                total=value.sum(axis=0),
                least=value.min(axis=0),
                most=value.max(axis=0),
            )
            begun = part if begun is None else begun.joined(part)
            if begun.end == hour_end:
                ended.append(begun)
                begun = None
            first = last
        return begun, ended

    def truths(self, hour: FlowHour) -> list[Truth]:
        """Lines of an hour, one a section."""
        steps = np.full(len(self.stations), (hour.end - hour.start) // STEP_MS)
        mean = quotients(hour.total, steps)
        columns = ((counts / MICRO).tolist() for counts in (mean, hour.least, hour.most))
        return [
            Truth(
                TruthKind.DISCHARGE,
                station,
                hour.start,
                hour.end,
                {"mean_m3s": mean_m3s, "min_m3s": least, "max_m3s": most},
            )
            for station, mean_m3s, least, most in zip(self.stations, *columns, strict=True)
        ]
