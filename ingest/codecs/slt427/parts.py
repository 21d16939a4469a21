"""What data fields are made of: a record is a row of parts, each of which reads, writes and explains its own bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

from ingest.codecs.slt427.header import Address
from ingest.codecs.slt427.label import clock_bytes, read_clock
from ingest.codecs.slt427.numbers import Number, State, Wind

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "AddressPart",
    "Binary",
    "ClockPart",
    "Element",
    "Hex",
    "HourPart",
    "Part",
    "PasswordPart",
    "RainSpan",
    "RainSpanPart",
    "Record",
    "clock_of",
]

V = TypeVar("V")


class Part(Protocol[V]):
    """A field of fixed size."""

    @property
    def name(self) -> str:
        """In explanations."""

    @property
    def size(self) -> int:
        """Bytes."""

    def decode(self, raw: bytes) -> V:
        """What ``size`` bytes mean; any bytes mean something, if only that they are bad."""

    def encode(self, value: V) -> bytes:
        """The bytes of a value; those it was decoded from."""

    def explain(self, value: V) -> dict[str, object]:
        """Keys and values for people and for JSON."""


@dataclass(frozen=True, slots=True)
class Binary:
    """A binary number, low byte first."""

    name: str
    size: int = 1

    def decode(self, raw: bytes) -> int:
        """The number."""
        return int.from_bytes(raw, "little")

    def encode(self, value: int) -> bytes:
        """Its bytes.

        Raises:
            ValueError: It doesn't fit.
        """
        if not 0 <= value < 1 << 8 * self.size:
            raise ValueError(f"{self.name}: {value} doesn't fit in {self.size} bytes")
        return value.to_bytes(self.size, "little")

    def explain(self, value: int) -> dict[str, object]:
        """Name and number."""
        return {self.name: value}


@dataclass(frozen=True, slots=True)
class Hex:
    """Bytes that have no number in them, or none we know."""

    name: str
    size: int

    def decode(self, raw: bytes) -> bytes:
        """As they are."""
        return raw

    def encode(self, value: bytes) -> bytes:
        """As they are.

        Raises:
            ValueError: Of another length.
        """
        if len(value) != self.size:
            raise ValueError(f"{self.name}: {len(value)} bytes, {self.size} expected")
        return value

    def explain(self, value: bytes) -> dict[str, object]:
        """Name and hexadecimal text."""
        return {self.name: value.hex().upper()}


@dataclass(frozen=True, slots=True)
class PasswordPart:
    """A password among the data: key 1 and key 2, the low byte first."""

    name: str
    size: int = 2

    def decode(self, raw: bytes) -> bytes:
        """As it is."""
        return raw

    def encode(self, value: bytes) -> bytes:
        """As it is."""
        return value

    def explain(self, value: bytes) -> dict[str, object]:
        """Name and the four digits as people write them."""
        return {self.name: value[::-1].hex().upper()}


@dataclass(frozen=True, slots=True)
class AddressPart:
    """An address among the data."""

    name: str = "station_address"
    size: int = 5

    def decode(self, raw: bytes) -> Address:
        """The address."""
        return Address(raw)

    def encode(self, value: Address) -> bytes:
        """Its bytes."""
        return value.raw

    def explain(self, value: Address) -> dict[str, object]:
        """Name and key."""
        return {self.name: value.key}


@dataclass(frozen=True, slots=True)
class ClockPart:
    """A clock: six bytes from the second on, or five from the minute on.

    Kept as it is, since a weekday may be told with the month or not.
    """

    name: str = "clock"
    size: int = 6

    def decode(self, raw: bytes) -> bytes:
        """As they are."""
        return raw

    def encode(self, value: bytes) -> bytes:
        """As they are."""
        return value

    def explain(self, value: bytes) -> dict[str, object]:
        """Name and ISO 8601 without zone; None where it is no time."""
        fields = read_clock(value.rjust(6, b"\0"))
        if fields is None:
            return {self.name: None}
        year, month, day, hour, minute, second = fields
        return {self.name: f"{year}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second:02d}"}


@dataclass(frozen=True, slots=True)
class HourPart:
    """A full hour: hour, day, month, year as packed decimals.

    Source: firmware ``Flyctt123/XSJ-1800R-V``, function B1H.
    """

    name: str
    size: int = 4

    def decode(self, raw: bytes) -> bytes:
        """As they are."""
        return raw

    def encode(self, value: bytes) -> bytes:
        """As they are."""
        return value

    def explain(self, value: bytes) -> dict[str, object]:
        """Name and ISO 8601 without zone; None where it is no time."""
        return ClockPart(self.name).explain(bytes((0, 0, *value)))


def clock_of(instant: int, zone_minutes: int, weekday: int) -> bytes:
    """Value of a :class:`ClockPart` for an instant.

    Args:
        instant: Epoch milliseconds.
        zone_minutes: Zone of the wire.
        weekday: 1 = Monday .. 7 = Sunday, 0 = not told.
    """
    plain = clock_bytes(instant, zone_minutes)
    month = weekday << 5 | plain[4]  # the tens of a month fit in D4
    return bytes((*plain[:4], month, plain[5]))


class RainSpan(NamedTuple):
    """Over which time statistical rain fell.

    Attributes:
        kind: 0 period (5 min steps), 1 hour, 2 day, 3 test (cumulative).
        steps: How many.
    """

    kind: int
    steps: int

    @property
    def word(self) -> str:
        """Name of the kind."""
        return ("period", "hour", "day", "test")[self.kind]


@dataclass(frozen=True, slots=True)
class RainSpanPart:
    """Kind of statistical rain: D7..D6 kind, D5..D0 steps."""

    name: str = "rain_kind"
    size: int = 1

    def decode(self, raw: bytes) -> RainSpan:
        """Kind and steps."""
        return RainSpan(raw[0] >> 6, raw[0] & 0x3F)

    def encode(self, value: RainSpan) -> bytes:
        """One byte.

        Raises:
            ValueError: It doesn't fit.
        """
        if not 0 <= value.kind < 4 or not 0 <= value.steps < 64:  # two bits and six  # noqa: PLR2004  # said here
            raise ValueError(f"statistical rain of kind {value.kind}, {value.steps} steps")
        return bytes((value.kind << 6 | value.steps,))

    def explain(self, value: RainSpan) -> dict[str, object]:
        """Kind as word, count."""
        return {self.name: value.word, "count": value.steps}


class Element(NamedTuple):
    """One measured number of a record.

    Attributes:
        name: Of the part; statistical rain has its kind in it (``rain_hour``).
        number: As sent.
    """

    name: str
    number: Number


@dataclass(frozen=True, slots=True)
class Record:
    """A row of values with the parts that wrote them."""

    parts: tuple[Part[Any], ...]
    values: tuple[object, ...]

    @classmethod
    def decode(cls, parts: tuple[Part[Any], ...], data: bytes) -> Record:
        """The record in as many bytes as the parts have."""
        values = []
        at = 0
        for part in parts:
            values.append(part.decode(data[at : at + part.size]))
            at += part.size
        return cls(parts, tuple(values))

    def encode(self) -> bytes:
        """Its bytes."""
        return b"".join(part.encode(value) for part, value in zip(self.parts, self.values, strict=True))

    def explain(self) -> dict[str, object]:
        """Keys and values of all parts."""
        found: dict[str, object] = {}
        for part, value in zip(self.parts, self.values, strict=True):
            found |= part.explain(value)
        return found

    def elements(self) -> Iterator[Element]:
        """Its measured numbers."""
        span: RainSpan | None = None
        for part, value in zip(self.parts, self.values, strict=True):
            if isinstance(value, RainSpan):
                span = value
            elif isinstance(value, Number):
                yield Element(part.name if span is None else f"rain_{span.word}", value)
            elif isinstance(value, Wind):
                yield Element(part.name, value.speed)

    @property
    def bad(self) -> bool:
        """A number in it can't be read."""
        return any(element.number.state is State.BAD for element in self.elements())
