"""Readings of decoded frames, by way of their items; the fast way through the bytes is ``columns``.

Not read, and counted as ignored: elements without a rule, test reports, packets whose set isn't whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final

from hydro.fixed import LARGEST, MICRO
from hydro.instants import HOUR_MS, MINUTE_MS
from hydro.quantity import Quantity
from ingest.codecs.readings import Attached, AttachmentKind, ReadingFault, Readings
from ingest.codecs.sl651.content import Blob, Entry, Group, Numbers, Step, Word, groups
from ingest.codecs.sl651.control import CLASSED, REPORTS, UNIFORM, Direction, Function
from ingest.codecs.sl651.elements import MANUAL, PICTURE, RAIN_SLOTS, SLOT_GROUPS
from ingest.codecs.sl651.faults import ElementFault
from ingest.codecs.sl651.frame import Frame, Message, Switches
from ingest.codecs.sl651.mapping import NO_PROFILES, Profile, Profiles, Rule
from ingest.codecs.sl651.number import Value, to_micro
from ingest.codecs.sl651.sheet import NO_STAGE, SLOT_MS, Relative, Sheet, first_slot
from ingest.codecs.sl651.wiretime import instant
from ingest.reasons import RejectReason

__all__ = ["PUMPS", "StationOf", "to_readings", "to_rule"]

StationOf = Callable[[str], str | None]
"""Code of the station with an address, or None."""

PUMPS: Final = f"{Function.PUMP_CONTROL:02X}"
"""Stands in the place of an identifier for the pumps of a report of pump states."""

_RAIN: Final = f"{RAIN_SLOTS:02X}"
_SLOTS: Final = frozenset(f"{identifier:02X}" for identifier in SLOT_GROUPS)
_READ: Final = CLASSED - {Function.TEST} | {Function.STATUS, Function.IC_CARD, Function.MANUAL, Function.QUERY_MANUAL}
_ATTACHED: Final = {f"{PICTURE:02X}": AttachmentKind.PICTURE, f"{MANUAL:02X}": AttachmentKind.TEXT}
_TENTH: Final = MICRO // 10


def to_readings(
    message: int,
    frame: Frame,
    zone_minutes: int,
    station_of: StationOf,
    out: Readings,
    profiles: Profiles = NO_PROFILES,
) -> None:
    """Append the readings of one frame to ``out``.

    Args:
        message: Index of the message in the batch.
        frame: A single packet, or a set put together.
        zone_minutes: Zone of the wire.
        station_of: Code of the station with an address, or None, in which case the address itself is taken.
        out: Columns to append to.
        profiles: Of devices that need one of their own.
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
        _pumps(message, frame, body, zone_minutes, station_of, out, profiles)
    elif frame.function in _READ:
        _Reader(message, frame, body, zone_minutes, station_of, out, profiles).read()
    elif frame.function == Function.TEST:
        out.unknown_keys += sum(len(group.entries) for group in groups(body))
    if body.rest and frame.function in _READ:
        detail = f"{frame.station}: cut off at {body.rest[:20].hex().upper()}"
        out.faults.append(ReadingFault(message, RejectReason.BAD_ELEMENT, 1, detail))


def _pumps(
    message: int,
    frame: Frame,
    body: Message,
    zone_minutes: int,
    station_of: StationOf,
    out: Readings,
    profiles: Profiles,
) -> None:
    """Pump states that a station reports on its own: of each pump that has a channel, else running if any is."""
    time = instant(body.sent, zone_minutes)
    for item in body.items:
        if not isinstance(item, Switches):
            continue
        station = station_of(frame.station) or frame.station
        if time is None:
            detail = f"{station}: send time {body.sent}"
            out.faults.append(ReadingFault(message, RejectReason.BAD_TIME, 1, detail))
            continue
        sheet = Sheet(station, profiles.at(frame.station, time))
        rules = {number: rule for (tag, number), rule in sheet.profile.further.items() if tag == PUMPS}
        for number, is_on in enumerate(item.bits, 1):
            if number in rules:
                rule = rules[number]
                sheet.put(rule.station, int(rule.quantity), time, MICRO if bool(is_on) != rule.inverted else 0)
        if not rules:
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
        profiles: Profiles,
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
        if self.sent is not None:
            self.out.clocks.append((self.message, self.station_of(self.address) or self.address, self.sent))
        address = ""
        sheet: Sheet | None = None
        for group in groups(self.body):
            time = self._time(group)
            profile = self._profile(group.station or self.address, time)
            if sheet is None or (group.station or self.address) != address or profile is not sheet.profile:
                if sheet is not None:
                    sheet.settle(self.message, self.out)
                address = group.station or self.address
                sheet = Sheet(self.station_of(address) or address, profile)
            met: Counter[str] = Counter()
            for entry in group.entries:
                met[entry.tag] += 1
                self._entry(entry, met[entry.tag], time, sheet)
        if sheet is not None:
            sheet.settle(self.message, self.out)

    def _profile(self, address: str, time: int | None) -> Profile:
        """The one of the time of what is read; elements without any time can only be refused."""
        known = self.profiles.constant(address)
        return self.profiles.at(address, time or self.sent or 0) if known is None else known

    def _time(self, group: Group) -> int | None:
        if group.time is not None:
            return instant(group.time, self.zone)
        # Status reports have no observation time: what they say holds when it is sent.
        return self.sent if self.function not in CLASSED else None

    def _entry(self, entry: Entry, place: int, time: int | None, sheet: Sheet) -> None:
        content = entry.content
        if isinstance(content, Word):
            self._word(content, time, sheet)
            return
        if isinstance(content, Blob) and entry.tag in _ATTACHED:
            at = self.sent if time is None else time
            if at is None:
                self._fault(RejectReason.BAD_TIME, 1, f"{sheet.station} {entry.tag}: no time")
            else:
                kind = _ATTACHED[entry.tag]
                self.out.attached.append(Attached(self.message, sheet.station, at, kind, content.data))
            return
        rule = sheet.profile.rule(entry.tag, place)
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
        for quantity, mask, inverted, station in sheet.profile.status:
            sheet.put(station, int(quantity), time, MICRO if bool(word.bits & mask) != inverted else 0)

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
                sheet.put(rule.station, int(rule.quantity), first + number * SLOT_MS, value)

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
    micro = to_micro(value, decimals, rule.numerator, rule.denominator) + rule.offset
    if rule.switch:
        return MICRO if (micro != 0) != rule.inverted else 0
    return micro if abs(micro) <= LARGEST else ElementFault.BAD_NUMBER
