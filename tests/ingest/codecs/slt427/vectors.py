"""The frames of vectors.json: real ones and, marked so, computed ones, with the values they must give."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, NamedTuple

__all__ = ["VECTORS", "Vector", "frame_of", "missing_from"]


class Vector(NamedTuple):
    """A frame and what it says."""

    name: str
    data: bytes
    expected: dict[str, Any]


def _read() -> list[Vector]:
    rows = json.loads(Path(__file__).with_name("vectors.json").read_text("utf-8"))
    return [Vector(row["id"], bytes.fromhex(row["hex"]), row["expected"]) for row in rows]


VECTORS: Final = _read()


def frame_of(name: str) -> bytes:
    """Bytes of a vector."""
    return next(vector.data for vector in VECTORS if vector.name == name)


def missing_from(found: object, expected: object, place: str = "") -> list[str]:
    """Where ``found`` lacks or contradicts ``expected``; more keys than expected are no contradiction."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return [
            wrong
            for key, value in expected.items()
            for wrong in (missing_from(found[key], value, f"{place}.{key}") if key in found else [f"{place}.{key}"])
        ]
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        return [
            wrong
            for at, (one, other) in enumerate(zip(found, expected, strict=True))
            for wrong in missing_from(one, other, f"{place}[{at}]")
        ]
    return [] if found == expected else [f"{place}: {found!r}, not {expected!r}"]
