"""What a total has counted between two readings: exactly, in columns, and never more than can be known.

::

    reading     9 980   9 990       8      20       15      21     1e9      25        9 999 is its highest number
    step             10    18 rolled   12      - back    6      - jump   - back       known, or refused with its reason

A step is either known, with its amount, or refused. What passed in a refused step is unknown and is never filled. A
step goes on over missing readings: the counter has counted meanwhile.

Source: docs/decisions/0092-taking.md, "Counters and volumes"; DOMAIN, "Intake metering": a counter that goes back,
rolls over or jumps is an event, never negative use.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from hydro.fixed import MICRO
from hydro.register.stations import CounterKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from hydro.register.intakes import MeterChange

__all__ = [
    "FLOOD",
    "LARGEST",
    "CounterRules",
    "DatedRules",
    "Pairs",
    "RuleColumns",
    "StepKind",
    "Steps",
    "multiplied",
    "steps_between",
    "steps_of",
]

LARGEST: Final = 2**61
"""Numbers from here on, 2.3e12 of their unit, are no counter's: steps from and to them are refused."""
FLOOD: Final = 10_000 * MICRO
"""In a second, millionths: no intake takes more, whatever nobody has said of it. Source: product default."""
_SECOND_MS: Final = 1_000
_ROLL_SHARE: Final = 10
"""A roll-over counts at most this part of the range."""
_NEVER: Final = -(2**62)


class StepKind(IntEnum):
    """What the step between two readings is; from ``BACKWARD`` on it is refused and its amount unknown."""

    FORWARD = 0
    ROLLED_OVER = 1
    REPLACED = 2
    """Over a change of the meter."""
    BACKWARD = 3
    """It fell, can't have rolled over, and nobody changed the meter."""
    IMPOSSIBLE = 4
    """More than can have passed in the time."""


class CounterRules(NamedTuple):
    """What is known of a counter. All but ``most`` is of the number it shows, before its multiplier.

    Attributes:
        kind: What it counts; a net total may fall honestly, what a reverse total counts is not taken.
        highest: Greatest number it shows, millionths; after it comes 0. None = unknown.
        resolution: Least difference it shows, millionths.
        multiplier: Factor of the number, millionths.
        most: More can't pass in ``most_in_ms``, millionths; None = unknown.
        most_in_ms: Milliseconds.
    """

    kind: CounterKind = CounterKind.FORWARD
    highest: int | None = None
    resolution: int = MICRO
    multiplier: int = MICRO
    most: int | None = None
    most_in_ms: int = _SECOND_MS


class RuleColumns:
    """Rules as columns, multipliers applied, to be chosen from by row.

    Args:
        rules: One each row.
    """

    def __init__(self, rules: Sequence[CounterRules]) -> None:
        self.multiplier = _column(each.multiplier for each in rules)
        self.is_net = np.array([each.kind is CounterKind.NET for each in rules])
        self.is_reverse = np.array([each.kind is CounterKind.REVERSE for each in rules])
        self.slack = _column(2 * _times(each.resolution, each.multiplier) for each in rules)
        # After the highest number comes 0: one step of the display more than the difference.
        self.turn = _column(
            0
            if each.highest is None
            else _times(each.highest, each.multiplier) + _times(each.resolution, each.multiplier)
            for each in rules
        )
        self.most_rolled = _column(
            -1 if each.highest is None else _times(each.highest, each.multiplier) // _ROLL_SHARE for each in rules
        )
        # Without a bound in time the range bounds, or else what no intake takes.
        self.most_at_once = _column(
            range_share if each.most is None and each.highest is not None else 0
            for each, range_share in zip(rules, self.most_rolled.tolist(), strict=True)
        )
        self.most = _column(
            (0 if each.highest is not None else FLOOD) if each.most is None else each.most for each in rules
        )
        self.most_in_ms = _column(_SECOND_MS if each.most is None else each.most_in_ms for each in rules)


def _column(values: Iterable[int]) -> NDArray[np.int64]:
    return np.array([min(value, LARGEST) for value in values], np.int64)


def _times(number: int, multiplier: int) -> int:
    """The multiplied number, half even."""
    return int(multiplied(np.array([number], np.int64), np.array([multiplier], np.int64))[0])


def multiplied(number: NDArray[np.int64], multiplier: NDArray[np.int64]) -> NDArray[np.int64]:
    """Numbers shown times multipliers, half even, both in millionths; at most :data:`LARGEST` in size.

    >>> multiplied(np.array([3_000_001, 5]), np.array([500_000, 60_000_000])).tolist()
    [1500000, 300]
    """
    if bool((multiplier == MICRO).all()):
        return np.clip(number, -LARGEST, LARGEST)
    size = np.abs(number.astype(np.float64)) * multiplier
    fits = size < float(LARGEST) * MICRO
    inside = np.where(fits, number, 0)
    # The whole part and the rest apart: neither product needs more than 63 bits, as multipliers are below a million.
    whole, part = inside // MICRO, inside % MICRO * multiplier
    quotient = whole * multiplier + part // MICRO
    twice = 2 * (part % MICRO)
    quotient += (twice > MICRO) | ((twice == MICRO) & (quotient & 1 == 1))
    return np.where(fits, quotient, np.where(number < 0, -LARGEST, LARGEST))


class DatedRules:
    """Rules of one counter over time.

    Args:
        rows: (start, end] and the rules valid in it, in time order, without overlap.

    Attributes:
        rules: Of each row; row 0 holds where no other does.
        columns: The same as columns.
    """

    def __init__(self, rows: Sequence[tuple[int, int, CounterRules]] = ()) -> None:
        self._starts = np.array([start for start, _, _ in rows], np.int64)
        self._ends = np.array([_NEVER, *(end for _, end, _ in rows)], np.int64)
        self.rules: tuple[CounterRules, ...] = (CounterRules(), *(each for _, _, each in rows))
        self.columns = RuleColumns(self.rules)

    def rows(self, event_time: NDArray[np.int64]) -> NDArray[np.intp]:
        """Row of the rules valid at each instant."""
        row = np.searchsorted(self._starts, event_time, side="left")
        return np.where(event_time <= self._ends[row], row, 0)


class Pairs(NamedTuple):
    """Two readings each, of any counters: start, end (epoch milliseconds), before, after (multiplied, millionths)."""

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    before: NDArray[np.int64]
    after: NDArray[np.int64]


class Steps(NamedTuple):
    """Steps of one counter in time order, each from where the last one ended.

    Attributes:
        start: int64, epoch milliseconds, not itself covered.
        end: int64, itself covered.
        amount: int64, millionths of the canonical unit, multiplier applied; 0 where refused.
        kind: uint8, :class:`StepKind`.
    """

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    amount: NDArray[np.int64]
    kind: NDArray[np.uint8]

    def __len__(self) -> int:
        """Number of steps."""
        return len(self.start)

    def between(self, after: int, until: int) -> Steps:
        """Those that end in (after, until]."""
        first, last = np.searchsorted(self.end, (after, until), side="right")
        rows = slice(int(first), int(last))
        return Steps(self.start[rows], self.end[rows], self.amount[rows], self.kind[rows])

    @property
    def known(self) -> NDArray[np.bool_]:
        """Steps whose amount counts."""
        return self.kind < StepKind.BACKWARD


def steps_between(
    pairs: Pairs, rules: RuleColumns, row: NDArray[np.intp]
) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Amount and kind of the step of each pair; nobody changed a meter in between.

    Args:
        pairs: Of readings, multiplied.
        rules: Of all counters.
        row: The rules of each pair, those valid at its end.
    """
    delta = pairs.after - pairs.before
    is_net = rules.is_net[row]
    turned = delta + rules.turn[row]
    is_rolled = (delta < 0) & ~is_net & ~rules.is_reverse[row] & (turned >= 0) & (turned <= rules.most_rolled[row])
    amount = np.where(is_rolled, turned, delta)
    is_huge = (np.abs(pairs.before) >= LARGEST) | (np.abs(pairs.after) >= LARGEST)
    kind = np.where(is_rolled, np.uint8(StepKind.ROLLED_OVER), np.uint8(StepKind.FORWARD))
    kind[(np.abs(amount) > _possible(pairs.end - pairs.start, rules, row)) | is_huge] = StepKind.IMPOSSIBLE
    kind[(amount < 0) & ~is_net & ~is_huge] = StepKind.BACKWARD
    counts = (kind < StepKind.BACKWARD) & ~rules.is_reverse[row]
    return np.where(counts, amount, 0), kind


def _possible(time: NDArray[np.int64], rules: RuleColumns, row: NDArray[np.intp]) -> NDArray[np.int64]:
    """The most that can pass in a time, and two steps of the display."""
    most, unit = rules.most[row], rules.most_in_ms[row]
    units, rest = time // unit, time % unit
    fits = units < LARGEST // np.maximum(most, 1)
    passed = np.where(fits, most * np.where(fits, units, 0) + most * rest // unit, LARGEST)
    return np.maximum(np.minimum(passed, LARGEST) + rules.slack[row], rules.most_at_once[row])


def steps_of(
    event_time: NDArray[np.int64],
    number: NDArray[np.int64],
    rules: DatedRules,
    changes: Sequence[MeterChange] = (),
) -> Steps:
    """Steps of one counter.

    Args:
        event_time: Of its valid readings, epoch milliseconds, ascending, each once.
        number: What it showed, millionths.
        rules: What is known of it; those valid at the end of a step judge it.
        changes: Of its meter, earliest first: readings at or before one are of the old meter.
    """
    value = multiplied(number, rules.columns.multiplier[rules.rows(event_time)])
    pairs = Pairs(event_time[:-1], event_time[1:], value[:-1], value[1:])
    amount, kind = steps_between(pairs, rules.columns, rules.rows(pairs.end))
    changed: dict[int, list[MeterChange]] = {}
    for change in changes:
        pair = int(np.searchsorted(pairs.end, change.at, side="right"))
        if pair < len(pairs.end) and pairs.start[pair] <= change.at:
            changed.setdefault(pair, []).append(change)
    for pair, its in changed.items():
        amount[pair], kind[pair] = _over_changes(Pairs(*(column[pair : pair + 1] for column in pairs)), its, rules)
    return Steps(pairs.start, pairs.end, amount, kind)


def _over_changes(pair: Pairs, changes: Sequence[MeterChange], rules: DatedRules) -> tuple[int, int]:
    """A step over changes of the meter: what each of the meters counted; refused where one part is."""
    time = int(pair.end[0] - pair.start[0])
    ends = np.array([*(change.at for change in changes), int(pair.end[0])], np.int64)
    row = rules.rows(ends)
    factor = rules.columns.multiplier[row]
    lasts = multiplied(np.array([change.old_final for change in changes], np.int64), factor[:-1])
    firsts = multiplied(np.array([change.new_initial for change in changes], np.int64), factor[1:])
    # Who reads off a meter may do so any time around the change: each part is given the time of the whole.
    parts = Pairs(ends - time, ends, np.concatenate([pair.before, firsts]), np.concatenate([lasts, pair.after]))
    amount, kind = steps_between(parts, rules.columns, row)
    refused = kind[kind >= StepKind.BACKWARD]
    return (0, int(refused[0])) if len(refused) else (int(amount.sum()), StepKind.REPLACED)
