"""What to do about each class of alert, Chinese and English: a file a class, for the page and docs/runbooks.md."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

import msgspec
import yaml

__all__ = ["CLASSES", "SECTIONS", "Line", "Runbook", "runbook"]

CLASSES: Final = (
    "eflow_shortfall",
    "eflow_warning",
    "flow_stopped",
    "data_loss",
    "device_fault",
    "unmetered_intake",
    "meter_tamper",
    "over_rate",
    "over_plan",
    "permit_expired",
    "unregistered_source",
    "signal",
)
"""In the order in which people meet them."""


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A sentence in both languages."""

    zh: str
    en: str


SECTIONS: Final[dict[str, Line]] = {
    "means": Line("意味着什么", "What it means"),
    "look": Line("先看什么", "What to look at first"),
    "causes": Line("常见原因", "What is mostly behind it"),
    "do": Line("怎么办", "What to do"),
    "ends": Line("何时解除", "When it is resolved"),
}
"""Titles of a runbook's parts, by the name of the field."""


class Runbook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to do about one class; see :data:`SECTIONS`."""

    means: Line
    look: tuple[Line, ...]
    causes: tuple[Line, ...]
    do: tuple[Line, ...]
    ends: Line

    def section(self, name: str) -> tuple[Line, ...]:
        """Sentences of a part."""
        found = getattr(self, name)
        return (found,) if isinstance(found, Line) else found


@cache
def runbook(alert_class: str) -> Runbook | None:
    """The runbook of a class; None for a class that there isn't."""
    if alert_class not in CLASSES:
        return None
    text = (files(__name__) / f"{alert_class}.yaml").read_text(encoding="utf-8")
    return msgspec.convert(yaml.safe_load(text), Runbook)
