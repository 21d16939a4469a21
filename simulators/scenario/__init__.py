"""Scenarios of the simulated field: read from YAML, checked, written out as a config directory. docs/scenarios.md."""

from __future__ import annotations

from simulators.scenario.course import Course, true_course
from simulators.scenario.expected import Expected
from simulators.scenario.mistakes import ScenarioError
from simulators.scenario.model import (
    Chapter,
    Flood,
    Scenario,
    Supply,
    Texts,
    Wire,
    WireFormat,
)
from simulators.scenario.orders import Order, OrderKind
from simulators.scenario.read import load, names
from simulators.scenario.signal import Signal, Source
from simulators.scenario.signals import Signals
from simulators.scenario.spring import Spring
from simulators.scenario.write import write_config

__all__ = [
    "Chapter",
    "Course",
    "Expected",
    "Flood",
    "Order",
    "OrderKind",
    "Scenario",
    "ScenarioError",
    "Signal",
    "Signals",
    "Source",
    "Spring",
    "Supply",
    "Texts",
    "Wire",
    "WireFormat",
    "load",
    "names",
    "true_course",
    "write_config",
]
