"""What a basin consists of. Values only; `simulators.basin.network.Network` holds them together and checks them.

Every element has a name, unique among its kind, and a ``place``: where whoever made it read it ("scenario.yaml:12"),
so that a mistake can be found.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from simulators.basin.curve import Curve

__all__ = [
    "PEAKING",
    "Abstraction",
    "Canal",
    "Catchment",
    "Dam",
    "Element",
    "Gauge",
    "Ground",
    "Inflow",
    "Node",
    "Observed",
    "Outlet",
    "Reach",
    "Sink",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A point of the river: a section, a confluence, a dam, the head of a brook, the mouth.

    Attributes:
        name: Of the node.
        outlet: The water leaves the basin here.
        place: Where it was read.
    """

    name: str
    outlet: bool = False
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """How a catchment turns rain into flow: a soil store, a quick store of two buckets, a slow store.

    ::

        rain ─┬─ sealed share ────────────────┐
              └─▶ soil ──┬─ wet share ─┬──────┴─▶ quick ─▶ quick ─▶ ─┐
                   │     └─▶ (stays)   └─ slow share ─▶ slow ─▶ ─────┴─▶ river
                   ▼ evaporation                          ▼ evaporation of the banks

    The wet share is (soil / soil_mm) squared: nothing runs off dry ground, everything off full ground.

    Attributes:
        soil_mm: Water the soil can hold.
        quick_h: Mean time in the quick store, both buckets together, hours; the default is that of a brook of 10 km2,
            larger catchments need more.
        slow_d: Mean time in the slow store, days: the recession constant of base flow.
        slow_share: Share of the excess that goes to the slow store.
        sealed: Share of the area from which rain runs off at once.
        banks: Share of the area whose plants drink base flow: the daily swing of a small river in dry weather.
    """

    soil_mm: float = 110.0
    quick_h: float = 1.5
    slow_d: float = 18.0
    slow_share: float = 0.70
    sealed: float = 0.03
    banks: float = 0.004


@dataclass(frozen=True, slots=True, kw_only=True)
class Catchment:
    """An area that drains to a node, or along a reach (ungauged lateral inflow, spread evenly over its length).

    Attributes:
        name: Of the catchment; its weather hangs on it.
        area_km2: Of the catchment.
        into: Name of a node or of a reach.
        x_km: East of any origin, for the weather.
        y_km: North of it.
        ground: Its parameters.
        place: Where it was read.
    """

    name: str
    area_km2: float
    into: str
    x_km: float = 0.0
    y_km: float = 0.0
    ground: Ground = field(default_factory=Ground)
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """A stretch of river between two nodes.

    Attributes:
        name: Of the reach.
        start: Upper node.
        end: Lower node.
        travel_min: Mean travel time of a wave, Muskingum's K, minutes; at least one step.
        weight: Muskingum's x, 0 to 0.5: 0 spreads a wave most, 0.5 not at all. See `simulators.basin.cells`.
        reference_m3s: Flow at which ``travel_min`` holds; at other flows it goes with flow to the power of −1/3
            (Chézy). None: the travel time does not depend on flow.
        loss_share: Share of the flow that is lost on the way (into the ground, into the air).
        seepage_m3s: Flow that is lost as long as there is any, on top of it.
        place: Where it was read.
    """

    name: str
    start: str
    end: str
    travel_min: float
    weight: float = 0.3
    reference_m3s: float | None = None
    loss_share: float = 0.0
    seepage_m3s: float = 0.0
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sink:
    """A swallow hole at the lower end of a reach: takes all the flow up to its capacity.

    Attributes:
        name: Of the sink.
        reach: Where it is.
        capacity_m3s: What it can swallow.
        end: Node at which the water comes to light again; None: in another basin.
        travel_min: Mean time underground, minutes.
        weight: As of a reach.
        place: Where it was read.
    """

    name: str
    reach: str
    capacity_m3s: float
    end: str | None = None
    travel_min: float = 720.0
    weight: float = 0.0
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Canal:
    """Canal or tunnel from a dam to its powerhouse: it ends at the tailrace.

    Attributes:
        end: Node of the tailrace.
        travel_min: Mean travel time, minutes, at least one step.
        weight: As of a reach.
    """

    end: str
    travel_min: float = 5.0
    weight: float = 0.5


PEAKING: Final = (
    *(0.80, 0.77, 0.76, 0.76, 0.79, 0.86),
    *(0.96, 1.04, 1.08, 1.09, 1.08, 1.07),
    *(1.07, 1.08, 1.09, 1.10, 1.12, 1.15),
    *(1.19, 1.21, 1.19, 1.12, 1.01, 0.89),
)
"""Hours of a large plant that follows demand; a small one that starts and stops has wider ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """Turbines (or the outlet gate of a reservoir) and the rule by which they run.

    With storage: flow wanted = hour's share × mean inflow that is left for it × (1 + gain × (fill − keep)), so that the
    day's release follows the inflow and the level comes back. Without storage all that is left runs through.

    Attributes:
        most_m3s: Largest flow.
        least_m3s: Smallest flow; below it the turbines stand. They start again at 1.25 times of it.
        hours: Shares of the 24 local hours, any scale (they are divided by their mean); equal ones: no peaking.
        weekend: Factor on Saturdays and Sundays.
        follow_h: Time over which the inflow is averaged, hours.
        keep: Share of the usable storage that the rule keeps.
        gain: How hard it does so.
        ramp_m3s_h: Largest change in an hour; None: at once.
    """

    most_m3s: float
    least_m3s: float = 0.0
    hours: tuple[float, ...] = (1.0,) * 24
    weekend: float = 1.0
    follow_h: float = 24.0
    keep: float = 0.6
    gain: float = 2.0
    ramp_m3s_h: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dam:
    """A dam at a node: reservoir, ecological release, turbines or outlet, crest.

    Without storage it is a run-of-river plant; with a canal a diversion plant, whose node is the dam section: its
    discharge is release and spill, and never the flow of generation, which returns at the canal's end.

    Attributes:
        name: Of the dam.
        node: Where it stands.
        full_m3: Storage at the crest; above it the water spills.
        dead_m3: Storage below every outlet.
        levels: Level over storage, m; None: no level.
        release_m3s: Ecological release due in each month, or one number for all; served before the turbines.
        spill_min: Mean time for which water stays above the crest, minutes.
        outlet: Turbines or outlet gate; None: a weir.
        canal: Where the outlet's water goes; None: back into the river at the dam.
        place: Where it was read.
    """

    name: str
    node: str
    full_m3: float = 0.0
    dead_m3: float = 0.0
    levels: Curve | None = None
    release_m3s: float | tuple[float, ...] = 0.0
    spill_min: float = 30.0
    outlet: Outlet | None = None
    canal: Canal | None = None
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Abstraction:
    """A point where water is taken: as much as is wanted, and no more than there is.

    Several at one node share what there is in proportion to what they want.

    Attributes:
        name: Of the point.
        node: Where the water is taken; at a dam also from the storage above the dead one.
        return_share: Share of what is taken that comes back; the rest is used up.
        return_to: Node where it comes back.
        return_min: Mean time until then, minutes.
        place: Where it was read.
    """

    name: str
    node: str
    return_share: float = 0.0
    return_to: str | None = None
    return_min: float = 60.0
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inflow:
    """A point where water comes in from outside as the caller says: a real record, a transfer, a spring.

    Attributes:
        name: Of the point.
        node: Where it comes in.
        place: Where it was read.
    """

    name: str
    node: str
    place: str = ""


class Observed(StrEnum):
    """Which flow of a node a gauge sees."""

    RIVER = "river"
    """Leaves the node down the river: behind abstractions; at a dam release, spill and generation, of a diversion
    plant without the generation."""
    ARRIVING = "arriving"
    """Comes to the node, before abstractions and storage."""
    GENERATION = "generation"
    """Through the turbines of the dam at the node."""
    RELEASE = "release"
    """Ecological release of the dam at the node."""
    SPILL = "spill"
    """Over its crest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """Where flow and stage are observed.

    Attributes:
        name: Of the gauge.
        node: Where it stands.
        of: Which of the node's flows it sees.
        rating: Stage over discharge, m over m3/s; None: no stage.
        backwater_dam: A dam downstream whose level, where it is higher, drowns the gauge.
        datum_m: Level of the gauge's zero, for backwater.
        place: Where it was read.
    """

    name: str
    node: str
    of: Observed = Observed.RIVER
    rating: Curve | None = None
    backwater_dam: str | None = None
    datum_m: float = 0.0
    place: str = ""


Element = Node | Catchment | Reach | Sink | Dam | Abstraction | Inflow | Gauge
