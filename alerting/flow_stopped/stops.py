"""Alerts of all stations whose water stood still: what was found of each, and what of it is settled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alerting.level import Level
from alerting.record import SubjectAlerts, plain_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from alerting.record import AlertRecord, Late
    from alerting.spell.spell import Spell
    from hydro.register import Register

__all__ = ["ALERT_CLASS", "Stops"]

ALERT_CLASS: Final = "flow_stopped"
_NEVER: Final = -(2**62)


class Stops:
    """See the module. Stations have numbers.

    Args:
        register: Master data.
        codes: Of the stations.
    """

    def __init__(self, register: Register, codes: Sequence[str]) -> None:
        self._register = register
        self._codes = codes
        self._spells: dict[int, tuple[Spell, ...]] = {}
        self._settled: dict[int, int] = {}

    def find(self, station: int, spells: Iterable[Spell]) -> bool:
        """Take what was found of a station; whether it is something else than before."""
        now = tuple(spells)
        if now == self._spells.get(station, ()):
            return False
        self._spells[station] = now
        if not now:
            del self._spells[station]
        return True

    def described(self, station: int, late: Late | None) -> SubjectAlerts:
        """Alerts of a station."""
        code = self._codes[station]
        alerts = tuple(self._record(spell, code) for spell in self._spells.get(station, ()))
        return SubjectAlerts(ALERT_CLASS, code, None, self.settled(station), alerts, late=late)

    def all_alerts(self) -> list[SubjectAlerts]:
        """Of every station that has any."""
        return [self.described(station, None) for station in sorted(self._spells)]

    def settled(self, station: int) -> int:
        """Alerts that were over at or before this instant stand."""
        return self._settled.get(station, _NEVER)

    def settle(self, station: int, horizon: int) -> int:
        """Let those stand that were over by an instant; where the last of them was."""
        self._settled[station] = max(
            (
                spell.resolved_at
                for spell in self._spells.get(station, ())
                if spell.resolved_at is not None and spell.resolved_at <= horizon
            ),
            default=self.settled(station),
        )
        return self._settled[station]

    def take_up(self, station: int, settled: int) -> None:
        """What was settled before a restart."""
        if settled > _NEVER:
            self._settled[station] = settled

    def _record(self, spell: Spell, station: str) -> AlertRecord:
        return plain_record(
            ALERT_CLASS,
            str(spell.reason),
            ("station", station),
            self._register,
            onset=spell.onset,
            raised_at=spell.raised_at,
            resolved_at=spell.resolved_at,
            levels=((Level.RED, spell.raised_at),),
        )
