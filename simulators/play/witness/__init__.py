"""The perfect observer: looks at the true flow and says which sections had less than they owe, when and how badly.

It follows docs/alert-classes.md and shares nothing with the rules that judge what devices report, so that each can be
held against the other.
"""

from __future__ import annotations

from simulators.play.witness.columns import Judged
from simulators.play.witness.duty import Duty
from simulators.play.witness.witness import Witness, WitnessState

__all__ = ["Duty", "Judged", "Witness", "WitnessState"]
