"""What people set at dams and sinks, as columns of a chunk."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simulators.basin.step import Floats, Integers

__all__ = ["Order", "OrderKind", "ordered"]


class OrderKind(StrEnum):
    """What somebody sets at a structure."""

    RELEASE = "release"
    """Share of the ecological release that a dam gives: 1 as due, 0 cut off. `Actions.release_share`."""
    GENERATION = "generation"
    """Flow through a dam's outlet, m3/s, instead of its rule. `Actions.generation`."""
    SINK = "sink"
    """Share of a sink's capacity that is open. `Actions.sink_share`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Somebody sets something in (start, end]; a later one in `Scenario.orders` goes before an earlier one.

    Attributes:
        kind: What.
        element: Dam or sink.
        value: See the kind.
        start: Epoch milliseconds.
        end: Epoch milliseconds.
    """

    kind: OrderKind
    element: str
    value: float
    start: int
    end: int


def ordered(
    orders: Sequence[Order], kind: OrderKind, ends: Integers, columns: Mapping[str, int], otherwise: float
) -> Floats | None:
    """One kind of orders: steps × elements; None where the chunk has none.

    Args:
        orders: All.
        kind: Which.
        ends: Ends of the steps.
        columns: Of the elements.
        otherwise: What holds without an order.
    """
    found: Floats | None = None
    for order in orders:
        if order.kind is not kind or order.start >= ends[-1] or order.end < ends[0]:
            continue
        if found is None:
            found = np.full((len(ends), len(columns)), otherwise)
        found[(order.start < ends) & (ends <= order.end), columns[order.element]] = order.value
    return found
