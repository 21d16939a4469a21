"""A finding of unmetered taking that goes on: what it has come to, and what of it is shown.

While it is open it is shown as it was at the last 00:00 that a slot has reached: so it is rewritten once a day.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from alerting.level import Level
from alerting.record import Change
from alerting.takes.judge import Finding
from alerting.takes.unmetered.agreement import Agreement
from alerting.takes.unmetered.estimate import Tally, estimated
from alerting.takes.unmetered.reason import Reason
from hydro.instants import DAY_MS, MINUTE_MS

if TYPE_CHECKING:
    from alerting.takes.slots import Place
    from hydro.register import Register

__all__ = ["Opened"]


class Opened(msgspec.Struct, frozen=True, array_like=True):
    """See the module.

    Attributes:
        onset: Start of the first evidence.
        raised_at: End of what completed it.
        agreement: How far pump and meter agree again.
        tally: Of all slots since the onset.
        cut: The same up to the last 00:00 that any slot has reached.
        shown: Up to the last one that a slot of the question has reached; before the first up to ``raised_at``.
    """

    onset: int
    raised_at: int
    agreement: Agreement
    tally: Tally
    cut: Tally
    shown: Tally

    @classmethod
    def begun(cls, onset: int, tally: Tally, agreement: Agreement) -> Opened:
        """As the last slot of a tally raises it."""
        return cls(onset, tally.upto, agreement, tally, tally, tally)

    def after(self, tally: Tally, agreement: Agreement, register: Register, *, is_known: bool) -> Opened:
        """After one more slot, with which the tally ends."""
        shift = register.zone_minutes * MINUTE_MS
        midnight = (tally.upto + shift) // DAY_MS * DAY_MS - shift
        cut = self.cut
        if midnight > cut.upto:
            cut = tally if midnight == tally.upto else msgspec.structs.replace(self.tally, upto=midnight)
        return Opened(self.onset, self.raised_at, agreement, tally, cut, cut if is_known else self.shown)

    def finding(self, reason: Reason, register: Register, place: Place, resolved_at: int | None = None) -> Finding:
        """What is told of it."""
        tally = self.shown if resolved_at is None else self.tally
        if reason is Reason.ENERGY_NO_VOLUME:  # when it ran is not known: all of the time counts
            tally = msgspec.structs.replace(tally, running_ms=tally.upto - self.onset)
        return Finding(
            reason=reason.value,
            onset=self.onset,
            raised_at=self.raised_at,
            resolved_at=resolved_at,
            levels=(Change(Level.YELLOW, self.raised_at, None, None),),
            estimate=estimated(register, place, (self.onset, tally.upto), self.raised_at, tally),
        )
