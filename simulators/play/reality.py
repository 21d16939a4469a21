"""What is true at a station where even its perfect devices show something else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hydro.quantity import Quantity
from simulators.scenario.signal import Signal, Source

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["true_sources"]


def true_sources(sources: Mapping[tuple[str, Quantity], Source]) -> dict[tuple[str, Quantity], Source]:
    """Sources as a perfect observer has them: discharge is what flows, not what a rating makes of the stage.

    >>> backwater = {("S1", Quantity.DISCHARGE): Source(signal=Signal.GAUGE_STAGE, element="S1")}
    >>> true_sources(backwater)["S1", Quantity.DISCHARGE].signal.value
    'gauge_discharge'
    """
    return {
        (station, quantity): Source(signal=Signal.GAUGE_DISCHARGE, element=source.element)
        if quantity is Quantity.DISCHARGE and source.signal is Signal.GAUGE_STAGE
        else source
        for (station, quantity), source in sources.items()
    }
