"""Hydrographs as a small SVG, panels below each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from simulators.basin.step import Floats

__all__ = ["Panel", "draw"]

WIDTH: Final = 760
HEIGHT: Final = 120
LEFT: Final = 56
TOP: Final = 22


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """One hydrograph.

    Attributes:
        title: Above it.
        hours: Hourly means; NaN leaves a gap.
        logarithmic: Scale of the flow.
    """

    title: str
    hours: Floats
    logarithmic: bool = False


def draw(panels: tuple[Panel, ...]) -> str:
    """The picture; neighbouring panels of one kind of scale have the same range."""
    total = len(panels) * (HEIGHT + TOP + 14)
    style = 'font-family="sans-serif" font-size="11" fill="#444"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {total}" {style}>',
        f'<rect width="{WIDTH}" height="{total}" fill="#fff"/>',
    ]
    for number, panel in enumerate(panels):
        alike = [other.hours for other in panels if other.logarithmic == panel.logarithmic]
        low = min(float(np.nanmin(hours)) for hours in alike)
        high = max(float(np.nanmax(hours)) for hours in alike)
        parts += _panel(panel, low, high, number * (HEIGHT + TOP + 14) + TOP)
    return "\n".join([*parts, "</svg>\n"])


def _panel(panel: Panel, low: float, high: float, top: int) -> list[str]:
    scale = np.log10 if panel.logarithmic else np.asarray
    ends = scale(np.array([low, high]))
    with np.errstate(invalid="ignore"):
        heights = top + HEIGHT * (1.0 - (scale(panel.hours) - ends[0]) / (ends[1] - ends[0]))
    places = LEFT + (WIDTH - LEFT - 8) * np.arange(len(heights)) / max(len(heights) - 1, 1)
    path, pen = [], "M"
    for x, y in zip(places.tolist(), heights.tolist(), strict=True):
        if np.isnan(y):
            pen = "M"
            continue
        path.append(f"{pen}{x:.0f} {y:.1f}")
        pen = "L"
    right, bottom = WIDTH - 8, top + HEIGHT
    return [
        f'<text x="{LEFT}" y="{top - 7}">{panel.title}</text>',
        f'<path d="M{LEFT} {top}V{bottom}H{right}" fill="none" stroke="#999"/>',
        f'<text x="{LEFT - 5}" y="{top + 9}" text-anchor="end">{high:.3g}</text>',
        f'<text x="{LEFT - 5}" y="{bottom}" text-anchor="end">{low:.3g}</text>',
        f'<path d="{"".join(path)}" fill="none" stroke="#1668a5" stroke-width="1.2"/>',
    ]
