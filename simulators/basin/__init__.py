"""The river of a simulated basin: catchments under weather, reaches, dams, diversions, sinks; water is never made.

Pure and seeded: `Network` says what there is, `River` walks it in steps of five minutes (state in, a chunk of steps
out), `Actions` say what people do, `Flows` what was true. docs/simulated-river.md.

::

    climate ▶ storms ▶ weather ▶ ground ─▶ walk (cells, dams) ─▶ gauges ▶ Flows
               record (real water) ▶ Actions ─┘
"""

from __future__ import annotations

from simulators.basin.balance import Balance, ground_balance, river_balance
from simulators.basin.climate import Climate, StormKind
from simulators.basin.curve import Curve, basin_curve, power_curve
from simulators.basin.elements import (
    PEAKING,
    Abstraction,
    Canal,
    Catchment,
    Dam,
    Gauge,
    Ground,
    Inflow,
    Node,
    Observed,
    Outlet,
    Reach,
    Sink,
)
from simulators.basin.flows import Actions, Flows, micro
from simulators.basin.gauges import NO_STAGE
from simulators.basin.network import Network, NetworkError
from simulators.basin.record import NaturalFlow, Record, Stands, read_record
from simulators.basin.river import River, State
from simulators.basin.step import STEP_MS, STEP_S, step_ends
from simulators.basin.storms import Storm
from simulators.basin.weather import Script, Spell, Weather

__all__ = [
    "NO_STAGE",
    "PEAKING",
    "STEP_MS",
    "STEP_S",
    "Abstraction",
    "Actions",
    "Balance",
    "Canal",
    "Catchment",
    "Climate",
    "Curve",
    "Dam",
    "Flows",
    "Gauge",
    "Ground",
    "Inflow",
    "NaturalFlow",
    "Network",
    "NetworkError",
    "Node",
    "Observed",
    "Outlet",
    "Reach",
    "Record",
    "River",
    "Script",
    "Sink",
    "Spell",
    "Stands",
    "State",
    "Storm",
    "StormKind",
    "Weather",
    "basin_curve",
    "ground_balance",
    "micro",
    "power_curve",
    "read_record",
    "river_balance",
    "step_ends",
]
