"""The numbers of CONTRACT section 8 as the equations that they satisfy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dashboards.console.page.frame import Frame

__all__ = ["CountsView", "Equation", "Term", "counts_view"]


@dataclass(frozen=True, slots=True)
class Term:
    """A number with its name; ``sign`` stands before it."""

    sign: str
    name: str
    count: str
    reasons: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Equation:
    """One number that must be what others come to.

    Attributes:
        title: What is counted.
        terms: Left side, then the right one.
        holds: Whether it does; None for one that merely defines its left side.
        verdict: That, in words.
    """

    title: str
    terms: tuple[Term, ...]
    holds: bool | None
    verdict: str


@dataclass(frozen=True, slots=True)
class CountsView:
    """See the module; ``absent`` says why there are none."""

    equations: tuple[Equation, ...]
    absent: str | None


def counts_view(frame: Frame) -> CountsView:
    """The numbers as they are shown."""
    words, totals = frame.words, frame.board.totals
    if totals is None:
        return CountsView((), words("counted elsewhere"))

    def term(sign: str, name: str, count: int, reasons: Mapping[str, int] | None = None) -> Term:
        shown = tuple((reason, f"{number:,}") for reason, number in sorted((reasons or {}).items()) if number)
        return Term(sign, words(name), f"{count:,}", shown)

    def equation(title: str, *terms: Term, holds: bool | None = None) -> Equation:
        verdict = "" if holds is None else words("adds up" if holds else "does not add up")
        return Equation(title, terms, holds, verdict)

    dead, rejected = sum(totals.messages_dead_lettered.values()), sum(totals.observations_rejected.values())
    found = totals.observations_stored + totals.observations_duplicate + rejected
    return CountsView(
        (
            equation(
                words("messages"),
                term("", "received", totals.messages_received),
                term("=", "decoded", totals.messages_decoded),
                term("+", "dead-lettered", dead, totals.messages_dead_lettered),
                holds=totals.messages_received == totals.messages_decoded + dead,
            ),
            equation(
                words("observations"),
                term("", "decoded", totals.observations_decoded),
                term("=", "stored", totals.observations_stored),
                term("+", "duplicate", totals.observations_duplicate),
                term("+", "rejected", rejected, totals.observations_rejected),
                holds=totals.observations_decoded == found,
            ),
            equation(
                words("store"),
                term("", "rows", totals.observations_stored - totals.observations_corrected),
                term("=", "stored", totals.observations_stored),
                term("−", "corrected", totals.observations_corrected),
            ),
        ),
        None,
    )
