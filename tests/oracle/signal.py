"""Signals, slowly: written from the text of docs/rules.md alone, over the whole record at once, in fractions.

The mildest bound of a slot is share × number, rounded half even to 1e-6. […] `hold_min` of used slots beyond the
mildest bound in a row raise it […]. Value and level come from means of the last hold_min of used slots since the last
gap […]. The level is the worst of the means that ended at one of the last hold_min of used slots since `raised_at` […].
`resolve_min` of used slots in a row at `resolves_at` or on its good side end it.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from .clock import HOUR
from .exemption import days_that_name, is_applicable
from .observed import hold, mean
from .register import covered_range, in_season, micro, target_id

if TYPE_CHECKING:
    from .observed import Observed
    from .register import Register, Row

__all__ = ["Found", "judge_signal"]

LEVELS = ("blue", "yellow", "orange", "red")
Rule = dict[str, Any]


@dataclass(frozen=True)
class Used:
    """A slot that is judged: its value and mildest bound in micro-units."""

    start: int
    end: int
    value: int
    bound: int


@dataclass
class Found:
    """An alert; instants in local ms, value and bound in micro-units."""

    station: str
    reason: str
    onset: int
    raised_at: int
    levels: list[tuple[str, int]]
    value: int
    bound: int
    window: tuple[int, int, int, int]
    worst: tuple[Fraction | None, int]
    resolved_at: int | None = None


def judge_signal(observed: Observed, rule: Rule) -> list[Found]:
    """All alerts of one signal.

    Args:
        observed: What was accepted.
        rule: The key ``signal`` of the file, as YAML reads it, numbers as text.
    """
    return [one for code in observed.register.codes() for one in _judge_station(observed, rule, code)]


def _judge_station(observed: Observed, rule: Rule, code: str) -> list[Found]:
    interval = observed.register.interval(code) or HOUR
    used = []
    for end, value in observed.slots(code, rule["quantity"]).items():
        bound = _mildest_bound(observed.register, rule, code, end - interval, end)
        if bound is not None:
            used.append(Used(end - interval, end, value, bound))
    raising = hold(int(rule.get("hold_min", 60)), interval)
    ending = hold(int(rule.get("resolve_min", rule.get("hold_min", 60)) or 60), interval)
    alerts: list[Found] = []
    number = 0
    while number < len(used):
        begun = _raised_at(rule, used, number, raising)
        if begun is None:
            break
        last = _ended_at(rule, used, begun, ending)
        alerts.append(_describe(rule, code, used, begun, last, raising, interval))
        if last is None:
            break
        number = last + 1
    return alerts


def _raised_at(rule: Rule, used: list[Used], first: int, count: int) -> int | None:
    """Number of the first slot from ``first`` on that completes as many slots beyond their bound in a row."""
    return next(
        (
            last
            for last in range(first + count - 1, len(used))
            if _in_a_row(used, last, count) and all(_beyond(rule, each) for each in used[last - count + 1 : last + 1])
        ),
        None,
    )


def _ended_at(rule: Rule, used: list[Used], raised: int, count: int) -> int | None:
    """Number of the first slot after ``raised`` that completes as many good slots in a row."""
    return next(
        (
            last
            for last in range(raised + count, len(used))
            if _in_a_row(used, last, count) and all(_is_good(rule, each) for each in used[last - count + 1 : last + 1])
        ),
        None,
    )


def _in_a_row(used: list[Used], last: int, count: int) -> bool:
    """Whether no gap of more than an hour lies between the slots."""
    some = used[last - count + 1 : last + 1]
    return all(after.start - before.end <= HOUR for before, after in pairwise(some))


def _describe(
    rule: Rule, code: str, used: list[Used], raised: int, ended: int | None, count: int, interval: int
) -> Found:
    """How the alert looks at the end: level and value after each slot that does not resolve it."""
    means = {}
    final = len(used) if ended is None else ended
    for last in range(raised, final):
        if last - count + 1 >= 0 and _in_a_row(used, last, count):
            means[last] = _mean(used[last - count + 1 : last + 1], interval)
    levels: list[tuple[str, int]] = []
    shown = means[raised]
    for last in range(raised, final):
        recent = [number for number in range(max(raised, last - count + 1), last + 1) if number in means]
        if not recent:
            continue
        worst = max(_level(rule, means[number]) for number in recent)
        shown = next(means[number] for number in reversed(recent) if _level(rule, means[number]) == worst)
        if not levels or levels[-1][0] != LEVELS[worst]:
            levels.append((LEVELS[worst], used[last].end))
    worst_mean = means[raised]
    for each in means.values():
        if _distance(rule, each) > _distance(rule, worst_mean):
            worst_mean = each
    return Found(
        station=code,
        reason="below_bound" if "below" in rule else "above_bound",
        onset=used[raised - count + 1].start,
        raised_at=used[raised].end,
        levels=levels,
        value=shown[0].value,
        bound=shown[0].bound,
        window=(shown[0].start, shown[0].end, shown[1], count),
        worst=(_ratio(worst_mean[0]), worst_mean[0].end),
        resolved_at=None if ended is None else used[ended].end,
    )


Mean = tuple[Used, int]


def _mean(slots: list[Used], interval: int) -> Mean:
    start, end = slots[0].start, slots[-1].end
    value, bound = mean(each.value for each in slots), mean(each.bound for each in slots)
    return Used(start, end, value, bound), (end - start) // interval


def _ratio(one: Used) -> Fraction | None:
    return Fraction(one.value, one.bound) if one.bound > 0 else None


def _distance(rule: Rule, one: Mean) -> int:
    """How far beyond its bound a mean lies."""
    return one[0].bound - one[0].value if "below" in rule else one[0].value - one[0].bound


def _level(rule: Rule, one: Mean) -> int:
    """Place of the worst level beyond whose bound a mean is; the mildest where it is beyond none."""
    named = _bounds(rule)
    places = [LEVELS.index(name) for name, share in named if _beyond_share(rule, one[0], share)]
    return max(places, default=LEVELS.index(named[0][0]))


def _bounds(rule: Rule) -> list[tuple[str, Fraction]]:
    sides = rule.get("below") or rule["above"]
    return [(name, Fraction(sides[name])) for name in LEVELS if name in sides]


def _beyond(rule: Rule, one: Used) -> bool:
    """Whether a value lies more than 1e-6 beyond its own mildest bound."""
    return one.value < one.bound - 1 if "below" in rule else one.value > one.bound + 1


def _at(rule: Rule, one: Used, share: Fraction) -> Fraction:
    """Another bound of the rule for the same slot or mean: the same share of it, or the same distance from it."""
    mildest = _bounds(rule)[0][1]
    if "of" in rule:
        return one.bound * share / mildest
    return one.bound + (share - mildest) * 1_000_000


def _beyond_share(rule: Rule, one: Used, share: Fraction) -> bool:
    bound = _at(rule, one, share)
    return one.value < bound - 1 if "below" in rule else one.value > bound + 1


def _is_good(rule: Rule, one: Used) -> bool:
    share = Fraction(rule["resolves_at"]) if "resolves_at" in rule else _bounds(rule)[0][1]
    return not _beyond_share(rule, one, share)


def _mildest_bound(register: Register, rule: Rule, code: str, start: int, end: int) -> int | None:
    """Of a slot; None where it is not judged."""
    row = register.row_at("stations", end, station=code)
    if row is None or not _in_scope(rule.get("scope", {}), row):
        return None
    if not is_applicable(register, code, days_that_name("instant", start, end, 0), end):
        return None
    number = _number(register, rule, row, end)
    return None if number is None else round(_bounds(rule)[0][1] * number)


def _in_scope(scope: Rule, row: Row) -> bool:
    def named(key: str) -> list[str]:
        found = scope.get(key, [])
        return [found] if isinstance(found, str) else list(found)

    kinds, rivers, codes = named("kind"), named("river"), named("station")
    divisions = named("division")
    return (
        (not kinds or row["kind"] in kinds)
        and (not rivers or row.get("river", "") in rivers)
        and (not codes or row["station"] in codes)
        and (not divisions or any(row.get("division", "").startswith(each) for each in divisions))
    )


def _number(register: Register, rule: Rule, row: Row, end: int) -> int | None:
    """What bounds are shares of, in micro-units; one unit where they are values."""
    if "of" not in rule:
        return 1_000_000
    table, _, name = str(rule["of"]).partition(".")
    found = [0]
    if table == "target":
        found += [
            micro(each["value"])
            for rows in register.targets()
            for each in rows
            if target_id(each)
            and each["station"] == row["station"]
            and each["quantity"] == rule["quantity"]
            and (each.get("kind", "") or "base") == (name or "base")
            and _holds(register, each, end)
        ]
    elif table == "stations":
        found.append(micro(row.get(name, "") or "0"))
    else:
        point = register.row_at("points", end, station=row["station"], quantity=rule["quantity"]) or {}
        found.append(micro(point.get(name, "") or "0"))
    return max(found) or None


def _holds(register: Register, row: Row, end: int) -> bool:
    """Whether a row of a target covers an instant: its dates, and its days of the year."""
    first, last = covered_range(row.get("valid_from", ""), row.get("valid_to", ""), register.zone)
    [day] = days_that_name("instant", end - 1, end, 0)
    return first < end <= last and in_season(row.get("from_day", ""), row.get("to_day", ""), day)
