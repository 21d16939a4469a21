"""Log events on stderr: a name and key-values, one line each."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import structlog

from hydro.instants import timezone_of

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor

__all__ = ["configure_log"]

_TIME: Final = "at"


def configure_log(zone_minutes: int | None = None, level: int = logging.INFO) -> None:
    """For a service: readable on a terminal, ``key=value`` otherwise.

    Args:
        zone_minutes: Zone of the times, minutes east of UTC; None for the one of the machine.
        level: The least that is written, as in the standard library.
    """
    rendered: Processor = (
        structlog.dev.ConsoleRenderer(colors=True, timestamp_key=_TIME)
        if sys.stderr.isatty()
        else structlog.processors.LogfmtRenderer(key_order=[_TIME, "level", "event"])
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            _stamp(zone_minutes),
            *([] if sys.stderr.isatty() else [structlog.processors.format_exc_info]),
            rendered,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def _stamp(zone_minutes: int | None) -> Processor:
    zone = None if zone_minutes is None else timezone_of(zone_minutes)

    def stamp(_logger: object, _name: str, event: EventDict) -> EventDict:
        # Events have an "at" of their own nowhere; milliseconds tell apart what the same second held.
        event[_TIME] = datetime.now(UTC).astimezone(zone).isoformat(timespec="milliseconds")
        return event

    return stamp
