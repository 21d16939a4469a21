"""The numbers of the built-in alert classes: the product's defaults, and how far an authority may move each.

All are whole: shares in percent, metres in millimetres, volts in millivolts, so that nothing is rounded.

Source: docs/alert-classes.md: "every number is a setting or a dated table row; what stands here is the default".
"""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  # the annotations are read at run time
from dataclasses import dataclass, fields
from typing import Annotated, Final, NamedTuple, get_type_hints

__all__ = [
    "NUMBERS",
    "Bounds",
    "FaultNumbers",
    "LossNumbers",
    "Numbers",
    "ShortfallNumbers",
    "StoppedNumbers",
    "WarningNumbers",
    "bounds_of",
]

_DAY: Final = 1_440
_WEEK: Final = 7 * _DAY


class Bounds(NamedTuple):
    """Where a number may lie, both ends included, and what it is.

    Attributes:
        least: See there.
        most: See there.
        zh: What it is, for people.
        en: The same.
    """

    least: int
    most: int
    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """Numbers of one class; one that has none yet can only be switched off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortfallNumbers(Numbers):
    """Of ``eflow_shortfall``. Its bands are rows of ``levels``, its shares of valid slots are columns of targets."""

    hold_min: Annotated[int, Bounds(1, _DAY, "瞬时目标：告警和解除的分钟数", "instant: minutes to raise, to end")] = 60
    resolve_pct: Annotated[int, Bounds(100, 200, "小时、日、瞬时：解除比值（%）", "hour, day, instant: ended at")] = 105
    resolve_long_pct: Annotated[int, Bounds(100, 200, "旬、月：解除比值（%）", "ten_day, month: ended at")] = 100
    resolve_periods: Annotated[int, Bounds(1, 10, "小时、日：连续时段数", "hour, day: periods to end it")] = 2
    resolve_rise_mm: Annotated[int, Bounds(0, 1_000, "水位：解除高出值（毫米）", "levels: ended so far above")] = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningNumbers(Numbers):
    """Of ``eflow_warning``."""

    elapsed_pct: Annotated[int, Bounds(1, 99, "至今不足：时段已过百分之几", "running: % of the period elapsed")] = 25
    valid_pct: Annotated[int, Bounds(1, 100, "至今不足：有效数据百分比", "running: % of slots so far valid")] = 50
    band_pct: Annotated[int, Bounds(100, 120, "接近目标：低于此比值（%）预警", "band: warned below this share")] = 120
    band_clear_pct: Annotated[int, Bounds(100, 200, "接近目标：达到此比值（%）解除", "band: ended at this share")] = 125
    clear_min: Annotated[int, Bounds(1, _DAY, "不成立多少分钟后解除", "minutes of false before it ends")] = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class StoppedNumbers(Numbers):
    """Of ``flow_stopped``."""

    hold_min: Annotated[int, Bounds(1, _DAY, "断流多少分钟告警", "minutes without flow that raise it")] = 60
    least_slots: Annotated[int, Bounds(1, 100, "且至少多少个有效时段", "and at least so many valid slots")] = 2
    flows_factor: Annotated[int, Bounds(1, 10, "大于零值的多少倍算恢复", "flow: so many times zero_below")] = 2
    resolve_min: Annotated[int, Bounds(1, _WEEK, "恢复多少分钟解除", "minutes of flow that end it")] = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class LossNumbers(Numbers):
    """Of ``data_loss``."""

    reports: Annotated[int, Bounds(1, 100, "缺多少次上报算中断", "missed reports that make a silence")] = 3
    least_min: Annotated[int, Bounds(1, 30 * _DAY, "且至少多少分钟", "and at least so many minutes")] = 60
    gateway_stations: Annotated[int, Bounds(1, 1_000, "网关：至少多少测站中断", "gateway: so many silent stations")] = 3
    gateway_pct: Annotated[int, Bounds(1, 100, "网关：至少百分之几中断", "gateway: and so many % of its stations")] = 80
    yellow_h: Annotated[int, Bounds(1, 720, "多少小时后升为黄色", "hours after which it is yellow")] = 6
    orange_h: Annotated[int, Bounds(1, 2_160, "多少小时后升为橙色", "hours after which it is orange")] = 24
    red_h: Annotated[int, Bounds(1, 8_760, "多少小时后升为红色", "hours after which it is red")] = 72


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultNumbers(Numbers):
    """Of ``device_fault``. When a clock is wrong is decided where readings are taken in, and no number here."""

    fault_reports: Annotated[int, Bounds(1, 100, "故障位：连续多少次上报", "fault_bit: reports in a row")] = 2
    low_voltage_mv: Annotated[int, Bounds(100, 400_000, "电压低：毫伏，测点无 min 时", "low_voltage: without min")] = (
        11_500
    )
    low_voltage_min: Annotated[int, Bounds(1, _WEEK, "电压低：持续分钟", "low_voltage: minutes")] = 60
    bad_data_pct: Annotated[int, Bounds(1, 100, "数据不合格：24 小时内百分比", "bad_data: % of the slots of 24 h")] = 50
    disagree_min: Annotated[int, Bounds(1, _WEEK, "要素不一致：持续分钟", "quantities that disagree: minutes")] = 60
    disagree_slots: Annotated[int, Bounds(1, 100, "要素不一致：至少时段数", "quantities that disagree: slots")] = 2
    clean_h: Annotated[int, Bounds(1, 720, "正常多少小时解除", "hours clean that end it")] = 24
    yellow_h: Annotated[int, Bounds(1, 720, "多少小时后升为黄色", "hours after which it is yellow")] = 24


NUMBERS: Final[Mapping[str, type[Numbers]]] = {
    "eflow_shortfall": ShortfallNumbers,
    "eflow_warning": WarningNumbers,
    "flow_stopped": StoppedNumbers,
    "data_loss": LossNumbers,
    "device_fault": FaultNumbers,
}
"""By class; those that are not here have none yet."""


def bounds_of(kind: type[Numbers]) -> dict[str, Bounds]:
    """Where each number of a class may lie, by name.

    >>> bounds_of(StoppedNumbers)["least_slots"].most
    100
    """
    hints = get_type_hints(kind, include_extras=True)
    return {each.name: hints[each.name].__metadata__[0] for each in fields(kind)}
