"""What to do with an identifier and its definition byte, worked out once for each profile.

There are at most as many plans as there are pairs of identifiers and definition bytes.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from hydro.fixed import LARGEST
from ingest.codecs.sl651.elements import OBSERVED, RAIN_SLOTS, SLOT_GROUPS, STATION, STATUS, STEP, TO_THE_END
from ingest.codecs.sl651.number import decimals_of, width_of

if TYPE_CHECKING:
    from ingest.codecs.sl651.mapping import Profile, Rule

__all__ = ["Kind", "Plan", "plan_of"]

_STEP_DEFINITION: Final = 0x18
_WORD_WIDTH: Final = 4


class Kind(IntEnum):
    """What follows an identifier and its definition byte."""

    NUMBER = 0
    TIME = 1
    SKIP = 2
    RAIN = 3
    STAGES = 4
    WORD = 5
    TYPED = 6  # not for the fast way


class Plan(NamedTuple):
    """How to read one.

    Attributes:
        kind: What it is.
        width: Bytes of data.
        factor: Millionths of the canonical unit in a count of the last decimal.
        quantity: Of the rule.
        sentinels: Millionths that stand for others, or for a missing value.
        rule: Where it has a rank, a station of its own or wants full hours.
    """

    kind: int
    width: int
    factor: int = 0
    quantity: int = 0
    sentinels: dict[int, int | None] | None = None
    rule: Rule | None = None


def plan_of(profile: Profile, key: bytes) -> Plan:
    """The plan for an identifier with its definition byte, two bytes or three; kept in the profile."""
    return profile.plans.get(key) or profile.plans.setdefault(key, _plan(profile, key))


def _plan(profile: Profile, key: bytes) -> Plan:
    first, definition = key[0], key[-1]
    is_step = first == STEP and definition == _STEP_DEFINITION
    tag = key[:-1].hex().upper()
    if is_step or key == bytes((STATION, STATION)) or TO_THE_END.get(first) == definition or profile.repeats(tag):
        return Plan(Kind.TYPED, 0)
    if key == bytes((OBSERVED, OBSERVED)):
        return Plan(Kind.TIME, 5)
    slots = SLOT_GROUPS.get(first)
    width = slots[0] if slots else width_of(definition)
    if first == STATUS and width == _WORD_WIDTH:
        return Plan(Kind.WORD, width)
    rule = profile.rules.get(tag)
    if rule is None:
        return Plan(Kind.SKIP, width)
    if slots:
        rain = Kind.RAIN if rule.station is None else Kind.TYPED
        return Plan(rain if first == RAIN_SLOTS else Kind.STAGES, width, quantity=int(rule.quantity))
    return _number(rule, width, decimals_of(definition))


def _number(rule: Rule, width: int, decimals: int) -> Plan:
    factor, rest = divmod(rule.numerator, rule.denominator * 10**decimals)
    if not width or rest or rule.offset or rule.switch or 100**width * abs(factor) > LARGEST:
        return Plan(Kind.TYPED, width)
    sentinels = {(whole * 10**decimals - less) * factor: means for whole, less, means in rule.sentinels}
    special = rule.rank or rule.station is not None or rule.whole_hours
    return Plan(Kind.NUMBER, width, factor, int(rule.quantity), sentinels or None, rule if special else None)
