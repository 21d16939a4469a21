"""Stations of a scenario: what each is, what it sees, how it is fitted, and what is demanded of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hydro.quantity import QUANTITIES
from simulators.basin import Gauge, Observed, power_curve
from simulators.scenario import kit as kits
from simulators.scenario.build import Place
from simulators.scenario.device_part import read_device
from simulators.scenario.mistakes import near, shown
from simulators.scenario.model import Flood, WireFormat
from simulators.scenario.register import add_intake, add_plant, add_points
from simulators.scenario.takers_part import read_taker
from simulators.scenario.targets import read_targets
from simulators.scenario.water import read_curve

if TYPE_CHECKING:
    from simulators.basin import Curve, Dam
    from simulators.scenario.build import Build
    from simulators.scenario.entry import Entry
    from simulators.scenario.kit import Kit
    from simulators.takers import Taker

__all__ = ["read_stations"]

_KINDS: Final = {"section": "section", "taker": "intake", "reservoir": "reservoir", "plant": "plant", "well": "well"}
_COLUMNS: Final = ("basin", "river", "division", "authority")
_OPTIONS: Final = ("status", "datum", "cease_stage_m", "backwater", "tidal", "lateness_min", "role")
_HIGHEST: Final = 40.0
"""A gauge shows up to so many times its mean flow, unless said otherwise."""
_HEAD_OF_STAGE: Final = 2.5
_OF_POINTS: Final = (
    "min", "max", "max_step", "flat_hours", "accuracy_pct", "resolution", "zero_below", "rated_kw", "serial",
    "verified_on", "verify_until", "certificate",
)  # fmt: skip
_EFFICIENCY: Final = 0.84


def read_stations(root: Entry, build: Build) -> None:
    """``stations``, with what ``defaults`` says of all of them.

    Args:
        root: The scenario.
        build: Where they go; basin and gateways are there.
    """
    defaults = root.entry("defaults")
    common = (
        {} if defaults is None else {name: defaults.text(name, "") for name in (*_COLUMNS, "gateway", "lateness_min")}
    )
    build.wire = (defaults and defaults.choice("wire", WireFormat)) or WireFormat.JSON
    perfect = root.flag("perfect", default=False)
    if defaults is not None:
        defaults.done()
        gateway = common["gateway"]
        if gateway and gateway not in build.gateways:
            defaults.wrong("gateway", f"{shown(gateway)} is no gateway{near(gateway, build.gateways)}")
    for entry in root.entries("stations"):
        _Station(entry, build, common, perfect=perfect).read()


class _Station:
    """One of them, while it is read."""

    def __init__(self, entry: Entry, build: Build, common: dict[str, str], *, perfect: bool) -> None:
        self.entry = entry
        self.code = entry.name
        self.build = build
        self.common = common
        self.perfect = perfect

    def read(self) -> None:
        """Everything about it."""
        entry, build = self.entry, self.build
        given = [kind for kind in _KINDS if kind in entry]
        for kind in _KINDS:
            entry.ask(kind)
        if len(given) != 1:
            said = f"says {' and '.join(given)}" if given else "doesn't say what it is"
            entry.wrong("", f"{said}; write one of {', '.join(_KINDS)}")
        kind = given[0] if given else "section"
        place = Place(
            code=self.code,
            name=entry.texts("name", self.code),
            kind=_KINDS[kind],
            place=entry.place,
            registered=entry.flag("registered", default=True),
            columns=self._columns(),
        )
        part = entry.entry(kind) if given else None
        kit, taker, dam, power = self._kit(kind, part, place)
        catchment = self._catchment(part)
        if catchment:
            kit = kits.with_rain(kit, catchment)
        gateway = entry.text("gateway", self.common.get("gateway", ""))
        if gateway not in build.gateways and ("gateway" in entry or not gateway):
            entry.wrong("gateway", f"{shown(gateway)} is no gateway{near(gateway, build.gateways)}")
        device, sources = read_device(entry.entry("device"), kit, self.code, gateway)
        perfect = entry.flag("perfect", default=self.perfect)
        wire = entry.choice("wire", WireFormat)
        build.station(place, device.perfect() if perfect else device, sources, wire)
        self._floods(device.flood_reports)
        further = self._further()
        if place.registered:
            add_points(build, place, device, further)
            read_targets(entry, build, self.code)
            if taker is not None:
                add_intake(build, place, taker)
            if dam is not None:
                add_plant(build, place, dam, power)
        entry.done()

    def _columns(self) -> dict[str, str]:
        entry = self.entry
        columns = {name: entry.text(name, self.common.get(name, "")) for name in _COLUMNS}
        for option in _OPTIONS:
            if option == "role":
                columns["section_role"] = entry.text("role", "")
            else:
                columns[option] = entry.text(option, self.common.get(option, ""))
        for season in ("ice", "dry"):
            first, _, last = entry.text(season, "").partition("..")
            columns[f"{season}_from"], columns[f"{season}_to"] = first.strip(), last.strip()
        if entry.has("at"):
            lon_lat = entry.numbers("at", (2,))
            if len(lon_lat) == 2:  # degrees east and north  # noqa: PLR2004
                columns["lon"], columns["lat"] = (f"{degrees:.4f}" for degrees in lon_lat)
        columns["chainage_km"] = entry.text("km", "")
        entry.ask("at")
        return columns

    def _kit(self, kind: str, part: Entry | None, place: Place) -> tuple[Kit, Taker | None, Dam | None, float | None]:
        """What it is fitted with, and whose it is."""
        if part is None:
            if kind != "well" and kind in self.entry:
                self.entry.wrong(kind, "says nothing; what is it, and where?")
            return kits.of_well(20.0), None, None, None
        match kind:
            case "section":
                kit, taker, dam, power = self._section(part), None, None, None
            case "taker":
                taker = read_taker(part, self.code, self.build)
                kit, dam, power = kits.of_taker(taker), None, None
            case "reservoir":
                kit, taker, dam, power = self._reservoir(part), None, None, None
            case "plant":
                kit, dam, power = self._plant(part, place)
                taker = None
            case _:
                kit, taker, dam, power = kits.of_well(part.number("depth_m", 20.0, least=0.1)), None, None, None
        if kind != "taker":
            part.done()
        return kit, taker, dam, power

    def _section(self, part: Entry) -> Kit:
        mean = max(part.number("mean_m3s", least=1e-6), 1e-6)
        highest = part.number("highest_m3s", _HIGHEST * mean, least=0.0)
        rating = self._rating(part, mean, highest)
        backwater = part.text("backwater_dam", "") or None
        sees = part.choice("sees", Observed, Observed.RIVER) or Observed.RIVER
        by_rating = part.flag("by_rating", default=False)
        if by_rating and rating is None:
            part.wrong("by_rating", "needs a rating")
        self.build.gauges.append(
            Gauge(
                name=self.code,
                node=part.text("node"),
                of=sees,
                rating=rating,
                backwater_dam=backwater,
                datum_m=part.number("datum_m", 0.0),
                place=part.place,
            )
        )
        return kits.of_section(self.code, mean, highest, rating, by_rating=by_rating)

    def _rating(self, part: Entry, mean: float, highest: float) -> Curve | None:
        if part.is_none("rating"):
            return None
        if part.has("rating"):
            rating = read_curve(part, "rating", highest)
            wrong = None if rating is None else rating.mistake()
            if wrong:
                part.wrong("rating", wrong)
                return None
            return rating
        part.ask("rating")
        return power_curve(round(mean * _HEAD_OF_STAGE, 6), 1.8, highest, 0.2)

    def _dam(self, part: Entry) -> Dam | None:
        name = part.known("dam", [dam.name for dam in self.build.dams], "dam")
        return next((dam for dam in self.build.dams if dam.name == name), None)

    def _reservoir(self, part: Entry) -> Kit:
        dam = self._dam(part)
        highest = part.number("highest_m3s", 100.0, least=0.0)
        if dam is None or dam.levels is None:
            if dam is not None:
                part.wrong("dam", f"{shown(dam.name)} has no `levels`, so it has no water level to show")
            return kits.of_well(20.0)
        self.build.gauges.append(Gauge(name=self.code, node=dam.node, of=Observed.RIVER, place=part.place))
        return kits.of_reservoir(self.code, dam.name, dam.levels, highest)

    def _plant(self, part: Entry, place: Place) -> tuple[Kit, Dam | None, float | None]:
        dam = self._dam(part)
        if dam is None:
            return kits.of_well(20.0), None, None
        place.columns["plant"] = dam.name
        section = place.columns["section_role"]
        usual = Observed.GENERATION if section == "tailrace" else Observed.RIVER
        sees = part.choice("sees", Observed, usual) or usual
        most = dam.outlet.most_m3s if dam.outlet else 0.0
        power = None
        if part.has("head_m"):
            power = kits.kw_per_m3s(
                part.number("head_m", least=0.0), part.number("efficiency", _EFFICIENCY, least=0.0, most=1.0)
            )
        part.ask("head_m")
        part.ask("efficiency")
        highest = part.number("highest_m3s", 1.3 * most if sees is Observed.GENERATION else _HIGHEST * max(most, 1.0))
        self.build.gauges.append(Gauge(name=self.code, node=dam.node, of=sees, place=part.place))
        shows_power = power if section != "dam" else None
        return kits.of_plant(self.code, dam.name, most, highest, shows_power), dam, power

    def _catchment(self, part: Entry | None) -> str:
        """Over which a rain gauge would stand: one that drains to the node of the station, else the first."""
        catchments = self.build.catchments
        if self.entry.has("catchment"):
            return self.entry.known("catchment", [one.name for one in catchments], "catchment")
        self.entry.ask("catchment")
        node = "" if part is None else part.text("node", "")
        own = [one.name for one in catchments if one.into == node]
        return (own or [one.name for one in catchments] or [""])[0]

    def _floods(self, reports: bool) -> None:  # noqa: FBT001  # one caller, by name of the attribute
        above = self.entry.number("flood_above_m3s", 0.0, least=0.0)
        if not reports:
            return
        if not above or self.code not in {gauge.name for gauge in self.build.gauges}:
            self.entry.wrong(
                "flood_above_m3s", "is needed by `flood_reports`, at a station that sees a flow of the river"
            )
            return
        self.build.floods[self.code] = Flood(self.code, above)

    def _further(self) -> dict[str, dict[str, str]]:
        """``points``: cells of the register by quantity."""
        found = {}
        points = self.entry.entry("points")
        if points is None:
            return {}
        for one in self.entry.entries("points"):
            if one.name not in QUANTITIES:
                points.wrong(one.name, f"{shown(one.name)} is no quantity{near(one.name, QUANTITIES)}")
            found[one.name] = {column: one.text(column, "") for column in _OF_POINTS if one.has(column)}
            for column in _OF_POINTS:
                one.ask(column)
            one.done()
        return found
