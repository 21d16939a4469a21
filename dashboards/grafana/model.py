"""The parts of Grafana's dashboard model that we use, as values that know their JSON.

Source: Grafana's published schemas of dashboards and panels, as generated in grafana-foundation-sdk 10.1.0;
tests/data/grafana/dashboard.schema.json holds what is used of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "INFLUXDB",
    "PROMETHEUS",
    "SCHEMA_VERSION",
    "Annotation",
    "Json",
    "Link",
    "Look",
    "Override",
    "Panel",
    "Query",
    "Source",
    "Step",
    "Steps",
    "Variable",
    "both",
]

Json = dict[str, Any]
"""An object of JSON."""

SCHEMA_VERSION: Final = 39


class Source(NamedTuple):
    """A data source.

    Attributes:
        kind: Plugin.
        uid: Name by which panels and rules know it.
    """

    kind: str
    uid: str

    def as_json(self) -> Json:
        """Reference to it."""
        return {"type": self.kind, "uid": self.uid}


INFLUXDB: Final = Source("influxdb", "watermaster-influxdb")
PROMETHEUS: Final = Source("prometheus", "watermaster-prometheus")


def both(zh: str, en: str) -> str:
    """Chinese, then English.

    >>> both("水位", "Stage")
    '水位 · Stage'
    """
    return f"{zh} · {en}"


class Step(NamedTuple):
    """From where on a colour holds; None = from below everything."""

    start: float | None
    color: str


Steps = tuple[Step, ...]
"""Thresholds, lowest first; the first one begins below everything."""


@dataclass(frozen=True, slots=True)
class Link:
    """Where a click leads.

    Attributes:
        title: What stands there.
        url: Address; may hold Grafana's variables.
        blank: Opens beside what is shown.
    """

    title: str
    url: str
    blank: bool = False

    def as_json(self) -> Json:
        """Link of a field."""
        return {"title": self.title, "url": self.url, "targetBlank": self.blank}


@dataclass(frozen=True, slots=True)
class Query:
    """What a panel asks.

    Attributes:
        text: InfluxQL or PromQL, with Grafana's variables.
        source: Whom it asks.
        table: The answer is a table, not series over time; for Prometheus: one value, of now.
        name: What series are called; empty = as the source calls them.
    """

    text: str
    source: Source = INFLUXDB
    table: bool = False
    name: str = ""

    def as_json(self, ref_id: str) -> Json:
        """Target of a panel."""
        head: Json = {"refId": ref_id, "datasource": self.source.as_json()}
        if self.source.kind == PROMETHEUS.kind:
            return {
                **head,
                "editorMode": "code",
                "expr": self.text,
                "instant": self.table,
                "range": not self.table,
                "legendFormat": self.name,
            }
        return {
            **head,
            "rawQuery": True,
            "query": self.text,
            "resultFormat": "table" if self.table else "time_series",
            "alias": self.name,
        }


@dataclass(frozen=True, slots=True)
class Look:
    """How values are shown.

    Attributes:
        unit: Id of a unit of Grafana, or ``suffix: TEXT``.
        steps: Thresholds.
        decimals: None = as many as it takes.
        least: Lower end of the scale; None = as the values are.
        greatest: Upper end.
        texts: Words for values.
        colors: Colours for the values that have words.
        none: What stands there without a value; empty = Grafana's own words.
        by_step: Values have the colours of the thresholds, not of the series.
        custom: Settings of the kind of panel.
    """

    unit: str
    steps: Steps
    decimals: int | None = None
    least: float | None = None
    greatest: float | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    colors: Mapping[str, str] = field(default_factory=dict)
    none: str = ""
    by_step: bool = True
    custom: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> Json:
        """Defaults of the fields of a panel."""
        found: Json = {
            "unit": self.unit,
            "color": {"mode": "thresholds" if self.by_step else "palette-classic"},
            "thresholds": thresholds(self.steps),
            "mappings": [_mapping(self.texts, self.colors)] if self.texts else [],
            "custom": dict(self.custom),
        }
        for name, value in (("decimals", self.decimals), ("min", self.least), ("max", self.greatest)):
            if value is not None:
                found[name] = value
        if self.none:
            found["noValue"] = self.none
        return found


def thresholds(steps: Steps) -> Json:
    """Thresholds of a field."""
    return {"mode": "absolute", "steps": [{"value": step.start, "color": step.color} for step in steps]}


def _mapping(texts: Mapping[str, str], colors: Mapping[str, str]) -> Json:
    options: Json = {}
    for index, (value, text) in enumerate(texts.items()):
        options[value] = {"index": index, "text": text}
        if value in colors:
            options[value]["color"] = colors[value]
    return {"type": "value", "options": options}


@dataclass(frozen=True, slots=True)
class Override:
    """What is otherwise for one field.

    Attributes:
        field: Its name.
        properties: Id and value of each.
    """

    field: str
    properties: Mapping[str, Any]

    def as_json(self) -> Json:
        """Override of a panel."""
        return {
            "matcher": {"id": "byName", "options": self.field},
            "properties": [{"id": name, "value": value} for name, value in self.properties.items()],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One panel.

    Attributes:
        kind: Plugin.
        title: Chinese and English.
        description: What it shows and where its colours come from, Chinese and English.
        width: Columns of 24.
        height: Rows of 30 pixels.
        queries: What it asks.
        look: How values are shown.
        options: Of the kind.
        overrides: By field.
        transformations: Id and options of each.
        interval: Least distance of two points.
    """

    kind: str
    title: str
    description: str
    width: int
    height: int
    queries: tuple[Query, ...]
    look: Look
    options: Mapping[str, Any] = field(default_factory=dict)
    overrides: tuple[Override, ...] = ()
    transformations: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    interval: str = ""

    def as_json(self, number: int, x: int, y: int) -> Json:
        """The panel at its place.

        Args:
            number: Its id in the dashboard.
            x: Column.
            y: Row.
        """
        found: Json = {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "description": self.description,
            "gridPos": {"h": self.height, "w": self.width, "x": x, "y": y},
            "datasource": self.queries[0].source.as_json(),
            "targets": [query.as_json(chr(ord("A") + place)) for place, query in enumerate(self.queries)],
            "fieldConfig": {
                "defaults": self.look.as_json(),
                "overrides": [override.as_json() for override in self.overrides],
            },
            "options": dict(self.options),
            "transformations": [{"id": name, "options": dict(options)} for name, options in self.transformations],
        }
        if self.interval:
            found["interval"] = self.interval
        return found


@dataclass(frozen=True, slots=True)
class Variable:
    """A list to choose from, its values fixed when the dashboard is built.

    Attributes:
        name: As queries call it.
        label: Chinese and English.
        description: What its values are.
        choices: Text and value of each; never empty.
        all_value: What stands for all of them; empty = one has to be chosen.
    """

    name: str
    label: str
    description: str
    choices: Sequence[tuple[str, str]]
    all_value: str = ""

    def as_json(self) -> Json:
        """Variable of a dashboard."""
        text, value = (both("全部", "All"), "$__all") if self.all_value else self.choices[0]
        found: Json = {
            "type": "custom",
            "name": self.name,
            "label": self.label,
            "description": self.description,
            "query": ", ".join(f"{_spelt(text)} : {value}" for text, value in self.choices),
            "current": {"selected": True, "text": text, "value": value},
            "options": [],
            "multi": False,
            "includeAll": bool(self.all_value),
            "hide": 0,
            "skipUrlSync": False,
        }
        if self.all_value:
            found["allValue"] = self.all_value
        return found


def _spelt(text: str) -> str:
    r"""A text as it may stand in a list: a comma or a colon between blanks ends it, a dollar begins a variable.

    >>> _spelt("A, B : C$")
    'A\\, B: C＄'
    """
    return text.replace(",", "\\,").replace(" : ", ": ").replace("$", "＄")


@dataclass(frozen=True, slots=True)
class Annotation:
    """Marks on all curves of a dashboard.

    Attributes:
        name: Chinese and English.
        color: Of the marks.
        query: InfluxQL; its columns are named next.
        text: Column with the text.
        tags: Columns with words below it.
    """

    name: str
    color: str
    query: str
    text: str
    tags: tuple[str, ...]

    def as_json(self) -> Json:
        """Annotation of a dashboard."""
        return {
            "name": self.name,
            "datasource": INFLUXDB.as_json(),
            "enable": True,
            "hide": False,
            "iconColor": self.color,
            "target": {
                "refId": "Anno",
                "query": self.query,
                "queryType": "tags",
                "fromAnnotations": True,
                "textColumn": self.text,
                "tagsColumn": ",".join(self.tags),
                "name": self.name,
            },
        }
