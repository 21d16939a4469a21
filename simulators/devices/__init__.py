"""Devices of the simulated field: sensors, meters, clocks, cabinets, gateways, and what they send.

Pure and seeded: `Field` takes what is true at the stations in chunks of steps and gives `Reports` in order of arrival,
which `JsonEncoder` writes, and `simulators.truth.Truth` of what failed. docs/simulated-field.md.
"""

from __future__ import annotations

from simulators.devices.device import Clock, Device
from simulators.devices.fault import BY_CHANCE, Chance, Fault, FaultKind
from simulators.devices.field import Field, FieldState
from simulators.devices.gateway import Backlog, Gateway, Trouble
from simulators.devices.message_json import JsonEncoder, Messages
from simulators.devices.outage import Cause, Outage
from simulators.devices.rating import Rating
from simulators.devices.reports import ReportKind, Reports, Rows
from simulators.devices.samples import MISSING
from simulators.devices.sensor import Counter, CounterKind, Scale, Sensor

__all__ = [
    "BY_CHANCE",
    "MISSING",
    "Backlog",
    "Cause",
    "Chance",
    "Clock",
    "Counter",
    "CounterKind",
    "Device",
    "Fault",
    "FaultKind",
    "Field",
    "FieldState",
    "Gateway",
    "JsonEncoder",
    "Messages",
    "Outage",
    "Rating",
    "ReportKind",
    "Reports",
    "Rows",
    "Scale",
    "Sensor",
    "Trouble",
]
