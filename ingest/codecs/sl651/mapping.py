"""Which elements become which of our quantities; docs/protocols/sl651.md shows the table.

A profile is such a table. The standard one serves every device; a device whose vendor uses identifiers of his own, or
that carries several metering points, has one of its own, made from the register's channels.

Where several elements of one report mean the same quantity at the same time, the one of the lowest rank counts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from hydro.fixed import MICRO
from hydro.quantity import Quantity
from ingest.codecs.over_time import OverTime

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ingest.codecs.sl651.plan import Plan

__all__ = ["NO_PROFILES", "STANDARD", "Profile", "Profiles", "Rule", "Sentinel", "StatusRule"]


class Sentinel(NamedTuple):
    """A value that is none: ``whole`` units of the wire less ``less`` of the last decimal.

    Attributes:
        whole: 444 for 444.00; 10000 with ``less`` 1 for 9999.999.
        less: Counts of the last decimal.
        means: Millionths that it stands for; None for a missing value.
    """

    whole: int
    less: int
    means: int | None


class Rule(NamedTuple):
    """What an element becomes.

    Attributes:
        quantity: Which quantity.
        rank: Counts before those of a higher rank.
        numerator: Millionths of the canonical unit in ``denominator`` of the unit on the wire.
        denominator: See ``numerator``.
        station: Code of the station that it belongs to, if that isn't the sender.
        whole_hours: Taken only at a full hour: an hour's volume read in between would count minutes twice.
        sentinels: Values that are none.
        offset: Millionths to add.
        switch: It is 0 or 1: 1 where the value isn't zero.
        inverted: Of a switch: 1 where the value is zero.
    """

    quantity: Quantity
    rank: int = 0
    numerator: int = MICRO
    denominator: int = 1
    station: str | None = None
    whole_hours: bool = False
    sentinels: tuple[Sentinel, ...] = ()
    offset: int = 0
    switch: bool = False
    inverted: bool = False


class StatusRule(NamedTuple):
    """What bits of the status word become: 1 where any of them is set, or where none is if ``inverted``.

    ``station`` is whose state it is, None for the sender's.
    """

    quantity: Quantity
    mask: int
    inverted: bool = False
    station: str | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """How to read the elements of one kind of device.

    Attributes:
        rules: By identifier in hex digits.
        further: By identifier and its place among equal ones at one time, from 2, where a device repeats it for each
            of its meters; and by ``4C`` and the number of the pump, from 1, in a report of pump states.
        status: For the status word.
        stage_base: Millionths of a metre to add to the relative stages of a group (``F5``, …), where they are known.
        plans: What has been worked out for identifiers with definition bytes; bounded by their number.
    """

    rules: Mapping[str, Rule]
    further: Mapping[tuple[str, int], Rule] = field(default_factory=dict)
    status: tuple[StatusRule, ...] = ()
    stage_base: Mapping[str, int] = field(default_factory=dict)
    plans: dict[bytes, Plan] = field(default_factory=dict, compare=False, repr=False)

    def repeats(self, tag: str) -> bool:
        """Whether a device has further channels under one identifier."""
        return any(known == tag for known, _ in self.further)

    def rule(self, tag: str, place: int) -> Rule | None:
        """What the element at a place among equal ones becomes; without further channels all mean the same."""
        return self.further.get((tag, place)) if place > 1 and self.repeats(tag) else self.rules.get(tag)


_NO_SENSOR: Final = (Sentinel(10_000, 1, None),)  # 9999.999, as V043
_DRY_WELL: Final = (Sentinel(444, 0, None),)
_GATE: Final = (Sentinel(444, 0, 0), Sentinel(555, 0, None), Sentinel(888, 0, None), Sentinel(999, 0, None))

STANDARD: Final = Profile(
    rules={
        "27": Rule(Quantity.DISCHARGE),
        "30": Rule(Quantity.DISCHARGE, 1),
        "28": Rule(Quantity.DISCHARGE, 2),
        "39": Rule(Quantity.STAGE, sentinels=_NO_SENSOR),
        "3B": Rule(Quantity.STAGE, 1, sentinels=_NO_SENSOR),
        "3C": Rule(Quantity.STAGE, 2, sentinels=_NO_SENSOR),
        "F5": Rule(Quantity.STAGE),
        "36": Rule(Quantity.VELOCITY),
        "37": Rule(Quantity.VELOCITY, 1),
        "68": Rule(Quantity.VOLUME, whole_hours=True),
        "F4": Rule(Quantity.RAIN),
        "22": Rule(Quantity.RAIN, 1),
        "09": Rule(Quantity.GATE_OPENING, sentinels=_GATE),
        "0E": Rule(Quantity.GROUNDWATER_DEPTH, sentinels=_DRY_WELL),
        "58": Rule(Quantity.PRESSURE),
        "03": Rule(Quantity.WATER_TEMPERATURE),
        "46": Rule(Quantity.PH),
        "47": Rule(Quantity.DISSOLVED_OXYGEN),
        "48": Rule(Quantity.CONDUCTIVITY),
        "49": Rule(Quantity.TURBIDITY),
        "38": Rule(Quantity.VOLTAGE),
    },
    status=(
        StatusRule(Quantity.DOOR, 1 << 7, inverted=True),
        StatusRule(Quantity.METER_FAULT, 1 << 5 | 1 << 6),
        StatusRule(Quantity.PUMP, 1 << 10, inverted=True),
    ),
)
"""The identifiers of the standard that are quantities of ours without knowing the station."""

Profiles: TypeAlias = OverTime[Profile]
"""Profiles of devices over time."""

NO_PROFILES: Final[Profiles] = OverTime(STANDARD)
"""The standard for all."""
