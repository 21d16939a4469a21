"""Layout of measurements: records of a data type, alarm and status word, time label.

Nothing in a frame says which profile it follows or whether it carries a time label; both follow from the length, and
where two readings of the same length are possible, from what each would mean. The rules, strongest first:

1. the profile that the device is known to follow, where the caller knows it;
2. layout and label of the same profile (5 bytes SZY206, 7 bytes SL/T 427-2021), or no label;
3. a label that is a time;
4. no spare bit set in the two words;
5. numbers that are decimal;
6. the order of the words that the standard gives the function;
7. a label with a year since 2020, before one without, before none: seven bytes rarely happen to be a date;
8. SZY206.

Source: SL/T 427-2021 7.3.22, 7.5.6; SZY206 tables as in ``hm1212/szy206-protocol``, ``zhujinghuic/zjh-thingsboard``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ingest.codecs.slt427.header import DataType, Profile
from ingest.codecs.slt427.label import LABEL_SIZES, TimeLabel
from ingest.codecs.slt427.numbers import Bcd, FlowBcd, Sign, WindBcd
from ingest.codecs.slt427.parts import Binary, Part, RainSpanPart, Record
from ingest.codecs.slt427.quality import parts_of
from ingest.codecs.slt427.words import clean_words

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["COMPREHENSIVE", "Content", "Parts", "WordOrder", "layout", "quality_records", "read_report"]

Parts = tuple[Part[Any], ...]

_WORDS: Final = 4
_RAIN: Final = Bcd("rain_mm", 3, 1, "mm")
_VOLUME: Final = Bcd("volume_m3", 5, 0, "m3", Sign.PADDING)


class _Layout(NamedTuple):
    parts: Parts
    repeats: bool

    @property
    def size(self) -> int:
        return sum(part.size for part in self.parts)


_SAME: Final[dict[DataType, _Layout]] = {
    DataType.RAIN: _Layout((_RAIN,), repeats=False),
    DataType.STAGE: _Layout((Bcd("stage_m", 4, 3, "m", Sign.HALF_BYTE),), repeats=True),
    DataType.VELOCITY: _Layout((Bcd("velocity_m_s", 3, 3, "m/s", Sign.HALF_BYTE),), repeats=True),
    DataType.GATE: _Layout((Bcd("gate_m", 3, 2, "m"),), repeats=True),
    DataType.POWER: _Layout((Bcd("power_kW", 3, 0, "kW"),), repeats=True),
    DataType.WATER_TEMPERATURE: _Layout((Bcd("water_temp_C", 2, 1, "degC"),), repeats=True),
    DataType.EVAPORATION: _Layout((Bcd("evaporation_mm", 3, 1, "mm"),), repeats=True),
    DataType.STATISTICS: _Layout((RainSpanPart(), _RAIN), repeats=False),
    DataType.WATER_PRESSURE: _Layout((Bcd("water_pressure_kPa", 4, 2, "kPa"),), repeats=True),
}
_AIR_PRESSURE: Final = Bcd("pressure_hPa", 3, 0, "hPa")
_SOIL: Final = Bcd("soil_pct", 2, 1, "%")

_LAYOUTS: Final[dict[Profile, dict[DataType, _Layout]]] = {
    Profile.SZY206: _SAME
    | {
        DataType.FLOW: _Layout((Bcd("flow", 5, 3, "m3/s", Sign.HALF_BYTE), _VOLUME), repeats=True),
        DataType.WEATHER: _Layout((_AIR_PRESSURE,), repeats=False),
        DataType.WIND_OR_ENERGY: _Layout((WindBcd(),), repeats=False),
        DataType.SOIL: _Layout((_SOIL,), repeats=True),
    },
    Profile.SLT427_2021: _SAME
    | {
        DataType.FLOW: _Layout((FlowBcd(), _VOLUME), repeats=True),
        DataType.WEATHER: _Layout(
            (_AIR_PRESSURE, WindBcd(), Bcd("air_temp_C", 2, 1, "degC", Sign.HALF_BYTE)), repeats=False
        ),
        DataType.WIND_OR_ENERGY: _Layout((Bcd("energy_kWh", 4, 2, "kWh"),), repeats=True),
        DataType.SOIL: _Layout((_SOIL, Bcd("depth_cm", 2, 0, "cm")), repeats=True),
    },
}

_BITMAP: Final = Binary("quality_bitmap", 5)
_KINDS: Final = Binary("kinds_bitmap")

COMPREHENSIVE: Final[dict[Profile, tuple[DataType, ...]]] = {
    Profile.SZY206: (
        DataType.QUALITY,
        DataType.SOIL,
        DataType.POWER,
        DataType.WIND_OR_ENERGY,
        DataType.GATE,
        DataType.FLOW,
        DataType.STAGE,
        DataType.RAIN,
    ),
    Profile.SLT427_2021: (
        DataType.WATER_PRESSURE,
        DataType.SOIL,
        DataType.POWER,
        DataType.WEATHER,
        DataType.GATE,
        DataType.FLOW,
        DataType.STAGE,
        DataType.RAIN,
    ),
}
"""Kind of each bit of a comprehensive answer, lowest first; each kind occurs at most once, in this order."""


class WordOrder(StrEnum):
    """Where the alarm word stands."""

    LAST = "last"  # records, alarm, status
    ALARM_FIRST = "alarm_first"  # alarm, records, status


@dataclass(frozen=True, slots=True)
class Content:
    """A data field taken apart.

    Attributes:
        records: One per instrument; some functions have a head record before those that repeat.
        alarm: Alarm word; None where there is none.
        status: Status word; likewise.
        order: Where the alarm word stands.
    """

    records: tuple[Record, ...] = ()
    alarm: int | None = None
    status: int | None = None
    order: WordOrder = WordOrder.LAST

    def encode(self) -> bytes:
        """Its bytes."""
        records = b"".join(record.encode() for record in self.records)
        alarm = b"" if self.alarm is None else self.alarm.to_bytes(2, "little")
        status = b"" if self.status is None else self.status.to_bytes(2, "little")
        if self.order is WordOrder.ALARM_FIRST:
            return alarm + records + status
        return records + alarm + status


def layout(data_type: DataType, profile: Profile) -> Parts:
    """Parts of one record of a data type; empty for the type without numbers."""
    found = _LAYOUTS[profile].get(data_type)
    return found.parts if found else ()


def _split(data_type: DataType, profile: Profile, data: bytes) -> tuple[Record, ...] | None:
    """All of ``data`` as records of a type; None where its length doesn't fit."""
    if data_type in (DataType.ALARM, DataType.CONFIRM):
        return None if data else ()
    if data_type is DataType.QUALITY:
        return quality_records(profile, data)
    found = _LAYOUTS[profile][data_type]
    count, rest = divmod(len(data), found.size)
    if rest or count < 1 or (count > 1 and not found.repeats):
        return None
    return tuple(Record.decode(found.parts, data[at : at + found.size]) for at in range(0, len(data), found.size))


def quality_records(profile: Profile, data: bytes) -> tuple[Record, ...] | None:
    """Bitmap and numbers as one record; None where the length doesn't fit the bitmap."""
    if len(data) < _BITMAP.size:
        return None
    numbers = parts_of(_BITMAP.decode(data[: _BITMAP.size]), profile)
    parts: Parts = (_BITMAP, *numbers)
    if sum(part.size for part in parts) != len(data):
        return None
    return (Record.decode(parts, data),)


def _comprehensive(profile: Profile, data: bytes) -> tuple[Record, ...] | None:
    if not data:
        return None
    records = [Record.decode((_KINDS,), data[:1])]
    at = 1
    for bit, kind in enumerate(COMPREHENSIVE[profile]):
        if not data[0] >> bit & 1:
            continue
        if kind is DataType.QUALITY:
            bitmap = data[at : at + _BITMAP.size]
            parts: Parts = (_BITMAP, *parts_of(int.from_bytes(bitmap, "little"), profile))
        else:
            parts = layout(kind, profile)
        size = sum(part.size for part in parts)
        if at + size > len(data):
            return None
        records.append(Record.decode(parts, data[at : at + size]))
        at += size
    return tuple(records) if at == len(data) else None


class _Fit(NamedTuple):
    """One way to read a body whose length allows it."""

    label: TimeLabel | None
    profile: Profile
    order: WordOrder
    records: tuple[Record, ...]
    alarm: int
    status: int


def read_report(
    body: bytes, data_type: DataType, order: WordOrder, known: Profile | None, *, answer: bool
) -> tuple[Content, TimeLabel | None, Profile] | None:
    """Records, words and label in the bytes behind the function code; None where no layout fits.

    Args:
        body: Data field and time label.
        data_type: From the control byte.
        order: Where the standard puts the alarm word.
        known: Profile that the device is known to follow; None = tell from the bytes.
        answer: To a query: type 14 is then a comprehensive answer rather than statistical rain, and no label comes.
    """
    fits: list[_Fit] = []
    for ways in _ways(known):
        for profile, label_size in ways:
            fits += _fits(body, data_type, order, profile, label_size, comprehensive=answer)
        if fits:
            break
    else:
        return None
    best = fits[0] if len(fits) == 1 else min(fits, key=lambda fit: _doubts(fit, order, answer=answer))
    return Content(best.records, best.alarm, best.status, best.order), best.label, best.profile


def _ways(known: Profile | None) -> Iterator[list[tuple[Profile, int]]]:
    """Profiles with sizes of labels: those of the known profile, those that go together, the others."""
    own = [(profile, size) for profile in Profile for size in (LABEL_SIZES[profile], 0)]
    if known is not None:
        yield [(profile, size) for profile, size in own if profile is known]
    yield own
    yield [(profile, size) for profile in Profile for other, size in LABEL_SIZES.items() if other is not profile]


def _fits(
    body: bytes, data_type: DataType, order: WordOrder, profile: Profile, label_size: int, *, comprehensive: bool
) -> Iterator[_Fit]:
    end = len(body) - label_size
    if end < _WORDS:
        return
    label = TimeLabel(body[end:]) if label_size else None
    status = int.from_bytes(body[end - 2 : end], "little")
    for tried in dict.fromkeys((order, WordOrder.LAST)):
        first = 2 if tried is WordOrder.ALARM_FIRST else 0
        data = body[first : end - _WORDS + first]
        if data_type is DataType.STATISTICS and comprehensive:
            records = _comprehensive(profile, data)
        else:
            records = _split(data_type, profile, data)
        if records is not None:
            alarm_at = 0 if first else end - _WORDS
            alarm = int.from_bytes(body[alarm_at : alarm_at + 2], "little")
            yield _Fit(label, profile, tried, records, alarm, status)


def _doubts(fit: _Fit, order: WordOrder, *, answer: bool) -> tuple[int, ...]:
    """What speaks against a way, strongest first; less is better."""
    return (
        fit.label is not None and not fit.label.readable,
        2 - clean_words(fit.alarm, fit.status, fit.profile),
        any(record.bad for record in fit.records),
        fit.order is not order,
        0 if answer and fit.label is None else _label_rank(fit.label),
        fit.profile is not Profile.SZY206,
    )


def _label_rank(label: TimeLabel | None) -> int:
    if label is None:
        return 3
    if len(label.raw) == LABEL_SIZES[Profile.SZY206]:
        return 1
    return 0 if label.plausible else 2
