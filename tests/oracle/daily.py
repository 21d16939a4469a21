"""What is judged at each 00:00: the class ``permit_expired``, and ``no_meter`` of ``unmetered_intake``.

permit, or intake (`missing`) | judged daily: `expiring` at 90 and 45 d; `expired` past valid_to and state ≠ renewal;
`missing`: take without permit or exempt_ground; `suspended` | 00:00 after valid_to, or first take | blue; orange if
water was taken in the last 24 h; red `suspended` and taking | new dated row, or sealed
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from .alert import Alert
from .clock import DAY, MINUTE
from .estimating import metered
from .over_plan import share_of, taken_between
from .register import covered_range, micro
from .take import Finding, intakes_of, number_of, points_at, shares_at, slots_for

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .observed import Observed
    from .register import Register, Row
    from .take import Estimate

__all__ = ["judge_missing", "judge_no_meter", "judge_permit", "midnights"]

LEAST_VOLUME = {"surface": 500_000, "ground": 50_000}
LEAST_MU = 50_000


def midnights(first: int, last: int) -> Iterable[int]:
    """00:00 of every day from an instant to another, both included."""
    return range(-(-first // DAY) * DAY, last + 1, DAY)


# What was taken


def first_take(observed: Observed, intake: str, midnight: int) -> int | None:
    """Start of the first slot of the 24 h before a 00:00 in which water was taken; None if none was."""
    register = observed.register
    stations = intakes_of(register)[intake]
    interval = max(register.interval(code) or MINUTE for code in stations)
    starts: list[int] = []
    for code in stations:
        slots = slots_for(observed, code, interval)
        flows = [end for end in slots.values.get("discharge", {}) if _counts(register, intake, code, end, midnight)]
        for end in sorted(flows):
            zero = number_of(register, code, "discharge", "zero_below", end) or 0
            if (slots.get("discharge", end) or 0) > zero:
                starts.append(end - interval)
                break
        totals = slots.values.get("volume_total", {})
        ends = sorted(end for end in totals if _counts(register, intake, code, end, midnight))
        step = number_of(register, code, "volume_total", "resolution", midnight) or 0
        if len(ends) > 1 and totals[ends[-1]] - totals[ends[0]] > step:
            starts.append(ends[1] - interval)
    return min(starts) if starts else None


def _counts(register: Register, intake: str, code: str, end: int, midnight: int) -> bool:
    inside = midnight - DAY < end <= midnight
    return inside and any(row["station"] == code for row in points_at(register, intake, end))


# Permits


def judge_permit(observed: Observed, permit: str, first: int, last: int) -> list[Alert]:
    """Every run of days on which a permit is suspended, over, or nearly."""
    register = observed.register
    alerts: list[Alert] = []
    firing: Alert | None = None
    for here in midnights(first, last):
        state = None if _is_sealed(register, permit, here) else _state(register, permit, here)
        if firing is not None and (state is None or state[0] != firing.reason):
            firing.resolved_at = here
            firing = None
        if state is None:
            continue
        taking = any(
            first_take(observed, intake, here) is not None
            for intake in intakes_of(register)
            if permit in shares_at(register, intake, here)
        )
        level = {"suspended": "red", "expired": "orange", "expiring": "blue"}[state[0]] if taking else "blue"
        if firing is None:
            firing = Alert("permit", permit, "permit_expired", state[0], state[1], here, levels=[(level, here)])
            alerts.append(firing)
        elif firing.levels[-1][0] != level:
            firing.levels.append((level, here))
    for alert in alerts:
        if alert.reason != "expiring":
            alert.estimate = _estimate(observed, intakes_of(register), permit, alert, last)
    return alerts


def _estimate(
    observed: Observed, intakes: dict[str, list[str]], permit: str | None, alert: Alert, last: int
) -> Estimate | None:
    """What was taken since the onset, up to the last 00:00; None where nothing was."""
    end = alert.resolved_at if alert.resolved_at is not None else last // DAY * DAY
    volume = taken_between(observed, intakes, permit, (alert.onset, end))
    return metered(volume, (alert.onset, end)) if volume else None


def _spans(register: Register, permit: str) -> list[tuple[int, int, Row]]:
    rows = [row for row in register.tables["permits"] if row["permit"] == permit]
    spans = [(*covered_range(row["valid_from"], row.get("valid_to", ""), register.zone), row) for row in rows]
    return sorted(spans, key=lambda span: span[:2])


def _state(register: Register, permit: str, here: int) -> tuple[str, int] | None:
    """Reason and onset of a permit on the day that begins here."""
    spans = _spans(register, permit)
    now = next((span for span in spans if span[0] <= here < span[1]), None)
    if now is None:
        over = [span for span in spans if span[1] <= here]
        if not over:
            return None
        last = max(over, key=lambda span: span[1])
        return None if last[2].get("state", "") in ("renewal", "revoked") else ("expired", last[1])
    state = now[2].get("state", "")
    if state == "suspended":
        return "suspended", now[0]
    if state in ("renewal", "revoked"):
        return None
    end = now[1]
    while any(span[0] == end for span in spans):
        end = next(span[1] for span in spans if span[0] == end)
    if end - here > 90 * DAY:
        return None
    return "expiring", max(end - 90 * DAY, min(span[0] for span in spans))


def _is_sealed(register: Register, permit: str, here: int) -> bool:
    """Whether every intake of a permit is retired, or it has none any more."""
    ever = any(row["permit"] == permit for row in register.tables["permit_intakes"])
    ever = ever or any(row.get("permit", "") == permit for row in register.tables["intakes"])
    mine = [intake for intake in intakes_of(register) if permit in shares_at(register, intake, here + 1)]
    return ever and not any(points_at(register, intake, here + 1) for intake in mine)


# Intakes


def judge_missing(observed: Observed, intake: str, first: int, last: int) -> list[Alert]:
    """Every run of days from a take without permit on."""
    register = observed.register
    alerts: list[Alert] = []
    firing: Alert | None = None
    for here in midnights(first, last):
        if not _lacks_permit(register, intake, here):
            if firing is not None:
                firing.resolved_at = here
            firing = None
            continue
        start = first_take(observed, intake, here)
        level = "blue" if start is None else "orange"
        if firing is None and start is not None:
            firing = Alert("intake", intake, "permit_expired", "missing", start, here, levels=[(level, here)])
            alerts.append(firing)
        elif firing is not None and firing.levels[-1][0] != level:
            firing.levels.append((level, here))
    for alert in alerts:
        alert.estimate = _estimate(observed, {intake: intakes_of(register)[intake]}, None, alert, last)
    return alerts


def _lacks_permit(register: Register, intake: str, here: int) -> bool:
    points = points_at(register, intake, here + 1)
    if not points or any(point.get("exempt_ground", "") for point in points):
        return False
    known = [
        span
        for permit in shares_at(register, intake, here + 1)
        for span in _spans(register, permit)
        if span[0] <= here and span[2].get("state", "") != "revoked"
    ]
    return not known


def judge_no_meter(observed: Observed, intake: str, first: int, last: int) -> list[Finding]:
    """Every run of days on which an intake above the threshold has no meter."""
    found: list[Finding] = []
    for here in midnights(first, last):
        is_so = _needs_meter(observed.register, intake, here)
        firing = found[-1] if found and found[-1].resolved_at is None else None
        if firing is None and is_so:
            found.append(Finding("no_meter", here, here))
        elif firing is not None and not is_so:
            firing.resolved_at = here
    return found


def _needs_meter(register: Register, intake: str, here: int) -> bool:
    points = points_at(register, intake, here + 1)
    if not points or any(point.get("method", "") != "none" for point in points):
        return False
    area = sum((Fraction(point["irrigation_mu"]) for point in points if point.get("irrigation_mu", "")), Fraction())
    least = _threshold(register, points[0], "", "mu_min", here)
    if area >= (LEAST_MU if least is None else least):
        return True
    volumes: dict[str, Fraction] = {}
    for permit in shares_at(register, intake, here + 1):
        row = register.row_at("permits", here + 1, permit=permit)
        if row is not None and row.get("state", "") != "revoked":
            amount = Fraction(micro(row["annual_m3"]), 1_000_000) * share_of(register, intake, permit, here + 1)
            volumes[row["source"]] = volumes.get(row["source"], Fraction()) + amount
    for source, volume in volumes.items():
        bound = _threshold(register, points[0], source, "annual_m3_min", here)
        if bound is None and source in LEAST_VOLUME:
            bound = Fraction(LEAST_VOLUME[source])
        if bound is not None and volume >= bound:
            return True
    return False


def _threshold(register: Register, point: Row, source: str, column: str, here: int) -> Fraction | None:
    """The number of the row that says most of a metering point; for area rows without source."""
    station = register.row_at("stations", here + 1, station=point["station"]) or {}
    fitting = []
    for row in register.tables["thresholds"]:
        start = covered_range(row["valid_from"], "", register.zone)[0]
        code = row["division"]
        while len(code) > 2 and code.endswith("00"):
            code = code[:-2]
        is_fit = (
            row.get(column, "")
            and start <= here < covered_range(row["valid_from"], row.get("valid_to", ""), register.zone)[1]
            and station.get("division", "").startswith(code)
            and row["source"] in ("", source)
            and row["use"] in ("", point.get("use", ""))
        )
        if is_fit:
            fitting.append(((len(code), bool(row["source"]), bool(row["use"]), start), row))
    return Fraction(max(fitting, key=lambda pair: pair[0])[1][column]) if fitting else None
