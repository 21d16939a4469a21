"""Scenarios played: messages in order of arrival, and beside them what was true. docs/truth.md.

`Play` is pure; `record` writes what it gives into files, by a `Recorder` and a `TruthFile`.
"""

from __future__ import annotations

from simulators.play.arrivals import Arrival, Arrivals
from simulators.play.play import Chunk, Play, PlayState
from simulators.play.recorder import Recorder
from simulators.play.recording import Recorded, record
from simulators.play.truth_file import TruthFile

__all__ = [
    "Arrival",
    "Arrivals",
    "Chunk",
    "Play",
    "PlayState",
    "Recorded",
    "Recorder",
    "TruthFile",
    "record",
]
