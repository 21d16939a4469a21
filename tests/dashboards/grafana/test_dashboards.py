"""What is built is valid for Grafana, fits its grid, and says what it shows."""

from __future__ import annotations

import json
import re
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

import pytest
from jsonschema import Draft202012Validator

from dashboards.grafana.dashboard import COLUMNS
from tests.dashboards.grafana.example import SCHEMA, example, register_of, shipped_tables

if TYPE_CHECKING:
    from collections.abc import Mapping

DASHBOARDS: Final = example().dashboards
NAMES: Final = ("province", "division", "river", "station", "intake", "quality", "health")


def panels_of(dashboard: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Its panels, headings of rows left out."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def test_there_is_a_dashboard_for_everything_that_the_issue_names() -> None:
    assert tuple(DASHBOARDS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_dashboard_is_valid_for_the_published_schema(name: str) -> None:
    Draft202012Validator.check_schema(SCHEMA)
    found = Draft202012Validator(SCHEMA).iter_errors(DASHBOARDS[name])
    assert [f"{error.json_path}: {error.message[:300]}" for error in found] == []


@pytest.mark.parametrize("name", NAMES)
def test_panels_fill_the_grid_without_overlap_and_without_holes_above_them(name: str) -> None:
    panels = DASHBOARDS[name]["panels"]
    cells: list[set[tuple[int, int]]] = []
    for panel in panels:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= COLUMNS, panel["title"]
        cells.append({(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])})
    assert [
        (a["title"], b["title"]) for (a, x), (b, y) in combinations(zip(panels, cells, strict=True), 2) if x & y
    ] == []
    lines = {panel["gridPos"]["y"] for panel in panels}
    for line in lines:  # each line is filled from edge to edge
        widths = [panel["gridPos"]["w"] for panel in panels if panel["gridPos"]["y"] == line]
        assert sum(widths) == COLUMNS, [panel["title"] for panel in panels if panel["gridPos"]["y"] == line]
    assert [panel["title"] for panel in panels_of(DASHBOARDS[name]) if not 3 <= panel["gridPos"]["h"] <= 12] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_panel_says_in_both_languages_what_it_shows_and_where_its_colours_come_from(name: str) -> None:
    for panel in panels_of(DASHBOARDS[name]):
        zh, en = panel["description"].split(" · ")
        assert re.search(r"[\u4e00-\u9fff]", zh), panel["title"]
        assert re.search(r"[a-z]{3}", en), panel["title"]
        assert not re.search(r"[\u4e00-\u9fff]", en), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        steps = [step["value"] for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]]
        assert (steps[0], steps[1:]) == (None, sorted(set(steps[1:]))), panel["title"]


def test_numbers_of_panels_and_names_of_queries_are_used_once() -> None:
    for dashboard in DASHBOARDS.values():
        numbers = [panel["id"] for panel in dashboard["panels"]]
        assert len(set(numbers)) == len(numbers)
        for panel in panels_of(dashboard):
            names = [target["refId"] for target in panel["targets"]]
            assert len(set(names)) == len(names)


def test_links_between_dashboards_lead_to_dashboards_and_variables_that_are_there() -> None:
    text = json.dumps(DASHBOARDS)
    led = set(re.findall(r"/d/(wm-[a-z]+)\?var-([a-z]+)=", text))
    known = {
        (dashboard["uid"], variable["name"])
        for dashboard in DASHBOARDS.values()
        for variable in dashboard["templating"]["list"]
    }
    assert led
    assert led <= known


def test_every_alert_in_a_list_leads_to_its_case() -> None:
    lists = [
        panel
        for dashboard in DASHBOARDS.values()
        for panel in panels_of(dashboard)
        if "未结束的告警 " in panel["title"]
    ]
    assert len(lists) == 6
    for panel in lists:
        [column] = [each for each in panel["fieldConfig"]["overrides"] if each["matcher"]["options"] == "alert"]
        [links] = [each["value"] for each in column["properties"] if each["id"] == "links"]
        assert [link["url"] for link in links] == ["https://water.example/?alert=${__value.raw}#case"]


def test_a_register_without_places_gives_dashboards_that_are_valid_too() -> None:
    register = register_of({name: text.splitlines()[0] for name, text in shipped_tables().items()})
    built = example(register)
    for name, dashboard in built.dashboards.items():
        assert [error.message[:300] for error in Draft202012Validator(SCHEMA).iter_errors(dashboard)] == [], name
