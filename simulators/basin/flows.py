"""What people do to the river in a chunk of steps, and what was true in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hydro.fixed import LARGEST, MICRO

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulators.basin.elements import Element
    from simulators.basin.network import Network
    from simulators.basin.step import Floats, Integers

__all__ = ["Actions", "Flows", "micro"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Actions:
    """What people do in a chunk: a row a step, a column an element in the network's order.

    Attributes:
        takes: What abstractions want, m3/s; None: nothing.
        inflows: What comes in from outside, m3/s; needed where the network has inflows.
        release_share: Share of a dam's ecological release that is given, 1 as due, 0 cut off; None: 1.
        generation: Flow through a dam's outlet that operators set, m3/s, NaN where its rule decides; None: its rule.
        sink_share: Share of a sink's capacity that is open, 0 or more; None: 1.
    """

    takes: Floats | None = None
    inflows: Floats | None = None
    release_share: Floats | None = None
    generation: Floats | None = None
    sink_share: Floats | None = None

    def check(self, network: Network, steps: int) -> None:
        """Refuse what can't be.

        Raises:
            ValueError: An array of another shape, a negative or missing number, or inflows that nobody gives.
        """
        if self.inflows is None and network.inflows:
            message = f"inflows are missing; the network has {len(network.inflows)}, first {network.inflows[0].name!r}"
            raise ValueError(message)
        _check("takes", self.takes, steps, network.abstractions)
        _check("inflows", self.inflows, steps, network.inflows)
        _check("release_share", self.release_share, steps, network.dams)
        _check("generation", self.generation, steps, network.dams, may_be_nan=True)
        _check("sink_share", self.sink_share, steps, network.sinks)


def _check(
    what: str, array: Floats | None, steps: int, elements: Sequence[Element], *, may_be_nan: bool = False
) -> None:
    if array is None:
        return
    if array.shape != (steps, len(elements)):
        message = f"{what} has the shape {array.shape}, {(steps, len(elements))} is needed"
        raise ValueError(message)
    wrong = ~((array >= 0.0) & (array < np.inf))
    if may_be_nan:
        wrong &= ~np.isnan(array)
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        name = elements[int(column)].name
        message = f"{what} of {name!r} in step {row} is {float(array[row, column])!r}, not a number of 0 or more"
        raise ValueError(message)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Flows:
    """The truth of a chunk: a row a step, a column an element in the network's order.

    Flows are means over the step (at − 5 min, at], m3/s; storages and levels those at its end. `micro` turns any of
    them into the counts of a millionth that everybody else should use.

    Attributes:
        at: Ends of the steps, epoch milliseconds.
        arriving: At each node, before abstractions and storage.
        river: Down the river from each node; at an outlet out of the basin; below a diversion plant without generation.
        taken: By each abstraction, really.
        returned: To its return node.
        wanted: By it; more than ``taken`` where there was not enough.
        lateral: Along each reach, from its catchments.
        lost: On each reach, losses and seepage.
        sunk: Into each sink.
        stored_m3: Behind each dam.
        level_m: Of its reservoir; NaN where it has no levels.
        released: Its ecological release.
        turbined: Through its turbines or outlet.
        spilled: Over its crest.
        runoff: Of each catchment.
        rain_mm: On it.
        air_mm: Evaporated from it.
        gauge_discharge: At each gauge, int64 counts of 1e-6 m3/s.
        gauge_stage: At each gauge, int64 counts of 1e-6 m; `NO_STAGE` where it has no rating.
    """

    at: Integers
    arriving: Floats
    river: Floats
    taken: Floats
    returned: Floats
    wanted: Floats
    lateral: Floats
    lost: Floats
    sunk: Floats
    stored_m3: Floats
    level_m: Floats
    released: Floats
    turbined: Floats
    spilled: Floats
    runoff: Floats
    rain_mm: Floats
    air_mm: Floats
    gauge_discharge: Integers
    gauge_stage: Integers


def micro(values: Floats) -> Integers:
    """Counts of a millionth, half even: what the truth is to everybody outside.

    Raises:
        ValueError: A value is not finite, or too large.

    >>> micro(np.array([1.5, 0.0000005])).tolist()
    [1500000, 0]
    """
    counts = np.rint(values * MICRO)
    if not (np.abs(counts) <= LARGEST).all():
        message = "a value is not finite or too large to be counted in millionths"
        raise ValueError(message)
    return counts.astype(np.int64)
