"""What a hydrograph says beside its picture: a sentence for screen readers, and points for a readout.

For a readout under the pointer the drawing carries its points as JSON in ``<metadata class="wm-readout">``::

    {"plot": [left, top, right, bottom],  pixels of the drawing
     "start": ms, "end": ms, "zone": minutes, "unit": "m³/s",
     "x": [...], "y": [...],              pixels of the points, left to right
     "s": [...],                          seconds after start
     "v": [...], "f": [...],              value in the unit, QARTOD flag
     "target": [[from s, to s, value], ...]}

A script takes the pointer's place from the ``<svg>``'s ``getScreenCTM().inverse()``, finds the nearest ``x`` and moves
two lines and a text of its own; a point's time is start + 1000 s, shown ``zone`` minutes east of UTC.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from dashboards.console.draw.alert_bars import alert_text
from dashboards.console.draw.plot import digits
from dashboards.console.draw.words import quantity_word, say, unit_text
from hydro.fixed import MICRO
from hydro.instants import format_instant

if TYPE_CHECKING:
    from dashboards.console.draw.model import Hydrograph
    from dashboards.console.draw.plot import Plot
    from dashboards.console.draw.trace import Trace

__all__ = ["points", "told"]


def told(hydrograph: Hydrograph, valid: Trace, *, level: bool) -> str:
    """What a screen reader says."""
    lang, zone = hydrograph.lang, hydrograph.zone_minutes
    unit = unit_text(hydrograph.quantity)
    since, until = (format_instant(at, zone)[:16].replace("T", " ") for at in (hydrograph.start, hydrograph.end))
    parts = [
        f"{hydrograph.name} {quantity_word(hydrograph.quantity, lang)} {say('hydrograph', lang)}",
        f"{since} – {until}",
    ]
    if len(valid):
        parts.append(f"{say('newest', lang)} {digits(int(valid.value[-1]), level=level)} {unit}".rstrip())
    else:
        parts.append(say("no data", lang))
    parts += [
        f"{target.label or say('target', lang)} {digits(target.steps[-1].value, level=level)} {unit}".rstrip()
        for target in hydrograph.targets
        if target.steps
    ]
    parts += [alert_text(alert, zone, lang) for alert in hydrograph.alerts]
    return " · ".join(parts)


def points(plot: Plot, hydrograph: Hydrograph, shown: Trace) -> str:
    """The JSON of the points drawn."""
    time, value = plot.time, plot.value
    start = hydrograph.start
    found = {
        "plot": [round(edge, 1) for edge in (time.left, value.top, time.right, value.bottom)],
        "start": start,
        "end": hydrograph.end,
        "zone": hydrograph.zone_minutes,
        "unit": unit_text(hydrograph.quantity),
        "x": np.round(time.xs(shown.time), 1).tolist(),
        "y": np.round(value.ys(shown.value), 1).tolist(),
        "s": ((shown.time - start) // 1000).tolist(),
        "v": np.round(shown.value / MICRO, 3).tolist(),
        "f": shown.flag.tolist(),
        "target": [
            [(step.start - start) // 1000, (step.end - start) // 1000, step.value / MICRO]
            for step in (hydrograph.targets[0].steps if hydrograph.targets else ())
            if step.end > start and step.start < hydrograph.end
        ],
    }
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))
