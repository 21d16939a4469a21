"""The schematic of a river system: which stations lie where, and how each stands.

``streams`` makes trees of rivers, ``wide`` and ``tall`` make a scene of them, ``render`` makes SVG of a scene.
"""

from __future__ import annotations

from dashboards.console.draw.schematic.render import TALL_PX, WIDE_PX, draw

__all__ = ["TALL_PX", "WIDE_PX", "draw"]
