"""Alerts of permits as records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from alerting.permits.expiry import ALERT_CLASS as PERMIT_EXPIRED
from alerting.permits.expiry import Lapse
from alerting.permits.over_plan import ALERT_CLASS as OVER_PLAN
from alerting.permits.over_plan import RATE_DAYS, Overrun
from alerting.permits.standing import ExpiryReason
from alerting.record import AlertRecord, Change, Estimate, Window, plain_record
from hydro.fixed import divide_half_even

if TYPE_CHECKING:
    from alerting.permits.over_plan import PlanLevel
    from hydro.register import Register

__all__ = ["lapse_record", "overrun_record"]

_RATE_SECONDS: Final = RATE_DAYS * 86_400


def overrun_record(overrun: Overrun, permit: str, year_start: int, register: Register) -> AlertRecord:
    """More than the plan: value, target and window are those of the last change of level.

    Args:
        overrun: The alert.
        permit: Whose.
        year_start: 1 January 00:00 of its year.
        register: Master data.
    """
    first, last = overrun.levels[0], overrun.levels[-1]
    plain = plain_record(
        OVER_PLAN,
        overrun.reason,
        ("permit", permit),
        register,
        onset=first.at,
        raised_at=first.at,
        resolved_at=overrun.resolved_at,
        levels=(),
        estimate=_forecast(last, overrun.scale),
    )
    return msgspec.structs.replace(
        plain,
        division=_division(register, permit, first.at),
        levels=tuple(
            Change(each.level, each.at, divide_half_even(each.volume, overrun.scale), each.plan)
            for each in overrun.levels
        ),
        value=divide_half_even(last.volume, overrun.scale),
        target=last.plan,
        window=Window(year_start, last.at, last.expected, last.known),
    )


def _forecast(level: PlanLevel, scale: int) -> Estimate | None:
    rate = level.rate
    if rate is None:
        return None
    year = RATE_DAYS * rate.volume + rate.recent * rate.days_left
    return Estimate(
        divide_half_even(rate.recent, scale * _RATE_SECONDS),
        None,
        None,
        divide_half_even(year, scale * RATE_DAYS),
        None,
        "rate_28d",
    )


def _division(register: Register, permit: str, at: int) -> str | None:
    rows = register.taking.permits[permit]
    begun = [row for row in rows if row.start_ms < at]
    return (begun or list(rows))[-1].division or None


def lapse_record(lapse: Lapse, subject: tuple[str, str], register: Register) -> AlertRecord:
    """A permit that ends or is suspended, or an intake without one.

    Args:
        lapse: The alert.
        subject: Kind and code.
        register: Master data.
    """
    kind, code = subject
    raised_at = lapse.levels[0][1]
    plain = plain_record(
        PERMIT_EXPIRED,
        lapse.reason,
        subject,
        register,
        onset=lapse.onset,
        raised_at=raised_at,
        resolved_at=lapse.resolved_at,
        levels=lapse.levels,
        station=next(iter(register.taking.structures.get(code, ())), None) if kind == "intake" else None,
        estimate=_metered(lapse),
    )
    if kind == "permit":
        return msgspec.structs.replace(plain, division=_division(register, code, raised_at))
    return plain


def _metered(lapse: Lapse) -> Estimate | None:
    seconds = (lapse.until - lapse.onset) // 1_000
    if lapse.reason == ExpiryReason.EXPIRING or lapse.volume <= 0 or seconds <= 0:
        return None
    volume = divide_half_even(lapse.volume, lapse.scale)
    return Estimate(divide_half_even(lapse.volume, lapse.scale * seconds), None, None, volume, None, "metered")
