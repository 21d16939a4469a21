"""One signal at one station: against what its slots are held, and whether they are judged at all."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

from alerting.eflow.instant import Hold
from alerting.signal.scale import recovery_of, scale_of, sign_of
from hydro.fixed import MICRO, divide_half_even, parse_decimal
from hydro.instants import DAY_MS, day_start, local_date
from hydro.register import season_intervals
from hydro.rules import ReferenceKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from alerting.eflow.facts import Targets
    from hydro.register import PointLimits, Register, Station
    from hydro.rules import Signal

__all__ = ["Place", "places_of"]

_NEVER: Final = -(2**62)


class Place:
    """See the module.

    Args:
        signal: The rule.
        station: Code.
        targets: Of the register; for shares of a target.
        target_ids: Those of the station.

    Attributes:
        scale: Levels.
        recovery: What ends an alert.
        hold: How long.
        sign: By what values are multiplied before they are judged.
        limit: A value that is not less, so multiplied, is no evidence at any time; millionths.
    """

    def __init__(self, signal: Signal, station: str, targets: Targets, target_ids: Iterable[str]) -> None:
        self.signal = signal
        self.station = station
        self._targets = targets
        self._register = targets.register
        self._rows = self._register.stations[station]
        self.scale, self.recovery, self.sign = scale_of(signal), recovery_of(signal), sign_of(signal)
        self.hold = Hold(signal.hold_min, signal.resolve_min)
        self._mildest = signal.levels[0][1]
        self._target_ids = [
            target_id
            for target_id in target_ids
            if signal.reference.kind is ReferenceKind.TARGET
            and self._register.targets[target_id][0].quantity == signal.quantity
        ]
        self._is_seasonal = any(row.ice_from is not None or row.dry_from is not None for row in self._rows)
        self.limit = max((self._bound(one) for one in self._references()), default=_NEVER)

    def _bound(self, reference: int) -> int:
        return self.sign * divide_half_even(self._mildest.numerator * reference, self._mildest.denominator)

    def bound(self, start: int, end: int) -> int | None:
        """The mildest bound of a slot, multiplied as values are; None where the slot is not judged.

        Args:
            start: Of the slot, epoch milliseconds.
            end: Of the slot; what the register says of this instant counts.
        """
        row = self._rows.at(end)
        if row is None or not self._covers(row) or (self._is_seasonal and self._is_out_of_season(row, start)):
            return None
        reference = self._reference(row, end)
        return None if reference is None else self._bound(reference)

    def _covers(self, row: Station) -> bool:
        return self.signal.scope.covers(row.code, row.kind, row.division, row.river)

    def _is_out_of_season(self, row: Station, start: int) -> bool:
        """Whether the day in which a slot begins lies in the ice or the dry season."""
        zone = self._register.zone_minutes
        begin = day_start(local_date(start, zone), zone)
        span = begin, begin + DAY_MS
        return any(
            season_intervals(first, last, *span, zone_minutes=zone) == [span]
            for first, last in ((row.ice_from, row.ice_to), (row.dry_from, row.dry_to))
        )

    def _reference(self, row: Station, at: int) -> int | None:
        """What bounds are shares of at an instant; None where there is nothing, or nothing above 0."""
        kind, name = self.signal.reference
        if kind is ReferenceKind.UNIT:
            return MICRO
        if kind is ReferenceKind.TARGET:
            asked = (self._targets.plan(target_id).at(at) for target_id in self._target_ids)
            found = max((one.value for one in asked if one is not None and one.kind == name), default=0)
        elif kind is ReferenceKind.STATIONS:
            found = _cell(row, name)
        else:
            limits = self._register.limits_at(self.station, self.signal.quantity, at)
            found = 0 if limits is None else _cell(limits, name)
        return found if found > 0 else None

    def _references(self) -> Iterator[int]:
        """All that bounds are ever shares of."""
        kind, name = self.signal.reference
        if kind is ReferenceKind.UNIT:
            yield MICRO
        elif kind is ReferenceKind.TARGET:
            for target_id in self._target_ids:
                yield from (row.value for row in self._register.targets[target_id] if row.kind == name)
        else:
            yield from (value for _, _, value in self._dated_cells())

    def _dated_cells(self) -> Iterator[tuple[int, int, int]]:
        kind, name = self.signal.reference
        series = (self.station, self.signal.quantity)
        rows = self._rows if kind is ReferenceKind.STATIONS else self._register.points.get(series, ())
        for row in rows:
            value = _cell(row, name)
            if value > 0:
                yield row.start_ms, row.end_ms, value

    @property
    def digest(self) -> bytes:
        """Of all of rule and register that its verdicts rest on."""
        kind = self.signal.reference.kind
        rows = [
            (
                *(row.start_ms, row.end_ms, row.interval_min, self._covers(row)),
                *(row.ice_from, row.ice_to, row.dry_from, row.dry_to),
            )
            for row in self._rows
        ]
        held: list[object] = []
        if kind is ReferenceKind.TARGET:
            held = [
                (row.start_ms, row.end_ms, row.from_day, row.to_day, row.value)
                for target_id in self._target_ids
                for row in self._register.targets[target_id]
                if row.kind == self.signal.reference.name
            ]
        elif kind is not ReferenceKind.UNIT:
            held = list(self._dated_cells())
        return sha256(repr((self.signal.judged_by, rows, held)).encode()).digest()[:8]


def _cell(row: Station | PointLimits, name: str) -> int:
    """A number in a column of the authority's own, millionths; 0 where there is none."""
    text = row.extra.get(name, "")
    try:
        return parse_decimal(text) if text else 0
    except ValueError:  # `check` has said so
        return 0


def places_of(targets: Targets) -> list[Place]:
    """Of all signals, at all stations that are ever in their scope."""
    register: Register = targets.register
    owned: dict[str, list[str]] = {}
    for target_id, its_rows in register.targets.items():
        owned.setdefault(its_rows[0].station, []).append(target_id)
    return [
        Place(signal, code, targets, owned.get(code, ()))
        for signal in register.rules.signals
        for code, rows in register.stations.items()
        if any(signal.scope.covers(row.code, row.kind, row.division, row.river) for row in rows)
    ]
