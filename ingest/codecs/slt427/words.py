"""Alarm word and status word: which bit means what, in English and Chinese.

Sixteen bits each, low byte first; the alarm word stands before the status word.

Source: SL/T 427-2021 7.3.14; the byte order is confirmed by device frames (V169: alarm 0x1001, status 0x0060).
"""

from __future__ import annotations

from typing import Final

from ingest.codecs.slt427.header import Profile

__all__ = ["ALARM_BITS", "STATUS_BITS", "TEMPERATURE_BIT", "WORK_MODES", "bits_of", "clean_words", "status_text"]

ALARM_BITS: Final[dict[int, tuple[str, str]]] = {
    0: ("mains power lost", "交流电停电"),
    1: ("battery low", "蓄电池电压低"),
    2: ("stage beyond its limits", "水位超限"),
    3: ("flow beyond its limits", "流量超限"),
    4: ("quality beyond its limits", "水质超限"),
    5: ("flow meter fault", "流量仪表故障"),
    6: ("pump switched", "水泵开停"),
    7: ("stage meter fault", "水位仪表故障"),
    8: ("water pressure beyond its limits", "水压超限"),
    9: ("temperature beyond its limits", "温度超限"),
    10: ("IC card", "IC 卡功能"),
    11: ("quota", "定值控制"),
    12: ("remaining volume low", "剩余水量下限"),
    13: ("cabinet door", "终端箱门"),
}
"""Meaning of a set bit of the alarm word. Bit 9 is spare in SZY206."""

TEMPERATURE_BIT: Final = 9

STATUS_BITS: Final[dict[int, tuple[tuple[str, str], tuple[str, str]]]] = {
    2: (("IC card off", "IC 卡无效"), ("IC card on", "IC 卡有效")),
    3: (("quota off", "定值控制退出"), ("quota in force", "定值控制投入")),
    4: (("pump running", "水泵启动"), ("pump stopped", "水泵停止")),
    5: (("door open", "箱门开启"), ("door closed", "箱门关闭")),
    6: (("mains power", "交流供电"), ("battery power", "蓄电池供电")),
}
"""Meaning of a bit of the status word when 0 and when 1."""

WORK_MODES: Final = (
    ("self-report and query", "自报、遥测"),
    ("self-report with confirmation", "自报确认"),
    ("query and answer", "遥测"),
    ("maintenance", "调试或维修"),
)
"""Meaning of bits 1..0 of the status word."""

_ALARM_SPARE: Final = 0xC000
_STATUS_SPARE: Final = 0xFF80


def bits_of(word: int) -> list[int]:
    """Numbers of the set bits, lowest first.

    >>> bits_of(0x1001)
    [0, 12]
    """
    return [bit for bit in range(16) if word >> bit & 1]


def clean_words(alarm: int, status: int, profile: Profile) -> int:
    """How many of the two words have no spare bit set."""
    spare = _ALARM_SPARE if profile is Profile.SLT427_2021 else _ALARM_SPARE | 1 << TEMPERATURE_BIT
    return (not alarm & spare) + (not status & _STATUS_SPARE)


def status_text(status: int) -> list[tuple[str, str]]:
    """What a status word says, in English and Chinese."""
    return [WORK_MODES[status & 3], *(meaning[status >> bit & 1] for bit, meaning in STATUS_BITS.items())]
