"""The head of the page: how the program and the rivers are, in plain words, and the basins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dashboards.console.draw.model import State
from dashboards.console.draw.words import letter, state_word
from dashboards.console.page.words import PHRASES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dashboards.console.page.frame import Frame

__all__ = ["Badge", "BasinLink", "HeadView", "badges", "head_view"]

_MOST_BASINS: Final = 200


@dataclass(frozen=True, slots=True)
class Badge:
    """How many stations stand in a state.

    Attributes:
        state: Which.
        letter: Stands in the mark, so that its colour need not be seen.
        word: In words.
        count: How many.
    """

    state: State
    letter: str
    word: str
    count: int


@dataclass(frozen=True, slots=True)
class BasinLink:
    """A basin to choose.

    Attributes:
        name: As shown.
        href: Where it leads.
        chosen: It is the one shown.
        stations: How many stations it has, in words.
        badges: Its stations by state, worst first; those that are well are left out.
    """

    name: str
    href: str
    chosen: bool
    stations: str
    badges: tuple[Badge, ...]


@dataclass(frozen=True, slots=True)
class HeadView:
    """See the module.

    Attributes:
        condition: ``ok``, ``degraded`` or ``failed``.
        headline: In two or three words.
        sentences: What is wrong, or that nothing is.
        badges: All stations by state.
        basins: In the order of the register; the chosen one is among them.
    """

    condition: str
    headline: str
    sentences: tuple[str, ...]
    badges: tuple[Badge, ...]
    basins: tuple[BasinLink, ...]


def head_view(frame: Frame) -> HeadView:
    """The head of somebody's page."""
    board, words = frame.board, frame.words
    status = "degraded" if board.ledger_error is not None else "ok"
    if board.health["status"] != "ok":
        status = str(board.health["status"])
    sentences = tuple(_complaints(frame)) or (words("receives"),)
    headline = words("all well" if status == "ok" else status)
    kept = frame.choice.only("lang", "range", "show", "where")
    chosen = None if frame.basin is None else frame.basin.name
    shown = list(frame.places.basins.values())[:_MOST_BASINS]
    if frame.basin is not None and frame.basin not in shown:
        shown.append(frame.basin)
    basins = tuple(
        BasinLink(
            frame.basin_name(basin.name),
            kept.address(basin=basin.name),
            basin.name == chosen,
            words("stations of basin", count=len(basin.members)),
            badges(frame, board.counts(basin.members), well=False),
        )
        for basin in shown
    )
    return HeadView(status, headline, sentences, badges(frame, board.counts()), basins)


def badges(frame: Frame, counts: Mapping[State, int], *, well: bool = True) -> tuple[Badge, ...]:
    """Stations by state, worst first.

    Args:
        frame: Whose page.
        counts: How many in which state.
        well: Also those that are well or owe nothing.
    """
    left_out = () if well else (State.OK, State.NO_TARGET)
    return tuple(
        Badge(state, letter(state, frame.lang), state_word(state, frame.lang), counts[state])
        for state in sorted(counts, key=lambda state: -state.severity)
        if state not in left_out
    )


def _complaints(frame: Frame) -> Iterator[str]:
    words = frame.words
    for part, condition in frame.board.health["parts"].items():
        status, detail = condition["status"], condition.get("detail", "")
        if status == "ok":
            continue
        phrase = f"{part} {status}"
        if phrase in PHRASES:
            yield words(phrase)
        else:
            yield words("part away", part=words.listed(part), detail=detail or words(status))
    if frame.board.ledger_error is not None:
        yield words("ledger unread", detail=frame.board.ledger_error)
