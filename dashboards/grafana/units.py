"""Units of quantities as Grafana writes them: ours, as they stand in the register, in one spelling for all panels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hydro.quantity import canonical_unit

if TYPE_CHECKING:
    from hydro.quantity import Quantity

__all__ = ["COUNT", "PERCENT", "PER_SECOND", "SECONDS", "SHARE", "TIME", "unit_of"]

COUNT: Final = "none"
PERCENT: Final = "percent"
SHARE: Final = "percentunit"
SECONDS: Final = "s"
TIME: Final = "dateTimeAsIso"
PER_SECOND: Final = "suffix: /s"

_SPELT: Final = {"m3/s": "m³/s", "m3": "m³", "degC": "°C", "uS/cm": "µS/cm"}


def unit_of(quantity: Quantity) -> str:
    """Unit of a quantity; Grafana's own ids for flows write "cms", which no operator knows.

    >>> from hydro.quantity import Quantity
    >>> unit_of(Quantity.DISCHARGE), unit_of(Quantity.PUMP)
    ('suffix: m³/s', 'none')
    """
    unit = canonical_unit(quantity)
    return f"suffix: {_SPELT.get(unit, unit)}" if unit else COUNT
