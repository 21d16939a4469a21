"""A dashboard: panels in rows on Grafana's grid of 24 columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dashboards.grafana.model import SCHEMA_VERSION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboards.grafana.model import Annotation, Json, Panel, Variable

__all__ = ["COLUMNS", "TAG", "Dashboard", "Row", "panel_number"]

COLUMNS: Final = 24
TAG: Final = "watermaster"
_ROW_HEIGHT: Final = 1


@dataclass(frozen=True, slots=True)
class Row:
    """Panels under a heading; they flow from left to right, and a line is as high as its highest panel.

    Attributes:
        title: Chinese and English.
        panels: In their order.
    """

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """One dashboard.

    Attributes:
        uid: Stays for ever: addresses and links hold it.
        title: Chinese and English.
        description: For whom it is.
        rows: From above.
        variables: To choose from.
        annotations: Marks on its curves.
        timezone: In which times are shown.
        since: How far it looks back, such as ``7d``.
        every_s: How often its panels ask again, whole minutes.
        links: Address and title of pages elsewhere.
    """

    uid: str
    title: str
    description: str
    rows: tuple[Row, ...]
    variables: tuple[Variable, ...] = ()
    annotations: tuple[Annotation, ...] = ()
    timezone: str = "browser"
    since: str = "7d"
    every_s: int = 60
    links: tuple[tuple[str, str], ...] = ()

    def as_json(self) -> Json:
        """The dashboard as Grafana stores it, without the number and version that Grafana gives."""
        return {
            "id": None,
            "uid": self.uid,
            "title": self.title,
            "description": self.description,
            "tags": [TAG],
            "timezone": self.timezone,
            "editable": True,
            "graphTooltip": 1,
            "refresh": f"{self.every_s // 60}m",
            "schemaVersion": SCHEMA_VERSION,
            "time": {"from": f"now-{self.since}", "to": "now"},
            "weekStart": "monday",
            "links": [_others(), *(_elsewhere(title, url) for title, url in self.links)],
            "annotations": {"list": [annotation.as_json() for annotation in self.annotations]},
            "templating": {"list": [variable.as_json() for variable in self.variables]},
            "panels": _placed(self.rows),
        }


def panel_number(dashboard: Json, title: str) -> int:
    """Id of a panel by its title.

    Raises:
        KeyError: There is none.
    """
    for panel in dashboard["panels"]:
        if panel["title"] == title:
            number: int = panel["id"]
            return number
    raise KeyError(title)


def _placed(rows: Sequence[Row]) -> list[Json]:
    found: list[Json] = []
    y = 0
    for row in rows:
        heading = {"h": _ROW_HEIGHT, "w": COLUMNS, "x": 0, "y": y}
        found.append(
            {
                "id": len(found) + 1,
                "type": "row",
                "title": row.title,
                "gridPos": heading,
                "collapsed": False,
                "panels": [],
            }
        )
        y += _ROW_HEIGHT
        x = line = 0
        for panel in row.panels:
            if x + panel.width > COLUMNS:
                x, y, line = 0, y + line, 0
            found.append(panel.as_json(len(found) + 1, x, y))
            x += panel.width
            line = max(line, panel.height)
        y += line
    return found


def _others() -> Json:
    """The list of our other dashboards, which keeps the time that is looked at."""
    return {
        "type": "dashboards",
        "title": "Watermaster",
        "tags": [TAG],
        "asDropdown": True,
        "includeVars": False,
        "keepTime": True,
        "targetBlank": False,
        "icon": "external link",
        "tooltip": "",
        "url": "",
    }


def _elsewhere(title: str, url: str) -> Json:
    return {
        "type": "link",
        "title": title,
        "url": url,
        "tags": [],
        "asDropdown": False,
        "includeVars": False,
        "keepTime": False,
        "targetBlank": True,
        "icon": "doc",
        "tooltip": "",
    }
