"""A station that speaks SL/T 427-2021 or SZY206: its reports, and what it understands of the centre."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from hydro.quantity import Quantity
from simulators.rtu.sample import Channel
from simulators.rtu.slt427.downlink import DownlinkReader, label_time
from simulators.rtu.slt427.frame import FRAME_COUNT, checksum
from simulators.rtu.slt427.replies import Replies
from simulators.rtu.slt427.report import (
    Function,
    LinkState,
    link_frame,
    report_frame,
    voltage_frame,
)
from simulators.rtu.slt427.sensors import records, state_words
from simulators.rtu.speech import After, Asked, Confirmed, Exchange, Heard, Occasion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulators.rtu.sample import Sample
    from simulators.rtu.slt427.profile import Profile

__all__ = ["Slt427Station"]

_CONFIRMED: Final = frozenset(Function)
_FRAME_COUNT_PLACE: Final = 3
_COUNT_BITS: Final = 0x30


class Slt427Station:
    """See `simulators.rtu.speech.Dialect`.

    Every type of data goes in a frame of its own, all of one sample with the same time label and the same words.

    Args:
        address: Ten hex digits as on the wire.
        profile: Edition of the protocol.
        password: Four digits that commands must carry.
        labelled: Whether reports carry a time label; some devices leave it out.
        greets: Whether it begins a connection with a login.
    """

    resends: Final = 3

    def __init__(
        self,
        address: str,
        profile: Profile,
        *,
        password: str = "0000",  # noqa: S107  # the default of the protocol's examples
        labelled: bool = True,
        greets: bool = True,
    ) -> None:
        self._address = address
        self._profile = profile
        self._labelled = labelled
        self._greets = greets
        self._reader = DownlinkReader()
        self._replies = Replies(address, profile, password)

    def hear(self, data: bytes) -> list[Heard]:
        """What the centre says to this station."""
        heard: list[Heard] = []
        for downlink in self._reader.feed(data):
            if downlink.address != self._address:
                continue
            is_question = downlink.function == Function.MEMORY and not downlink.data
            if downlink.function in _CONFIRMED and not is_question:
                # Nothing says that the centre wants no more of it, so a station that sleeps may do so.
                heard.append(Confirmed(downlink.function, None, After.HANG_UP, label_time(downlink.data)))
            else:
                heard.append(Asked(partial(self._replies.answer, downlink)))
        return heard

    def hung_up(self) -> None:
        """A new address and a new password count from the next session on."""
        self._reader = DownlinkReader()
        self._replies.hung_up()
        self._address = self._replies.address

    def greeting(self) -> Exchange | None:
        """Login."""
        if not self._greets:
            return None
        return Exchange(Function.LINK, None, (link_frame(self._address, LinkState.LOGIN),))

    def keep_alive(self, now: int) -> bytes:  # noqa: ARG002  # it carries no time
        """AFN 02H, F2."""
        return link_frame(self._address, LinkState.KEEP_ALIVE)

    def reports(self, samples: Sequence[Sample], now: int, occasion: Occasion, *, more: bool) -> list[Exchange]:  # noqa: ARG002  # late or not, a report looks the same
        """The first sample, one frame for each type of data; there are no test reports."""
        if occasion is Occasion.TEST:
            return []
        sample = samples[0]
        alarm, status = state_words(sample)
        at = sample.observed_at if self._labelled else None
        frames = [
            report_frame(self._address, record, at, self._profile, alarm=alarm, status=status)
            for record in records(sample, self._profile)
        ]
        exchanges = [Exchange(Function.REPORT, None, (text,)) for text in frames]
        voltage = Channel(Quantity.VOLTAGE)
        if voltage in sample.values:
            text = voltage_frame(self._address, sample.values[voltage], sample.observed_at, self._profile)
            exchanges.append(Exchange(Function.VOLTAGE, None, (text,)))
        last = exchanges.pop()
        return [*exchanges, Exchange(last.function, None, last.frames, covers=(sample.observed_at,))]

    def picture(self, taken_at: int, data: bytes, now: int) -> Exchange | None:
        """None: no source shows how a picture travels."""

    def again(self, exchange: Exchange, attempt: int) -> tuple[bytes, ...]:
        """The same content with a smaller frame count."""
        return tuple(_with_count(text, FRAME_COUNT - attempt) for text in exchange.frames)

    def packet_again(self, exchange: Exchange, number: int) -> bytes | None:
        """None: there are no packets."""


def _with_count(text: bytes, count: int) -> bytes:
    content = bytearray(text[_FRAME_COUNT_PLACE:-2])
    content[0] = content[0] & ~_COUNT_BITS | count << 4
    return b"".join((text[:_FRAME_COUNT_PLACE], content, bytes((checksum(bytes(content)),)), text[-1:]))
