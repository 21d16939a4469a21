"""Data of answers to the centre, by function; the frame around it repeats the function asked.

Source: SL/T 427-2021 and SZY206-2016, the AFN list. No public frame shows B1H: the hours of its period are written as
this family writes all times, the smallest part first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from simulators.rtu.beijing import wall
from simulators.rtu.slt427.number import low_first, signed, unsigned

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["COUNTERS", "Channel", "StageLimits", "channels", "counters", "hour_bytes", "kinds", "stage_limits"]

COUNTERS: Final = 18
"""Event counters of function 5DH in SL/T 427-2021; other editions have 32."""

_MINUS_BIT: Final = 0x80
_BASE_DECIMALS: Final = 2


class StageLimits(NamedTuple):
    """Stage base, lower and upper limit of one gauge, millionths of a metre."""

    base: int
    lower: int
    upper: int


class Channel(NamedTuple):
    """A way to the centre: 2 = IPv4 and so on, with its address as it stands on the wire."""

    kind: int
    address: bytes


def kinds(intervals: Mapping[int, int], places: int) -> bytes:
    """Functions A1H and 53H: which kinds are reported, and their intervals in minutes in the order of the bits.

    Args:
        intervals: Bit of the kind -> minutes.
        places: How many intervals there are; those of other bits are 0.
    """
    mask = sum(1 << bit for bit in intervals)
    return mask.to_bytes(2, "little") + b"".join(low_first(intervals.get(bit, 0), 2) for bit in range(places))


def stage_limits(limits: Sequence[StageLimits]) -> bytes:
    """Functions 17H and 57H, seven bytes a gauge; the sign of a base is the highest bit of its last byte.

    >>> stage_limits([StageLimits(-5_500_000, 100_000, 99_990_000)]).hex()
    '50058010009999'
    """
    return b"".join(
        signed(limit.base, 3, _BASE_DECIMALS, top=_MINUS_BIT >> 4 if limit.base < 0 else 0)
        + unsigned(limit.lower, 2, _BASE_DECIMALS)
        + unsigned(limit.upper, 2, _BASE_DECIMALS)
        for limit in limits
    )


def counters(counts: Sequence[int]) -> bytes:
    """Function 5DH: two bytes each, the low one first."""
    return b"".join((count & 0xFFFF).to_bytes(2, "little") for count in counts)


def channels(main: Channel, backup: Channel | None) -> bytes:
    """Functions 65H and A2H; AA AA = there is no second one."""
    second = b"\xaa\xaa" if backup is None else bytes((backup.kind,)) + backup.address
    return bytes((main.kind,)) + main.address + second


def hour_bytes(at: int) -> bytes:
    """An hour as function B1H carries it: hour, day, month, year.

    >>> hour_bytes(1778566530000).hex()
    '14120526'
    """
    return bytes.fromhex(f"{wall(at):%H%d%m%y}")
