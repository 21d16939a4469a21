"""The class ``meter_tamper``: a metering point whose door, total and flow do not fit.

metering point, outside maintenance | `door_step`: door opens and within 24 h flow at the same pump state or power
shifts ≥ 20 % for ≥ 2 h, or the total steps beyond max_step; `total_frozen`: flow > 5 % of design for 2 h while the
total gains < 10 % of the integral, or the reverse; `counter_back` on a forward total without a meter change;
`under_reading` (under_reading.py) | first step / window complete | yellow; orange with two reasons | site record, or
7 d clean
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

from .clock import DAY, HOUR, MINUTE
from .register import covered_range
from .take import Finding, changes_between, design_max, name_of, number_of, points_at, slots_for

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .observed import Observed
    from .register import Register

__all__ = ["REASONS", "Look", "Point", "judge_tamper", "looks_of", "spells", "upward"]

REASONS = ("door_step", "total_frozen", "counter_back", "under_reading")
HALF = 500_000


@dataclass(frozen=True)
class Look:
    """What a metering point says in one slot outside maintenance.

    ``era`` is the end of the latest maintenance before it, ``total_at`` the event time of its total.
    """

    start: int
    end: int
    era: int
    flow: int | None
    total: int | None
    total_at: int
    power: int | None
    is_running: bool | None
    door: int | None
    design: int | None


@dataclass(frozen=True)
class Point:
    """A metering point and its slots in order."""

    register: Register
    station: str
    interval: int
    looks: Sequence[Look]

    def number(self, quantity: str, column: str, moment: int) -> int | None:
        """A number of its ``points``."""
        return number_of(self.register, self.station, quantity, column, moment)

    def changed(self, first: Look, second: Look, quantity: str = "volume_total") -> bool:
        """Whether the meter was changed between the totals of two slots."""
        return bool(changes_between(self.register, self.station, quantity, first.total_at, second.total_at))


def visits_of(register: Register, station: str) -> list[int]:
    """Site records: changes of a meter, and ends of the maintenance of this station."""
    changes = [
        covered_range(row["at"], "", register.zone)[0]
        for row in register.tables["meter_changes"]
        if row["station"] == station
    ]
    works = [
        covered_range("", row["to"], register.zone)[1]
        for row in register.tables["maintenance"]
        if (row["scope"], row["code"]) == ("station", station)
    ]
    return sorted([*changes, *works])


def upward(minutes: int, interval: int) -> int:
    """Slots of so many minutes, rounded up, at least one."""
    return max(1, -(-minutes * MINUTE // interval))


def maintenance_of(register: Register, station: str, moment: int) -> list[tuple[int, int]]:
    """(from, to] of the maintenance of a station, its gateway and its plant."""
    row = register.row_at("stations", moment, station=station) or {}
    codes = {"station": station, "gateway": row.get("gateway", ""), "plant": row.get("plant", "")}
    return [
        covered_range(each["from"], each["to"], register.zone)
        for each in register.tables["maintenance"]
        if each["code"] and codes.get(each["scope"]) == each["code"]
    ]


def looks_of(observed: Observed, station: str) -> Point:
    """Slots of a metering point in which anything is known, outside maintenance."""
    register = observed.register
    interval = register.interval(station) or MINUTE
    slots = slots_for(observed, station, interval)
    looks = []
    for end in sorted({end for values in slots.values.values() for end in values}):
        rows = [
            row
            for row in register.tables["intakes"]
            if row["station"] == station and row in points_at(register, name_of(row), end)
        ]
        spans = maintenance_of(register, station, end)
        if not rows or any(first < end and end - interval < last for first, last in spans):
            continue
        pump, power = slots.get("pump", end), slots.get("power", end)
        rated = number_of(register, station, "power", "rated_kw", end)
        turning = [pump >= HALF] if pump is not None else []
        turning += [5 * power > rated] if power is not None and rated is not None else []
        look = Look(
            start=end - interval,
            end=end,
            era=max((last for _, last in spans if last <= end - interval), default=0),
            flow=slots.get("discharge", end),
            total=slots.get("volume_total", end),
            total_at=slots.moments.get("volume_total", {}).get(end, end),
            power=power,
            is_running=any(turning) if turning else None,
            door=slots.get("door", end),
            design=design_max(rows),
        )
        looks.append(look)
    return Point(register, station, interval, looks)


def first_visit(visits: Sequence[int], raised_at: int, end: int) -> int | None:
    """The first site record after a spell was raised and before a slot ended."""
    return next((visit for visit in visits if raised_at < visit < end), None)


def spells(
    reason: str, looks: Sequence[Look], point: Point, evidence: Callable[[int, int], int | None]
) -> list[Finding]:
    """Spells of a reason over the slots of its question.

    Args:
        reason: Of the spells.
        looks: Slots that answer the question.
        point: Whose they are.
        evidence: Given the number of the first slot that counts and of the latest: the onset if there is evidence.
    """
    found: list[Finding] = []
    visits = visits_of(point.register, point.station)
    free = clean = 0
    for place, here in enumerate(looks):
        if place and here.start - looks[place - 1].end > HOUR:
            clean = 0
        if found and found[-1].resolved_at is None:
            found[-1].resolved_at = first_visit(visits, found[-1].raised_at, here.end)
            free = free if found[-1].resolved_at is None else place
        onset = evidence(free, place)
        if found and found[-1].resolved_at is None:
            clean = clean + 1 if onset is None else 0
            if clean >= upward(7 * 1440, point.interval):
                found[-1].resolved_at = here.end
                free = place + 1
        elif onset is not None:
            found.append(Finding(reason, onset, here.end))
            clean = 0
    return found


def judge_tamper(point: Point) -> list[Finding]:
    """Spells of ``door_step``, ``total_frozen`` and ``counter_back``, in no order."""
    return [*_door_step(point), *_total_frozen(point), *_counter_back(point)]


# door_step


def _door_step(point: Point) -> list[Finding]:
    openings = _openings(point)
    used: set[int] = set()
    looks = [each for each in point.looks if each.flow is not None or each.total is not None]

    def evidence(free: int, place: int) -> int | None:
        here = looks[place]
        recent = [
            each
            for each in openings
            if each.end < here.end <= each.end + DAY and (not free or each.start >= looks[free].start)
        ]
        if not recent or recent[-1].end in used or here.era != recent[-1].era:
            return None
        onset = _shift(point, recent[-1], here)
        before = next((each for each in reversed(looks[:place]) if each.total is not None), None)
        if onset is None and before is not None and _is_near(before, here) and _steps(point, before, here):
            onset = here.start
        if onset is None or onset < looks[free].start:
            return None
        used.add(recent[-1].end)
        return onset

    return spells("door_step", looks, point, evidence)


def _is_near(before: Look, here: Look) -> bool:
    """Whether two slots may be compared: no maintenance between, and not more than 7 days."""
    return before.era == here.era and here.start - before.end <= 7 * DAY


def _openings(point: Point) -> list[Look]:
    found = []
    before: Look | None = None
    for here in point.looks:
        if here.door is None:
            continue
        if before is not None and before.door == 0 and here.door > 0 and _is_near(before, here):
            found.append(here)
        before = here
    return found


def _steps(point: Point, before: Look, here: Look) -> bool:
    most = point.number("volume_total", "max_step", here.end)
    if most is None or before.total is None or here.total is None or point.changed(before, here):
        return False
    return abs(here.total - before.total) > most


def _shift(point: Point, opening: Look, here: Look) -> int | None:
    """Start of 2 h after an opening that end with this slot, and in which flow is not what it was before."""
    needed = upward(120, point.interval)
    known = [each for each in point.looks if each.flow is not None and each.is_running is not None]
    after: list[Look] = []
    last: Look | None = None
    for each in known:
        if each.start < opening.end or each.end > here.end:
            continue
        if last is not None and each.start - last.end > HOUR:
            after = []
        last = each
        after = [*after, each] if each.is_running else after
    before = [
        each
        for each in known
        if each.is_running
        and each.era == opening.era
        and opening.start - 7 * DAY < each.end <= opening.start
        and not point.changed(each, opening)
    ][-needed:]
    after = after[-needed:]
    if len(after) < needed or len(before) < needed or (after[-1] is not here and after[-1].end != here.end):
        return None
    return after[0].start if _differs(before, after) else None


def _differs(before: Sequence[Look], after: Sequence[Look]) -> bool:
    """Whether flow for power, or flow alone where power isn't known, shifts by 20 %."""
    old, new = sum(each.flow or 0 for each in before), sum(each.flow or 0 for each in after)
    if old <= 0:
        return False
    if all(each.power is not None for each in (*before, *after)):
        spent, spends = sum(each.power or 0 for each in before), sum(each.power or 0 for each in after)
        is_alike = 5 * abs(spends - spent) <= spent
        return is_alike and 5 * abs(new * spent - old * spends) >= old * spends
    mean = Fraction(old, len(before))
    flows = [each.flow or 0 for each in after]
    return all(5 * (flow - mean) >= mean for flow in flows) or all(5 * (mean - flow) >= mean for flow in flows)


# total_frozen, counter_back


def _total_frozen(point: Point) -> list[Finding]:
    looks = [
        each
        for each in point.looks
        if each.flow is not None
        and each.total is not None
        and each.design is not None
        and _kind(point, each.end) != "reverse"
    ]

    begins = _restarts(point, looks)

    def evidence(free: int, place: int) -> int | None:
        window = looks[max(free, begins[place]) : place + 1]
        return next(
            (onset for onset in (_frozen(point, window), _running_on(point, window)) if onset is not None), None
        )

    return spells("total_frozen", looks, point, evidence)


def _kind(point: Point, moment: int) -> str:
    row = point.register.row_at("points", moment, station=point.station, quantity="volume_total") or {}
    return row.get("counter_kind", "")


def _step(point: Point, moment: int) -> int:
    return point.number("volume_total", "resolution", moment) or 0


def _restarts(point: Point, looks: Sequence[Look]) -> list[int]:
    """For each slot the first one after the latest gap, or counter that did what no water does."""
    begins = [0] if looks else []
    for place, (before, after) in enumerate(pairwise(looks), start=1):
        gain = (after.total or 0) - (before.total or 0)
        step = _step(point, after.end)
        most = Fraction(2 * (after.design or 0) * (after.end - before.end), 1000) + 2 * step
        broke = after.start - before.end > HOUR or not -step <= gain <= most or point.changed(before, after)
        broke = broke or before.era != after.era
        begins.append(place if broke else begins[-1])
    return begins


def _integral(window: Sequence[Look]) -> Fraction:
    """Volume by the flows, from the end of the first slot to the end of the last; what runs back counts nothing."""
    return sum(
        (Fraction(max(here.flow or 0, 0) * (here.end - before.end), 1000) for before, here in pairwise(window)),
        Fraction(),
    )


def _frozen(point: Point, row: Sequence[Look]) -> int | None:
    flowing: list[Look] = []
    for each in reversed(row):
        if 20 * (each.flow or 0) <= (each.design or 0) or each.is_running is False:
            break
        flowing.append(each)
    flowing.reverse()
    step = _step(point, row[-1].end)
    for size in range(max(2, upward(120, point.interval)), len(flowing) + 1):
        window = flowing[-size:]
        if window[-1].end - window[0].end > 2 * DAY:
            return None
        integral = _integral(window)
        if integral >= 10 * step:
            gain = (window[-1].total or 0) - (window[0].total or 0)
            return window[0].start if 10 * gain < integral else None
    return None


def _running_on(point: Point, row: Sequence[Look]) -> int | None:
    """The reverse: a total that gains what the flow does not say."""
    size, before = max(6, upward(120, point.interval)), upward(60, point.interval)
    if len(row) < size + before:
        return None
    window = row[-size:]
    gain = (window[-1].total or 0) - (window[0].total or 0)
    time = Fraction(window[-1].end - window[0].end, 1000)
    enough = gain >= Fraction(window[-1].design or 0, 20) * time and gain >= 10 * _step(point, window[-1].end)
    return window[0].start if enough and 10 * _integral(row[-size - before :]) < gain else None


def _counter_back(point: Point) -> list[Finding]:
    looks = [each for each in point.looks if each.total is not None and _kind(point, each.end) == "forward"]

    def evidence(free: int, place: int) -> int | None:
        if place == free:
            return None
        before, here = looks[place - 1], looks[place]
        if not _is_near(before, here) or point.changed(before, here):
            return None
        first, second, step = before.total or 0, here.total or 0, _step(point, here.end)
        most = point.number("volume_total", "counter_max", here.end)
        rolled = most is not None and (second + most + step - first) * 10 <= most
        return here.start if second < first - step and not rolled else None

    return spells("counter_back", looks, point, evidence)
