"""A scenario in the making: what was read so far, and where each piece was read."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from hydro.register import Context, Register
from simulators.basin import Network, NetworkError, Script
from simulators.devices.device import mistakes_of as mistakes_of_devices
from simulators.devices.gateway import mistakes_of as mistakes_of_gateways
from simulators.scenario.model import Texts, Wire, WireFormat, csv_bytes
from simulators.takers.taker import mistakes_of as mistakes_of_takers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hydro.quantity import Quantity
    from simulators.basin import Abstraction, Catchment, Climate, Dam, Gauge, Inflow, Node, Reach, Sink
    from simulators.devices import Chance, Device, Fault, FaultKind, Gateway, Outage
    from simulators.scenario.entry import Reading
    from simulators.scenario.expected import Expected
    from simulators.scenario.model import Chapter, Flood, Supply
    from simulators.scenario.orders import Order
    from simulators.scenario.signal import Source
    from simulators.takers import Taker

__all__ = ["Build", "Place"]

_LATENESS_MIN: Final = 30
_FIRST_ADDRESS: Final = 52_000_000
_MOST_ADDRESSES: Final = 0xFFFF
_SAMPLE: Final = {"zone": "+08:00"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What the register says of a station beside its device.

    Attributes:
        code: Of the station.
        name: Of the place.
        kind: As in ``stations``.
        place: Where it was read, "FILE:LINE".
        registered: Whether the authority knows it.
        columns: Further cells of its row; empty ones may be left out.
    """

    code: str
    name: Texts
    kind: str
    place: str
    registered: bool = True
    columns: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Build:
    """Everything, in the order in which it was read.

    Attributes:
        reading: Of the file, with its mistakes.
        places: "FILE:LINE" of each row of each table.
        wire: Format of stations that say nothing.
    """

    reading: Reading
    nodes: dict[str, Node] = field(default_factory=dict)
    reaches: list[Reach] = field(default_factory=list)
    catchments: list[Catchment] = field(default_factory=list)
    dams: list[Dam] = field(default_factory=list)
    sinks: list[Sink] = field(default_factory=list)
    inflows: list[Inflow] = field(default_factory=list)
    supplies: list[Supply] = field(default_factory=list)
    abstractions: list[Abstraction] = field(default_factory=list)
    gauges: list[Gauge] = field(default_factory=list)
    climate: Climate | None = None
    script: Script = field(default_factory=Script)
    takers: list[Taker] = field(default_factory=list)
    fields: dict[str, str] = field(default_factory=dict)
    orders: list[Order] = field(default_factory=list)
    gateways: dict[str, Gateway] = field(default_factory=dict)
    gateway_places: dict[str, str] = field(default_factory=dict)
    skies: dict[str, tuple[str, ...]] = field(default_factory=dict)
    devices: dict[str, Device] = field(default_factory=dict)
    device_places: dict[str, str] = field(default_factory=dict)
    sources: dict[tuple[str, Quantity], Source] = field(default_factory=dict)
    floods: dict[str, Flood] = field(default_factory=dict)
    wires: dict[str, Wire] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    outages: list[Outage] = field(default_factory=list)
    chances: dict[FaultKind, Chance] | None = None
    story: list[Chapter] = field(default_factory=list)
    expected: list[Expected] | None = None
    tables: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    places: dict[str, list[str]] = field(default_factory=dict)
    wire: WireFormat = WireFormat.JSON

    def wrong(self, place: str, what: str) -> None:
        """A mistake at "FILE:LINE"."""
        file, _, line = place.rpartition(":")
        if file and line.isdigit():
            self.reading.mistakes.add(file, int(line), what)
        else:
            self.reading.mistakes.add(place or self.reading.file, None, what)

    def row(self, table: str, place: str, cells: dict[str, str]) -> None:
        """One more row of the register."""
        self.tables.setdefault(table, []).append(cells)
        self.places.setdefault(table, []).append(place)

    def station(self, place: Place, device: Device, sources: dict[Quantity, Source], wire: WireFormat | None) -> None:
        """A station with its device, and its row in the register."""
        number = len(self.devices) + 1
        if place.code in self.devices:
            self.wrong(place.place, f"station {place.code!r} is given twice; first at {self.device_places[place.code]}")
            return
        self.devices[place.code], self.device_places[place.code] = device, place.place
        self.sources.update({(place.code, quantity): source for quantity, source in sources.items()})
        division = place.columns.get("division", "")
        head = division if len(division) == len("520000") and division.isdigit() else "520000"
        self.wires[place.code] = Wire(
            format=wire or self.wire,
            sl651=f"{_FIRST_ADDRESS + number:010d}",
            slt427=f"{head}{number % (_MOST_ADDRESSES + 1):04X}",
        )
        if not place.registered:
            return
        cells = {
            "station": place.code,
            "name": place.name.zh,
            "kind": place.kind,
            "gateway": device.gateway,
            "interval_min": str(device.sample_min),
            "report_min": "" if device.report_min is None else str(device.report_min),
            "name_en": place.name.en,
            "sl651_address": self.wires[place.code].sl651,
            "slt427_address": self.wires[place.code].slt427,
        }
        self.row("stations", place.place, {**cells, **place.columns})

    def move_to_gateways(self, gateway_of: dict[str, str]) -> None:
        """Put stations behind gateways, after the fact."""
        for station, gateway in gateway_of.items():
            self.devices[station] = replace(self.devices[station], gateway=gateway)
        for row in self.tables.get("stations", []):
            row["gateway"] = gateway_of.get(row["station"], row["gateway"])

    def network(self) -> Network | None:
        """The basin; None where it contradicts itself, with all mistakes noted."""
        try:
            return Network(
                nodes=tuple(self.nodes.values()),
                reaches=tuple(self.reaches),
                catchments=tuple(self.catchments),
                dams=tuple(self.dams),
                sinks=tuple(self.sinks),
                abstractions=tuple(self.abstractions),
                inflows=tuple(self.inflows),
                gauges=tuple(self.gauges),
                zone_minutes=self.reading.zone_minutes,
            )
        except NetworkError as error:
            for mistake in error.mistakes:
                self._said(mistake)
            return None

    def check(self) -> None:
        """Note what takers, devices, gateways and the register have against each other."""
        for mistake in mistakes_of_takers(self.takers):
            self._said(mistake)
        for name, gateway in self.gateways.items():
            for mistake in mistakes_of_gateways([gateway]):
                self.wrong(self.gateway_places[name], mistake)
        for station, device in self.devices.items():
            for mistake in mistakes_of_devices([device]):
                self.wrong(self.device_places[station], mistake)

    def check_register(self, tables: Mapping[str, Sequence[Mapping[str, str]]], generated: str) -> None:
        """The register must be one that the product reads without a mistake.

        Args:
            tables: Of `finished_tables`.
            generated: Place of ``generate``. What it alone has written is right, as tests say, and much to read.
        """
        if generated and all(place == generated for places in self.places.values() for place in places):
            return
        contents = {f"{name}.csv": csv_bytes(rows) for name, rows in tables.items() if rows}
        if not contents:
            return
        result = Register.parse(contents, Context(self.reading.zone_minutes, _LATENESS_MIN), _SAMPLE)
        for finding in result.mistakes:
            table = finding.file.rpartition("/")[2].removesuffix(".csv")
            places = self.places.get(table, [])
            row = (finding.row or 0) - 2  # a header stands above the first
            place = places[row] if 0 <= row < len(places) else ""
            self.wrong(place, f"{finding.column or table}: {finding.reason}")

    def finished_tables(self) -> dict[str, list[dict[str, str]]]:
        """The tables, every row with the same columns; of stations and points only columns in use."""
        finished = {}
        for name, rows in self.tables.items():
            used = dict.fromkeys((column for row in rows for column in row), False)
            for row in rows:
                used.update((column, True) for column, text in row.items() if text)
            kept = [column for column in used if used[column] or column in _ALWAYS or name not in _SPARSE]
            finished[name] = [{column: row.get(column, "") for column in kept} for row in rows]
        return finished

    def _said(self, mistake: str) -> None:
        """A mistake that begins with its place."""
        place, separator, what = mistake.partition(": ")
        self.wrong(place if separator else "", what or mistake)


_SPARSE: Final = frozenset({"stations", "points"})
_ALWAYS: Final = frozenset({"station", "name", "kind", "basin", "river", "division", "gateway", "interval_min"})
