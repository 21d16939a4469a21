"""What the marks of the schematic mean: shapes first, then states."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dashboards.console.draw.lettering import text_width
from dashboards.console.draw.model import Mark, State
from dashboards.console.draw.schematic.glyphs import glyph
from dashboards.console.draw.svg import escape, picture, tag
from dashboards.console.draw.words import kind_word, say, state_word
from hydro.register import SectionRole, StationKind

if TYPE_CHECKING:
    from dashboards.console.draw.model import Lang

__all__ = ["draw"]

_SHAPES: Final = (
    (StationKind.SECTION, None),
    (StationKind.SECTION, SectionRole.DAM),
    (StationKind.PLANT, None),
    (StationKind.RESERVOIR, None),
    (StationKind.INTAKE, None),
    (StationKind.WELL, None),
)
_LETTER_PX: Final = 12
_MARK_PX: Final = 32
_APART_PX: Final = 18
_ROW_PX: Final = 30


def draw(lang: Lang, width: int = 1_120) -> str:
    """All shapes and states with their words, in as many rows as they need.

    Args:
        lang: Of the words.
        width: Of the drawing.
    """
    shapes = [(_mark(kind, role, State.NO_TARGET), kind_word(kind, role, lang)) for kind, role in _SHAPES]
    states = [(_mark(StationKind.SECTION, None, state), state_word(state, lang)) for state in State]
    x, y = 0.0, _ROW_PX / 2
    parts = []
    for number, (mark, word) in enumerate((*shapes, *states)):
        room = _MARK_PX + text_width(word, _LETTER_PX)
        if x > 0 and (x + room > width or number == len(shapes)):
            x, y = 0.0, y + _ROW_PX
        parts.append(glyph(mark, x + _MARK_PX / 2 - 2, y, lang, calm=True))
        parts.append(tag("text", escape(word), x=x + _MARK_PX, y=y + 4, class_="wm-muted"))
        x += room + _APART_PX
    return picture(
        width,
        y + _ROW_PX / 2,
        *parts,
        class_="wm wm-key",
        role="img",
        aria_label=say("key", lang),
        lang="zh-CN" if lang == "zh" else "en",
    )


def _mark(kind: StationKind, role: SectionRole | None, state: State) -> Mark:
    return Mark(code="", name="", kind=kind, role=role, river="", state=state)
