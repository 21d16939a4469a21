"""The river: springs and a rain two days ago at the top, routed down through people's use in steps of 5 minutes.

::

    石门坎 ▶ reservoir ▶ waterworks ▶ dam ─▶ 马槽滩 ─┬─▶ 两河口 ▶ canal ▶ 下寨 ▶ factory ▶ 桥头 ▶ plant ┬▶ 出境 ▶ mouth
                                      └─ tunnel ▶ ┤                                                 │
                         响石溪: 大坡脚 ▶ brewery ─┘                 龙洞河: 龙洞 ▶ works ▶ lift ─────┘
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hydro.instants import DAY_MS, HOUR_MS, MINUTE_MS
from simulators.demo.demand import abstractions
from simulators.demo.reach import Basin, Reach
from simulators.demo.story import ZONE_MINUTES

if TYPE_CHECKING:
    from simulators.demo.chance import Chance
    from simulators.demo.story import Story

__all__ = ["Flows", "RiverModel"]

_RAIN_BEFORE_H: Final = 50
_RECESSION_H: Final = 40.0
_RISE_H: Final = 3.0
_DIURNAL: Final = 0.02
_WANDER: Final = 0.0015
_WANDER_KEPT: Final = 0.995

_SOURCES: Final = {
    # base m3/s, rain's peak m3/s
    "shimenkan": (3.05, 1.10),
    "creek_head": (0.74, 0.40),
    "creek_springs": (0.31, 0.10),
    "caves_head": (1.48, 0.60),
    "machaotan_springs": (0.08, 0.02),
    "xiazhai_springs": (0.24, 0.08),
    "border_springs": (0.42, 0.20),
}

_RELEASE: Final = 1.10
_RELEASE_CUT: Final = 0.45
_TURBINE_MAX: Final = 2.75
_RUN_OF_RIVER_MAX: Final = 4.40


@dataclass(frozen=True, slots=True)
class Flows:
    """The truth at the end of a step.

    Attributes:
        at: Epoch milliseconds.
        discharge: m3/s at each section, plant and reservoir (its release), by key of the place.
        taken: m3/s that intakes really take, by key of the place.
        level_m: Of the reservoir.
        generated: m3/s through turbines, by key of the plant's station.
        inflow: m3/s from all sources together.
        stored: m3 in reaches and reservoir.
    """

    at: int
    discharge: dict[str, float]
    taken: dict[str, float]
    level_m: float
    generated: dict[str, float]
    inflow: float
    stored: float


class RiverModel:
    """Walks down the river, step by step.

    Args:
        story: What people do to it.
        chance: For the slow wander of the springs.
    """

    def __init__(self, story: Story, chance: Chance) -> None:
        self._story = story
        self._chance = chance
        self._wander = dict.fromkeys(_SOURCES, 0.0)
        self._reservoir = Basin(area_m2=900_000.0, level_m=1046.30, kept_m=1045.50, base=3.00, per_metre=0.40)
        self._reaches = {
            "reservoir": Reach(6, 6.0, 3.35),
            "dam": Reach(9, 3.0, 3.15),
            "machaotan": Reach(3, 1.6, _RELEASE),
            "tailrace": Reach(1, 0.4, 2.05),
            "dewatered": Reach(3, 1.5, _RELEASE + 0.09),
            "creek_mouth": Reach(10, 4.0, 0.80),
            "lianghekou": Reach(3, 1.5, 4.3),
            "xiazhai": Reach(8, 3.0, 4.3),
            "qiaotou": Reach(4, 1.0, 4.5),
            "run_of_river": Reach(3, 1.0, 4.4),
            "caves_mouth": Reach(16, 6.0, 1.55),
            "border": Reach(10, 4.0, 5.9),
            "mouth": Reach(9, 4.0, 6.3),
        }

    def step(self, at: int) -> Flows:
        """The step that ends at ``at``, epoch milliseconds; steps follow each other."""
        source = {name: self._source(name, at) for name in _SOURCES}
        taken = abstractions(self._story, at)
        route = {name: reach.route for name, reach in self._reaches.items()}
        flow = {"shimenkan": source["shimenkan"]}
        flow["reservoir"] = self._reservoir.release(route["reservoir"](flow["shimenkan"]))
        at_dam = route["dam"](flow["reservoir"] - taken["county_works"])
        release = _RELEASE_CUT if self._story.release_is_cut(at) else _RELEASE
        generated = min(max(at_dam - release, 0.0), _TURBINE_MAX)
        flow["dam"] = at_dam - generated  # what the turbines can't take goes over the crest
        flow["machaotan"] = route["machaotan"](flow["dam"]) + source["machaotan_springs"]
        flow["tailrace"] = route["tailrace"](generated)
        flow["creek_head"] = source["creek_head"]
        creek = route["creek_mouth"](flow["creek_head"] - taken["brewery"])
        flow["creek_mouth"] = creek + source["creek_springs"]
        joined = route["dewatered"](flow["machaotan"]) + flow["tailrace"] + flow["creek_mouth"]
        flow["lianghekou"] = route["lianghekou"](joined)
        flow["xiazhai"] = route["xiazhai"](flow["lianghekou"] - taken["zhongba"]) + source["xiazhai_springs"]
        flow["qiaotou"] = route["qiaotou"](flow["xiazhai"] - taken["factory"])
        flow["run_of_river"] = route["run_of_river"](flow["qiaotou"])
        flow["caves_head"] = source["caves_head"]
        flow["caves_mouth"] = route["caves_mouth"](flow["caves_head"] - taken["caves_works"] - taken["lift"])
        below = flow["run_of_river"] + flow["caves_mouth"] - taken["town_works"]
        flow["border"] = route["border"](below) + source["border_springs"]
        flow["mouth"] = route["mouth"](flow["border"])
        return Flows(
            at=at,
            discharge=flow,
            taken=taken,
            level_m=self._reservoir.level_m,
            generated={
                "tailrace": flow["tailrace"],
                "run_of_river": min(flow["run_of_river"], _RUN_OF_RIVER_MAX),
            },
            inflow=sum(source.values()),
            stored=self._reservoir.volume + sum(reach.volume for reach in self._reaches.values()),
        )

    def _source(self, name: str, at: int) -> float:
        """A spring-fed base with its day, the tail of the rain, and a slow wander."""
        base, peak = _SOURCES[name]
        noon_shift = (at + ZONE_MINUTES * MINUTE_MS) % DAY_MS / DAY_MS - 0.25
        day = 1.0 + _DIURNAL * math.cos(2.0 * math.pi * noon_shift)
        since_rain_h = (at - self._story.turn) / HOUR_MS + _RAIN_BEFORE_H
        rain = 0.0
        if since_rain_h > 0.0:
            rain = peak * (1.0 - math.exp(-since_rain_h / _RISE_H)) * math.exp(-since_rain_h / _RECESSION_H)
        wander = _WANDER_KEPT * self._wander[name] + _WANDER * self._chance.normal()
        self._wander[name] = wander
        return base * day * (1.0 + wander) + rain
