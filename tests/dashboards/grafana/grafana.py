"""What Grafana does with a query before a data source gets it.

Source: Grafana's ``pkg/tsdb/influxdb/models/query.go`` (what is replaced), its manual "Variable syntax" (``:raw``) and
"Global variables" (``__to``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["choices_of", "filled_in", "queries_of"]

_VARIABLE = re.compile(r"\$\{(\w+):raw\}")
_ITEM = re.compile(r"(?:\\,|[^,])+")
_NAMED = re.compile(r"^\s*(.+)\s:\s(.+)$", re.DOTALL)


def choices_of(variable: Mapping[str, Any]) -> dict[str, str]:
    """Text and value of each choice of a custom variable, as Grafana reads its list."""
    found = {}
    for item in _ITEM.findall(variable["query"]):
        text = item.replace("\\,", ",").strip()
        named = _NAMED.match(text)
        found[named[1].strip() if named else text] = named[2].strip() if named else text
    if variable["includeAll"]:
        found["All"] = variable["allValue"]
    return found


def filled_in(statement: str, chosen: Mapping[str, str], start: int, end: int, interval: str = "5m") -> str:
    """A statement of InfluxQL as the database gets it."""
    text = _VARIABLE.sub(lambda match: chosen[match[1]], statement)
    text = text.replace("${__to}", str(end))
    text = text.replace("$timeFilter", f"time >= {start}ms and time <= {end}ms", 1)
    text = text.replace("$__interval", interval)
    assert "${" not in text, text
    assert "$_" not in text, text
    assert "$timeFilter" not in text, text
    return text


def queries_of(dashboard: Mapping[str, Any], source: str) -> Iterator[tuple[str, str]]:
    """Title of the panel and text of each query for one kind of data source, annotations among them."""
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            if target["datasource"]["type"] == source:
                yield panel["title"], target["query" if source == "influxdb" else "expr"]
    if source == "influxdb":
        for annotation in dashboard["annotations"]["list"]:
            yield annotation["name"], annotation["target"]["query"]
