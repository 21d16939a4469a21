"""Reading drawings back: boxes of texts, coordinates of paths; and systems of rivers by seed."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree as ET

import numpy as np

from alerting.level import Level
from dashboards.console.draw.model import (
    AlertSpan,
    Hydrograph,
    Mark,
    RiverLine,
    RiverSystem,
    Samples,
    State,
    TargetLine,
    TargetStep,
)
from hydro.flags import Flag
from hydro.instants import DAY_MS, MINUTE_MS, parse_instant
from hydro.quantity import Quantity
from hydro.register import SectionRole, StationKind

if TYPE_CHECKING:
    from collections.abc import Sequence

NAMES: Final = "赤水清溪南明白石红岩桃花龙潭马场双河口大坝三岔青山铁厂"
END: Final = parse_instant("2026-03-02T10:30:00", 480)
START: Final = END - DAY_MS
SLOT_MS: Final = 5 * MINUTE_MS

_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?")


def parsed(svg: str) -> ET.Element:
    """The drawing as a tree without namespaces; fails where it is not XML."""
    tree = ET.fromstring(svg)  # noqa: S314  # our own
    for element in tree.iter():
        element.tag = element.tag.rpartition("}")[2]
    return tree


def with_class(tree: ET.Element, name: str) -> list[ET.Element]:
    """Elements that have a class."""
    return [element for element in tree.iter() if name in element.get("class", "").split()]


def texts(tree: ET.Element) -> list[str]:
    """What is written on a drawing."""
    return ["".join(element.itertext()) for element in tree.iter("text")]


def points(path: str) -> list[tuple[float, float]]:
    """Coordinates of a path of absolute M and L commands."""
    numbers = [float(number) for number in _NUMBER.findall(path)]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def random_system(seed: int, stations: int, rivers: int, **changes: Any) -> RiverSystem:  # noqa: ANN401  # passed on
    """Rivers that flow into others, or nowhere, with stations of all kinds and states; some distances unknown."""
    chance = random.Random(seed)
    lines = []
    for number in range(rivers):
        into = None if number == 0 or chance.random() < 0.15 else f"r{chance.randrange(number)}"
        into_km = chance.uniform(1, 90) if into is not None and chance.random() < 0.7 else None
        name = "".join(chance.sample(NAMES, 2)) + chance.choice(["河", " River", ""])
        length_km = 100.0 if chance.random() < 0.5 else None
        lines.append(RiverLine(river=f"r{number}", name=name, into=into, into_km=into_km, length_km=length_km))
    marks = []
    for number in range(stations):
        state = chance.choice(list(State))
        known = chance.random() < 0.75
        marks.append(
            Mark(
                code=f"5201{number:06d}",
                name="".join(chance.sample(NAMES, chance.randint(2, 12))) + chance.choice(["", " upper gauge"]),
                kind=chance.choice(list(StationKind)),
                role=chance.choice([None, None, SectionRole.DAM, SectionRole.TAILRACE]),
                plant=chance.choice(["", "EX01"]),
                river=f"r{chance.randrange(rivers)}",
                chainage_km=chance.uniform(0, 95) if known else None,
                state=state,
                suspected=chance.random() < 0.5,
                value_text=None if state in (State.SILENT, State.NEVER) else f"{chance.uniform(0, 900):.2f} m³/s",
                target_text=chance.choice([None, "≥ 2.00"]),
                age_s=None if state is State.NEVER else chance.randrange(1_000_000),
                selected=number == 0,
                href=f"/stations/{number}",
            )
        )
    values: dict[str, Any] = {"title": "乌江", "rivers": tuple(lines), "marks": tuple(marks), "lang": "zh"}
    return RiverSystem(**(values | changes))


def series(values: Sequence[float | None], flags: dict[int, Flag] | None = None, *, end: int = END) -> Samples:
    """Values in slots up to ``end``; None leaves the slot out."""
    rows = [place for place, value in enumerate(values) if value is not None]
    times = np.array([end - (len(values) - 1 - place) * SLOT_MS for place in rows], np.int64)
    counts = np.array([round((values[place] or 0.0) * 1_000_000) for place in rows], np.int64)
    flag = np.array([(flags or {}).get(place, Flag.GOOD) for place in rows], np.uint8)
    return Samples(times, counts, flag)


def target(value: float, start: int = START, end: int = END) -> TargetLine:
    """A discharge target of one value."""
    return TargetLine(steps=(TargetStep.by_ratio(start, end, round(value * 1_000_000)),))


def hydrograph(samples: Samples | None, **changes: Any) -> Hydrograph:  # noqa: ANN401  # passed on
    """A day of discharge against a target of 2 m³/s."""
    values: dict[str, Any] = {
        "name": "南明河示例断面",
        "quantity": Quantity.DISCHARGE,
        "start": START,
        "end": END,
        "samples": samples,
        "targets": (target(2.0),),
    }
    return Hydrograph(**(values | changes))


def alert(start: int, end: int | None, *levels: tuple[int, Level], **changes: Any) -> AlertSpan:  # noqa: ANN401  # passed on
    """A shortfall."""
    values: dict[str, Any] = {
        "label": "生态流量不足",
        "start": start,
        "end": end,
        "levels": levels or ((start, Level.YELLOW),),
        "href": "/alerts/1",
    }
    return AlertSpan(**(values | changes))
