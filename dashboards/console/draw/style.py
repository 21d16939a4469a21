"""The stylesheet of all drawings: colours by theme, type, and the one thing that moves.

The theme follows the system; ``data-theme="light"`` or ``"dark"`` on the root element overrules it. The page may use
the same custom properties, such as ``var(--wm-paper)`` or ``var(--wm-red-fill)``.
"""

from __future__ import annotations

from typing import Final

from dashboards.console.draw.model import State
from dashboards.console.draw.palette import DARK, LIGHT, Palette, custom_properties

__all__ = ["FONT_STACK", "stylesheet"]

FONT_STACK: Final = (
    '-apple-system, BlinkMacSystemFont, "Segoe UI", "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei", '
    '"Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Micro Hei", "Liberation Sans", sans-serif'
)
"""Fonts that systems bring along; the Chinese ones also have the digits."""

_RULES: Final = """
.wm { display: block; max-width: 100%; height: auto; overflow: visible; font-family: FONTS; font-size: 12px;
  font-variant-numeric: tabular-nums; fill: var(--wm-ink); }
.wm text { stroke: none; }
.wm a { text-decoration: none; cursor: pointer; outline: none; }
.wm-muted { fill: var(--wm-muted); }
.wm-strong { font-weight: 600; }
.wm .wm-empty { stroke: var(--wm-card); stroke-width: 5px; paint-order: stroke; }
.wm-small { font-size: 11px; }
.wm-tiny { font-size: 10px; }
.wm-end { text-anchor: end; }
.wm-middle { text-anchor: middle; }
.wm-empty { fill: var(--wm-muted); font-size: 15px; text-anchor: middle; }
.wm-none { fill: none; stroke: none; pointer-events: all; }

.wm-river { fill: var(--wm-river); }
.wm-canal { fill: none; stroke: var(--wm-river); stroke-width: 1.6; stroke-linecap: round; stroke-linejoin: round; }
.wm-aside { fill: var(--wm-muted); font-size: 11px; font-weight: 400; }
.wm-canal-bed { fill: none; stroke: var(--wm-river-soft); stroke-width: 5; stroke-linecap: round; }
.wm-structure { fill: var(--wm-card); stroke: var(--wm-muted); stroke-width: 1.2; stroke-linejoin: round; }
.wm-bolt { fill: none; stroke: var(--wm-muted); stroke-width: 1.2; stroke-linejoin: round; }
.wm-dam-wall { stroke: var(--wm-ink); stroke-width: 3; stroke-linecap: round; }
.wm-river-name { fill: var(--wm-water); font-size: 13px; letter-spacing: .18em; }
.wm-river-name:lang(en) { font-style: italic; letter-spacing: .04em; }
.wm-arrow { fill: none; stroke: var(--wm-paper); stroke-width: 1.4; stroke-linecap: round; stroke-linejoin: round; }

.wm-name { font-size: 12.5px; }
.wm-value { font-size: 12px; font-weight: 600; }
.wm-leader { stroke: var(--wm-line); stroke-width: .7; fill: none; }
.wm-glyph { stroke-width: 1.8; stroke-linejoin: round; }
.wm-letter { font-size: 11px; font-weight: 700; text-anchor: middle; }
.wm-ring { fill: none; stroke: var(--wm-focus); stroke-width: 1.5; }
.wm-focus { fill: none; stroke: none; }
.wm a:focus-visible .wm-focus { stroke: var(--wm-focus); stroke-width: 2.5; stroke-dasharray: 2 2; }
.wm a:hover .wm-name { text-decoration: underline; text-underline-offset: 3px; }
.wm-here { fill: var(--wm-hairline); opacity: .6; }
.wm-rule { stroke: var(--wm-hairline); stroke-width: 1; }

.wm-grid { stroke: var(--wm-hairline); stroke-width: 1; fill: none; shape-rendering: crispEdges; }
.wm-axis { stroke: var(--wm-line); stroke-width: 1; fill: none; shape-rendering: crispEdges; }
.wm-axis-text { fill: var(--wm-muted); font-size: 11px; }
.wm-series { fill: none; stroke: var(--wm-water); stroke-width: 1.5; stroke-linejoin: round; stroke-linecap: round; }
.wm-dense { stroke-width: 1; }
.wm-deficit { fill: var(--wm-ink); opacity: .1; stroke: none; }
.wm-alone { fill: none; stroke: var(--wm-water); stroke-width: 3.2; stroke-linecap: round; }
.wm-envelope { fill: var(--wm-river-soft); stroke: none; }
.wm-target { fill: none; stroke: var(--wm-ink); stroke-width: 1.3; }
.wm-target-other { fill: none; stroke: var(--wm-muted); stroke-width: 1; stroke-dasharray: 5 3; }
.wm-suspect { fill: var(--wm-card); stroke: var(--wm-water); stroke-width: 1.3; }
.wm-fail { fill: none; stroke: var(--wm-ink); stroke-width: 1.4; stroke-linecap: round; }
.wm-beyond { fill: var(--wm-ink); stroke: none; }
.wm-missing { fill: none; stroke: var(--wm-muted); stroke-width: 1; shape-rendering: crispEdges; }
.wm-silence { fill: none; stroke: var(--wm-muted); stroke-width: 2; stroke-dasharray: 1.5 2.5; }
.wm-newest { fill: var(--wm-water); stroke: var(--wm-card); stroke-width: 1.5; }
.wm-newest-text { fill: var(--wm-water); font-weight: 600; font-size: 12px; }
.wm-bar { stroke-width: 1; }
.wm-lane { stroke: var(--wm-hairline); stroke-width: 1; shape-rendering: crispEdges; }
.wm-runs { fill: var(--wm-water); opacity: .75; }
.wm-warns { fill: var(--wm-ink); }
.wm-onset { stroke: var(--wm-line); stroke-width: 1; stroke-dasharray: 1 3; fill: none; }
.wm-age { fill: var(--wm-river); }
.wm-age-bed { fill: var(--wm-hairline); }
.wm-due { stroke: var(--wm-ink); stroke-width: 1.2; }

.wm-halo { fill: none; stroke-width: 2; opacity: .45; transform-box: fill-box; transform-origin: center; }
@keyframes wm-breathe { 0% { transform: scale(1); opacity: .6; } 70%, 100% { transform: scale(1.75); opacity: 0; } }
@media (prefers-reduced-motion: no-preference) { .wm-halo { animation: wm-breathe 2.8s ease-out infinite; } }
@media (forced-colors: active) { .wm { forced-color-adjust: none; } }
"""


def stylesheet() -> str:
    """CSS that the page includes once.

    >>> "--wm-paper" in stylesheet() and "<" not in stylesheet()
    True
    """
    light, dark = _block(LIGHT), _block(DARK)
    themes = (
        f":root {{ color-scheme: light dark; {light} }}\n"
        f'@media (prefers-color-scheme: dark) {{ :root:not([data-theme="light"]) {{ {dark} }} }}\n'
        f':root[data-theme="dark"] {{ color-scheme: dark; {dark} }}\n'
        f':root[data-theme="light"] {{ color-scheme: light; }}\n'
    )
    return themes + _RULES.replace("FONTS", FONT_STACK) + "".join(map(_state_rules, State))


def _block(palette: Palette) -> str:
    return " ".join(f"{name}: {value};" for name, value in custom_properties(palette).items())


def _state_rules(state: State) -> str:
    """A state's colours: of shapes, of the letter on them, of its text and of its band."""
    name = state.value.replace("_", "-")
    dashes = {State.SILENT: " stroke-dasharray: 3.5 2.5;", State.NEVER: " stroke-dasharray: 1.2 2.6;"}.get(state, "")
    return (
        f".state-{name} {{ fill: var(--wm-{name}-fill); stroke: var(--wm-{name}-edge);{dashes} }}\n"
        f".state-{name}-edge {{ stroke: var(--wm-{name}-edge); }}\n"
        f".state-{name}-ink {{ fill: var(--wm-{name}-ink); }}\n"
        f".state-{name}-text {{ fill: var(--wm-{name}-edge); }}\n"
        f".state-{name}-wash {{ fill: var(--wm-{name}-wash); }}\n"
    )
