"""Words of closed lists in reports, Chinese and English; those of the page, and what only reports have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dashboards.console.draw.words import quantity_word
from dashboards.console.page.words import LISTED
from hydro.quantity import QUANTITIES

if TYPE_CHECKING:
    from dashboards.console.draw.model import Lang

__all__ = ["PERIOD_KINDS", "word"]

_OWN: Final = {
    "province": ("省", "province"),
    "city": ("市（州）", "city"),
    "county": ("县（区）", "county"),
}

PERIOD_KINDS: Final = {
    "year": ("年", "year"),
    "quarter": ("季", "quarter"),
    "month": ("月", "month"),
    "week": ("周", "week"),
    "day": ("日", "day"),
}


def word(bare: str, lang: Lang) -> str:
    """A member of a closed list; one that isn't known as it is.

    >>> word("discharge", "zh"), word("county", "en"), word("below_target", "zh"), word("-", "zh")
    ('流量', 'county', '低于目标', '-')
    """
    if bare in QUANTITIES:
        return quantity_word(QUANTITIES[bare], lang)
    found = _OWN.get(bare) or LISTED.get(bare)
    return bare if found is None else found[0 if lang == "zh" else 1]
