"""Functions (AFN): what each is for and what its data field looks like, up and down.

A data field is read by the first layout whose length fits. What fits none, and functions without a layout here, stay
bytes: kept, counted, never guessed.

Source: tables of ``WaterResourceSettingInfo``, ``wainshine/SL651`` (sl427), ``ThingsPanel/go-sl427``; B1H from the
firmware ``Flyctt123/XSJ-1800R-V``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from ingest.codecs.slt427.header import DataType, Direction, Profile
from ingest.codecs.slt427.numbers import Bcd, FlowBcd, Sign
from ingest.codecs.slt427.parts import AddressPart, Binary, ClockPart, Hex, HourPart, Part, PasswordPart, Record
from ingest.codecs.slt427.reports import Content, Parts, WordOrder, layout, quality_records

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "CHANNEL_ADDRESS_SIZES",
    "FUNCTIONS",
    "LINK_WORDS",
    "REPORT_ORDERS",
    "Function",
    "LinkPart",
    "history_type",
    "read_content",
]

LINK_WORDS: Final = {0xF0: "login", 0xF1: "logout", 0xF2: "keepalive"}
"""What a link frame says."""

REPORT_ORDERS: Final = {
    0x81: WordOrder.ALARM_FIRST,
    0x82: WordOrder.LAST,
    0xB0: WordOrder.LAST,
    0xB2: WordOrder.LAST,
    0xC0: WordOrder.LAST,
}
"""Functions whose uplinks carry measurements, with the place of the alarm word."""

CHANNEL_ADDRESS_SIZES: Final = {1: 7, 2: 7, 3: 3}
"""Bytes of a centre's address by type of channel: SMS, IPv4, Beidou."""

_NO_CHANNEL: Final = b"\xaa\xaa"


class Layout(Protocol):
    """Reads a data field."""

    def read(self, data: bytes, profile: Profile) -> Content | None:
        """The content; None where the length doesn't fit."""


@dataclass(frozen=True, slots=True)
class Rows:
    """A head record, records that repeat, words.

    Attributes:
        head: Parts that stand once.
        repeated: Parts that stand any number of times.
        words: How many bytes of alarm and status words may follow: 0, 2 (alarm) or 4, the likeliest first.
    """

    head: Parts = ()
    repeated: Parts = ()
    words: tuple[int, ...] = (0,)

    def read(self, data: bytes, profile: Profile) -> Content | None:
        """The content; None where the length doesn't fit."""
        del profile
        head = sum(part.size for part in self.head)
        row = sum(part.size for part in self.repeated)
        for words in self.words:
            end = len(data) - words
            if end < head or (end != head if not row else (end - head) % row):
                continue
            records = [Record.decode(self.head, data[:head])] if head else []
            records += (Record.decode(self.repeated, data[at : at + row]) for at in range(head, end, row or 1))
            alarm = int.from_bytes(data[end : end + 2], "little") if words else None
            status = int.from_bytes(data[end + 2 :], "little") if words == 4 else None  # both words  # noqa: PLR2004  # named above
            return Content(tuple(records), alarm, status)
        return None


@dataclass(frozen=True, slots=True)
class Loose:
    """Known parts first, then bytes of which only the length is known."""

    head: Parts
    rest: str

    def read(self, data: bytes, profile: Profile) -> Content | None:
        """The content; None where even the head doesn't fit."""
        del profile
        size = len(data) - sum(part.size for part in self.head)
        if size < 0:
            return None
        return Content((Record.decode((*self.head, Hex(self.rest, size)), data),))


@dataclass(frozen=True, slots=True)
class FlowLimits:
    """Upper limits of flow, one per meter, written as the profile writes flow."""

    words: tuple[int, ...] = (0,)

    def read(self, data: bytes, profile: Profile) -> Content | None:
        """The content; None where the length doesn't fit."""
        part: Part[object] = (
            FlowBcd("flow_limit")  # type: ignore[assignment]  # a part of numbers is a part
            if profile is Profile.SLT427_2021
            else Bcd("flow_limit", 5, 3, "m3/s", Sign.HALF_BYTE)
        )
        return Rows(repeated=(part,), words=self.words).read(data, profile)


@dataclass(frozen=True, slots=True)
class QualityLimits:
    """Bitmap of parameters and a limit for each."""

    def read(self, data: bytes, profile: Profile) -> Content | None:
        """The content; None where the length doesn't fit the bitmap."""
        records = quality_records(profile, data)
        return None if records is None else Content(records)


@dataclass(frozen=True, slots=True)
class Channels:
    """Main and backup channel: type and address of the centre, or AA AA for none."""

    def read(self, data: bytes, profile: Profile) -> Content | None:
        """The content; None where a type is unknown or the length doesn't fit."""
        del profile
        records = []
        at = 0
        while at < len(data):
            parts: Parts
            if data[at : at + 2] == _NO_CHANNEL:
                parts = (Hex("none", 2),)
            elif data[at] in CHANNEL_ADDRESS_SIZES:
                parts = (Binary("type"), Hex("address", CHANNEL_ADDRESS_SIZES[data[at]]))
            else:
                return None
            size = sum(part.size for part in parts)
            if at + size > len(data):
                return None
            records.append(Record.decode(parts, data[at : at + size]))
            at += size
        return Content(tuple(records)) if records else None


@dataclass(frozen=True, slots=True)
class History:
    """Stored values: kind, first and last hour, then a value every five minutes from five past on."""

    def read(self, data: bytes, profile: Profile) -> Content | None:
        """The content; None where the kind is unknown or the length doesn't fit."""
        head = sum(part.size for part in _PERIOD)
        data_type = history_type(data[0]) if len(data) >= head else None
        if data_type is None:
            return None
        # stored flow comes without the volume that stands beside it in a report
        return Rows(_PERIOD, layout(data_type, profile)[:1]).read(data, profile)


_PERIOD: Final[Parts] = (Binary("parameter"), HourPart("from"), HourPart("to"))


def history_type(parameter: int) -> DataType | None:
    """Data type of a stored parameter: high half byte = type - 1, low half byte = instrument.

    Source: firmware ``Flyctt123/XSJ-1800R-V`` for rain 00, stage 10, flow 20, velocity 30; no other is known.
    """
    data_type = (parameter >> 4) + 1
    return DataType(data_type) if DataType.RAIN <= data_type <= DataType.VELOCITY else None


@dataclass(frozen=True, slots=True)
class LinkPart:
    """What a link frame says."""

    name: str = "data"
    size: int = 1

    def decode(self, raw: bytes) -> int:
        """The byte."""
        return raw[0]

    def encode(self, value: int) -> bytes:
        """The byte."""
        return bytes((value,))

    def explain(self, value: int) -> dict[str, object]:
        """The byte and its word, if it has one."""
        return {"data": f"{value:02X}", "link": LINK_WORDS.get(value)}


class Function(NamedTuple):
    """A function.

    Attributes:
        english: What it is for.
        chinese: The same.
        up: Layouts of its uplinks, tried in this order.
        down: Layouts of its downlinks.
        secured: Its downlinks carry a password and a time label.
    """

    english: str
    chinese: str
    up: tuple[Layout, ...]
    down: tuple[Layout, ...]
    secured: bool = False


def _number(name: str, size: int, decimals: int, unit: str, sign: Sign = Sign.NONE) -> Bcd:
    return Bcd(name, size, decimals, unit, sign)


_NOTHING: Final = Rows()
_RESULT: Final = Rows((Hex("result", 1),))
_MODE: Final = Rows((Binary("work_mode"),))
_ADDRESS: Final = Rows((AddressPart(),))
_ADDRESSES: Final = Rows(repeated=(AddressPart(),))
_CLOCK: Final = Rows((ClockPart(),))
_RECHARGE: Final = _number("recharge_m3", 4, 0, "m3")
_REMAINING: Final = _number("remaining_m3", 5, 0, "m3", Sign.TOP_BIT)
_REMAINING_ALARM: Final = _number("remaining_alarm_m3", 3, 0, "m3")
_STAGE_LIMITS: Final[Parts] = (
    _number("base", 3, 2, "m", Sign.TOP_BIT),
    _number("lower", 2, 2, "m"),
    _number("upper", 2, 2, "m"),
)
_PRESSURE_LIMITS: Final[Parts] = (_number("upper", 4, 2, "kPa"), _number("lower", 4, 2, "kPa"))
_KINDS: Final = Binary("kinds_mask", 2)
_INTERVALS: Final = Rows((_KINDS,), (_number("interval", 2, 0, "min"),))
_GUIDE: Final = Rows((Binary("guide_length"),))
_MOTOR: Final = Rows(tuple(Binary(f"{what}_{phase}", 2) for what in ("voltage", "current") for phase in "abc"))
_RELAY_STATUS: Final = Rows((Binary("relay_mode"), Binary("relay_status")), (ClockPart("switched_at", 5),))
_PICTURE: Final = Loose((Binary("length", 2),), "picture")
_TARGET: Final = Rows((Hex("target", 1),))
_WITH_WORDS: Final = (4, 2, 0)


def _set(english: str, chinese: str, *layouts: Layout, up: tuple[Layout, ...] | None = None) -> Function:
    return Function(english, chinese, layouts if up is None else up, layouts, secured=True)


def _ask(english: str, chinese: str, *up: Layout, down: tuple[Layout, ...] = (_NOTHING,)) -> Function:
    return Function(english, chinese, up, down)


def _report(english: str, chinese: str) -> Function:
    return Function(english, chinese, (), (_MODE, _NOTHING))


FUNCTIONS: Final[dict[int, Function]] = {
    0x02: Function("link test", "链路检测", (Rows((LinkPart(),)),), (Rows((LinkPart(),)),)),
    0x10: _set("set address", "设置地址", _ADDRESS),
    0x11: _set("set clock", "设置时钟", _CLOCK),
    0x12: _set("set work mode", "设置工作模式", _MODE),
    0x15: _set("set recharge volume", "设置充值量", Rows((_RECHARGE,))),
    0x16: _set("set remaining-volume alarm", "设置剩余水量报警值", Rows((_REMAINING_ALARM,))),
    0x17: _set("set stage base and limits", "设置水位基值、上下限", Rows(repeated=_STAGE_LIMITS)),
    0x18: _set("set water-pressure limits", "设置水压上下限", Rows(repeated=_PRESSURE_LIMITS)),
    0x19: _set("set upper quality limits", "设置水质参数上限", QualityLimits()),
    0x1A: _set("set lower quality limits", "设置水质参数下限", QualityLimits()),
    0x1B: _set("set initial volume", "设置水量初始值", Rows(repeated=(_number("initial_volume_m3", 5, 0, "m3"),))),
    0x1C: _set("set relay guide-code length", "设置中继引导码长", _GUIDE),
    0x1D: _set("set relay addresses", "设置中继转发地址", _ADDRESSES),
    0x1E: _set("set relay auto-switch", "设置中继自动切换", Rows((Binary("relay_mode"),))),
    0x1F: _set("set flow upper limits", "设置流量上限", FlowLimits()),
    0x20: _set("set report threshold", "设置启报阈值", Loose((Binary("category_index"),), "setting")),
    0x30: _set("IC card on", "IC 卡功能有效", _NOTHING, up=(_RESULT,)),
    0x31: _set("IC card off", "取消 IC 卡功能", _NOTHING, up=(_RESULT,)),
    0x32: _set("quota in force", "定值控制投入", _NOTHING, up=(_RESULT,)),
    0x33: _set("quota off", "定值控制退出", _NOTHING, up=(_RESULT,)),
    0x34: _set("set quota", "定值量设定", Rows((_number("quota_m3", 5, 0, "m3"),))),
    0x50: _ask("read address", "查询地址", _ADDRESS),
    0x51: _ask("read clock", "查询时钟", _CLOCK),
    0x52: _ask("read work mode", "查询工作模式", _MODE),
    0x53: _ask("read report kinds and intervals", "查询自报种类及间隔", _INTERVALS),
    0x54: _ask("read real-time kinds", "查询实时数据种类", Rows((_KINDS,))),
    0x55: _ask("read recharge volume", "查询充值量、剩余水量", Rows((_RECHARGE, _REMAINING))),
    0x56: _ask("read remaining-volume alarm", "查询剩余水量报警值", Rows((_REMAINING_ALARM, _REMAINING))),
    0x57: _ask("read stage base and limits", "查询水位基值、上下限", Rows(repeated=_STAGE_LIMITS, words=_WITH_WORDS)),
    0x58: _ask("read water-pressure limits", "查询水压上下限", Rows(repeated=_PRESSURE_LIMITS, words=_WITH_WORDS)),
    0x59: _ask("read upper quality limits", "查询水质参数上限", QualityLimits()),
    0x5A: _ask("read lower quality limits", "查询水质参数下限", QualityLimits()),
    0x5C: _ask("daily history", "查询历史日记录", Loose((), "history"), down=(_NOTHING, Loose((), "period"))),
    0x5D: _ask("read event counters", "查询事件记录", Rows(repeated=(Binary("counter", 2),))),
    0x5E: _ask("read alarms and status", "查询报警和状态", Rows(words=(4,))),
    0x5F: _ask("read pump motor", "查询水泵电机实时数据", _MOTOR),
    0x60: _ask("read relay guide-code length", "查询中继引导码长", _GUIDE),
    0x61: _ask("read picture", "查询图像", _PICTURE, down=(_NOTHING, Rows((Binary("picture_number"),)))),
    0x62: _ask("read relay addresses", "查询中继转发地址", _ADDRESSES),
    0x63: _ask("read relay status", "查询中继状态", _RELAY_STATUS),
    0x64: _ask("read flow upper limits", "查询流量上限", FlowLimits(_WITH_WORDS)),
    0x65: _ask("read channels", "查询主备信道", Channels()),
    0x81: _report("alarm report", "随机自报报警"),
    0x82: _report("manual report", "人工置数"),
    0x83: Function("picture report", "自报图片", (_PICTURE,), (_MODE, _NOTHING)),
    0x84: Function(
        "voltage report", "自报电压", (Rows((_number("voltage_V", 2, 2, "V"),), words=(0, 4)),), (_MODE, _NOTHING)
    ),
    0x90: _set("reset", "复位", Rows((Binary("reset"),)), up=(_RESULT,)),
    0x91: _set("clear history", "清空历史数据", Rows((Binary("clear_mask"),))),
    0x92: _set("start pump or open valve", "启动水泵、阀门", _TARGET),
    0x93: _set("stop pump or close valve", "关闭水泵、阀门", _TARGET),
    0x94: _set("switch communication", "切换通信机", _TARGET, _NOTHING),
    0x95: _set("switch relay machine", "切换中继工作机", _TARGET, _NOTHING),
    0x96: _set("set password", "修改密码", Rows((PasswordPart("new_password"),))),
    0xA0: _set("set real-time kinds", "设置实时数据种类", Rows((_KINDS,))),
    0xA1: _set("set report kinds and intervals", "设置自报种类及间隔", _INTERVALS),
    0xA2: _set("set channels", "设置主备信道", Channels()),
    0xB0: Function("read real-time values", "查询实时值", (), (_NOTHING,)),
    0xB1: _ask("read stored values", "查询固态存储数据", History(), down=(Rows(_PERIOD),)),
    0xB2: Function("report from memory", "查询内存自报数据", (), (_NOTHING, _MODE)),
    0xC0: _report("self-report", "自报实时数据"),
}
"""Functions of the standard by code."""


def read_content(function: Function, direction: Direction, data: bytes, profile: Profile) -> Content | None:
    """A data field by the first layout that fits; None where none does."""
    return next((content for content in _tries(function, direction, data, profile) if content is not None), None)


def _tries(function: Function, direction: Direction, data: bytes, profile: Profile) -> Iterator[Content | None]:
    for found in function.up if direction is Direction.UP else function.down:
        yield found.read(data, profile)
