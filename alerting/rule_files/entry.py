"""A place in a rule file, read key by key: what is wrong becomes a finding with its line, and reading goes on.

Scalars are the text that stands in the file: YAML 1.1 would turn `05:00` into 300 and `off` into false.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import yaml

from hydro.register import Finding, Severity
from hydro.register.mistake import shown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

__all__ = ["Entry", "Sheet"]

_NULL: Final = "tag:yaml.org,2002:null"
_YES: Final = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_MICRO: Final = 1_000_000
_LARGEST: Final = 10**9


@dataclass(slots=True)
class Sheet:
    """A file that is being read.

    Attributes:
        file: Path below the config directory.
        findings: Of it, so far.
    """

    file: str
    findings: list[Finding] = field(default_factory=list)

    def mistake(self, reason: str, line: int | None = None, path: str | None = None, value: str | None = None) -> None:
        """Note what keeps the file from being used."""
        self.findings.append(Finding(Severity.MISTAKE, self.file, reason, line, path or None, value))

    def warning(self, reason: str, line: int | None = None, path: str | None = None) -> None:
        """Note what somebody should know."""
        self.findings.append(Finding(Severity.WARNING, self.file, reason, line, path or None))

    @property
    def is_good(self) -> bool:
        """Whether there is no mistake so far."""
        return all(finding.severity is not Severity.MISTAKE for finding in self.findings)


class Entry:
    """One place.

    Args:
        node: What stands there.
        path: Keys down to it.
        sheet: Its file.
    """

    def __init__(self, node: yaml.Node, path: str, sheet: Sheet) -> None:
        self._node = node
        self.path = path
        self.sheet = sheet

    @property
    def line(self) -> int:
        """From 1."""
        return int(self._node.start_mark.line) + 1

    def mistake(self, reason: str) -> None:
        """Note a mistake of this place."""
        value = self._node.value if isinstance(self._node, yaml.ScalarNode) else None
        self.sheet.mistake(reason, self.line, self.path, value)

    def fields(self, known: Collection[str], required: Collection[str] = ()) -> dict[str, Entry]:
        """Entries by key; unknown, repeated and missing keys are mistakes, a key without a value is none."""
        found = self.any_fields()
        for key in [each for each in found if each not in known]:
            near = get_close_matches(key, known, n=1)
            hint = f" (did you mean {near[0]}?)" if near else f"; known here: {', '.join(known)}"
            found.pop(key).mistake(f"unknown key{hint}")
        for key in required:
            if key not in found:
                self.sheet.mistake("is missing", self.line, self._below(key))
        return found

    def any_fields(self) -> dict[str, Entry]:
        """Entries by key, whatever they are called."""
        if not isinstance(self._node, yaml.MappingNode):
            self.mistake("takes keys with values")
            return {}
        found: dict[str, Entry] = {}
        for key, value in self._node.value:
            if not isinstance(key, yaml.ScalarNode):
                self.mistake("has a key that is no word")
            elif key.value in found:
                line = found[key.value].line
                self.sheet.mistake(f"stands there twice, first in line {line}", key.start_mark.line + 1, key.value)
            elif value.tag != _NULL:
                found[key.value] = Entry(value, self._below(key.value), self.sheet)
        return found

    def _below(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def items(self) -> Iterator[Entry]:
        """Entries of a list."""
        if not isinstance(self._node, yaml.SequenceNode):
            self.mistake("takes a list")
            return
        for number, node in enumerate(self._node.value, 1):
            yield Entry(node, f"{self.path}[{number}]", self.sheet)

    def texts(self) -> tuple[str, ...]:
        """One text, or a list of them."""
        if isinstance(self._node, yaml.SequenceNode):
            return tuple(each.text() or "" for each in self.items())
        text = self.text()
        return () if text is None else (text,)

    def text(self) -> str | None:
        """Its text, not empty."""
        if not isinstance(self._node, yaml.ScalarNode):
            self.mistake("takes one value")
            return None
        text = str(self._node.value).strip()
        if not text:
            self.mistake("is empty")
            return None
        return text

    def whole(self, least: int, most: int) -> int | None:
        """A whole number within bounds, both included."""
        text = self.text()
        if text is None:
            return None
        try:
            number = int(text)
        except ValueError:
            self.mistake(f"{shown(text)} is not a whole number")
            return None
        if not least <= number <= most:
            self.mistake(f"{number} is not between {least} and {most}")
            return None
        return number

    def fraction(self) -> Fraction | None:
        """A decimal number with at most six decimals."""
        text = self.text()
        if text is None:
            return None
        try:
            number = Fraction(text) if "/" not in text else None
        except ValueError:
            number = None
        if number is None:
            self.mistake(f"{shown(text)} is not a number")
            return None
        if (number * _MICRO).denominator != 1 or abs(number) > _LARGEST:
            self.mistake(f"{shown(text)} has more than six decimals, or is too large")
            return None
        return number

    def flag(self) -> bool | None:
        """True or false."""
        text = self.text()
        if text is not None and text.lower() not in _YES:
            self.mistake(f"{shown(text)} is not true or false")
        return None if text is None else _YES.get(text.lower())

    def choice(self, words: Collection[str], noun: str) -> str | None:
        """One of some words."""
        text = self.text()
        if text is None or text in words:
            return text
        near = get_close_matches(text, words, n=1)
        hint = f" (did you mean {near[0]}?)" if near else f"; known: {', '.join(words)}"
        self.mistake(f"{shown(text)} is no {noun}{hint}")
        return None
