"""The reader that judges: decoded batches in, changed alerts out; with its state file, the same after a crash.

A step is pure but for samples of old days, which come from the state file's blocks and are thereby an input of the
step. The order of effects is: ledger (alerts and cursor, one transaction), then the state file. So the state is never
ahead of the ledger; after a crash what lies between them is read again with its output held back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alerting.eflow.describe import describe
from alerting.eflow.engine import ALERT_CLASS, EflowEngine
from alerting.record import SubjectAlerts
from hydro.instants import DAY_MS

if TYPE_CHECKING:
    from alerting.eflow.engine import GoneTarget
    from alerting.eflow.verdict import TargetVerdicts
    from hydro.quantity import Quantity
    from hydro.register import Register
    from hydro.series import SeriesIndex
    from ingest.decode import DecodedBatch
    from storage.state_file import StateFile

__all__ = ["STATE_KIND", "STATE_VERSION", "RulesReader"]

STATE_KIND: Final = "rules reader"
STATE_VERSION: Final = 1


class _BlockShelf:
    """Blocks of samples in the state file."""

    def __init__(self, state: StateFile) -> None:
        self._state = state

    def take(self, station: str, quantity: Quantity, day: int) -> bytes | None:
        return self._state.get("block", _name(station, quantity), day)

    def put(self, station: str, quantity: Quantity, day: int, blob: bytes) -> None:
        self._state.put("block", _name(station, quantity), day, blob)

    def days(self, station: str, quantity: Quantity) -> list[int]:
        return self._state.numbers("block", _name(station, quantity))


def _name(station: str, quantity: Quantity) -> str:
    return f"{station} {quantity.text}"


class RulesReader:
    """All rules over decoded batches.

    Args:
        register: Master data; targets whose rows changed since the last start are judged anew over all samples kept.
        index: Series numbers of the batches.
        state: Where it remembers.
        revise_days: How long samples are kept; None = for ever (backtest).
    """

    def __init__(self, register: Register, index: SeriesIndex, state: StateFile, revise_days: int | None) -> None:
        self._register = register
        self._state = state
        self._revise_days = revise_days
        self.engine = EflowEngine(register, index, _BlockShelf(state))
        self._rebuilt: list[str] = []
        self._gone: list[GoneTarget] = []
        self._forgotten: list[str] = []
        if state.meta("config") is not None:
            entries = {name: blob for name, _, blob in state.items("state")}
            found = self.engine.unpack(entries, state.position)
            self._rebuilt, self._gone = found.rebuilt, found.gone

    @property
    def position(self) -> int:
        """Journal position up to which everything was judged."""
        return self.engine.position

    def step(self, batch: DecodedBatch) -> list[SubjectAlerts]:
        """Judge a batch; alerts of the targets for which something changed."""
        changes = self._described(self.engine.step(batch.observations, batch.last))
        for tick in batch.ticks:
            changes += self._described(self.engine.tick(tick.at))
        return changes

    def rebuilt(self) -> list[SubjectAlerts]:
        """Alerts of targets for which the register has changed, once: judged anew, or withdrawn with their target."""
        again, self._rebuilt = self._rebuilt, []
        gone, self._gone = self._gone, []
        engine = self.engine
        changes = self._described(
            [engine.tracks[target_id].verdicts(engine.series_of(target_id).horizon) for target_id in again]
        )
        for target in gone:
            changes.append(SubjectAlerts(ALERT_CLASS, target.station, target.target_id, target.horizon, ()))
            self._forgotten.append(f"target {target.target_id}")
        return changes

    def finish(self, at: int | None) -> list[SubjectAlerts]:
        """End of a recorded stream; see :meth:`EflowEngine.finish`."""
        return self._described(self.engine.finish(at))

    def _described(self, verdicts: list[TargetVerdicts]) -> list[SubjectAlerts]:
        return [describe(one, self._register) for one in verdicts]

    @property
    def unsaved(self) -> int:
        """How many series a crash would make us read again."""
        return self.engine.dirty

    def save(self, most: int | None = None) -> int:
        """Snapshot of the series that changed longest ago; right only when the ledger has what the steps gave.

        Args:
            most: How many at most; None = all.

        Returns:
            Journal position from which a restart would read on.
        """
        engine = self.engine
        horizon = None
        if self._revise_days is not None and engine.last_event is not None:
            horizon = engine.last_event - (self._revise_days + 2) * DAY_MS
        with self._state.transaction():
            packed = engine.pack(engine.dirty if most is None else most, horizon)
            for station, quantity, day in packed.forgotten:
                self._state.delete("block", name=_name(station, quantity), below=day)
            for name, blob in packed.entries.items():
                self._state.put("state", name, 0, blob)
            for name in self._forgotten:
                self._state.delete("state", name=name)
            self._state.set_meta("config", self._register.hash)
            restart = engine.restart_after(packed.numbers)
            self._state.set_position(restart)
        engine.packed(packed.numbers)
        self._forgotten.clear()
        return restart

    def all_alerts(self) -> list[SubjectAlerts]:
        """Every alert that the state knows, by target; for a backtest, which forgets nothing."""
        return self._described([track.verdicts() for track in self.engine.tracks.values()])
