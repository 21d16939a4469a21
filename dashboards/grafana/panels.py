"""Kinds of panels: a number, curves, bars, a list, a strip of states. One look for all dashboards.

Source: options of each plugin as published in Grafana's ``packages/grafana-schema``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from dashboards.grafana.model import Look, Override, Panel, thresholds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dashboards.grafana.model import Link, Query, Steps

__all__ = ["bars", "column", "curves", "listing", "number", "ranking", "strip"]

_LAST: Final = {"calcs": ["lastNotNull"], "fields": "", "values": False}
_LEGEND: Final = {"showLegend": True, "displayMode": "list", "placement": "bottom", "calcs": []}
_TOOLTIP: Final = {"mode": "multi", "sort": "desc"}


def number(  # noqa: PLR0913  # a panel says all of this, by name
    title: str,
    description: str,
    query: Query,
    *,
    unit: str,
    steps: Steps,
    width: int = 4,
    height: int = 4,
    decimals: int | None = None,
    texts: Mapping[str, str] | None = None,
    none: str = "",
    filled: bool = False,
) -> Panel:
    """One number, large, in the colour of its threshold; ``filled``: on a ground of that colour."""
    return Panel(
        kind="stat",
        title=title,
        description=description,
        width=width,
        height=height,
        queries=(query,),
        look=Look(unit, steps, decimals, texts=texts or {}, none=none),
        options={
            "reduceOptions": _LAST,
            "orientation": "auto",
            "textMode": "value",
            "colorMode": "background" if filled else "value",
            "graphMode": "none",
            "justifyMode": "center",
        },
    )


def curves(  # noqa: PLR0913  # as above
    title: str,
    description: str,
    *queries: Query,
    unit: str,
    steps: Steps,
    width: int = 24,
    height: int = 9,
    decimals: int | None = None,
    by_field: Mapping[str, Steps] | None = None,
    with_bounds: bool = False,
    least: float | None = None,
    interval: str = "1m",
) -> Panel:
    """Curves over time.

    Args:
        title: Chinese and English.
        description: Chinese and English.
        queries: A series each, or several.
        unit: Of the values.
        steps: Thresholds of all series.
        width: Columns.
        height: Rows.
        decimals: None = as many as it takes.
        by_field: Thresholds of the series of that name, in the place of ``steps``.
        with_bounds: Thresholds are drawn, as lines and ground.
        least: Lower end of the scale.
        interval: Least distance of two points.
    """
    custom: dict[str, Any] = {
        "drawStyle": "line",
        "lineInterpolation": "linear",
        "lineWidth": 1,
        "fillOpacity": 0,
        "showPoints": "auto",
        "spanNulls": False,
        "thresholdsStyle": {"mode": "dashed+area" if with_bounds else "off"},
        "axisLabel": "",
        "scaleDistribution": {"type": "linear"},
    }
    return Panel(
        kind="timeseries",
        title=title,
        description=description,
        width=width,
        height=height,
        queries=queries,
        look=Look(unit, steps, decimals, least=least, by_step=False, custom=custom),
        options={"legend": _LEGEND, "tooltip": _TOOLTIP},
        overrides=tuple(Override(name, {"thresholds": thresholds(own)}) for name, own in (by_field or {}).items()),
        interval=interval,
    )


def bars(  # noqa: PLR0913  # as above
    title: str,
    description: str,
    *queries: Query,
    unit: str,
    steps: Steps,
    width: int = 12,
    height: int = 8,
    decimals: int | None = None,
    by_field: Mapping[str, Steps] | None = None,
    with_bounds: bool = False,
    stacked: bool = False,
    least: float | None = 0,
    greatest: float | None = None,
    interval: str = "1h",
) -> Panel:
    """Bars over time; arguments as of :func:`curves`."""
    panel = curves(
        title,
        description,
        *queries,
        unit=unit,
        steps=steps,
        width=width,
        height=height,
        decimals=decimals,
        by_field=by_field,
        with_bounds=with_bounds,
        least=least,
        interval=interval,
    )
    custom = {
        **panel.look.custom,
        "drawStyle": "bars",
        "fillOpacity": 70,
        "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
    }
    return replace(panel, look=replace(panel.look, custom=custom, greatest=greatest))


def ranking(  # as above
    title: str,
    description: str,
    query: Query,
    *,
    unit: str,
    steps: Steps,
    width: int = 12,
    height: int = 8,
    decimals: int | None = None,
    none: str = "",
) -> Panel:
    """A bar for each row or series, the number beside it."""
    return Panel(
        kind="bargauge",
        title=title,
        description=description,
        width=width,
        height=height,
        queries=(query,),
        look=Look(unit, steps, decimals, least=0, none=none),
        options={
            "reduceOptions": {**_LAST, "values": query.table},
            "orientation": "horizontal",
            "displayMode": "basic",
            "valueMode": "color",
            "showUnfilled": True,
            "minVizWidth": 8,
            "minVizHeight": 16,
        },
    )


def column(  # as above
    name: str,
    title: str,
    *,
    unit: str = "",
    width: int | None = None,
    decimals: int | None = None,
    steps: Steps = (),
    texts: Look | None = None,
    links: tuple[Link, ...] = (),
    filled: bool = False,
) -> Override:
    """How a column of a list is shown.

    Args:
        name: As the answer calls it.
        title: Chinese and English.
        unit: Empty = as the panel's.
        width: Pixels; None = what is left.
        decimals: None = as many as it takes.
        steps: Thresholds; empty = none.
        texts: A look whose words and colours stand for its values.
        links: Where a click leads.
        filled: Its ground has the colour of its threshold.
    """
    properties: dict[str, Any] = {"displayName": title}
    if unit:
        properties["unit"] = unit
    if decimals is not None:
        properties["decimals"] = decimals
    if width is not None:
        properties["custom.width"] = width
    if steps:
        properties["thresholds"] = thresholds(steps)
        properties["color"] = {"mode": "thresholds"}
    if texts is not None:
        properties["mappings"] = texts.as_json()["mappings"]
    if links:
        properties["links"] = [link.as_json() for link in links]
    if filled:
        properties["custom.cellOptions"] = {"type": "color-background", "mode": "basic"}
    elif steps:
        properties["custom.cellOptions"] = {"type": "color-text"}
    return Override(name, properties)


def listing(  # noqa: PLR0913  # as above
    title: str,
    description: str,
    query: Query,
    *columns: Override,
    unit: str,
    steps: Steps,
    order: str,
    descending: bool = True,
    width: int = 24,
    height: int = 9,
    none: str = "",
) -> Panel:
    """A list with a row for each thing.

    Args:
        title: Chinese and English.
        description: Chinese and English.
        query: Answers with a table.
        columns: In their order; columns of the answer that are not among them come after these.
        unit: Of columns that have none of their own.
        steps: Thresholds of columns that have none of their own.
        order: Column by which it is sorted.
        descending: Greatest first.
        width: Columns.
        height: Rows.
        none: What stands there without a row.
    """
    places = {override.field: place for place, override in enumerate(columns)}
    titles = {override.field: override.properties["displayName"] for override in columns}
    return Panel(
        kind="table",
        title=title,
        description=description,
        width=width,
        height=height,
        queries=(query,),
        look=Look(
            unit,
            steps,
            none=none,
            by_step=False,
            custom={"align": "auto", "cellOptions": {"type": "auto"}, "filterable": True},
        ),
        options={
            "showHeader": True,
            "cellHeight": "sm",
            "footer": {"show": False, "reducer": [], "countRows": False, "fields": ""},
            "sortBy": [{"displayName": titles[order], "desc": descending}],
        },
        overrides=columns,
        transformations=(("organize", {"excludeByName": {}, "indexByName": places, "renameByName": {}}),),
    )


def strip(  # as above
    title: str,
    description: str,
    query: Query,
    *,
    unit: str,
    steps: Steps,
    texts: Mapping[str, str],
    width: int = 24,
    height: int = 7,
) -> Panel:
    """States over time, a strip for each series; a state holds until the next one."""
    return Panel(
        kind="state-timeline",
        title=title,
        description=description,
        width=width,
        height=height,
        queries=(query,),
        look=Look(unit, steps, texts=texts, custom={"lineWidth": 0, "fillOpacity": 80}),
        options={
            "mergeValues": True,
            "showValue": "auto",
            "alignValue": "left",
            "rowHeight": 0.85,
            "legend": {**_LEGEND, "showLegend": False},
            "tooltip": {"mode": "single", "sort": "none"},
        },
    )
