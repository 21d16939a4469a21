"""Labels beside marks, none overlapping another, a mark, a river or a leader.

A label may stand above or below its mark, in one of several rows, before, over or behind it; the farther ones have a
leader. Labels are placed one after the other, the most important first, each in the best place still free. Where none
is free, it drives out others, which look for another place; in the end only the less important give way. A label that
finds no place is left out: its mark keeps its name for the pointer and for screen readers, and the drawing says how
many there are.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["Anchor", "Box", "Label", "place"]

_ROWS: Final = 6
_TURNS: Final = 8
"""How often a label may be placed, on the average."""
_CLEAR_PX: Final = 4
_FLAG_PX: Final = 5
_ALIGNMENTS: Final = ("middle", "start", "end")


class Box(NamedTuple):
    """A rectangle in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        """Whether the two have an area in common."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def within(self, other: Box) -> bool:
        """Whether no part lies outside of the other."""
        return (
            self.left >= other.left
            and self.right <= other.right
            and self.top >= other.top
            and self.bottom <= other.bottom
        )


class Anchor(NamedTuple):
    """A mark that wants a label.

    Attributes:
        x: Middle of the mark.
        y: Middle of the mark.
        above: Distance from there to the first row upwards.
        below: Distance from there to the first row downwards.
        width: Of the label.
        height: Of the label.
        first_up: Upwards is tried first.
        beside: Right and left of the mark will do as well: it stands away from the river.
        importance: Larger goes first.
    """

    x: float
    y: float
    above: float
    below: float
    width: float
    height: float
    first_up: bool
    beside: bool
    importance: int


class Label(NamedTuple):
    """A label's place.

    Attributes:
        box: What it covers.
        align: ``start``, ``middle`` or ``end`` of the text is at the mark's x.
        up: It stands above the mark.
        leader: From the mark to the label; None in the first row.
    """

    box: Box
    align: str
    up: bool
    leader: Box | None

    @property
    def covered(self) -> tuple[Box, ...]:
        """Text and leader."""
        return (self.box,) if self.leader is None else (self.box, self.leader)

    def meets(self, boxes: Iterable[Box]) -> bool:
        """Whether text or leader covers some of these."""
        covered = self.covered
        return any(one.meets(box) for box in boxes for one in covered)


def place(anchors: Sequence[Anchor], obstacles: Iterable[Box], bounds: Box) -> list[Label | None]:
    """The labels' places, in the order of ``anchors``; None where there is no room.

    Args:
        anchors: Marks with labels.
        obstacles: What labels and leaders may not cover.
        bounds: What labels must stay within.
    """
    solid = list(obstacles)
    candidates = [_allowed(anchor, solid, bounds) for anchor in anchors]
    found: list[Label | None] = [None] * len(anchors)
    driven_out = [0] * len(anchors)
    waiting = [(-anchor.importance, anchor.x, number) for number, anchor in enumerate(anchors)]
    heapify(waiting)
    turns = _TURNS * len(anchors)
    for turn in range(turns):
        if not waiting:
            break
        number = heappop(waiting)[2]
        # Towards the end only the less important give way, so that they are left out and not the others.
        giving_way = [turn < turns // 2 or other.importance <= anchors[number].importance for other in anchors]
        label, others = _best(candidates[number], found, driven_out, giving_way)
        found[number] = label
        for other in others:
            lost = found[other]
            found[other] = None
            driven_out[other] += 1
            if lost is not None:  # tried last, else two labels would take the same two places from each other for ever
                candidates[other].remove(lost)
                candidates[other].append(lost)
            heappush(waiting, (-anchors[other].importance, anchors[other].x, other))
    nobody = [False] * len(anchors)
    for _, _, number in sorted(waiting):
        found[number], _ = _best(candidates[number], found, driven_out, nobody)
    return found


def _best(
    candidates: Sequence[Label], found: Sequence[Label | None], driven_out: Sequence[int], giving_way: Sequence[bool]
) -> tuple[Label | None, Sequence[int]]:
    """Where a label goes, and whose labels it drives out: the first free place, else where it disturbs least.

    Args:
        candidates: Best first.
        found: Labels that are placed.
        driven_out: How often each was driven out; those that often were are disturbed last.
        giving_way: Which may be driven out.
    """
    best: tuple[Label | None, Sequence[int]] = None, ()
    least: int | None = None
    for label in candidates:
        met = [other for other, placed in enumerate(found) if placed is not None and label.meets(placed.covered)]
        if not met:
            return label, ()
        if not all(giving_way[other] for other in met):
            continue
        trouble = sum(1 + driven_out[other] for other in met)
        if least is None or trouble < least:
            best, least = (label, met), trouble
    return best


def _allowed(anchor: Anchor, solid: Sequence[Box], bounds: Box) -> list[Label]:
    """Candidates that cover nothing solid, best first."""
    reach = anchor.width + max(anchor.above, anchor.below)
    near = [box for box in solid if box.left < anchor.x + reach and box.right > anchor.x - reach]
    return [label for label in _candidates(anchor) if label.box.within(bounds) and not label.meets(near)]


def _candidates(anchor: Anchor) -> Iterator[Label]:
    """Best first: near before far, the usual side before the other, centred before aside."""
    for row in range(_ROWS):
        if row == 1 and anchor.beside:
            top, bottom = anchor.y - anchor.height / 2, anchor.y + anchor.height / 2
            right, left = anchor.x + anchor.below, anchor.x - anchor.below
            yield Label(Box(right, top, right + anchor.width, bottom), "start", anchor.first_up, None)
            yield Label(Box(left - anchor.width, top, left, bottom), "end", anchor.first_up, None)
        for up in (anchor.first_up, not anchor.first_up):
            for align in _ALIGNMENTS:
                yield _label(anchor, row, align, up=up)


def _label(anchor: Anchor, row: int, align: str, *, up: bool) -> Label:
    reach = (anchor.above if up else anchor.below) + row * (anchor.height + _CLEAR_PX)
    top = anchor.y - reach - anchor.height if up else anchor.y + reach
    if align == "middle":
        left = anchor.x - anchor.width / 2
    elif align == "start":
        left = anchor.x - _FLAG_PX
    else:
        left = anchor.x + _FLAG_PX - anchor.width
    box = Box(left, top, left + anchor.width, top + anchor.height)
    if row == 0:
        return Label(box, align, up, None)
    start, end = (box.bottom, anchor.y - anchor.above + 1) if up else (anchor.y + anchor.below - 1, box.top)
    return Label(box, align, up, Box(anchor.x - 1.5, start, anchor.x + 1.5, end))
