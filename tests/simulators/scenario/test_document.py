"""docs/scenarios.md: its example loads, it names every key, it shows every scenario as its file has it."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from simulators.basin import Canal, Catchment, Climate, Dam, Ground, Outlet, Reach, Sink
from simulators.devices import Chance, Clock, Counter, Device, FaultKind, Gateway, Rating, Sensor, Trouble
from simulators.scenario import OrderKind, Signal, Source, load, names
from simulators.takers import Backwash, Habit, Permit, PumpHouse, Theft, TheftKind, Use
from tests.simulators.scenario.test_mistakes import mistakes

if TYPE_CHECKING:
    from enum import StrEnum

    from _typeshed import DataclassInstance

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "scenarios.md"
NOT_KEYS: dict[type, set[str]] = {
    Catchment: {"name", "place"},
    Climate: {"shower", "front"},
    Chance: {"quantities", "causes"},
    Dam: {"name", "place"},
    Device: {"station", "sensors", "gateway"},
    Gateway: {"name"},
    Reach: {"name", "place", "start", "end"},  # `from` and `to`
    Sensor: {"quantity"},
    Sink: {"name", "place"},
    Source: {"signal", "element"},
    Theft: {"start", "end"},  # `from` and `to`
}
KINDS = (
    *(Backwash, Canal, Catchment, Chance, Climate, Clock, Counter, Dam, Device, Gateway, Ground, Habit, Outlet, Permit),
    *(PumpHouse, Rating, Reach, Sensor, Sink, Source, Theft, Trouble),
)


def text() -> str:
    return DOCUMENT.read_text(encoding="utf-8")


def named() -> set[str]:
    """All words in backticks, outside of examples."""
    plain = re.sub(r"```.*?```", "", text(), flags=re.DOTALL)
    return {word for quoted in re.findall(r"`([^`]+)`", plain) for word in re.findall(r"[a-z0-9_]+", quoted)}


def example() -> str:
    """The annotated scenario."""
    found = re.search(r"```yaml\n(.*?)```", text(), re.DOTALL)
    assert found is not None
    return found.group(1)


def test_the_example_is_a_scenario(tmp_path: Path) -> None:
    assert mistakes(tmp_path, example()) == ()


def test_the_mistakes_that_it_shows_are_those_that_are_said(tmp_path: Path) -> None:
    """In the document they stand for three lines of the example, each changed by itself."""
    shown = re.findall(r"^my-river\.yaml:\d+: (.*)$", text(), re.MULTILINE)
    changes = (
        ("25, reference_m3s", "25, travel: 25, reference_m3s"),
        ("to: powerhouse, travel_min: 80", "to: dam, travel_min: 80"),
        ("m3s: 2.5, swing", "m3s: -2.5, swing"),
    )
    said = [mistakes(tmp_path, example().replace(old, new)) for old, new in changes]
    assert [one.partition(": ")[2] for (one,) in said] == [
        shown[0],
        shown[1].replace("dam → powerhouse → dam", "dam → dam"),
        shown[2],
    ]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_key_is_named(kind: type[DataclassInstance]) -> None:
    keys = {attribute.name for attribute in fields(kind)} - NOT_KEYS.get(kind, set())
    assert keys - named() == set()


@pytest.mark.parametrize("kind", [FaultKind, OrderKind, Signal, TheftKind, Use], ids=lambda kind: kind.__name__)
def test_every_choice_is_named(kind: type[StrEnum]) -> None:
    assert {member.value for member in kind} - named() == set()


@pytest.mark.parametrize("name", [name for name in names() if name != "province-5000"])
def test_every_scenario_is_shown_as_its_file_has_it(name: str) -> None:
    """Run ``python -m bench.scenario_pictures --text`` and put its list at the end of the document."""
    section = text().partition(f"### {name}\n")[2].partition("\n### ")[0]
    scenario = load(name)
    for part in (scenario.title.en, scenario.title.zh, scenario.about.en, scenario.about.zh):
        assert part in section
    for one in scenario.expected or ():
        assert f"`{one.alert_class}` {one.subject} ({one.reason})" in section
    picture = f"pictures/scenario-{name}.svg"
    assert picture in section
    drawing = (DOCUMENT.parent / picture).read_text(encoding="utf-8")
    assert scenario.title.zh in drawing
