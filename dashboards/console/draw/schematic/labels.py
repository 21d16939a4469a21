"""Labels beside marks, none overlapping another, a mark, a river or a leader.

A label may stand above or below its mark, in one of several rows, before, over or behind it; the farther ones have a
leader. Labels are placed one after the other, the most important first, each in the best place still free, in a few
attempts. A label that finds no place is left out: its mark keeps its name for the pointer and for screen readers, and
the drawing says how many there are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["Anchor", "Box", "Label", "place"]

_ROWS: Final = 4
_ATTEMPTS: Final = 4
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


def place(anchors: Sequence[Anchor], obstacles: Iterable[Box], bounds: Box) -> list[Label | None]:
    """The labels' places, in the order of ``anchors``; None where there is no room.

    Where some find none, they go first in another attempt; the attempt that leaves out the least important is kept.

    Args:
        anchors: Marks with labels.
        obstacles: What labels and leaders may not cover.
        bounds: What labels must stay within.
    """
    solid = list(obstacles)
    order = sorted(range(len(anchors)), key=lambda number: (-anchors[number].importance, anchors[number].x, number))
    best = _in_order(order, anchors, solid, bounds)
    left_out = _missing(best, anchors)
    found = best
    for _ in range(_ATTEMPTS):
        if not left_out:
            break
        order.sort(key=lambda number: found[number] is not None)
        found = _in_order(order, anchors, solid, bounds)
        if _missing(found, anchors) < left_out:
            best, left_out = found, _missing(found, anchors)
    return best


def _missing(labels: Sequence[Label | None], anchors: Sequence[Anchor]) -> list[int]:
    """How important those without a label are, the most important first."""
    return sorted(
        (anchor.importance for anchor, label in zip(anchors, labels, strict=True) if label is None), reverse=True
    )


def _in_order(order: Sequence[int], anchors: Sequence[Anchor], solid: Sequence[Box], bounds: Box) -> list[Label | None]:
    """Each label in the best place that those before it left free."""
    taken = list(solid)
    found: list[Label | None] = [None] * len(anchors)
    for number in order:
        for label in _candidates(anchors[number]):
            covered = [label.box] if label.leader is None else [label.box, label.leader]
            if label.box.within(bounds) and not any(one.meets(other) for one in covered for other in taken):
                found[number] = label
                taken += covered
                break
    return found


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
