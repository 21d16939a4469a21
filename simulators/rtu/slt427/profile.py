"""Which edition of the protocol a station follows."""

from __future__ import annotations

from enum import Enum

__all__ = ["Profile"]


class Profile(Enum):
    """Edition of the protocol."""

    SZY206 = "szy206"
    SLT427_2021 = "slt427_2021"
