"""Dataclasses whose attributes are keys of an entry: whatever a device, a gateway or a dam can be told."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulators.scenario.entry import Entry

__all__ = ["fill"]


class _Dataclass(Protocol):
    """What `fields` takes."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


D = TypeVar("D", bound=_Dataclass)


def fill(entry: Entry, kind: type[D], like: D | None = None, /, **given: object) -> D:
    """A dataclass of which every attribute of a plain type is a key of the entry.

    Args:
        entry: Where the keys stand.
        kind: Of dataclass.
        like: What holds where nothing is said; None: the defaults.
        given: Attributes that aren't keys.
    """
    values: dict[str, Any] = dict(given)
    for attribute in fields(kind):
        annotation = str(attribute.type)
        reader = _READERS.get(annotation)
        if attribute.name in given:
            continue
        if reader is not None:
            entry.ask(attribute.name)
        if reader is not None and entry.has(attribute.name):
            values[attribute.name] = reader(entry, attribute.name)
        elif like is not None:
            values[attribute.name] = getattr(like, attribute.name)
        elif attribute.default is MISSING and attribute.default_factory is MISSING:
            entry.missing(attribute.name)
            values[attribute.name] = _STAND_INS.get(annotation)
    return kind(**values)


def _maybe(entry: Entry, key: str) -> float | None:
    return None if entry.is_none(key) else entry.number(key)


_READERS: Final[dict[str, Callable[[Entry, str], object]]] = {
    "float": lambda entry, key: entry.number(key),
    "int": lambda entry, key: entry.whole(key, least=-(10**9)),
    "float | None": _maybe,
    "int | None": lambda entry, key: None if entry.is_none(key) else entry.whole(key),
    "str": lambda entry, key: entry.text(key),
    "bool": lambda entry, key: entry.flag(key, default=False),
    "tuple[float, ...]": lambda entry, key: entry.numbers(key),
    "tuple[float, ...] | None": lambda entry, key: entry.numbers(key),
    "float | tuple[float, ...]": lambda entry, key: entry.numbers(key),
    "Months": lambda entry, key: entry.numbers(key),
    "tuple[float, float]": lambda entry, key: entry.numbers(key, (2,)),
}
"""By annotation of an attribute, as it is written."""

_STAND_INS: Final[dict[str, object]] = {"float": 0.0, "int": 0, "str": "", "bool": False, "tuple[float, ...]": ()}
