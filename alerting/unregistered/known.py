"""Whom the register lets speak, and from when on: the question that makes a source a stranger, and ends it."""

from __future__ import annotations

from contextlib import suppress
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from hydro.register.field_address import normal_address
from ingest.addresses import Addresses
from ingest.codecs.framing import Wire
from ingest.topics import TCP_GATEWAY

if TYPE_CHECKING:
    from hydro.register import Register, Station

__all__ = ["NEVER_ADMITTED", "Known", "Reason"]

NEVER_ADMITTED: Final = 2**62


class Reason(StrEnum):
    """Why a source is a stranger."""

    UNKNOWN_STATION = "unknown_station"
    WRONG_GATEWAY = "wrong_gateway"


class Known:
    """The register, asked by when a message *came*: back-fill from before a station's first row is no stranger's.

    Args:
        register: Master data.
    """

    def __init__(self, register: Register) -> None:
        self._register = register
        self._addresses = Addresses(register)

    def why_strange(self, address: str, wire: str, gateway: str, at: int) -> Reason | None:
        """Why nobody expects this address over this gateway at an instant; None where it is expected.

        Args:
            address: As sent.
            wire: Format of the message, as its topic names it.
            gateway: Over which it came.
            at: When, epoch milliseconds.
        """
        row = self._register.station_at(address, at)
        if row is not None:
            return None if _may_speak(gateway, row) else Reason.WRONG_GATEWAY
        return None if self._is_device(address, wire) else Reason.UNKNOWN_STATION

    def admitted_from(self, address: str, wire: str, gateway: str, after: int) -> int:
        """The first instant after another at which the source is expected; ``NEVER_ADMITTED`` if it never is."""
        if address not in self._register.stations:
            return after + 1 if self._is_device(address, wire) else NEVER_ADMITTED
        starts = (
            max(row.start_ms, after) + 1
            for row in self._register.stations[address]
            if row.end_ms > after and _may_speak(gateway, row)
        )
        return min(starts, default=NEVER_ADMITTED)

    def _is_device(self, address: str, wire: str) -> bool:
        """Whether a frame's address is that of a station, or of a device with channels of stations."""
        with suppress(ValueError):  # names of other formats are no wires, most codes no addresses
            return self._addresses.is_known(Wire(wire), normal_address(address))
        return False


def _may_speak(gateway: str, row: Station) -> bool:
    return row.gateway in ("", gateway) or gateway == TCP_GATEWAY
