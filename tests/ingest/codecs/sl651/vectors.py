"""The frames of vectors.json, nearly all of them from real stations, with the values they must give."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from ingest.codecs.crc import modbus

__all__ = ["BROKEN", "GOOD", "PICTURE", "VECTORS", "Vector", "each", "frame_of", "summed"]


class Vector(NamedTuple):
    """A frame and what it says.

    Attributes:
        name: Number and name.
        data: Its bytes.
        good: Whether its check sum is right.
        expected: What ``explain`` gives.
        sequence: Of a set of packets: how many, and what they are together.
    """

    name: str
    data: bytes
    good: bool
    expected: dict[str, Any]
    sequence: dict[str, Any] | None


def _read() -> dict[str, Vector]:
    rows = json.loads(Path(__file__).with_name("vectors.json").read_text("utf-8"))
    return {
        row["id"]: Vector(
            f"{row['id']} {row['name']}", bytes.fromhex(row["hex"]), row["crc_ok"], row["expected"], row.get("sequence")
        )
        for row in rows
    }


VECTORS: Final = _read()
GOOD: Final = [vector for vector in VECTORS.values() if vector.good]
BROKEN: Final = [vector for vector in VECTORS.values() if not vector.good]
PICTURE: Final = [vector.data for vector in GOOD if vector.sequence]
"""The thirteen packets of one picture."""


def each(vectors: list[Vector]) -> pytest.MarkDecorator:
    """Run a test for each vector."""
    return pytest.mark.parametrize("vector", vectors, ids=lambda vector: vector.name)


def frame_of(number: str) -> bytes:
    """Bytes of a vector."""
    return VECTORS[number].data


def summed(data: bytes) -> bytes:
    """A HEX frame without its check sum, made whole."""
    return data + modbus(data).to_bytes(2, "big")
