"""Made-up rivers: a seeded tree of sections, for basins of which nobody has a map, for tests and measurements.

A section joins one of the sections made shortly before it, as brooks join brooks; each has its own small catchment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from simulators.basin.chance import Purpose, uniforms
from simulators.basin.curve import power_curve
from simulators.basin.elements import Catchment, Gauge, Ground, Node, Reach
from simulators.basin.network import Network

if TYPE_CHECKING:
    from simulators.basin.elements import Dam

__all__ = ["Branch", "grow", "tree_network"]

_NEAR: Final = 40
_SPECIFIC_M3S_KM2: Final = 0.018
"""Mean yield, for the reference flow of reaches: 1,120 mm of rain, half of it runoff."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A section of a made-up river.

    Attributes:
        name: Of the section.
        down: Column of the section below; −1: the river ends here.
        x_km: East.
        y_km: North.
        length_km: To the section below, along the river.
        own_km2: Area between it and the sections above.
        area_km2: Whole area above it.
    """

    name: str
    down: int
    x_km: float
    y_km: float
    length_km: float
    own_km2: float
    area_km2: float


def grow(sections: int, *, seed: int, rivers: int = 1, width_km: float = 400.0, prefix: str = "s") -> list[Branch]:
    """A forest of rivers; a section's column is always greater than that of the section below it.

    Args:
        sections: How many.
        seed: Of their chance.
        rivers: How many end somewhere; at most ``sections``.
        width_km: Edge of the square in which they lie.
        prefix: Of the names: prefix and number.
    """
    drawn = uniforms(seed, Purpose.TREE, np.arange(sections, dtype=np.uint64), 0)
    more = uniforms(seed, Purpose.TREE, np.arange(sections, dtype=np.uint64), 0, 1)
    down, length, own = [-1] * sections, [0.0] * sections, [0.0] * sections
    x, y = [0.0] * sections, [0.0] * sections
    for number in range(sections):
        first, second, third, fourth = drawn[:, number].tolist()
        own[number] = round(4.0 + 26.0 * first, 3)
        if number < rivers:
            x[number], y[number] = round(width_km * second, 3), round(width_km * third, 3)
            continue
        # Of the sections of the same river: those made within the last few rounds.
        river = number % rivers
        rounds = number // rivers
        back = 1 + int(fourth * min(rounds, _NEAR))
        down[number] = river + (rounds - back) * rivers
        length[number] = round(2.0 + 6.0 * second, 3)
        step_x, step_y = (float(more[0, number]) - 0.5) * 8.0, (float(more[1, number]) - 0.5) * 8.0
        x[number] = round(min(max(x[down[number]] + step_x, 0.0), width_km), 3)
        y[number] = round(min(max(y[down[number]] + step_y, 0.0), width_km), 3)
    area = list(own)
    for number in range(sections - 1, -1, -1):
        if down[number] >= 0:
            area[down[number]] += area[number]
    return [
        Branch(f"{prefix}{number}", down[number], x[number], y[number], length[number], own[number], area[number])
        for number in range(sections)
    ]


def tree_network(branches: list[Branch], *, ground: Ground | None = None, dams: tuple[Dam, ...] = ()) -> Network:
    """The network of made-up rivers: a node, a gauge, a catchment and a reach for each section.

    Reaches are Muskingum with a travel time that depends on flow (1 m/s at the mean flow).

    Args:
        branches: From `grow`.
        ground: Of all catchments; None: the default.
        dams: At these nodes.
    """
    kept = ground or Ground()
    return Network(
        nodes=tuple(Node(name=branch.name, outlet=branch.down < 0) for branch in branches),
        reaches=tuple(
            Reach(
                name=f"{branch.name}-{branches[branch.down].name}",
                start=branch.name,
                end=branches[branch.down].name,
                travel_min=branch.length_km * 1000.0 / 60.0,
                weight=0.25,
                reference_m3s=branch.area_km2 * _SPECIFIC_M3S_KM2,
            )
            for branch in branches
            if branch.down >= 0
        ),
        catchments=tuple(
            Catchment(
                name=f"{branch.name} land",
                area_km2=branch.own_km2,
                into=branch.name,
                x_km=branch.x_km,
                y_km=branch.y_km,
                ground=kept,
            )
            for branch in branches
        ),
        gauges=tuple(
            Gauge(
                name=branch.name,
                node=branch.name,
                rating=power_curve(max(1.0, branch.area_km2 / 20.0), 1.8, 3.0 + branch.area_km2),
            )
            for branch in branches
        ),
        dams=dams,
    )
