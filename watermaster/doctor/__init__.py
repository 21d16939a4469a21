"""What is wrong with an installation, in plain words: every part looked at, nothing changed."""

from watermaster.doctor.examine import examine
from watermaster.doctor.finding import Finding, Part, State

__all__ = ["Finding", "Part", "State", "examine"]
