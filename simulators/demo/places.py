"""Where the demo plays: rivers, gateways and stations. Names are made up, the manner of naming is Guizhou's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["DARK_GATEWAY", "GATEWAYS", "PLACES", "RIVERS", "VISITOR", "Place", "River"]


@dataclass(frozen=True, slots=True)
class River:
    """A river of the basin.

    Attributes:
        name: Chinese name.
        name_en: English name.
        into: River it flows into; empty where the map ends.
        into_km: Chainage of the confluence on that river.
        length_km: From source to mouth.
    """

    name: str
    name_en: str
    into: str
    into_km: float | None
    length_km: float


@dataclass(frozen=True, slots=True)
class Place:
    """A station.

    Attributes:
        key: Short name in this package.
        code: In the register.
        name: Chinese name.
        name_en: English name.
        kind: As in ``stations.csv``.
        river: Chinese name of its river.
        chainage_km: Distance from the mouth of its river.
        division: County, GB/T 2260.
        gateway: Which gateway speaks for it; empty = any.
        lon: Degrees east.
        lat: Degrees north.
        plant: Plant that it belongs to.
        role: As ``section_role`` in ``stations.csv``.
    """

    key: str
    code: str
    name: str
    name_en: str
    kind: str
    river: str
    chainage_km: float
    division: str
    gateway: str
    lon: float
    lat: float
    plant: str = ""
    role: str = ""


_MAIN: Final = "云潭河"
_STONES: Final = "响石溪"
_CAVES: Final = "龙洞河"

RIVERS: Final = (
    River(_MAIN, "Yuntan River", "", None, 86.0),
    River(_STONES, "Xiangshi Creek", _MAIN, 51.0, 21.5),
    River(_CAVES, "Longdong River", _MAIN, 24.0, 33.0),
)

GATEWAYS: Final = ("gw-shimen", "gw-xiangshui", "gw-qiaotou", "gw-longdong")
_UPPER, _PLANT, _MIDDLE, DARK_GATEWAY = GATEWAYS

_UPSTREAM: Final = "520121"
_MIDSTREAM: Final = "520122"
_DOWNSTREAM: Final = "520123"

VISITOR: Final = Place(
    "visitor", "520122V001", "来访者试验断面", "Visitors' section", "section", _MAIN, 46.0, _MIDSTREAM, "", 106.7702,
    27.0481, role="river",
)  # fmt: skip
"""Nobody simulated speaks for it: whoever watches the demo at its real speed may."""

PLACES: Final = (
    Place("shimenkan", "520121S001", "石门坎断面", "Shimenkan", "section", _MAIN, 80.0, _UPSTREAM, _UPPER,
          106.5413, 26.8892, role="river"),
    Place("reservoir", "520121R001", "云潭水库", "Yuntan Reservoir", "reservoir", _MAIN, 74.0, _UPSTREAM,
          _UPPER, 106.5968, 26.9204),
    Place("county_works", "520121Q00101", "县城水厂取水口", "County waterworks", "intake", _MAIN, 69.0, _UPSTREAM,
          _UPPER, 106.6107, 26.9268),
    Place("creek_head", "520122S012", "大坡脚断面", "Dapojiao", "section", _STONES, 15.2, _MIDSTREAM, _UPPER,
          106.5791, 27.0615, role="river"),
    Place("dam", "520122P00101", "响水滩电站坝下", "Xiangshuitan dam", "plant", _MAIN, 63.5, _MIDSTREAM, _PLANT,
          106.6452, 26.9633, "XST", "dam"),
    Place("machaotan", "520122S003", "马槽滩断面", "Machaotan", "section", _MAIN, 60.5, _MIDSTREAM, _PLANT,
          106.6588, 26.9725, role="river"),
    Place("tailrace", "520122P00102", "响水滩电站尾水", "Xiangshuitan tailrace", "plant", _MAIN, 54.5, _MIDSTREAM,
          _PLANT, 106.6871, 26.9860, "XST", "tailrace"),
    Place("brewery", "520122Q00401", "响石酒厂取水口", "Xiangshi brewery", "intake", _STONES, 8.0, _MIDSTREAM,
          _PLANT, 106.6604, 27.0233),
    Place("creek_mouth", "520122S004", "响石溪口断面", "Xiangshi mouth", "section", _STONES, 1.8, _MIDSTREAM,
          _PLANT, 106.6985, 27.0049, role="river"),
    Place("spring", "520122W001", "凉水井岩溶监测井", "Liangshuijing well", "well", _MAIN, 57.5, _MIDSTREAM, _PLANT,
          106.6709, 26.9934),
    Place("lianghekou", "520122S005", "两河口断面", "Lianghekou", "section", _MAIN, 48.0, _MIDSTREAM, _MIDDLE,
          106.7214, 27.0112, role="river"),
    Place("zhongba", "520122Q00201", "中坝灌区渠首", "Zhongba canal", "intake", _MAIN, 44.0, _MIDSTREAM, _MIDDLE,
          106.7530, 27.0350),
    Place("xiazhai", "520122S006", "下寨断面", "Xiazhai", "section", _MAIN, 40.0, _MIDSTREAM, _MIDDLE, 106.7926,
          27.0638, role="river"),
    Place("factory", "520122Q00301", "青杠磷肥厂取水口", "Qinggang works", "intake", _MAIN, 36.5, _MIDSTREAM,
          _MIDDLE, 106.8143, 27.0795),
    Place("qiaotou", "520122S007", "桥头断面", "Qiaotou", "section", _MAIN, 33.0, _MIDSTREAM, _MIDDLE, 106.8390,
          27.1018, role="river"),
    Place("run_of_river", "520122P00201", "桥头电站", "Qiaotou plant", "plant", _MAIN, 28.5, _MIDSTREAM,
          _MIDDLE, 106.8655, 27.1207, "QT"),
    Place("caves_head", "520123S008", "龙洞断面", "Longdong", "section", _CAVES, 26.4, _DOWNSTREAM,
          DARK_GATEWAY, 106.7317, 27.1984, role="river"),
    Place("caves_works", "520123Q00501", "龙洞水厂取水口", "Longdong waterworks", "intake", _CAVES, 18.5,
          _DOWNSTREAM, DARK_GATEWAY, 106.7889, 27.1841),
    Place("lift", "520123Q00601", "小坝提灌站", "Xiaoba lift", "intake", _CAVES, 10.5, _DOWNSTREAM, DARK_GATEWAY,
          106.8471, 27.1702),
    Place("caves_mouth", "520123S009", "龙洞河口断面", "Longdong mouth", "section", _CAVES, 2.5, _DOWNSTREAM,
          DARK_GATEWAY, 106.8998, 27.1559, role="river"),
    Place("town_works", "520123Q00701", "沙坪镇水厂取水口", "Shaping waterworks", "intake", _MAIN, 19.5,
          _DOWNSTREAM, DARK_GATEWAY, 106.9482, 27.1771),
    Place("well", "520123W002", "沙坪地下水监测井", "Shaping well", "well", _MAIN, 15.5, _DOWNSTREAM, DARK_GATEWAY,
          106.9557, 27.1925),
    Place("border", "520123S010", "黄泥渡出境断面", "Huangnidu border", "section", _MAIN, 10.5, _DOWNSTREAM,
          DARK_GATEWAY, 106.9963, 27.1936, role="border"),
    Place("mouth", "520123S011", "云潭河口断面", "Yuntan mouth", "section", _MAIN, 2.0, _DOWNSTREAM, DARK_GATEWAY,
          107.0618, 27.2289, role="river"),
)  # fmt: skip
"""Twenty-four, from the source to the mouth of each gateway's stretch."""
