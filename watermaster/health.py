"""Whether everything works: ok, degraded (works on, needs a look) or failed (loses or can't take in)."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Condition", "Health", "PartHealth"]


class Condition(IntEnum):
    """Worse is greater."""

    OK = 0
    DEGRADED = 1
    FAILED = 2

    @property
    def text(self) -> str:
        """Word in the report."""
        return self.name.lower()


class PartHealth(NamedTuple):
    """How one part is, with words for people."""

    condition: Condition
    detail: str = ""


class Health:
    """Asks the parts when somebody wants to know."""

    def __init__(self) -> None:
        self._checks: dict[str, Callable[[], PartHealth]] = {}

    def add(self, part: str, check: Callable[[], PartHealth]) -> None:
        """Have a part asked."""
        self._checks[part] = check

    def report(self) -> dict[str, Any]:
        """The object of ``/api/v1/health``."""
        parts = {name: check() for name, check in self._checks.items()}
        worst = max((part.condition for part in parts.values()), default=Condition.OK)
        return {
            "status": worst.text,
            "parts": {
                name: {"status": part.condition.text, **({"detail": part.detail} if part.detail else {})}
                for name, part in parts.items()
            },
        }

    def degraded(self) -> dict[str, bool]:
        """By part, whether it isn't ok."""
        return {name: check().condition is not Condition.OK for name, check in self._checks.items()}
