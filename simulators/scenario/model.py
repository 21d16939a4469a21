"""A scenario: everything that a run needs, as values. Whoever plays it adds a seed, a start, an end and a wire format.

How the parts go together (a chunk of ``steps`` after ``at``)::

    rain   = river.weather.rain(at, steps)                            columns: network.catchments
    demand = takers.demand(state, steps, signals.on_fields(rain))     columns: scenario.takers
    flows  = river.advance(state, steps, scenario.actions(at, steps, demand.total_m3s))
    taking = takers.settle(state, demand, flows.taken)                the network's abstractions are the takers
    truth  = signals.of(flows, taking)                                what `Field.advance` wants, beside
    marks  = signals.storm(flows), signals.flood(flows)               these

with ``signals = Signals(scenario, field.inputs)``, and `River.initial` with ``inflows=scenario.inflows(at, 1)[0]``.

River and takers begin `warm_up_ms` before the start; the field begins at the start. Times are epoch milliseconds; those
that the file states relative to the start move with it, see `Scenario.starting`.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from hydro.instants import DAY_MS
from simulators.basin import Actions
from simulators.basin.step import step_ends
from simulators.scenario.orders import OrderKind, ordered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hydro.quantity import Quantity
    from simulators.basin import Climate, NaturalFlow, Network, Script
    from simulators.basin.step import Floats
    from simulators.devices import Chance, Device, Fault, FaultKind, Gateway, Outage
    from simulators.scenario.expected import Expected
    from simulators.scenario.orders import Order
    from simulators.scenario.signal import Source
    from simulators.takers import Taker

__all__ = ["Chapter", "Flood", "Scenario", "Supply", "Texts", "Wire", "WireFormat", "csv_bytes"]

_STORM_MM_H: Final = 8.0


@dataclass(frozen=True, slots=True)
class Texts:
    """The same in two languages."""

    zh: str
    en: str


class WireFormat(StrEnum):
    """How a station's readings are written."""

    JSON = "json"
    SL651 = "sl651"
    SLT427 = "slt427"


@dataclass(frozen=True, slots=True)
class Wire:
    """What a station needs in order to be written in any format.

    Attributes:
        format: Its own, where formats are mixed, and where nobody chooses one.
        sl651: Address, ten hex digits, as ``sl651_address`` in its row of ``stations``.
        slt427: The same for SL/T 427, as ``slt427_address``.
    """

    format: WireFormat
    sl651: str
    slt427: str


class Supply(Protocol):
    """Water that comes in from outside: `simulators.basin.Record`, `simulators.scenario.spring.Spring`."""

    def on_steps(self, at: int, steps: int) -> NaturalFlow:
        """The steps after the instant ``at``."""
        ...


@dataclass(frozen=True, slots=True)
class Flood:
    """When a device with `Device.flood_reports` thinks that there is a flood.

    Attributes:
        gauge: Which it watches.
        above_m3s: From where on.
    """

    gauge: str
    above_m3s: float


@dataclass(frozen=True, slots=True)
class Chapter:
    """A line of the story, for people who watch it.

    Attributes:
        at: Epoch milliseconds.
        text: What is told.
    """

    at: int
    text: Texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Everything that a run needs.

    Attributes:
        name: Of the file, without its suffix.
        place: File that it was read from.
        title: One line.
        about: What it is for, and what to expect.
        zone_minutes: Of all clocks and dates.
        start: Where it begins if nobody says otherwise: an end of a step, epoch milliseconds.
        duration_ms: How long it lasts, whole steps.
        warm_up_ms: So long before it river and takers live already; nothing is measured then.
        network: The basin. Its abstractions are the takers: same names, same order.
        climate: Its weather; None: none.
        script: Weather on top of it.
        supplies: Of the network's inflows, in their order.
        takers: Who takes water; ``returns`` is None, the network's abstractions return. Those with a theft
            ``unregistered`` have no device and no row in the register.
        fields: Catchment whose rain falls on a taker's fields, by taker; without one it never rains there.
        orders: What people set at dams and sinks.
        devices: Of all stations.
        gateways: Theirs.
        sources: What the sensors of (station, quantity) show, one for each that `Field.inputs` asks for.
        faults: That happen for sure.
        outages: That happen for sure.
        chances: Faults by chance; None: none. Outages by chance are in the gateways.
        skies: Catchments whose rain makes a storm over a gateway, by gateway.
        storm_mm_h: Rain from which it is one.
        floods: By station, of devices with ``flood_reports``.
        wires: By station, of every device.
        tables: The register: rows of text by name of the table, rows of one table with the same columns. Stations
            that are devices and not in ``stations`` are those that nobody registered.
        story: What is told, in order.
        expected: Alerts that it is meant to raise, whatever the seed; None: that is up to chance.
        again: Places the same scenario at another start; None: it can't be moved.
    """

    name: str
    place: str
    title: Texts
    about: Texts
    zone_minutes: int
    start: int
    duration_ms: int
    warm_up_ms: int = DAY_MS
    network: Network
    climate: Climate | None
    script: Script
    supplies: tuple[Supply, ...] = ()
    takers: tuple[Taker, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    orders: tuple[Order, ...] = ()
    devices: tuple[Device, ...]
    gateways: tuple[Gateway, ...]
    sources: Mapping[tuple[str, Quantity], Source]
    faults: tuple[Fault, ...] = ()
    outages: tuple[Outage, ...] = ()
    chances: Mapping[FaultKind, Chance] | None = None
    skies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    storm_mm_h: float = _STORM_MM_H
    floods: Mapping[str, Flood] = field(default_factory=dict)
    wires: Mapping[str, Wire]
    tables: Mapping[str, Sequence[Mapping[str, str]]]
    story: tuple[Chapter, ...] = ()
    expected: tuple[Expected, ...] | None = None
    again: Callable[[int], Scenario] | None = field(default=None, repr=False, compare=False)

    @property
    def end(self) -> int:
        """Where it ends, epoch milliseconds."""
        return self.start + self.duration_ms

    def starting(self, at: int) -> Scenario:
        """The same with another start: what the file states relative to the start moves along, dates stay.

        Args:
            at: An end of a step, epoch milliseconds.

        Raises:
            ScenarioError: Something can't be at that time.
            ValueError: The scenario was not read from a file.
        """
        if at == self.start:
            return self
        if self.again is None:
            raise ValueError(f"scenario {self.name!r} was made with its start and can't begin at {at} ms")
        return self.again(at)

    def inflows(self, at: int, steps: int) -> Floats:
        """What comes in from outside in the steps after ``at``, m3/s: steps × the network's inflows."""
        if not self.supplies:
            return np.zeros((steps, 0))
        return np.stack([supply.on_steps(at, steps).flow for supply in self.supplies], axis=1)

    def actions(self, at: int, steps: int, takes: Floats) -> Actions:
        """What people do to the river in the steps after ``at``.

        Args:
            at: End of a step, epoch milliseconds.
            steps: How many.
            takes: What takers want, m3/s: steps × takers.
        """
        ends = step_ends(at, steps)
        dams, sinks = self.network.dam, self.network.sink
        return Actions(
            takes=takes,
            inflows=self.inflows(at, steps),
            release_share=ordered(self.orders, OrderKind.RELEASE, ends, dams, 1.0),
            generation=ordered(self.orders, OrderKind.GENERATION, ends, dams, np.nan),
            sink_share=ordered(self.orders, OrderKind.SINK, ends, sinks, 1.0),
        )

    def contents(self) -> dict[str, bytes]:
        """The register's files by name ("stations.csv"), as `hydro.register.Register.parse` takes them."""
        return {f"{name}.csv": csv_bytes(rows) for name, rows in self.tables.items() if rows}


def csv_bytes(rows: Sequence[Mapping[str, str]]) -> bytes:
    """A table as a file; every row has the columns of the first."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
