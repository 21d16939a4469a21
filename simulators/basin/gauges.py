"""Gauges: which flow is seen where, and at which stage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from simulators.basin.curve import Curve, Curves
from simulators.basin.elements import Observed
from simulators.basin.flows import micro

if TYPE_CHECKING:
    from simulators.basin.network import Network
    from simulators.basin.step import Floats, Integers
    from simulators.basin.walk import Course

__all__ = ["NO_STAGE", "Gauges"]

NO_STAGE: Final = -(2**63)
"""Stands where a gauge has no rating: missing is not zero."""

_NO_RATING: Final = Curve(((0.0, 0.0), (1.0, 0.0)))


class Gauges:
    """All gauges of a network."""

    def __init__(self, network: Network) -> None:
        dam_at = {dam.node: column for column, dam in enumerate(network.dams)}

        def places(*kinds: Observed) -> tuple[list[int], list[int]]:
            """Columns of the gauges that see one of these, and of what they see."""
            columns = [column for column, gauge in enumerate(network.gauges) if gauge.of in kinds]
            at = [network.gauges[column].node for column in columns]
            of_node = kinds[0] in {Observed.RIVER, Observed.ARRIVING}
            return columns, [network.node[node] if of_node else dam_at[node] for node in at]

        self._places = [places(kind) for kind in Observed]
        self._count = len(network.gauges)
        self._ratings = Curves([gauge.rating or _NO_RATING for gauge in network.gauges])
        self._unrated = [column for column, gauge in enumerate(network.gauges) if gauge.rating is None]
        self._drowned = [
            (column, network.dam[gauge.backwater_dam], gauge.datum_m)
            for column, gauge in enumerate(network.gauges)
            if gauge.backwater_dam is not None
        ]

    def observe(self, course: Course, level: Floats) -> tuple[Integers, Integers]:
        """Discharge and stage of each gauge, counts of a millionth.

        Args:
            course: What happened.
            level: Of each reservoir, m.
        """
        river = course.river
        sources = {
            Observed.RIVER: river,
            Observed.ARRIVING: course.arriving,
            Observed.GENERATION: course.turbined,
            Observed.RELEASE: course.released,
            Observed.SPILL: course.spilled,
        }
        discharge = np.empty((len(river), self._count))
        for kind, (columns, seen) in zip(Observed, self._places, strict=True):
            discharge[:, columns] = sources[kind][:, seen]
        stage = np.empty_like(discharge)
        for row, flow in zip(stage, discharge, strict=True):
            row[:] = self._ratings(flow)
        for column, dam, datum_m in self._drowned:
            np.maximum(stage[:, column], level[:, dam] - datum_m, out=stage[:, column])
        stages = micro(stage)
        stages[:, self._unrated] = NO_STAGE
        return micro(discharge), stages
