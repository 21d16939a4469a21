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
    # waters, and what they are taken for
    "surface": ("地表水", "surface water"),
    "ground": ("地下水", "groundwater"),
    "mine": ("矿井水", "mine water"),
    "spring": ("泉水", "spring water"),
    "reclaimed": ("再生水", "reclaimed water"),
    "transfer": ("调水", "transfer"),
    "industry": ("工业", "industry"),
    "domestic": ("生活", "domestic"),
    "service": ("服务业", "service"),
    "irrigation": ("灌溉", "irrigation"),
    "ecology": ("生态", "ecology"),
    "hydropower": ("水力发电", "hydropower"),
    # permits, and how much of a plan was taken
    "valid": ("有效", "valid"),
    "renewal": ("延续审批中", "renewal undecided"),
    "suspended": ("暂扣", "suspended"),
    "revoked": ("已注销", "revoked"),
    "normal": ("正常", "normal"),
    "near": ("接近计划", "near the plan"),
    "over": ("超计划", "over plan"),
    # where register and field disagree
    "no_permit": ("无许可", "no permit"),
    "permit_suspended": ("许可暂扣", "permit suspended"),
    "permit_expired": ("许可到期", "permit expired"),
    "sends_though_sealed": ("已封停仍有数据", "sends though sealed"),
    "no_meter": ("应计量未计量", "no meter though due"),
    "not_connected": ("未接入", "nothing came"),
    "not_online": ("离线", "not online at the end"),
    "permit_without_intake": ("许可无取水口", "permit without an intake in service"),
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
