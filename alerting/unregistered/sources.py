"""All strangers, bounded: whom messages and ticks make an alert, and whose alert they end. Pure.

Gateways share nothing, so that one that invents addresses takes no room from others: each has at most ``OPEN`` alerts
and ``FOLLOWED`` addresses that are none yet. Where there are more, the one that was silent longest is let go of.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import msgspec

from alerting.level import Level
from alerting.unregistered.known import NEVER_ADMITTED
from alerting.unregistered.source import SILENT_MS, Finding, Source, heard, raised

if TYPE_CHECKING:
    from alerting.unregistered.known import Known
    from ingest.decode import Stranger

__all__ = ["FOLLOWED", "OPEN", "GatewayState", "Sources"]

OPEN: Final = 100
"""Alerts of one gateway that fire at once. Source: docs/alert-classes.md, unregistered_source."""
FOLLOWED: Final = 1_000
"""Addresses of one gateway of which too little came, or for whose alert there is no room."""
_LONGEST: Final = 64
_EVER: Final = NEVER_ADMITTED


class GatewayState(msgspec.Struct, array_like=True):
    """What is saved of the strangers behind one gateway.

    Attributes:
        followed: Address and what came from it, the one silent longest first.
        firing: The same, with the alert.
    """

    followed: list[tuple[str, Source]]
    firing: list[tuple[str, Source, Finding]]


class Sources:
    """Strangers by address.

    Args:
        known: The register.
        config: Its hash, for new alerts.

    Attributes:
        firing: Alerts that fire, by address.
        past: Those that were resolved, oldest first, until they are let go of.
        dropped: Messages since the start whose address isn't followed: let go of for room, or no name that can be
            shown.
        changed: Gateways of which something changed since somebody cleared it.
    """

    def __init__(self, known: Known, config: str) -> None:
        self._known = known
        self._config = config
        self._followed: dict[str, dict[str, Source]] = {}
        self._sources: dict[str, Source] = {}
        self._open: Counter[str] = Counter()
        self._gateway_of: dict[str, str] = {}
        self._ends: dict[str, int] = {}
        self._wake = _EVER
        self.firing: dict[str, Finding] = {}
        self.past: dict[str, list[Finding]] = {}
        self.dropped = 0
        self.changed: set[str] = set()

    def waiting(self, at: int) -> int:
        """Addresses that would be alerts at an instant, but for the bound of their gateway."""
        return sum(
            source.is_proven
            and at - source.last < SILENT_MS
            and self._known.why_strange(address, source.wire, gateway, at) is not None
            for gateway, sources in self._followed.items()
            for address, source in sources.items()
        )

    @property
    def wake(self) -> int:
        """The first instant at which a tick ends an alert; beyond all times where none would."""
        return self._wake

    def hear(self, stranger: Stranger) -> bool:
        """Take in a message; whether an alert has changed."""
        address, gateway = stranger.address, stranger.gateway
        reason = self._known.why_strange(address, stranger.wire, gateway, stranger.received_at)
        if reason is None:
            return False
        if len(address) > _LONGEST or not address.isprintable():
            self.dropped += 1
            return False
        if address in self.firing:
            return self._hear_again(stranger)
        before = self._forget(address)
        source = heard(before, stranger, is_open=False)
        self.changed.add(gateway)
        if source.is_proven and self._open[gateway] < OPEN:
            self._fire(address, source, raised(source, reason, self._config))
            return True
        self._follow(address, source)
        return False

    def _hear_again(self, stranger: Stranger) -> bool:
        address = stranger.address
        source = self._sources[address] = heard(self._sources[address], stranger, is_open=True)
        self.changed.add(self._gateway_of[address])
        self._expect(address, source.last)
        finding = self.firing[address]
        if not source.is_flowing or finding.levels[-1][0] >= Level.YELLOW:
            return False
        levels = (*finding.levels, (int(Level.YELLOW), source.last))
        self.firing[address] = msgspec.structs.replace(finding, levels=levels)
        return True

    def _forget(self, address: str) -> Source | None:
        """Take an address out of those that are followed; it may have moved to another gateway."""
        gateway = self._gateway_of.pop(address, None)
        if gateway is None:
            return None
        self.changed.add(gateway)
        followed = self._followed[gateway]
        source = followed.pop(address)
        if not followed:
            del self._followed[gateway]
        return source

    def _follow(self, address: str, source: Source) -> None:
        followed = self._followed.setdefault(source.gateway, {})
        if len(followed) >= FOLLOWED:
            self._forget(next(iter(followed)))
            followed = self._followed.setdefault(source.gateway, {})
            self.dropped += 1
        followed[address] = source
        self._gateway_of[address] = source.gateway

    def _fire(self, address: str, source: Source, finding: Finding) -> None:
        self.firing[address] = finding
        self._sources[address] = source
        self._gateway_of[address] = finding.gateway
        self._open[finding.gateway] += 1
        self._expect(address, source.last)

    def _expect(self, address: str, after: int) -> None:
        """Find out when a tick ends an alert: the register knows the source, or it has been silent for long enough."""
        source = self._sources[address]
        admitted = self._known.admitted_from(address, source.wire, source.gateway, after)
        self._ends[address] = min(source.last + SILENT_MS, admitted)
        self._wake = min(self._wake, self._ends[address])

    def turn(self, at: int) -> list[str]:
        """A tick; addresses whose alert it ended, sorted."""
        ended = sorted(address for address, end in self._ends.items() if end <= at)
        for address in ended:
            finding = self.firing.pop(address)
            resolved = msgspec.structs.replace(finding, resolved_at=max(at, finding.levels[-1][1]))
            self.past.setdefault(address, []).append(resolved)
            del self._sources[address], self._ends[address], self._gateway_of[address]
            self._open[finding.gateway] -= 1
            self.changed.add(finding.gateway)
        self._wake = min(self._ends.values(), default=_EVER)
        return ended

    def findings(self, address: str) -> tuple[Finding, ...]:
        """Alerts of an address that were not let go of, by raising."""
        firing = self.firing.get(address)
        return (*self.past.get(address, ()), *(() if firing is None else (firing,)))

    def addresses(self) -> list[str]:
        """Those that have alerts, sorted."""
        return sorted({*self.firing, *self.past})

    def forget_before(self, horizon: int) -> bool:
        """Let go of alerts that were resolved at or before an instant; whether there were any."""
        found = False
        for address, findings in list(self.past.items()):
            kept = [one for one in findings if one.resolved_at is None or one.resolved_at > horizon]
            found = found or len(kept) < len(findings)
            if kept:
                self.past[address] = kept
            else:
                del self.past[address]
        return found

    def pack(self, gateway: str) -> GatewayState | None:
        """All that is to be saved of one gateway; None if there is nothing."""
        followed = list(self._followed.get(gateway, {}).items())
        firing = [
            (address, self._sources[address], finding)
            for address, finding in self.firing.items()
            if finding.gateway == gateway
        ]
        return GatewayState(followed, firing) if followed or firing else None

    def take_up(self, state: GatewayState, after: int) -> None:
        """Take up what :meth:`pack` gave.

        Args:
            state: Of one gateway.
            after: The latest tick seen then: what the register in force admits ends at the next one.
        """
        for address, source in state.followed:
            self._follow(address, source)
        for address, source, finding in state.firing:
            self._fire(address, source, finding)
            self._expect(address, max(source.last, after))
