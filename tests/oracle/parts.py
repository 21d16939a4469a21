"""What there is to judge, in parts, and the parts of which the product gives a verdict too."""

from __future__ import annotations

from .fault import FAULTS
from .register import BASES, QUANTITIES
from .taking import TAKING

__all__ = ["COMPARED", "EVERYTHING", "NOT_YET_COMPARED", "SHORTFALLS", "shortfall_part"]


def shortfall_part(quantity: str, basis: str) -> str:
    """Name the part of shortfalls of a quantity by a basis; their attainment belongs to it."""
    return f"eflow_shortfall/{quantity}/{basis}"


# ``min_inflow``: targets with an inflow_rule. ``set_aside``: messages of wrong clocks are not judged by any class.
SHORTFALLS = frozenset({*(shortfall_part(quantity, basis) for quantity in QUANTITIES for basis in BASES), "min_inflow"})
EVERYTHING = SHORTFALLS | frozenset(
    {
        *(f"device_fault/{reason}" for reason in FAULTS),
        "eflow_warning",
        "flow_stopped",
        "data_loss",
        "set_aside",
        *TAKING,
        "unregistered_source",
    }
)

NOT_YET_COMPARED: dict[str, str] = {}
COMPARED = EVERYTHING - set(NOT_YET_COMPARED)
