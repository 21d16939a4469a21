"""Station addresses: five bytes, kept as ten upper-case hex digits; what else people may call them.

A5 = 00: four bytes of BCD, the eight digits of a hydrological station's code (SL 502), usually shown without the
leading 00. Otherwise: three bytes of BCD, the division, and a **binary** number of two bytes; people and other systems
write the division's six digits and the number as six decimal digits. Addresses with hex letters occur with either.

Source: SL 651-2014 6.3, in the approval drafts; frames V040, V103, V120.
"""

from __future__ import annotations

__all__ = ["aliases"]


def aliases(address: str) -> tuple[str, ...]:
    """Other ways to write ten hex digits.

    >>> aliases("0011223344"), aliases("40590235C2")
    (('11223344',), ('405902013762',))
    """
    if address.startswith("00"):
        return (address[2:],)
    if address[:6].isdecimal():
        return (f"{address[:6]}{int(address[6:], 16):06d}",)
    return ()
