"""The register's channels as what the two field codecs understand: profiles of SL 651, devices of SL/T 427.

A row replaces what the protocol's table says of its element; rows of an address go before those for all devices,
element by element. Where a row gives the device's own station a quantity that the table knows under another identifier,
that identifier counts only where the row's element is absent.
"""

from __future__ import annotations

import re
from itertools import pairwise
from math import gcd
from typing import TYPE_CHECKING, Final, TypeVar

from hydro.fixed import MICRO
from hydro.quantity import Quantity
from hydro.register import ANY_ADDRESS, EARLIEST_MS, LATEST_MS, Edition, WireProtocol
from hydro.register.field_address import normal_address
from ingest.codecs.over_time import OverTime, Span
from ingest.codecs.sl651 import mapping as sl651
from ingest.codecs.sl651.elements import STAGE_SLOTS, STATUS
from ingest.codecs.slt427 import mapping as slt427
from ingest.codecs.slt427.header import Profile as Slt427Profile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from hydro.register import ChannelRow, Register

__all__ = ["misnamed", "sl651_profiles", "slt427_devices"]

T = TypeVar("T")

_SWITCHES: Final = frozenset({Quantity.PUMP, Quantity.DOOR, Quantity.METER_FAULT})
_STATUS_TAG: Final = f"{STATUS:02X}"
_PUMP_TAG: Final = "4C"
_IDENTIFIER: Final = re.compile("FF[0-9A-F]{2}|[0-9A-E][0-9A-F]|F[4-9A-C]")
_GROUPS: Final = frozenset(f"{identifier:02X}" for identifier in STAGE_SLOTS)
_FALLBACK: Final = 10
_EDITIONS: Final = {Edition.SZY206: Slt427Profile.SZY206, Edition.SLT427_2021: Slt427Profile.SLT427_2021}


def misnamed(register: Register) -> Iterator[tuple[ChannelRow, str]]:
    """Rows of channels that no frame can ever meet, each with the reason."""
    for row in register.channels:
        if row.protocol is WireProtocol.SLT427:
            if row.element not in (*slt427.QUANTITY_OF, *slt427.OTHER_ELEMENTS, slt427.STATUS, slt427.ALARM):
                yield row, f"{row.element} is no element of SL/T 427 that has a name here (docs/protocols/slt427.md)"
        elif not _IDENTIFIER.fullmatch(row.element.upper()):
            yield row, f"{row.element} is no identifier of SL 651, which are two hex digits, or four beginning with FF"
        elif row.element.upper() in _GROUPS and row.scale != 1:
            yield row, f"{row.element} is a group of relative stages in centimetres, which take an offset and no scale"


def sl651_profiles(register: Register, station_of: Callable[[str], str]) -> sl651.Profiles:
    """Profiles of the devices that speak SL 651.

    Args:
        register: Master data.
        station_of: Code of the station that has an address.
    """
    rows = [row for row in register.channels if row.protocol is WireProtocol.SL651]
    return _over_time(rows, sl651.STANDARD, lambda address, valid: _profile(valid, _own(address, station_of)))


def slt427_devices(register: Register, station_of: Callable[[str], str]) -> slt427.Devices:
    """Devices that speak SL/T 427.

    Args:
        register: Master data.
        station_of: Code of the station that has an address.
    """
    rows = [row for row in register.channels if row.protocol is WireProtocol.SLT427]
    editions = _editions(register)

    def device(address: str, valid: Sequence[ChannelRow]) -> slt427.Device:
        return _device(valid, _own(address, station_of), editions.get(address))

    return _over_time(rows, slt427.STANDARD, device, also=editions)


def _own(address: str, station_of: Callable[[str], str]) -> str:
    return "" if address == ANY_ADDRESS else station_of(address)


def _editions(register: Register) -> dict[str, Slt427Profile]:
    """By address; what a device follows is a fact of its firmware, so the latest row of its station counts."""
    found = {}
    for code, rows in register.stations.items():
        row = rows.rows[-1]
        if row.slt427_edition is not None:
            try:
                found[normal_address(row.slt427_address or code)] = _EDITIONS[row.slt427_edition]
            except ValueError:
                continue  # a station without an address sends no frames
    return found


def _over_time(
    rows: Sequence[ChannelRow],
    otherwise: T,
    make: Callable[[str, Sequence[ChannelRow]], T],
    *,
    also: Iterable[str] = (),
) -> OverTime[T]:
    """What ``make`` gives for each address and each time between two changes of its rows."""
    shared = [row for row in rows if row.address == ANY_ADDRESS]
    spans: dict[str, list[Span[T]]] = {}
    for address in {ANY_ADDRESS, *(row.address for row in rows), *also}:
        own = [row for row in rows if row.address == address and address != ANY_ADDRESS]
        edges = sorted(
            {EARLIEST_MS, LATEST_MS, *(edge for row in (*own, *shared) for edge in (row.start_ms, row.end_ms))}
        )
        for start, end in pairwise(edges):
            valid = [row for row in own if row.start_ms < end and row.end_ms > start]
            # While its own rows of an element are not valid, those for all devices are.
            named = {row.element.upper() for row in valid}
            valid += [
                row for row in shared if row.start_ms < end and row.end_ms > start and row.element.upper() not in named
            ]
            spans.setdefault(address, []).append(Span(start, end, make(address, valid)))
    everybody = spans.pop(ANY_ADDRESS) if shared else []
    return OverTime(otherwise, spans, everybody) if spans or everybody else OverTime(otherwise)


def _profile(rows: Sequence[ChannelRow], own: str) -> sl651.Profile:
    tags = {row.element.upper() for row in rows}
    mapped = [(row, row.quantity) for row in rows if row.quantity is not None]
    claimed = {quantity for row, quantity in mapped if row.station in ("", own)}
    rules = {
        tag: rule._replace(rank=rule.rank + _FALLBACK) if rule.quantity in claimed else rule
        for tag, rule in sl651.STANDARD.rules.items()
        if tag not in tags
    }
    further: dict[tuple[str, int], sl651.Rule] = {}
    base: dict[str, int] = {}
    bits: dict[tuple[str | None, Quantity, bool], int] = {}
    for row, quantity in mapped:
        tag, station = row.element.upper(), None if row.station in ("", own) else row.station
        if tag == _STATUS_TAG:
            key = station, quantity, row.invert
            bits[key] = bits.get(key, 0) | 1 << row.channel
            continue
        rule = _sl651_rule(row, quantity, station)
        if tag in _GROUPS:
            rule = rule._replace(offset=0)
            if row.offset is not None:
                base[tag] = row.offset
        if row.channel == 1 and tag != _PUMP_TAG:
            rules[tag] = rule
        else:
            further[tag, row.channel] = rule
    status = tuple(sl651.StatusRule(quantity, mask, inverted, at) for (at, quantity, inverted), mask in bits.items())
    return sl651.Profile(rules, further, status if _STATUS_TAG in tags else sl651.STANDARD.status, base)


def _sl651_rule(row: ChannelRow, quantity: Quantity, station: str | None) -> sl651.Rule:
    usual = sl651.STANDARD.rules.get(row.element.upper())
    numerator, denominator = MICRO * row.scale.numerator, row.scale.denominator
    common = gcd(numerator, denominator)
    return sl651.Rule(
        quantity,
        numerator=numerator // common,
        denominator=denominator // common,
        station=station,
        whole_hours=usual is not None and usual.whole_hours and quantity is usual.quantity,
        sentinels=usual.sentinels if usual is not None and quantity is usual.quantity else (),
        offset=row.offset or 0,
        switch=quantity in _SWITCHES,
        inverted=row.invert,
    )


def _device(rows: Sequence[ChannelRow], own: str, edition: Slt427Profile | None) -> slt427.Device:
    rules: dict[tuple[str, int], slt427.Rule | None] = {}
    words: dict[str, dict[tuple[str | None, Quantity, bool], int]] = {}
    for row in rows:
        station = None if row.station in ("", own) else row.station
        if row.element in (slt427.STATUS, slt427.ALARM):
            bits = words.setdefault(row.element, {})
            if row.quantity is not None:
                key = station, row.quantity, row.invert
                bits[key] = bits.get(key, 0) | 1 << row.channel
        elif row.quantity is None:
            rules[row.element, row.channel] = None
        else:
            rules[row.element, row.channel] = slt427.Rule(
                row.quantity,
                station,
                row.scale.numerator,
                row.scale.denominator,
                row.offset or 0,
                switch=row.quantity in _SWITCHES,
                inverted=row.invert,
            )

    def word(name: str, usual: tuple[slt427.BitRule, ...]) -> tuple[slt427.BitRule, ...]:
        if name not in words:
            return usual
        return tuple(
            slt427.BitRule(quantity, mask, inverted, station)
            for (station, quantity, inverted), mask in words[name].items()
        )

    return slt427.Device(
        rules,
        word(slt427.STATUS, slt427.STANDARD.status),
        word(slt427.ALARM, slt427.STANDARD.alarm),
        edition,
    )
