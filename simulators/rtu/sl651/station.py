"""A station that speaks SL 651-2014: its reports, and what it understands of the centre's confirmations."""

from __future__ import annotations

from enum import Enum, IntEnum
from functools import partial
from typing import TYPE_CHECKING, Final

from hydro.instants import HOUR_MS, MINUTE_MS
from simulators.rtu.sl651 import ascii_body, hex_body
from simulators.rtu.sl651.carriage import sample_items, slot_items, values_of
from simulators.rtu.sl651.content import SLOTS, Group, Item, Picture, Uniform
from simulators.rtu.sl651.downlink import DownlinkReader
from simulators.rtu.sl651.frame import Coding, Control, Link, checksum, frame, packets
from simulators.rtu.sl651.replies import Replies
from simulators.rtu.speech import After, Asked, Confirmed, Exchange, Heard, Occasion, PacketWanted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simulators.rtu.sample import Channel, Sample
    from simulators.rtu.sl651.carriage import Carrier

__all__ = ["Function", "Sl651Station", "Style"]

_AFTER: Final = {Control.ESC: After.STAY, Control.EOT: After.HANG_UP, Control.ACK: After.GO_ON}
_SLOT_MS: Final = 5 * MINUTE_MS
_LATEST_SERIAL: Final = 65_535
_MOST_VALUES: Final = 288
_PICTURE_PIECE: Final = 1_024
_HOURLY_SENT_MS: Final = 15_000  # after the full hour


class Function(IntEnum):
    """Function codes of what a station reports."""

    KEEP_ALIVE = 0x2F
    TEST = 0x30
    UNIFORM = 0x31
    SCHEDULED = 0x32
    ADDED = 0x33
    HOURLY = 0x34
    PICTURE = 0x36


class Style(Enum):
    """In which reports samples go to the centre."""

    SCHEDULED = "scheduled"
    """One report for each sample: 32H."""

    UNIFORM = "uniform"
    """One report for each element with all samples since the last: 31H; states are not carried."""

    HOURLY = "hourly"
    """One report an hour: 34H with rain and stage of every 5 minutes, all else of the full hour."""


class Sl651Station:
    """See `simulators.rtu.speech.Dialect`.

    Args:
        link: Addresses, password, coding.
        plan: Which element carries which sensor.
        station_class: Letter of the station's class.
        style: See `Style`.
        step_min: From sample to sample.
        stage_base: Millionths of a metre; stages of hourly groups are above it.
        serial: Of the last report before it was switched on.
    """

    resends: Final = 2

    def __init__(
        self,
        link: Link,
        plan: Mapping[Channel, Carrier],
        *,
        station_class: str = "H",
        style: Style = Style.SCHEDULED,
        step_min: int = 5,
        stage_base: int = 0,
        serial: int = 0,
    ) -> None:
        self._link = link
        self._plan = plan
        self._class = station_class
        self._style = style
        self._step_ms = step_min * MINUTE_MS
        self._base = stage_base
        self._serial = serial
        self._reader = DownlinkReader()
        self._replies = Replies(link, plan, station_class, stage_base)
        self._write = ascii_body.report_body if link.coding is Coding.ASCII else hex_body.report_body

    def hear(self, data: bytes) -> list[Heard]:
        """What the centre says to this station; what another one is told, or a wrong password, is passed over."""
        heard: list[Heard] = []
        for downlink in self._reader.feed(data):
            if downlink.station != self._link.station:
                continue
            end = downlink.end
            if end == Control.ENQ:
                if downlink.password == self._replies.link.password:
                    heard.append(Asked(partial(self._replies.answer, downlink)))
            elif end == Control.NAK and downlink.packet:
                heard.append(PacketWanted(downlink.function, downlink.serial, downlink.packet[1]))
            elif end in _AFTER:
                after = _AFTER[Control(end)]
                heard.append(Confirmed(downlink.function, downlink.serial, after, downlink.sent_at))
        return heard

    def hung_up(self) -> None:
        """A new address and a new password count from the next session on."""
        self._reader = DownlinkReader()
        self._replies.hung_up()
        self._link = self._replies.link

    def greeting(self) -> Exchange | None:
        """None: the station is known by the address in each frame."""

    def keep_alive(self, now: int) -> bytes:
        """2FH with the serial number of the last report."""
        writer = ascii_body if self._link.coding is Coding.ASCII else hex_body
        return frame(self._link, Function.KEEP_ALIVE, writer.opening(self._serial, now))

    def reports(self, samples: Sequence[Sample], now: int, occasion: Occasion, *, more: bool) -> list[Exchange]:
        """The next report, in the style of this station."""
        first = samples[0]
        if occasion is Occasion.TEST:
            return [self._one(Function.TEST, first, now, more=more, covers=False)]
        if occasion is Occasion.ADDED:
            return [self._one(Function.ADDED, first, now, more=more)]
        match self._style:
            case Style.SCHEDULED:
                return [self._one(Function.SCHEDULED, first, now, more=more or len(samples) > 1)]
            case Style.UNIFORM:
                return self._uniform(samples, now, more=more)
            case Style.HOURLY:
                return [self._hourly(samples, now, occasion, more=more)]

    def picture(self, taken_at: int, data: bytes, now: int) -> Exchange:
        """36H in packets of mode M3."""
        serial = self._next_serial()
        body = self._write(serial, now, self._link.station, self._class, [Group(taken_at, [Picture(data)])])
        first = len(body) - len(data) + _PICTURE_PIECE
        frames = packets(self._link, Function.PICTURE, body, first=first, following=_PICTURE_PIECE)
        return Exchange(Function.PICTURE, serial, tuple(frames), picture_at=taken_at)

    def again(self, exchange: Exchange, attempt: int) -> tuple[bytes, ...]:  # noqa: ARG002  # all are alike
        """The same bytes: a resend keeps its serial number."""
        return exchange.frames

    def packet_again(self, exchange: Exchange, number: int) -> bytes | None:
        """The packet with ETX for its end, as a packet sent again has it."""
        if not 1 <= number <= len(exchange.frames):
            return None
        packet = exchange.frames[number - 1]
        size = 4 if self._link.coding is Coding.ASCII else 2
        text = packet[: -size - 1] + bytes((Control.ETX,))
        check = checksum(text)
        return text + (f"{check:04X}".encode() if self._link.coding is Coding.ASCII else check.to_bytes(2, "big"))

    def _one(self, function: int, sample: Sample, now: int, *, more: bool, covers: bool = True) -> Exchange:
        group = Group(sample.observed_at, sample_items(sample, self._plan))
        return self._exchange(function, [group], now, [sample] if covers else [], more=more)

    def _uniform(self, samples: Sequence[Sample], now: int, *, more: bool) -> list[Exchange]:
        run = _run(samples, self._step_ms)
        step_min = self._step_ms // MINUTE_MS
        columns = [values_of(run, channel, carrier) for channel, carrier in self._plan.items()]
        items: list[Item] = [Uniform(step_min, [column]) for column in columns]
        if self._link.coding is Coding.ASCII:
            items = [Uniform(step_min, columns)]
        more = more or len(run) < len(samples)
        return [
            self._exchange(
                Function.UNIFORM,
                [Group(run[0].observed_at, [item])],
                now,
                run if item is items[-1] else [],
                more=more or item is not items[-1],
            )
            for item in items
        ]

    def _hourly(self, samples: Sequence[Sample], now: int, occasion: Occasion, *, more: bool) -> Exchange:
        """34H of the hour of the first sample.

        Which slots the groups mean follows from the distance of send time and observation time; a late report is
        therefore the one that was written when its hour was over.
        """
        end = -(-samples[0].observed_at // HOUR_MS) * HOUR_MS
        hour = {sample.observed_at: sample for sample in samples if end - HOUR_MS < sample.observed_at <= end}
        start = end - (SLOTS - 1) * _SLOT_MS
        groups = []
        for tag in (0xF4, 0xF5):
            item = slot_items(hour, start, _SLOT_MS, self._base, tag)
            if item:
                groups.append(Group(start, [item]))
        if end in hour:
            groups.append(Group(end, sample_items(hour[end], self._plan)))
        sent_at = end + _HOURLY_SENT_MS if occasion is Occasion.LATE else now
        more = more or len(hour) < len(samples)
        return self._exchange(Function.HOURLY, groups, sent_at, list(hour.values()), more=more)

    def _exchange(
        self, function: int, groups: Sequence[Group], now: int, covered: Sequence[Sample], *, more: bool
    ) -> Exchange:
        serial = self._next_serial()
        body = self._write(serial, now, self._link.station, self._class, groups)
        text = frame(self._link, function, body, end=Control.ETB if more else Control.ETX)
        return Exchange(function, serial, (text,), tuple(sample.observed_at for sample in covered))

    def _next_serial(self) -> int:
        self._serial = self._serial % _LATEST_SERIAL + 1
        return self._serial


def _run(samples: Sequence[Sample], step_ms: int) -> list[Sample]:
    """The first samples, as long as they follow each other at equal steps."""
    first = samples[0].observed_at
    run: list[Sample] = []
    for place, sample in enumerate(samples[:_MOST_VALUES]):
        if sample.observed_at != first + place * step_ms:
            break
        run.append(sample)
    return run
