"""Rules that look at each slot by itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from alerting.device_fault.slots import Slot
    from alerting.spell.course import Look

__all__ = ["EachSlot"]


class EachSlot(ABC):
    """A rule for which it doesn't matter what came before a slot."""

    @abstractmethod
    def look(self, series: int, slot: Slot) -> Look | None:
        """What a slot says; None where it says nothing on the question."""

    def look_back_ms(self, series: int) -> int:  # noqa: ARG002  # rules are all asked alike
        """Nothing before the first slot is needed."""
        return 0

    def looks(self, series: int, slots: Iterable[Slot], after: int) -> Iterator[Look]:
        """What slots that end after an instant say, in time order."""
        for slot in slots:
            look = self.look(series, slot)
            if look is not None and slot.end > after:
                yield look
