"""When pump and meter agree again, for two hours: what ends a finding.

Source: docs/decisions/0092-taking.md, "pump and flow agree for 2 h".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from alerting.takes.unmetered.sight import AGAINST, UNKNOWN
from hydro.instants import DAY_MS, HOUR_MS

if TYPE_CHECKING:
    from alerting.takes.slots import SlotTable
    from alerting.takes.unmetered.sight import Sights

__all__ = ["LOOK_BACK_MS", "Agreement"]

LOOK_BACK_MS: Final = 3 * DAY_MS
"""A total is held against where it was at most so long before the finding was raised."""

_NEEDED_MS: Final = 2 * HOUR_MS


class Agreement(msgspec.Struct, frozen=True, array_like=True):
    """How far it has come.

    Attributes:
        last: End of the latest slot that says anything.
        clean: Slots in a row in which they agree.
        before: Where each total was when it was last known, by place of the point.
    """

    last: int
    clean: int
    before: dict[int, int]

    @classmethod
    def begun(cls, sights: Sights, table: SlotTable, row: int) -> Agreement:
        """As it stands when the slot of a row raises a finding."""
        before: dict[int, int] = {}
        begin, since = int(table.end[row]) - LOOK_BACK_MS, int(table.start[row])
        at = row
        while at >= 0 and table.end[at] > begin:
            if sights.verdict[at] != UNKNOWN:
                if since - int(table.end[at]) > HOUR_MS:
                    break
                before = sights.totals(at) | before
                since = int(table.start[at])
            at -= 1
        known = sights.verdict[: row + 1] != UNKNOWN
        last = int(table.end[: row + 1][known][-1]) if known.any() else int(table.end[row])
        return cls(last, 0, before)

    def after(self, sights: Sights, table: SlotTable, row: int) -> Agreement:
        """After one more slot that says something."""
        restarts = int(table.start[row]) - self.last > HOUR_MS
        clean, before = (0, {}) if restarts else (self.clean, self.before)
        is_against = sights.verdict[row] == AGAINST and not sights.moves(row, before)
        return Agreement(int(table.end[row]), 0 if is_against else clean + 1, before | sights.totals(row))

    def is_reached(self, slot_ms: int) -> bool:
        """Whether that is two hours."""
        return self.clean >= max(1, -(-_NEEDED_MS // slot_ms))
