"""What an alert list is worth beside what was true."""

from __future__ import annotations

from collections import Counter
from statistics import median
from typing import TYPE_CHECKING, Final, NamedTuple

from hydro.instants import DAY_MS, HOUR_MS, parse_instant
from simulators.truth import TruthKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bench.detection.village import Kind
    from simulators.truth import Truth

__all__ = ["TAKING", "Seen", "line_of", "seen_of", "wrong_of"]

TAKING: Final = ("unmetered_intake", "meter_tamper", "over_rate", "permit_expired", "over_plan")
_TRUTHS: Final = (TruthKind.UNMETERED_INTAKE, TruthKind.OVER_RATE, TruthKind.METER_CHANGE, TruthKind.SENSOR_FAULT)


class Seen(NamedTuple):
    """An alert, of whomever.

    Attributes:
        volume: Estimated, m3; None where it says none.
    """

    alert_class: str
    reason: str
    intake: str
    raised_at: int
    volume: float | None = None


def seen_of(alerts: Iterable[Mapping[str, object]]) -> list[Seen]:
    """Alerts of the product on taking."""
    found = []
    for alert in alerts:
        subject, estimate = alert["subject"], alert["estimate"]
        assert isinstance(subject, dict)
        if alert["class"] in TAKING:
            volume = estimate["volume_m3"] if isinstance(estimate, dict) else None
            code = str(subject["code"]).removeprefix("P")
            raised = parse_instant(str(alert["raised_at"]), 480)
            found.append(Seen(str(alert["class"]), str(alert["reason"]), code, raised, volume))
    return found


def begins_of(truths: Iterable[Truth]) -> dict[str, int]:
    """When the first true thing began at each intake."""
    found: dict[str, int] = {}
    for truth in truths:
        if truth.kind in _TRUTHS:
            found[truth.subject] = min(truth.start, found.get(truth.subject, truth.start))
    return found


def line_of(kind: Kind, intakes: Sequence[str], alerts: Sequence[Seen], truths: Sequence[Truth], start: int) -> str:
    """A line of the table of dishonest takers: found of how many, delays, other alerts before and after, estimate."""
    begins = begins_of(truths)
    delays, shares = [], []
    before = also = 0
    taken: Counter[str] = Counter()
    for truth in truths:
        if truth.kind is TruthKind.UNMETERED_INTAKE:
            taken[truth.subject] += round(float(truth.details["volume_m3"] or 0.0))
    for code in intakes:
        begin = begins.get(code, start)
        mine = [alert for alert in alerts if alert.intake == code]
        hits = [alert for alert in mine if alert.alert_class in kind.finds and alert.raised_at >= begin]
        before += sum(alert.raised_at < begin for alert in mine)
        also += sum(alert.raised_at >= begin and alert.alert_class not in kind.finds for alert in mine)
        if hits:
            delays.append((min(alert.raised_at for alert in hits) - begin) / HOUR_MS)
            volumes = [alert.volume for alert in hits if alert.volume is not None]
            if volumes and taken[code]:
                shares.append(sum(volumes) / taken[code])
    late = f"{median(delays):7.1f} h ({max(delays):.1f})" if delays else "–"
    share = f"{median(shares):.2f} ({min(shares):.2f}–{max(shares):.2f})" if shares else "–"
    return f"{kind.name:<18}{len(delays):>4} of {len(intakes):<4}{late:<22}{before:>6}{also:>6}   {share}"


def wrong_of(alerts: Sequence[Seen], truths: Sequence[Truth], years: float) -> list[str]:
    """Lines on alerts of honest takers: by class and reason, for 100 intake-years, and what fault was there."""
    faults: dict[str, list[Truth]] = {}
    for truth in truths:
        faults.setdefault(truth.subject, []).append(truth)
    counts: Counter[tuple[str, str]] = Counter()
    beside: dict[tuple[str, str], Counter[str]] = {}
    for alert in alerts:
        key = (alert.alert_class, alert.reason)
        counts[key] += 1
        near = [
            str(truth.details.get("fault", truth.kind.value))
            for truth in faults.get(alert.intake, ())
            if truth.start - DAY_MS < alert.raised_at <= truth.end + DAY_MS
        ]
        beside.setdefault(key, Counter()).update(set(near) or {"no fault"})
    return [
        f"{name:<18}{reason:<20}{count:>5}{100.0 * count / years:9.2f}   "
        + ", ".join(f"{what} {number}" for what, number in beside[name, reason].most_common())
        for (name, reason), count in sorted(counts.items())
    ]
