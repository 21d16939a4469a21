"""Readings of decoded frames, by way of their items; the fast way through the bytes is ``columns``.

Not read, and counted as ignored: elements without a rule, test reports, packets whose set isn't whole.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from hydro.fixed import LARGEST, MICRO
from hydro.instants import HOUR_MS, MINUTE_MS
from hydro.quantity import Quantity
from ingest.codecs.readings import ReadingFault, Readings
from ingest.codecs.sl651.content import Entry, Group, Numbers, Step, Word, groups
from ingest.codecs.sl651.control import CLASSED, REPORTS, UNIFORM, Direction, Function
from ingest.codecs.sl651.elements import RAIN_SLOTS, SLOT_GROUPS
from ingest.codecs.sl651.faults import ElementFault
from ingest.codecs.sl651.frame import Frame, Message, Switches
from ingest.codecs.sl651.mapping import STANDARD, Profile, Rule
from ingest.codecs.sl651.number import Value, to_micro
from ingest.codecs.sl651.sheet import NO_STAGE, SLOT_MS, Relative, Sheet, first_slot
from ingest.codecs.sl651.wiretime import instant
from ingest.reasons import RejectReason

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["StationOf", "to_readings", "to_rule"]

StationOf = Callable[[str], str | None]
"""Code of the station with an address, or None."""

_RAIN: Final = f"{RAIN_SLOTS:02X}"
_SLOTS: Final = frozenset(f"{identifier:02X}" for identifier in SLOT_GROUPS)
_READ: Final = CLASSED - {Function.TEST} | {Function.STATUS, Function.IC_CARD}
_TENTH: Final = MICRO // 10


def to_readings(
    message: int,
    frame: Frame,
    zone_minutes: int,
    station_of: StationOf,
    out: Readings,
    profiles: Mapping[str, Profile] | None = None,
) -> None:
    """Append the readings of one frame to ``out``.

    Args:
        message: Index of the message in the batch.
        frame: A single packet, or a set put together.
        zone_minutes: Zone of the wire.
        station_of: Code of the station with an address, or None, in which case the address itself is taken.
        out: Columns to append to.
        profiles: By address, for stations that need one of their own.
    """
    body = frame.body
    if not isinstance(body, Message) or (frame.packet and frame.packet.total > 1):
        out.unknown_keys += 1
        return
    if frame.direction is Direction.DOWN:
        return
    if frame.function in REPORTS and body.serial:
        out.sequence.append((station_of(frame.station) or frame.station, body.serial))
    if frame.function == Function.PUMP_CONTROL:
        _pumps(message, frame, body, zone_minutes, station_of, out)
    elif frame.function in _READ:
        _Reader(message, frame, body, zone_minutes, station_of, out, profiles or {}).read()
    elif frame.function == Function.TEST:
        out.unknown_keys += sum(len(group.entries) for group in groups(body))
    if body.rest and frame.function in _READ:
        detail = f"{frame.station}: cut off at {body.rest[:20].hex().upper()}"
        out.faults.append(ReadingFault(message, RejectReason.BAD_ELEMENT, 1, detail))


def _pumps(message: int, frame: Frame, body: Message, zone_minutes: int, station_of: StationOf, out: Readings) -> None:
    """Pump states that a station reports on its own: running if any of them does."""
    time = instant(body.sent, zone_minutes)
    for item in body.items:
        if not isinstance(item, Switches):
            continue
        station = station_of(frame.station) or frame.station
        if time is None:
            detail = f"{station}: send time {body.sent}"
            out.faults.append(ReadingFault(message, RejectReason.BAD_TIME, 1, detail))
            continue
        sheet = Sheet(station, STANDARD)
        sheet.add(int(Quantity.PUMP), time, MICRO if any(item.bits) else 0)
        sheet.settle(message, out)


class _Reader:
    """Reads the groups of one report; a sheet for each station in it."""

    def __init__(
        self,
        message: int,
        frame: Frame,
        body: Message,
        zone_minutes: int,
        station_of: StationOf,
        out: Readings,
        profiles: Mapping[str, Profile],
    ) -> None:
        self.message = message
        self.function = frame.function
        self.address = frame.station
        self.body = body
        self.zone = zone_minutes
        self.station_of = station_of
        self.out = out
        self.profiles = profiles
        self.sent = instant(body.sent, zone_minutes)

    def read(self) -> None:
        address = self.address
        sheet = self._turn_to(address)
        for group in groups(self.body):
            if (group.station or self.address) != address:
                sheet.settle(self.message, self.out)
                address = group.station or self.address
                sheet = self._turn_to(address)
            time = self._time(group)
            for entry in group.entries:
                self._entry(entry, time, sheet)
        sheet.settle(self.message, self.out)

    def _turn_to(self, address: str) -> Sheet:
        return Sheet(self.station_of(address) or address, self.profiles.get(address, STANDARD))

    def _time(self, group: Group) -> int | None:
        if group.time is not None:
            return instant(group.time, self.zone)
        # Status reports have no observation time: what they say holds when it is sent.
        return self.sent if self.function not in CLASSED else None

    def _entry(self, entry: Entry, time: int | None, sheet: Sheet) -> None:
        content = entry.content
        if isinstance(content, Word):
            self._word(content, time, sheet)
            return
        rule = sheet.profile.rules.get(entry.tag)
        if rule is None:
            sheet.ignored += not isinstance(content, Step)
        elif not isinstance(content, Numbers):
            self._fault(RejectReason.NOT_A_NUMBER, 1, f"{sheet.station} {entry.tag}: {content}")
        elif entry.tag in _SLOTS:
            self._slots(entry.tag, content, time, sheet, rule)
        else:
            self._numbers(entry, content, time, sheet, rule)

    def _word(self, word: Word, time: int | None, sheet: Sheet) -> None:
        if time is None:
            self._fault(RejectReason.BAD_TIME, len(sheet.profile.status), f"{sheet.station} 45: no observation time")
            return
        for quantity, mask, inverted in sheet.profile.status:
            sheet.add(int(quantity), time, MICRO if bool(word.bits & mask) != inverted else 0)

    def _slots(self, tag: str, content: Numbers, time: int | None, sheet: Sheet, rule: Rule) -> None:
        counts = [value if type(value) is int else None for value in content.values]  # slots are never bad
        if time is None or self.sent is None:
            self._fault(RejectReason.BAD_TIME, len(counts), f"{sheet.station} {tag}: no time")
            return
        uniform = self.function in UNIFORM
        first = time if uniform else first_slot(time, self.sent, self.zone)
        if first is None:
            sheet.ignored += 1
        elif tag != _RAIN:
            sheet.relative.append(Relative(tag, first, [NO_STAGE if count is None else count for count in counts]))
        else:
            for number, count in enumerate(counts):
                value = None if count is None else count * _TENTH
                sheet.add(int(rule.quantity), first + number * SLOT_MS, value)

    def _numbers(self, entry: Entry, content: Numbers, time: int | None, sheet: Sheet, rule: Rule) -> None:
        size = len(content.values)
        step = entry.step.in_minutes * MINUTE_MS if entry.step else 0
        if time is None or (size > 1 and not step):
            self._fault(RejectReason.BAD_TIME, size, f"{sheet.station} {entry.tag}: no time")
            return
        for number, value in enumerate(content.values):
            at = time + number * step
            if rule.whole_hours and (at + self.zone * MINUTE_MS) % HOUR_MS:
                sheet.ignored += 1
                continue
            micro = to_rule(value, content.decimals, rule)
            if isinstance(micro, ElementFault):
                self._fault(RejectReason.NOT_A_NUMBER, 1, f"{sheet.station} {entry.tag}: {micro}")
            elif rule.rank or rule.station is not None:
                sheet.seconds.append((rule.rank, rule.station, int(rule.quantity), at, micro))
            else:
                sheet.add(int(rule.quantity), at, micro)

    def _fault(self, reason: RejectReason, readings: int, detail: str) -> None:
        self.out.faults.append(ReadingFault(self.message, reason, readings, detail))


def to_rule(value: Value, decimals: int, rule: Rule) -> Value:
    """Millionths of the canonical unit for a value on the wire, None where missing."""
    if value is None or isinstance(value, ElementFault):
        return value
    for whole, less, means in rule.sentinels:
        if value == whole * 10**decimals - less:
            return means
    micro = to_micro(value, decimals, rule.numerator, rule.denominator)
    return micro if abs(micro) <= LARGEST else ElementFault.BAD_NUMBER
