"""A small register for tests of decoding and quality."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hydro.register import Context, Register

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["STATIONS", "make_register"]

STATIONS = """station,name,kind,basin,river,division,gateway,interval_min
A,Anshun,section,Wu,Sancha,520103,,5
B,Bijie,section,Wu,Liuchong,520103,g1,5
"""


def make_register(tables: Mapping[str, str] | None = None) -> Register:
    """The register that these CSV texts make; stations A (any gateway) and B (gateway g1) unless given.

    Raises:
        AssertionError: The texts have mistakes.
    """
    contents = {"stations": STATIONS, **(tables or {})}
    files = {f"{name}.csv": text.encode() for name, text in contents.items()}
    loaded = Register.parse(files, Context(480, 30), {})
    assert loaded.register is not None, loaded.mistakes
    return loaded.register
