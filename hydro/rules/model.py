"""All rules of an authority, and the hash by which alerts name what judged them."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from hydro.rules.numbers import (
    FaultNumbers,
    LossNumbers,
    ShortfallNumbers,
    StoppedNumbers,
    WarningNumbers,
)

if TYPE_CHECKING:
    from hydro.rules.numbers import Numbers
    from hydro.rules.signal import Signal

__all__ = ["DEFAULT_RULES", "Rules", "changed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Numbers of the built-in classes, and what an authority has beside them.

    Attributes:
        eflow_shortfall: Numbers of this class, and so the next four.
        eflow_warning: See there.
        flow_stopped: See there.
        data_loss: See there.
        device_fault: See there.
        off: Classes that are not raised.
        signals: By name.
    """

    eflow_shortfall: ShortfallNumbers = field(default_factory=ShortfallNumbers)
    eflow_warning: WarningNumbers = field(default_factory=WarningNumbers)
    flow_stopped: StoppedNumbers = field(default_factory=StoppedNumbers)
    data_loss: LossNumbers = field(default_factory=LossNumbers)
    device_fault: FaultNumbers = field(default_factory=FaultNumbers)
    off: frozenset[str] = frozenset()
    signals: tuple[Signal, ...] = ()

    def signal(self, name: str | None) -> Signal | None:
        """The signal of a name, as alerts have it for their target; None where there is none."""
        return next((signal for signal in self.signals if signal.name == name), None)

    def hash_with(self, register: str) -> str:
        """Hash of what judges: of a register without its rules, and of these.

        Rules that are the product's leave it as it is: restating a default changes no verdict.

        Args:
            register: Hash of the tables and of ``time.*``, 64 hexadecimal digits.
        """
        numbers = {name: changed(getattr(self, name)) for name in _CLASSES}
        judged_by = (
            sorted((name, found) for name, found in numbers.items() if found),
            sorted(self.off),
            sorted((signal.name, signal.judged_by) for signal in self.signals),
        )
        if not any(judged_by):
            return register
        return sha256(f"{register}\n{judged_by!r}".encode()).hexdigest()


def changed(numbers: Numbers) -> tuple[tuple[str, str], ...]:
    """Numbers that are not the product's, by name; empty where all are, so that digests of old states stay as they are.

    >>> changed(StoppedNumbers(hold_min=30))
    (('hold_min', '30'),)
    """
    default = type(numbers)()
    names = [each.name for each in fields(numbers)]
    return tuple(
        (name, str(getattr(numbers, name))) for name in names if getattr(numbers, name) != getattr(default, name)
    )


_CLASSES: Final = tuple(each.name for each in fields(Rules) if each.name not in ("off", "signals"))

DEFAULT_RULES: Final = Rules()
"""The product's."""
