"""What is drawn: frozen values that the page fills from register, store and ledger.

Names and texts come as people wrote them, in the language of the page; they are escaped when drawn. Times are int64
epoch milliseconds, values int64 millionths of the canonical unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, NamedTuple

from alerting.level import DEFAULT_BANDS, Bands, Level
from dashboards.console.draw.columns import BucketColumns, Samples

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hydro.quantity import Quantity
    from hydro.register import SectionRole, StationKind

__all__ = [
    "AlertSpan",
    "BucketColumns",
    "DataAge",
    "Hydrograph",
    "Lang",
    "Layout",
    "LevelBelow",
    "Mark",
    "RiverLine",
    "RiverSystem",
    "Samples",
    "Sparkline",
    "State",
    "TargetLine",
    "TargetStep",
]

Lang = Literal["zh", "en"]
"""Language of a drawing's own words."""


class State(StrEnum):
    """How a station stands, one word for colour, shape and letter; later members are not worse than earlier ones.

    The four colours are the level of its worst firing alert. A station that fires *and* is silent shows the alert, and
    its age says the rest.
    """

    OK = "ok"
    NO_TARGET = "no_target"
    BLUE = "blue"
    YELLOW = "yellow"
    ORANGE = "orange"
    RED = "red"
    SILENT = "silent"
    NEVER = "never"

    @classmethod
    def of(cls, level: Level) -> State:
        """The state of a station whose worst firing alert has this level."""
        return cls(level.text)

    @property
    def firing(self) -> bool:
        """Whether an alert is firing."""
        return self in _FIRING

    @property
    def severity(self) -> int:
        """Order in which people look: red first. Larger is worse."""
        return _SEVERITY.index(self)


_FIRING = frozenset({State.BLUE, State.YELLOW, State.ORANGE, State.RED})
_SEVERITY = (
    State.NO_TARGET,
    State.OK,
    State.NEVER,
    State.SILENT,
    State.BLUE,
    State.YELLOW,
    State.ORANGE,
    State.RED,
)


class Layout(StrEnum):
    """In which direction the water runs on the schematic."""

    WIDE = "wide"
    """From left to right, for a desk."""
    TALL = "tall"
    """From top to bottom, one row a station, for a phone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A station on the schematic.

    Attributes:
        code: As in the register.
        name: In the language of the page; the code is shown where it is empty.
        kind: What stands there; gives the shape.
        role: Which duty a section of a plant has.
        plant: Code of the plant it belongs to; two marks of one plant with the roles dam and tailrace that follow each
            other on one river are joined by a canal and a powerhouse.
        river: :attr:`RiverLine.river` it lies on; one that is not in the system is drawn as a river of its own.
        chainage_km: Distance from the mouth of its river; None = unknown, placed in the order given.
        state: See there.
        suspected: The worst firing alert is not verified, so it is called suspected.
        value_text: Newest value with its unit, such as ``1.21 m³/s``; None = none.
        target_text: What is asked, such as ``≥ 2.00``; None = nothing.
        age_s: Seconds since the newest value was measured; None = never heard. Shown where it is silent, and to screen
            readers.
        selected: The station whose hydrograph is shown.
        href: Where a click leads: an address on this server, or ``http(s)://``. Others are not made links.
    """

    code: str
    name: str
    kind: StationKind
    river: str
    state: State
    role: SectionRole | None = None
    plant: str = ""
    chainage_km: float | None = None
    suspected: bool = False
    value_text: str | None = None
    target_text: str | None = None
    age_s: int | None = None
    selected: bool = False
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RiverLine:
    """A river on the schematic.

    Attributes:
        river: As marks name it.
        name: In the language of the page.
        into: The :attr:`river` it joins; None = the sea, or one that is not drawn. A loop is cut where it is found.
        into_km: Where it joins: distance from that river's mouth; None = unknown.
        length_km: From source to mouth; None = unknown.
    """

    river: str
    name: str
    into: str | None = None
    into_km: float | None = None
    length_km: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RiverSystem:
    """Everything on the schematic.

    Attributes:
        title: What it shows, such as a basin; read out, not drawn.
        rivers: In any order.
        marks: Stations; those of a river without chainage in the order given, upstream first.
        lang: Of the drawing's own words.
    """

    title: str
    rivers: tuple[RiverLine, ...]
    marks: tuple[Mark, ...]
    lang: Lang = "zh"


class LevelBelow(NamedTuple):
    """A band below a target: a value not reaching ``below`` has at least this level."""

    level: Level
    below: int


class TargetStep(NamedTuple):
    """A target's effective value over (start, end], with the levels below it, worst first."""

    start: int
    end: int
    value: int
    bounds: tuple[LevelBelow, ...] = ()

    @classmethod
    def by_ratio(cls, start: int, end: int, value: int, bands: Bands = DEFAULT_BANDS) -> TargetStep:
        """A step of a flow or volume target, whose levels are shares of it.

        >>> [(bound.level.text, bound.below) for bound in TargetStep.by_ratio(0, 1, 2_000_000).bounds]
        [('red', 1000000), ('orange', 1600000), ('yellow', 2000000)]
        """
        bounds = tuple(LevelBelow(level, int(value * bound)) for level, bound in bands)
        return cls(start, end, value, bounds)

    @classmethod
    def by_deficit(cls, start: int, end: int, value: int, deficits: Mapping[Level, int]) -> TargetStep:
        """A step of a target of stage or water level, whose levels are metres below it.

        Args:
            start: Not included.
            end: Included.
            value: The target.
            deficits: For each level the deficit from which on it counts; 0 for the least one.

        >>> step = TargetStep.by_deficit(0, 1, 5_000_000, {Level.YELLOW: 0, Level.ORANGE: 100_000, Level.RED: 300_000})
        >>> [(bound.level.text, bound.below) for bound in step.bounds]
        [('red', 4700000), ('orange', 4900000), ('yellow', 5000000)]
        """
        bounds = tuple(LevelBelow(level, value - deficits[level]) for level in sorted(deficits, reverse=True))
        return cls(start, end, value, bounds)


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetLine:
    """One target of a station over the time of a hydrograph.

    Attributes:
        label: Short, such as ``目标 · 日`` or ``target · day``; its value is added. Empty = the drawing's own word.
        steps: Sorted, none overlapping; time between them has no target.
    """

    label: str = ""
    steps: tuple[TargetStep, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSpan:
    """An alert from onset to resolution.

    Attributes:
        label: Class in the language of the page, such as ``生态流量不足``.
        start: Onset.
        end: Resolution; None = still firing.
        levels: (from, level), sorted: the rises and falls. The first counts from ``start``; at least one.
        suspected: Not verified.
        href: As :attr:`Mark.href`.
    """

    label: str
    start: int
    end: int | None
    levels: tuple[tuple[int, Level], ...]
    suspected: bool = True
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hydrograph:
    """The series of one station against its targets.

    Attributes:
        name: Of the station; read out, not drawn.
        quantity: What is shown.
        start: Left end of the axis, not included.
        end: Right end, included.
        samples: Raw observations; None where buckets are given. Those outside (start, end] are not drawn.
        buckets: For long ranges: the line is the mean, an envelope shows least and greatest. A year of hours is fine.
        interval_ms: Length of the station's slots: values further apart than one and a half of it are not joined.
        targets: The first has its levels filled below it, the others are thin lines.
        alerts: As bars on top.
        zone_minutes: Zone of the time axis.
        lang: Of the drawing's own words.
        width: Of the drawing; it scales, and texts with it, so draw one for a phone (360) and one for a desk (880).
        height: See ``width``.
    """

    name: str
    quantity: Quantity
    start: int
    end: int
    samples: Samples | None = None
    buckets: BucketColumns | None = None
    interval_ms: int = 300_000
    targets: tuple[TargetLine, ...] = ()
    alerts: tuple[AlertSpan, ...] = ()
    zone_minutes: int = 480
    lang: Lang = "zh"
    width: int = 880
    height: int = 320


@dataclass(frozen=True, slots=True, kw_only=True)
class Sparkline:
    """A series the size of a word, for lists.

    Attributes:
        label: Read out.
        start: Left end, not included.
        end: Right end, included.
        samples: As in :class:`Hydrograph`.
        interval_ms: As in :class:`Hydrograph`.
        target: Value of a hairline; None = none.
        state: Colour of the last value's dot.
        width: Of the drawing.
        height: Of the drawing.
    """

    label: str
    start: int
    end: int
    samples: Samples
    interval_ms: int = 300_000
    target: int | None = None
    state: State = State.NO_TARGET
    width: int = 120
    height: int = 28


@dataclass(frozen=True, slots=True, kw_only=True)
class DataAge:
    """How old the newest data of a gateway or station are.

    Attributes:
        label: Whose; read out.
        age_s: Seconds; None = never heard.
        due_s: From when on it is late.
        lang: Of the drawing's own words.
        width: Of the drawing.
        height: Of the drawing.
    """

    label: str
    age_s: int | None
    due_s: int
    lang: Lang = "zh"
    width: int = 120
    height: int = 20
