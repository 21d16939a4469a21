"""However a network cuts what stations send, and whatever their modems put between, every frame is found."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hydro.fixed import MICRO
from hydro.quantity import Quantity
from ingest.codecs.framing import Received, Splitter, Wire
from simulators.rtu.sample import Channel, Sample
from simulators.rtu.sl651.carriage import carriers
from simulators.rtu.sl651.frame import Coding, Link
from simulators.rtu.sl651.station import Sl651Station
from simulators.rtu.slt427.profile import Profile
from simulators.rtu.slt427.station import Slt427Station
from simulators.rtu.speech import Occasion
from tests.simulators.rtu.agreement import AT

_STAGE = Channel(Quantity.STAGE)
# What modems are seen to send: no start of a frame is in it, or a frame begun there could swallow the next one.
_JUNK = st.lists(
    st.sampled_from([b"", b"\xfe", b"\xfe\xfe", b"866123045678901", b"REG:13012345678\r\n", b"\x00", b"\x16", b"~"]),
    max_size=3,
).map(b"".join)


def _frames() -> list[tuple[Wire, bytes]]:
    sample = Sample(AT, {_STAGE: 1_234_000, Channel(Quantity.DISCHARGE): 5 * MICRO, Channel(Quantity.VELOCITY): None})
    frames: list[tuple[Wire, bytes]] = []
    for coding in Coding:
        station = Sl651Station(Link("0011223344", coding=coding), carriers(sample.values))
        exchanges = station.reports([sample], AT, Occasion.SCHEDULED, more=False)
        exchanges.append(station.picture(AT, bytes(range(256)) * 9, AT))
        frames += ((Wire.SL651, text) for exchange in exchanges for text in exchange.frames)
        frames.append((Wire.SL651, station.keep_alive(AT)))
    for profile in Profile:
        meter = Slt427Station("5201030700", profile)
        greeting = meter.greeting()
        assert greeting is not None
        exchanges = [greeting, *meter.reports([sample], AT, Occasion.SCHEDULED, more=False)]
        frames += ((Wire.SLT427, text) for exchange in exchanges for text in exchange.frames)
        frames.append((Wire.SLT427, meter.keep_alive(AT)))
    return frames


FRAMES = _frames()


@given(
    chosen=st.lists(st.tuples(_JUNK, st.sampled_from(FRAMES)), min_size=1, max_size=12),
    cuts=st.lists(st.integers(1, 700), max_size=60),
)
def test_every_frame_of_both_protocols_is_found(
    chosen: list[tuple[bytes, tuple[Wire, bytes]]], cuts: list[int]
) -> None:
    """HEX and ASCII, packets of pictures, both editions of SL/T 427, logins and keep-alives."""
    stream = b"".join(junk + text for junk, (_, text) in chosen)
    splitter = Splitter()
    found: list[tuple[Wire, bytes]] = []
    sizes = iter([*cuts, *[len(stream)]])
    while stream:
        size = next(sizes)
        found += [(one.wire, one.data) for one in splitter.feed(stream[:size]) if isinstance(one, Received)]
        stream = stream[size:]
    found += [(one.wire, one.data) for one in splitter.closed() if isinstance(one, Received)]
    assert found == [frame for _, frame in chosen]
