"""What the doctor finds of one part."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from watermaster.doctor.advice import Advice

__all__ = ["PART_WORDS", "Finding", "Part", "State"]


class State(StrEnum):
    """How a part is."""

    OK = "ok"
    LOOK = "look"
    FAILED = "failed"
    OFF = "off"
    UNKNOWN = "unknown"


class Part(StrEnum):
    """What is looked at, in this order."""

    CONFIG = "config"
    DISK = "disk"
    SERVICE = "service"
    BROKER = "broker"
    SESSION = "session"
    CERTIFICATE = "certificate"
    STORE = "store"
    LEDGER = "ledger"
    ALERTMANAGER = "alertmanager"
    GRAFANA = "grafana"
    CLOCK = "clock"
    FIELD = "field"


PART_WORDS: Final[dict[Part, str]] = {
    Part.CONFIG: "配置",
    Part.DISK: "磁盘",
    Part.SERVICE: "服务",
    Part.BROKER: "消息服务器",
    Part.SESSION: "会话",
    Part.CERTIFICATE: "证书",
    Part.STORE: "数据库",
    Part.LEDGER: "告警台账",
    Part.ALERTMANAGER: "告警通知",
    Part.GRAFANA: "Grafana",
    Part.CLOCK: "时钟",
    Part.FIELD: "现场",
}


class Finding(NamedTuple):
    """One thing that was looked at.

    Attributes:
        part: Of the installation.
        state: ``unknown`` where it could not be looked at; ``off`` where the settings don't ask for it.
        found: What, with which value, where.
        advice: What to do; None where nothing is to be done.
    """

    part: Part
    state: State
    found: str
    advice: Advice | None = None
