"""The course of shortfalls: since when, how bad at worst; and what of it is written down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hydro.fixed import MICRO, divide_half_even
from hydro.instants import format_instant
from simulators.truth import Truth, TruthKind

if TYPE_CHECKING:
    from simulators.basin.step import Integers, Marks
    from simulators.play.witness.columns import Columns
    from simulators.play.witness.duty import Duty
    from simulators.truth import Detail

__all__ = ["Course"]


@dataclass(frozen=True, slots=True)
class Course:
    """Shortfalls under way, one place a target; numbers of those that are not under way mean nothing.

    Attributes:
        onset: Start of the first failed period, or of the first low slot.
        raised_at: End of what completed the evidence.
        value: What there was at worst, millionths.
        target: What was owed then.
    """

    onset: Integers
    raised_at: Integers
    value: Integers
    target: Integers

    @classmethod
    def none(cls, duties: int) -> Course:
        """None has begun."""
        zeros = np.zeros(duties, np.int64)
        return cls(zeros, zeros, zeros, zeros)

    def raised(self, where: Marks, onset: Integers | int, at: int, value: Integers, target: Integers) -> Course:
        """Some begin."""
        return Course(
            np.where(where, onset, self.onset),
            np.where(where, at, self.raised_at),
            np.where(where, value, self.value),
            np.where(where, target, self.target),
        )

    def gone_on(self, where: Marks, columns: Columns, value: Integers, target: Integers) -> Course:
        """Some go on, and may have become worse."""
        worse = where & columns.worse(value, target, self.value, self.target)
        return Course(
            self.onset, self.raised_at, np.where(worse, value, self.value), np.where(worse, target, self.target)
        )

    def truths(self, where: Marks, columns: Columns, end: int, *, resolved: bool) -> list[Truth]:
        """Lines of some of them.

        Args:
            where: Which.
            columns: The targets.
            end: When they ended, or when nobody looked any longer.
            resolved: Whether they ended.
        """
        return [
            Truth(
                TruthKind.EFLOW_SHORTFALL,
                columns.duties[column].station,
                int(self.onset[column]),
                end,
                self._details(columns.duties[column], column, is_level=bool(columns.level[column]), resolved=resolved),
            )
            for column in np.flatnonzero(where).tolist()
        ]

    def _details(self, duty: Duty, column: int, *, is_level: bool, resolved: bool) -> dict[str, Detail]:
        value, target = int(self.value[column]), int(self.target[column])
        depth: dict[str, Detail] = (
            {"max_deficit_m": (target - value) / MICRO} if is_level else {"min_ratio": _ratio(value, target)}
        )
        return {
            "target_id": duty.target_id,
            "quantity": duty.quantity.text,
            "basis": duty.basis.value,
            "raised_at": format_instant(int(self.raised_at[column]), duty.zone_minutes),
            "resolved": resolved,
            **depth,
            "value": value / MICRO,
            "target": target / MICRO,
        }


def _ratio(value: int, target: int) -> float | None:
    """To a millionth, half even; nothing is a share of nothing."""
    return divide_half_even(value * MICRO, target) / MICRO if target > 0 else None
