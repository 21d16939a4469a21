"""Words of closed lists for people, English and Chinese; machine output has the bare English word."""

from __future__ import annotations

from typing import Final

__all__ = ["CHINESE", "SUSPECTED", "bilingual"]

SUSPECTED: Final = "疑似"
"""What every screen calls an alert until its case is verified."""

CHINESE: Final = {
    # levels
    "blue": "蓝",
    "yellow": "黄",
    "orange": "橙",
    "red": "红",
    # states of an alert
    "firing": "告警中",
    "resolved": "已解除",
    "withdrawn": "已撤销",
    # states of a case, and what verifying found
    "raised": "已发生",
    "notified": "已通知",
    "accepted": "已受理",
    "verified": "已核实",
    "exempt": "豁免",
    "false_alarm": "误报",
    "disposing": "处置中",
    "reported": "已上报",
    "reviewed": "已复核",
    "closed": "已结案",
    "confirmed": "属实",
    # classes of alerts
    "eflow_shortfall": "生态流量不足",
    "eflow_warning": "生态流量预警",
    "flow_stopped": "断流",
    "data_loss": "数据中断",
    "device_fault": "设备故障",
    "meter_tamper": "计量异常",
    "over_rate": "超许可流量",
    "over_plan": "超计划取水",
    "unmetered_intake": "未计量取水",
    "unregistered_source": "未登记数据源",
    "permit_expired": "许可到期",
    # reasons
    "below_target": "低于目标",
}


def bilingual(word: str) -> str:
    """A word with its translation; a word without one as it is.

    >>> bilingual("orange"), bilingual("something")
    ('orange 橙', 'something')
    """
    chinese = CHINESE.get(word)
    return word if chinese is None else f"{word} {chinese}"
