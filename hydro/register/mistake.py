"""One mistake found in the configuration, or one thing an operator should know about it: where it stands, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = ["Finding", "Severity", "shown"]

_LONGEST: Final = 60


class Severity(StrEnum):
    """Whether the configuration can be used at all."""

    MISTAKE = "mistake"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """A place in the configuration and what is to be said about it.

    Attributes:
        severity: A mistake keeps the configuration from being used, a warning does not.
        file: Path below the config directory, or ``environment``.
        reason: What is wrong, for people.
        row: Row as a spreadsheet counts it (the header is row 1), or line of a settings file.
        column: Header of the column, or path of the setting.
        value: Text found there, where it may be shown.
    """

    severity: Severity
    file: str
    reason: str
    row: int | None = None
    column: str | None = None
    value: str | None = None

    def __str__(self) -> str:
        """One line for people.

        >>> print(Finding(Severity.MISTAKE, "registry/points.csv", '"abc" is not a number', 7, "max", "abc"))
        registry/points.csv:7: max: "abc" is not a number
        """
        place = self.file if self.row is None else f"{self.file}:{self.row}"
        column = "" if self.column is None else f"{self.column}: "
        word = "warning: " if self.severity is Severity.WARNING else ""
        return f"{place}: {word}{column}{self.reason}"


def shown(text: str) -> str:
    r"""The text in double quotes as it may be printed: cut to a readable length, invisible characters spelled out.

    >>> print(shown("3,5"), shown("A" + chr(9) + "1"))
    "3,5" "A\t1"
    """
    cut = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return '"' + "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in cut) + '"'
