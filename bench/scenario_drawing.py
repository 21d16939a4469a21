"""A hydrograph as a small SVG: what is true as lines, what was reported as dots, what happened as shades."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

import numpy as np

from hydro.instants import DAY_MS, HOUR_MS, format_instant

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

__all__ = ["COLOURS", "Line", "Panel", "Shade", "draw"]

COLOURS: Final = ("#1668a5", "#c2571a", "#3b8a3e", "#7b4fa3", "#8a6d1b", "#0f8b8d")
_WIDTH: Final = 820
_LEFT: Final = 58
_RIGHT: Final = 14
_TOP: Final = 44
_PANEL: Final = 130
_ABOVE: Final = 48
_INNER: Final = _WIDTH - _LEFT - _RIGHT
_LETTER_PX: Final = 6.3
_DECADES: Final = 1000.0
_ZONE_MIN: Final = 480


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A course, or dots.

    Attributes:
        name: In the legend; empty: not there.
        times: Epoch milliseconds.
        values: NaN leaves a gap.
        colour: Of it.
        dots: Drawn as dots.
    """

    name: str
    times: Numbers
    values: Numbers
    colour: str
    dots: bool = False


@dataclass(frozen=True, slots=True)
class Shade:
    """Something that lasted.

    Attributes:
        name: In the legend.
        start: Epoch milliseconds.
        end: Epoch milliseconds.
        colour: Of it.
    """

    name: str
    start: int
    end: int
    colour: str


@dataclass(frozen=True, slots=True)
class Panel:
    """A drawing with an axis of its own.

    Attributes:
        unit: Of the axis.
        lines: In it; dots are drawn over courses.
        levels: Values at which a dashed line stands, with their colours.
        shades: Behind them.
        logarithmic: Scale of the axis.
    """

    unit: str
    lines: Sequence[Line]
    levels: Sequence[tuple[float, str]] = ()
    shades: Sequence[Shade] = field(default_factory=tuple)
    logarithmic: bool = False


def draw(title: str, panels: Sequence[Panel], start: int, end: int) -> str:
    """Panels below each other over the same time."""
    height = _TOP + len(panels) * (_PANEL + _ABOVE) + 4
    style = 'font-family="Noto Sans CJK SC, Microsoft YaHei, sans-serif" font-size="11" fill="#444"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" {style}>',
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="{_LEFT}" y="17" font-size="13" fill="#222">{escape(title)}</text>',
    ]
    for number, panel in enumerate(panels):
        parts += _panel(panel, _TOP + number * (_PANEL + _ABOVE), start, end)
    return "\n".join([*parts, "</svg>\n"])


def _panel(panel: Panel, top: int, start: int, end: int) -> Iterator[str]:
    low, high = _range(panel)
    scale = np.log10 if panel.logarithmic else np.asarray
    ends = scale(np.array([low, high]))

    def heights(values: Numbers) -> Numbers:
        with np.errstate(invalid="ignore", divide="ignore"):
            shares: Numbers = (scale(np.maximum(values, low)) - ends[0]) / (ends[1] - ends[0])
        return top + _PANEL * (1.0 - np.minimum(shares, 1.0))

    def places(times: Numbers) -> Numbers:
        found: Numbers = _LEFT + _INNER * (times - start) / (end - start)
        return found

    bottom = top + _PANEL
    for shade in panel.shades:
        left, right = places(np.clip(np.array([shade.start, shade.end], np.float64), start, end)).tolist()
        yield (
            f'<rect x="{left:.1f}" y="{top}" width="{max(right - left, 1.0):.1f}" height="{_PANEL}" '
            f'fill="{shade.colour}" fill-opacity="0.16"/>'
        )
    yield from _legend(panel, top - 8)
    yield f'<path d="M{_LEFT} {top}V{bottom}H{_LEFT + _INNER}" fill="none" stroke="#999"/>'
    yield f'<text x="{_LEFT - 5}" y="{top + 9}" text-anchor="end">{high:.3g}</text>'
    yield f'<text x="{_LEFT - 5}" y="{bottom}" text-anchor="end">{low:.3g}</text>'
    yield f'<text x="{_LEFT - 5}" y="{(top + bottom) // 2}" text-anchor="end">{escape(panel.unit)}</text>'
    for at, text in _ticks(start, end):
        tick = float(places(np.array([at], np.float64))[0])
        yield f'<path d="M{tick:.1f} {bottom}v4" stroke="#999"/>'
        yield f'<text x="{tick:.1f}" y="{bottom + 14}" text-anchor="middle" font-size="10">{text}</text>'
    for level, colour in panel.levels:
        dashed = float(heights(np.array([level]))[0])
        yield f'<path d="M{_LEFT} {dashed:.1f}h{_INNER}" stroke="{colour}" stroke-dasharray="5 4" stroke-width="0.8"/>'
    for line in sorted(panel.lines, key=lambda one: one.dots):
        known = ~np.isnan(line.values)
        x, y = places(line.times), np.where(known, heights(line.values), np.nan)
        if line.dots:
            path = _dots(x[known], y[known])
            yield f'<path d="{path}" stroke="{line.colour}" stroke-width="2" stroke-linecap="round" opacity="0.55"/>'
        else:
            yield f'<path d="{_path(x, y)}" fill="none" stroke="{line.colour}" stroke-width="1.3"/>'


def _legend(panel: Panel, y: int) -> Iterator[str]:
    """Names of lines and shades, each once."""
    named = {line.name: (line.colour, 1.0) for line in panel.lines if line.name}
    named |= {shade.name: (shade.colour, 0.35) for shade in panel.shades}
    x = float(_LEFT)
    for name, (colour, opacity) in named.items():
        yield f'<rect x="{x:.0f}" y="{y - 8}" width="9" height="9" fill="{colour}" fill-opacity="{opacity:g}"/>'
        yield f'<text x="{x + 13:.0f}" y="{y}">{escape(name)}</text>'
        x += 30 + _LETTER_PX * sum(1.8 if ord(letter) > 0x2E80 else 1.0 for letter in name)  # CJK is wide  # noqa: PLR2004


def _range(panel: Panel) -> tuple[float, float]:
    values = np.concatenate([line.values for line in panel.lines] + [np.array([level for level, _ in panel.levels])])
    values = values[np.isfinite(values)]
    if panel.logarithmic:
        values = values[values > 0.0]
        return max(float(values.min()) * 0.9, float(values.max()) / _DECADES), float(values.max()) * 1.1
    low, high = float(values.min()), float(values.max())
    low = 0.0 if low >= 0.0 and low < 0.6 * high else low - 0.1 * max(high - low, 0.1 * abs(high))
    return low, high + 0.06 * max(high - low, 1e-3)


def _ticks(start: int, end: int) -> list[tuple[int, str]]:
    """Local midnights, or hours of a short one."""
    shift = _ZONE_MIN * 60_000
    days = (end - start) / DAY_MS
    every = 3 * HOUR_MS if days <= 1.5 else DAY_MS * max(round(days / 10), 1)  # as many as have room  # noqa: PLR2004
    first = -(-(start + shift) // every) * every - shift
    part = slice(11, 16) if every < DAY_MS else slice(5, 10)
    return [(at, format_instant(at, _ZONE_MIN)[part]) for at in range(first, end + 1, every)]


def _path(x: Numbers, y: Numbers) -> str:
    """A line; of what falls on one pixel only the lowest and the highest. Halves of a pixel, relative: few letters."""
    path: list[str] = []
    pen: tuple[int, int] | None = None
    for pixel in np.split(np.arange(len(x)), np.flatnonzero(np.diff(x.astype(np.int64))) + 1):
        heights = y[pixel]
        if np.isnan(heights).all():
            pen = None
            continue
        low, high = np.nanmin(heights), np.nanmax(heights)
        points = [low] if high - low < 1.0 else [low, high]  # a pixel
        if len(points) > 1 and np.nanargmin(heights) > np.nanargmax(heights):
            points.reverse()
        for point in points:
            here = (int(x[pixel[0]]), round(2.0 * float(point)))
            if pen is None:
                path.append(f"M{here[0]} {here[1] / 2:g}l")
            else:
                path.append(f"{here[0] - pen[0]} {(here[1] - pen[1]) / 2:g}")
            pen = here
    return " ".join(path).replace("l ", "l").replace(" -", "-").replace(" M", "M").replace("lM", "M").rstrip("l")


def _dots(x: Numbers, y: Numbers) -> str:
    """Dots, each place once; one wide, so that the round ends make it a dot."""
    path, pen = [], (0, 0)
    for here in sorted({(round(a), round(b)) for a, b in zip(x.tolist(), y.tolist(), strict=True)}):
        path.append(f"m{here[0] - pen[0]} {here[1] - pen[1]}h0".replace(" -", "-"))
        pen = here
    return "".join(path)
