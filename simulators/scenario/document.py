"""YAML as a tree of places: every scalar keeps its text and its line, nothing is guessed from how it looks.

Anchors, aliases and tags are refused (a few lines of them can stand for gigabytes), as are keys given twice, files
above a megabyte and structures deeper than a scenario needs. What a text means, the reader of its field decides:
``01-01`` is a day, ``0052`` an address and ``no`` a name, where such things are wanted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import yaml

from simulators.scenario.mistakes import Mistakes, shown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["Branch", "Leaf", "Listing", "Tree", "read_tree"]

_MOST_BYTES: Final = 1_000_000
_DEEPEST: Final = 12
_NULLS: Final = frozenset({"", "~", "null"})


@dataclass(frozen=True, slots=True)
class Leaf:
    """A scalar.

    Attributes:
        line: From 1.
        text: As it stands; None where nothing stands, or null.
        quoted: Whether it stands in quotes: never a number.
    """

    line: int
    text: str | None
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """A list.

    Attributes:
        line: From 1.
        items: Of it.
    """

    line: int
    items: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Branch:
    """A mapping.

    Attributes:
        line: From 1.
        items: By key, in the order of the file.
        lines: Line of each key.
    """

    line: int
    items: Mapping[str, Tree]
    lines: Mapping[str, int]


Tree = Leaf | Listing | Branch


class _Refused(yaml.YAMLError):
    """Something that YAML knows and a scenario doesn't need."""

    def __init__(self, line: int | None, what: str) -> None:
        super().__init__(what)
        self.line = line
        self.what = what


class _Loader(yaml.SafeLoader):
    """Composes nodes, without aliases and not too deep."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]  # PyYAML's stubs leave it out
        line = event.start_mark.line + 1 if event.start_mark else None
        if getattr(event, "anchor", None) is not None:  # an alias has one too
            raise _Refused(line, "anchors and aliases (& and *) are not read; write it out")
        tag = getattr(event, "tag", None)
        if tag not in {None, "!"}:
            raise _Refused(line, f"tags are not read, here {shown(str(tag))}")
        self.depth += 1
        if self.depth > _DEEPEST:
            raise _Refused(line, f"is nested deeper than {_DEEPEST} levels")
        node: yaml.Node | None = super().compose_node(parent, index)
        self.depth -= 1
        return node


def read_tree(path: Path, name: str, mistakes: Mistakes) -> Branch | None:
    """The mapping that a file holds; None where that can't be, with the reason among the mistakes.

    Args:
        path: Of the file.
        name: How mistakes call it.
        mistakes: Where they go.
    """
    try:
        node = yaml.compose(_content(path).decode("utf-8-sig"), _Loader)
    except OSError as error:
        mistakes.add(name, None, f"can't be read: {error.strerror or error}")
    except UnicodeDecodeError as error:
        mistakes.add(name, error.object[: error.start].count(b"\n") + 1, "is not UTF-8")
    except _Refused as error:
        mistakes.add(name, error.line, error.what)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        mistakes.add(name, mark.line + 1 if mark else None, f"is no YAML: {error.problem or error.context}")
    except yaml.YAMLError as error:
        mistakes.add(name, None, f"is no YAML: {' '.join(str(error).split())}")
    else:
        tree = None if node is None else _tree(node, name, mistakes)
        if isinstance(tree, Branch):
            return tree
        mistakes.add(name, 1, "holds no keys; a scenario is a mapping that begins with `title:`")
    return None


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise _Refused(None, f"is larger than {_MOST_BYTES:,} bytes; write a large basin with `generate`")
    return content


def _tree(node: yaml.Node, name: str, mistakes: Mistakes) -> Tree:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.ScalarNode):
        plain = node.style is None
        missing = plain and node.value.lower() in _NULLS
        return Leaf(line, None if missing else node.value, quoted=not plain)
    if isinstance(node, yaml.SequenceNode):
        return Listing(line, tuple(_tree(item, name, mistakes) for item in node.value))
    items: dict[str, Tree] = {}
    lines: dict[str, int] = {}
    for key, value in node.value:
        at = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            mistakes.add(name, at, "a key is no plain text")
        elif key.value in items:
            mistakes.add(name, at, f"{shown(key.value)} is given twice; first in line {lines[key.value]}")
        else:
            items[key.value], lines[key.value] = _tree(value, name, mistakes), at
    return Branch(line, items, lines)
