"""Quality flags with QARTOD's names and numbers."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["Flag"]


class Flag(IntEnum):
    """Verdict of the quality tests on one observation.

    Source: QARTOD, Manual for Real-Time Oceanographic Data Quality Control Flags, table 1; as in ioos_qc.
    """

    GOOD = 1
    NOT_EVALUATED = 2
    SUSPECT = 3
    FAIL = 4
    MISSING = 9
