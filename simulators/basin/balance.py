"""The balance of a time: what came in, went out and stayed, so that nobody has to believe that water isn't made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulators.basin.step import STEP_S

if TYPE_CHECKING:
    from simulators.basin.flows import Flows
    from simulators.basin.river import River, State

__all__ = ["Balance", "ground_balance", "river_balance"]


@dataclass(frozen=True, slots=True)
class Balance:
    """Volumes of a time, m3.

    Attributes:
        came: Runoff and inflows; for the ground rain.
        left: Over the outlets; for the ground to the river.
        used: Taken and not returned; for the ground evaporated.
        lost: Losses of reaches, and sinks into other basins; for the ground 0.
        gained: Storage at the end less that at the beginning.
    """

    came: float
    left: float
    used: float
    lost: float
    gained: float

    @property
    def error(self) -> float:
        """What is missing (above 0) or was made (below 0), as share of what came or stayed."""
        size = max(abs(self.came), abs(self.left), abs(self.used), abs(self.lost), abs(self.gained), 1.0)
        return (self.came - self.left - self.used - self.lost - self.gained) / size


def river_balance(river: River, before: State, after: State, chunks: list[Flows], inflow_m3: float = 0.0) -> Balance:
    """Balance of channels and dams.

    Args:
        river: Whose.
        before: State at the beginning.
        after: State at the end.
        chunks: All flows between them.
        inflow_m3: What the caller gave as inflows in that time.
    """
    layout = river.layout
    outlets = layout.outlets
    closed = [column for column, sink in enumerate(river.network.sinks) if sink.end is None]
    came, left, used, lost = inflow_m3, 0.0, 0.0, 0.0
    for flows in chunks:
        returns = flows.taken[:, layout.return_abstraction] * layout.return_share
        came += float(flows.runoff.sum()) * STEP_S
        left += float(flows.river[:, outlets].sum()) * STEP_S
        used += (float(flows.taken.sum()) - float(returns.sum())) * STEP_S
        lost += (float(flows.lost.sum()) + float(flows.sunk[:, closed].sum())) * STEP_S
    return Balance(came, left, used, lost, _stored(after) - _stored(before))


def ground_balance(river: River, before: State, after: State, chunks: list[Flows]) -> Balance:
    """Balance of the catchments; arguments as of `river_balance`."""
    area = river.layout.mm_to_m3
    came = sum(float((flows.rain_mm * area).sum()) for flows in chunks)
    used = sum(float((flows.air_mm * area).sum()) for flows in chunks)
    left = sum(float(flows.runoff.sum()) * STEP_S for flows in chunks)
    gained = float((after.wetness.stored * area).sum()) - float((before.wetness.stored * area).sum())
    return Balance(came, left, used, 0.0, gained)


def _stored(state: State) -> float:
    return float(state.cells.sum()) + float(state.ponds.stored.sum())
