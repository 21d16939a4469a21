"""Words that stand on drawings, Chinese and English."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dashboards.console.draw.model import Lang, State
from hydro.quantity import Quantity, canonical_unit
from hydro.register import SectionRole, StationKind

if TYPE_CHECKING:
    from alerting.level import Level

__all__ = ["age_text", "kind_word", "letter", "quantity_word", "say", "state_word", "unit_text"]

_MINUTE: Final = 60
_HOUR: Final = 3_600
_DAY: Final = 86_400

_WORDS: Final[dict[str, tuple[str, str]]] = {
    "target": ("目标", "target"),
    "suspected": ("疑似", "suspected"),
    "no stations": ("登记册中还没有测站", "No stations in the register yet"),
    "no data": ("该时段无数据", "No data in this period"),
    "more alerts": ("条告警未画出", "alerts not drawn"),
    "never heard": ("从未收到数据", "never heard"),
    "silent": ("无数据", "no data"),
    "suspect": ("存疑", "suspect"),
    "fail": ("不合格", "failed"),
    "missing": ("缺测", "missing"),
    "range": ("最小–最大", "min–max"),
    "folded scale": ("高值段为对数刻度", "logarithmic above the target"),
    "firing": ("告警中", "firing"),
    "late": ("逾期", "late"),
    "key": ("图例", "key"),
    "dam": ("坝下断面", "below a dam"),
    "newest": ("最新", "newest"),
    "stations": ("站", "stations"),
    "unlabelled": ("处测站未标名称", "not named here"),
    "schematic": ("河流示意图", "schematic of rivers"),
    "hydrograph": ("过程线", "hydrograph"),
    "age": ("数据时效", "age of data"),
    "gained": ("累计增量", "total, gained"),
    "power on": ("用电", "power"),
    "on": ("运行", "on"),
}

_STATES: Final[dict[State, tuple[str, str]]] = {
    State.OK: ("达标", "on target"),
    State.NO_TARGET: ("无目标", "no target"),
    State.BLUE: ("蓝色告警", "blue alert"),
    State.YELLOW: ("黄色告警", "yellow alert"),
    State.ORANGE: ("橙色告警", "orange alert"),
    State.RED: ("红色告警", "red alert"),
    State.SILENT: ("无新数据", "silent"),
    State.NEVER: ("从未收到数据", "never heard"),
}

_LETTERS: Final[dict[State, tuple[str, str]]] = {
    State.OK: ("", ""),
    State.NO_TARGET: ("", ""),
    State.BLUE: ("蓝", "B"),
    State.YELLOW: ("黄", "Y"),
    State.ORANGE: ("橙", "O"),
    State.RED: ("红", "R"),
    State.SILENT: ("?", "?"),
    State.NEVER: ("–", "–"),
}

_KINDS: Final[dict[StationKind, tuple[str, str]]] = {
    StationKind.SECTION: ("断面", "section"),
    StationKind.PLANT: ("电站", "plant"),
    StationKind.RESERVOIR: ("水库", "reservoir"),
    StationKind.INTAKE: ("取水口", "intake"),
    StationKind.WELL: ("水井", "well"),
}

_QUANTITIES: Final[dict[Quantity, tuple[str, str]]] = {
    Quantity.DISCHARGE: ("流量", "discharge"),
    Quantity.STAGE: ("水位", "stage"),
    Quantity.WATER_LEVEL: ("水位高程", "water level"),
    Quantity.VELOCITY: ("流速", "velocity"),
    Quantity.VOLUME_TOTAL: ("累计水量", "total volume"),
    Quantity.VOLUME: ("水量", "volume"),
    Quantity.PUMP: ("水泵", "pump"),
    Quantity.POWER: ("功率", "power"),
    Quantity.ENERGY_TOTAL: ("累计电量", "total energy"),
    Quantity.PRESSURE: ("压力", "pressure"),
    Quantity.GATE_OPENING: ("闸门开度", "gate opening"),
    Quantity.RAIN: ("雨量", "rain"),
    Quantity.GROUNDWATER_DEPTH: ("地下水埋深", "groundwater depth"),
    Quantity.WATER_TEMPERATURE: ("水温", "water temperature"),
    Quantity.PH: ("pH", "pH"),
    Quantity.DISSOLVED_OXYGEN: ("溶解氧", "dissolved oxygen"),
    Quantity.TURBIDITY: ("浊度", "turbidity"),
    Quantity.CONDUCTIVITY: ("电导率", "conductivity"),
    Quantity.VOLTAGE: ("电压", "voltage"),
    Quantity.SIGNAL: ("信号", "signal"),
    Quantity.DOOR: ("箱门", "door"),
    Quantity.METER_FAULT: ("计量故障", "meter fault"),
    Quantity.FLOW_STATE: ("水流状态", "flow state"),
}

_UNITS: Final = {"m3/s": "m³/s", "m3": "m³", "degC": "°C", "uS/cm": "µS/cm"}


def say(word: str, lang: Lang) -> str:
    """A word or phrase of the drawings, named by its English.

    >>> say("target", "zh"), say("target", "en")
    ('目标', 'target')
    """
    return _in(_WORDS[word], lang)


def state_word(state: State, lang: Lang, *, suspected: bool = False) -> str:
    """A state in words; an alert nobody verified is called suspected.

    >>> state_word(State.RED, "zh", suspected=True), state_word(State.OK, "en")
    ('疑似红色告警', 'on target')
    """
    word = _in(_STATES[state], lang)
    if not (suspected and state.firing):
        return word
    return say("suspected", lang) + ("" if lang == "zh" else " ") + word


def letter(state: State | Level, lang: Lang) -> str:
    """What stands in a mark, so that its colour need not be seen; empty where all is well."""
    return _in(_LETTERS[state if isinstance(state, State) else State.of(state)], lang)


def kind_word(kind: StationKind, role: SectionRole | None, lang: Lang) -> str:
    """What stands there, in words."""
    return say("dam", lang) if role is SectionRole.DAM else _in(_KINDS[kind], lang)


def quantity_word(quantity: Quantity, lang: Lang) -> str:
    """A quantity in words."""
    return _in(_QUANTITIES[quantity], lang)


def unit_text(quantity: Quantity) -> str:
    """The canonical unit as people write it.

    >>> unit_text(Quantity.DISCHARGE), unit_text(Quantity.PUMP)
    ('m³/s', '')
    """
    unit = canonical_unit(quantity)
    return _UNITS.get(unit, unit)


def age_text(seconds: int, lang: Lang) -> str:
    """A span of time in its largest whole unit.

    >>> age_text(59, "en"), age_text(3_600, "en"), age_text(200_000, "zh")
    ('59 s', '1 h', '2 天')
    """
    for size, chinese, english in ((_DAY, "天", "d"), (_HOUR, "小时", "h"), (_MINUTE, "分钟", "min")):
        if seconds >= size:
            return f"{seconds // size} {chinese if lang == 'zh' else english}"
    return f"{max(0, seconds)} {'秒' if lang == 'zh' else 's'}"


def _in(pair: tuple[str, str], lang: Lang) -> str:
    return pair[0] if lang == "zh" else pair[1]
