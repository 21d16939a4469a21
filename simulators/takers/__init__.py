"""Takers: who takes water from the simulated river, honestly and otherwise. docs/simulated-field.md.

Values in, values out: `Takers` says what is wanted, the river says what there is, `Takers` says what meters then see.
"""

from __future__ import annotations

from simulators.takers.calendar import Season, spring_festival
from simulators.takers.habit import HABITS, Habit, Use
from simulators.takers.permit import Permit
from simulators.takers.pump import PumpHouse
from simulators.takers.taker import Backwash, Returns, Taker
from simulators.takers.takers import Demand, Takers, TakersState, Taking
from simulators.takers.theft import Theft, TheftKind
from simulators.takers.usual import usual_taker

__all__ = [
    "HABITS",
    "Backwash",
    "Demand",
    "Habit",
    "Permit",
    "PumpHouse",
    "Returns",
    "Season",
    "Taker",
    "Takers",
    "TakersState",
    "Taking",
    "Theft",
    "TheftKind",
    "Use",
    "spring_festival",
    "usual_taker",
]
