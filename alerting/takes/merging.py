"""From findings of all judges of a class to the alerts of one subject: one at a time, named by what began it. Pure.

Source: docs/decisions/0092-taking.md, "several reasons".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from alerting.record import Change, plain_record
from hydro.fixed import divide_half_even

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alerting.level import Level
    from alerting.record import AlertRecord
    from alerting.takes.judge import Finding
    from hydro.register import Register

__all__ = ["ClassRule", "merged", "record"]


class ClassRule(NamedTuple):
    """What is particular to a class of alerts.

    Attributes:
        alert_class: As in docs/alert-classes.md.
        kind: Of its subjects.
        reasons: Of findings raised at one moment the first in this order names the alert.
        together: Level from which it is when two reasons meet; None = that is no worse.
    """

    alert_class: str
    kind: str
    reasons: tuple[str, ...]
    together: Level | None = None


def merged(findings: Iterable[Finding], rule: ClassRule) -> list[Finding]:
    """Alerts by raising: findings that overlap are one.

    Args:
        findings: Of all judges about one subject, in any order.
        rule: Of the class.
    """
    found: list[Finding] = []
    for finding in sorted(findings, key=lambda each: (each.raised_at, rule.reasons.index(each.reason))):
        last = found[-1] if found else None
        if last is not None and (last.resolved_at is None or finding.raised_at < last.resolved_at):
            found[-1] = _joined(last, finding, rule)
        else:
            found.append(finding)
    return found


def _joined(first: Finding, other: Finding, rule: ClassRule) -> Finding:
    ends = (first.resolved_at, other.resolved_at)
    resolved = None if None in ends else max(end for end in ends if end is not None)
    levels = first.levels
    if other.reason != first.reason and rule.together is not None and levels[-1].level < rule.together:
        levels = (*levels, Change(rule.together, other.raised_at, None, None))
    estimate = first.estimate or other.estimate
    if estimate is not None and estimate.volume is not None and resolved is not None and resolved != first.resolved_at:
        rate = divide_half_even(estimate.volume * 1000, resolved - first.onset)
        estimate = msgspec.structs.replace(estimate, rate=rate)
    return msgspec.structs.replace(first, resolved_at=resolved, levels=levels, estimate=estimate)


def record(
    finding: Finding, number: int, rule: ClassRule, subject: str, station: str, register: Register
) -> AlertRecord:
    """What the ledger gets.

    Args:
        finding: An alert.
        number: How many alerts of the same onset there were before.
        rule: Of its class.
        subject: Code.
        station: That says where it is: the first metering point.
        register: Master data.
    """
    plain = plain_record(
        rule.alert_class,
        finding.reason,
        (rule.kind, subject),
        register,
        onset=finding.onset,
        raised_at=finding.raised_at,
        resolved_at=finding.resolved_at,
        levels=(),
        number=number,
        station=station,
        estimate=finding.estimate,
    )
    return msgspec.structs.replace(
        plain,
        levels=finding.levels,
        worst=finding.worst,
        value=finding.value,
        target=finding.target,
        basis=finding.basis,
        window=finding.window,
    )
