"""What `simulate` and `replay` share: the broker of the settings, Ctrl-C, progress, and what is said at the end."""

from __future__ import annotations

from watermaster.publishing.broker import broker_of, publishing_settings
from watermaster.publishing.interrupt import Interrupt
from watermaster.publishing.progress import Progress, Span
from watermaster.publishing.run import Outcome, begun, run_publisher
from watermaster.publishing.said import report

__all__ = [
    "Interrupt",
    "Outcome",
    "Progress",
    "Span",
    "begun",
    "broker_of",
    "publishing_settings",
    "report",
    "run_publisher",
]
