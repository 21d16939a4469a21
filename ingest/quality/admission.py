"""Which readings are let in: station, gateway and time sanity. A reading refused here is never stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hydro.instants import DAY_MS, MINUTE_MS
from ingest.reasons import RejectReason
from ingest.topics import TCP_GATEWAY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hydro.register import Register
    from hydro.series import SeriesIndex

__all__ = ["ADMITTED", "IN_FUTURE", "REASONS", "Admission"]

ADMITTED: Final = 0
REASONS: Final = (
    None,
    RejectReason.UNKNOWN_STATION,
    RejectReason.WRONG_GATEWAY,
    RejectReason.TOO_OLD,
    RejectReason.IN_FUTURE,
)
"""Reason of each code that :meth:`Admission.judge` gives; the first that applies in this order."""

_UNKNOWN_STATION, _WRONG_GATEWAY, _TOO_OLD, IN_FUTURE = range(1, 5)
_FUTURE_MS: Final = 10 * MINUTE_MS
_ANY: Final = -1
_NOBODY: Final = -2


class Admission:
    """The register's stations as arrays.

    Args:
        register: Master data; the row valid at event time counts.
        index: Station numbers.
        max_age_days: Oldest event time before ``received_at``; 0 = no limit.
    """

    def __init__(self, register: Register, index: SeriesIndex, max_age_days: int) -> None:
        self._register = register
        self._index = index
        self._max_age_ms = max_age_days * DAY_MS
        self._gateways: dict[str, int] = {"": _ANY, TCP_GATEWAY: _ANY}
        self._gateway_of = np.full(len(index.stations), _ANY, np.int64)
        self._dated = np.zeros(len(index.stations), bool)
        for number, code in enumerate(index.stations):
            rows = register.stations[code]
            if rows.always is None:
                self._dated[number] = True
            else:
                self._gateway_of[number] = self._gateway(rows.always.gateway)
        self._any_dated = bool(self._dated.any())

    def _gateway(self, name: str) -> int:
        return self._gateways.setdefault(name, len(self._gateways))

    def judge(
        self,
        station: NDArray[np.int64],
        event_time: NDArray[np.int64],
        received_at: NDArray[np.int64],
        gateways: list[str],
        message: NDArray[np.int64],
    ) -> NDArray[np.uint8]:
        """Code of the first reason to refuse each reading, ADMITTED where there is none.

        Args:
            station: Station numbers, -1 where the register doesn't know the code.
            event_time: Epoch milliseconds.
            received_at: Epoch milliseconds.
            gateways: Name of the gateway of each message.
            message: Index into ``gateways`` of each reading.
        """
        codes = np.zeros(len(station), np.uint8)
        if not len(self._index.stations):
            codes[:] = _UNKNOWN_STATION
            return codes
        codes[event_time > received_at + _FUTURE_MS] = IN_FUTURE
        if self._max_age_ms:
            codes[event_time < received_at - self._max_age_ms] = _TOO_OLD
        speaker = np.array([self._gateways.get(name, _NOBODY) for name in gateways], np.int64)[message]
        owner = self._gateway_of[station]
        known = station >= 0
        codes[(owner != _ANY) & (speaker != _ANY) & (owner != speaker)] = _WRONG_GATEWAY
        codes[~known] = _UNKNOWN_STATION
        if self._any_dated:
            for row in np.flatnonzero(known & self._dated[station]):
                valid = self._register.stations[self._index.stations[station[row]]].at(int(event_time[row]))
                if valid is None:
                    codes[row] = _UNKNOWN_STATION
                elif valid.gateway and gateways[message[row]] not in (valid.gateway, TCP_GATEWAY):
                    codes[row] = _WRONG_GATEWAY
        return codes
