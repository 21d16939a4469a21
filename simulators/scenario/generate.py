"""Basins that nobody draws by hand: a made-up forest of rivers with sections, plants and intakes in Guizhou's counties.

What is drawn is drawn by address from ``generate.seed``, so the basin is the same whatever the seed of a run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from simulators.basin.chance import Purpose, uniforms
from simulators.basin.tree import grow, tree_network
from simulators.devices import Gateway, Trouble
from simulators.scenario.counties import counties
from simulators.scenario.mistakes import near, shown
from simulators.scenario.settlers import Settlers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulators.basin.step import Floats
    from simulators.basin.tree import Branch
    from simulators.scenario.build import Build
    from simulators.scenario.counties import County
    from simulators.scenario.entry import Entry

__all__ = ["read_generate"]

_KM_PER_DEGREE: Final = 111.2
_EASTING: Final = 0.895
"""Cosine of 26.5° north."""
_FIRST: Final = "清白龙石青响双高大小沙新马梅桃竹松云碧金"
_FIRST_EN: Final = "Qing Bai Long Shi Qing Xiang Shuang Gao Da Xiao Sha Xin Ma Mei Tao Zhu Song Yun Bi Jin".split()  # noqa: SIM905  # as long as the line above
_SECOND: Final = "水沙潭滩岩洞桥坪溪江湾泉"
_SECOND_EN: Final = "shui sha tan tan yan dong qiao ping xi jiang wan quan".split()  # noqa: SIM905  # the same
_MOST: Final = 50_000


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants generated.

    Attributes:
        sections: River sections.
        plants: Sections of plants, on top.
        intakes: Takers.
        rivers: That end somewhere.
        width_km: Edge of the square in which they lie.
        seed: Of the basin.
        per_gateway: Stations behind a gateway.
        cabinet: Whether stations report voltage, signal and door.
        thieves: Share of the intakes that steal.
        trouble: Of the gateways.
    """

    sections: int
    plants: int
    intakes: int
    rivers: int
    width_km: float
    seed: int
    per_gateway: int
    cabinet: bool
    thieves: float
    trouble: Trouble | None


def read_generate(entry: Entry, build: Build, *, perfect: bool) -> None:
    """``generate``.

    Args:
        entry: It.
        build: Where all of it goes.
        perfect: Whether devices and gateways are without errors.
    """
    wish = Wish(
        sections=entry.whole("sections", least=1, most=_MOST),
        plants=entry.whole("plants", 0, most=_MOST),
        intakes=entry.whole("intakes", 0, most=_MOST),
        rivers=entry.whole("rivers", 1, least=1, most=len(_FIRST) * len(_SECOND)),
        width_km=entry.number("width_km", 400.0, least=1.0, most=2000.0),
        seed=entry.whole("seed", 1),
        per_gateway=entry.whole("per_gateway", 25, least=1, most=_MOST),
        cabinet=entry.flag("cabinet", default=True),
        thieves=entry.number("thieves", 0.0, least=0.0, most=1.0),
        trouble=Trouble() if entry.is_word("trouble", "usual") else None,
    )
    entry.is_none("trouble")
    known = {county.division: county for county in counties()}
    chosen = entry.words("divisions") if entry.has("divisions") else tuple(known)
    entry.ask("divisions")
    for division in chosen:
        if division not in known:
            entry.wrong("divisions", f"{shown(division)} is no county of Guizhou{near(division, known)}")
    entry.done()
    if build.nodes:
        entry.wrong("", "stands beside `reaches` or `outlets`; a basin is either generated or written out")
    if wish.rivers > wish.sections + wish.plants:
        entry.wrong("rivers", f"{wish.rivers} rivers need as many sections")
        return
    if len(build.reading.mistakes):
        return
    _settle(wish, [known[division] for division in chosen], build, entry.place, perfect=perfect)


def _settle(wish: Wish, places: Sequence[County], build: Build, place: str, *, perfect: bool) -> None:
    """The whole basin."""
    branches = grow(wish.sections + wish.plants, seed=wish.seed, rivers=wish.rivers, width_km=wish.width_km, prefix="n")
    network = tree_network(branches)
    build.nodes.update({node.name: node for node in network.nodes})
    build.reaches += network.reaches
    build.catchments += network.catchments
    degrees = _degrees(branches, places)
    home = _homes(degrees, places)
    settlers = Settlers(build, branches, home, degrees, place, cabinet=wish.cabinet, perfect=perfect)
    settlers.name_rivers([_river(number) for number in range(wish.rivers)])
    # Every k-th section is one of a plant, never a mouth.
    free = list(range(wish.rivers, len(branches)))
    plants = set(_spread(free, min(wish.plants, len(free))))
    settled: list[tuple[int, str]] = []
    for number in range(len(branches)):
        code = settlers.plant(number) if number in plants else settlers.section(number)
        settled.append((number, code))
    drawn = _drawn(wish.seed, wish.intakes)
    for number in range(wish.intakes):
        at = int(drawn[0, number] * len(branches))
        theft = bool(drawn[1, number] < wish.thieves)
        settled.append((at, settlers.intake(number, at, drawn[2:, number].tolist(), steals=theft)))
    _gateways(wish, build, settled, home, place, perfect=perfect)


def _drawn(seed: int, count: int) -> Floats:
    """Eight numbers for each intake."""
    subjects = np.arange(count, dtype=np.uint64)
    return np.concatenate([uniforms(seed, Purpose.TREE, subjects, 1, draw) for draw in (0, 1)])


def _spread(numbers: Sequence[int], count: int) -> list[int]:
    """So many of them, evenly."""
    return [numbers[index * len(numbers) // count] for index in range(count)] if count else []


def _degrees(branches: Sequence[Branch], places: Sequence[County]) -> list[tuple[float, float]]:
    """Degrees east and north: the middle of the rivers lies in the middle of the counties."""
    x = np.array([branch.x_km for branch in branches])
    y = np.array([branch.y_km for branch in branches])
    lon = float(np.mean([county.lon for county in places])) + (x - x.mean()) / (_KM_PER_DEGREE * _EASTING)
    lat = float(np.mean([county.lat for county in places])) + (y - y.mean()) / _KM_PER_DEGREE
    return list(zip(lon.round(4).tolist(), lat.round(4).tolist(), strict=True))


def _homes(degrees: Sequence[tuple[float, float]], places: Sequence[County]) -> list[County]:
    """County of each section: that of the nearest seat."""
    seats = np.array([(county.lon, county.lat) for county in places])
    homes = []
    for east, north in degrees:
        far = ((seats[:, 0] - east) * _EASTING) ** 2 + (seats[:, 1] - north) ** 2
        homes.append(places[int(far.argmin())])
    return homes


def _river(number: int) -> tuple[str, str]:
    """Chinese and English name of a river."""
    first, second = number % len(_FIRST), number // len(_FIRST)
    return f"{_FIRST[first]}{_SECOND[second]}河", f"{_FIRST_EN[first]}{_SECOND_EN[second]} River"


def _gateways(
    wish: Wish, build: Build, settled: Sequence[tuple[int, str]], home: Sequence[County], place: str, *, perfect: bool
) -> None:
    """Stations of a county share gateways, those of one river side by side."""
    by_county: dict[str, list[tuple[int, str]]] = {}
    for number, code in settled:
        by_county.setdefault(home[number].division, []).append((number, code))
    gateway_of: dict[str, str] = {}
    for division, members in by_county.items():
        for first in range(0, len(members), wish.per_gateway):
            name = f"gw-{division}-{first // wish.per_gateway + 1:03d}"
            part = sorted(members)[first : first + wish.per_gateway]
            gateway_of.update({code: name for _, code in part})
            gateway = Gateway(name=name, trouble=wish.trouble)
            build.gateways[name] = gateway.perfect() if perfect else gateway
            build.gateway_places[name] = place
            build.skies[name] = (build.catchments[part[0][0]].name,)
    build.move_to_gateways(gateway_of)
