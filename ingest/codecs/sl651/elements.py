"""The elements of annex C: what identifiers mean, in which unit, and how many digits they normally have.

The digits serve encoders and people. Decoders obey the definition byte of the frame.

Source: SL 651-2014 annex C table C.1, in the approval drafts; cross-checked with two public implementations.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from ingest.codecs.sl651.number import defined

__all__ = [
    "BULK",
    "BY_CODE",
    "DURATION",
    "ELEMENTS",
    "MANUAL",
    "OBSERVED",
    "PICTURE",
    "RAIN_SLOTS",
    "SLOT_GROUPS",
    "STAGE_SLOTS",
    "STATION",
    "STATUS",
    "STEP",
    "TO_THE_END",
    "ElementRow",
]

OBSERVED: Final = 0xF0  # F0F0: observation time
STATION: Final = 0xF1  # F1F1: station address
MANUAL: Final = 0xF2  # F2F2: text to the end of the body
PICTURE: Final = 0xF3  # F3F3: JPEG to the end of the body
RAIN_SLOTS: Final = 0xF4  # twelve slots of 5 minutes
STAGE_SLOTS: Final = range(0xF5, 0xFD)  # the same for relative stages 1 to 8
BULK: Final = 0xFD  # FDF6: velocities to the end of the body
STEP: Final = 0x04
STATUS: Final = 0x45
DURATION: Final = 0x05

TO_THE_END: Final = {MANUAL: 0xF2, PICTURE: 0xF3, BULK: 0xF6}
"""Identifiers whose data fill the rest of the body, with the byte that must follow."""

SLOT_GROUPS: Final = {RAIN_SLOTS: (12, 0x60), **dict.fromkeys(STAGE_SLOTS, (24, 0xC0))}
"""Bytes of the twelve slots, whatever the definition byte says, and the usual definition byte."""


class ElementRow(NamedTuple):
    """One element.

    Attributes:
        tag: Identifier as hex digits.
        code: Identifier in ASCII frames.
        digits: Digits in all.
        decimals: Digits behind the decimal point.
        unit: As the standard writes it; ``-`` for none.
        chinese: Name, for operators.
        name: Name.
    """

    tag: str
    code: str
    digits: int
    decimals: int
    unit: str
    chinese: str
    name: str

    @property
    def definition(self) -> int:
        """Usual definition byte of a value that isn't negative."""
        return defined((self.digits + 1) // 2, self.decimals)


_ROWS: Final = (
    ElementRow("01", "AC", 8, 2, "m2", "断面面积", "cross-section area"),
    ElementRow("02", "AI", 3, 1, "degC", "瞬时气温", "air temperature"),
    ElementRow("03", "C", 3, 1, "degC", "瞬时水温", "water temperature"),
    ElementRow("05", "DT", 4, 2, "h.min", "时段长/历时", "duration (rain, diversion, pumping), HH.mm"),
    ElementRow("06", "ED", 5, 1, "mm", "日蒸发量", "daily evaporation"),
    ElementRow("07", "EJ", 5, 1, "mm", "当前蒸发", "current evaporation (since day start)"),
    ElementRow("08", "FL", 5, 0, "hPa", "气压", "air pressure"),
    ElementRow("09", "GH", 5, 2, "m", "闸门开启高度", "gate opening height"),
    ElementRow("0A", "GN", 3, 0, "-", "输水设备/闸门编号", "conveyance device / gate group number"),
    ElementRow("0B", "GS", 1, 0, "-", "输水设备类别", "conveyance device category"),
    ElementRow("0C", "GT", 3, 0, "count", "闸门开启孔数", "number of open gates"),
    ElementRow("0D", "GTP", 3, 1, "degC", "地温", "ground temperature"),
    ElementRow("0E", "H", 6, 2, "m", "地下水瞬时埋深", "groundwater depth"),
    ElementRow("0F", "HW", 5, 2, "m", "波浪高度", "wave height"),
    ElementRow("10", "M10", 4, 1, "%", "10cm含水量", "soil moisture 10 cm"),
    ElementRow("11", "M20", 4, 1, "%", "20cm", "soil moisture 20 cm"),
    ElementRow("12", "M30", 4, 1, "%", "30cm", "soil moisture 30 cm"),
    ElementRow("13", "M40", 4, 1, "%", "40cm", "soil moisture 40 cm"),
    ElementRow("14", "M50", 4, 1, "%", "50cm", "soil moisture 50 cm"),
    ElementRow("15", "M60", 4, 1, "%", "60cm", "soil moisture 60 cm"),
    ElementRow("16", "M80", 4, 1, "%", "80cm", "soil moisture 80 cm"),
    ElementRow("17", "M100", 4, 1, "%", "100cm", "soil moisture 100 cm"),
    ElementRow("18", "MST", 4, 1, "%", "湿度", "relative humidity"),
    ElementRow("19", "NS", 2, 0, "count", "开机台数", "running pumps"),
    ElementRow("1A", "P1", 5, 1, "mm", "1h降水", "1 h rain"),
    ElementRow("1B", "P2", 5, 1, "mm", "2h降水", "2 h rain"),
    ElementRow("1C", "P3", 5, 1, "mm", "3h降水", "3 h rain"),
    ElementRow("1D", "P6", 5, 1, "mm", "6h降水", "6 h rain"),
    ElementRow("1E", "P12", 5, 1, "mm", "12h降水", "12 h rain"),
    ElementRow("1F", "PD", 5, 1, "mm", "日降水量", "daily rain"),
    ElementRow("20", "PJ", 5, 1, "mm", "当前降水量", "current rain since day start (normally 08:00)"),
    ElementRow("21", "PN01", 5, 1, "mm", "1min降水", "1 min rain"),
    ElementRow("22", "PN05", 5, 1, "mm", "5min降水", "5 min rain"),
    ElementRow("23", "PN10", 5, 1, "mm", "10min降水", "10 min rain"),
    ElementRow("24", "PN30", 5, 1, "mm", "30min降水", "30 min rain"),
    ElementRow("25", "PR", 5, 1, "mm", "暴雨量", "storm rain"),
    ElementRow("26", "PT", 6, 1, "mm", "降水量累计值", "cumulative rain"),
    ElementRow("27", "Q", 9, 3, "m3/s", "瞬时流量/抽水流量", "instantaneous discharge / pumped discharge"),
    ElementRow("28", "Q1", 9, 3, "m3/s", "取(排)水口流量1", "intake/outlet 1 discharge"),
    ElementRow("29", "Q2", 9, 3, "m3/s", "取(排)水口流量2", "intake/outlet 2 discharge"),
    ElementRow("2A", "Q3", 9, 3, "m3/s", "取(排)水口流量3", "intake/outlet 3 discharge"),
    ElementRow("2B", "Q4", 9, 3, "m3/s", "取(排)水口流量4", "intake/outlet 4 discharge"),
    ElementRow("2C", "Q5", 9, 3, "m3/s", "取(排)水口流量5", "intake/outlet 5 discharge"),
    ElementRow("2D", "Q6", 9, 3, "m3/s", "取(排)水口流量6", "intake/outlet 6 discharge"),
    ElementRow("2E", "Q7", 9, 3, "m3/s", "取(排)水口流量7", "intake/outlet 7 discharge"),
    ElementRow("2F", "Q8", 9, 3, "m3/s", "取(排)水口流量8", "intake/outlet 8 discharge"),
    ElementRow("30", "QA", 9, 3, "m3/s", "总出库/过闸总流量", "total outflow / total gate discharge"),
    ElementRow("31", "QZ", 9, 3, "m3/s", "输水设备/过闸(组)流量", "device or gate-group discharge"),
    ElementRow("32", "SW", 11, 3, "1e4t", "输沙量", "sediment load"),
    ElementRow("33", "UC", 2, 0, "sector", "风向", "wind direction 1-16"),
    ElementRow("34", "UE", 2, 0, "Beaufort", "风力", "wind force (Beaufort)"),
    ElementRow("35", "US", 4, 1, "m/s", "风速", "wind speed"),
    ElementRow("36", "VA", 5, 3, "m/s", "断面平均流速", "mean section velocity"),
    ElementRow("37", "VJ", 5, 3, "m/s", "当前瞬时流速", "instantaneous velocity"),
    ElementRow("38", "VT", 4, 2, "V", "电源电压", "supply voltage"),
    ElementRow("39", "Z", 7, 3, "m", "瞬时河道水位/潮位", "river stage / tide"),
    ElementRow("3A", "ZB", 7, 3, "m", "库(闸、站)下水位", "downstream stage"),
    ElementRow("3B", "ZU", 7, 3, "m", "库(闸、站)上水位", "upstream / reservoir stage"),
    ElementRow("3C", "Z1", 7, 3, "m", "取(排)水口水位1", "intake/outlet 1 stage"),
    ElementRow("3D", "Z2", 7, 3, "m", "取(排)水口水位2", "intake/outlet 2 stage"),
    ElementRow("3E", "Z3", 7, 3, "m", "取(排)水口水位3", "intake/outlet 3 stage"),
    ElementRow("3F", "Z4", 7, 3, "m", "取(排)水口水位4", "intake/outlet 4 stage"),
    ElementRow("40", "Z5", 7, 3, "m", "取(排)水口水位5", "intake/outlet 5 stage"),
    ElementRow("41", "Z6", 7, 3, "m", "取(排)水口水位6", "intake/outlet 6 stage"),
    ElementRow("42", "Z7", 7, 3, "m", "取(排)水口水位7", "intake/outlet 7 stage"),
    ElementRow("43", "Z8", 7, 3, "m", "取(排)水口水位8", "intake/outlet 8 stage"),
    ElementRow("44", "SQ", 9, 3, "kg/m3", "含沙量", "sediment concentration"),
    ElementRow("45", "ZT", 8, 0, "bits", "状态及报警", "terminal status and alarm word (4 bytes binary)"),
    ElementRow("46", "pH", 4, 2, "-", "pH", "pH"),
    ElementRow("47", "DO", 4, 1, "mg/L", "溶解氧", "dissolved oxygen"),
    ElementRow("48", "COND", 5, 0, "uS/cm", "电导率", "conductivity"),
    ElementRow("49", "TURB", 3, 0, "NTU", "浊度", "turbidity"),
    ElementRow("4A", "CODMN", 4, 1, "mg/L", "高锰酸盐指数", "permanganate index"),
    ElementRow("4B", "REDOX", 5, 1, "mV", "氧化还原电位", "ORP"),
    ElementRow("4C", "NH4N", 6, 2, "mg/L", "氨氮", "ammonia nitrogen"),
    ElementRow("4D", "TP", 5, 3, "mg/L", "总磷", "total phosphorus"),
    ElementRow("4E", "TN", 5, 2, "mg/L", "总氮", "total nitrogen"),
    ElementRow("4F", "TOC", 4, 2, "mg/L", "总有机碳", "TOC"),
    ElementRow("50", "CU", 7, 4, "mg/L", "铜", "copper"),
    ElementRow("51", "ZN", 6, 4, "mg/L", "锌", "zinc"),
    ElementRow("52", "SE", 7, 5, "mg/L", "硒", "selenium"),
    ElementRow("53", "AS", 7, 5, "mg/L", "砷", "arsenic"),
    ElementRow("54", "THG", 7, 5, "mg/L", "总汞", "total mercury"),
    ElementRow("55", "CD", 7, 5, "mg/L", "镉", "cadmium"),
    ElementRow("56", "PB", 7, 5, "mg/L", "铅", "lead"),
    ElementRow("57", "CHLA", 4, 2, "mg/L", "叶绿素a", "chlorophyll-a"),
    ElementRow("58", "WP1", 5, 2, "kPa", "水压1", "water pressure 1"),
    ElementRow("59", "WP2", 5, 2, "kPa", "水压2", "water pressure 2"),
    ElementRow("5A", "WP3", 5, 2, "kPa", "水压3", "water pressure 3"),
    ElementRow("5B", "WP4", 5, 2, "kPa", "水压4", "water pressure 4"),
    ElementRow("5C", "WP5", 5, 2, "kPa", "水压5", "water pressure 5"),
    ElementRow("5D", "WP6", 5, 2, "kPa", "水压6", "water pressure 6"),
    ElementRow("5E", "WP7", 5, 2, "kPa", "水压7", "water pressure 7"),
    ElementRow("5F", "WP8", 5, 2, "kPa", "水压8", "water pressure 8"),
    ElementRow("60", "SYL1", 11, 3, "m3", "水表1剩余水量", "meter 1 remaining volume"),
    ElementRow("61", "SYL2", 11, 3, "m3", "水表2剩余水量", "meter 2 remaining volume"),
    ElementRow("62", "SYL3", 11, 3, "m3", "水表3剩余水量", "meter 3 remaining volume"),
    ElementRow("63", "SYL4", 11, 3, "m3", "水表4剩余水量", "meter 4 remaining volume"),
    ElementRow("64", "SYL5", 11, 3, "m3", "水表5剩余水量", "meter 5 remaining volume"),
    ElementRow("65", "SYL6", 11, 3, "m3", "水表6剩余水量", "meter 6 remaining volume"),
    ElementRow("66", "SYL7", 11, 3, "m3", "水表7剩余水量", "meter 7 remaining volume"),
    ElementRow("67", "SYL8", 11, 3, "m3", "水表8剩余水量", "meter 8 remaining volume"),
    ElementRow("68", "SBL1", 10, 2, "m3/h", "水表1每小时水量", "meter 1 hourly volume"),
    ElementRow("69", "SBL2", 10, 2, "m3/h", "水表2每小时水量", "meter 2 hourly volume"),
    ElementRow("6A", "SBL3", 10, 2, "m3/h", "水表3每小时水量", "meter 3 hourly volume"),
    ElementRow("6B", "SBL4", 10, 2, "m3/h", "水表4每小时水量", "meter 4 hourly volume"),
    ElementRow("6C", "SBL5", 10, 2, "m3/h", "水表5每小时水量", "meter 5 hourly volume"),
    ElementRow("6D", "SBL6", 10, 2, "m3/h", "水表6每小时水量", "meter 6 hourly volume"),
    ElementRow("6E", "SBL7", 10, 2, "m3/h", "水表7每小时水量", "meter 7 hourly volume"),
    ElementRow("6F", "SBL8", 10, 2, "m3/h", "水表8每小时水量", "meter 8 hourly volume"),
    ElementRow("70", "VTA", 4, 1, "V", "A相电压", "AC phase A voltage"),
    ElementRow("71", "VTB", 4, 1, "V", "B相电压", "phase B voltage"),
    ElementRow("72", "VTC", 4, 1, "V", "C相电压", "phase C voltage"),
    ElementRow("73", "VIA", 4, 1, "A", "A相电流", "phase A current"),
    ElementRow("74", "VIB", 4, 1, "A", "B相电流", "phase B current"),
    ElementRow("75", "VIC", 4, 1, "A", "C相电流", "phase C current"),
)
_GROUPS: Final = (
    ElementRow("04", "DRxnn", 6, 0, "-", "时间步长码", "time step"),
    ElementRow("F2", "RGZS", 0, 0, "-", "人工置数", "manual report"),
    ElementRow("F3", "PIC", 0, 0, "-", "图片信息", "picture"),
    ElementRow("F4", "DRP", 24, 1, "mm", "1h内每5min时段雨量", "rain in 5 min"),
    *(
        ElementRow(
            f"{0xF4 + n:02X}", f"DRZ{n}", 48, 2, "m", f"1h内每5min间隔相对水位{n}", f"relative stage {n}, every 5 min"
        )
        for n in range(1, 9)
    ),
    ElementRow("FD", "DATA", 0, 0, "-", "流速批量数据", "velocities in bulk"),
)

ELEMENTS: Final[dict[str, ElementRow]] = {row.tag: row for row in (*_ROWS, *_GROUPS)}
"""Rows by identifier in hex digits."""

BY_CODE: Final[dict[str, ElementRow]] = {row.code: row for row in ELEMENTS.values()}
"""Rows by the letters of ASCII frames."""
