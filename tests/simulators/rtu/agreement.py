"""What the codecs of `ingest` read in the frames of the simulated stations, in one form for both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hydro.fixed import divide_half_even
from hydro.quantity import Quantity
from ingest.codecs.readings import Readings
from ingest.codecs.sl651 import decode_sl651
from ingest.codecs.slt427.readings import decode_slt427
from simulators.rtu.sample import Channel, Sample

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["AT", "Row", "read_sl651", "read_slt427", "rounded", "rows_of"]

AT: Final = 1_772_323_500_000
"""2026-03-01 08:05 in Beijing."""

Row = tuple[str, Quantity, int, int | None]
"""Address, quantity, event time, value in millionths; None = missing."""


def read_sl651(frames: Iterable[bytes], *, received_at: int = AT + 5_000) -> set[Row]:
    """Readings of HEX or ASCII frames; nothing in them may be at fault."""
    out = Readings()
    for number, data in enumerate(frames):
        decode_sl651(number, data, 480, received_at, {}, out)
    return _rows(out)


def read_slt427(frames: Iterable[bytes], *, received_at: int = AT + 5_000) -> set[Row]:
    """The same for SL/T 427."""
    out = Readings()
    for number, data in enumerate(frames):
        decode_slt427(number, data, 480, received_at, lambda address: address, out)
    return _rows(out)


def _rows(out: Readings) -> set[Row]:
    assert not out.faults
    assert not out.undecodable
    columns = zip(out.station, out.quantity, out.event_time, out.value, out.missing, strict=True)
    rows = [
        (station, Quantity(quantity), event_time, None if missing else value)
        for station, quantity, event_time, value, missing in columns
    ]
    assert len(set(rows)) == len(rows), "a reading is there twice"
    return set(rows)


def rounded(value: int | None, decimals: int) -> int | None:
    """What of a value a field with so many decimals can carry, half even."""
    unit = 10 ** (6 - decimals)
    return None if value is None else divide_half_even(value, unit) * unit


def rows_of(station: str, sample: Sample, decimals: Mapping[Quantity, int]) -> set[Row]:
    """What is to arrive of a sample; a state is whole numbers."""
    return {
        (station, channel.quantity, sample.observed_at, rounded(value, decimals.get(channel.quantity, 0)))
        for channel, value in sample.values.items()
        if channel == Channel(channel.quantity)
    }
