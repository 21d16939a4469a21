"""How old data are, as a bar: logarithmic from a minute to a week, with the instant from which on they are late."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from dashboards.console.draw.model import State
from dashboards.console.draw.schematic.glyphs import state_class
from dashboards.console.draw.svg import escape, number, picture, tag
from dashboards.console.draw.words import age_text, say

if TYPE_CHECKING:
    from dashboards.console.draw.model import DataAge

__all__ = ["draw"]

_SHORTEST_S: Final = 60
_LONGEST_S: Final = 7 * 86_400
_BAR_PX: Final = 6


def draw(age: DataAge) -> str:
    """The bar as ``<svg>``: full is a week or never; the upright line is where late begins."""
    late = age.age_s is None or age.age_s > age.due_s
    told = say("never heard", age.lang) if age.age_s is None else age_text(age.age_s, age.lang)
    if late and age.age_s is not None:
        told = f"{told}, {say('late', age.lang)}"
    top = (age.height - _BAR_PX) / 2
    length = age.width if age.age_s is None else _px(age.age_s, age.width)
    state = State.NEVER if age.age_s is None else State.SILENT
    due = number(_px(age.due_s, age.width))
    spoken = f"{age.label} · {say('age', age.lang)} {told}"
    return picture(
        age.width,
        age.height,
        tag("title", escape(spoken)),
        tag("rect", x=0, y=top, width=age.width, height=_BAR_PX, rx=3, class_="wm-age-bed"),
        tag(
            "rect",
            x=0,
            y=top,
            width=length,
            height=_BAR_PX,
            rx=3,
            class_=state_class(state) if late else "wm-age",
        ),
        tag("path", d=f"M{due},{number(top - 4)}v{_BAR_PX + 8}", class_="wm-due"),
        class_="wm wm-data-age",
        role="img",
        aria_label=spoken,
    )


def _px(seconds: int, width: float) -> float:
    """Length of an age; never quite nothing, so that fresh data can be seen."""
    cut = min(_LONGEST_S, max(_SHORTEST_S, seconds))
    return width * max(0.04, math.log(cut / _SHORTEST_S) / math.log(_LONGEST_S / _SHORTEST_S))
