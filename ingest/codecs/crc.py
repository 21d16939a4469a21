"""Check sums of the field protocols, by a library that takes any polynomial."""

from __future__ import annotations

from crcmod.predefined import mkPredefinedCrcFun

__all__ = ["modbus"]

modbus = mkPredefinedCrcFun("modbus")
"""CRC-16/MODBUS of SL 651: polynomial 8005 reflected, start FFFF. Source: SL 651-2014; checked by the vectors."""
