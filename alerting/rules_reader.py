"""The reader that judges: decoded batches in, changed alerts out; with its state file, the same after a crash.

A step is pure but for evidence of old days, which comes from the state file's blobs and is thereby an input of the
step. The order of effects is: ledger (alerts and cursor, one transaction), then the state file. So the state is never
ahead of the ledger; after a crash what lies between them is read again with its output held back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alerting.device_fault.engine import DeviceFaultEngine
from alerting.eflow.engine import EflowEngine
from alerting.eflow_warning.engine import EflowWarningEngine
from alerting.permits.engine import PermitEngine
from alerting.signal.engine import SignalEngine
from alerting.silence.engine import SilenceEngine
from alerting.switched_off import as_text, silenced, switched
from alerting.takes.engine import TakesEngine
from alerting.unregistered.engine import UnregisteredEngine
from hydro.instants import DAY_MS

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from alerting.engine import PackedSlice, RuleEngine
    from alerting.record import SubjectAlerts
    from alerting.slots.changes import TooOldDay
    from hydro.register import Register
    from hydro.series import SeriesIndex
    from ingest.decode import DecodedBatch
    from storage.state_file import StateFile

__all__ = ["STATE_KIND", "STATE_VERSION", "RulesReader"]

STATE_KIND: Final = "rules reader"
STATE_VERSION: Final = 2
_NEVER: Final = -(2**62)


class _BlobShelf:
    """An engine's blobs in the state file."""

    def __init__(self, state: StateFile, engine: str) -> None:
        self._state = state
        self._engine = engine

    def take(self, name: str, number: int) -> bytes | None:
        return self._state.get("block", f"{self._engine} {name}", number)

    def put(self, name: str, number: int, blob: bytes) -> None:
        self._state.put("block", f"{self._engine} {name}", number, blob)

    def drop(self, name: str, number: int) -> None:
        self._state.delete("block", name=f"{self._engine} {name}", number=number)

    def numbers(self, name: str) -> list[int]:
        return self._state.numbers("block", f"{self._engine} {name}")


class RulesReader:
    """All rules over decoded batches.

    Args:
        register: Master data; targets whose rows changed since the last start are judged anew over all evidence kept.
        index: Series numbers of the batches.
        state: Where it remembers.
        revise_days: How long evidence is kept; None = for ever.
        is_recorded: The stream is a recorded one: its ticks tell of arrival alone, and nothing outlives the process.

    Attributes:
        engines: One for each kind of rule; what they give is given in their order.
        faults: The one of them that judges devices; what a wrong clock sent, it keeps from those that judge values.
        signals: The one of them that judges rules of the authority's own.
        silence: The one of them that judges arrival itself.
        eflow: The one of them that judges targets.
        permits: The one of them that judges permits and their plans.
        takes: The one of them that judges what intakes and their meters take.
        strangers: The one of them that watches for sources that the register doesn't know.
        warnings: The one of them that warns of what it will judge; it follows it.
    """

    def __init__(
        self,
        register: Register,
        index: SeriesIndex,
        state: StateFile,
        revise_days: int | None,
        *,
        is_recorded: bool = False,
    ) -> None:
        self._register = register
        self._state = state
        self._revise_days = revise_days
        self._off = register.rules.off
        self.eflow = EflowEngine(register, index, _BlobShelf(state, EflowEngine.name), is_recorded=is_recorded)
        self.warnings = EflowWarningEngine(register, index, self.eflow, is_recorded=is_recorded)
        self.faults = DeviceFaultEngine(
            register, index, _BlobShelf(state, DeviceFaultEngine.name), is_recorded=is_recorded
        )
        self.silence = SilenceEngine(register, index, _BlobShelf(state, SilenceEngine.name))
        self.strangers = UnregisteredEngine(register, index, _BlobShelf(state, UnregisteredEngine.name))
        self.signals = SignalEngine(register, index, _BlobShelf(state, SignalEngine.name), is_recorded=is_recorded)
        self.takes = TakesEngine(register, index, _BlobShelf(state, TakesEngine.name), is_recorded=is_recorded)
        self.permits = PermitEngine(register, index, _BlobShelf(state, PermitEngine.name), is_recorded=is_recorded)
        self.engines: list[RuleEngine] = [
            self.eflow,
            self.warnings,
            self.faults,
            self.silence,
            self.strangers,
            self.signals,
            self.takes,
            self.permits,
        ]
        self._rebuilt: list[SubjectAlerts] = []
        if state.meta("config") is not None:
            entries: dict[str, dict[str, bytes]] = {}
            for name, _, blob in state.items("state"):
                owner, _, entry = name.partition(" ")
                entries.setdefault(owner, {})[entry] = blob
            position = state.position
            for engine in self.engines:
                self._rebuilt += engine.unpack(entries.get(engine.name, {}), position)
            before = state.meta("off") or ""
            if as_text(self._off) != before:
                stands = max(self._horizon(engine) or _NEVER for engine in self.engines)
                everything = (one for engine in self.engines for one in engine.all_alerts())
                self._rebuilt += switched(everything, before, self._off, stands)

    @property
    def position(self) -> int:
        """Journal position up to which everything was judged."""
        return min(engine.position for engine in self.engines)

    def step(self, batch: DecodedBatch) -> list[SubjectAlerts]:
        """Judge a batch; alerts of the subjects for which something changed."""
        judged = self.faults.judged(batch)
        said = [
            change for engine in self.engines for change in engine.step(batch if engine is self.silence else judged)
        ]
        return silenced(said, self._off)

    def rebuilt(self) -> list[SubjectAlerts]:
        """Alerts of subjects for which the register has changed, once: judged anew, or withdrawn with their target."""
        again, self._rebuilt = self._rebuilt, []
        return silenced(again, self._off)

    def finish(self, at: int | None) -> list[SubjectAlerts]:
        """End of a recorded stream; see :meth:`alerting.engine.RuleEngine.finish`."""
        rest = self.faults.rest()
        changes: list[SubjectAlerts] = []
        if rest is not None:  # it has arrived before
            changes = [change for engine in self.engines if engine is not self.silence for change in engine.step(rest)]
        changes += [change for engine in self.engines for change in engine.finish(at)]
        return silenced(changes, self._off)

    @property
    def beyond_horizon(self) -> int:
        """Readings since the start that were too old to change a verdict."""
        return sum(engine.beyond_horizon for engine in self.engines)

    def too_old(self) -> list[TooOldDay]:
        """Days that a job of its own must judge again, each told once: what came for them was beyond the horizon."""
        return self.eflow.intake.too_old()

    @property
    def unsaved(self) -> int:
        """How many subjects a crash would make us read again."""
        return sum(engine.dirty for engine in self.engines)

    def save(self, most: int | None = None) -> int:
        """Snapshot of the subjects that changed longest ago; right only when the ledger has what the steps gave.

        Args:
            most: How many at most, shared out among the engines by what each has to save; None = all.

        Returns:
            Journal position from which a restart would read on.
        """
        unsaved = self.unsaved
        done: list[tuple[RuleEngine, Sequence[Hashable]]] = []
        restart = self.position
        with self._state.transaction():
            for engine in self.engines:
                share = engine.dirty if most is None else -(-most * engine.dirty // max(unsaved, 1))
                packed = engine.pack(share, self._horizon(engine))
                self._write(engine.name, packed)
                done.append((engine, packed.keys))
                restart = min(restart, engine.restart_after(packed.keys))
            self._state.set_meta("config", self._register.hash)
            self._state.set_meta("off", as_text(self._off))
            self._state.set_position(restart)
        for engine, keys in done:
            engine.packed(keys)
        self.faults.settle(restart)
        return restart

    def settle(self) -> None:
        """Nobody will read up to here again, though nothing was saved: right where nothing outlives the process."""
        self.faults.settle(self.position)

    def _horizon(self, engine: RuleEngine) -> int | None:
        if self._revise_days is None or engine.last_event is None:
            return None
        return engine.last_event - (self._revise_days + 2) * DAY_MS

    def _write(self, owner: str, packed: PackedSlice) -> None:
        for forgotten in packed.forgotten:
            self._state.delete("block", name=f"{owner} {forgotten.name}", below=forgotten.below)
        for name, blob in packed.entries.items():
            self._state.put("state", f"{owner} {name}", 0, blob)
        for name in packed.removed:
            self._state.delete("state", name=f"{owner} {name}")

    def all_alerts(self) -> list[SubjectAlerts]:
        """Every alert that the state knows; for a backtest, which forgets nothing."""
        return silenced((subject for engine in self.engines for subject in engine.all_alerts()), self._off)
