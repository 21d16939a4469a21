"""Who lives along a generated river: sections with targets, plants with a release, intakes of all uses."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hydro.instants import DAY_MS
from simulators.basin import PEAKING, Canal, Dam, Gauge, Outlet, basin_curve, power_curve
from simulators.scenario import kit as kits
from simulators.scenario.build import Place
from simulators.scenario.device_part import read_device
from simulators.scenario.model import Texts
from simulators.scenario.register import add_intake, add_plant, add_points, cell
from simulators.scenario.takers_part import add_taker
from simulators.takers import Returns, Theft, TheftKind, Use, usual_taker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulators.basin.tree import Branch
    from simulators.scenario.build import Build
    from simulators.scenario.counties import County
    from simulators.scenario.kit import Kit

__all__ = ["Settlers"]

_SPECIFIC_M3S_KM2: Final = 0.018
_SHARE_OF_TARGET: Final = 0.10
"""Tennant: a tenth of the mean flow."""
_RELEASE: Final = 0.12
_HEAD_M: Final = (8.0, 60.0)
_USES: Final = ((0.45, Use.DOMESTIC), (0.70, Use.INDUSTRY), (1.0, Use.IRRIGATION))
_NAMES: Final = {
    Use.DOMESTIC: ("水厂取水口", "waterworks"),
    Use.INDUSTRY: ("厂取水口", "works"),
    Use.IRRIGATION: ("提灌站", "lift"),
}
_THEFTS: Final = (TheftKind.BYPASS, TheftKind.NIGHT_PUMPING, TheftKind.MAGNET, TheftKind.GROWING, TheftKind.METER_OFF)
_MOST_TAKEN: Final = 0.04
_DIVERTED: Final = 3
"""Every third plant is a diversion plant."""


class Settlers:
    """Puts them there, one after the other.

    Args:
        build: Where they go.
        branches: Sections of the rivers.
        home: County of each.
        degrees: East and north, of each.
        place: Where ``generate`` stands.
        cabinet: Whether stations report voltage, signal and door.
        perfect: Whether devices are without errors.
    """

    def __init__(
        self,
        build: Build,
        branches: Sequence[Branch],
        home: Sequence[County],
        degrees: Sequence[tuple[float, float]],
        place: str,
        *,
        cabinet: bool,
        perfect: bool,
    ) -> None:
        self._build = build
        self._branches = branches
        self._home = home
        self._degrees = degrees
        self._place = place
        self._cabinet = cabinet
        self._perfect = perfect
        self._rivers: list[tuple[str, str]] = []
        self._below_km: list[float] = []
        for branch in branches:
            below = 0.0 if branch.down < 0 else self._below_km[branch.down]
            self._below_km.append(round(below + branch.length_km, 3))

    def name_rivers(self, rivers: Sequence[tuple[str, str]]) -> None:
        """Chinese and English names; section n lies on river n modulo their number."""
        self._rivers = list(rivers)
        longest = [0.0] * len(rivers)
        for number, km in enumerate(self._below_km):
            longest[number % len(rivers)] = max(longest[number % len(rivers)], km)
        for (name, name_en), km in zip(rivers, longest, strict=True):
            row = {"river": name, "name_en": name_en, "into": "", "into_km": "", "length_km": cell(round(km, 1))}
            self._build.row("rivers", self._place, row)

    def section(self, number: int) -> str:
        """A river section with a base-flow target."""
        mean, code = self._mean(number), self._code(number, "S", number)
        highest = 60.0 * mean + 3.0
        rating = power_curve(round(2.5 * mean + 0.01, 6), 1.8, highest, 0.2)
        node = self._branches[number].name
        self._build.gauges.append(Gauge(name=code, node=node, rating=rating, place=self._place))
        kit = kits.of_section(code, mean, highest, rating, by_rating=False)
        place = self._placed(number, code, "section", "断面", "section", {"section_role": "river"})
        self._station(place, kit, "gauge")
        self._target(code, _SHARE_OF_TARGET * mean, "day", "base")
        return code

    def plant(self, number: int) -> str:
        """A small plant: a pond of some hours, peaking, a release for the river below its dam."""
        build, branch, mean = self._build, self._branches[number], self._mean(number)
        code = self._code(number, "P", number)
        release = round(_RELEASE * mean, 3)
        diverted = number % _DIVERTED == 0 and branch.down >= 0
        full = round(mean * 6 * 3600.0, 0) + 1000.0
        dam = Dam(
            name=f"D{code}",
            node=branch.name,
            full_m3=full,
            dead_m3=round(0.2 * full, 0),
            levels=basin_curve(full, 500.0, 485.0),
            release_m3s=release,
            outlet=Outlet(most_m3s=round(2.0 * mean, 3), hours=PEAKING, follow_h=24.0),
            canal=Canal(end=self._branches[branch.down].name) if diverted else None,
            place=self._place,
        )
        build.dams.append(dam)
        build.gauges.append(Gauge(name=code, node=branch.name, place=self._place))
        head = _HEAD_M[1] if diverted else _HEAD_M[0]
        power = kits.kw_per_m3s(head, 0.84)
        kit = kits.of_plant(code, dam.name, 2.0 * mean, 60.0 * mean + 3.0, power)
        columns = {"plant": dam.name, "section_role": "dam"}
        place = self._placed(number, code, "plant", "电站坝下", "plant", columns)
        self._station(place, kit, "gauge", "power")
        add_plant(build, place, dam, power)
        self._target(code, 0.9 * release, "hour", "min_release")
        return code

    def intake(self, number: int, at: int, drawn: Sequence[float], *, steals: bool) -> str:
        """An intake.

        Args:
            number: Of it.
            at: Section at which it takes.
            drawn: Six numbers between 0 and 1: use, size, kind of theft, its begin, its size, head.
            steals: Whether it steals.
        """
        build, branch = self._build, self._branches[at]
        code = self._code(at, "Q", number)
        use = next(use for share, use in _USES if drawn[0] <= share)
        mean = round(max(min(0.002 + 0.05 * drawn[1] ** 3, _MOST_TAKEN * self._mean(at)), 0.0005), 6)
        thefts = [self._theft(drawn, mean)] if steals else []
        taker = usual_taker(code, use, mean, head_m=round(20.0 + 60.0 * drawn[5], 1), thefts=thefts, place=self._place)
        back = taker.returns or Returns(share=0.0)
        taker = replace(taker, returns=None)
        end = self._branches[branch.down].name if branch.down >= 0 else ""
        add_taker(build, taker, branch.name, back if end else Returns(share=0.0), end, build.catchments[at].name)
        if use is not Use.IRRIGATION:
            build.fields.pop(code, None)
        zh, en = _NAMES[use]
        place = self._placed(at, code, "intake", zh, en, {}, number)
        self._station(place, kits.of_taker(taker), "flow_meter", "power_meter")
        add_intake(build, place, taker)
        return code

    def _theft(self, drawn: Sequence[float], mean: float) -> Theft:
        start, end = self._build.reading.start, self._build.reading.end
        kind = _THEFTS[int(drawn[2] * len(_THEFTS))]
        begins = start + int(drawn[3] * 0.5 * (end - start)) // DAY_MS * DAY_MS
        hours = (22.0, 5.0) if kind in {TheftKind.NIGHT_PUMPING, TheftKind.METER_OFF} else (0.0, 24.0)
        return Theft(
            kind=kind,
            start=begins,
            end=end,
            rate_m3s=round(mean * (0.3 + drawn[4]), 6),
            first_hour=hours[0],
            last_hour=hours[1],
        )

    def _station(self, place: Place, kit: Kit, *parts: str) -> None:
        """With the parts named, and a cabinet where one is wanted."""
        kit = replace(kit, usual=(*parts, *(("cabinet",) if self._cabinet else ())))
        device, sources = read_device(None, kit, place.code, "gw")
        self._build.station(place, device.perfect() if self._perfect else device, sources, None)
        add_points(self._build, place, device, {})

    def _target(self, code: str, value: float, basis: str, kind: str) -> None:
        cells = {
            "station": code,
            "quantity": "discharge",
            "from_day": "01-01",
            "to_day": "12-31",
            "value": cell(max(round(value, 3), 0.001)),
            "basis": basis,
            "kind": kind,
            "method": "Tennant 10%",
        }
        self._build.row("eflow_targets", self._place, cells)

    def _placed(
        self, at: int, code: str, kind: str, zh: str, en: str, columns: dict[str, str], number: int | None = None
    ) -> Place:
        county, (river, river_en) = self._home[at], self._rivers[at % len(self._rivers)]
        no = at if number is None else number
        return Place(
            code=code,
            name=Texts(f"{county.name}{river}{no}号{zh}", f"{river_en.removesuffix(' River')} {en} {no}"),
            kind=kind,
            place=self._place,
            columns={
                "basin": county.basin,
                "river": river,
                "division": county.division,
                "authority": f"{county.name}水务局",
                "lon": f"{self._degrees[at][0]:.4f}",
                "lat": f"{self._degrees[at][1]:.4f}",
                "chainage_km": cell(self._below_km[at]),
                **columns,
            },
        )

    def _mean(self, number: int) -> float:
        return round(self._branches[number].area_km2 * _SPECIFIC_M3S_KM2, 4)

    def _code(self, at: int, letter: str, number: int) -> str:
        return f"{self._home[at].division}{letter}{number:05d}"
