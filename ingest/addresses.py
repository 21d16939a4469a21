"""Addresses of field devices in the register: whose an address on the wire is, and which addresses a station has."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from hydro.register.channels import ANY_ADDRESS
from hydro.register.field_address import normal_address
from ingest.codecs.framing import Wire

if TYPE_CHECKING:
    from hydro.register import Register

__all__ = ["Addresses"]

_COLUMNS: Final = {Wire.SL651: "sl651_address", Wire.SLT427: "slt427_address"}


class Addresses:
    """The addresses of one register, by ten hex digits.

    What a column says goes before what a station's code looks like: a station whose code is an address needs no column.
    """

    def __init__(self, register: Register) -> None:
        self._stations: dict[Wire, dict[str, str]] = {}
        self._own: dict[str, list[tuple[Wire, str]]] = {}
        self._devices = {
            (Wire(row.protocol), row.address): row.station for row in register.channels if row.address != ANY_ADDRESS
        }
        for wire, column in _COLUMNS.items():
            found: dict[str, str] = {}
            for code in register.stations:
                with suppress(ValueError):  # most codes are no addresses
                    found[normal_address(code)] = code
            for code, rows in register.stations.items():
                for row in rows:
                    with suppress(ValueError):  # an empty cell
                        address = normal_address(getattr(row, column))
                        found[address] = code
                        self._own.setdefault(code, []).append((wire, address))
            self._stations[wire] = found

    def station(self, wire: Wire, address: str) -> str | None:
        """Code of the station that has an address; None if nobody has."""
        return self._stations[wire].get(address)

    def is_known(self, wire: Wire, address: str) -> bool:
        """Whether the register names the address: as a station's, or as that of a device with channels of stations."""
        return address in self._stations[wire] or bool(self._devices.get((wire, address)))

    def of(self, code: str) -> list[tuple[Wire, str]]:
        """Addresses under which a station may speak, those of its columns; without any its code, if it is one."""
        own = self._own.get(code)
        if own:
            return list(dict.fromkeys(own))
        try:
            address = normal_address(code)
        except ValueError:
            return []
        return [(wire, address) for wire in _COLUMNS]
