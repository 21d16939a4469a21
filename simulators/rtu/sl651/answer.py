"""Bodies of functions 40H to 51H: a header with the station's address, then what was set or asked for.

In HEX coding alone: no source says how these look in ASCII frames.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simulators.rtu.sl651.hex_body import address_part, opening
from simulators.rtu.sl651.table import WORD

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["COUNTERS", "answer_body", "counters", "parameter", "password", "status", "switches", "version"]

COUNTERS: Final = 32
"""Event counters of function 50H, of which the last 14 are spare."""


def answer_body(serial: int, sent_at: int, station: str, content: bytes = b"") -> bytes:
    """Body of an answer; the serial is that of the question."""
    return opening(serial, sent_at) + address_part(station) + content


def parameter(identifier: int, data: bytes, decimals: int = 0) -> bytes:
    """A parameter of functions 40H to 43H.

    >>> parameter(0x28, bytes.fromhex("00010000"), 3).hex()
    '282300010000'
    """
    return identifier.to_bytes(1 if identifier <= 0xFF else 2, "big") + bytes((len(data) << 3 | decimals,)) + data  # noqa: PLR2004  # one byte


def password(new: str) -> bytes:
    """The new password of function 49H, four hex digits."""
    return b"\x03\x10" + bytes.fromhex(new)


def status(bits: int) -> bytes:
    """The status and alarm word of functions 46H and 4BH."""
    return bytes((WORD, 0x20)) + bits.to_bytes(4, "big")


def version(text: str) -> bytes:
    """The software version of function 45H."""
    return bytes((len(text),)) + text.encode("ascii")


def counters(counts: Sequence[int]) -> bytes:
    """Event counters of function 50H, two bytes each; those that are not given are 0.

    Raises:
        ValueError: More than 32.
    """
    if len(counts) > COUNTERS:
        raise ValueError(f"{len(counts)} event counters; there are {COUNTERS}")
    return b"".join((count & 0xFFFF).to_bytes(2, "big") for count in (*counts, *(0,) * (COUNTERS - len(counts))))


def switches(states: Sequence[bool]) -> bytes:
    """States of pumps or valves, functions 4CH and 4DH: how many bytes follow, then a bit for each, 1 = on."""
    size = (len(states) + 7) // 8
    bits = sum(1 << place for place, state in enumerate(states) if state)
    return bytes((size,)) + bits.to_bytes(size, "little")
