"""Class ``unregistered_source`` over a whole journal: strangers and ticks in, changed alerts out.

Arrival is judged, as for lost data: a stranger's own times are what it says, and nobody has looked whether they can
be. An address may come over one gateway now and another then, and gateways bound how many are told. So the state is
one key, saved at one position; only what changed of it is written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from alerting.engine import PackedSlice
from alerting.record import SubjectAlerts
from alerting.silence.places import NEVER
from alerting.silence.ticks import TickTable
from alerting.unregistered.known import Known
from alerting.unregistered.source import ALERT_CLASS, Finding, record
from alerting.unregistered.sources import GatewayState, Sources

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from alerting.engine import Shelf
    from hydro.register import Register
    from hydro.series import SeriesIndex
    from ingest.decode import DecodedBatch

__all__ = ["UnregisteredEngine"]

_WHOLE: Final = 0
_GATEWAY: Final = "gateway "


class _Clock(msgspec.Struct, array_like=True):
    """At which position and tick all entries are true, and up to when alerts were let go of."""

    position: int
    last_tick: int
    settled: int


class UnregisteredEngine:
    """Alerts of sources that the register doesn't know, or not over their gateway.

    Args:
        register: Master data.
        index: Not needed: these are the stations that have no number.
        shelf: Not needed: the state is small.
    """

    name: Final = "unregistered"

    def __init__(self, register: Register, index: SeriesIndex, shelf: Shelf) -> None:  # noqa: ARG002  # all engines are made alike
        self._register = register
        self.position = 0
        self.last_event: int | None = None
        self._sources = Sources(Known(register), register.hash)
        self._known_at = 0
        self._tick = self._settled = NEVER
        self._dirty_since: int | None = None
        self._past_changed = False

    @property
    def beyond_horizon(self) -> int:
        """Nothing comes too late to have come."""
        return 0

    @property
    def waiting(self) -> int:
        """Addresses that would be alerts but for the bound of their gateway."""
        return self._sources.waiting(self._tick)

    @property
    def dropped(self) -> int:
        """Addresses since the start that aren't followed, see :class:`alerting.unregistered.sources.Sources`."""
        return self._sources.dropped

    def step(self, batch: DecodedBatch) -> list[SubjectAlerts]:
        """Take a batch in; alerts of the addresses for which something changed."""
        self.position = batch.last
        ticks = TickTable(batch.ticks, batch.tick_source, self._tick)
        changed: set[str] = set()
        after = self._known_at
        for stranger in batch.strangers:
            if stranger.position <= self._known_at:  # after a restart the journal is read again from before
                continue
            changed |= self._turn(ticks, after, stranger.position)
            if self._sources.hear(stranger):
                changed.add(stranger.address)
            after = stranger.position
            self.last_event = max(self.last_event or NEVER, stranger.received_at)
        changed |= self._turn(ticks, after, batch.last)
        if len(ticks):
            self.last_event = max(self.last_event or NEVER, ticks.last)
        self._tick = ticks.last
        if self._sources.changed and self._dirty_since is None:
            self._dirty_since = batch.first
        return [self._said(address) for address in sorted(changed)]

    def _turn(self, ticks: TickTable, after: int, upto: int) -> set[str]:
        """Let the ticks behind one position, and up to another, end alerts; addresses of which they did."""
        ended: set[str] = set()
        while (tick := ticks.first(max(self._sources.wake, self._tick + 1), after)) and tick.position <= upto:
            ended.update(self._sources.turn(tick.at))
            self._past_changed = True
        return ended

    def _said(self, address: str) -> SubjectAlerts:
        records = tuple(record(one, address, self._register) for one in self._sources.findings(address))
        return SubjectAlerts(ALERT_CLASS, address, None, self._settled, records, "address")

    def finish(self, at: int | None) -> list[SubjectAlerts]:  # noqa: ARG002  # all engines are asked alike
        """Received time stops with the last message: nobody is silent for longer."""
        return []

    def all_alerts(self) -> list[SubjectAlerts]:
        """Every alert that the state knows, by address."""
        return [self._said(address) for address in self._sources.addresses()]

    @property
    def dirty(self) -> int:
        """1 while something has changed since it was packed."""
        return int(self._dirty_since is not None)

    def restart_after(self, keys: Sequence[Hashable]) -> int:
        """Journal position after which it must be read again, once these keys are safe."""
        if self._dirty_since is None or _WHOLE in keys:
            return self.position
        return self._dirty_since - 1

    def pack(self, most: int, horizon: int | None) -> PackedSlice:
        """All that changed."""
        if self._dirty_since is None or not most:
            return PackedSlice((), {})
        if horizon is not None and self._sources.forget_before(horizon):
            self._settled = max(self._settled, horizon)
            self._past_changed = True
        clock = _Clock(self.position, self._tick, self._settled)
        entries = {"clock": msgspec.msgpack.encode(clock)}
        removed = []
        for gateway in sorted(self._sources.changed):
            state = self._sources.pack(gateway)
            if state is None:
                removed.append(_GATEWAY + gateway)
            else:
                entries[_GATEWAY + gateway] = msgspec.msgpack.encode(state)
        if self._past_changed:
            entries["past"] = msgspec.msgpack.encode(self._sources.past)
        return PackedSlice((_WHOLE,), entries, removed)

    def packed(self, keys: Sequence[Hashable]) -> None:
        """What :meth:`pack` gave is safe."""
        if _WHOLE in keys:
            self._sources.changed.clear()
            self._dirty_since = None
            self._past_changed = False

    def unpack(self, state: Mapping[str, bytes], position: int) -> list[SubjectAlerts]:
        """Take up what :meth:`pack` gave over time; what the register in force admits ends at the next tick."""
        self.position = position
        if "clock" not in state:
            return []
        clock = msgspec.msgpack.decode(state["clock"], type=_Clock)
        self._known_at, self._tick, self._settled = clock.position, clock.last_tick, clock.settled
        if "past" in state:
            self._sources.past.update(msgspec.msgpack.decode(state["past"], type=dict[str, list[Finding]]))
        for name, blob in sorted(state.items()):
            if name.startswith(_GATEWAY):
                self._sources.take_up(msgspec.msgpack.decode(blob, type=GatewayState), self._tick)
        return []
