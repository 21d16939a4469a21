"""The one source of colours: two themes, and the CSS custom properties that carry them.

Levels are told by a fill, an edge around it and a letter in it. Fills follow Okabe and Ito in spirit: blue, yellow,
orange and a dark red whose lightness falls from yellow to red on paper, so that who sees no red or no green still sees
the order. ``tests/dashboards/draw/test_palette.py`` holds them to it: contrast after WCAG 2.2, differences in OKLab
after simulated colour blindness.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

from dashboards.console.draw.model import State

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["DARK", "LIGHT", "Palette", "Tone", "custom_properties"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tone:
    """Colours of one state, as ``#rrggbb``.

    Attributes:
        fill: Of a mark or bar.
        edge: Around it; against paper and card at least 4.5 : 1, so that text may have it too.
        ink: Of the letter on the fill.
        wash: Of a band behind a series; ink and muted text stay readable on it.
    """

    fill: str
    edge: str
    ink: str
    wash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """A theme.

    Attributes:
        paper: Behind everything.
        card: Of panels on the paper.
        ink: Text.
        muted: Text that stands back.
        line: Axes and outlines that carry meaning.
        hairline: Grids and rules that carry none.
        water: The series, and what is well.
        river: Rivers and canals.
        river_soft: Envelopes, and a reach from which water is diverted.
        focus: Ring of the selected and the focused.
        tones: Of the states.
    """

    paper: str
    card: str
    ink: str
    muted: str
    line: str
    hairline: str
    water: str
    river: str
    river_soft: str
    focus: str
    tones: Mapping[State, Tone]


LIGHT: Final = Palette(
    paper="#faf8f3",
    card="#fffefb",
    ink="#1d2a31",
    muted="#566268",
    line="#7d888d",
    hairline="#e3dfd5",
    water="#1c6b80",
    river="#4790a6",
    river_soft="#cfe3e8",
    focus="#1d2a31",
    tones={
        State.OK: Tone(fill="#fffefb", edge="#1c6b80", ink="#1c6b80", wash="#e6f1f3"),
        State.NO_TARGET: Tone(fill="#fffefb", edge="#5f6b70", ink="#566268", wash="#f0eee8"),
        State.BLUE: Tone(fill="#2f6fb7", edge="#1f5796", ink="#ffffff", wash="#e3ecf7"),
        State.YELLOW: Tone(fill="#f2c230", edge="#856200", ink="#2b2200", wash="#fef9e6"),
        State.ORANGE: Tone(fill="#e0701b", edge="#a84c06", ink="#1e0e00", wash="#fdf0e3"),
        State.RED: Tone(fill="#a3122a", edge="#8f0e22", ink="#ffffff", wash="#faeaea"),
        State.SILENT: Tone(fill="#f0eee8", edge="#566268", ink="#454f54", wash="#f0eee8"),
        State.NEVER: Tone(fill="#faf8f3", edge="#5f6b70", ink="#566268", wash="#f5f3ee"),
    },
)

DARK: Final = Palette(
    paper="#12181c",
    card="#182025",
    ink="#e6e4dd",
    muted="#a3adb1",
    line="#76828a",
    hairline="#2a343a",
    water="#79bfd3",
    river="#4c93aa",
    river_soft="#234550",
    focus="#f2efe6",
    tones={
        State.OK: Tone(fill="#182025", edge="#79bfd3", ink="#79bfd3", wash="#1a2d34"),
        State.NO_TARGET: Tone(fill="#182025", edge="#8f9a9f", ink="#a3adb1", wash="#20292e"),
        State.BLUE: Tone(fill="#6fa8f0", edge="#8fbdf7", ink="#06182e", wash="#1b2b42"),
        State.YELLOW: Tone(fill="#f6d158", edge="#f6d158", ink="#2b2200", wash="#27251b"),
        State.ORANGE: Tone(fill="#ee8a3a", edge="#f59a52", ink="#1e0e00", wash="#2b231c"),
        State.RED: Tone(fill="#d63347", edge="#f47d86", ink="#ffffff", wash="#321d21"),
        State.SILENT: Tone(fill="#2a343a", edge="#a3adb1", ink="#d5d8d6", wash="#20292e"),
        State.NEVER: Tone(fill="#12181c", edge="#8f9a9f", ink="#a3adb1", wash="#1a2227"),
    },
)


def custom_properties(palette: Palette) -> dict[str, str]:
    """CSS custom properties of a theme, in a fixed order.

    >>> properties = custom_properties(LIGHT)
    >>> properties["--wm-paper"], properties["--wm-red-fill"], properties["--wm-no-target-edge"]
    ('#faf8f3', '#a3122a', '#5f6b70')
    """
    found = {f"--wm-{_dashed(one.name)}": getattr(palette, one.name) for one in fields(palette) if one.name != "tones"}
    for state, tone in palette.tones.items():
        found |= {f"--wm-{_dashed(state.value)}-{one.name}": getattr(tone, one.name) for one in fields(tone)}
    return found


def _dashed(name: str) -> str:
    return name.replace("_", "-")
