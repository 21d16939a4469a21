"""Marks of stations: a shape for what stands there, a fill, outline and letter for how it stands.

============  =================================================
section       circle: a gauge on the stream
dam           trapezoid: the cross-section of a dam
plant         square: a powerhouse
reservoir     triangle on its tip: the sign for a water surface
intake        pentagon with its tip away from the river
well          hexagon
============  =================================================

An outline is whole where data come, dashed where they stopped, dotted where none ever came.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dashboards.console.draw.svg import escape, number, tag
from dashboards.console.draw.words import letter
from hydro.register import SectionRole, StationKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboards.console.draw.model import Lang, Mark, State

__all__ = ["RADIUS", "SMALL_RADIUS", "glyph", "outline", "pill", "pill_half", "state_class"]

RADIUS: Final = 9.0
"""Half the size of a mark."""
SMALL_RADIUS: Final = 5.5
"""Half the size of a mark among hundreds."""

_RING_PX: Final = 4.5
_FOCUS_PX: Final = 8
_LETTER_DROP: Final = 0.4
_SECTION: Final = "section"
_DAM: Final = "dam"

# Corners in shares of the radius; the areas are about equal.
_CORNERS: Final[dict[str, Sequence[tuple[float, float]]]] = {
    _DAM: ((-0.68, -1.0), (0.68, -1.0), (1.25, 0.95), (-1.25, 0.95)),
    StationKind.PLANT.value: ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
    StationKind.RESERVOIR.value: ((-1.2, -0.9), (1.2, -0.9), (0.0, 1.15)),
    StationKind.INTAKE.value: ((-0.9, -1.0), (0.9, -1.0), (0.9, 0.25), (0.0, 1.15), (-0.9, 0.25)),
    StationKind.WELL.value: ((-1.05, 0.0), (-0.53, -0.92), (0.53, -0.92), (1.05, 0.0), (0.53, 0.92), (-0.53, 0.92)),
}
# A triangle has its room above the middle.
_LETTER_LIFT: Final = {StationKind.RESERVOIR.value: -0.22, _DAM: 0.06, StationKind.INTAKE.value: -0.08}


def glyph(
    mark: Mark,
    x: float,
    y: float,
    lang: Lang,
    *,
    radius: float = RADIUS,
    away: tuple[int, int] = (0, 1),
    calm: bool = False,
) -> str:
    """The mark, with halo where it fires and a ring where it is selected.

    Args:
        mark: The station.
        x: Of its middle.
        y: Of its middle.
        lang: Of its letter.
        radius: Half its size.
        away: Direction from the river, for an intake's tip.
        calm: Without halo, even where it fires.
    """
    shape = _shape(mark)
    path = outline(shape, x, y, radius, away)
    name = state_class(mark.state)
    parts = []
    if mark.state.firing and not calm:
        parts.append(tag("circle", cx=x, cy=y, r=radius + 2, class_=f"wm-halo {name}-edge"))
    parts.append(tag("circle", cx=x, cy=y, r=radius + _FOCUS_PX, class_="wm-focus"))
    if mark.selected:
        parts.append(tag("circle", cx=x, cy=y, r=radius + _RING_PX, class_="wm-ring"))
    parts.append(tag("path", d=path, class_=f"wm-glyph wm-{shape} {name}"))
    text = letter(mark.state, lang)
    if text and radius >= RADIUS:
        lift = _LETTER_LIFT.get(shape, 0.0) * (away[1] if shape == StationKind.INTAKE.value else 1)
        baseline = y + (_LETTER_DROP + lift) * radius + 0.4
        parts.append(tag("text", escape(text), x=x, y=baseline, class_=f"wm-letter {name}-ink"))
    return "".join(parts)


def outline(shape: str, x: float, y: float, radius: float, away: tuple[int, int] = (0, 1)) -> str:
    """Path data of a shape.

    Args:
        shape: ``section``, ``dam``, or a kind.
        x: Of its middle.
        y: Of its middle.
        radius: Half its size.
        away: Direction in which an intake's tip points: (0, 1) is down.
    """
    if shape == _SECTION:
        r, across = number(radius), number(2 * radius)
        return f"M{number(x - radius)},{number(y)}a{r},{r} 0 1,0 {across},0a{r},{r} 0 1,0 -{across},0Z"
    corners = _CORNERS[shape]
    if shape == StationKind.INTAKE.value:
        sideways, upright = away
        corners = [(dx * upright + dy * sideways, dy * upright + dx * sideways) for dx, dy in corners]
    return "M" + "L".join(f"{number(x + dx * radius)},{number(y + dy * radius)}" for dx, dy in corners) + "Z"


def pill(marks: Sequence[Mark], x: float, y: float) -> str:
    """Several stations as one: how many, and how the worst of them stands."""
    worst = max((mark.state for mark in marks), key=lambda state: state.severity)
    name = state_class(worst)
    text = str(len(marks))
    half = pill_half(len(marks))
    parts = []
    if worst.firing:
        parts.append(tag("circle", cx=x, cy=y, r=RADIUS + 2, class_=f"wm-halo {name}-edge"))
    parts.append(tag("rect", x=x - half, y=y - 8, width=2 * half, height=16, rx=8, class_=f"wm-glyph {name}"))
    parts.append(tag("text", text, x=x, y=y + 4, class_=f"wm-letter {name}-ink"))
    return "".join(parts)


def pill_half(count: int) -> float:
    """Half the width of a pill."""
    return 7 + 3.6 * len(str(count))


def state_class(state: State) -> str:
    """CSS class of a state."""
    return f"state-{state.value.replace('_', '-')}"


def _shape(mark: Mark) -> str:
    if mark.role is SectionRole.DAM:
        return _DAM
    return mark.kind.value
