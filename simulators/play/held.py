"""Truths that have ended and are not given out yet, so that all come in the order of their ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulators.play.section_flows import FlowHour, SectionFlows
    from simulators.truth import Truth

__all__ = ["Held", "release"]


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """What is held back.

    Attributes:
        truths: Of all kinds but true flow.
        hours: Of true flow; five thousand lines each, so they stay columns until they are given out.
    """

    truths: tuple[Truth, ...]
    hours: tuple[FlowHour, ...] = ()


def release(
    held: Held, truths: Sequence[Truth], hours: Sequence[FlowHour], flows: SectionFlows, until: int
) -> tuple[Held, tuple[Truth, ...]]:
    """All that ended until an instant is given out, in the order of the ends; the rest is held back.

    Args:
        held: So far.
        truths: That have ended since.
        hours: Likewise.
        flows: Whose hours these are.
        until: Epoch milliseconds. Nothing that ended before may come later.
    """
    known, every = (*held.truths, *truths), (*held.hours, *hours)
    given = [truth for truth in known if truth.end <= until]
    given += [truth for hour in every if hour.end <= until for truth in flows.truths(hour)]
    later = Held(
        tuple(truth for truth in known if truth.end > until), tuple(hour for hour in every if hour.end > until)
    )
    return later, tuple(sorted(given, key=lambda truth: truth.closing))
