"""The parameters of functions 40H to 43H, event counters and the bits of the status word.

Parameters are written as elements are, and the function tells which table applies: 40H and 41H the basic one, 42H and
43H the running one.

Source: SL 651-2014 annex D (tables D.1 and D.4) and function 50H, in the approval drafts; frames V011,
V017, V078, V163.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from ingest.codecs.sl651.control import Function
from ingest.codecs.sl651.frame import Element
from ingest.codecs.sl651.number import decimals_of, defined, read_bcd, written

__all__ = [
    "BASIC",
    "COUNTERS",
    "RUNNING",
    "STATUS_BITS",
    "ParameterRow",
    "explain_parameter",
    "ipv4_channel",
    "is_running",
]


class ParameterRow(NamedTuple):
    """A running parameter.

    Attributes:
        name: What it sets.
        digits: Digits in all.
        decimals: Digits behind the decimal point.
        unit: ``-`` for none.
    """

    name: str
    digits: int
    decimals: int
    unit: str

    @property
    def definition(self) -> int:
        """Usual definition byte."""
        return defined((self.digits + 1) // 2, self.decimals)


BASIC: Final[dict[str, str]] = {
    "01": "centre addresses",
    "02": "station address",
    "03": "password",
    **{f"{0x02 + 2 * n:02X}": f"main channel of centre {n}" for n in range(1, 5)},
    **{f"{0x03 + 2 * n:02X}": f"backup channel of centre {n}" for n in range(1, 5)},
    "0C": "working mode",
    "0D": "elements collected",
    "0E": "relay service addresses",
    "0F": "communication card",
}
"""Names of the basic parameters."""


def _eight(first: int, row: ParameterRow, step: int = 1) -> dict[str, ParameterRow]:
    return {f"{first + step * n:02X}": row._replace(name=f"{row.name} {n + 1}") for n in range(8)}


def _bounds(first: int, name: str, digits: int, decimals: int, unit: str) -> dict[str, ParameterRow]:
    return {
        f"{first:02X}": ParameterRow(f"{name}, upper bound", digits, decimals, unit),
        f"{first + 1:02X}": ParameterRow(f"{name}, lower bound", digits, decimals, unit),
    }


RUNNING: Final[dict[str, ParameterRow]] = {
    "20": ParameterRow("interval of scheduled reports", 2, 0, "h"),
    "21": ParameterRow("interval of add-on reports", 2, 0, "min"),
    "22": ParameterRow("hour at which the day of rain begins", 2, 0, "h"),
    "23": ParameterRow("sampling interval", 4, 0, "s"),
    "24": ParameterRow("interval of stored stages", 2, 0, "min"),
    "25": ParameterRow("resolution of rain", 2, 1, "mm"),
    "26": ParameterRow("resolution of stage", 2, 1, "cm"),
    "27": ParameterRow("rain that makes an add-on report", 2, 0, "mm"),
    **_eight(0x28, ParameterRow("stage base", 7, 3, "m")),
    **_eight(0x30, ParameterRow("stage correction", 5, 3, "m")),
    **_eight(0x38, ParameterRow("relative stage of add-on reports", 4, 2, "m")),
    "40": ParameterRow("change above it that makes an add-on report", 3, 2, "m"),
    "41": ParameterRow("change below it that makes an add-on report", 3, 2, "m"),
    "42": ParameterRow("discharge threshold", 6, 3, "m3/s"),
    "43": ParameterRow("velocity threshold", 5, 3, "m/s"),
    "44": ParameterRow("gate threshold", 3, 2, "m"),
    "45": ParameterRow("power threshold", 6, 0, "kW"),
    "46": ParameterRow("air pressure threshold", 4, 0, "hPa"),
    "47": ParameterRow("wind threshold", 4, 2, "m/s"),
    "48": ParameterRow("water temperature threshold", 2, 1, "degC"),
    **_eight(0x49, ParameterRow("upper relative stage of intake", 4, 2, "m"), 2),
    **_eight(0x4A, ParameterRow("lower relative stage of intake", 4, 2, "m"), 2),
    **_eight(0x59, ParameterRow("upper pressure of intake", 8, 2, "kPa"), 2),
    **_eight(0x5A, ParameterRow("lower pressure of intake", 8, 2, "kPa"), 2),
    **_bounds(0x69, "water temperature", 3, 1, "degC"),
    **_bounds(0x6B, "pH", 2, 1, "-"),
    **_bounds(0x6D, "dissolved oxygen", 4, 1, "mg/L"),
    **_bounds(0x6F, "permanganate index", 4, 1, "mg/L"),
    **_bounds(0x71, "conductivity", 5, 0, "uS/cm"),
    **_bounds(0x73, "ORP", 5, 1, "mV"),
    **_bounds(0x75, "turbidity", 3, 0, "NTU"),
    **_bounds(0x77, "ammonia nitrogen", 6, 2, "mg/L"),
    **_bounds(0x79, "total nitrogen", 5, 2, "mg/L"),
    **_bounds(0x7B, "copper", 7, 4, "mg/L"),
    **_bounds(0x7D, "zinc", 6, 4, "mg/L"),
    **_bounds(0x7F, "fluoride", 5, 2, "mg/L"),
    **_bounds(0x81, "selenium", 7, 5, "mg/L"),
    **_bounds(0x83, "arsenic", 7, 5, "mg/L"),
    **_bounds(0x85, "mercury", 7, 5, "mg/L"),
    **_bounds(0x87, "cadmium", 7, 5, "mg/L"),
    **_bounds(0x89, "total organic carbon", 4, 2, "mg/L"),
    **_bounds(0x8B, "chlorophyll-a", 4, 2, "mg/L"),
    "8D": ParameterRow("upper bound of flow", 11, 3, "m3/s"),
    **_eight(0x8E, ParameterRow("recharge of meter", 11, 3, "m3")),
    "96": ParameterRow("quota", 11, 3, "m3"),
    "97": ParameterRow("initialise storage", 0, 0, "-"),
    "98": ParameterRow("factory reset", 0, 0, "-"),
    **_eight(0x99, ParameterRow("base reading of meter", 11, 3, "m3")),
    **_eight(0xA1, ParameterRow("remaining volume that alarms, meter", 11, 3, "m3")),
}
"""Running parameters by identifier."""

COUNTERS: Final = (
    "storage initialised",
    "parameter changed",
    "state changed",
    "sensor fault",
    "password changed",
    "terminal fault",
    "AC power lost",
    "battery low",
    "box opened illegally",
    "pump fault",
    "remaining volume alarm",
    "stage over limit",
    "pressure over limit",
    "quality over limit",
    "data error",
    "frames sent",
    "frames received",
    "send errors",
)
"""The first 18 event counters of 50H; 14 more are spare."""

STATUS_BITS: Final = {
    0: "AC power lost",
    1: "battery low",
    2: "stage over limit",
    3: "flow over limit",
    4: "quality over limit",
    5: "flow meter fault",
    6: "stage meter fault",
    7: "box door closed",
    8: "memory fault",
    9: "IC card enabled",
    10: "pump stopped",
    11: "remaining volume exceeded",
}
"""What a set bit of the status word says; bit 0 is the least significant. Others are reserved and mean nothing."""

_MASK: Final = (
    ("rain", "evaporation", "wind direction", "wind speed", "air temperature", "humidity", "ground temperature",
     "air pressure"),
    tuple(f"stage {n}" for n in range(8, 0, -1)),
    ("groundwater depth", "picture", "waves", "gate opening", "volume", "velocity", "discharge", "pressure"),
    tuple(f"meter {n}" for n in range(8, 0, -1)),
    tuple(f"soil {depth} cm" for depth in (100, 80, 60, 50, 40, 30, 20, 10)),
    ("pH", "dissolved oxygen", "conductivity", "turbidity", "ORP", "permanganate index", "ammonia",
     "water temperature"),
    ("total organic carbon", "total nitrogen", "total phosphorus", "zinc", "selenium", "arsenic", "mercury", "cadmium"),
    ("chlorophyll-a", "copper", "lead"),
)  # fmt: skip
_CHANNELS: Final = {1: "SMS", 2: "IPv4", 3: "Beidou", 4: "Inmarsat", 5: "PSTN", 6: "VHF"}
_MODES: Final = {1: "self-report", 2: "self-report with confirm", 3: "query and response", 4: "maintenance"}
_CARDS: Final = {"1": "mobile", "2": "Beidou"}
_IPV4: Final = 2
_IPV4_DIGITS: Final = 18


def is_running(function: int) -> bool:
    """Whether the running table applies to a function's parameters."""
    return function in {Function.SET_RUNNING, Function.READ_RUNNING}


def explain_parameter(function: int, element: Element) -> str | None:
    """What a parameter says, for people; None where nothing is known about it.

    >>> explain_parameter(0x40, Element("04", 0x50, bytes.fromhex("02218094153172009708")))
    'main channel of centre 1: IPv4 218.94.153.172:9708'
    >>> explain_parameter(0x42, Element("28", 0x23, bytes.fromhex("00010000")))
    'stage base 1: 10.000 m'
    """
    if is_running(function):
        row = RUNNING.get(element.tag)
        value = read_bcd(element.data)
        if row is None or not isinstance(value, int):
            return row.name if row else None
        unit = "" if row.unit == "-" else f" {row.unit}"
        return f"{row.name}: {written(value, decimals_of(element.definition))}{unit}"
    name = BASIC.get(element.tag)
    return f"{name}: {_basic(element.tag, element.data)}" if name else None


def _basic(tag: str, data: bytes) -> str:
    digits = data.hex().upper()
    match tag:
        case "01":
            return ", ".join(str(byte) for byte in data if byte)
        case "0C":
            return _MODES.get(int.from_bytes(data, "big"), digits)
        case "0D":
            names = [
                name
                for byte, row in zip(data, _MASK, strict=False)
                for bit, name in enumerate(row)
                if byte >> (7 - bit) & 1
            ]
            return ", ".join(names)
        case "0F":
            text = data.decode("latin-1")
            return f"{_CARDS.get(text[:1], text[:1])} {text[1:]}"
        case "02" | "03" | "0E":
            return digits
        case _:
            return _channel(digits)


def _channel(digits: str) -> str:
    """A channel: its kind, then an address; IPv4 in three digits an octet and six of the port."""
    kind = int(digits[:2]) if digits[:2].isdecimal() else -1
    address = digits[2:]
    if kind == 0:
        return "disabled"
    if kind == _IPV4 and address.isdecimal() and len(address) == _IPV4_DIGITS:
        octets = ".".join(str(int(address[at : at + 3])) for at in range(0, 12, 3))
        return f"IPv4 {octets}:{int(address[12:])}"
    return f"{_CHANNELS.get(kind, digits[:2])} {address.removeprefix('A')}"


def ipv4_channel(tag: str, address: str, port: int) -> Element:
    """A channel parameter.

    Args:
        tag: Identifier, ``04`` for the main channel of centre 1.
        address: Four decimal octets.
        port: 1 to 65535.

    >>> ipv4_channel("04", "218.94.153.172", 9708).data.hex()
    '02218094153172009708'
    """
    octets = "".join(f"{int(octet):03d}" for octet in address.split("."))
    data = bytes.fromhex(f"{_IPV4:02d}{octets}{port:06d}")
    return Element(tag, defined(len(data), 0), data)
