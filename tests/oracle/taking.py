"""All classes of taking water over one record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .alert import Alert
from .daily import judge_missing, judge_no_meter, judge_permit
from .over_plan import judge_over_plan
from .over_rate import judge_over_rate
from .take import intakes_of, merge
from .tamper import REASONS as TAMPERINGS
from .tamper import judge_tamper, looks_of
from .under_reading import judge_under_reading
from .unmetered import REASONS as UNMETERED
from .unmetered import estimate_of, judge_unmetered

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from .observed import Observed
    from .take import Finding

__all__ = ["NO_METER", "TAKING", "judge_taking"]

NO_METER = "unmetered_intake/no_meter"
TAKING = frozenset({"unmetered_intake", NO_METER, "over_rate", "meter_tamper", "over_plan", "permit_expired"})


def judge_taking(
    observed: Observed, span: tuple[int, int] | None, watermark: Mapping[str, int], parts: Collection[str]
) -> list[Alert]:
    """Every alert on taking water, in no order.

    Args:
        observed: What was.
        span: First accepted event time of the stream, and the greatest or ``--to``; None where there is none.
        watermark: Of each station at the end.
        parts: What is judged.
    """
    if span is None:
        return []
    register = observed.register
    alerts: list[Alert] = []
    for intake, stations in intakes_of(register).items():
        if "unmetered_intake" in parts:
            found = judge_unmetered(observed, intake)
            found += judge_no_meter(observed, intake, *span) if NO_METER in parts else []
            together = [_together("intake", intake, "unmetered_intake", group) for group in merge(found, UNMETERED)]
            for alert in together:
                alert.estimate = estimate_of(observed, alert)
            alerts += together
        alerts += judge_over_rate(observed, intake) if "over_rate" in parts else []
        alerts += judge_missing(observed, intake, *span) if "permit_expired" in parts else []
        if "meter_tamper" not in parts:
            continue
        for station in stations:
            point = looks_of(observed, station)
            found = [*judge_tamper(point), *judge_under_reading(observed, point)]
            alerts += [_together("station", station, "meter_tamper", group) for group in merge(found, TAMPERINGS)]
    for permit in dict.fromkeys(row["permit"] for row in register.tables["permits"]):
        alerts += judge_permit(observed, permit, *span) if "permit_expired" in parts else []
        alerts += judge_over_plan(observed, permit, span[0], watermark) if "over_plan" in parts else []
    return alerts


def _together(kind: str, code: str, name: str, group: Sequence[Finding]) -> Alert:
    """One alert of spells that overlap; tampering is orange from its second reason on."""
    first = group[0]
    ends = [each.resolved_at for each in group]
    levels = [("yellow", first.raised_at)]
    others = [each.raised_at for each in group if each.reason != first.reason]
    if name == "meter_tamper" and others:
        levels = [*(levels if min(others) > first.raised_at else []), ("orange", min(others))]
    return Alert(
        kind=kind,
        code=code,
        name=name,
        reason=first.reason,
        onset=first.onset,
        raised_at=first.raised_at,
        resolved_at=None if None in ends else max(end for end in ends if end is not None),
        levels=levels,
    )
