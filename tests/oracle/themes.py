"""Seeded cases by what they are about."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from .devices_theme import make_faults, make_still
from .silence_theme import make_silence
from .stream import make_case
from .taking_theme import make_meters, make_pumps, make_years
from .targets_theme import make_fast, make_slow

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .case import Case

__all__ = ["THEMES", "make_themed"]

THEMES: Mapping[str, Callable[[Random], Case]] = {
    "mixed": lambda random: make_case(random.randrange(1 << 30)),
    "slow": make_slow,
    "fast": make_fast,
    "still": make_still,
    "faults": make_faults,
    "silence": make_silence,
    "pumps": make_pumps,
    "meters": make_meters,
    "years": make_years,
}


def make_themed(theme: str, seed: int) -> Case:
    """Make a register and a recorded stream; everything follows from the theme and the seed."""
    return THEMES[theme](Random(f"{theme} {seed}"))
