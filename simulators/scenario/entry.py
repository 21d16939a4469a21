"""A mapping of a scenario, read key by key. What is wrong goes to the mistakes, and reading goes on with a stand-in.

A key that nobody asked for is a mistake: `Entry.done` says so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar, cast

from simulators.scenario.document import Branch, Leaf, Listing
from simulators.scenario.mistakes import near, shown
from simulators.scenario.model import Texts
from simulators.scenario.times import parse_duration, parse_time

if TYPE_CHECKING:
    from collections.abc import Iterable
    from enum import StrEnum
    from pathlib import Path

    from simulators.scenario.document import Tree
    from simulators.scenario.mistakes import Mistakes

    E = TypeVar("E", bound=StrEnum)

__all__ = ["Entry", "Reading"]

_YES: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_NONE: Final = "none"


@dataclass(slots=True)
class Reading:
    """What all entries of a file share.

    Attributes:
        file: As people know it.
        folder: Files that it names are looked for here.
        mistakes: Found so far.
        start: Of the scenario, epoch milliseconds.
        end: Of the scenario.
        zone_minutes: Of times without an offset, and of dates.
    """

    file: str
    folder: Path
    mistakes: Mistakes
    start: int = 0
    end: int = 0
    zone_minutes: int = 480


class Entry:
    """One mapping.

    Args:
        branch: Its tree.
        path: Keys down to it, joined with dots.
        reading: Of its file.
    """

    def __init__(self, branch: Branch, path: str, reading: Reading) -> None:
        self.branch = branch
        self.path = path
        self.reading = reading
        self._asked: set[str] = set()

    @property
    def place(self) -> str:
        """File and line, as elements carry it."""
        return f"{self.reading.file}:{self.branch.line}"

    @property
    def name(self) -> str:
        """Last key of the path."""
        return self.path.rpartition(".")[2]

    def line_of(self, key: str) -> int:
        """Line of a key; of the entry where it has none."""
        return self.branch.lines.get(key, self.branch.line)

    def wrong(self, key: str, what: str) -> None:
        """A mistake at a key ("": of the entry as a whole)."""
        path = f"{self.path}.{key}".strip(".") if key else self.path
        self.reading.mistakes.add(self.reading.file, self.line_of(key), what, path)

    def has(self, key: str) -> bool:
        """Whether something stands there; it still has to be read."""
        tree = self.branch.items.get(key)
        return tree is not None and not (isinstance(tree, Leaf) and tree.text is None)

    def __contains__(self, key: str) -> bool:
        """Whether the key stands there, with or without something behind it."""
        return key in self.branch.items

    def keys(self) -> tuple[str, ...]:
        """All keys, in the order of the file."""
        return tuple(self.branch.items)

    def done(self) -> None:
        """Name every key that nobody asked for."""
        for key in self.branch.items:
            if key not in self._asked:
                self.wrong(key, f"is no key of this place{near(key, self._asked)}")

    def text(self, key: str, default: str | None = None) -> str:
        """A text; without a default it must be there."""
        found = self._leaf(key, "a text")
        if found is None:
            if default is None:
                self.missing(key)
            return default or ""
        return found

    def texts(self, key: str, default: str | None = None) -> Texts:
        """A text in two languages: ``{zh: …, en: …}``, or one for both."""
        tree = self._tree(key)
        if isinstance(tree, Branch):
            both = Entry(tree, f"{self.path}.{key}".strip("."), self.reading)
            found = Texts(both.text("zh"), both.text("en"))
            both.done()
            return found
        plain = self.text(key, default)
        return Texts(plain, plain)

    def number(
        self, key: str, default: float | None = None, *, least: float = -math.inf, most: float = math.inf
    ) -> float:
        """A finite number; without a default it must be there."""
        if not self.has(key):
            self._asked.add(key)
            if default is None:
                self.missing(key)
            return min(max(1.0, least), most) if default is None else default
        text = self._leaf(key, "a number")
        found = None if text is None else _number(text)
        if found is None or self._quoted(key):
            self.wrong(key, f"{shown(text or '')} is no number")
            return min(max(1.0, least), most)  # a stand-in of which nobody else has to complain
        if not least <= found <= most:
            self.wrong(key, f"{found:g} is {f'below {least:g}' if found < least else f'above {most:g}'}")
            return min(max(1.0, least), most)
        return found

    def whole(self, key: str, default: int | None = None, *, least: int = 0, most: int = 10**9) -> int:
        """A whole number."""
        found = self.number(key, default, least=least, most=most)
        if found != int(found):
            self.wrong(key, f"{found:g} is no whole number")
        return int(found)

    def flag(self, key: str, *, default: bool) -> bool:
        """Yes or no."""
        text = self._leaf(key, "true or false") if self.has(key) else None
        self._asked.add(key)
        if text is None:
            return default
        if text.lower() not in _YES:
            self.wrong(key, f"{shown(text)} is neither true nor false")
        return _YES.get(text.lower(), default)

    def choice(self, key: str, kind: type[E], default: E | None = None) -> E | None:
        """One of a closed list; None only where something is wrong or nothing is given."""
        if not self.has(key):
            self._asked.add(key)
            return default
        text = self._leaf(key, "a word") or ""
        try:
            return kind(text)
        except ValueError:
            known = [member.value for member in kind]
            self.wrong(key, f"{shown(text)} is not one of {', '.join(known)}")
            return default

    def known(self, key: str, names: Iterable[str], what: str, default: str = "") -> str:
        """The name of something that there is; "" stands for a mistake."""
        text = self.text(key, default or None)
        listed = set(names)
        if text and text not in listed:
            self.wrong(key, f"{shown(text)} is no {what}{near(text, listed)}")
            return ""
        return text

    def numbers(self, key: str, counts: tuple[int, ...] = ()) -> tuple[float, ...]:
        """A list of numbers, or one; of one of these lengths."""
        tree = self._tree(key)
        leaves = tree.items if isinstance(tree, Listing) else () if tree is None else (tree,)
        found = []
        for leaf in leaves:
            number = _number(leaf.text) if isinstance(leaf, Leaf) and leaf.text is not None else None
            if number is None:
                self.wrong(key, "holds something that is no number")
                return ()
            found.append(number)
        if counts and len(found) not in counts:
            self.wrong(key, f"has {len(found)} numbers, {' or '.join(map(str, counts))} are needed")
        return tuple(found)

    def words(self, key: str) -> tuple[str, ...]:
        """A list of texts, or one."""
        tree = self._tree(key)
        leaves = tree.items if isinstance(tree, Listing) else () if tree is None else (tree,)
        found = [leaf.text for leaf in leaves if isinstance(leaf, Leaf) and leaf.text is not None]
        if len(found) != len(leaves):
            self.wrong(key, "holds something that is no text")
        return tuple(found)

    def pairs(self, key: str) -> tuple[tuple[float, float], ...]:
        """A list of pairs of numbers."""
        tree = self._tree(key)
        found = []
        for item in tree.items if isinstance(tree, Listing) else ():
            leaves = item.items if isinstance(item, Listing) else ()
            numbers = [_number(leaf.text or "") for leaf in leaves if isinstance(leaf, Leaf)]
            if len(numbers) != 2 or len(leaves) != 2 or None in numbers:  # a pair  # noqa: PLR2004
                self.reading.mistakes.add(self.reading.file, item.line, "is no pair of numbers", f"{self.path}.{key}")
                return ()
            found.append(cast("tuple[float, float]", tuple(numbers)))
        if not found:
            self.wrong(key, "is no list of pairs such as [[0, 0.2], [1.5, 0.6]]")
        return tuple(found)

    def duration(self, key: str, default: int | None = None) -> int:
        """Milliseconds."""
        text = self._leaf(key, "a duration") if self.has(key) else None
        self._asked.add(key)
        if text is None:
            if default is None:
                self.missing(key, " such as 7d or 1d 6h")
            return default or 0
        try:
            return parse_duration(text)
        except ValueError as error:
            self.wrong(key, str(error))
            return default or 0

    def time(self, key: str, default: int | None = None) -> int:
        """Epoch milliseconds."""
        text = self._leaf(key, "a time") if self.has(key) else None
        self._asked.add(key)
        if text is None:
            if default is None:
                self.missing(key, " such as 1d 6h after the start, or 2026-03-01T08:00:00+08:00")
            return default or 0
        try:
            return parse_time(text, self.reading.start, self.reading.zone_minutes)
        except ValueError as error:
            self.wrong(key, str(error))
            return default or 0

    def interval(self) -> tuple[int, int]:
        """``from`` (the start where it is missing) and ``to`` (the end), in this order."""
        first, last = self.time("from", self.reading.start), self.time("to", self.reading.end)
        if first >= last:
            key = "to" if self.has("to") else "from"
            self.wrong(key, "ends before it begins: `to` must be after `from`")
            return self.reading.start, max(self.reading.end, self.reading.start + 1)
        return first, last

    def entry(self, key: str) -> Entry | None:
        """The mapping at a key; None where there is none."""
        tree = self._tree(key)
        if tree is None:
            return None
        if not isinstance(tree, Branch):
            self.wrong(key, "is no mapping")
            return None
        return Entry(tree, f"{self.path}.{key}".strip("."), self.reading)

    def entries(self, key: str) -> list[Entry]:
        """The mappings of a mapping, each with its key as name; one without anything is empty."""
        tree = self._tree(key)
        if tree is None:
            return []
        if not isinstance(tree, Branch):
            self.wrong(key, "is no mapping of names to what they are")
            return []
        return [
            found
            for name, item in tree.items.items()
            if (found := self._as_entry(item, f"{key}.{name}", tree.lines[name])) is not None
        ]

    def listed(self, key: str) -> list[Entry]:
        """The mappings of a list."""
        tree = self._tree(key)
        if tree is None:
            return []
        if not isinstance(tree, Listing):
            self.wrong(key, "is no list")
            return []
        return [
            found
            for number, item in enumerate(tree.items, start=1)
            if (found := self._as_entry(item, f"{key}.{number}", item.line)) is not None
        ]

    def ask(self, key: str) -> None:
        """Say that a key may stand here."""
        self._asked.add(key)

    def missing(self, key: str, example: str = "") -> None:
        """Say that a key must be there."""
        self._asked.add(key)
        self.wrong("", f"{shown(key)} is missing{f'; write one{example}' if example else ''}")

    def holds_list(self, key: str) -> bool:
        """Whether a list stands there; it still has to be read."""
        return isinstance(self.branch.items.get(key), Listing)

    def is_none(self, key: str) -> bool:
        """Whether the word ``none`` stands there."""
        return self.is_word(key, _NONE)

    def is_word(self, key: str, word: str) -> bool:
        """Whether a word stands there; else it still has to be read."""
        tree = self.branch.items.get(key)
        found = isinstance(tree, Leaf) and tree.text == word
        if found:
            self._asked.add(key)
        return found

    def _tree(self, key: str) -> Tree | None:
        self._asked.add(key)
        tree = self.branch.items.get(key)
        return None if isinstance(tree, Leaf) and tree.text is None else tree

    def _as_entry(self, item: Tree, key: str, line: int) -> Entry | None:
        path = f"{self.path}.{key}".strip(".")
        if isinstance(item, Branch):
            return Entry(Branch(line, item.items, item.lines), path, self.reading)
        if isinstance(item, Leaf) and item.text is None:
            return Entry(Branch(line, {}, {}), path, self.reading)
        self.reading.mistakes.add(self.reading.file, line, "is no mapping", path)
        return None

    def _leaf(self, key: str, wanted: str) -> str | None:
        tree = self._tree(key)
        if tree is None:
            return None
        if not isinstance(tree, Leaf):
            self.wrong(key, f"is no plain value; {wanted} is needed")
            return None
        return tree.text

    def _quoted(self, key: str) -> bool:
        tree = self.branch.items.get(key)
        return isinstance(tree, Leaf) and tree.quoted


def _number(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) and "_" not in text else None
