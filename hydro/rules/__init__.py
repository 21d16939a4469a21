"""Rules of an authority as values: the numbers of the built-in classes, which of them are off, and its own signals."""

from hydro.rules.model import DEFAULT_RULES, Rules, changed
from hydro.rules.numbers import (
    NUMBERS,
    FaultNumbers,
    LossNumbers,
    Numbers,
    ShortfallNumbers,
    StoppedNumbers,
    WarningNumbers,
    bounds_of,
)
from hydro.rules.signal import Direction, Reference, ReferenceKind, Scope, Signal

__all__ = [
    "DEFAULT_RULES",
    "NUMBERS",
    "Direction",
    "FaultNumbers",
    "LossNumbers",
    "Numbers",
    "Reference",
    "ReferenceKind",
    "Rules",
    "Scope",
    "ShortfallNumbers",
    "Signal",
    "StoppedNumbers",
    "WarningNumbers",
    "bounds_of",
    "changed",
]
