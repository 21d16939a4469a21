"""What is wrong with a scenario: all of it, each with file, line and path."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from hydro.errors import ConfigError
from hydro.register.mistake import shown

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Mistakes", "ScenarioError", "near", "shown"]

_MOST_SHOWN: Final = 200
_LISTED: Final = 8


class ScenarioError(ConfigError):
    """A scenario that can't be played.

    Attributes:
        mistakes: All of them, in the order of the file, each "FILE:LINE: path: what is wrong".
    """

    def __init__(self, mistakes: Iterable[str]) -> None:
        self.mistakes = tuple(mistakes)
        rest = len(self.mistakes) - _MOST_SHOWN
        listed = [*self.mistakes[:_MOST_SHOWN], *([f"… and {rest} more"] if rest > 0 else [])]
        super().__init__("\n".join(listed))


class Mistakes:
    """Those found so far."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[str, int]] = {}

    def __len__(self) -> int:
        """How many."""
        return len(self._found)

    def add(self, file: str, line: int | None, what: str, path: str = "") -> None:
        """One more; the same one twice counts once.

        Args:
            file: As people know it.
            line: From 1; None: of the file as a whole.
            what: Is wrong, with the value and what would be right.
            path: Of the key, "stations.X.targets.1.value".
        """
        where = file if line is None else f"{file}:{line}"
        self._found.setdefault(f"{where}: {f'{path}: ' if path else ''}{what}", (file, line or 0))

    def raise_any(self) -> None:
        """Nothing, where there are none.

        Raises:
            ScenarioError: There are.
        """
        if self._found:
            raise ScenarioError(sorted(self._found, key=self._found.__getitem__))


def near(text: str, known: Iterable[str]) -> str:
    """What somebody may have meant, as the end of a sentence.

    >>> near("dicharge", ["discharge", "stage"])
    '; did you mean discharge?'
    >>> near("x", ["discharge", "stage"])
    '; known are discharge, stage'
    """
    names = sorted(known)
    close = get_close_matches(text, names, n=3, cutoff=0.6)
    if close:
        return f"; did you mean {' or '.join(close)}?"
    if not names:
        return "; there is none"
    return f"; known are {', '.join(names[:_LISTED])}{', …' if len(names) > _LISTED else ''}"
