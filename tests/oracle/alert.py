"""One alert as it grows, and the line that ``backtest`` must write for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from .clock import format_time

if TYPE_CHECKING:
    from .register import Register, Row
    from .take import Estimate

__all__ = ["Alert", "Evidence", "Line", "Spell", "write_line"]

Line = dict[str, object]


@dataclass(frozen=True)
class Evidence:
    """A period, a 60-min mean, or what there is of a period so far: where value and level are read from."""

    start: int
    end: int
    expected: int
    valid: int
    value: int
    target: int
    band: str
    is_level: bool = False

    @property
    def ratio(self) -> Fraction | None:
        """Exact ratio of value and target; None for a target of zero or less (no inflow), and for levels."""
        return Fraction(self.value, self.target) if self.target > 0 and not self.is_level else None

    @property
    def deficit(self) -> Fraction | None:
        """Metres below the target, for levels."""
        return Fraction(self.target - self.value, 1_000_000) if self.is_level else None

    def is_worse(self, other: Evidence) -> bool:
        """Whether it has the lesser ratio, or the greater deficit."""
        if self.deficit is not None and other.deficit is not None:
            return self.deficit > other.deficit
        return self.ratio is not None and (other.ratio is None or self.ratio < other.ratio)


@dataclass(frozen=True)
class Spell:
    """A time in which one reason holds, from its first evidence to its end, if that has come."""

    reason: str
    onset: int
    raised_at: int
    resolved_at: int | None


@dataclass
class Alert:
    """What happened to one subject; instants in local ms."""

    kind: str
    code: str
    name: str
    reason: str
    onset: int
    raised_at: int
    resolved_at: int | None = None
    target_id: str | None = None
    quantity: str | None = None
    basis: str | None = None
    levels: list[tuple[str, int]] = field(default_factory=list)
    shown: Evidence | None = None
    worst: Evidence | None = None
    members: tuple[str, ...] = ()
    estimate: Estimate | None = None
    gateway: str = ""


def write_line(register: Register, alert: Alert, previous: str | None) -> Line:
    """Object of CONTRACT section 6 without id, rule, config, revised, case, and with the onset of the one before.

    ``members`` stands only where there are any.
    """
    at = alert.shown.end if alert.shown is not None else alert.raised_at
    station = _place(register, alert, at) if alert.kind in ("station", "intake", "permit") else {}
    shown, worst = alert.shown, alert.worst
    accuracy = _accuracy(register, alert, at)

    def time(moment: int) -> str:
        return format_time(moment, register.zone)

    line: Line = {
        "class": alert.name,
        "reason": alert.reason,
        "level": alert.levels[-1][0],
        "state": "firing" if alert.resolved_at is None else "resolved",
        "subject": {"kind": alert.kind, "code": alert.code},
        "target_id": alert.target_id,
        "basin": station.get("basin", "") or None,
        "division": station.get("division", "") or None,
        "onset": time(alert.onset),
        "raised_at": time(alert.raised_at),
        "resolved_at": None if alert.resolved_at is None else time(alert.resolved_at),
        "levels": [{"level": level, "at": time(moment)} for level, moment in alert.levels],
        "worst": None
        if worst is None
        else {"ratio": _number(worst.ratio), "deficit_m": _number(worst.deficit), "at": time(worst.end)},
        "value": None if shown is None else _number(Fraction(shown.value, 1_000_000)),
        "target": None if shown is None else _number(Fraction(shown.target, 1_000_000)),
        "ratio": None if shown is None else _number(shown.ratio),
        "basis": alert.basis,
        "window": None
        if shown is None
        else {"from": time(shown.start), "to": time(shown.end), "expected": shown.expected, "valid": shown.valid},
        "uncertainty_pct": _number(accuracy),
        "within_uncertainty": None
        if accuracy is None or shown is None
        else shown.value * (1 + accuracy / 100) >= shown.target,
        "rating": None,
        "estimate": None if alert.estimate is None else _write_estimate(alert.estimate),
        "previous_onset": previous,
    }
    line |= {"members": list(alert.members)} if alert.members else {}
    return line | ({"gateway": alert.gateway} if alert.gateway else {})


def _write_estimate(estimate: Estimate) -> Line:
    rates = (estimate.rate, estimate.low, estimate.high, estimate.volume, estimate.statutory)
    names = ("rate_m3s", "rate_low", "rate_high", "volume_m3", "statutory_m3")
    numbers = [None if each is None else _number(Fraction(each, 1_000_000)) for each in rates]
    return dict(zip(names, numbers, strict=True)) | {"method": estimate.method}


def _place(register: Register, alert: Alert, at: int) -> Row:
    """Where a station is, or the first point of an intake; of a permit its division."""
    if alert.kind == "permit":
        permit = register.row_at("permits", at, permit=alert.code)
        rows = [row for row in register.tables["permits"] if row["permit"] == alert.code]
        return {"division": (permit or rows[-1])["division"]}
    code = alert.code
    if alert.kind == "intake":
        named = [row for row in register.tables["intakes"] if (row.get("intake", "") or row["station"]) == code]
        code = next((row for row in named if register.is_valid(row, at)), named[0])["station"]
    return register.row_at("stations", at, station=code) or {}


def _accuracy(register: Register, alert: Alert, at: int) -> Fraction | None:
    if alert.shown is None or alert.quantity is None:
        return None
    point = register.row_at("points", at, station=alert.code, quantity=alert.quantity) or {}
    return Fraction(point["accuracy_pct"]) if point.get("accuracy_pct", "") else None


def _number(value: Fraction | None) -> float | None:
    """Round half even to six decimals."""
    return None if value is None else round(value * 1_000_000) / 1_000_000
