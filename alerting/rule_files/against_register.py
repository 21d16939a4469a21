"""Whether signals fit the register: the columns that they name are there, and so are the places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hydro.fixed import parse_decimal
from hydro.register import Finding, Severity
from hydro.rules import ReferenceKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerting.rule_files.read import RuleFile
    from hydro.register import PointLimits, Register, Station
    from hydro.rules import Signal

__all__ = ["against_register"]


def against_register(files: tuple[RuleFile, ...], register: Register) -> Iterator[Finding]:
    """What is wrong, or odd, about enabled signals beside a register.

    Args:
        files: Without mistakes of their own.
        register: Master data.
    """
    for file in files:
        if file.signal is None or not file.enabled:
            continue
        if file.signal.reference.kind in (ReferenceKind.STATIONS, ReferenceKind.POINTS):
            yield from _column(file, file.signal, register)
        for code in file.signal.scope.stations:
            if code not in register.stations:
                reason = f"there is no station {code!r}"
                yield Finding(Severity.MISTAKE, file.file, reason, file.line, "signal.scope.station")
        if not any(_covers(file.signal, row) for rows in register.stations.values() for row in rows):
            yield Finding(Severity.WARNING, file.file, "no station is in its scope", file.line, "signal.scope")


def _covers(signal: Signal, row: Station) -> bool:
    return signal.scope.covers(row.code, row.kind, row.division, row.river)


def _column(file: RuleFile, signal: Signal, register: Register) -> Iterator[Finding]:
    """A column that no row has, and cells in it that are no numbers above 0."""
    kind, name = signal.reference
    cells = [(place, row.extra[name]) for place, row in _rows(signal, register) if row.extra.get(name)]
    if not cells:
        reason = f"no row of {kind} in its scope has anything in a column {name!r}: nothing would be judged"
        yield Finding(Severity.MISTAKE, file.file, reason, file.line, "signal.of")
    for place, text in cells:
        try:
            is_share = parse_decimal(text) > 0
        except ValueError:
            is_share = False
        if not is_share:
            reason = f"registry/{kind}.csv, {place}: {name} is {text!r}, not a number above 0"
            yield Finding(Severity.MISTAKE, file.file, reason, file.line, "signal.of")


def _rows(signal: Signal, register: Register) -> Iterator[tuple[str, Station | PointLimits]]:
    for code, rows in register.stations.items():
        if not any(_covers(signal, row) for row in rows):
            continue
        if signal.reference.kind is ReferenceKind.STATIONS:
            yield from ((code, row) for row in rows)
        else:
            limits = register.points.get((code, signal.quantity), ())
            yield from ((f"{code} {signal.quantity.text}", row) for row in limits)
