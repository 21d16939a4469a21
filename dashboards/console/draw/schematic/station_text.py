"""What is written beside a station on the schematic, and what is said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dashboards.console.draw.model import State
from dashboards.console.draw.schematic.glyphs import state_class
from dashboards.console.draw.words import age_text, kind_word, say, state_word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboards.console.draw.model import Lang, Mark

__all__ = ["StationText", "counts", "spoken", "station_text"]


class StationText(NamedTuple):
    """Two lines.

    Attributes:
        name: First line.
        value: Second line: what is measured, or since when nothing is.
        value_class: CSS classes of it.
        aside: Behind the value: what is asked, and that an alert is only suspected.
    """

    name: str
    value: str
    value_class: str
    aside: str


def station_text(mark: Mark, lang: Lang) -> StationText:
    """The label of a station."""
    name = mark.name or mark.code
    if mark.state is State.NEVER:
        return StationText(name, say("never heard", lang), "wm-small wm-muted", "")
    if mark.state is State.SILENT or mark.value_text is None:
        told = say("silent", lang) if mark.age_s is None else f"{age_text(mark.age_s, lang)} {say('silent', lang)}"
        return StationText(name, told, "wm-small wm-muted", "")
    aside = [mark.target_text] if mark.target_text else []
    if mark.suspected and mark.state.firing:
        aside.append(say("suspected", lang))
    coloured = f"wm-value {state_class(mark.state)}-text" if mark.state.firing else "wm-value"
    return StationText(name, mark.value_text, coloured, " ".join(aside))


def spoken(mark: Mark, lang: Lang) -> str:
    """A station in a sentence, for the pointer and for screen readers."""
    parts = [
        mark.name or mark.code,
        kind_word(mark.kind, mark.role, lang),
        state_word(mark.state, lang, suspected=mark.suspected),
    ]
    if mark.value_text is not None:
        parts.append(mark.value_text)
    if mark.target_text:
        parts.append(f"{say('target', lang)} {mark.target_text}")
    if mark.age_s is not None:
        parts.append(f"{say('age', lang)} {age_text(mark.age_s, lang)}")
    if mark.name:
        parts.append(mark.code)
    return " · ".join(parts)


def counts(marks: Sequence[Mark], lang: Lang) -> str:
    """How many stand how, the worst first."""
    numbers: dict[State, int] = {}
    for mark in marks:
        numbers[mark.state] = numbers.get(mark.state, 0) + 1
    ordered = sorted(numbers, key=lambda state: -state.severity)
    told = ", ".join(f"{numbers[state]} {state_word(state, lang)}" for state in ordered)
    return f"{len(marks)} {say('stations', lang)}: {told}"
